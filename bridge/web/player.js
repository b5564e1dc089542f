// Plays the stream: a jitter buffer that absorbs the network's unevenness, and a resampler that absorbs the difference
// between the server's sample rate (and crystal) and this machine's. Loaded twice: as a module by the page (Player), and
// into the AudioWorklet (the processor at the end).
//
// Resampling: band-limited interpolation with a windowed sinc, J. O. Smith, "Digital Audio Resampling", CCRMA.
// Drift: the fill level steers the speed, by at most 0.05 % (below what can be heard) while it is near its target and by
// up to 0.3 % (5 cents) when the buffer is about to run dry or has grown to twice its length.

const TAPS = 32;
const PHASES = 256;
const GENTLE_CORRECTION = 0.0005;
const GENTLE_RANGE = 0.5; // share of the target's length
const MAX_CORRECTION = 0.003;
const FADE_FRAMES = 128;

/** Kaiser window's Bessel function of order zero, by its power series. */
function bessel0(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Rows of TAPS coefficients, one row a phase and one more for interpolation; cutoff as a share of the input's Nyquist. */
function sincTable(cutoff) {
  const table = new Float32Array((PHASES + 1) * TAPS);
  const beta = 9; // stop band about -90 dB
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    const row = phase * TAPS;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - (TAPS / 2 - 1) - phase / PHASES;
      const edge = Math.abs(x) / (TAPS / 2);
      const window = edge < 1 ? bessel0(beta * Math.sqrt(1 - edge * edge)) / bessel0(beta) : 0;
      const angle = Math.PI * x * cutoff;
      const value = (x === 0 ? 1 : Math.sin(angle) / angle) * window;
      table[row + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < TAPS; tap++) table[row + tap] /= sum;
  }
  return table;
}

/** Change of speed for a fill level that is off its target by `error` times the target. */
function steer(error) {
  const far = Math.min(1, Math.max(0, Math.abs(error) - GENTLE_RANGE) / (1 - GENTLE_RANGE));
  const gentle = Math.min(1, Math.abs(error) / GENTLE_RANGE) * GENTLE_CORRECTION;
  return Math.sign(error) * (gentle + far * (MAX_CORRECTION - GENTLE_CORRECTION));
}

/**
 * The jitter buffer and resampler for two channels. push() takes what came, pull() fills what is to be played; both run
 * on the audio thread and allocate nothing after the first push.
 */
export class StreamBuffer {
  constructor(outputRate, targetSeconds) {
    this.outputRate = outputRate;
    this.targetSeconds = targetSeconds;
    this.underruns = 0;
    this.lostFrames = 0;
    this.skips = 0;
    this.playing = false;
    this.inputRate = 0;
    this.correction = 0;
  }

  /** Seconds of sound that are ready. */
  get fill() {
    return this.inputRate ? (this.written - this.position) / this.inputRate : 0;
  }

  /** Index on the stream's axis of the frame that is played next. */
  get frame() {
    return this.frame0 + this.position;
  }

