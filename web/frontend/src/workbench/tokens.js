// Tokeniser of query texts, so that words in comments, strings and IRIs do not count as words of the query.

const LETTERS = String.raw`[\p{L}\p{M}\p{N}_\u00b7-]`;
const NAME = String.raw`\p{L}${LETTERS}*`; // no dots, though SPARQL allows them: searching for a colon after each would take quadratic time
const LOCAL = String.raw`(?:\.*(?:${LETTERS}|:|%[0-9A-Fa-f]{2}|\\[^\s\p{L}\p{N}]))*`;
const CLOSED = ['"', "'"].flatMap((q) => [
  String.raw`${q}{3}(?:[^${q}\\]|\\[^]|${q}(?!${q}${q}))*${q}{3}`,
  String.raw`${q}(?!${q}${q})(?:[^${q}\\\n]|\\[^\n])*${q}`,
]);
const UNFINISHED = ['"', "'"].flatMap((q) => [`${q}{3}[^]*`, String.raw`${q}(?:[^${q}\\\n]|\\[^\n])*\\?`]);

// Linear time: no two parts of a pattern can match the same character.
const KINDS = {
  comment: String.raw`#[^\n]*`,
  string: CLOSED.join("|"),
  iri: String.raw`<(?:[^\x00-\x20<>"{}|^${"`"}\\]|\\[uU][0-9A-Fa-f]+)*>`,
  // An unclosed string, or an unfinished IRI; “<” before a variable or a sign is an operator.
  open: [...UNFINISHED, String.raw`<[^\s<>"{}|^${"`"}\\?$=&][^\s<>"{}|^${"`"}\\]*$`].join("|"),
  variable: String.raw`[?$][\p{L}\p{M}\p{N}_]+`,
  blank: `_:${LOCAL}`,
  language: "@[A-Za-z]+(?:-[A-Za-z0-9]+)*",
  name: `(?:${NAME})?:${LOCAL}`,
  // Unfinished labels are not SPARQL: “King's College”, “co-director of”.
  word: String.raw`[\p{L}\p{N}](?:${LETTERS}|['’](?=\p{L}|$))*`,
  sign: String.raw`\S`,
};
const TOKEN = new RegExp(Object.entries(KINDS).map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "gu");

/** Every token, comments included: `kind`, `text`, and its offsets `from` and `to`. */
export function tokens(text) {
  return Array.from(text.matchAll(TOKEN), ({ 0: token, index, groups }) => ({
    kind: Object.keys(KINDS).find((kind) => groups[kind] !== undefined),
    text: token,
    from: index,
    to: index + token.length,
  }));
}
