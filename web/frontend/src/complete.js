// Completion of entity names below the search box: the combobox pattern of the ARIA Authoring Practices.
// Arrow keys choose, Enter opens the chosen entry, Escape closes the list; without a choice, Enter searches.

const DELAY_MS = 60;

export function addCompletion(input) {
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
  let lastRequest = 0;

  function close() {
    list.hidden = true;
    list.replaceChildren();
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  // One step up or down; before the first and after the last option, none is chosen.
  function choose(step) {
    const options = [...list.children];
    const positions = options.length + 1;
    const next = ((chosen < 0 ? options.length : chosen) + step + positions) % positions;
    chosen = next === options.length ? -1 : next;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
  }

  function open(option) {
    window.location.assign(`/entity?iri=${encodeURIComponent(option.dataset.iri)}`);
  }

  function show(completions) {
    close();
    completions.forEach(({ iri, label, matched, kind }, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.iri = iri;
      option.append(Object.assign(document.createElement("bdi"), { textContent: label }));
      const details = [matched === label ? "" : matched, kind].filter(Boolean).join(", ");
      if (details) {
        option.append(Object.assign(document.createElement("span"), { className: "muted small", textContent: details }));
      }
      list.append(option);
    });
    list.hidden = !completions.length;
    input.setAttribute("aria-expanded", String(completions.length > 0));
  }

  async function request() {
    const text = input.value.trim();
    const number = ++lastRequest;
    if (text.length < 2) return close();
    try {
      const response = await fetch(`/api/v1/complete?limit=8&q=${encodeURIComponent(text)}`);
      const completions = response.ok ? await response.json() : [];
      if (number === lastRequest && document.activeElement === input) show(completions);
    } catch {
      close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(request, DELAY_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      lastRequest += 1;
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
