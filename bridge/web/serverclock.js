// The server's clock as this browser knows it: offset and drift, from round trips of `ping` and `pong`.
//
// The same as bridge/stream/server_clock.py, where it is explained: of a few trips in a row the shortest counts (D. Mills,
// RFC 5905, section 10), through these goes a line by medians (H. Theil's incomplete method), and short trips weigh more.

export const CLOCK = Object.freeze({
  WINDOW: 128, // trips that count
  GROUP: 4, // of so many in a row the shortest
  POINTS: 8, // that a line has at least
  READY: 8, // trips after which the clock can be used
  FIRST: 32, // trips that follow each other at FIRST_EVERY_S
  FIRST_EVERY_S: 0.05,
  EVERY_S: 0.5,
  DRIFT_PPM: 100,
  MAX_DRIFT_PPM: 1000,
  NOISE_NS: 20_000,
  JUMP_NS: 5_000_000,
  JUMPS: 3,
});

/** Of [value, weight]: the value at which half of the weight is reached, between its neighbours by how it is missed. */
export function weightedMedian(pairs) {
  const ordered = [...pairs].sort(([a, v], [b, w]) => a - b || v - w);
  const half = ordered.reduce((sum, [, weight]) => sum + weight, 0) / 2;
  let before = -Infinity;
  let last = ordered[0][0];
  let reached = 0;
  for (const [value, weight] of ordered) {
    const centre = reached + weight / 2;
    if (centre >= half) {
      return before === -Infinity ? value : last + ((value - last) * (half - before)) / (centre - before);
    }
    before = centre;
    last = value;
    reached += weight;
  }
  return last;
}

/** Local <-> server time, in ns: local is performance.now() * 1e6. Fed by who pings, asked by who plays. */
export class ServerClock {
  #trips = [];
  #number = 0;
  #strangers = [];
  #atNs = 0;
  #offsetNs = 0; // server - local at #atNs
  #drift = 0; // by how much the server's clock is faster, as a ratio

  /** How often all was learnt anew: the clocks had gone apart. */
  jumps = 0;

  /** Whether there were trips enough. */
  get ready() {
    return this.#trips.length >= CLOCK.READY;
  }

  /** server - local, at the newest trip; 0 before the first. */
  get offsetNs() {
    const newest = this.#trips.at(-1);
    return newest ? this.#offsetNs + (newest.localNs - this.#atNs) * this.#drift : 0;
  }

  /** By how much the server's clock is faster than ours, in millionths. */
  get driftPpm() {
    return this.#drift * 1e6;
  }

  /** By how much the offset may be wrong at most, were all of the shortest trip spent on one way; 0 before any. */
  get errorNs() {
    return this.#trips.length ? Math.min(...this.#trips.map((trip) => trip.lengthNs)) / 2 : 0;
  }

  /** Seconds to wait between one trip and the next, now. */
  get waitS() {
    return this.#trips.length < CLOCK.FIRST ? CLOCK.FIRST_EVERY_S : CLOCK.EVERY_S;
  }

  /** Our time of a server's time. */
  toLocal(serverNs) {
    return this.#atNs + (serverNs - this.#atNs - this.#offsetNs) / (1 + this.#drift);
  }

  /** The server's time of ours. */
  toServer(localNs) {
    return localNs + this.#offsetNs + (localNs - this.#atNs) * this.#drift;
  }

  /** A trip: when `ping` left and `pong` came by our clock, and what the server's said in between. */
  add(sentNs, serverNs, receivedNs) {
    const lengthNs = receivedNs - sentNs;
    if (!(lengthNs >= 0)) {
      throw new RangeError(`a trip cannot end ${-lengthNs} ns before it began: give stamps of one monotonic clock`);
    }
    const localNs = sentNs + lengthNs / 2;
    const trip = { number: this.#number++, localNs, offsetNs: serverNs - localNs, lengthNs };
    if (this.#trips.length && Math.abs(serverNs - this.toServer(localNs)) > lengthNs / 2 + CLOCK.JUMP_NS) {
      this.#strangers.push(trip);
      if (this.#strangers.length < CLOCK.JUMPS) return;
      this.jumps++;
      this.#drift = 0;
      this.#trips = this.#strangers;
    } else {
      this.#trips.push(trip);
      if (this.#trips.length > CLOCK.WINDOW) this.#trips.shift();
    }
    this.#strangers = [];
    this.#fit();
  }

  #fit() {
    const size = Math.max(1, Math.min(CLOCK.GROUP, Math.floor(this.#trips.length / CLOCK.POINTS)));
    const best = [];
    let group = -1;
    for (const trip of this.#trips) {
      if (Math.floor(trip.number / size) !== group) best.push(trip);
      else if (trip.lengthNs < best.at(-1).lengthNs) best[best.length - 1] = trip;
      group = Math.floor(trip.number / size);
    }
    const { localNs: at, offsetNs: base } = best.at(-1);
    const points = best.map(({ localNs, offsetNs, lengthNs }) => (
      { x: localNs - at, y: offsetNs - base, weight: (lengthNs + CLOCK.NOISE_NS) ** -2 }));
    const half = Math.floor(points.length / 2);
    const slopes = [];
    for (let n = 0; n < half; n++) {
      const [a, b] = [points[n], points[points.length - half + n]];
      if (b.x > a.x) slopes.push([(b.y - a.y) / (b.x - a.x), Math.min(a.weight, b.weight)]);
    }
    let drift = slopes.length ? weightedMedian(slopes) : 0;
    const sum = (value) => points.reduce((total, point) => total + value(point), 0);
    const middle = sum((p) => p.weight * p.x) / sum((p) => p.weight);
    const off = (p) => p.y - drift * (p.x - middle);
    const level = weightedMedian(points.map((p) => [off(p), p.weight]));
    const spread = 1.4826 * weightedMedian(points.map((p) => [Math.abs(off(p) - level), p.weight]));
    const most = Math.max(...points.map((p) => p.weight));
    const told = sum((p) => (p.weight / most) * (p.x - middle) ** 2) / Math.max(CLOCK.NOISE_NS, spread) ** 2;
    drift *= told / (told + (CLOCK.DRIFT_PPM / 1e6) ** -2);
    const limit = CLOCK.MAX_DRIFT_PPM / 1e6;
    this.#drift = Math.max(-limit, Math.min(limit, drift));
    const whole = Math.round(middle);
    this.#atNs = at + whole;
    this.#offsetNs = base + weightedMedian(points.map((p) => [p.y - this.#drift * (p.x - whole), p.weight]));
  }
}
