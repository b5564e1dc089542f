// The sound device's time: at which moment of performance.now() a moment of an AudioContext is asked for, and heard.
//
// The context's clock is the device's crystal. AudioContext.getOutputTimestamp says which of its moments is heard when;
// where it is missing or knows no better than the block (Safari, Firefox), what is asked for plus outputLatency serves.

import { ServerClock } from "./serverclock.js";

export const DEVICE = Object.freeze({
  BINS: 8, // of BIN_MS: in each the earliest moment counts at which a block was seen to be asked for
  BIN_MS: 1000,
  STALL_MS: 5, // a whole bin so much later than others: the device has stood still for a moment
  SPREAD_MS: 1, // stamps that scatter more are of blocks, not of the device; three times that once they are believed
  STAMPS: 32, // that are looked at for it
  LOOKS: 8, // before it is decided
  MOST_MS: 1000, // of latency: what is more was no time stamp
});

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

export class DeviceTime {
  #context;
  #nowMs;
  #bins = [];
  #stamps = [];
  #line = new ServerClock(); // from the context's time to performance.now(), by time stamps
  #latenciesMs = [];
  #looks = 0;

  /** Whether the device's time stamps are believed: there are some, close together, and of blocks asked for. */
  stamped = false;

  /** nowMs: the clock, for tests. */
  constructor(context, nowMs = () => performance.now()) {
    this.#context = context;
    this.#nowMs = nowMs;
  }

  /** Whether askedNs() can be told. */
  get known() {
    return this.#bins.length > 0;
  }

  /** Whether heardNs() can be told: it was seen what to go by. */
  get settled() {
    return this.#looks >= DEVICE.LOOKS;
  }

  /** The device has stood still: nothing of what was seen holds any more. */
  reset() {
    this.#bins = [];
    this.#stamps = [];
    this.#latenciesMs = [];
    this.#line = new ServerClock();
    this.#looks = 0;
    this.stamped = false;
  }

  /** By now the block that begins at `contextTime` (s) has been asked for. */
  sample(contextTime) {
    const nowMs = this.#nowMs();
    const offset = nowMs - contextTime * 1000;
    const number = Math.floor(nowMs / DEVICE.BIN_MS);
    const newest = this.#bins.at(-1);
    if (newest?.number === number) {
      newest.least = Math.min(newest.least, offset);
    } else {
      if (newest && newest.least > this.#askedMs() + DEVICE.STALL_MS) this.#bins = [newest];
      this.#bins.push({ number, least: offset });
      while (this.#bins[0].number <= number - DEVICE.BINS) this.#bins.shift();
    }
    this.#look(nowMs);
  }

  #look(nowMs) {
    const { contextTime, performanceTime } = this.#context.getOutputTimestamp?.() ?? {};
    if (contextTime > 0 && performanceTime > 0 && Math.abs(nowMs - performanceTime) < DEVICE.MOST_MS) {
      const contextNs = contextTime * 1e9;
      const { jumps } = this.#line;
      this.#line.add(contextNs, performanceTime * 1e6, contextNs);
      if (this.#line.jumps > jumps) {
        this.#stamps = [];
        this.#bins = this.#bins.slice(-1);
      }
      push(this.#stamps, performanceTime - contextTime * 1000);
    }
    const { outputLatency } = this.#context;
    if (outputLatency > 0 && outputLatency * 1000 < DEVICE.MOST_MS) push(this.#latenciesMs, outputLatency * 1000);
    this.stamped = this.#believable();
    this.#looks++;
  }

  #believable() {
    if (!this.#line.ready) return this.stamped; // after a jump it is still the better guess
    const sorted = [...this.#stamps].sort((a, b) => a - b);
    const tenth = Math.floor(sorted.length / 10);
    const spread = sorted.at(-1 - tenth) - sorted[tenth];
    const share = sorted[sorted.length >> 1] - this.#askedMs();
    const limit = DEVICE.SPREAD_MS * (this.stamped ? 3 : 1);
    return spread < limit && share > -limit && share < DEVICE.MOST_MS;
  }

  #askedMs() {
    return Math.min(...this.#bins.map((bin) => bin.least));
  }

  /** When the block that begins at contextTime is surely there to be filled; ns. */
  askedNs(contextTime) {
    return (contextTime * 1000 + this.#askedMs()) * 1e6;
  }

  /** When it is heard, as far as the device tells; ns. */
  heardNs(contextTime) {
    if (this.stamped) return this.#line.toServer(contextTime * 1e9);
    return this.askedNs(contextTime) + this.#told() * 1e6;
  }

  #told() {
    return this.#latenciesMs.length ? median(this.#latenciesMs) : (this.#context.baseLatency ?? 0) * 1000;
  }

  /** The device's own share of the latency, from asked to heard; ms. */
  get shareMs() {
    if (!this.known) return 0;
    const { currentTime } = this.#context;
    return (this.heardNs(currentTime) - this.askedNs(currentTime)) / 1e6;
  }
}

function push(values, value) {
  values.push(value);
  if (values.length > DEVICE.STAMPS) values.shift();
}
