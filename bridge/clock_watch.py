"""What a MIDI clock master really sends, as figures: tempo, jitter, drift, lost clocks, transport. Sans I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge import midi_bytes
from bridge.clock_grid import ClockGrid
from bridge.midi_bytes import CLOCK_TICKS, SPP_TICKS, MidiParser
from bridge.tempo_stretches import PPQ_CLOCKS, Stretch, Stretches
from composers.score import Meter

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


class LogEntry(NamedTuple):
    """Something of the transport.

    ns              when it came
    kind            "start", "stop", "continue", "song position", "tempo", "pause"
    tick            the position after it (start, song position: where the next clock will be)
    first_clock_ms  start, continue: how long after it the first clock came; None before that
    detail          "sixteenth 64", "120.00 to 90.00 BPM", "no clock for 1.25 s"
    """

    ns: int
    kind: str
    tick: int
    first_clock_ms: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Deviations of intervals: counts of equal bins from -range_ms to range_ms, and how many lie outside."""

    range_ms: float
    counts: tuple[int, ...]
    below: int
    above: int

    @property
    def edges_ms(self) -> list[float]:
        return [float(x) for x in np.linspace(-self.range_ms, self.range_ms, len(self.counts) + 1)]


@dataclass(frozen=True, slots=True)
class Tempo:
    """A stretch of steady tempo, by least squares over all its clocks.

    bpm            by the reference clock (JACK's frames where there are any, else this machine's)
    error_bpm      its standard error
    nominal_bpm    what is meant: as given, or a round number nearby; None if there is none
    drift_ppm      faster than nominal by so much, by this machine's clock; None without a nominal tempo
    drift_error_ppm its standard error
    audio_drift_ppm the same by the sound card's clock (JACK's frames); None without one
    """

    start_ns: int
    end_ns: int
    clocks: int
    bpm: float
    error_bpm: float
    nominal_bpm: float | None
    drift_ppm: float | None
    drift_error_ppm: float
    audio_drift_ppm: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything so far. Tempi in BPM, jitter as the size of an interval's deviation from its neighbours'.

    seconds       from the first message (or clock) to the last moment told
    bpm_now       over the last beat; None before there is one
    bpm_beats     over each of the last beats, newest last
    bpm_min/max   of any beat
    tempos        stretches of steady tempo of four beats or more, in order of time
    position_tick position by Start, song position and counting, as a plain slave would have it
    state         "stopped", "armed" (the next clock is the first), "playing"
    silent_s      since the last clock; None before the first
    others        further messages by kind
    """

    seconds: float
    clocks: int
    bpm_now: float | None
    bpm_beats: tuple[float, ...]
    bpm_min: float | None
    bpm_max: float | None
    tempos: tuple[Tempo, ...]
    jitter_p50_ms: float | None
    jitter_p99_ms: float | None
    jitter_max_ms: float | None
    histogram: Histogram | None
    dropped: int
    doubled: int
    bunched: int
    pauses: int
    regrids: int
    cuts: int
    state: str
    position_tick: int
    silent_s: float | None
    log: tuple[LogEntry, ...]
    others: dict[str, int]
    stray_bytes: int
    start_ns: int

    @property
    def tempo(self) -> Tempo | None:
        """The longest stretch of steady tempo."""
        return max(self.tempos, key=lambda tempo: tempo.clocks, default=None)


class ClockWatch:
    """Stamped bytes in, a Report out whenever asked. One thread; a clock costs some 20 us, a report some ms an hour
    watched (all clocks are kept, 40 bytes each, for the plot)."""

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
        self._last_clock_ns: int | None = None
        self._clocks = 0

    def feed(self, ns: int, data: bytes, machine_ns: int | None = None) -> None:
        """Bytes as they came, in order. ns: by the reference clock; machine_ns: by this machine's, where it differs."""
        if self._first_ns is None:
            self._first_ns = ns
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
            clocks=self._clocks,
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
            silent_s=None if self._last_clock_ns is None else max(0, now_ns - self._last_clock_ns) / 1e9,
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
        self._clocks += 1
        self._last_clock_ns = ns
        for entry in self._waiting:
            self._log[entry] = self._log[entry]._replace(first_clock_ms=(ns - self._log[entry].ns) / 1e6)
        self._waiting.clear()
        if self._state == "armed" or self._seek:
            self._state, self._seek = "playing", False
            self._tick = self._next_tick
        elif self._state == "playing":
            self._tick += CLOCK_TICKS
        self.grid.add(ns, machine_ns)

    def _tick_near(self, ns: int) -> int:
        """The position that the log tells of at a time: that of the last entry before it."""
        return next((entry.tick for entry in reversed(self._log) if entry.ns <= ns), 0)

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


