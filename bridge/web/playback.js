// What is played of a stream: blocks in from the network, sound out at the device's pace, at the frames that are wanted.
//
// Runs on the audio thread (worklet.js), or on the page's own where that has none; pull() and push() allocate nothing once
// a stream has begun. The same as bridge/stream/playback.py and resampling.py.
//
// Resampling: band-limited interpolation with a windowed sinc, J. O. Smith, "Digital Audio Resampling", CCRMA.

import { Steering, SYNC } from "./sync.js";

export const PLAYBACK = Object.freeze({
  TAPS: 32, // samples that each output sample is made of
  PHASES: 256, // places between two samples for which there are coefficients
  KAISER_BETA: 9, // stop band about -90 dB
  CUTOFF: 0.94, // of the lower of the two Nyquist frequencies
  FADE_FRAMES: 128, // of a begin, an end, the edges of a gap, and a jump
  RING_S: 2,
  STRANGE_S: 1,
});
const { TAPS, PHASES, FADE_FRAMES } = PLAYBACK;
export const AHEAD = TAPS / 2;
const BEHIND = TAPS / 2 - 1;

/** Kaiser window's Bessel function of order zero, by its power series. */
function bessel0(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Rows of TAPS coefficients, one row a phase and one more for interpolation. ratio: input's rate by the output's. */
export function sincTable(ratio) {
  const table = new Float32Array((PHASES + 1) * TAPS);
  const cutoff = Math.min(1, 1 / ratio) * PLAYBACK.CUTOFF;
  const beta = PLAYBACK.KAISER_BETA;
  const row = new Float64Array(TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - BEHIND - phase / PHASES;
      const edge = Math.abs(x) / (TAPS / 2);
      const window = edge < 1 ? bessel0(beta * Math.sqrt(1 - edge * edge)) / bessel0(beta) : 0;
      const angle = Math.PI * x * cutoff;
      row[tap] = (angle === 0 ? 1 : Math.sin(angle) / angle) * window;
      sum += row[tap];
    }
    for (let tap = 0; tap < TAPS; tap++) table[phase * TAPS + tap] = row[tap] / sum;
  }
  return table;
}

/** Two channels of one stream at a device's rate. */
export class Playback {
  underruns = 0; // how often the sound that was wanted had not come: silence instead
  resyncs = 0; // how often it jumped to where it should be
  lostFrames = 0; // that never came
  playing = false;
  inputRate = 0;
  errorS = 0; // wanted minus actual place
  #aim = null;
  #steering = new Steering();
  #frame0 = 0; // the ring counts from here, so that doubles stay exact and an index is a mask away
  #begin = 0;
  #end = 0; // frames that the ring holds
  #at = 0; // of the next output sample, with its fraction
  #gain = 0;
  #offS = 0;

  /** @param {number} outputRate  Hz, of the device */
  constructor(outputRate) {
    this.outputRate = outputRate;
  }

  /** Index on the stream's axis of the frame that is played next, with its fraction. */
  get frame() {
    return this.#frame0 + this.#at;
  }

  /** Change of speed, as a ratio: at most SYNC.MAX_CORRECTION. */
  get correction() {
    return this.#steering.correction;
  }

  /**
   * Where to be: at `contextTime` (s) the frame `frame`, and on by `rate` frames a second; further behind or ahead than
   * so many seconds is set right at once. null: nowhere.
   * @param {?{contextTime: number, frame: number, rate: number, behindS: number, aheadS: number}} aim
   */
  aim(aim) {
    this.#aim = aim;
  }

