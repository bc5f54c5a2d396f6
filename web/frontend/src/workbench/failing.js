// An answer that never came, or came as no answer: said in its place, and the query stays where it is.

const AGAIN = "The query was not answered. Run it again in a moment.";

/** Watch the region that holds `#answer`. */
export function tellFailures(region) {
  region.addEventListener("htmx:sendError", () => tell("The server could not be reached", AGAIN));
  region.addEventListener("htmx:responseError", (event) => {
    event.preventDefault(); // said here, so no other page is opened
    const { title, detail } = said(event.detail.xhr);
    tell(title, detail);
  });
  // What came may be the page of something between here and the server: it must not take the answer's place away.
  region.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, serverResponse, target } = event.detail;
    if (target.id !== "answer" || xhr.status >= 400 || serverResponse.includes('id="answer"')) return;
    event.detail.shouldSwap = false;
    tell("No answer came", AGAIN);
  });
}

/** What an error says of itself: problem+json (RFC 9457), or a page with a heading. */
function said(xhr) {
  const fallback = { title: "Something went wrong", detail: `The server answered with status ${xhr.status}.` };
  try {
    if (/\bjson\b/.test(xhr.getResponseHeader("Content-Type"))) return { ...fallback, ...JSON.parse(xhr.responseText) };
  } catch {
    return fallback;
  }
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const words = (selector) => page.querySelector(selector)?.textContent.trim();
  return { title: words("main h1") || fallback.title, detail: words("main h1 ~ div p") || fallback.detail };
}

function tell(title, detail) {
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
