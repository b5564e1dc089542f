"""How early or late a master's MIDI clock is against its own metronome. Sans I/O; see calibration, "clock"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.calibrate.calibration import ERROR_MS, check_input, doubt_of, ms
from bridge.calibrate.delays import Delays
from bridge.calibrate.onsets import Levels, Onset, find_onsets
from bridge.calibrate.tape import Stamped, Take
from bridge.clock.follower import Change, ClockFollower, State
from bridge.errors import CalibrationError
from bridge.midi_bytes import CLOCK, CONTINUE, START, MidiParser
from composers.score import PPQ

_SETTLE_CLOCKS = 48
"""The follower is listened to only after so many clocks: two beats."""
_AGREE_S = 0.02
"""Sounds that lie within this of each other, against their beats, are one metronome's."""
_AMBIGUOUS = 0.25
"""Of a beat: further away, a click could belong to the next beat as well."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """A DAW's clock against the clicks that it plays.

    delays        click heard, against the beat of the followed clock (H - C); negative: the clock is late
    round_trip_ms R, and how it is known: "reported", "given", or "none" (the sound comes without a cable)
    made_up_ms    see Latency.made_up_frames
    bpm           the clock's tempo
    other         sounds that were no click on a beat, while the clock ran
    """

    rate: int
    period: int
    delays: Delays
    levels: Levels
    round_trip_ms: float
    round_trip: str
    made_up_ms: float
    bpm: float
    other: int

    @property
    def offset_ms(self) -> float:
        """[[clock.in]]'s."""
        return self.delays.median_ms - self.round_trip_ms + self.made_up_ms

    @property
    def doubt(self) -> str:
        if why := doubt_of(self.delays, ERROR_MS, "beats"):
            return why
        apart_ms = abs(self.delays.median_ms)
        if apart_ms > _AMBIGUOUS * 60_000.0 / self.bpm:
            return (f"clock and clicks are {apart_ms:.0f} ms apart, more than a quarter of a beat: it could as well be "
                    "the next beat's click; play slower (60 BPM), and let the metronome click on beats only")
        return ""


class Progress:
    """While it records: what the clock has done so far. Feed it all messages in order; cheap."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._parser = MidiParser()
        self._follower = ClockFollower()
        self.clocks = 0
        self.beats = 0
        """Beats gone by since the first one that counts."""
        self.started = False

    def feed(self, messages: Sequence[Stamped]) -> None:
        for frame, data in messages:
            for message in self._parser.feed(data):
                self._follower.feed(_ns(frame, self._rate), message)
                self.started = self.started or message[0] in (START, CONTINUE)
                if message[0] == CLOCK:
                    self.clocks += 1
                    if self._follower.state is State.RUNNING and self.clocks > _SETTLE_CLOCKS and self.clocks % 24 == 0:
                        self.beats += 1


def clock_offset(take: Take, period: int, round_trip_ms: float | None = None) -> ClockOffset:
    """Raises CalibrationError when clock, Start or clicks are missing, or do not go together."""
    sound = take.audio[0]
    loud = check_input(take, sound)
    onsets = find_onsets(sound, take.rate)
    beats = _beats(take, onsets)
    if len(beats.at_s) < 4:
        raise CalibrationError(
            f"only {len(beats.at_s)} sounds came while the clock ran (the input's peak is {loud.peak_dbfs:.0f} dBFS, "
            f"with {len(onsets)} sounds in all): turn the DAW's metronome on, and connect its output to --audio-in"
        )
    chosen = _metronome(beats.late, beats.beat_frames, _AGREE_S * take.rate)
    kept = [int(index) for index in np.flatnonzero(chosen)]
    delays = Delays(tuple(beats.at_s[i] for i in kept), tuple(ms(beats.late[i], take.rate) for i in kept),
                    max(beats.count, len(kept)))  # fmt: skip
    how, trip = "none", 0.0
    if round_trip_ms is not None:
        how, trip = "given", round_trip_ms
    elif take.cable:
        how, trip = "reported", ms(take.latency.out_frames + take.latency.in_frames, take.rate)
    made_up_ms = ms(take.latency.made_up_frames, take.rate)
    return ClockOffset(take.rate, period, delays, loud, trip, how, made_up_ms, beats.bpm, len(beats.at_s) - len(kept))


@dataclass(frozen=True, slots=True)
class _Beats:
    """Sounds against their nearest beats, in frames (> 0: the sound is later), and how many beats went by."""

    at_s: list[float]
    late: NDArray[np.float64]
    beat_frames: float
    count: int
    bpm: float


def _beats(take: Take, onsets: Sequence[Onset]) -> _Beats:
    """Each sound against the line that the follower had when it came, as the engine would use it."""
    rate, parser, follower = take.rate, MidiParser(), ClockFollower()
    at_s: list[float] = []
    late: list[float] = []
    waiting = [onset.frame for onset in onsets]
    clocks, first, last, started = 0, None, 0.0, False
    for frame, data in take.heard:
        for message in parser.feed(data):
            while waiting and waiting[0] < frame:
                onset = waiting.pop(0)
                if follower.state is State.RUNNING and clocks > _SETTLE_CLOCKS:
                    ns = _ns(onset, rate)
                    tick = follower.line.tick_at(ns)
                    beat = round(tick / PPQ) * PPQ
                    at_s.append(onset / rate)
                    late.append((ns - follower.line.ns_at(beat)) * rate / 1e9)
            event = follower.feed(_ns(frame, rate), message)
            started = started or (event is not None and event.change is Change.STARTED)
            if message[0] == CLOCK:
                clocks += 1
                if follower.state is State.RUNNING and clocks > _SETTLE_CLOCKS:
                    last = follower.line.tick_at(_ns(frame, rate))
                    first = last if first is None or last < first else first
    if not clocks:
        raise CalibrationError(f"no MIDI clock came ({len(take.heard)} other messages): let the DAW send MIDI clock "
                               "(\"sync\") to the port named by --in")
    if not started:
        raise CalibrationError(f"{clocks} MIDI clocks came, but no Start: press stop in the DAW, then play while this "
                               "measures")
    bpm = follower.line.bpm
    count = 0 if first is None else int((last - first) // PPQ)
    return _Beats(at_s, np.array(late), rate * 60.0 / bpm, count, bpm)


def _metronome(late: NDArray[np.float64], beat: float, agree: float) -> NDArray[np.bool_]:
    """Which sounds are the metronome's: the largest group that agrees, nearest to the beat of those as large.

    (A click on every eighth makes two groups alike, on the beat and between.) Differences wrap at half a beat.
    """
    apart = np.abs((late[:, None] - late[None, :] + 0.5 * beat) % beat - 0.5 * beat)
    inside = apart <= agree
    sizes = inside.sum(axis=1)
    large = np.flatnonzero(sizes >= 0.8 * sizes.max())
    best = large[np.argmin(np.abs(late[large]))]
    # Around the middle of the group, not around whichever member was nearest to the beat.
    middle = float(np.median(late[inside[best]]))
    chosen: NDArray[np.bool_] = np.abs(late - middle) <= agree
    return chosen


def _ns(frame: float, rate: int) -> int:
    return round(frame * 1e9 / rate)
