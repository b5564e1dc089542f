// MIDI learn: pick a parameter, turn a control of the session's controllers, done; and undo.

export class Learn {
  #client;
  #ask;
  #waiting = null;
  #buttons = new Map();

  /** ask(promise): the server's refusal is told by whoever listens for errors. */
  constructor($, client, ask, log) {
    this.#client = client;
    this.#ask = ask;
    this.undo = $("sound-undo");
    this.words = $("sound-learning");
    this.undo.addEventListener("click", () => {
      this.undo.hidden = true;
      this.#ask(client.unlearn().then(() => this.#say("Undone.")));
    });
    client.on("learning", ({ path, learned, text }) => {
      this.#waiting = path;
      this.#mark();
      if (path !== null) this.#say(`Turn the control that is to turn ${path} …`);
      else if (learned === null) this.#say(text);
      else {
        this.#say(text);
        this.undo.hidden = false;
        log("info", text);
      }
    });
  }

  /** A button that lets a control be learnt for `path`. */
  button(path, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "learn";
    button.textContent = "◎";
    button.title = `Let a controller turn ${path}: press, then turn a knob or fader`;
    button.setAttribute("aria-label", `Learn ${name}`);
    button.setAttribute("aria-pressed", String(this.#waiting === path));
    button.addEventListener("click", (event) => {
      event.preventDefault(); // the row is a label
      this.#ask(this.#client.learn(this.#waiting === path ? null : path));
    });
    this.#buttons.set(path, button);
    return button;
  }

  /** The rows are gone; what waited for a control does so no longer. */
  forget() {
    if (this.#waiting !== null) this.#ask(this.#client.learn(null));
    this.#buttons.clear();
    this.#say("");
  }

  /** Other rows are shown. */
  clear() {
    this.#buttons.clear();
  }

  #say(text) {
    this.words.textContent = text;
    this.words.hidden = !text;
  }

  #mark() {
    for (const [path, button] of this.#buttons) button.setAttribute("aria-pressed", String(path === this.#waiting));
  }
}
