// Where the music is: stream seconds to musical place and back to what the page draws.
//
// Besides the piece's own position (quarters from its start, which jumps) there is a tape: quarters that have gone by,
// which only grows. The roll is drawn on the tape, so a jump or a stop does not tear it.

const JUMP_QUARTERS = 0.5;
const OFFSET_MEMORY = 60;

export class MusicTime {
  constructor() {
    this.segments = []; // {tape, position, bar0Tape, bar0, barQuarters, beatQuarters, beats}: one from each jump or meter
    this.anchor = null; // {time, tape, tempo, running}
    this.onCut = () => {}; // told the place on the tape where what was to come no longer holds
    this.offsets = [];
  }

  /** A status that came at `nowS` (the page's clock, seconds). */
  update(status, nowS) {
    this.#watchClock(status.time, nowS);
    const running = status.status === "playing";
    const [beats, unit] = status.timeSignature;
    const beatQuarters = 4 / unit;
    const last = this.segments.at(-1);
    const tape = last ? this.tapeAt(status.time) : status.position;
    const inLast = last ? tape - last.tape + last.position : NaN;
    const jumped = !(Math.abs(status.position - inLast) < JUMP_QUARTERS);
    if (jumped || last.beats !== beats || last.beatQuarters !== beatQuarters) {
      this.#begin(tape, status.position, beats, beatQuarters);
      if (jumped && last) this.onCut(tape);
    }
    const segment = this.segments.at(-1);
    const here = segment.tape + (status.position - segment.position);
    segment.bar0 = status.currentBar;
    segment.bar0Tape = here - (status.beat - 1) * beatQuarters;
    if (this.anchor?.running && !running) this.onCut(here);
    this.anchor = { time: status.time, tape: here, tempo: status.tempo, running };
  }

  #begin(tape, position, beats, beatQuarters) {
    const barQuarters = beats * beatQuarters;
    this.segments.push({ tape, position, beats, beatQuarters, barQuarters, bar0: 1, bar0Tape: tape - position });
    if (this.segments.length > 64) this.segments.shift();
  }

  /** The least delay seen lately is the best guess of the clocks' distance: a network only ever adds. */
  #watchClock(time, nowS) {
    const offset = nowS - time;
    if (this.offsets.length && Math.abs(offset - this.offsets.at(-1)) > 2) this.offsets.length = 0;
    this.offsets.push(offset);
    if (this.offsets.length > OFFSET_MEMORY) this.offsets.shift();
    this.offset = Math.min(...this.offsets);
  }

  /** Stream second that sounds (at the server) at the page's clock `nowS`. */
  streamTime(nowS) {
    return nowS - this.offset;
  }

  tapeAt(time) {
    if (!this.anchor) return 0;
    const { tape, tempo, running } = this.anchor;
    return running ? tape + ((time - this.anchor.time) * tempo) / 60 : tape;
  }

  /** Where an event of the piece's quarter `beat`, sounding at stream second `time`, lies on the tape. */
  tapeOf(beat, time) {
    const segment = this.segments.at(-1);
    if (!segment) return beat;
    const tape = segment.tape + (beat - segment.position);
    const heard = this.tapeAt(time);
    return Math.abs(tape - heard) < 2 * JUMP_QUARTERS ? tape : heard;
  }

  quarters(seconds) {
    return (seconds * (this.anchor?.tempo ?? 120)) / 60;
  }

  /** Bar and beat, both from 1, the beat with its fraction. */
  barBeat(tape) {
    const segment = this.segmentAt(tape);
    if (!segment) return { bar: 1, beat: 1, beats: 4 };
    const since = tape - segment.bar0Tape;
    const bars = Math.floor(since / segment.barQuarters + 1e-6);
    const beat = 1 + Math.max(0, since - bars * segment.barQuarters) / segment.beatQuarters;
    return { bar: segment.bar0 + bars, beat, beats: segment.beats };
  }

  segmentAt(tape) {
    for (let n = this.segments.length - 1; n > 0; n--) if (this.segments[n].tape <= tape + 1e-9) return this.segments[n];
    return this.segments[0];
  }

  /** Calls visit(tape, bar | null) for each beat line from `from` to `to`; bar is its number where a bar begins. */
  lines(from, to, visit) {
    this.segments.forEach((segment, n) => {
      const start = Math.max(from, n ? segment.tape : -Infinity);
      const end = Math.min(to, this.segments[n + 1]?.tape ?? Infinity);
      if (start >= end) return;
      const first = Math.ceil((start - segment.bar0Tape) / segment.beatQuarters - 1e-6);
      for (let k = first; ; k++) {
        const tape = segment.bar0Tape + k * segment.beatQuarters;
        if (tape >= end) break;
        const bar = segment.bar0 + Math.floor(k / segment.beats);
        if (bar >= 1) visit(tape, k % segment.beats === 0 ? bar : null);
      }
    });
  }
}
