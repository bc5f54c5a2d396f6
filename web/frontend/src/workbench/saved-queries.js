// History of queries and saved queries, in the storage of this browser, with limits on number and size.

import { prologueEnd } from "./prefixes.js";

const HISTORY = { key: "creative-atlas.history", max: 30 };
const SAVED = { key: "creative-atlas.saved", max: 100 };
const MAX_QUERY_CHARS = 20_000;

/** `open(text)` puts a query into the editor; `current()` gives what is in it. */
export function makeQueryLists(container, { open, current }) {
  container.hidden = false;
  const lists = { history: container.querySelector("[data-history]"), saved: container.querySelector("[data-saved]") };

  function show() {
    fill(lists.history, read(HISTORY), HISTORY, "Nothing yet.");
    fill(lists.saved, read(SAVED), SAVED, "None yet.");
  }

  function record(entry) {
    add(HISTORY, entry, (other) => other.query !== entry.query);
    show();
  }

  function fill(list, entries, kind, none) {
    list.replaceChildren(...(entries.length ? entries.map((entry) => line(entry, kind)) : [item(none)]));
  }

  function line(entry, kind) {
    const name = entry.name || brief(entry.query);
    const load = button(name, () => open(entry.query));
    const drop = button("Remove", () => {
      write(kind, read(kind).filter((other) => other.query !== entry.query || other.name !== entry.name));
      show();
      container.querySelector("summary").focus();
    });
    drop.setAttribute("aria-label", `Remove ${name}`);
    return item(load, entry.isRun === false ? " (not run) " : " ", drop);
  }

  container.querySelector("[data-save]").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.querySelector("input");
    const name = field.value.trim();
    if (!name) return;
    add(SAVED, { name, query: current() }, (other) => other.name !== name);
    field.value = "";
    show();
  });
  // Another tab may have added some.
  container.addEventListener("toggle", show);
  show();

  return {
    addRun: (query) => record({ query }),
    addUnrun: (query) => read(HISTORY).some((entry) => entry.query === query) || record({ query, isRun: false }),
  };
}

function add(kind, entry, isOther) {
  if (entry.query.trim() && entry.query.length <= MAX_QUERY_CHARS) write(kind, [entry, ...read(kind).filter(isOther)]);
}

function read({ key, max }) {
  try {
    const entries = JSON.parse(localStorage.getItem(key) ?? "[]");
    if (!Array.isArray(entries)) return [];
    return entries.filter((entry) => typeof entry?.query === "string" && entry.query.length <= MAX_QUERY_CHARS).slice(0, max);
  } catch {
    return []; // storage is refused, or holds other data
  }
}

function write({ key, max }, entries) {
  try {
    localStorage.setItem(key, JSON.stringify(entries.slice(0, max)));
  } catch {
    // storage is full or refused: the page works without it
  }
}

/** The start of a query on one line, without its prologue. */
function brief(query) {
  const text = query.slice(prologueEnd(query)).replace(/^\s*#[^\n]*$/gm, "").replace(/\s+/g, " ").trim();
  return text.length > 90 ? `${text.slice(0, 89)}…` : text || "(empty)";
}

function item(...parts) {
  const element = document.createElement("li");
  element.append(...parts);
  return element;
}

function button(text, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "as-link";
  element.textContent = text;
  element.addEventListener("click", act);
  return element;
}
