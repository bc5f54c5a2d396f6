// The editor that replaces the plain text area: theme, keys, and the text it writes back.

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

const MIN_NOTE_WIDTH = 240; // pixels
const popup = { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--control)" };

const theme = EditorView.theme({
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

const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], fontWeight: "700" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--person)" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--official)" },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.atom, tags.name], color: "var(--link)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

// When a character replaces a selection, Chromium writes style attributes into the text, which the page's policy
// refuses; so the editor replaces the selection itself.
const replaceSelection = EditorView.domEventHandlers({
  beforeinput(event, editor) {
    if (event.inputType !== "insertText" || !event.data || editor.state.selection.main.empty) return false;
    editor.dispatch(editor.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

// The note on an option is beside the list, or below it without enough room: above the list it would hide options.
function positionInfo(view, list, option, info, space) {
  const room = space.right - list.right;
  if (room < MIN_NOTE_WIDTH) return { class: "cm-completionInfo-below" };
  const top = Math.max(space.top, Math.min(option.top, space.bottom - info.height)) - list.top;
  return { class: "cm-completionInfo-right", style: `top: ${top}px; max-width: ${room}px` };
}

/** Replace the text area by an editor; the area keeps the text for the form. */
export function makeEditor(area, { nonce, run, leave, complete, hover, changed }) {
  const leaveUnlessCompleting = (view) => completionStatus(view.state) !== "active" && leave();
  // If the text already is the chosen option, Enter starts a new line.
  const newLineIfComplete = (view) => selectedCompletion(view.state)?.isTyped && closeCompletion(view) && false;
  const view = new EditorView({
    doc: area.value,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Escape", run: leaveUnlessCompleting }, { key: "Enter", run: newLineIfComplete }])),
      lineNumbers(),
      minimalSetup,
      bracketMatching(),
      closeBrackets(),
      keymap.of([{ key: "Tab", run: acceptCompletion }, indentWithTab]),
      sparql(),
      autocompletion({ override: [complete], icons: false, maxRenderedOptions: 40, positionInfo }),
      hoverTooltip(hover, { hoverTime: 250 }),
      replaceSelection,
      theme,
      Prec.high(syntaxHighlighting(highlighting)),
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

/** Underline the token at the error's line and column (both from 1); null removes the underline. */
export function underline(view, error) {
  const token = error && tokenAt(view.state.doc, error);
  if (token) view.dispatch({ selection: { anchor: token.from }, scrollIntoView: true });
  const marks = token ? [{ from: token.from, to: token.to, severity: "error", message: error.message }] : [];
  view.dispatch(setDiagnostics(view.state, marks));
}

/** The token at a position, from there on; at the end of the query, the last token. */
function tokenAt(doc, { line, column }) {
  const offset = line <= doc.lines ? doc.line(line).from + units(doc.line(line).text, column - 1) : doc.length;
  const list = tokens(doc.toString()).filter(({ kind }) => kind !== "comment");
  const token = list.find(({ from, to }) => from <= offset && offset < to);
  return token ? { from: offset, to: token.to } : (list.findLast(({ to }) => to <= offset) ?? list[0]);
}

/** UTF-16 units of the first `points` code points: the server counts code points. */
const units = (text, points) => Array.from(text).slice(0, points).join("").length;
