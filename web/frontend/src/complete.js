// Names that go on from what is typed, below the search box: the combobox of the ARIA Authoring Practices.
// Arrow keys choose, Enter opens the entry, Escape closes; without a choice Enter searches as ever.

const DELAY = 60;

export function completing(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-completions`;
  list.className = "completions plain";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Entries");
  list.hidden = true;
  input.after(list);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  })) {
    input.setAttribute(name, value);
  }

  let chosen = -1;
  let timer = 0;
  let asked = 0;

  function close() {
    list.hidden = true;
    list.replaceChildren();
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  // One step up or down; before the first and after the last stands no choice.
  function choose(step) {
    const options = [...list.children];
    const places = options.length + 1;
    const next = ((chosen < 0 ? options.length : chosen) + step + places) % places;
    chosen = next === options.length ? -1 : next;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
  }

  function open(option) {
    window.location.assign(`/entity?iri=${encodeURIComponent(option.dataset.iri)}`);
  }

  function show(found) {
    close();
    found.forEach((each, at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.iri = each.iri;
      option.append(Object.assign(document.createElement("bdi"), { textContent: each.label }));
      const more = [each.matched === each.label ? "" : each.matched, each.kind].filter(Boolean).join(", ");
      if (more) {
        option.append(Object.assign(document.createElement("span"), { className: "muted small", textContent: more }));
      }
      list.append(option);
    });
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
  }

  async function ask() {
    const text = input.value.trim();
    const turn = ++asked;
    if (text.length < 2) return close();
    try {
      const answer = await fetch(`/api/v1/complete?limit=8&q=${encodeURIComponent(text)}`);
      const found = answer.ok ? await answer.json() : [];
      if (turn === asked && document.activeElement === input) show(found);
    } catch {
      close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      asked += 1;
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      open(list.children[chosen]);
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("li");
    if (option) open(option);
  });
}
