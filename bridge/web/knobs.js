// What can be turned: faders, mutes, effects, synths. Kept in step with the server, whoever turns.

const SEND_MS = 40; // enough for the ear, and for the server
const RETRY_MS = 1000;

/** A knob's place, 0..1, for a value; and back. Frequencies and times go by their logarithm. */
export const share = ({ low, high, log }, value) =>
  log && low > 0 ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low || 1);

export const valueAt = ({ low, high, log, whole }, place) => {
  const value = log && low > 0 ? low * (high / low) ** place : low + place * (high - low);
  return whole ? Math.round(value) : Number(value.toPrecision(4));
};

export class Knobs {
  #client;
  #watchers = new Map();
  #sent = new Map();
  #retry = 0;

  /** changed(): called when the list itself is another. */
  constructor(client, changed) {
    this.#client = client;
    this.changed = changed;
    this.known = new Map();
    client.on("hello", () => this.load());
    client.on("moved", (moves) => {
      for (const { path, value } of moves) this.#take(path, value);
    });
  }

  async load() {
    clearTimeout(this.#retry);
    const list = await this.#client.parameters().catch(() => []);
    if (!list.length) this.#retry = setTimeout(() => this.load(), RETRY_MS); // the engine is still starting
    this.known = new Map(list.map((info) => [info.path, info]));
    this.#watchers.clear();
    this.changed();
  }

  /** How many there are now, as the server says: a plug-in that has loaded brings its own. */
  count(number) {
    if (this.known.size && number && number !== this.known.size && number !== this.counted) this.load();
    this.counted = number;
  }

  has(path) {
    return this.known.has(path);
  }

  /** Call show(value, info) now and at each change. */
  watch(path, show) {
    const info = this.known.get(path);
    if (!info) return;
    if (!this.#watchers.has(path)) this.#watchers.set(path, new Set());
    this.#watchers.get(path).add(show);
    show(info.value, info);
  }

  unwatch(show) {
    for (const watchers of this.#watchers.values()) watchers.delete(show);
  }

  /** Turn it: shown at once, sent at most every 40 ms, the last value always. */
  turn(path, value) {
    this.#take(path, value);
    const waiting = this.#sent.get(path);
    if (waiting) {
      waiting.value = value;
      waiting.stale = true;
      return;
    }
    const entry = { value, stale: false };
    this.#sent.set(path, entry);
    const send = () => {
      entry.stale = false;
      this.#client.set({ [path]: entry.value }).catch(() => this.load()); // refused: "error" tells why
      setTimeout(() => (entry.stale ? send() : this.#sent.delete(path)), SEND_MS);
    };
    send();
  }

  #take(path, value) {
    const info = this.known.get(path);
    if (!info) return;
    info.value = value;
    for (const show of this.#watchers.get(path) ?? []) show(value, info);
  }
}

/** "−6.0 dB", "1.2 kHz", "on": a value in words. */
export function inWords(value, { path, unit, words, low, high, whole }) {
  if (words.length) return words[Math.round(value)].replaceAll("-", " ");
  if (whole && low === 0 && high === 1) return value ? "on" : "off";
  const first = unit.split(/[ ;,]/)[0];
  if (first === "dB" && value <= -90) return "off";
  if (path.endsWith("_hz") && value >= 1000) return `${Number((value / 1000).toPrecision(3))} kHz`;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const known = ["dB", "Hz", "ms", "s", "cents", "octaves", "semitones", "BPM", "beats", "degrees", "bits"];
  const number = whole ? String(value) : String(Number(value.toFixed(digits)));
  return `${number.replace("-", "−")}${known.includes(first) ? ` ${first}` : ""}`;
}
