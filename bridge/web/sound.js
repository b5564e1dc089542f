// The sound of one channel: every parameter of its fader, effects and instrument as a slider.

import { inWords, share, valueAt } from "./knobs.js";

const UNITS = /_(db|hz|ms|s|cents|octaves|semitones|beats)$/;
const MUSIC = "the music"; // of the composers, beside the channels of the mixer
const titled = (words) => words.charAt(0).toUpperCase() + words.slice(1);
const plain = (name, alone) => titled((alone ? name.replace(UNITS, "") : name).replaceAll("_", " ").replaceAll(".", " "));

/** Where a path belongs: its channel, and the heading and name within that. */
function placed(path, channels) {
  const [root, ...rest] = path.split(".");
  if (root === "master") return { channel: "master", stage: rest[0], name: rest.slice(1).join(".") };
  if (root === "music") return { channel: MUSIC, stage: rest.length > 1 ? rest[0] : "composers", name: rest.at(-1) };
  const tail = rest.join(".");
  const channel = channels.find((name) => tail.startsWith(`${name}.`));
  if (channel === undefined) return null;
  const inner = tail.slice(channel.length + 1).split(".");
  if (root === "mixer") return { channel, stage: "fader", name: inner.join(".") };
  if (inner[0] === "synth") return { channel, stage: `synth: ${inner[1]}`, name: inner.slice(2).join(".") };
  return { channel, stage: inner[0], name: inner.slice(1).join(".") };
}

export class Sound {
  #knobs;
  #learn;
  #shown = [];

  constructor($, knobs, learn) {
    this.#knobs = knobs;
    this.#learn = learn;
    this.dialog = $("sound");
    this.channel = $("sound-channel");
    this.find = $("sound-find");
    this.body = $("sound-body");
    this.channels = [];
    this.channel.addEventListener("change", () => (this.channel.value === MUSIC ? this.#knobs.load() : this.#fill()));
    this.find.addEventListener("input", () => this.#filter());
    this.dialog.addEventListener("close", () => {
      this.#forget();
      this.#learn.forget();
    });
  }

  /** After the list of parameters has changed. */
  update() {
    const faders = [...this.#knobs.known.keys()].filter((path) => path.startsWith("mixer.") && path.endsWith(".gain_db"));
    this.channels = faders.map((path) => path.slice("mixer.".length, -".gain_db".length))
      .sort((a, b) => b.length - a.length); // so that "bass 2" is found before "bass"
    const before = this.channel.value;
    const music = [...this.#knobs.known.keys()].some((path) => path.startsWith("music.")) ? [MUSIC] : [];
    const options = [...this.channels].sort().concat(music).map((name) => new Option(titled(name), name));
    this.channel.replaceChildren(...options);
    if (this.channels.includes(before) || music.includes(before)) this.channel.value = before;
    if (this.dialog.open) this.#fill();
  }

  open(channel) {
    this.channel.value = channel;
    this.find.value = "";
    if (!this.dialog.open) this.dialog.showModal();
    this.#fill();
  }

  #forget() {
    for (const show of this.#shown.splice(0)) this.#knobs.unwatch(show);
    this.#learn.clear();
    this.body.replaceChildren();
  }

  #fill() {
    this.#forget();
    const stages = new Map();
    for (const info of this.#knobs.known.values()) {
      const place = placed(info.path, this.channels);
      if (place?.channel !== this.channel.value) continue;
      if (!stages.has(place.stage)) stages.set(place.stage, []);
      stages.get(place.stage).push([place.name, info]);
    }
    const last = (stage) => (stage === "fader" ? 0 : stage.startsWith("synth") ? 2 : 1);
    const sections = [...stages].sort(([a], [b]) => last(a) - last(b) || a.localeCompare(b));
    this.body.replaceChildren(...sections.map(([stage, rows]) => {
      const section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.textContent = titled(stage);
      const bare = rows.map(([name]) => name.replace(UNITS, ""));
      const alone = (name) => bare.filter((other) => other === name.replace(UNITS, "")).length === 1;
      section.append(heading, ...rows.map(([name, info]) => this.#row(plain(name, alone(name)), info)));
      return section;
    }));
    this.#filter();
  }

  #row(name, info) {
    const row = document.createElement("label");
    row.className = "knob";
    row.title = `${info.path}\n${info.words.length ? info.words.join(", ") : `${info.low} to ${info.high} ${info.unit}`}`;
    row.dataset.words = info.path.toLowerCase();
    const words = document.createElement("span");
    words.textContent = name;
    const output = document.createElement("output");
    const turn = (value) => this.#knobs.turn(info.path, value);
    let input;
    let set;
    if (info.words.length) {
      input = document.createElement("select");
      input.append(...info.words.map((word, n) => new Option(word.replaceAll("-", " "), String(n))));
      input.addEventListener("change", () => turn(Number(input.value)));
      set = (value) => { input.value = String(Math.round(value)); };
    } else if (info.whole && info.low === 0 && info.high === 1) {
      input = Object.assign(document.createElement("input"), { type: "checkbox" });
      input.addEventListener("change", () => turn(Number(input.checked)));
      set = (value) => { input.checked = value > 0.5; };
    } else {
      const steps = info.whole ? info.high - info.low : 1000;
      input = Object.assign(document.createElement("input"), { type: "range", min: 0, max: steps, step: 1 });
      input.addEventListener("input", () => turn(valueAt(info, input.valueAsNumber / steps)));
      input.addEventListener("dblclick", () => turn(info.default));
      set = (value) => { input.value = String(Math.round(share(info, value) * steps)); };
    }
    input.setAttribute("aria-label", `${this.channel.value} ${name}`);
    const show = (value) => {
      set(value);
      output.textContent = info.words.length ? "" : inWords(value, info);
    };
    this.#shown.push(show);
    this.#knobs.watch(info.path, show);
    row.append(words, input, output, this.#learn.button(info.path, `${this.channel.value} ${name}`));
    return row;
  }

  #filter() {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of this.body.children) {
      const rows = [...section.querySelectorAll(".knob")];
      for (const row of rows) row.hidden = !words.every((word) => row.dataset.words.includes(word));
      section.hidden = rows.every((row) => row.hidden);
    }
  }
}
