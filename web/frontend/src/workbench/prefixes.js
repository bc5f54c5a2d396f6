// Prefixes in the text of a query: those that it declares, those that it lacks, and where a declaration goes.

import { tokens } from "./tokens.js";

const word = (token, text) => token?.kind === "word" && token.text.toUpperCase() === text;

/** All declarations in a list of tokens: prefix, namespace, index of the first token. */
function declarations(list) {
  const declared = [];
  list.forEach((token, index) => {
    const [name, iri] = list.slice(index + 1, index + 3);
    if (word(token, "PREFIX") && name?.kind === "name" && name.text.endsWith(":") && iri?.kind === "iri") {
      declared.push({ prefix: name.text.slice(0, -1), namespace: iri.text.slice(1, -1), index });
    }
  });
  return declared;
}

const withoutComments = (text) => tokens(text).filter(({ kind }) => kind !== "comment");

/** Prefix → namespace, as the query declares them. */
export function declaredPrefixes(text) {
  return new Map(declarations(withoutComments(text)).map(({ prefix, namespace }) => [prefix, namespace]));
}

/** The prefixes that the query uses without declaring them, if they are `known`. */
export function missingPrefixes(text, known) {
  const list = withoutComments(text);
  const own = new Set(declarations(list).map(({ prefix }) => prefix));
  const used = list.filter((token, index) => token.kind === "name" && !word(list[index - 1], "PREFIX"));
  const names = new Set(used.map((token) => token.text.slice(0, token.text.indexOf(":"))));
  return [...names].filter((name) => !own.has(name) && Object.hasOwn(known, name)).sort();
}

/** Offset of the end of the last declaration; 0 without declarations. */
export function prologueEnd(text) {
  const list = withoutComments(text);
  const starts = new Set(declarations(list).map(({ index }) => index));
  let index = 0;
  for (;;) {
    if (starts.has(index)) index += 3;
    else if (word(list[index], "BASE") && list[index + 1]?.kind === "iri") index += 2;
    else return index ? list[index - 1].to : 0;
  }
}

/** A change that declares prefixes, after the prologue or, without one, after leading comments; null without prefixes. */
export function declarationChange(text, names, known) {
  if (!names.length) return null;
  const lines = names.map((name) => `PREFIX ${name}: <${known[name]}>`).join("\n");
  const end = prologueEnd(text);
  if (!end) {
    const first = withoutComments(text)[0]?.from ?? text.length;
    const from = text.lastIndexOf("\n", first - 1) + 1;
    return { from, to: from, insert: `${lines}\n` };
  }
  // A comment on that line stays there; the rest of the query moves to a line of its own.
  const [gap, comment] = /^[ \t]*(#[^\n]*)?/.exec(text.slice(end));
  const to = end + gap.length;
  const isLineEnd = to === text.length || text[to] === "\n";
  return { from: comment ? to : end, to, insert: isLineEnd ? `\n${lines}` : `\n${lines}\n` };
}
