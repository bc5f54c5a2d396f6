// Filter of the examples: by the words in the box, and by the chosen tag.

/** If the page lists all examples, a tag filters them in place, because loading another page would lose the query. */
export function filterExamples(aside) {
  const finder = aside.querySelector("[data-filter]");
  const none = aside.querySelector("[data-none]");
  const chips = [...aside.querySelectorAll("[data-tag]")];
  const items = [...aside.querySelector("[data-gallery]").children].map((item) => ({
    item,
    text: `${item.textContent} ${item.dataset.tags}`.toLowerCase(),
    tags: item.dataset.tags.split(" "),
  }));
  const listsAll = !chips.some((chip) => chip.hasAttribute("aria-current"));
  let chosenTag = "";

  function update() {
    const words = finder.querySelector("input").value.toLowerCase().split(/\s+/);
    for (const { item, text, tags } of items) {
      item.hidden = !words.every((word) => text.includes(word)) || Boolean(chosenTag && !tags.includes(chosenTag));
    }
    none.hidden = items.some(({ item }) => !item.hidden);
  }

  finder.hidden = false;
  finder.addEventListener("input", update);
  for (const chip of listsAll ? chips : []) {
    chip.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      chosenTag = chosenTag === chip.dataset.tag ? "" : chip.dataset.tag;
      for (const other of chips) other.toggleAttribute("aria-current", false);
      if (chosenTag) chip.setAttribute("aria-current", "true");
      update();
    });
  }
}
