// The workbench: an editor over the plain text area, a clock while a query runs, a way to stop it.

import { indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";
import { sparql } from "codemirror-lang-sparql";

const form = document.querySelector("[data-workbench]");
const area = form.querySelector("textarea");
const stop = form.querySelector("[data-cancel]");
const clock = form.querySelector("[data-clock]");

const look = EditorView.theme({
  "&": { backgroundColor: "var(--paper)", color: "var(--ink)" },
  "&.cm-focused": { outline: "3px solid var(--link)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.6rem 0" },
  ".cm-content, .cm-gutter": { minHeight: "14rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--tint)", color: "var(--muted)", border: "none" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--mark)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)", outline: "none" },
});

const inks = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], fontWeight: "700" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--person)" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--official)" },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.atom, tags.name], color: "var(--link)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

const run = () => {
  form.requestSubmit();
  return true;
};

// Where a character replaces a selection, Chromium writes style attributes into the text, which the page's policy
// refuses; so the editor replaces it itself.
const replaceSelection = EditorView.domEventHandlers({
  beforeinput(event, editor) {
    if (event.inputType !== "insertText" || !event.data || editor.state.selection.main.empty) return false;
    editor.dispatch(editor.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const view = new EditorView({
  doc: area.value,
  extensions: [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Escape", run: leave }])),
    lineNumbers(),
    minimalSetup,
    bracketMatching(),
    keymap.of([indentWithTab]),
    sparql(),
    replaceSelection,
    look,
    Prec.high(syntaxHighlighting(inks)),
    EditorView.lineWrapping,
    EditorView.cspNonce.of(form.dataset.nonce),
    EditorView.contentAttributes.of({ "aria-labelledby": "query-label", "aria-describedby": "query-hint" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) area.value = update.state.doc.toString();
    }),
  ],
});
area.before(view.dom);
area.parentElement.classList.add("has-editor");

// Tab indents in the editor, so Escape must lead out of it.
function leave() {
  form.querySelector("[type=submit]").focus();
  return true;
}

// Which examples hold every word that was typed.
const finder = document.querySelector("[data-filter]");
if (finder) {
  const items = [...finder.parentElement.querySelectorAll("li")].map((item) => [item, item.textContent.toLowerCase()]);
  finder.hidden = false;
  finder.querySelector("input").addEventListener("input", ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/);
    for (const [item, text] of items) item.hidden = !words.every((word) => text.includes(word));
  });
}

const identifier = form.elements.namedItem("id");
let started = 0;
let ticking = 0;

form.addEventListener("htmx:configRequest", (event) => {
  identifier.value = crypto.randomUUID();
  event.detail.parameters.id = identifier.value;
  event.detail.parameters.query = view.state.doc.toString();
});

form.addEventListener("htmx:beforeRequest", () => {
  started = performance.now();
  stop.hidden = false;
  ticking = window.setInterval(tick, 100);
  tick();
});

form.addEventListener("htmx:afterRequest", () => {
  window.clearInterval(ticking);
  stop.hidden = true;
  clock.textContent = "";
});

stop.addEventListener("click", () => {
  fetch(`${form.dataset.queries}${encodeURIComponent(identifier.value)}`, { method: "DELETE" });
});

function tick() {
  clock.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
