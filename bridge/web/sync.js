// When each frame of a stream is to be heard: together with all other clients, or as soon as may be.
//
// The same as bridge/stream/sync.py, where it is explained, with the same constants. All times are ns: "local" ones of
// performance.now() * 1e6.

export const SYNC = Object.freeze({
  SYNC_LATENCY_MS: 200, // from the server's time of a frame until all clients play it, unless hello says otherwise
  MAX_CORRECTION: 0.0005, // change of speed at most: a cent is 0.058 %
  RESYNC_NS: 2_000_000,
  RESYNC_AFTER_NS: 200_000_000, // an error that holds on for so long is set right by a jump
  BANDWIDTH_HZ: 0.1, // of the loop that steers
  LATE_BINS: 8,
  LATE_BIN_NS: 1_000_000_000,
  LOW_RESYNC_NS: 20_000_000,
});
const ANCHORS = 1024; // headers that are kept: more than a second of blocks of 64 frames
const NS = 1e9;

/** frame <-> server's time, straight from header to header, which are a smooth line already. */
export class ServerLine {
  rate = 0;
  #frames = [];
  #ns = [];

  get known() {
    return this.#ns.length > 0;
  }

  /** Headers in order; one that goes back begins a new line. */
  hear(frame0, serverNs, rate) {
    const known = this.#ns.length;
    if (rate !== this.rate || (known && (frame0 <= this.#frames[known - 1] || serverNs <= this.#ns[known - 1]))) {
      this.#frames.length = 0;
      this.#ns.length = 0;
      this.rate = rate;
    }
    this.#frames.push(frame0);
    this.#ns.push(serverNs);
    if (this.#ns.length >= 2 * ANCHORS) {
      this.#frames.splice(0, ANCHORS);
      this.#ns.splice(0, ANCHORS);
    }
  }

  /** Of a server's time; beyond what is known, by the nominal rate. */
  frame(serverNs) {
    let after = this.#ns.length; // the first header later than that: it is among the newest
    while (after > 0 && this.#ns[after - 1] > serverNs) after--;
    const at = Math.max(0, after - 1);
    const inside = after > 0 && after < this.#ns.length;
    const frames = inside ? this.#frames[after] - this.#frames[at] : this.rate;
    const ns = inside ? this.#ns[after] - this.#ns[at] : NS;
    return this.#frames[at] + ((serverNs - this.#ns[at]) * frames) / ns;
  }
}

/** The same frame everywhere: at the server's time of it plus latencyNs. */
export class SyncSchedule {
  behindNs = SYNC.RESYNC_NS;
  aheadNs = SYNC.RESYNC_NS;
  line = new ServerLine();

  /** @param {() => ?ServerClock} clock  offsetNs: play later by so much, for what a device does not tell of itself */
  constructor(clock, latencyNs = SYNC.SYNC_LATENCY_MS * 1e6, offsetNs = 0) {
    this.clock = clock;
    this.latencyNs = latencyNs;
    this.offsetNs = offsetNs;
  }

  /** A block has come: its first frame, how many, Hz, the server's time of the first, and ours when it came. */
  hear(frame0, _frames, rate, serverNs, _arrivedNs) {
    this.line.hear(frame0, serverNs, rate);
  }

  /** The frame to be heard at heardNs, with its fraction; null while that cannot be told. */
  frameAt({ heardNs }) {
    const clock = this.clock();
    if (!this.line.known || !clock.ready) return null;
    return this.line.frame(clock.toServer(heardNs - this.offsetNs) - this.latencyNs);
  }
}

/** As soon as may be: what has come when the latest blocks of the last seconds would have come, less one block. */
export class EarlySchedule {
  behindNs = SYNC.LOW_RESYNC_NS;
  aheadNs = NS; // it slows down instead: what has been played is not played again
  #rate = 0;
  #block = 0;
  #frame0 = 0;
  #began = 0;
  #bins = [];

  /** @param {number} reserveFrames  what playing reads ahead, and what else is to be waited for */
  constructor(reserveFrames = 0) {
    this.reserveFrames = reserveFrames;
  }

  hear(frame0, frames, rate, _serverNs, arrivedNs) {
    const end = frame0 + frames;
    if (rate !== this.#rate || end <= this.#frame0) {
      this.#rate = rate;
      this.#frame0 = end;
      this.#began = arrivedNs;
      this.#bins.length = 0;
    }
    this.#block = frames;
    const late = arrivedNs - this.#began - ((end - this.#frame0) * NS) / rate;
    const second = Math.floor(arrivedNs / SYNC.LATE_BIN_NS);
    const newest = this.#bins.at(-1);
    if (newest?.second === second) {
      newest.late = Math.max(late, newest.late);
    } else {
      this.#bins.push({ second, late });
      while (this.#bins[0].second <= second - SYNC.LATE_BINS) this.#bins.shift();
    }
  }

  /** nowNs: when the device asks; frames: of the stream that it takes at once. */
  frameAt({ nowNs, frames }) {
    if (!this.#bins.length) return null;
    const late = Math.max(...this.#bins.map((bin) => bin.late));
    const come = this.#frame0 + ((nowNs - this.#began - late) * this.#rate) / NS;
    return come - this.#block - this.reserveFrames - frames;
  }
}

/** By how much to play faster for an error of the position: a loop of second order. */
export class Steering {
  /** What the crystals are apart, as far as it is known, as a ratio. */
  drift = 0;
  /** The last; -MAX_CORRECTION .. MAX_CORRECTION. */
  correction = 0;

  /** errorS: wanted minus actual position, positive when behind. */
  step(errorS, dtS) {
    const w = 2 * Math.PI * SYNC.BANDWIDTH_HZ;
    const drift = within(this.drift + w * w * errorS * dtS);
    const speed = drift + Math.SQRT2 * w * errorS;
    this.correction = within(speed);
    if (this.correction === speed || Math.abs(drift) < Math.abs(this.drift)) this.drift = drift;
    return this.correction;
  }
}

const within = (value) => Math.max(-SYNC.MAX_CORRECTION, Math.min(SYNC.MAX_CORRECTION, value));
