"""What a MIDI clock master really sends, as figures: tempo, jitter, drift, lost clocks, transport. Sans I/O."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from bridge import midi_bytes
from bridge.midi_bytes import CLOCK_TICKS, SPP_TICKS, MidiParser
from bridge.watch.grid import ClockGrid
from bridge.watch.report import Histogram, LogEntry, Report, Tempo
from bridge.watch.stretches import PPQ_CLOCKS, Stretch, Stretches

HISTOGRAM_BINS = 41
"""An odd number: the middle bin is around 0."""
_LEAST_RANGE_MS = 0.05
_NOMINAL_STEPS = (1.0, 0.5, 0.1)
_NOMINAL_PPM = 300.0
"""Crystals are off by up to 100 ppm each; a tempo that is further from a round one is meant as it is."""

_OTHERS = {0xF0: "system exclusive", 0xF1: "MIDI time code", 0xF3: "song select", 0xF6: "tune request",
           0xFE: "active sensing", 0xFF: "reset"}
_CHANNEL = {0x80: "note off", 0x90: "note on", 0xA0: "key pressure", 0xB0: "controller", 0xC0: "program",
            0xD0: "channel pressure", 0xE0: "pitch bend"}

Column = NDArray[np.float64]


class ClockWatch:
    """Stamped bytes in, a Report out whenever asked. One thread; a clock costs some 20 us, a report some ms an hour
    watched (all clocks are kept, 56 bytes each, for the plot)."""

    def __init__(self, nominal_bpm: float | None = None, *, has_audio_clock: bool = False) -> None:
        """nominal_bpm: what the master is set to. has_audio_clock: `ns` of feed() counts a sound card's frames."""
        self.grid = ClockGrid()
        self.stretches = Stretches(self.grid)
        self._nominal_bpm = nominal_bpm
        self._audio = has_audio_clock
        self._parser = MidiParser()
        self._log: list[LogEntry] = []
        self._waiting: list[int] = []
        """Entries of the log that wait for their first clock."""
        self._others: Counter[str] = Counter()
        self._state = "stopped"
        self._tick = 0
        self._next_tick = 0
        self._seek = False
        self._first_ns: int | None = None
        self.heard_ns = 0
        """Stamp of the last message."""
        self._clock_ns = array("q")
        self._clock_tick = array("q")
        """The position at each clock as it came."""

    def feed(self, ns: int, data: bytes, machine_ns: int | None = None) -> None:
        """Bytes as they came, in order. ns: by the reference clock; machine_ns: by this machine's, where it differs."""
        if self._first_ns is None:
            self._first_ns = ns
        self.heard_ns = ns
        for message in self._parser.feed(data):
            self._message(ns, message, ns if machine_ns is None else machine_ns)

    def gap(self) -> None:
        """Messages may have been lost on our side: no clock is called dropped for that."""
        self.grid.cut()

    def finish(self) -> None:
        """Judge the last clocks too, which otherwise wait for those after them."""
        self.grid.flush()

    def report(self, now_ns: int) -> Report:
        """now_ns: by the reference clock."""
        grid = self.grid
        self.stretches.update()
        tempos, changes = self._tempos()
        series = beat_tempos(grid)[1]
        deviation = deviations_ms(grid)
        size = np.abs(deviation)
        p50, p99, worst = (map(float, np.percentile(size, (50, 99, 100))) if len(size) else (None, None, None))
        first = self._first_ns if self._first_ns is not None else now_ns
        pauses = [LogEntry(pause.from_ns, "pause", self._tick_near(pause.from_ns),
                           detail=f"no clock for {(pause.to_ns - pause.from_ns) / 1e9:.2f} s") for pause in grid.pauses]
        return Report(
            seconds=max(0, now_ns - first) / 1e9,
            clocks=len(self._clock_ns),
            bpm_now=float(series[-1]) if len(series) else None,
            bpm_beats=tuple(float(bpm) for bpm in series[::-PPQ_CLOCKS][:4][::-1]),
            bpm_min=float(series.min()) if len(series) else None,
            bpm_max=float(series.max()) if len(series) else None,
            tempos=tempos,
            jitter_p50_ms=p50,
            jitter_p99_ms=p99,
            jitter_max_ms=worst,
            histogram=histogram(deviation) if len(deviation) else None,
            dropped=grid.dropped,
            doubled=grid.doubled,
            bunched=grid.bunched,
            pauses=len(grid.pauses),
            regrids=grid.regrids,
            cuts=grid.cuts,
            state=self._state,
            position_tick=self._next_tick if self._state != "playing" else self._tick,
            silent_s=max(0, now_ns - self._clock_ns[-1]) / 1e9 if self._clock_ns else None,
            log=tuple(sorted([*self._log, *pauses, *changes], key=lambda entry: entry.ns)),
            others=dict(self._others),
            stray_bytes=self._parser.dropped_bytes,
            start_ns=first,
        )

    # --- inside

    def _message(self, ns: int, message: bytes, machine_ns: int) -> None:
        match message[0]:
            case midi_bytes.CLOCK:
                self._clock(ns, machine_ns)
            case midi_bytes.START:
                self._next_tick, self._seek, self._state = 0, False, "armed"
                self._transport(ns, "start", waits=True)
            case midi_bytes.CONTINUE:
                if self._state != "playing":
                    self._state = "armed"
                self._transport(ns, "continue", waits=self._state == "armed")
            case midi_bytes.STOP:
                if self._state == "playing" and not self._seek:
                    self._next_tick = self._tick + CLOCK_TICKS
                self._state, self._seek = "stopped", False
                self._transport(ns, "stop")
            case midi_bytes.SONG_POSITION:
                sixteenth = message[1] | message[2] << 7
                self._next_tick = sixteenth * SPP_TICKS
                self._seek = self._state == "playing"
                self._transport(ns, "song position", detail=f"sixteenth {sixteenth}")
            case status:
                self._others[_OTHERS.get(status) or _CHANNEL[status & 0xF0]] += 1

    def _transport(self, ns: int, kind: str, detail: str = "", waits: bool = False) -> None:
        self.grid.transport()
        if waits:
            self._waiting.append(len(self._log))
        tick = self._tick if kind == "continue" and not waits else self._next_tick
        self._log.append(LogEntry(ns, kind, tick, None, detail))

    def _clock(self, ns: int, machine_ns: int) -> None:
        for entry in self._waiting:
            self._log[entry] = self._log[entry]._replace(first_clock_ms=(ns - self._log[entry].ns) / 1e6)
        self._waiting.clear()
        if self._state == "armed" or self._seek:
            self._state, self._seek = "playing", False
            self._tick = self._next_tick
        elif self._state == "playing":
            self._tick += CLOCK_TICKS
        self._clock_ns.append(ns)
        self._clock_tick.append(self._tick if self._state == "playing" else self._next_tick)
        self.grid.add(ns, machine_ns)

    def _tick_near(self, ns: int) -> int:
        """The position as of the last clock up to a time."""
        row = bisect_right(self._clock_ns, ns) - 1
        return self._clock_tick[row] if row >= 0 else 0

    def _tempos(self) -> tuple[tuple[Tempo, ...], list[LogEntry]]:
        """The steady stretches, and the changes from one to the next."""
        tempos: list[Tempo] = []
        changes: list[LogEntry] = []
        for stretch in self.stretches.all():
            if not stretch.steady:
                continue
            tempo = self._tempo(stretch)
            before = tempos[-1].bpm if tempos else None
            if before is not None and abs(before - tempo.bpm) > 2e-4 * before:
                detail = f"{before:.2f} to {tempo.bpm:.2f} BPM"
                changes.append(LogEntry(tempo.start_ns, "tempo", self._tick_near(tempo.start_ns), detail=detail))
            tempos.append(tempo)
        return tuple(tempos), changes

    def _tempo(self, stretch: Stretch) -> Tempo:
        line, machine = stretch.line, stretch.machine
        nominal = self._nominal_bpm if self._nominal_bpm is not None else nominal_bpm(line.bpm)
        return Tempo(
            start_ns=stretch.start_ns,
            end_ns=stretch.end_ns,
            clocks=stretch.clocks,
            bpm=line.bpm,
            error_bpm=line.error_ppm * line.bpm / 1e6,
            nominal_bpm=nominal,
            drift_ppm=None if nominal is None else (machine.bpm / nominal - 1.0) * 1e6,
            drift_error_ppm=machine.error_ppm,
            audio_drift_ppm=(line.bpm / nominal - 1.0) * 1e6 if nominal is not None and self._audio else None,
        )


