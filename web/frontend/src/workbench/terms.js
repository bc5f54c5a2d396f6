// What the words of a query mean: completion by label, and the label of an IRI under the pointer.

import { declared, declaring, missing } from "./prefixes.js";

const TOKEN = /(?:[A-Za-z][\w-]*:)?[\w-]*$/;
const MOST_KEPT = 500;

/** `address` answers `?q=` and `?iri=`; `known` are the prefixes that it uses. */
export function makeTerms(address, known) {
  const answers = new Map();

  async function ask(name, value) {
    const where = `${address}?${new URLSearchParams({ [name]: value })}`;
    if (answers.has(where)) return answers.get(where);
    const answer = await fetch(where, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return null;
    const body = await answer.json();
    if (answers.size >= MOST_KEPT) answers.clear();
    answers.set(where, body);
    return body;
  }

  async function complete(context) {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    if (/^\s*PREFIX\s+[\w-]*$/i.test(before)) return prefixNames(context, before);
    const variable = /[?$]\w*$/.exec(before);
    if (variable) return variables(context, variable[0]);
    const token = TOKEN.exec(before)[0];
    const at = before[before.length - token.length - 1] ?? " ";
    if (/["'<@#\w/]/.test(at) || inString(before) || (!context.explicit && token.length < 2)) return null;
    const found = await ask("q", token);
    if (!found || context.aborted) return null;
    const options = [...found.terms.map(term), ...found.entities.map(entity)];
    return options.length ? { from: context.pos - token.length, options, filter: false } : null;
  }

  function prefixNames(context, before) {
    const typed = /[\w-]*$/.exec(before)[0];
    const options = Object.entries(known).map(([name, space]) => ({
      label: name,
      detail: space,
      apply: `${name}: <${space}>`,
    }));
    return { from: context.pos - typed.length, options };
  }

  function variables(context, typed) {
    const names = new Set(context.state.doc.toString().match(/[?$]\w+/g));
    names.delete(typed);
    return { from: context.pos - typed.length, options: [...names].sort().map((label) => ({ label })) };
  }

  const term = ({ name, label, kind, count, note }) => ({
    label,
    detail: `${name}, ${kind === "class" ? "class" : "relation"}, ${count.toLocaleString("en-GB")}`,
    info: note || undefined,
    apply: inserting(name),
  });

  const entity = ({ name, label, kind, matched }) => ({
    label: matched && matched !== label ? `${matched} (${label})` : label,
    detail: kind || "entry",
    apply: inserting(name),
  });

  // The name goes in, and its prefix is declared where it is not.
  const inserting = (name) => (view, _, from, to) => {
    view.dispatch({ changes: { from, to, insert: name }, selection: { anchor: from + name.length }, userEvent: "input" });
    addPrefixes(view);
  };

  /** Declare what the query uses and `known` has; the names that were added. */
  function addPrefixes(view) {
    const text = view.state.doc.toString();
    const names = missing(text, known);
    const changes = declaring(text, names, known);
    if (changes) view.dispatch({ changes });
    return names;
  }

  async function hover(view, pos) {
    const line = view.state.doc.lineAt(pos);
    const found = [...line.text.matchAll(/<[^<>"\s]+>|(?<![\w?$])[A-Za-z][\w-]*:[\w-]+/g)].find(
      ({ index, 0: word }) => line.from + index <= pos && pos <= line.from + index + word.length,
    );
    const iri = found && whole(found[0], view.state.doc.toString());
    const about = iri && (await ask("iri", iri));
    if (!about) return null;
    const from = line.from + found.index;
    return { pos: from, end: from + found[0].length, above: true, create: () => ({ dom: label(about) }) };
  }

  function whole(word, text) {
    if (word.startsWith("<")) return /^<[a-z][a-z0-9+.-]*:/i.test(word) ? word.slice(1, -1) : null;
    const [prefix, local] = [word.slice(0, word.indexOf(":")), word.slice(word.indexOf(":") + 1)];
    const space = declared(text).get(prefix) ?? (Object.hasOwn(known, prefix) ? known[prefix] : null);
    return space && space + local;
  }

  return { complete, hover, addPrefixes };
}

function label(about) {
  const dom = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = about.label;
  const rest = [about.kind === "property" ? "relation" : about.kind, about.note].filter(Boolean).join(". ");
  dom.append(name, rest && ` ${rest}`);
  return dom;
}

const inString = (before) => (before.replace(/\\./g, "").match(/"/g) ?? []).length % 2 === 1;
