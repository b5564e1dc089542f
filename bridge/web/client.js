// Sideman's client for browsers (and any JavaScript with WebSocket), as modules without a build step:
//
//   import { MusicClient } from "./client.js";
//   const client = new MusicClient("ws://localhost:3000/music");
//   await client.generate({ genre: "jazz", key: "C", tempo: 120, duration: 32, instruments: ["piano", "bass", "drums"] });
//   client.on("audio", ({ data, sampleRate, channels }) => { ... });
//
// Bars and beats count from 1. `time` is seconds on the axis of the audio stream. The layout of an audio message is
// told in bridge/stream/wire.py. Types are in client.d.ts.

import { OpusReader } from "./opus.js";
import { ServerClock } from "./serverclock.js";

const AUDIO_HEADER_BYTES = 32;
const AUDIO_MAGIC = 0x4e414d53; // "SMAN", little-endian
const STREAMS = ["audio", "midi", "status", "meters"];
export const TOPICS = [...STREAMS, "stem", "moved", "lost", "learning", "hello", "clock", "error", "connection"];
const FORMATS = ["float32", "int16", "opus"]; // by their number in the header

/**
 * One binary message as a value, or null for what is none of this version.
 * @param {ArrayBuffer} buffer
 * @returns {?{type: "audio", format: string, data: ArrayBuffer, sampleRate: number, channels: number, frames: number,
 *   frame: number, time: number, serverNs: number, stream: number}} data: interleaved float32, full scale 1 (int16 is
 *   made so); of "opus" the packet. stream: 0 the mix, n the n-th track
 */
export function readAudio(buffer) {
  if (buffer.byteLength < AUDIO_HEADER_BYTES) return null;
  const view = new DataView(buffer);
  const format = FORMATS[view.getUint8(5)];
  if (view.getUint32(0, true) !== AUDIO_MAGIC || view.getUint8(4) !== 1 || !format) return null;
  const channels = view.getUint8(6);
  const sampleRate = view.getUint32(8, true);
  const frames = view.getUint32(12, true);
  const size = { float32: 4, int16: 2 }[format];
  if (size && buffer.byteLength !== AUDIO_HEADER_BYTES + size * frames * channels) return null;
  let data = buffer.slice(AUDIO_HEADER_BYTES);
  if (format === "int16") data = Float32Array.from(new Int16Array(data), (value) => value / 32767).buffer;
  const frame = Number(view.getBigUint64(16, true));
  return {
    type: "audio",
    format,
    data,
    sampleRate,
    channels,
    frames,
    frame,
    time: frame / sampleRate,
    serverNs: Number(view.getBigInt64(24, true)),
    stream: view.getUint8(7),
  };
}

/**
 * The connection to Sideman: it connects by itself, again after a loss, and asks the server only for what is listened to.
 *
 * Topics of on(): "audio" (the mix), "stem" (tracks alone), "midi" (an array of events), "status", "meters", "moved" (an
 * array of {path, value, time, ramp}: what anybody has turned), "lost" ({messages, frames}: audio that the server
 * dropped because we did not keep up), "learning" (MIDI learn), "hello", "clock" (the ServerClock, after each round trip;
 * `clock` is kept only while this is listened to), "error" ({message}), and "connection" ("connecting", "open", "closed").
 *
 * Options: token, where the server wants one; others, further addresses of the same music (relays), tried in turn when
 * one does not answer; timeoutMs for answers; and of audio, as in subscribe(), format, block, buffer and stems.
 */
export class MusicClient {
  #socket = null;
  #listeners = new Map(TOPICS.map((topic) => [topic, new Set()]));
  #answers = new Map();
  #waiting = [];
  #nextId = 1;
  #asked = "";
  #closed = false;
  #retryMs = 250;
  #retryTimer = 0;
  #clockTimer = 0;
  #clockDueMs = 0;
  #trips = new Map(); // id of a ping for the clock: when it left
  #timeoutMs;
  #protocols;
  #urls;
  #sound = { format: undefined, block: undefined, buffer: undefined };
  #readers = new Map();

  constructor(url, { token, others = [], timeoutMs = 10000, ...sound } = {}) {
    this.#protocols = token ? ["sideman", `sideman.token.${token}`] : []; // a WebSocket takes no headers of its own
    this.#urls = [url, ...others];
    this.stems = [];
    this.url = url;
    this.hello = null;
    this.status = null;
    this.clock = new ServerClock();
    this.connection = "connecting";
    this.#timeoutMs = timeoutMs;
    this.#choose(sound);
    this.#connect();
  }

  /** Call `listener` with each message of `topic`; returns a function that takes it off again. */
  on(topic, listener) {
    const set = this.#listeners.get(topic);
    if (!set) throw new Error(`topic ${JSON.stringify(topic)} is not known: use one of ${TOPICS.join(", ")}`);
    set.add(listener);
    this.#subscribe();
    return () => {
      set.delete(listener);
      this.#subscribe();
    };
  }

