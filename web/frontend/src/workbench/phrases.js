// Bare words before the cursor that may be the label of a term or of an entry.

const MOST_WORDS = 6;
const NUMBER = /^\d+(e\d*)?$/i;

/** From the query's keywords in capitals: whether a word is one of them. */
export function keywords(capitals) {
  const known = new Set(capitals);
  return (word) => word === "a" || (word !== "A" && known.has(word.toUpperCase()));
}

/**
 * The runs of words of `text` that end with its last token, the longest first: text, beginning, and whether it is
 * `strict`: only a name that begins with it will do.
 *
 * SPARQL has no bare words but its own, so what begins with any other is a label. A keyword may begin one too (“Data
 * Lab”), but rarely, and must not be replaced with it where it does not: never in capitals, nor `a`.
 */
export function phrases(text, cut, isKeyword) {
  const found = [];
  for (let at = cut.length - 1; at >= 0 && found.length < MOST_WORDS; at -= 1) {
    const { kind, text: word, from } = cut[at];
    const alone = at === cut.length - 1;
    if (!alone && /\n/.test(text.slice(cut[at].to, cut[at + 1].from))) break;
    if (kind !== "word" && word !== "," && word !== "&") break;
    if (kind !== "word" || NUMBER.test(word)) continue;
    const own = !alone && isKeyword(word);
    if (own && (word === "a" || word === word.toUpperCase())) continue;
    found.unshift({ text: text.slice(from).replace(/\s+/g, " "), from, strict: own && word === word.toLowerCase() });
  }
  return found;
}