  /** Interleaved samples whose first is frame `frame` of the stream. */
  push(samples, channels, rate, frame) {
    const frames = samples.length / channels;
    if (rate !== this.inputRate) this.#prepare(rate, frame);
    let gap = frame - (this.#frame0 + this.#end);
    if (gap < -PLAYBACK.STRANGE_S * rate || gap > this.size - frames) {
      this.#restart(frame);
      gap = 0;
    }
    if (frames + gap <= 0 || frames > this.size) return; // a repetition
    const from = Math.max(0, -gap);
    const broken = gap > 0 && this.#end > this.#begin;
    if (broken) this.#bridge(gap);
    const second = channels > 1 ? 1 : 0;
    for (let n = from; n < frames; n++) {
      const gain = broken && n < FADE_FRAMES ? (n + 1) / (FADE_FRAMES + 1) : 1;
      this.#write(gain * samples[n * channels], gain * samples[n * channels + second]);
    }
  }

  /** Fill both outputs; the first sample leaves at `contextTime`. Silence while there is nothing to play. */
  pull(left, right, contextTime) {
    const aim = this.#aim;
    if (!this.inputRate || !aim) {
      this.playing = false;
      left.fill(0);
      right.fill(0);
      return;
    }
    const count = left.length;
    const wanted = aim.frame - this.#frame0 + (contextTime - aim.contextTime) * aim.rate;
    const there = wanted - BEHIND >= this.#begin && wanted + count * this.ratio + AHEAD < this.#end;
    if (!this.playing) {
      if (!there) {
        left.fill(0);
        right.fill(0);
        return;
      }
      this.#at = wanted;
      this.playing = true;
      this.#gain = 0;
      this.#offS = 0;
    }
    const before = this.#at;
    const off = this.#isOff(wanted, count / this.outputRate, aim);
    if (off && there) this.#at = wanted;
    const step = this.ratio * (1 + this.correction);
    this.#at = this.#read(left, right, this.#at, step, count, 1, 0);
    if (off && there) {
      // From the place before the jump to that after it.
      const fade = Math.min(FADE_FRAMES, count);
      for (let n = 0; n < fade; n++) {
        left[n] *= (n + 1) / fade;
        right[n] *= (n + 1) / fade;
      }
      this.#read(left, right, before, step, fade, 0, 1 / fade);
    } else if (off) {
      // What should be heard now is not there, and will not come soon.
      const fade = Math.min(FADE_FRAMES, count);
      for (let n = 0; n < count; n++) {
        const gain = Math.max(0, (fade - n) / (fade + 1));
        left[n] *= gain;
        right[n] *= gain;
      }
      this.playing = false;
    }
    this.#shape(left, right, step);
  }

  /** Whether it must jump; else it is steered. */
  #isOff(wanted, seconds, { behindS, aheadS }) {
    this.errorS = (wanted - this.#at) / this.inputRate;
    this.#offS = this.errorS < behindS && this.errorS > -aheadS ? 0 : this.#offS + seconds;
    if (this.#offS * 1e9 < SYNC.RESYNC_AFTER_NS) {
      this.#steering.step(this.errorS, seconds);
      return false;
    }
    this.resyncs++;
    this.#offS = 0;
    this.errorS = 0;
    return true;
  }

  /** Interpolated samples from `at` on: in place of what is there (keep 1, fall 0), or added to it, fading out. */
  #read(left, right, at, step, count, keep, fall) {
    const mask = this.size - 1;
    const { table, left: ringLeft, right: ringRight } = this;
    for (let n = 0; n < count; n++) {
      const whole = Math.floor(at);
      const place = (at - whole) * PHASES;
      const phase = Math.floor(place);
      const blend = place - phase;
      const row = phase * TAPS;
      let a = 0;
      let b = 0;
      for (let tap = 0; tap < TAPS; tap++) {
        const low = table[row + tap];
        const weight = low + blend * (table[row + TAPS + tap] - low);
        const from = (whole - BEHIND + tap) & mask;
        a += weight * ringLeft[from];
        b += weight * ringRight[from];
      }
      const gain = 1 - (n + 1) * fall;
      left[n] = keep ? a : left[n] + gain * a;
      right[n] = keep ? b : right[n] + gain * b;
      at += step;
    }
    return at;
  }

  /** In after a pause, out as the end of what there is nears; beyond it there is silence. */
  #shape(left, right, step) {
    const count = left.length;
    const remains = this.#end - AHEAD - (this.#at - count * step);
    if (remains >= count * step + FADE_FRAMES && this.#gain >= 1) return;
    let gain = this.#gain;
    for (let n = 0; n < count; n++) {
      const ahead = (remains - step * n) / FADE_FRAMES;
      gain = Math.max(0, Math.min(1, gain + 1 / FADE_FRAMES, ahead));
      left[n] *= gain;
      right[n] *= gain;
    }
    this.#gain = gain;
    if (remains - step * (count - 1) <= 0) {
      this.underruns++;
      this.playing = false;
    }
  }

  #write(left, right) {
    const at = this.#end++ & (this.size - 1);
    this.left[at] = left;
    this.right[at] = right;
    if (this.#end - this.#begin > this.size) this.#begin = this.#end - this.size;
  }

  /** Silence where frames are missing, after a soft end of what came before. */
  #bridge(gap) {
    this.lostFrames += gap;
    const known = Math.min(FADE_FRAMES, this.#end - this.#begin);
    for (let n = 0; n < known; n++) {
      const at = (this.#end - known + n) & (this.size - 1);
      this.left[at] *= (known - n) / (known + 1);
      this.right[at] *= (known - n) / (known + 1);
    }
    for (let n = 0; n < gap; n++) this.#write(0, 0);
  }

  #prepare(rate, frame) {
    this.inputRate = rate;
    this.ratio = rate / this.outputRate;
    this.size = 1 << Math.ceil(Math.log2(PLAYBACK.RING_S * rate));
    this.left = new Float32Array(this.size);
    this.right = new Float32Array(this.size);
    this.table = sincTable(this.ratio);
    this.#restart(frame);
  }

  #restart(frame) {
    this.#frame0 = frame;
    this.#begin = 0;
    this.#end = 0;
    this.#at = 0;
    this.playing = false;
  }

  /** How playing does, at `contextTime`. */
  report(contextTime) {
    return {
      contextTime,
      rate: this.inputRate,
      playing: this.playing,
      frame: this.frame,
      errorS: this.errorS,
      correction: this.correction,
      drift: this.#steering.drift,
      fill: this.playing ? (this.#end - this.#at) / this.inputRate : 0,
      underruns: this.underruns,
      resyncs: this.resyncs,
      lostFrames: this.lostFrames,
    };
  }
}
