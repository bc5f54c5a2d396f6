// Prefixes in the text of a query: which it declares, which it uses, where a new one goes.

import { tokens } from "./tokens.js";

const word = (token, text) => token?.kind === "word" && token.text.toUpperCase() === text;

/** The declarations in `cut`, wherever they stand: prefix, namespace, the place in `cut` where it begins. */
function declarations(cut) {
  const found = [];
  cut.forEach((token, at) => {
    const [name, iri] = cut.slice(at + 1, at + 3);
    if (word(token, "PREFIX") && name?.kind === "name" && name.text.endsWith(":") && iri?.kind === "iri") {
      found.push({ prefix: name.text.slice(0, -1), space: iri.text.slice(1, -1), at });
    }
  });
  return found;
}

const meant = (text) => tokens(text).filter(({ kind }) => kind !== "comment");

/** Prefix → namespace, as the query declares them. */
export function declared(text) {
  return new Map(declarations(meant(text)).map(({ prefix, space }) => [prefix, space]));
}

/** The prefixes that the query uses, does not declare, and that are `known`. */
export function missing(text, known) {
  const cut = meant(text);
  const own = new Set(declarations(cut).map(({ prefix }) => prefix));
  const used = cut.filter((token, at) => token.kind === "name" && !word(cut[at - 1], "PREFIX"));
  const names = new Set(used.map((token) => token.text.slice(0, token.text.indexOf(":"))));
  return [...names].filter((name) => !own.has(name) && Object.hasOwn(known, name)).sort();
}

/** Where the prologue ends: behind its last declaration, 0 where there is none. */
export function prologueEnd(text) {
  const cut = meant(text);
  const begun = new Set(declarations(cut).map(({ at }) => at));
  let at = 0;
  for (;;) {
    if (begun.has(at)) at += 3;
    else if (word(cut[at], "BASE") && cut[at + 1]?.kind === "iri") at += 2;
    else return at ? cut[at - 1].to : 0;
  }
}

/** A change that declares the prefixes after the prologue, else before all but the leading comments; null for none. */
export function declaring(text, names, known) {
  if (!names.length) return null;
  const lines = names.map((name) => `PREFIX ${name}: <${known[name]}>`).join("\n");
  const end = prologueEnd(text);
  if (!end) {
    const first = meant(text)[0]?.from ?? text.length;
    const from = text.lastIndexOf("\n", first - 1) + 1;
    return { from, to: from, insert: `${lines}\n` };
  }
  // What else stands on that line: a comment stays there, the rest of the query goes to a line of its own.
  const [gap, comment] = /^[ \t]*(#[^\n]*)?/.exec(text.slice(end));
  const to = end + gap.length;
  const ended = to === text.length || text[to] === "\n";
  return { from: comment ? to : end, to, insert: ended ? `\n${lines}` : `\n${lines}\n` };
}
