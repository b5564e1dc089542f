// Listening in this browser: the button, how it is to play, and how it does.

import { fill, setValue, show } from "./fields.js";
import { OpusReader } from "./opus.js";
import { Player } from "./player.js";

const STORE = "sideman.listening";
const BLOCKS = { "low-latency": 128, sync: 512 }; // frames in a message
const BUFFERS_MS = { "low-latency": [10, 20, 50, 100, 200], sync: [100, 150, 200, 300, 500, 1000] };
const FORMATS = { float32: "Full", int16: "16 bit", opus: "Opus" };
const SERVERS = ""; // the choice that leaves it to the server, or to what the network needs

/** What was chosen here before; whatever is no choice any more is left out. */
function remembered() {
  const chosen = { mode: "low-latency", format: "float32", buffers: {}, speakerMs: 0 };
  try {
    const { mode, format, buffers, speakerMs } = JSON.parse(localStorage.getItem(STORE)) ?? {};
    if (mode in BLOCKS) chosen.mode = mode;
    if (format in FORMATS && (format !== "opus" || OpusReader.available())) chosen.format = format;
    for (const [name, ms] of Object.entries(buffers ?? {})) {
      if (BUFFERS_MS[name]?.includes(ms)) chosen.buffers[name] = ms;
    }
    if (speakerMs >= 0 && speakerMs <= 1000) chosen.speakerMs = speakerMs;
  } catch {
    // a browser that keeps nothing, or what somebody else wrote there
  }
  return chosen;
}

