// The workbench: an editor over the plain text area, a clock while a query runs, a way to stop it.

import { makeEditor, setText, underline } from "./workbench/editor.js";
import { fromRows } from "./workbench/drawing.js";
import { makeMemory } from "./workbench/memory.js";
import { makeTerms } from "./workbench/terms.js";

// Servers and proxies cut longer addresses off; such a query goes by POST.
const LONGEST_ADDRESS = 3000;

const form = document.querySelector("[data-workbench]");
const area = form.querySelector("textarea");
const stop = form.querySelector("[data-cancel]");
const clock = form.querySelector("[data-clock]");
const told = form.querySelector("[data-told]");
const terms = makeTerms(form.dataset.terms, JSON.parse(form.dataset.prefixes), form.dataset.keywords.split(" "));

const view = makeEditor(area, {
  nonce: form.dataset.nonce,
  run: () => {
    form.requestSubmit();
    return true;
  },
  leave, // Tab indents in the editor, so Escape must lead out of it
  complete: terms.complete,
  stands: terms.stands,
  hover: terms.hover,
});
form.querySelector("[data-editor-hint]").hidden = false;

function leave() {
  form.querySelector("[type=submit]").focus();
  return true;
}

const memory = makeMemory(document.querySelector("[data-memory]"), {
  current: () => view.state.doc.toString(),
  open(query) {
    setText(view, query);
    view.focus();
  },
});

const adding = form.querySelector("[data-add-prefixes]");
adding.hidden = false;
adding.addEventListener("click", () => {
  const names = terms.addPrefixes(view);
  told.textContent = names.length ? `Added ${names.join(", ")}.` : "No prefix is missing.";
});

// A relation goes in at the cursor.
document.querySelector(".relations")?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-term]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { from, to } = view.state.selection.main;
  const name = link.dataset.term;
  view.dispatch({ changes: { from, to, insert: name }, selection: { anchor: from + name.length }, userEvent: "input" });
  terms.addPrefixes(view);
  view.focus();
});

// Which examples hold every word that was typed, and bear the tag that was chosen.
const finder = document.querySelector("[data-filter]");
if (finder) {
  const gallery = document.querySelector("[data-gallery]");
  const none = document.querySelector("[data-none]");
  const items = [...gallery.children].map((item) => [item, `${item.textContent} ${item.dataset.tags}`.toLowerCase()]);
  finder.hidden = false;
  finder.querySelector("input").addEventListener("input", ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/);
    for (const [item, text] of items) item.hidden = !words.every((word) => text.includes(word));
    none.hidden = items.some(([item]) => !item.hidden);
  });
}

const identifier = form.elements.namedItem("id");
let started = 0;
let ticking = 0;

form.addEventListener("htmx:configRequest", (event) => {
  if (event.target !== form) return;
  terms.addPrefixes(view);
  const query = view.state.doc.toString();
  identifier.value = crypto.randomUUID();
  const { detail } = event;
  detail.parameters.id = identifier.value;
  detail.parameters.query = query;
  if (encodeURIComponent(query).length > LONGEST_ADDRESS) {
    detail.verb = "post";
    detail.useUrlParams = false;
    detail.headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  memory.ran(query);
});

form.addEventListener("htmx:beforeRequest", () => {
  started = performance.now();
  stop.hidden = false;
  ticking = window.setInterval(tick, 100);
  tick();
});

form.addEventListener("htmx:afterRequest", () => {
  window.clearInterval(ticking);
  if (document.activeElement === stop) leave();
  stop.hidden = true;
  clock.textContent = "";
});

stop.addEventListener("click", () => {
  fetch(`${form.dataset.queries}${encodeURIComponent(identifier.value)}`, { method: "DELETE" });
});

function tick() {
  clock.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

// Each answer as it comes in: its error is underlined, its address is the page's, its rows can be drawn.
function take() {
  const answer = document.getElementById("answer");
  const wrong = answer.querySelector("[data-line]");
  const message = wrong?.querySelector("p").textContent ?? "";
  underline(view, wrong && { line: +wrong.dataset.line, column: +wrong.dataset.column, message });
  const drawing = answer.querySelector("[data-drawing]");
  const data = drawing && fromRows(answer.querySelector("table"));
  if (!data || data.nodes.length < 2) return;
  drawing.hidden = false;
  drawing.addEventListener(
    "toggle",
    () => import(drawing.dataset.script).then((module) => module.drawData(drawing.querySelector(".graph"), data)),
    { once: true },
  );
}

document.addEventListener("htmx:afterSettle", () => {
  take();
  const { permalink } = document.getElementById("answer").dataset;
  if (permalink) window.history.replaceState(window.history.state, "", permalink);
});
take();
