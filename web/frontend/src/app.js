// Script of every page: partial updates, name completion, and graphs, drawn when they come near the viewport.

import htmx from "htmx.org";
import { addCompletion } from "./complete.js";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollBehavior: "auto",
});

// Addresses that serve pages and data choose by the Accept header.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers.Accept = "text/html";
});

// Focus moves to the heading of the new content, so that screen readers announce the change.
document.addEventListener("htmx:afterSettle", (event) => {
  const region = event.target instanceof Element ? event.target : null;
  region?.querySelector("[data-focus]")?.focus({ preventScroll: true });
});

// An error page that contains the target region replaces it; for any other error the whole page is loaded.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const region = detail.target.id;
  if (detail.xhr.status >= 400 && region && detail.serverResponse.includes(`id="${region}"`)) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.defaultPrevented) return; // the page has shown it
  const path = event.detail.requestConfig?.verb === "get" && event.detail.pathInfo?.finalRequestPath;
  if (path) window.location.assign(path);
});

// A link into a closed disclosure opens it.
function openDisclosures() {
  const id = decodeURIComponent(window.location.hash.slice(1));
  for (let element = id && document.getElementById(id); element; element = element.parentElement) {
    if (element instanceof HTMLDetailsElement) element.open = true;
  }
}
window.addEventListener("hashchange", openDisclosures);
openDisclosures();

const graphObserver = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter(({ isIntersecting }) => isIntersecting)) {
      graphObserver.unobserve(entry.target);
      const container = entry.target.querySelector("[data-graph]");
      import(container.dataset.script).then((module) => module.draw(container));
    }
  },
  { rootMargin: "200px" },
);
for (const section of document.querySelectorAll("[data-graph-section]")) graphObserver.observe(section);

const box = document.querySelector("form[role=search] input[type=search]");
if (box) addCompletion(box);
