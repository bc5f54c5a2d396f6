// Words before the cursor that may be the label of a term or of an entity.

const MAX_WORDS = 6;
const NUMBER = /^\d+(e\d*)?$/i;

/** A test whether a word is one of the keywords, which are given in capitals. */
export function keywordTest(capitals) {
  const known = new Set(capitals);
  return (word) => word === "a" || (word !== "A" && known.has(word.toUpperCase()));
}

/**
 * The sequences of words of `text` that end with its last token, the longest first: text, start, and `isStrict`, where
 * only a label that starts with the sequence fits.
 *
 * The only bare words of SPARQL are its keywords, so any other word belongs to a label. A label may start with a
 * keyword (“Data Lab”), but rarely; a keyword in capitals, and `a`, are never replaced.
 */
export function labelCandidates(text, list, isKeyword) {
  const candidates = [];
  for (let index = list.length - 1; index >= 0 && candidates.length < MAX_WORDS; index -= 1) {
    const { kind, text: word, from } = list[index];
    const alone = index === list.length - 1;
    if (!alone && /\n/.test(text.slice(list[index].to, list[index + 1].from))) break;
    if (kind !== "word" && word !== "," && word !== "&") break;
    if (kind !== "word" || NUMBER.test(word)) continue;
    const isOwn = !alone && isKeyword(word);
    if (isOwn && (word === "a" || word === word.toUpperCase())) continue;
    candidates.unshift({ text: text.slice(from).replace(/\s+/g, " "), from, isStrict: isOwn && word === word.toLowerCase() });
  }
  return candidates;
}
