// What the words of a query mean: completion by label, and the label of an IRI under the pointer.

import { keywords, phrases } from "./phrases.js";
import { declared, declaring, missing } from "./prefixes.js";
import { tokens } from "./tokens.js";

const MOST_KEPT = 500;

/** `address` answers `?q=` and `?iri=`; `known` are the prefixes that it uses; of the words of SPARQL, in capitals, those
 * for `reading` are offered. */
export function makeTerms(address, known, { reading, updating }) {
  const answers = new Map();
  const fruitless = new Set();
  const isKeyword = keywords([...reading, ...updating]);

  async function ask(name, value) {
    const where = `${address}?${new URLSearchParams({ [name]: value })}`;
    if (answers.has(where)) return answers.get(where);
    const answer = await fetch(where, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return null;
    const body = await answer.json();
    if (answers.size >= MOST_KEPT) {
      answers.clear();
      fruitless.clear();
    }
    answers.set(where, body);
    return body;
  }

  async function complete(context) {
    const text = context.state.sliceDoc(0, context.pos);
    const cut = tokens(text);
    const here = cut.at(-1)?.to === context.pos ? cut.at(-1) : null;
    const before = text.slice(0, here?.from);
    const kind = here?.kind ?? "sign";
    if (isPrefix(cut.at(here ? -2 : -1)) && (!here || kind === "word")) return prefixNames(context, here);
    if (kind === "name") return named(context, here.text);
    // `"x"@fund`, `^^fund` and `http://fund` go on from what stands before them.
    if (kind === "word") return /[@\\]$|\/\/$|\^\^$/.test(before) ? null : labelled(context, text, cut);
    // After a name, `?` says how often.
    const begun = kind === "sign" && /[?$]/.test(here?.text) && !/[\p{L}\p{N})>]$/u.test(before);
    if (kind === "variable" || begun) return variables(context, cut);
    return kind === "sign" && context.explicit ? named(context, "") : null;
  }

  async function named(context, typed) {
    const found = await offered(typed);
    if (context.aborted) return null;
    const own = found.filter((each) => each.name === typed).map((each) => ({ ...each, kept: true }));
    return result(context.pos - typed.length, [...own, ...found.filter((each) => each.name !== typed)]);
  }

  async function labelled(context, text, cut) {
    const tried = phrases(text, cut, isKeyword).filter((each) => context.explicit || each.text.length > 1);
    const found = await Promise.all(
      tried.map(async ({ text: typed, strict }) =>
        (await offered(typed)).filter(({ names }) => !strict || names.some((name) => begins(name, typed))),
      ),
    );
    if (context.aborted) return null;
    const { text: typed, from } = cut.at(-1);
    const best = found.findIndex((options) => options.length);
    if (best >= 0 && tried[best].from < from) return result(tried[best].from, found[best]);
    return result(from, amongKeywords(typed, cut, found[best] ?? []));
  }

  /** The options with the words of SPARQL that go on from what is typed, which come first where one is likelier. */
  function amongKeywords(typed, cut, options) {
    if (typed.length < 2) return options;
    const own = isKeyword(typed) ? [keyword(typed.toUpperCase(), true)] : [];
    const going = reading.filter((word) => begins(word, typed) && !begins(typed, word));
    const longer = going.map((word) => keyword(word, false));
    const depth = cut.reduce((open, { text }) => open + (text === "{") - (text === "}"), 0);
    const likely = !own.length && (depth === 0 || typed === typed.toUpperCase());
    return likely ? [...longer, ...options] : [...own, ...options, ...longer];
  }

  async function offered(typed) {
    if ([...fruitless].some((begun) => typed.startsWith(begun))) return [];
    const found = await ask("q", typed);
    if (!found) return [];
    const options = [...found.terms.map(term), ...found.entities.map(entity)];
    if (!options.length && typed.length > 1) fruitless.add(typed); // entries are not looked up by one letter
    return options;
  }

  function prefixNames(context, here) {
    const options = Object.entries(known).map(([name, space]) => ({
      label: name,
      detail: space,
      apply: `${name}: <${space}>`,
    }));
    return { from: here?.from ?? context.pos, options };
  }

  /** Those of the query that go on from what is typed; none where that is one of them. */
  function variables(context, cut) {
    const { text: typed, from } = cut.at(-1);
    const whole = tokens(context.state.doc.toString());
    const others = whole.filter((each) => each.kind === "variable" && each.from !== from);
    const names = new Set(others.map(({ text }) => text));
    if (names.has(typed)) return null;
    const fitting = [...names].filter((name) => begins(name, typed)).sort();
    return result(from, fitting.map((label) => ({ label })));
  }

  const keyword = (word, kept) => ({ label: word, detail: "keyword", kept });

  const term = ({ name, label, kind, count, note }) => ({
    name,
    names: [label],
    label,
    detail: `${name}, ${kind === "class" ? "class" : "relation"}, ${count.toLocaleString("en-GB")}`,
    info: note || undefined,
    apply: inserting(name),
  });

  const entity = ({ name, label, kind, matched }) => ({
    name,
    names: [label, matched],
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
    const text = view.state.doc.toString();
    const found = tokens(text).find(({ kind, from, to }) => /^(iri|name)$/.test(kind) && from <= pos && pos <= to);
    const iri = found && whole(found.text, text);
    const about = iri && (await ask("iri", iri));
    return about && { pos: found.from, end: found.to, above: true, create: () => ({ dom: label(about) }) };
  }

  function whole(word, text) {
    if (word.startsWith("<")) return /^<[a-z][a-z0-9+.-]*:/i.test(word) ? word.slice(1, -1) : null;
    const [prefix, local] = [word.slice(0, word.indexOf(":")), word.slice(word.indexOf(":") + 1)];
    const space = declared(text).get(prefix) ?? (Object.hasOwn(known, prefix) ? known[prefix] : null);
    return local && space && space + local;
  }

  return { complete, hover, addPrefixes };
}

/** Options in the order in which they came; none where the only one is what is typed. */
function result(from, options) {
  return options.some((each) => !each.kept) ? { from, options, filter: false } : null;
}

const isPrefix = (token) => token?.kind === "word" && token.text.toUpperCase() === "PREFIX";

const begins = (name, typed) => Boolean(name?.toLowerCase().startsWith(typed.toLowerCase()));

function label(about) {
  const dom = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = about.label;
  const rest = [about.kind === "property" ? "relation" : about.kind, about.note].filter(Boolean).join(". ");
  dom.append(name, rest && ` ${rest}`);
  return dom;
}
