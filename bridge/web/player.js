// Plays the stream in a browser: as early as may be, or together with all other listeners.
//
//   const context = new AudioContext();
//   const player = await Player.create(context, client, { mode: "sync" });
//   player.node.connect(context.destination);
//   player.start();
//
// The sound is made on the audio thread (worklet.js, playback.js); here it is reckoned which frame is to be heard when
// (sync.js), by the server's clock (client.js) and the device's (devicetime.js), and told some 23 times a second.

import { DeviceTime } from "./devicetime.js";
import { AHEAD, Playback } from "./playback.js";
import { EarlySchedule, SYNC, SyncSchedule } from "./sync.js";

export const MODES = ["low-latency", "sync"];
const SCRIPT_FRAMES = 1024;
const WORKLET_FRAMES = 128;
const RESERVE_STEP_MS = 2.5; // more to wait for, after each underrun
const RESERVE_MOST_MS = 100;
const RESERVE_REST_S = 10; // without one: a step back
const SILENT = new Playback(48000).report(0);

/** How unevenly blocks come: the latest against the earliest of the last seconds. */
class Jitter {
  #bins = [];

  hear(frame, rate, nowMs) {
    const late = nowMs - (frame / rate) * 1000;
    const second = Math.floor(nowMs / 1000);
    const newest = this.#bins.at(-1);
    if (newest && Math.abs(late - newest.most) > 5000) this.#bins = []; // another stream
    if (this.#bins.at(-1)?.second === second) {
      newest.least = Math.min(newest.least, late);
      newest.most = Math.max(newest.most, late);
    } else {
      this.#bins.push({ second, least: late, most: late });
      while (this.#bins[0].second <= second - SYNC.LATE_BINS) this.#bins.shift();
    }
  }

  get ms() {
    if (!this.#bins.length) return 0;
    return Math.max(...this.#bins.map((bin) => bin.most)) - Math.min(...this.#bins.map((bin) => bin.least));
  }
}

/** The player of one client's mix: `node` is to be connected to whatever is to sound. */
export class Player {
  #client;
  #device;
  #schedule = null;
  #options = { mode: "low-latency", bufferMs: null, speakerMs: 0 };
  #jitter = new Jitter();
  #off = [];
  #frames = WORKLET_FRAMES;
  #newest = null; // {frame, rate}: the end of what has come
  #wanted = null;
  #reserveMs = 0;
  #restS = 0;
  #sendAim;
  #send;

  /**
   * @param {AudioContext} context
   * @param {MusicClient} client
   * @param {object} options  as of choose()
   * @returns {Promise<Player>} not playing yet
   */
  static async create(context, client, options = {}) {
    const player = new Player(context, client);
    player.choose(options);
    if (context.audioWorklet) {
      await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
      player.node = new AudioWorkletNode(context, "sideman-player", { numberOfInputs: 0, outputChannelCount: [2] });
      const { port } = player.node;
      port.onmessage = ({ data }) => player.#take(data);
      player.#sendAim = (aim) => port.postMessage({ aim });
      player.#send = ({ data, channels, sampleRate, frame }) => port.postMessage({ data, channels, sampleRate, frame });
    } else {
      // Browsers give AudioWorklet to https and localhost only; a phone in the same network may come by plain http.
      const playback = new Playback(context.sampleRate);
      player.#frames = SCRIPT_FRAMES;
      player.node = context.createScriptProcessor(SCRIPT_FRAMES, 0, 2);
      player.node.onaudioprocess = ({ outputBuffer, playbackTime }) => {
        player.#take(playback.report(playbackTime));
        playback.pull(outputBuffer.getChannelData(0), outputBuffer.getChannelData(1), playbackTime);
      };
      player.#sendAim = (aim) => playback.aim(aim);
      player.#send = ({ data, channels, sampleRate, frame }) =>
        playback.push(new Float32Array(data), channels, sampleRate, frame);
    }
    return player;
  }

  constructor(context, client) {
    this.context = context;
    this.#client = client;
    this.#device = new DeviceTime(context);
    context.addEventListener("statechange", () => this.#device.reset());
    this.report = SILENT;
  }

  /** "low-latency" or "sync". */
  get mode() {
    return this.#options.mode;
  }

  /**
   * What is not named stays.
   *
   * mode       "low-latency": as early as the network lets; "sync": together with all who listen so
   * bufferMs   low latency: so much more is kept ready than the network was seen to need; null: after dropouts alone.
   *            sync: from the server's time until the sound is heard, the same for all; null: as the server says
   * speakerMs  sync: what the loudspeaker adds and the device does not tell (wireless ones: 100 to 300), played earlier
   */
  choose(options) {
    const chosen = { ...this.#options, ...options };
    if (!MODES.includes(chosen.mode)) throw new RangeError(`mode ${chosen.mode}: choose one of ${MODES.join(", ")}`);
    for (const [name, most] of [["bufferMs", 1500], ["speakerMs", 1500]]) {
      const value = chosen[name] ?? 0;
      if (!(value >= 0 && value <= most)) throw new RangeError(`${name} = ${value}: give 0 to ${most} ms`);
    }
    const before = this.#schedule && this.#options.mode;
    this.#options = chosen;
    if (chosen.mode !== before) {
      this.#schedule = chosen.mode === "sync" ? new SyncSchedule(() => this.#client.clock) : new EarlySchedule();
      this.#reserveMs = 0;
    }
  }

  /** Ask for the mix, and for the server's clock, and play. Idempotent. */
  start() {
    if (this.#off.length) return;
    this.#device.reset();
    this.#off = [this.#client.on("audio", (audio) => this.#push(audio)), this.#client.on("clock", () => {})];
  }

  /** Idempotent. The context goes on. */
  stop() {
    for (const off of this.#off) off();
    this.#off = [];
    this.#wanted = null;
    this.#newest = null;
    this.#sendAim(null);
    this.report = { ...this.report, playing: false };
  }

  /** Second on the stream's axis that is heard now, or null while nothing plays. */
  get time() {
    const { frame, rate, playing, contextTime } = this.report;
    if (!playing || !this.#device.known) return null;
    return frame / rate + (performance.now() * 1e6 - this.#device.heardNs(contextTime)) / 1e9;
  }

  /** What a person wants to know; see player.d.ts. */
  get figures() {
    const { playing, errorS, fill, drift, correction, underruns, resyncs, lostFrames, rate } = this.report;
    const { clock } = this.#client;
    const sync = this.mode === "sync";
    const room = this.#wanted !== null && this.#newest ? (this.#newest.frame - this.#wanted) / this.#newest.rate : null;
    return {
      mode: this.mode,
      playing,
      offsetMs: errorS * 1000,
      clockMs: clock.ready ? clock.errorNs / 1e6 : null,
      driftPpm: drift * 1e6,
      correction,
      jitterMs: this.#jitter.ms,
      bufferMs: fill * 1000,
      tooShort: sync && room !== null && room < 0,
      latencyMs: sync ? this.#latencyMs : null,
      deviceMs: this.#device.shareMs,
      deviceTells: this.#device.stamped,
      underruns,
      resyncs,
      lostFrames,
      lostMs: rate ? (lostFrames / rate) * 1000 : 0,
    };
  }

  get #latencyMs() {
    return this.#options.bufferMs ?? this.#client.hello?.syncLatencyMs ?? SYNC.SYNC_LATENCY_MS;
  }

  #push(audio) {
    const nowMs = performance.now();
    const { frame, frames, sampleRate, serverNs } = audio;
    this.#schedule.hear(frame, frames, sampleRate, serverNs, nowMs * 1e6);
    this.#jitter.hear(frame + frames, sampleRate, nowMs);
    this.#newest = { frame: frame + frames, rate: sampleRate };
    this.#send(audio);
  }

  /** A report from the audio thread: look at the clocks, and aim anew. */
  #take(report) {
    if (this.context.state !== "running" || !this.#off.length) {
      this.#device.reset();
      return;
    }
    this.#rest(report);
    this.report = report;
    this.#device.sample(report.contextTime);
    this.#sendAim(this.#aim(report.contextTime));
  }

  #aim(contextTime) {
    this.#wanted = null;
    const rate = this.#newest?.rate;
    if (!rate) return null;
    const sync = this.mode === "sync";
    if (sync) {
      this.#schedule.latencyNs = this.#latencyMs * 1e6;
      this.#schedule.offsetNs = -this.#options.speakerMs * 1e6;
      if (!this.#device.settled) return null;
    } else {
      const reserveMs = Math.max(this.#reserveMs, this.#options.bufferMs ?? 0);
      this.#schedule.reserveFrames = AHEAD + 1 + (reserveMs / 1000) * rate;
    }
    this.#wanted = this.#schedule.frameAt({
      heardNs: sync ? this.#device.heardNs(contextTime) : 0,
      nowNs: this.#device.askedNs(contextTime),
      frames: (this.#frames * rate) / this.context.sampleRate,
    });
    if (this.#wanted === null) return null;
    const { behindNs, aheadNs } = this.#schedule;
    return { contextTime, frame: this.#wanted, rate, behindS: behindNs / 1e9, aheadS: aheadNs / 1e9 };
  }

  /** Low latency: what the audio thread missed is waited for, until it has not been missed for long. */
  #rest(report) {
    if (report.underruns > this.report.underruns) {
      this.#reserveMs = Math.min(RESERVE_MOST_MS, this.#reserveMs + RESERVE_STEP_MS);
      this.#restS = report.contextTime;
    } else if (report.contextTime - this.#restS > RESERVE_REST_S) {
      this.#reserveMs = Math.max(0, this.#reserveMs - RESERVE_STEP_MS);
      this.#restS = report.contextTime;
    }
  }
}
