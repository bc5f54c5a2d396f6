// Which examples hold every word that was typed, and bear the subject that was chosen.

/** Where all are there already, choosing a subject asks for no other page, which would take the query away. */
export function narrowing(aside) {
  const finder = aside.querySelector("[data-filter]");
  const none = aside.querySelector("[data-none]");
  const chips = [...aside.querySelectorAll("[data-tag]")];
  const items = [...aside.querySelector("[data-gallery]").children].map((item) => ({
    item,
    text: `${item.textContent} ${item.dataset.tags}`.toLowerCase(),
    tags: item.dataset.tags.split(" "),
  }));
  const isWhole = !chips.some((chip) => chip.hasAttribute("aria-current"));
  let subject = "";

  function narrow() {
    const words = finder.querySelector("input").value.toLowerCase().split(/\s+/);
    for (const { item, text, tags } of items) {
      item.hidden = !words.every((word) => text.includes(word)) || Boolean(subject && !tags.includes(subject));
    }
    none.hidden = items.some(({ item }) => !item.hidden);
  }

  finder.hidden = false;
  finder.addEventListener("input", narrow);
  for (const chip of isWhole ? chips : []) {
    chip.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      subject = subject === chip.dataset.tag ? "" : chip.dataset.tag;
      for (const each of chips) each.toggleAttribute("aria-current", false);
      if (subject) chip.setAttribute("aria-current", "true");
      narrow();
    });
  }
}
