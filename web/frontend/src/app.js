// On every page: partial updates, and the graph fetched only where one is about to be seen.

import htmx from "htmx.org";
import { completing } from "./complete.js";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollBehavior: "auto",
});

// Addresses that serve both people and programs tell them apart by this.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers.Accept = "text/html";
});

// A reader who does not see the change hears it: focus goes to the heading of what was swapped in.
document.addEventListener("htmx:afterSettle", (event) => {
  const region = event.target instanceof Element ? event.target : null;
  region?.querySelector("[data-focus]")?.focus({ preventScroll: true });
});

// An error page that holds the region says there what is wrong; any other falls back to the page itself.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const region = detail.target.id;
  if (detail.xhr.status >= 400 && region && detail.serverResponse.includes(`id="${region}"`)) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.defaultPrevented) return; // told where it happened
  const path = event.detail.requestConfig?.verb === "get" && event.detail.pathInfo?.finalRequestPath;
  if (path) window.location.assign(path);
});

// A link into a closed disclosure opens it.
function reveal() {
  const id = decodeURIComponent(window.location.hash.slice(1));
  for (let at = id && document.getElementById(id); at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
}
window.addEventListener("hashchange", reveal);
reveal();

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      seen.unobserve(entry.target);
      const holder = entry.target.querySelector("[data-graph]");
      import(holder.dataset.script).then((module) => module.draw(holder));
    }
  },
  { rootMargin: "200px" },
);
for (const section of document.querySelectorAll("[data-graph-section]")) seen.observe(section);

const box = document.querySelector("form[role=search] input[type=search]");
if (box) completing(box);
