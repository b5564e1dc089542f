// Fields of the page that show what the server says, unless the musician is just changing them.

/** Write text only where it changed: the status comes twenty times a second. */
export function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
// Forms that are spelt in section letters (aaba) are written as musicians do, in capitals.
export const formTitle = (name) => (name === "auto" ? "Automatic" : /^[abcd]+$/.test(name) ? name.toUpperCase() : titled(name));

export function fill(select, names, words = (name) => name) {
  const before = select.value;
  if (select.dataset.names === names.join("\n")) return;
  select.dataset.names = names.join("\n");
  select.replaceChildren(...names.map((name) => new Option(words(name), name)));
  if (names.includes(before)) select.value = before;
}

/** Show the server's value unless the musician is just choosing another. */
export function setChoice(select, value) {
  if (document.activeElement === select && select.dataset.pending) return;
  if (select.value === value) return;
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
  select.value = value;
}

export function setValue(input, value) {
  if (input.value !== value) input.value = value;
}

export function setRange(input, value) {
  if (!input.dataset.pending) setValue(input, String(Math.round(value)));
}

const timers = new WeakMap();

/** A value that was sent stands until the server has had the time to confirm it. */
export function pending(input) {
  input.dataset.pending = "1";
  clearTimeout(timers.get(input));
  timers.set(input, setTimeout(() => delete input.dataset.pending, 700));
}
