// The page's entry in the browser's history: the address of the query that ran, and the current text. Back and a reload
// restore the text, even if it was never run or is too long for an address.

const PAUSE_MS = 300; // browsers refuse an update at every keystroke

/** `address` is the page's own, without a query; `current()` gives the text. */
export function makePageHistory(address, current) {
  let timer = 0;

  function write(url) {
    window.clearTimeout(timer);
    timer = 0;
    try {
      window.history.replaceState({ ...window.history.state, query: current() }, "", url);
    } catch {
      if (url) window.history.replaceState(null, "", url); // the text is too large for this browser
    }
  }

  // The reader may follow a link before the pause ends.
  document.addEventListener("click", () => timer && write(), true);

  return {
    /** The text at the time when the reader left the page; null for none. */
    savedText: typeof window.history.state?.query === "string" ? window.history.state.query : null,
    textChanged() {
      window.clearTimeout(timer);
      timer = window.setTimeout(write, PAUSE_MS);
    },
    /** Set the page's address to that of a query, or to its own where there is none. */
    setAddress: (url) => write(url || address),
  };
}
