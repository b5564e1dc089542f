// The band: each track's name, colour, level meter, fader, mute and solo, and the mix's meter.

import { inWords } from "./knobs.js";

const FLOOR_DB = -48;
const FALL_DB_PER_S = 26;

/** A level meter's bar: rises at once, falls as a peak programme meter does. */
class Meter {
  constructor(element) {
    this.element = element;
    this.db = FLOOR_DB;
    this.goal = FLOOR_DB;
    this.shown = -1;
  }

  set(peak) {
    this.goal = peak > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(peak)) : FLOOR_DB;
    this.db = Math.max(this.db, this.goal);
  }

  draw(seconds) {
    this.db = Math.max(this.goal, this.db - FALL_DB_PER_S * seconds);
    const share = Math.round(Math.min(1, 1 - this.db / FLOOR_DB) * 500) / 500;
    if (share === this.shown) return;
    this.shown = share;
    this.element.style.setProperty("--level", share);
    this.element.classList.toggle("hot", this.db > -0.1);
  }
}

// A fader's travel: from -60 dB to +12 dB; its lower end is silence.
const LOWEST_DB = -60;
const HIGHEST_DB = 12;

/** knobs: what can be turned; openSound(channel): shows everything that a channel has; modify(params): the music. */
export class Band {
  constructor($, knobs, openSound, modify) {
    this.list = $("tracks");
    this.knobs = knobs;
    this.openSound = openSound;
    this.modify = modify;
    this.rests = new Map();
    this.mute = [];
    this.instruments = [];
    this.shown = [];
    this.places = new Map();
    this.plugins = new Map();
    this.hostedNews = "";
    this.master = [new Meter($("master-left")), new Meter($("master-right"))];
    this.tracks = new Map();
    this.last = 0;
  }

  setTracks(tracks, instruments) {
    this.instruments = instruments;
    this.tracks.clear();
    this.places.clear();
    this.plugins.clear();
    this.hostedNews = "";
    this.list.replaceChildren(...tracks.map((track, n) => {
      const row = document.createElement("li");
      row.className = "track";
      row.style.setProperty("--colour", `var(--track-${n % 8})`);
      const who = document.createElement("span");
      who.className = "who";
      const swatch = document.createElement("i");
      swatch.className = "swatch";
      const name = document.createElement("b");
      name.textContent = track.name.charAt(0).toUpperCase() + track.name.slice(1);
      const line = (kind, text) => {
        const words = document.createElement("span");
        words.className = kind;
        words.textContent = words.title = text;
        return words;
      };
      who.append(swatch, name, this.#sound(track));
      const plugins = line("plugins", "");
      plugins.hidden = true;
      this.plugins.set(track.name, plugins);
      who.append(plugins);
      if (track.port) who.append(line("muted port", `${track.port}, ch ${track.channel + 1}`));
      const meters = document.createElement("span");
      meters.className = "meters";
      meters.setAttribute("aria-hidden", "true");
      const bars = [document.createElement("i"), document.createElement("i")];
      meters.append(...bars);
      const controls = document.createElement("span");
      controls.className = "strip";
      this.places.set(track.name, controls);
      row.append(who, meters, controls);
      this.tracks.set(track.name, bars.map((bar) => new Meter(bar)));
      return row;
    }));
  }

  /** After the list of parameters has changed: give each track its fader and its buttons. */
  bind() {
    for (const show of this.shown.splice(0)) this.knobs.unwatch(show);
    this.rests.clear();
    for (const [name, place] of this.places) {
      place.replaceChildren();
      if (!this.knobs.has(`mixer.${name}.gain_db`)) continue;
      place.append(this.#button(name, "mute", "M"), this.#button(name, "solo", "S"), this.#rest(name), this.#fader(name),
        this.#more(name));
    }
    this.#showRests();
  }

  /** Which tracks rest, by name: they play nothing, where muted ones play unheard. */
  resting(mute) {
    if (mute.join("\n") === this.mute.join("\n")) return;
    this.mute = mute;
    this.#showRests();
  }

  #showRests() {
    for (const [name, button] of this.rests) button.setAttribute("aria-pressed", String(this.mute.includes(name)));
  }

  #rest(name) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "rest", textContent: "R" });
    button.setAttribute("aria-label", `Rest ${name}`);
    button.title = "Rest: plays nothing from the next bar on, and its sound rings out";
    button.addEventListener("click", () => {
      const others = this.mute.filter((each) => each !== name);
      this.modify({ mute: this.mute.includes(name) ? others : [...others, name] });
    });
    this.rests.set(name, button);
    return button;
  }