def nominal_bpm(bpm: float) -> float | None:
    """The round tempo that is meant: a whole one, else a half, else a tenth, within 300 ppm; None if none is near."""
    for step in _NOMINAL_STEPS:
        near = round(round(bpm / step) * step, 6)
        if abs(bpm / near - 1.0) * 1e6 <= _NOMINAL_PPM if near else False:
            return near
    return None


def deviations_ms(grid: ClockGrid) -> Column:
    """By how much each settled interval differs from its neighbours', in ms; none where a run begins."""
    ns, index, expected = (np.array(column) for column in (grid.ns, grid.index, grid.expected_ns))
    if len(ns) < 2:
        return np.zeros(0)
    judged = expected[1:] > 0.0
    return np.asarray((np.diff(ns) - np.diff(index) * expected[1:])[judged] / 1e6, np.float64)


def beat_tempos(grid: ClockGrid) -> tuple[Column, Column]:
    """(ns, BPM): least squares over each beat (25 clocks of one run) as it ends, at the time of its middle."""
    width = PPQ_CLOCKS + 1
    if len(grid) < width:
        return np.zeros(0), np.zeros(0)
    ns, index, run = (np.array(column, np.int64) for column in (grid.ns, grid.index, grid.run))
    whole = run[width - 1:] == run[: 1 - width]
    window = np.lib.stride_tricks.sliding_window_view
    x = window(index, width)[whole].astype(float)
    t0 = ns[: 1 - width][whole]
    y = (window(ns, width)[whole] - t0[:, None]).astype(float)
    middle = y.mean(axis=1)
    x -= x.mean(axis=1, keepdims=True)
    slope = np.einsum("ij,ij->i", x, y) / np.einsum("ij,ij->i", x, x)
    return t0 + middle, 60e9 / (PPQ_CLOCKS * slope)


def histogram(deviation_ms: Column) -> Histogram:
    """Bins wide enough to show the 99th percentile at two thirds of the range, rounded up to 1, 2 or 5."""
    wanted = max(_LEAST_RANGE_MS, 1.5 * float(np.percentile(np.abs(deviation_ms), 99)))
    decade = 10.0 ** np.floor(np.log10(wanted))
    range_ms = float(next(step * decade for step in (1, 2, 5, 10) if step * decade >= wanted * (1 - 1e-9)))
    counts = np.histogram(deviation_ms, HISTOGRAM_BINS, (-range_ms, range_ms))[0]
    return Histogram(range_ms, tuple(int(count) for count in counts), int((deviation_ms < -range_ms).sum()),
                     int((deviation_ms > range_ms).sum()))