def position(tick: int, meter: Meter) -> str:
    """bar:beat:sixteenth, all from 1; a beat is one of the meter's."""
    bar, rest = divmod(tick, meter.bar_ticks)
    beat, rest = divmod(rest, meter.beat_ticks)
    return f"{bar + 1}:{beat + 1}:{rest // SPP_TICKS + 1}"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def as_dict(report: Report, meter: Meter) -> dict[str, Any]:
    """The report for JSON: units in the keys, times in seconds from the first message."""

    def at(ns: int) -> float:
        return round((ns - report.start_ns) / 1e9, 6)

    def tempo(value: Tempo) -> dict[str, Any]:
        return {
            "start_s": at(value.start_ns), "end_s": at(value.end_ns), "clocks": value.clocks,
            "bpm": round(value.bpm, 5), "error_bpm": round(value.error_bpm, 6), "nominal_bpm": value.nominal_bpm,
            "drift_ppm": _rounded(value.drift_ppm, 2), "drift_error_ppm": round(value.drift_error_ppm, 3),
            "audio_drift_ppm": _rounded(value.audio_drift_ppm, 2),
        }  # fmt: skip

    def entry(value: LogEntry) -> dict[str, Any]:
        return {
            "at_s": at(value.ns), "kind": value.kind, "position_tick": value.tick,
            "position": position(value.tick, meter), "first_clock_ms": _rounded(value.first_clock_ms, 3),
            "detail": value.detail,
        }  # fmt: skip

    spread = report.histogram
    steady = report.tempo
    return {
        "seconds": round(report.seconds, 3),
        "clocks": report.clocks,
        "bpm": _rounded(steady.bpm if steady else None, 5),
        "bpm_now": _rounded(report.bpm_now, 4),
        "bpm_last_beats": [round(bpm, 4) for bpm in report.bpm_beats],
        "bpm_min": _rounded(report.bpm_min, 4),
        "bpm_max": _rounded(report.bpm_max, 4),
        "drift_ppm": _rounded(steady.drift_ppm if steady else None, 2),
        "audio_drift_ppm": _rounded(steady.audio_drift_ppm if steady else None, 2),
        "tempos": [tempo(value) for value in report.tempos],
        "jitter_p50_ms": _rounded(report.jitter_p50_ms, 4),
        "jitter_p99_ms": _rounded(report.jitter_p99_ms, 4),
        "jitter_max_ms": _rounded(report.jitter_max_ms, 4),
        "histogram": None if spread is None else {
            "edges_ms": [round(edge, 6) for edge in spread.edges_ms], "counts": list(spread.counts),
            "below": spread.below, "above": spread.above,
        },
        "dropped_clocks": report.dropped,
        "doubled_clocks": report.doubled,
        "bunched_clocks": report.bunched,
        "pauses": report.pauses,
        "new_grids": report.regrids,
        "losses_of_ours": report.cuts,
        "state": report.state,
        "position": position(report.position_tick, meter),
        "position_tick": report.position_tick,
        "log": [entry(value) for value in report.log],
        "other_messages": report.others,
        "stray_bytes": report.stray_bytes,
    }  # fmt: skip


__all__: Sequence[str] = (
    "ClockWatch", "Histogram", "LogEntry", "Report", "Tempo", "as_dict", "beat_tempos", "deviations_ms", "histogram",
    "nominal_bpm", "position",
)