  #prepare(rate, frame) {
    this.inputRate = rate;
    this.capacity = 1 << Math.ceil(Math.log2(rate * 2));
    this.left = new Float32Array(this.capacity);
    this.right = new Float32Array(this.capacity);
    this.step = rate / this.outputRate;
    // Downsampling cuts at the output's Nyquist; upsampling, just below the input's, where the filter has time to fall.
    this.table = sincTable(Math.min(1, this.outputRate / rate) * 0.94);
    this.#restart(frame);
  }

  /** Frame indices here count from `frame0`, so that doubles stay exact and the ring's index is a mask away. */
  #restart(frame) {
    this.frame0 = frame;
    this.written = 0; // frames received since
    this.position = 0; // of the next output sample, with fraction
    this.playing = false;
    this.gain = 0;
    this.smoothFill = this.targetSeconds;
    this.left.fill(0);
    this.right.fill(0);
  }

  /** Interleaved samples whose first is frame `frame` of the stream. A gap is filled with silence, the past ignored. */
  push(samples, channels, rate, frame) {
    const frames = samples.length / channels;
    if (rate !== this.inputRate) this.#prepare(rate, frame);
    const gap = frame - (this.frame0 + this.written);
    if (gap < 0 || gap > rate / 2) this.#restart(frame);
    else if (gap > 0) {
      this.lostFrames += gap;
      for (let n = 0; n < gap; n++) this.#write(0, 0);
    }
    const second = channels > 1 ? 1 : 0;
    for (let n = 0; n < frames; n++) this.#write(samples[n * channels], samples[n * channels + second]);
    if (this.written - this.position > rate) this.#skip(); // a second behind: catch up at once
  }

  #write(left, right) {
    const at = this.written++ & (this.capacity - 1);
    this.left[at] = left;
    this.right[at] = right;
  }

  #skip() {
    this.position = this.written - Math.round(this.targetSeconds * this.inputRate);
    this.gain = 0;
    this.skips++;
  }

  /** Fill both outputs; silence while there is not enough. */
  pull(left, right) {
    const count = left.length;
    if (!this.playing) {
      if (this.fill < this.targetSeconds) {
        left.fill(0);
        right.fill(0);
        return;
      }
      this.playing = true;
      this.smoothFill = this.fill;
    }
    if (this.fill > this.targetSeconds * 3 + 0.1) this.#skip();
    this.smoothFill += (this.fill - this.smoothFill) * 0.004;
    this.correction = steer(this.smoothFill / this.targetSeconds - 1);
    const step = this.step * (1 + this.correction);
    const mask = this.capacity - 1;
    const { table, left: ringLeft, right: ringRight } = this;
    for (let n = 0; n < count; n++) {
      const whole = Math.floor(this.position);
      const running = whole + TAPS / 2 < this.written;
      if (!running) {
        // Dry: what is left of this block is silent, and playing begins anew when the buffer is full again.
        left.fill(0, n);
        right.fill(0, n);
        this.playing = false;
        this.gain = 0;
        this.underruns++;
        return;
      }
      const place = (this.position - whole) * PHASES;
      const phase = Math.floor(place);
      const blend = place - phase;
      const row = phase * TAPS;
      let a = 0;
      let b = 0;
      for (let tap = 0; tap < TAPS; tap++) {
        const low = table[row + tap];
        const weight = low + blend * (table[row + TAPS + tap] - low);
        const at = (whole - (TAPS / 2 - 1) + tap) & mask;
        a += weight * ringLeft[at];
        b += weight * ringRight[at];
      }
      // Fade in after a pause, and out as the end nears, so that neither clicks.
      const ahead = (this.written - whole - TAPS / 2) / FADE_FRAMES;
      const goal = ahead < 1 ? ahead : 1;
      this.gain = goal < this.gain ? goal : Math.min(goal, this.gain + 1 / FADE_FRAMES);
      left[n] = a * this.gain;
      right[n] = b * this.gain;
      this.position += step;
    }
  }

  /** What the page shows, and where on the stream's axis the ear is. */
  report() {
    return {
      frame: this.inputRate ? this.frame : 0,
      rate: this.inputRate,
      playing: this.playing,
      fill: this.fill,
      smoothFill: this.smoothFill ?? 0,
      correction: this.correction,
      underruns: this.underruns,
      lostFrames: this.lostFrames,
      skips: this.skips,
    };
  }
}

/** The page's side: an AudioContext with the worklet in it, or, where a page may have none, a ScriptProcessorNode. */
export class Player {
  /**
   * @param {AudioContext} context
   * @param {number} targetSeconds  the jitter buffer's length
   * @returns {Promise<Player>}
   */
  static async create(context, targetSeconds = 0.08) {
    const player = new Player();
    player.context = context;
    player.report = new StreamBuffer(context.sampleRate, targetSeconds).report();
    player.reportTime = 0;
    if (context.audioWorklet) {
      await context.audioWorklet.addModule(new URL("./player.js", import.meta.url));
      player.node = new AudioWorkletNode(context, "sideman-player", {
        numberOfInputs: 0,
        outputChannelCount: [2],
        processorOptions: { targetSeconds },
      });
      player.node.port.onmessage = ({ data }) => player.#take(data);
      player.push = (audio) => player.node.port.postMessage(audio, [audio.data]);
    } else {
      // Browsers give AudioWorklet to https and localhost only; a phone in the same network comes by plain http.
      const buffer = new StreamBuffer(context.sampleRate, Math.max(targetSeconds, 0.12));
      player.node = context.createScriptProcessor(1024, 0, 2);
      player.node.onaudioprocess = ({ outputBuffer, playbackTime }) => {
        buffer.pull(outputBuffer.getChannelData(0), outputBuffer.getChannelData(1));
        player.#take({ ...buffer.report(), contextTime: playbackTime });
      };
      player.push = (audio) => buffer.push(new Float32Array(audio.data), audio.channels, audio.sampleRate, audio.frame);
    }
    return player;
  }

  /** Second on the stream's axis that is heard now, or null while nothing plays. */
  get time() {
    const { frame, rate, playing, contextTime } = this.report;
    if (!playing) return null;
    const latency = this.context.outputLatency || this.context.baseLatency || 0;
    return frame / rate + (this.context.currentTime - contextTime) - latency;
  }

  #take(report) {
    this.report = report;
  }
}

if (typeof registerProcessor === "function") {
  registerProcessor(
    "sideman-player",
    class extends AudioWorkletProcessor {
      constructor({ processorOptions }) {
        super();
        this.buffer = new StreamBuffer(sampleRate, processorOptions.targetSeconds);
        this.blocks = 0;
        this.port.onmessage = ({ data }) => {
          this.buffer.push(new Float32Array(data.data), data.channels, data.sampleRate, data.frame);
        };
      }

      process(_inputs, [output]) {
        const contextTime = currentTime;
        const report = this.blocks++ % 16 === 0 ? { ...this.buffer.report(), contextTime } : null;
        this.buffer.pull(output[0], output[1] ?? output[0]);
        if (report) this.port.postMessage(report);
        return true;
      }
    },
  );
}
