// Prefixes in the text of a query: which it declares, which it uses, where a new one goes.

const OPAQUE =
  /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|<[^<>"{}|^`\\\s]*>|#[^\n]*/g;
const DECLARED = /\bPREFIX\s+([\w.-]*):\s*<([^<>\s]*)>/gi;

/** Prefix → namespace, as the query declares them. */
export function declared(text) {
  return new Map([...text.matchAll(DECLARED)].map(([, name, space]) => [name, space]));
}

/** The prefixes that the query uses, does not declare, and that are `known`. */
export function missing(text, known) {
  const own = declared(text);
  const bare = text.replace(OPAQUE, (found) => " ".repeat(found.length));
  const used = [...bare.matchAll(/(?<![\w?$@:.-])([A-Za-z][\w-]*):/g)].map(([, name]) => name);
  return [...new Set(used)].filter((name) => !own.has(name) && Object.hasOwn(known, name)).sort();
}

/** A change that declares the prefixes after those that are there, else at the start; null for none. */
export function declaring(text, names, known) {
  if (!names.length) return null;
  const lines = names.map((name) => `PREFIX ${name}: <${known[name]}>\n`).join("");
  let from = 0;
  for (const found of text.matchAll(/^[ \t]*(?:PREFIX\s[^\n]*|BASE\s[^\n]*)(?:\n|$)/gim)) from = found.index + found[0].length;
  return { from, insert: from && text[from - 1] !== "\n" ? `\n${lines}` : lines };
}
