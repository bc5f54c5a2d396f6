// The page's entry in the browser's history: the address of the query that ran, and the text as it stands now, so that
// Back and a reload bring back what was typed, even where it was never run or is too long for an address.

const PAUSE = 300; // browsers refuse to be told at every key

/** `address` is the page's own, without a query; `current()` gives the text. */
export function makePlace(address, current) {
  let timer = 0;

  function write(where) {
    window.clearTimeout(timer);
    timer = 0;
    try {
      window.history.replaceState({ ...window.history.state, query: current() }, "", where);
    } catch {
      if (where) window.history.replaceState(null, "", where); // more than this browser keeps
    }
  }

  // A link may be followed before the pause is over.
  document.addEventListener("click", () => timer && write(), true);

  return {
    /** The text that was here when the page was left; null for none. */
    kept: typeof window.history.state?.query === "string" ? window.history.state.query : null,
    typed() {
      window.clearTimeout(timer);
      timer = window.setTimeout(write, PAUSE);
    },
    /** The page's address becomes that of what runs, or its own where there is none. */
    at: (where) => write(where || address),
  };
}
