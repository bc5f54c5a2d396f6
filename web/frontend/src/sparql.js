// The workbench: an editor over the plain text area, a clock while a query runs, a way to stop it.

import { makeEditor, setText, underline } from "./workbench/editor.js";
import { fromPage } from "./workbench/drawing.js";
import { tellFailures } from "./workbench/failing.js";
import { makeMemory } from "./workbench/memory.js";
import { makePlace } from "./workbench/place.js";
import { narrowing } from "./workbench/examples.js";
import { makeTerms } from "./workbench/terms.js";

// Servers and proxies cut longer addresses off; such a query goes by POST.
const LONGEST_ADDRESS = 3000;

const form = document.querySelector("[data-workbench]");
const area = form.querySelector("textarea");
const stop = form.querySelector("[data-cancel]");
const clock = form.querySelector("[data-clock]");
const told = form.querySelector("[data-told]");
const terms = makeTerms(form.dataset.terms, JSON.parse(form.dataset.prefixes), {
  reading: form.dataset.keywords.split(" "),
  updating: form.dataset.updating.split(" "),
});

const given = area.value;
const action = form.getAttribute("action");
const place = makePlace(action, () => area.value);
let settled = given; // what needs no keeping: it came with the page, from the lists, or was run

const view = makeEditor(area, {
  nonce: form.dataset.nonce,
  run: () => {
    form.requestSubmit();
    return true;
  },
  leave, // Tab indents in the editor, so Escape must lead out of it
  complete: terms.complete,
  hover: terms.hover,
  changed() {
    place.typed();
    showExample();
  },
});
form.querySelector("[data-editor-hint]").hidden = false;

function leave() {
  form.querySelector("[type=submit]").focus();
  return true;
}

const memory = makeMemory(document.querySelector("[data-memory]"), {
  current: () => area.value,
  open(query) {
    keepTyped();
    settled = query;
    setText(view, query);
    view.focus();
  },
});

// What was typed and never run is not lost where another query or page takes its place.
function keepTyped() {
  if (area.value !== settled) memory.left(area.value);
}
window.addEventListener("pagehide", keepTyped);

// An example's question belongs to its query alone.
function showExample() {
  const question = form.querySelector("[data-question]");
  if (question) question.hidden = area.value !== given;
}

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

if (document.querySelector("[data-filter]")) narrowing(document.querySelector(".examples"));

tellFailures(form.parentElement);

const identifier = form.elements.namedItem("id");
let started = 0;
let ticking = 0;

form.addEventListener("htmx:configRequest", (event) => {
  if (event.target !== form) return;
  terms.addPrefixes(view);
  const query = area.value;
  settled = query;
  identifier.value = crypto.randomUUID();
  const { detail } = event;
  detail.parameters.id = identifier.value;
  detail.parameters.query = query;
  if (encodeURIComponent(query).length > LONGEST_ADDRESS) {
    detail.verb = "post";
    detail.useUrlParams = false;
    detail.headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  place.at(detail.verb === "get" && `${action}?${new URLSearchParams({ query })}`);
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
  if (!drawing) return;
  drawing.hidden = false;
  drawing.addEventListener(
    "toggle",
    () => import(drawing.dataset.script).then((module) => module.drawData(drawing.querySelector(".graph"), fromPage(drawing.dataset.drawing))),
    { once: true },
  );
}

document.addEventListener("htmx:afterSettle", () => {
  take();
  place.at(document.getElementById("answer").dataset.permalink);
});
take();
if (place.kept !== null && place.kept !== given) setText(view, place.kept);
