"""What a watched MIDI clock did, as values, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bridge.midi_bytes import SPP_TICKS
from composers.score import Meter


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