const signed = (value, places) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(places)}`;

/** Element ids are those of index.html; `log` takes (level, words). */
export class Listening {
  player = null;
  /** Told when there is an AudioContext: {context, analyser, player}. */
  onSound = () => {};
  #$;
  #client;
  #log;
  #chosen = remembered();
  #state = "off"; // "starting", "on"
  #shown = 0;

  constructor($, client, log) {
    this.#$ = $;
    this.#client = client;
    this.#log = log;
    $("listen").addEventListener("click", () => this.toggle());
    $("listen-mode").addEventListener("change", ({ target }) => this.#choose({ mode: target.value }));
    $("listen-format").addEventListener("change", ({ target }) => this.#choose({ format: target.value }));
    $("listen-buffer").addEventListener("change", ({ target: { value } }) => {
      const { [this.#chosen.mode]: _before, ...buffers } = this.#chosen.buffers;
      this.#choose({ buffers: value === SERVERS ? buffers : { ...buffers, [this.#chosen.mode]: Number(value) } });
    });
    $("listen-speaker").addEventListener("change", ({ target }) => {
      this.#choose({ speakerMs: Math.min(1000, Math.max(0, target.valueAsNumber || 0)) });
    });
    client.on("hello", () => this.#showChoices());
    client.subscribe(this.#sound);
    this.#showChoices();
  }

  /** Whether there is sound, or about to be. */
  get on() {
    return this.#state !== "off";
  }

  /** Second on the stream's axis that is heard now; null while nothing is. */
  get time() {
    return this.#state === "on" ? this.player.time : null;
  }

  async toggle() {
    if (this.#state === "starting") return;
    if (this.#state === "on") {
      this.player.stop();
      this.player.context.suspend();
      this.#go("off", "Listen");
      this.#showFigures();
      return;
    }
    this.#go("starting", "Starting");
    try {
      if (!this.player) await this.#open();
      await this.player.context.resume();
    } catch (problem) {
      this.#go("off", "Listen");
      this.#log("error", `This browser cannot play the sound: ${problem.message}`);
      return;
    }
    this.player.start();
    this.#go("on", "Listening");
  }

  /** To be called with each picture; `now` in s. */
  draw(now) {
    if (this.#state !== "on" || now - this.#shown < 0.5) return;
    this.#shown = now;
    this.#showFigures();
  }

  get #sound() {
    return { format: this.#chosen.format, block: BLOCKS[this.#chosen.mode] };
  }

  get #options() {
    const { mode, buffers, speakerMs } = this.#chosen;
    return { mode, bufferMs: buffers[mode] ?? null, speakerMs };
  }

  async #open() {
    let context;
    try {
      context = new AudioContext({ latencyHint: "interactive", sampleRate: this.#client.hello?.sampleRate });
    } catch {
      context = new AudioContext({ latencyHint: "interactive" }); // a rate this browser will not run at
    }
    this.player = await Player.create(context, this.#client, this.#options);
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    this.player.node.connect(analyser).connect(context.destination);
    this.onSound({ context, analyser, player: this.player });
  }

  #go(state, words) {
    this.#state = state;
    this.#$("listen").setAttribute("aria-pressed", String(state !== "off"));
    show(this.#$("listen-text"), words);
  }

  #choose(choice) {
    Object.assign(this.#chosen, choice);
    try {
      localStorage.setItem(STORE, JSON.stringify(this.#chosen));
    } catch {
      // it holds for as long as the page is open
    }
    this.#client.subscribe(this.#sound);
    this.player?.choose(this.#options);
    this.#showChoices();
    this.#showFigures();
  }

  #showChoices() {
    const $ = this.#$;
    const { mode, format, buffers, speakerMs } = this.#chosen;
    const serversMs = this.#client.hello?.syncLatencyMs;
    const own = mode === "sync" ? `Server’s${serversMs ? `: ${serversMs} ms` : ""}` : "Automatic";
    const words = (ms) => (ms === SERVERS ? own : `${ms} ms${mode === "sync" ? "" : " or more"}`);
    $("listen-mode").value = mode;
    delete $("listen-buffer").dataset.names; // the same choices may have other words
    fill($("listen-buffer"), [SERVERS, ...BUFFERS_MS[mode].map(String)], words);
    $("listen-buffer").value = String(buffers[mode] ?? SERVERS);
    const known = this.#client.hello?.formats ?? Object.keys(FORMATS);
    const formats = Object.keys(FORMATS).filter((name) => known.includes(name) && (name !== "opus" || OpusReader.available()));
    fill($("listen-format"), formats, (name) => FORMATS[name]);
    $("listen-format").value = format;
    setValue($("listen-speaker"), String(speakerMs));
    $("listen-speaker-field").hidden = mode !== "sync";
  }

  #showFigures() {
    const $ = this.#$;
    const figures = this.player?.figures;
    const on = this.#state === "on" && figures;
    $("listen-figures").hidden = !on;
    show($("player-note"), on ? this.#note(figures) : "");
    if (!on) return;
    const { offsetMs, clockMs, jitterMs, driftPpm, bufferMs, deviceMs, underruns, lostMs, playing } = figures;
    const sync = figures.mode === "sync";
    const clock = clockMs === null ? "" : ` ± ${clockMs.toFixed(2)}`;
    show($("figure-offset"), playing ? `${signed(offsetMs, 2)}${sync ? clock : ""} ms` : "–");
    show($("figure-jitter"), `${jitterMs.toFixed(1)} ms`);
    show($("figure-drift"), playing ? `${signed(driftPpm, 0)} ppm` : "–");
    show($("figure-buffer"), playing ? `${bufferMs.toFixed(0)} ms` : "–");
    show($("figure-device"), `${figures.deviceTells ? "" : "about "}${deviceMs.toFixed(0)} ms`);
    show($("figure-underruns"), String(underruns));
    show($("figure-lost"), lostMs ? `${lostMs.toFixed(0)} ms` : "none");
    $("figure-underruns").toggleAttribute("data-bad", underruns > 0);
    $("figure-lost").toggleAttribute("data-bad", lostMs > 0);
  }

  #note({ playing, tooShort, latencyMs, bufferMs, underruns }) {
    if (tooShort) return "The buffer is too short";
    if (!playing) return "Waiting for sound";
    const words = latencyMs === null ? `${Math.round(bufferMs)} ms buffer` : `In sync, ${latencyMs} ms`;
    return underruns ? `${words}, ${underruns} ${underruns === 1 ? "dropout" : "dropouts"}` : words;
  }
}