  /** The track's instrument; another is heard from the next bar on. */
  #sound(track) {
    const input = Object.assign(document.createElement("input"), { className: "sound-name", value: track.instrument });
    input.setAttribute("list", "instrument-names");
    input.setAttribute("aria-label", `Instrument of ${track.name}`);
    input.title = "Another instrument: choose or type its name";
    input.addEventListener("focus", () => { input.placeholder = input.value; input.value = ""; });
    input.addEventListener("blur", () => { input.value ||= track.instrument; });
    input.addEventListener("keydown", ({ key }) => (key === "Enter" || key === "Escape") && input.blur());
    input.addEventListener("change", () => {
      const name = input.value.trim();
      if (name && name !== track.instrument) this.modify({ instruments: { [track.name]: name } });
      input.blur();
    });
    return input;
  }

  #watch(path, show) {
    this.shown.push(show);
    this.knobs.watch(path, show);
  }

  #button(name, what, letter) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: what, textContent: letter });
    button.setAttribute("aria-label", `${what === "mute" ? "Mute" : "Solo"} ${name}`);
    button.title = what === "mute" ? "Mute" : "Solo";
    const path = `mixer.${name}.${what}`;
    this.#watch(path, (value) => button.setAttribute("aria-pressed", String(value > 0.5)));
    button.addEventListener("click", () => this.knobs.turn(path, Number(button.getAttribute("aria-pressed") !== "true")));
    return button;
  }

  #fader(name) {
    const fader = Object.assign(document.createElement("input"), { type: "range", min: LOWEST_DB, max: HIGHEST_DB, step: 0.1 });
    fader.setAttribute("aria-label", `Level of ${name}`);
    const path = `mixer.${name}.gain_db`;
    this.#watch(path, (value, info) => {
      fader.value = String(Math.max(LOWEST_DB, value));
      fader.title = inWords(value, info);
    });
    fader.addEventListener("input", () => {
      this.knobs.turn(path, fader.valueAsNumber <= LOWEST_DB ? -90 : fader.valueAsNumber);
    });
    fader.addEventListener("dblclick", () => this.knobs.turn(path, this.knobs.known.get(path).default));
    return fader;
  }

  #more(name) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "more", textContent: "…" });
    button.setAttribute("aria-label", `Sound of ${name}`);
    button.setAttribute("aria-haspopup", "dialog");
    button.title = "Effects and instrument";
    button.addEventListener("click", () => this.openSound(name));
    return button;
  }

  /** The hosted plug-ins of each track, with a lamp each; pointing at one tells how it does. */
  hosted(plugins) {
    const news = JSON.stringify(plugins);
    if (news === this.hostedNews) return;
    this.hostedNews = news;
    for (const [name, place] of this.plugins) {
      const mine = plugins.filter(({ channel }) => channel === name);
      place.hidden = mine.length === 0;
      place.title = "";
      place.replaceChildren(...mine.map(({ name: plugin, state, host, format }) => {
        const item = document.createElement("span");
        const lamp = document.createElement("i");
        lamp.className = "lamp";
        lamp.dataset.state = state === "ok" ? "good" : state === "loading" || state === "late" ? "warn" : "bad";
        item.append(lamp, plugin);
        item.title = [plugin, [format, host && `by ${host}`].filter(Boolean).join(" "), state].filter(Boolean).join("\n");
        return item;
      }));
    }
  }

  levels(levels) {
    for (const [n, meter] of this.master.entries()) meter.set(levels?.master[n] ?? 0);
    for (const [name, meters] of this.tracks) {
      for (const [n, meter] of meters.entries()) meter.set(levels?.tracks[name]?.[n] ?? 0);
    }
  }

  draw(nowS) {
    const seconds = Math.min(0.1, nowS - this.last);
    this.last = nowS;
    for (const meter of this.master) meter.draw(seconds);
    for (const meters of this.tracks.values()) for (const meter of meters) meter.draw(seconds);
  }
}
