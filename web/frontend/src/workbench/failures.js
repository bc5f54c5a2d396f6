// Failed requests of the SPARQL page: the error takes the place of the result, and the query stays.

const RETRY = "The query was not answered. Run it again in a moment.";

/** Watch the region that holds `#answer`. */
export function showFailures(region) {
  region.addEventListener("htmx:sendError", () => show("The server could not be reached", RETRY));
  region.addEventListener("htmx:responseError", (event) => {
    event.preventDefault(); // shown here, so no other page is loaded
    const { title, detail } = describe(event.detail.xhr);
    show(title, detail);
  });
  // A proxy may send its own error page, which must not replace the result.
  region.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, serverResponse, target } = event.detail;
    if (target.id !== "answer" || xhr.status >= 400 || serverResponse.includes('id="answer"')) return;
    event.detail.shouldSwap = false;
    show("No answer came", RETRY);
  });
}

/** Title and detail of an error response: problem+json (RFC 9457), or a page with a heading. */
function describe(xhr) {
  const fallback = { title: "Something went wrong", detail: `The server answered with status ${xhr.status}.` };
  try {
    if (/\bjson\b/.test(xhr.getResponseHeader("Content-Type"))) return { ...fallback, ...JSON.parse(xhr.responseText) };
  } catch {
    return fallback;
  }
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const text = (selector) => page.querySelector(selector)?.textContent.trim();
  return { title: text("main h1") || fallback.title, detail: text("main h1 ~ div p") || fallback.detail };
}

function show(title, detail) {
  const answer = document.getElementById("answer");
  const box = document.createElement("div");
  box.className = "govuk-error-summary";
  box.setAttribute("role", "alert");
  const heading = document.createElement("h2");
  heading.className = "govuk-error-summary__title";
  heading.id = "answer-heading";
  heading.tabIndex = -1;
  heading.textContent = `${title}`.slice(0, 200);
  const text = document.createElement("p");
  text.textContent = `${detail}`.slice(0, 600);
  box.append(heading, text);
  delete answer.dataset.permalink;
  answer.replaceChildren(box);
  heading.focus();
}
