// Terms of the graph in the editor: completion by label, and the label of an IRI under the pointer.

import { keywordTest, labelCandidates } from "./label-candidates.js";
import { declarationChange, declaredPrefixes, missingPrefixes } from "./prefixes.js";
import { tokens } from "./tokens.js";

const MAX_CACHED = 500;

/** `address` answers `?q=` and `?iri=`; `known`: prefix → namespace, as its names use them; `reading` and `updating` are
 * the keywords of queries and of updates, in capitals, of which the first are offered. */
export function makeTerms(address, known, { reading, updating }) {
  const answers = new Map();
  const withoutMatches = new Set();
  const isKeyword = keywordTest([...reading, ...updating]);

  async function request(name, value) {
    const url = `${address}?${new URLSearchParams({ [name]: value })}`;
    if (answers.has(url)) return answers.get(url);
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) return null;
    const body = await response.json();
    if (answers.size >= MAX_CACHED) {
      answers.clear();
      withoutMatches.clear();
    }
    answers.set(url, body);
    return body;
  }

  async function complete(context) {
    const text = context.state.sliceDoc(0, context.pos);
    const list = tokens(text);
    const current = list.at(-1)?.to === context.pos ? list.at(-1) : null;
    const before = text.slice(0, current?.from);
    const kind = current?.kind ?? "sign";
    if (isPrefix(list.at(current ? -2 : -1)) && (!current || kind === "word")) return prefixNames(context, current);
    if (kind === "name") return byName(context, current.text);
    // `"x"@fund`, `^^fund` and `http://fund` continue the text before them.
    if (kind === "word") return /[@\\]$|\/\/$|\^\^$/.test(before) ? null : byLabel(context, text, list);
    // After a name, `?` is a path operator.
    const isStarted = kind === "sign" && /[?$]/.test(current?.text) && !/[\p{L}\p{N})>]$/u.test(before);
    if (kind === "variable" || isStarted) return variables(context, list);
    return kind === "sign" && context.explicit ? byName(context, "") : null;
  }

  async function byName(context, typed) {
    const options = await matching(typed);
    if (context.aborted) return null;
    const exact = options.filter(({ name }) => name === typed).map((option) => ({ ...option, isTyped: true }));
    return result(context.pos - typed.length, [...exact, ...options.filter(({ name }) => name !== typed)]);
  }

  async function byLabel(context, text, list) {
    const candidates = labelCandidates(text, list, isKeyword).filter((candidate) => context.explicit || candidate.text.length > 1);
    const matches = await Promise.all(
      candidates.map(async ({ text: typed, isStrict }) =>
        (await matching(typed)).filter(({ names }) => !isStrict || names.some((name) => startsWith(name, typed))),
      ),
    );
    if (context.aborted) return null;
    const { text: typed, from } = list.at(-1);
    const best = matches.findIndex((options) => options.length);
    if (best >= 0 && candidates[best].from < from) return result(candidates[best].from, matches[best]);
    return result(from, withKeywords(typed, list, matches[best] ?? []));
  }

  /** The options with the keywords that start with the typed text; these come first if a keyword is likelier. */
  function withKeywords(typed, list, options) {
    if (typed.length < 2) return options;
    const own = isKeyword(typed) ? [keyword(typed.toUpperCase(), true)] : [];
    const longerWords = reading.filter((word) => startsWith(word, typed) && !startsWith(typed, word));
    const longer = longerWords.map((word) => keyword(word, false));
    const depth = list.reduce((open, { text }) => open + (text === "{") - (text === "}"), 0);
    const isKeywordLikely = !own.length && (depth === 0 || typed === typed.toUpperCase());
    return isKeywordLikely ? [...longer, ...options] : [...own, ...options, ...longer];
  }

  async function matching(typed) {
    if ([...withoutMatches].some((start) => typed.startsWith(start))) return [];
    const answer = await request("q", typed);
    if (!answer) return [];
    const options = [...answer.terms.map(term), ...answer.entities.map(entity)];
    if (!options.length && typed.length > 1) withoutMatches.add(typed); // the server does not look up entities by one letter
    return options;
  }

  function prefixNames(context, current) {
    const options = Object.entries(known).map(([name, namespace]) => ({
      label: name,
      detail: namespace,
      apply: `${name}: <${namespace}>`,
    }));
    return { from: current?.from ?? context.pos, options };
  }

  /** Variables of the query that start with the typed text; none where it is a variable already. */
  function variables(context, list) {
    const { text: typed, from } = list.at(-1);
    const all = tokens(context.state.doc.toString());
    const others = all.filter((token) => token.kind === "variable" && token.from !== from);
    const names = new Set(others.map(({ text }) => text));
    if (names.has(typed)) return null;
    const options = [...names].filter((name) => startsWith(name, typed)).sort();
    return result(from, options.map((label) => ({ label })));
  }

  const keyword = (word, isTyped) => ({ label: word, detail: "keyword", isTyped });

  const term = ({ name, label, kind, count, note }) => ({
    name,
    names: [label],
    label,
    detail: `${name}, ${kind === "class" ? "class" : "relation"}, ${count.toLocaleString("en-GB")}`,
    info: note || undefined,
    apply: inserter(name),
  });

  const entity = ({ name, label, kind, matched }) => ({
    name,
    names: [label, matched],
    label: matched && matched !== label ? `${matched} (${label})` : label,
    detail: kind || "entry",
    apply: inserter(name),
  });

  // Inserts the name, and declares its prefix where the query does not.
  const inserter = (name) => (view, _, from, to) => {
    view.dispatch({ changes: { from, to, insert: name }, selection: { anchor: from + name.length }, userEvent: "input" });
    addPrefixes(view);
  };

  /** Declare the known prefixes that the query lacks; returns them. */
  function addPrefixes(view) {
    const text = view.state.doc.toString();
    const names = missingPrefixes(text, known);
    const changes = declarationChange(text, names, known);
    if (changes) view.dispatch({ changes });
    return names;
  }

  async function hover(view, pos) {
    const text = view.state.doc.toString();
    const token = tokens(text).find(({ kind, from, to }) => /^(iri|name)$/.test(kind) && from <= pos && pos <= to);
    const iri = token && expand(token.text, text);
    const description = iri && (await request("iri", iri));
    return description && { pos: token.from, end: token.to, above: true, create: () => ({ dom: tooltip(description) }) };
  }

  function expand(word, text) {
    if (word.startsWith("<")) return /^<[a-z][a-z0-9+.-]*:/i.test(word) ? word.slice(1, -1) : null;
    const [prefix, local] = [word.slice(0, word.indexOf(":")), word.slice(word.indexOf(":") + 1)];
    const namespace = declaredPrefixes(text).get(prefix) ?? (Object.hasOwn(known, prefix) ? known[prefix] : null);
    return local && namespace && namespace + local;
  }

  return { complete, hover, addPrefixes };
}

/** Options in their order; null where the only one is the typed text. */
function result(from, options) {
  return options.some((option) => !option.isTyped) ? { from, options, filter: false } : null;
}

const isPrefix = (token) => token?.kind === "word" && token.text.toUpperCase() === "PREFIX";

const startsWith = (name, typed) => Boolean(name?.toLowerCase().startsWith(typed.toLowerCase()));

function tooltip({ label, kind, note }) {
  const dom = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = label;
  const rest = [kind === "property" ? "relation" : kind, note].filter(Boolean).join(". ");
  dom.append(name, rest && ` ${rest}`);
  return dom;
}