  /**
   * Choose how audio comes: format ("float32", "int16", "opus": decoded here), block (64 to 2048 frames in a message, at
   * least), buffer (ms that the server keeps for us), stems (names of tracks, for "stem"). What is not named stays.
   */
  subscribe(sound) {
    this.#choose(sound);
    this.#subscribe();
  }

  /** Compose afresh and play. Rejects with the server's words when it refuses; the same holds for all below. */
  generate(params = {}) {
    return this.#request({ type: "generate", params });
  }

  /**
   * Change what plays: tempo, volume (linear, 0 to 1), filter {cutoff, resonance}, key, mode, genre, style, form,
   * energy, density, complexity, chords ("Dm7 G7 | Cmaj7"), mute, section... `at`: heard from the next "bar" or "beat" on.
   */
  modify(params, { at } = {}) {
    return this.#request({ type: "modify", params, at });
  }

  /** Turn parameters by path, in `ramp` seconds: set({ "mixer.bass.gain_db": -6, "master.filter.cutoff_hz": 800 }). */
  set(values, { ramp } = {}) {
    return this.#request({ type: "set", values, ramp });
  }

  /** What can be turned: [{path, value, unit, low, high, default, ...}]; those whose path holds all words of `match`. */
  async parameters(match) {
    return (await this.#request({ type: "parameters", match })).parameters;
  }

  /** Write recorded layers, and what hosted plug-ins are set to, into the session's own file. */
  keep() {
    return this.#request({ type: "keep" });
  }

  /** The controller that is turned next is to turn `path`; null: none is. "learning" tells which. */
  learn(path = null) {
    return this.#request({ type: "learn", path });
  }

  /** Take out what turns `path`; null: undo what was learnt last. */
  unlearn(path = null) {
    return this.#request({ type: "unlearn", path });
  }

  /** Record what is played in on armed tracks, or stop; how: {loop, mode, quantise, strength, swing, countIn, at}. */
  record(on = true, how = {}) {
    return this.#request({ type: "record", on, ...how });
  }

  /** These tracks are recorded, and no others. */
  arm(...tracks) {
    return this.#request({ type: "arm", tracks });
  }

  /** Take back the last layer. */
  undo() {
    return this.#request({ type: "undo" });
  }

  /** What was taken back is there again. */
  redo() {
    return this.#request({ type: "redo" });
  }

  /** Take away one layer by its number (see status), those of a track, or all. */
  clear({ layer, track } = {}) {
    return this.#request({ type: "clear", layer, track });
  }

  /** Of "chords", "dynamics", "melody" those that the band follows, and no others; {react, hold}. */
  follow(what, how = {}) {
    return this.#request({ type: "follow", what, ...how });
  }

  /** Stop playing. */
  stop() {
    return this.#request({ type: "stop" });
  }

  /** Play on from where the transport stands. */
  play() {
    return this.#request({ type: "play" });
  }

  /** Go to the start of a bar, counted from 1. */
  locate(bar) {
    return this.#request({ type: "locate", bar });
  }

  /** Round trip in ms, and the server's clock (ns) as it was half of that ago. */
  async ping() {
    const sent = performance.now();
    const { serverNs } = await this.#request({ type: "ping", t: sent });
    return { roundTripMs: performance.now() - sent, serverNs };
  }

  /** End the connection for good. */
  close() {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#socket?.close(1000);
    this.#drop("the client was closed");
  }

  #choose({ stems = this.stems, ...sound }) {
    const strange = Object.keys(sound).find((name) => !(name in this.#sound));
    if (strange) throw new TypeError(`${strange} is no choice of audio: use format, block, buffer or stems`);
    if (sound.format === "opus" && !OpusReader.available()) {
      throw new Error('this browser does not decode Opus here: open the page by https or on localhost, or use "int16"');
    }
    Object.assign(this.#sound, sound);
    this.stems = stems;
  }

  #connect() {
    this.#setConnection("connecting");
    let socket;
    let opened = false;
    try {
      socket = new WebSocket(this.url, this.#protocols);
    } catch (problem) {
      this.#closed = true;
      this.#setConnection("closed");
      throw problem;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#retryMs = 250;
      this.#asked = "";
      opened = true;
      this.#setConnection("open");
      this.#subscribe();
      for (const text of this.#waiting.splice(0)) socket.send(text);
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#drop("the connection to Sideman was lost");
      this.#setConnection("closed");
      if (!opened) this.#turn();
      if (!this.#closed) {
        this.#retryTimer = setTimeout(() => this.#connect(), this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 1.6, 4000);
      }
    };
  }

  /** To the next address. Its server has a clock of its own. */
  #turn() {
    const next = this.#urls[(this.#urls.indexOf(this.url) + 1) % this.#urls.length];
    if (next === this.url) return;
    this.url = next;
    this.clock = new ServerClock();
  }

  #setConnection(state) {
    this.connection = state;
    this.#emit("connection", state);
  }

  #drop(reason) {
    clearTimeout(this.#clockTimer);
    this.#clockTimer = 0;
    this.#trips.clear();
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
    this.#waiting.length = 0;
    for (const { reject } of this.#answers.values()) reject(new Error(reason));
    this.#answers.clear();
  }

  #subscribe() {
    if (this.connection !== "open") return;
    if (!this.#clockTimer) this.#keepClock();
    const wanted = Object.fromEntries(STREAMS.map((stream) => [stream, this.#listeners.get(stream).size > 0]));
    wanted.status ||= this.#listeners.get("moved").size > 0;
    if (this.stems.length) wanted.stems = this.#listeners.get("stem").size > 0 ? this.stems : [];
    const text = JSON.stringify({ type: "subscribe", ...wanted, ...this.#sound });
    if (text === this.#asked) return;
    this.#asked = text;
    this.#socket.send(text);
  }

  /**
   * Round trips for the clock, as long as somebody listens to it: by a timer, and by what comes, since browsers hold up
   * the timers of tabs that are not seen.
   */
  #keepClock() {
    clearTimeout(this.#clockTimer);
    this.#clockTimer = 0;
    if (this.connection !== "open" || this.#listeners.get("clock").size === 0) return;
    const waitMs = this.clock.waitS * 1000;
    this.#clockTimer = setTimeout(() => this.#keepClock(), waitMs * 1.5);
    const nowMs = performance.now();
    this.#clockDueMs = nowMs + waitMs;
    const id = this.#nextId++;
    this.#trips.set(id, nowMs);
    this.#socket.send(JSON.stringify({ type: "ping", id }));
  }

  /** Whether a pong was the end of such a trip. */
  #returned({ id, serverNs }, receivedMs) {
    const sentMs = this.#trips.get(id);
    if (!this.#trips.delete(id)) return false;
    this.clock.add(sentMs * 1e6, serverNs, receivedMs * 1e6);
    this.#emit("clock", this.clock);
    return true;
  }

  #request(message) {
    if (this.#closed) return Promise.reject(new Error("this client was closed: make a new one"));
    const id = this.#nextId++;
    const text = JSON.stringify({ ...message, id });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#answers.delete(id);
        reject(new Error(`Sideman did not answer ${message.type} within ${this.#timeoutMs / 1000} s`));
      }, this.#timeoutMs);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      this.#answers.set(id, { resolve: done(resolve), reject: done(reject) });
      if (this.connection === "open") this.#socket.send(text);
      else this.#waiting.push(text);
    });
  }

  #receive(data) {
    const receivedMs = performance.now();
    if (this.#clockTimer && receivedMs >= this.#clockDueMs) this.#keepClock();
    if (typeof data !== "string") {
      const audio = readAudio(data);
      if (!audio) this.#emit("error", { type: "error", message: "audio of an unknown version came: reload the page" });
      else if (audio.format === "opus") this.#decode(audio);
      else this.#hear(audio);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "pong" && this.#returned(message, receivedMs)) return;
    const answer = this.#answers.get(message.id);
    switch (message.type) {
      case "midi":
        this.#emit("midi", message.events);
        break;
      case "meters":
      case "lost":
      case "learning":
        this.#emit(message.type, message);
        break;
      case "hello":
      case "status":
        this[message.type] = message;
        this.#emit(message.type, message);
        break;
      case "moved":
        this.#emit("moved", message.moves);
        break;
      case "ok":
      case "pong":
      case "parameters":
        this.#answers.delete(message.id);
        answer?.resolve(message);
        break;
      case "error":
        this.#answers.delete(message.id);
        answer?.reject(Object.assign(new Error(message.message), { request: message.request }));
        this.#emit("error", message);
        break;
    }
  }

  #hear(audio) {
    this.#emit(audio.stream === 0 ? "audio" : "stem", audio);
  }

  #decode(packet) {
    let reader = this.#readers.get(packet.stream);
    if (!reader) {
      const fail = (message) => this.#emit("error", { type: "error", message });
      reader = new OpusReader((audio) => this.#hear(audio), fail);
      this.#readers.set(packet.stream, reader);
    }
    reader.push(packet);
  }

  #emit(topic, value) {
    for (const listener of this.#listeners.get(topic)) {
      try {
        listener(value);
      } catch (fault) {
        console.error(`a listener on ${topic} failed`, fault);
      }
    }
  }
}
