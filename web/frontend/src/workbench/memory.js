// Queries that ran or were left without, and queries that were saved: kept in this browser, and few enough never to fill it.

import { prologueEnd } from "./prefixes.js";

const HISTORY = { key: "creative-atlas.history", most: 30 };
const SAVED = { key: "creative-atlas.saved", most: 100 };
const LONGEST = 20_000;

/** `open(text)` puts a query into the editor; `current()` gives what is in it. */
export function makeMemory(holder, { open, current }) {
  holder.hidden = false;
  const lists = { history: holder.querySelector("[data-history]"), saved: holder.querySelector("[data-saved]") };

  function show() {
    fill(lists.history, read(HISTORY), HISTORY, "Nothing yet.");
    fill(lists.saved, read(SAVED), SAVED, "None yet.");
  }

  function past(entry) {
    keep(HISTORY, entry, (each) => each.query !== entry.query);
    show();
  }

  function fill(list, entries, kind, none) {
    list.replaceChildren(...(entries.length ? entries.map((entry) => line(entry, kind)) : [item(none)]));
  }

  function line(entry, kind) {
    const name = entry.name || brief(entry.query);
    const load = button(name, () => open(entry.query));
    const drop = button("Remove", () => {
      write(kind, read(kind).filter((each) => each.query !== entry.query || each.name !== entry.name));
      show();
      holder.querySelector("summary").focus();
    });
    drop.setAttribute("aria-label", `Remove ${name}`);
    return item(load, entry.isRun === false ? " (not run) " : " ", drop);
  }

  holder.querySelector("[data-save]").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.querySelector("input");
    const name = field.value.trim();
    if (!name) return;
    keep(SAVED, { name, query: current() }, (each) => each.name !== name);
    field.value = "";
    show();
  });
  // Another tab may have kept more.
  holder.addEventListener("toggle", show);
  show();

  return {
    ran: (query) => past({ query }),
    left: (query) => read(HISTORY).some((each) => each.query === query) || past({ query, isRun: false }),
  };
}

function keep(kind, entry, isOther) {
  if (entry.query.trim() && entry.query.length <= LONGEST) write(kind, [entry, ...read(kind).filter(isOther)]);
}

function read({ key, most }) {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "[]");
    if (!Array.isArray(found)) return [];
    return found.filter((each) => typeof each?.query === "string" && each.query.length <= LONGEST).slice(0, most);
  } catch {
    return []; // storage is refused, or holds what is not ours
  }
}

function write({ key, most }, entries) {
  try {
    localStorage.setItem(key, JSON.stringify(entries.slice(0, most)));
  } catch {
    // full or refused: the page works without it
  }
}

/** A query in one line: without its prologue, cut. */
function brief(query) {
  const text = query.slice(prologueEnd(query)).replace(/^\s*#[^\n]*$/gm, "").replace(/\s+/g, " ").trim();
  return text.length > 90 ? `${text.slice(0, 89)}…` : text || "(empty)";
}

function item(...parts) {
  const made = document.createElement("li");
  made.append(...parts);
  return made;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "as-link";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
