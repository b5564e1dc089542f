// What is composed: genre, style, key, energy, chords, sections. Each change is heard from the next bar on.

import { fill, formTitle, setChoice, setRange, show, titled, pending } from "./fields.js";

const CHOICES = ["genre", "style", "form", "key", "mode"];
const SLIDERS = ["energy", "density", "complexity"];
const ALL_KEYS = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/** ask(promise): carries out a request and tells what went wrong; log(level, text): a line for the musician. */
export class Music {
  constructor($, client, ask, log) {
    Object.assign(this, { $, client, ask, log, status: null, sections: "" });
    for (const name of CHOICES) {
      $(name).addEventListener("change", ({ target }) => this.#modify(target, this.#chosen(name, target.value)));
    }
    for (const name of SLIDERS) {
      $(name).addEventListener("input", ({ target }) => { pending(target); this.#showRanges(); });
      $(name).addEventListener("change", ({ target }) => this.#modify(target, { [name]: target.valueAsNumber / 100 }));
    }
    $("chords").addEventListener("change", ({ target }) => this.#modify(target, { chords: target.value.trim() || "auto" }));
    $("chords").addEventListener("keydown", ({ key, target }) => {
      if (key === "Escape") target.value = this.status?.chords ?? "";
      if (key === "Enter" || key === "Escape") target.blur();
    });
    $("add-instrument").addEventListener("change", ({ target }) => this.#addChip(target));
    $("generate").addEventListener("click", () => this.#generate());
  }

  greet(hello) {
    fill(this.$("genre"), Object.keys(hello.genres), titled);
    fill(this.$("key"), hello.keys.length ? hello.keys : ALL_KEYS);
    fill(this.$("mode"), hello.modes.length ? hello.modes : ["major", "minor"], titled);
    this.#fillForms();
    this.#chips(hello.tracks.map((track) => track.instrument));
    this.$("instrument-names").replaceChildren(...hello.instruments.map((name) => new Option(titled(name), name)));
  }

  update(news) {
    this.status = news;
    for (const name of ["genre", "key", "mode"]) if (news[name]) setChoice(this.$(name), news[name]);
    this.#fillForms();
    setChoice(this.$("style"), news.style ?? "auto");
    setChoice(this.$("form"), news.form ?? "auto");
    for (const name of SLIDERS) if (news[name] !== null && news[name] !== undefined) setRange(this.$(name), news[name] * 100);
    const chords = this.$("chords");
    if (document.activeElement !== chords && !chords.dataset.pending) chords.value = news.chords ?? "";
    this.#showSections(news);
    this.#showRanges();
  }

  /** Another genre plays its own music, or where that is wished the tune, the chords and the form that play now. */
  #chosen(name, value) {
    return name === "genre" && this.$("keep-tune").checked ? { restyle: { to: value } } : { [name]: value };
  }

  #modify(input, params) {
    pending(input);
    this.ask(this.client.modify(params));
  }

  #fillForms() {
    const genre = this.status?.genre || this.$("genre").value;
    fill(this.$("form"), ["auto", ...(this.client.hello?.genres[genre] ?? [])], formTitle);
    fill(this.$("style"), ["auto", ...(this.client.hello?.styles?.[genre] ?? [])], formTitle);
  }

  #showRanges() {
    for (const name of SLIDERS) show(this.$(`${name}-out`), `${this.$(name).value} %`);
  }

  /** A button for each section to jump to; the one that plays is lit. */
  #showSections({ sections = [], section }) {
    const place = this.$("sections");
    const names = sections.join("\n");
    if (names !== this.sections) {
      this.sections = names;
      place.hidden = sections.length === 0;
      place.replaceChildren(...[...sections, "again", "next"].map((name) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: titled(name), title: `Jump to: ${name}` });
        button.dataset.section = name;
        button.addEventListener("click", () => this.#modify(button, { section: name }));
        return button;
      }));
    }
    const role = section.split(" ")[0];
    for (const button of place.children) button.toggleAttribute("data-on", button.dataset.section === role);
  }

  #chips(names) {
    const legend = this.$("instruments").querySelector("legend");
    this.$("instruments").replaceChildren(legend, ...names.map((name) => this.#chip(name)));
  }

  #chip(name) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: true });
    const words = document.createElement("span");
    words.textContent = titled(name);
    label.append(box, words);
    return label;
  }

  #addChip(input) {
    const name = input.value.trim().toLowerCase().replaceAll(" ", "-");
    input.value = "";
    if (!name) return;
    if (!this.client.hello?.instruments.includes(name)) {
      this.log("error", `There is no instrument "${name}": choose one from the list.`);
      return;
    }
    const have = [...this.$("instruments").querySelectorAll("input")].find((box) => box.value === name);
    if (have) have.checked = true;
    else this.$("instruments").append(this.#chip(name));
  }

  async #generate() {
    const { $ } = this;
    const number = (id) => (Number.isNaN($(id).valueAsNumber) ? null : $(id).valueAsNumber);
    const params = {
      genre: $("genre").value || null,
      style: $("style").value || null,
      key: $("key").value || null,
      mode: $("mode").value || null,
      form: $("form").value || null,
      chords: $("chords").value.trim() || "auto",
      energy: $("energy").valueAsNumber / 100,
      density: $("density").valueAsNumber / 100,
      complexity: $("complexity").valueAsNumber / 100,
      instruments: [...$("instruments").querySelectorAll(":checked")].map((box) => box.value),
      duration: number("duration"),
      seed: number("seed") ?? Math.floor(Math.random() * 1e9),
    };
    $("generate").disabled = true;
    await this.client.generate(params).then(
      () => this.log("info", `Composing a new piece, seed ${params.seed}.`),
      (problem) => problem.request === undefined && this.log("error", problem.message),
    );
    $("generate").disabled = false;
  }
}
