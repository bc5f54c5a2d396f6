// The SPARQL page: an editor in place of the text area, a clock while a query runs, a button that cancels it.

import { makeEditor, setText, underline } from "./workbench/editor.js";
import { graphData } from "./workbench/graph-data.js";
import { showFailures } from "./workbench/failures.js";
import { makeQueryLists } from "./workbench/saved-queries.js";
import { makePageHistory } from "./workbench/page-history.js";
import { filterExamples } from "./workbench/examples.js";
import { makeTerms } from "./workbench/terms.js";

// Servers and proxies cut longer addresses off; such a query goes by POST.
const MAX_ADDRESS_CHARS = 3000;

const form = document.querySelector("[data-workbench]");
const area = form.querySelector("textarea");
const cancelButton = form.querySelector("[data-cancel]");
const clock = form.querySelector("[data-clock]");
const status = form.querySelector("[data-status]");
const terms = makeTerms(form.dataset.terms, JSON.parse(form.dataset.prefixes), {
  reading: form.dataset.keywords.split(" "),
  updating: form.dataset.updating.split(" "),
});

const initial = area.value;
const action = form.getAttribute("action");
const pageHistory = makePageHistory(action, () => area.value);
let recorded = initial; // text from the page or the lists, or text that ran: no need to store it

const view = makeEditor(area, {
  nonce: form.dataset.nonce,
  run: () => {
    form.requestSubmit();
    return true;
  },
  leave, // Tab indents in the editor, so Escape leaves it
  complete: terms.complete,
  hover: terms.hover,
  changed() {
    pageHistory.textChanged();
    updateQuestion();
  },
});
form.querySelector("[data-editor-hint]").hidden = false;

function leave() {
  form.querySelector("[type=submit]").focus();
  return true;
}

const queries = makeQueryLists(document.querySelector("[data-memory]"), {
  current: () => area.value,
  open(query) {
    keepText();
    recorded = query;
    setText(view, query);
    view.focus();
  },
});

// The history stores text that was never run when another query or page replaces it.
function keepText() {
  if (area.value !== recorded) queries.addUnrun(area.value);
}
window.addEventListener("pagehide", keepText);

// Shows the question of an example only above its own query.
function updateQuestion() {
  const question = form.querySelector("[data-question]");
  if (question) question.hidden = area.value !== initial;
}

const addButton = form.querySelector("[data-add-prefixes]");
addButton.hidden = false;
addButton.addEventListener("click", () => {
  const names = terms.addPrefixes(view);
  status.textContent = names.length ? `Added ${names.join(", ")}.` : "No prefix is missing.";
});

// A click on a relation inserts its name at the cursor.
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

if (document.querySelector("[data-filter]")) filterExamples(document.querySelector(".examples"));

showFailures(form.parentElement);

const identifier = form.elements.namedItem("id");
let startTime = 0;
let timer = 0;

form.addEventListener("htmx:configRequest", (event) => {
  if (event.target !== form) return;
  terms.addPrefixes(view);
  const query = area.value;
  recorded = query;
  identifier.value = crypto.randomUUID();
  const { detail } = event;
  detail.parameters.id = identifier.value;
  detail.parameters.query = query;
  if (encodeURIComponent(query).length > MAX_ADDRESS_CHARS) {
    detail.verb = "post";
    detail.useUrlParams = false;
    detail.headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  pageHistory.setAddress(detail.verb === "get" && `${action}?${new URLSearchParams({ query })}`);
  queries.addRun(query);
});

form.addEventListener("htmx:beforeRequest", () => {
  startTime = performance.now();
  cancelButton.hidden = false;
  timer = window.setInterval(tick, 100);
  tick();
});

form.addEventListener("htmx:afterRequest", () => {
  window.clearInterval(timer);
  if (document.activeElement === cancelButton) leave();
  cancelButton.hidden = true;
  clock.textContent = "";
});

cancelButton.addEventListener("click", () => {
  fetch(`${form.dataset.queries}${encodeURIComponent(identifier.value)}`, { method: "DELETE" });
});

function tick() {
  clock.textContent = `${((performance.now() - startTime) / 1000).toFixed(1)} s`;
}

// After a new result: underline its error in the editor; draw its graph when the reader opens it.
function showResult() {
  const answer = document.getElementById("answer");
  const problem = answer.querySelector("[data-line]");
  const message = problem?.querySelector("p").textContent ?? "";
  underline(view, problem && { line: +problem.dataset.line, column: +problem.dataset.column, message });
  const drawing = answer.querySelector("[data-drawing]");
  if (!drawing) return;
  drawing.hidden = false;
  drawing.addEventListener(
    "toggle",
    () => import(drawing.dataset.script).then((module) => module.drawData(drawing.querySelector(".graph"), graphData(drawing.dataset.drawing))),
    { once: true },
  );
}

document.addEventListener("htmx:afterSettle", () => {
  showResult();
  pageHistory.setAddress(document.getElementById("answer").dataset.permalink);
});
showResult();
if (pageHistory.savedText !== null && pageHistory.savedText !== initial) setText(view, pageHistory.savedText);
