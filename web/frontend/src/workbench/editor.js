// The editor over the plain text area: its looks, its keys, the text it hands back.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeCompletion,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";
import { sparql } from "codemirror-lang-sparql";
import { tokens } from "./tokens.js";

const LEAST_NOTE = 240; // pixels
const popup = { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--control)" };

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
  ".cm-tooltip": popup,
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--sans)", fontSize: "0.84rem", maxHeight: "15em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.6rem", maxWidth: "none" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--ink)", color: "var(--paper)" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--muted)", marginLeft: "0.8em" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionMatchedText": { textDecoration: "underline" },
  ".cm-completionInfo, .cm-tooltip-hover": { fontFamily: "var(--sans)", fontSize: "0.84rem", maxWidth: "22rem" },
  ".cm-completionInfo": { padding: "0.4rem 0.6rem", ...popup },
  ".cm-tooltip.cm-completionInfo-below": { position: "static", boxSizing: "border-box", width: "0", minWidth: "100%", borderWidth: "1px 0 0" },
  ".cm-tooltip-hover": { padding: "0.3rem 0.6rem" },
  ".cm-tooltip-lint": { padding: "0" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--accent)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--accent) 2px",
    textUnderlineOffset: "0.2em",
  },
});

const inks = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], fontWeight: "700" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--person)" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--official)" },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.atom, tags.name], color: "var(--link)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

// Where a character replaces a selection, Chromium writes style attributes into the text, which the page's policy
// refuses; so the editor replaces it itself.
const replaceSelection = EditorView.domEventHandlers({
  beforeinput(event, editor) {
    if (event.inputType !== "insertText" || !event.data || editor.state.selection.main.empty) return false;
    editor.dispatch(editor.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

// The note on an option stands beside the list, or below it where there is no room: over it, it would hide options.
function positionInfo(view, list, option, info, space) {
  const room = space.right - list.right;
  if (room < LEAST_NOTE) return { class: "cm-completionInfo-below" };
  const top = Math.max(space.top, Math.min(option.top, space.bottom - info.height)) - list.top;
  return { class: "cm-completionInfo-right", style: `top: ${top}px; max-width: ${room}px` };
}

/** Put an editor in the place of `area`, which keeps the text for the form. */
export function makeEditor(area, { nonce, run, leave, complete, hover, changed }) {
  const lead = (view) => completionStatus(view.state) !== "active" && leave();
  // Where the option that Enter would take stands there already, Enter is for the text.
  const enter = (view) => selectedCompletion(view.state)?.kept && closeCompletion(view) && false;
  const view = new EditorView({
    doc: area.value,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Escape", run: lead }, { key: "Enter", run: enter }])),
      lineNumbers(),
      minimalSetup,
      bracketMatching(),
      closeBrackets(),
      keymap.of([{ key: "Tab", run: acceptCompletion }, indentWithTab]),
      sparql(),
      autocompletion({ override: [complete], icons: false, maxRenderedOptions: 40, positionInfo }),
      hoverTooltip(hover, { hoverTime: 250 }),
      replaceSelection,
      look,
      Prec.high(syntaxHighlighting(inks)),
      EditorView.lineWrapping,
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of({ "aria-labelledby": "query-label", "aria-describedby": "query-hint" }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        area.value = update.state.doc.toString();
        changed();
      }),
    ],
  });
  area.before(view.dom);
  area.parentElement.classList.add("has-editor");
  return view;
}

/** Replace the whole text. */
export function setText(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  underline(view, null);
}

/** Underline the token at a place that the server named (both from 1); null takes the line away. */
export function underline(view, place) {
  const found = place && tokenAt(view.state.doc, place);
  if (found) view.dispatch({ selection: { anchor: found.from }, scrollIntoView: true });
  const marks = found ? [{ from: found.from, to: found.to, severity: "error", message: place.message }] : [];
  view.dispatch(setDiagnostics(view.state, marks));
}

/** The rest of the token at a place; where the query ends there, its last one. */
function tokenAt(doc, { line, column }) {
  const at = line <= doc.lines ? doc.line(line).from + units(doc.line(line).text, column - 1) : doc.length;
  const meant = tokens(doc.toString()).filter(({ kind }) => kind !== "comment");
  const here = meant.find(({ from, to }) => from <= at && at < to);
  return here ? { from: at, to: here.to } : (meant.findLast(({ to }) => to <= at) ?? meant[0]);
}

/** How many UTF-16 units the first `points` characters take: the server counts characters. */
const units = (text, points) => Array.from(text).slice(0, points).join("").length;
