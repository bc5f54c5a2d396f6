// A query's text cut into tokens, so that no word of a comment, a string or an IRI is taken for the query's own.

const LETTERS = String.raw`[\p{L}\p{M}\p{N}_\u00b7-]`;
const NAME = String.raw`\p{L}${LETTERS}*`; // no dots, though SPARQL has them: to look behind each for a colon takes quadratic time
const LOCAL = String.raw`(?:\.*(?:${LETTERS}|:|%[0-9A-Fa-f]{2}|\\[^\s\p{L}\p{N}]))*`;
const CLOSED = ['"', "'"].flatMap((q) => [
  String.raw`${q}{3}(?:[^${q}\\]|\\[^]|${q}(?!${q}${q}))*${q}{3}`,
  String.raw`${q}(?!${q}${q})(?:[^${q}\\\n]|\\[^\n])*${q}`,
]);
const UNFINISHED = ['"', "'"].flatMap((q) => [`${q}{3}[^]*`, String.raw`${q}(?:[^${q}\\\n]|\\[^\n])*\\?`]);

// Each character is tried once from where it stands: no part of a pattern can take what another part could.
const KINDS = {
  comment: String.raw`#[^\n]*`,
  string: CLOSED.join("|"),
  iri: String.raw`<(?:[^\x00-\x20<>"{}|^${"`"}\\]|\\[uU][0-9A-Fa-f]+)*>`,
  // A string without its end, or an IRI that is being typed; “less than” before a variable or a sign is none.
  open: [...UNFINISHED, String.raw`<[^\s<>"{}|^${"`"}\\?$=&][^\s<>"{}|^${"`"}\\]*$`].join("|"),
  variable: String.raw`[?$][\p{L}\p{M}\p{N}_]+`,
  blank: `_:${LOCAL}`,
  language: "@[A-Za-z]+(?:-[A-Za-z0-9]+)*",
  name: `(?:${NAME})?:${LOCAL}`,
  // What is typed to be completed is no SPARQL yet: “King's College”, “co-director of”.
  word: String.raw`[\p{L}\p{N}](?:${LETTERS}|['’](?=\p{L}|$))*`,
  sign: String.raw`\S`,
};
const TOKEN = new RegExp(Object.entries(KINDS).map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "gu");

/** Every token, comments too: `kind`, `text`, and where it stands, `from` and `to`. */
export function tokens(text) {
  return Array.from(text.matchAll(TOKEN), ({ 0: found, index, groups }) => ({
    kind: Object.keys(KINDS).find((kind) => groups[kind] !== undefined),
    text: found,
    from: index,
    to: index + found.length,
  }));
}
