// The piano roll: every track's notes on one canvas, drums in a lane of their own, chords above, playhead near the right.

import { MusicTime } from "./musictime.js";

const CHORD_STRIP = 34;
const RULER = 18;
const GUTTER = 48;
const PLAYHEAD = 0.74;
const MAX_NOTES = 6000;
const BLACK = new Set([1, 3, 6, 8, 10]);
// General MIDI percussion, gathered into what a drummer calls them.
const DRUM_ROWS = ["Crash", "Ride", "Hat", "Tom", "Snare", "Kick"];
const DRUM_ROW = new Map([
  ...[49, 52, 55, 57].map((key) => [key, 0]),
  ...[51, 53, 59].map((key) => [key, 1]),
  ...[42, 44, 46].map((key) => [key, 2]),
  ...[41, 43, 45, 47, 48, 50].map((key) => [key, 3]),
  ...[37, 38, 39, 40].map((key) => [key, 4]),
  ...[35, 36].map((key) => [key, 5]),
]);

export const isDrums = (track) => track.channel === 9 || /drum|kit|perc/i.test(`${track.name} ${track.instrument}`);

export class PianoRoll {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.time = new MusicTime();
    this.time.onCut = (tape) => this.#cut(tape);
    this.notes = []; // {start, end, pitch, velocity, track, drums}
    this.chords = []; // {tape, symbol}
    this.tracks = new Map();
    this.low = 42;
    this.high = 78;
    this.dirty = true;
    this.drawn = 0;
    this.lastTape = NaN;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.restyle());
    this.restyle();
    this.#resize();
  }

  /** Tracks as in hello; each gets the colour of its place. */
  setTracks(tracks) {
    this.tracks = new Map(tracks.map((track, n) => [track.name, { colour: n % 8, drums: isDrums(track) }]));
    this.hasDrums = tracks.some(isDrums);
    this.dirty = true;
  }

  status(status, nowS) {
    this.time.update(status, nowS);
    const before = this.#chordKey();
    this.#learnChords(status);
    if (this.#chordKey() !== before) this.dirty = true;
  }

  midi(events) {
    for (const event of events) {
      const start = this.time.tapeOf(event.beat, event.time);
      const end = start + Math.max(this.time.quarters(event.duration), 0.05);
      const track = this.tracks.get(event.track) ?? { colour: 0, drums: event.channel === 9 };
      this.notes.push({ start, end, pitch: event.note, velocity: event.velocity, track });
    }
    if (this.notes.length > MAX_NOTES) this.notes.splice(0, this.notes.length - MAX_NOTES);
    this.dirty = true;
  }

  /** What was to come after this place will not: notes end here, chords ahead go. */
  #cut(tape) {
    this.notes = this.notes.filter((note) => note.start < tape);
    for (const note of this.notes) note.end = Math.min(note.end, tape);
    this.chords = this.chords.filter((chord) => chord.tape < tape);
  }

  #chordKey() {
    return `${this.chords.length} ${this.chords.at(-1)?.symbol} ${this.chords.at(-1)?.tape} ${this.chords[0]?.tape}`;
  }

  #learnChords(status) {
    const segment = this.time.segments.at(-1);
    const toTape = (position) => segment.tape + (position - segment.position);
    if (status.chart?.length) {
      const first = toTape(status.chart[0].position);
      this.chords = this.chords.filter((chord) => chord.tape < first - 1e-3);
      for (const { position, symbol } of status.chart) {
        if (toTape(position) >= segment.tape - 1e-3 || !this.chords.length) this.chords.push({ tape: toTape(position), symbol });
      }
    } else if (status.chord && this.chords.at(-1)?.symbol !== status.chord) {
      this.chords.push({ tape: toTape(Math.floor(status.position + 0.1)), symbol: status.chord });
    }
    if (this.chords.length > 400) this.chords.splice(0, 200);
  }

  restyle() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    this.style = Object.fromEntries(
      ["card", "sunk", "line", "text", "muted", "accent", "grid-bar", "grid-beat", "black-key"].map((n) => [n, read(n)]),
    );
    this.colours = Array.from({ length: 8 }, (_, n) => read(`track-${n}`));
    this.font = getComputedStyle(document.body).fontFamily;
    this.dirty = true;
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas;
    const scale = Math.min(devicePixelRatio || 1, 2);
    this.width = clientWidth;
    this.height = clientHeight;
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.dirty = true;
  }

  /** Draw if anything has moved. `tape` is the place under the playhead. */
  draw(tape) {
    if ((!this.dirty && tape === this.lastTape) || !this.width) return;
    this.dirty = false;
    this.lastTape = tape;
    this.drawn++;
    const { context, width, height, style } = this;
    const quarter = Math.max(26, Math.min(72, (width - GUTTER) / 15));
    const headX = Math.round(GUTTER + (width - GUTTER) * PLAYHEAD);
    const x = (place) => headX + (place - tape) * quarter;
    const from = tape - (headX - GUTTER) / quarter;
    const to = tape + (width - headX) / quarter;
    const drumHeight = this.hasDrums ? Math.round(Math.min(132, height * 0.3)) : 0;
    const top = CHORD_STRIP + RULER;
    const bottom = height - drumHeight;
    if (this.notes.length && this.notes[0].end < from - 16) this.notes = this.notes.filter((note) => note.end > from - 8);

    context.fillStyle = style.card;
    context.fillRect(0, 0, width, height);
    const visible = this.notes.filter((note) => note.end > from && note.start < to);
    this.#follow(visible);
    const row = (bottom - top) / (this.high - this.low + 1);
    const y = (pitch) => bottom - (pitch - this.low + 1) * row;

    this.#keys(top, bottom, row, y);
    this.#grid(from, to, x, top, height);
    context.save();
    context.beginPath();
    context.rect(GUTTER, top, width - GUTTER, height - top);
    context.clip();
    for (const note of visible) {
      if (!note.track.drums) this.#note(note, x, y(note.pitch), Math.max(6, row - 1), tape, quarter);
    }
    if (drumHeight) this.#drums(visible, x, bottom, drumHeight, tape);
    context.restore();
    if (drumHeight) this.#drumLabels(bottom, drumHeight);
    this.#chordStrip(from, to, x, tape);
    context.fillStyle = style.accent;
    context.fillRect(headX - 1, CHORD_STRIP, 2, height - CHORD_STRIP);
  }

  /** The pitch range glides to what is in sight, at least two octaves. */
  #follow(visible) {
    let low = Infinity;
    let high = -Infinity;
    for (const { pitch, track } of visible) {
      if (track.drums) continue;
      low = Math.min(low, pitch);
      high = Math.max(high, pitch);
    }
    if (low > high) return;
    const spare = Math.max(0, 24 - (high - low)) / 2;
    const glide = (now, goal) => (Math.abs(goal - now) < 0.05 ? goal : now + (goal - now) * 0.08);
    const [lowBefore, highBefore] = [this.low, this.high];
    this.low = glide(this.low, Math.max(0, low - 2 - spare));
    this.high = glide(this.high, Math.min(127, high + 2 + spare));
    if (this.low !== lowBefore || this.high !== highBefore) this.dirty = true;
  }

  #keys(top, bottom, row, y) {
    const { context, width, style } = this;
    context.save();
    context.beginPath();
    context.rect(0, top, width, bottom - top);
    context.clip();
    context.font = `11px ${this.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (let pitch = Math.floor(this.low); pitch <= Math.ceil(this.high); pitch++) {
      if (BLACK.has(pitch % 12)) {
        context.fillStyle = style["black-key"];
        context.fillRect(GUTTER, y(pitch), width - GUTTER, row);
      }
      if (pitch % 12 === 0) {
        context.fillStyle = style["grid-beat"];
        context.fillRect(GUTTER, Math.round(y(pitch) + row), width - GUTTER, 1);
        context.fillStyle = style.muted;
        context.fillText(`C${pitch / 12 - 1}`, GUTTER - 9, y(pitch) + row / 2);
      }
    }
    context.restore();
  }

  #grid(from, to, x, top, height) {
    const { context, style } = this;
    context.font = `11px ${this.font}`;
    context.textBaseline = "top";
    context.textAlign = "left";
    this.time.lines(from, to, (place, bar) => {
      const at = Math.round(x(place));
      if (at < GUTTER) return;
      context.fillStyle = bar === null ? style["grid-beat"] : style["grid-bar"];
      context.fillRect(at, bar === null ? top : CHORD_STRIP, 1, height);
      if (bar !== null) {
        context.fillStyle = style.muted;
        context.fillText(String(bar), at + 5, CHORD_STRIP + 4);
      }
    });
    context.fillStyle = style.line;
    context.fillRect(0, CHORD_STRIP - 1, this.width, 1);
    context.fillRect(0, top - 1, this.width, 1);
    context.fillRect(GUTTER - 1, top, 1, height - top);
  }

  #note(note, x, y, height, tape, quarter) {
    const { context } = this;
    const left = x(note.start);
    const width = Math.max(3, (note.end - note.start) * quarter - 1);
    const sounding = note.start <= tape && note.end > tape;
    const loud = 0.55 + 0.45 * (note.velocity / 127);
    context.globalAlpha = sounding ? 1 : note.start > tape ? 0.35 : loud * 0.8;
    context.fillStyle = this.colours[note.track.colour];
    context.beginPath();
    context.roundRect(left, y, width, height, Math.min(3, height / 2));
    context.fill();
    if (sounding) {
      context.globalAlpha = 0.35;
      context.fillStyle = this.style.text;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #drums(visible, x, top, height, tape) {
    const { context, width, style } = this;
    const row = (height - 8) / DRUM_ROWS.length;
    context.fillStyle = style.sunk;
    context.globalAlpha = 0.6;
    context.fillRect(GUTTER, top, width - GUTTER, height);
    context.globalAlpha = 1;
    context.fillStyle = style["grid-bar"];
    context.fillRect(GUTTER, top, width - GUTTER, 1);
    for (const note of visible) {
      if (!note.track.drums) continue;
      const line = DRUM_ROW.get(note.pitch) ?? 3;
      const age = tape - note.start;
      const flash = age >= 0 && age < 0.2 ? 1 - age / 0.2 : 0;
      const size = Math.min(row * 0.42, 7) * (0.6 + 0.4 * (note.velocity / 127)) * (1 + 0.35 * flash);
      context.globalAlpha = age < 0 ? 0.35 : 0.5 + 0.3 * (note.velocity / 127) + 0.2 * flash;
      context.fillStyle = flash > 0.5 ? style.text : this.colours[note.track.colour];
      context.beginPath();
      context.arc(x(note.start) + 1, top + 4 + row * (line + 0.5), size, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #drumLabels(top, height) {
    const { context, style } = this;
    const row = (height - 8) / DRUM_ROWS.length;
    context.fillStyle = style.muted;
    context.font = `${Math.min(11, row - 1)}px ${this.font}`;
    context.textAlign = "right";
    context.textBaseline = "middle";
    DRUM_ROWS.forEach((name, n) => context.fillText(name, GUTTER - 7, top + 4 + row * (n + 0.5)));
  }

  #chordStrip(from, to, x, tape) {
    const { context, style } = this;
    context.textAlign = "left";
    context.textBaseline = "middle";
    this.chords.forEach((chord, n) => {
      const end = this.chords[n + 1]?.tape ?? Infinity;
      if (end < from || chord.tape > to) return;
      const now = chord.tape <= tape && tape < end;
      const left = Math.max(GUTTER, x(chord.tape)) + 5;
      const room = x(end) - left - 4;
      if (room < 16) return;
      context.font = `${now ? 650 : 500} 14px ${this.font}`;
      context.fillStyle = now ? style.accent : chord.tape > tape ? style.text : style.muted;
      context.fillText(chord.symbol, left, CHORD_STRIP / 2, Number.isFinite(room) ? room : undefined);
    });
  }
}
