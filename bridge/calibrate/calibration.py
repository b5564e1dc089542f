"""Loop-back measurements: what to play, what came back, and the offsets that a session needs. Sans I/O.

All four count on the driver's axis of frames (bridge.calibrate.tape): what is sent "at frame f" is what a session sends
there. Our audio written at f sounds at f + out; a sound is recorded `into` later; so a cable from our output to our
input shows R = out + into, the round trip, and only this sum matters below. From another program on the same JACK
server (no cable) a sound comes in at the very frame at which it would go to the speakers with ours: R = 0.

synth   A note-on sent at f sounds D later and is recorded at f + M, M = D + into. Our own audio of f sounds at f + out.
        The track is together with it when sent `offset` later, with offset + D = out: offset = out + into - M = R - M.
midi    A message sent at f is on the cable at f + a and heard at f + a + b: only T = a + b is seen; half each, unless
        one is known. Our audio of f sounds at f + lead, so a clock that is to be on the cable then is sent
        `lead - a` later; and a clock on the cable at t, heard at t + b, is to make us sound at t: it counts as heard
        `b + lead` earlier, of which the driver makes up for K by itself (on JACK, for a clock that comes by hardware):
        [[clock.in]] gets K - (b + lead).
clock   The DAW's click comes in at H, its clock for the same beat at C. The click sounded at H - into; we sound at
        C + offset - K + out. Together: offset = H - C - R + K. C is the follower's line, as the engine uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.calibrate import probe
from bridge.calibrate.delays import Delays, Match, match
from bridge.calibrate.onsets import Levels, dbfs, find_onsets, levels
from bridge.calibrate.programmes import LONGEST_S
from bridge.calibrate.tape import Take
from bridge.errors import CalibrationError

_AUDIO_TOLERANCE_S = 0.002
FOREIGN_TOLERANCE_S = 0.03
"""A synth that scatters more than this around its delay is not to be calibrated."""
_SHARE = 0.7
"""Fewer repetitions than this that come back: what answers is not what was asked, or not reliably."""
ERROR_MS = 1.0
"""The median has to be known to this (95 %): a third of what Ableton Link allows between peers (3 ms)."""
_CABLE_ERROR_MS = 0.1
"""The round trip of audio to this: a cable that is not known to five frames is no cable."""
_ECHO_SHARE = 0.7
_QUIET_DBFS = -60.0


def ms(frames: float, rate: int) -> float:
    return float(frames) * 1000.0 / rate


@dataclass(frozen=True, slots=True)
class AudioLoop:
    """Our audio out, by a cable, to our audio in.

    delays           the round trip of each sweep
    reported_ms      what the driver says it is; None if it says nothing
    gain_db          of the way
    inverted         the way turns the polarity over
    echo_ms, echo_db a second copy after the first, and its level against it; None: none
    """

    rate: int
    period: int
    delays: Delays
    levels: Levels
    reported_ms: float
    gain_db: float
    inverted: bool
    echo_ms: float | None = None
    echo_db: float = 0.0

    @property
    def frames(self) -> float:
        return self.delays.median_ms * self.rate / 1000.0

    @property
    def unreported_ms(self) -> float:
        """By how much the round trip is longer than reported."""
        return self.delays.median_ms - self.reported_ms

    @property
    def doubt(self) -> str:
        return doubt_of(self.delays, _CABLE_ERROR_MS, "sweeps")


@dataclass(frozen=True, slots=True)
class SynthDelay:
    """Notes by MIDI, and the sound of a synth that comes in.

    delays        note sent -> onset heard (M)
    round_trip_ms R, and how it is known: "measured", "reported", "given", or "none" (no cable)
    rise_ms       from the onset to near the peak, median
    """

    rate: int
    period: int
    delays: Delays
    levels: Levels
    round_trip_ms: float
    round_trip: str
    rise_ms: float

    @property
    def offset_ms(self) -> float:
        """The track's: negative for a synth that is later than our own sound."""
        return self.round_trip_ms - self.delays.median_ms

    @property
    def doubt(self) -> str:
        return doubt_of(self.delays, ERROR_MS, "notes")


def audio_loop(take: Take, at: NDArray[np.int64], period: int, level_dbfs: float) -> AudioLoop:
    """Raises CalibrationError when nothing of ours came back, or what did is of no use."""
    sound = take.audio[0]
    loud = check_input(take, sound)
    sweeps, found, delays = _sweeps(take, 0, at, level_dbfs, loud)
    gains = np.array([found[j].gain for _, j in sweeps.pairs])
    gain = float(np.median(gains))
    reported = ms(take.latency.out_frames + take.latency.in_frames, take.rate)
    echo_ms, echo_db = None, 0.0
    if sweeps.runner_up >= _ECHO_SHARE * len(sweeps.pairs):
        echo_ms = ms(sweeps.runner_up_delay - sweeps.delay, take.rate)
        near = [f.gain for f in found
                if np.abs(f.frame - at - sweeps.runner_up_delay).min() <= _AUDIO_TOLERANCE_S * take.rate]
        echo_db = dbfs(float(np.median(np.abs(near)))) - dbfs(abs(gain))
    return AudioLoop(take.rate, period, delays, loud, reported, dbfs(abs(gain)), gain < 0, echo_ms, echo_db)


def synth_delay(
    take: Take, at: NDArray[np.int64], period: int, *, level_dbfs: float | None = None,
    round_trip_ms: float | None = None,
) -> SynthDelay:
    """R is measured by the reference input (with a level), given, or what the driver reports. Raises
    CalibrationError."""
    sound = take.audio[0]
    loud = check_input(take, sound)
    onsets = find_onsets(sound, take.rate)
    pairs, delays = matched(take, at, [onset.frame for onset in onsets], FOREIGN_TOLERANCE_S)
    if pairs is None:
        raise CalibrationError(
            f"no sound answers the notes: {_heard(loud, len(onsets), len(at))}. {_why_silent(loud)} Does the synth "
            "play on this MIDI port and channel (--out, --channel), and does only the synth come in (--audio-in)?"
        )
    rise = float(np.median([onsets[j].rise_ms for _, j in pairs.pairs]))
    how, trip = "none", 0.0
    if level_dbfs is not None:
        reference = take.audio[1]
        where = levels(reference)
        if where.peak_dbfs < _QUIET_DBFS:
            raise CalibrationError(f"the reference input hears nothing of our own sweeps (its peak is "
                                   f"{where.peak_dbfs:.0f} dBFS): connect our audio output to it, or leave --reference "
                                   "out")
        how, trip = "measured", _sweeps(take, 1, at, level_dbfs, where)[2].median_ms
    elif round_trip_ms is not None:
        how, trip = "given", round_trip_ms
    elif take.cable:
        how, trip = "reported", ms(take.latency.out_frames + take.latency.in_frames, take.rate)
    return SynthDelay(take.rate, period, delays, loud, trip, how, rise)


def check_input(take: Take, sound: NDArray[np.float32]) -> Levels:
    """Raises CalibrationError for an input that is of no use whatever it holds."""
    loud = levels(sound)
    if take.howled:
        raise CalibrationError(
            f"feedback: the input stayed near full scale (peak {loud.peak_dbfs:.1f} dBFS), so the sound was cut off. "
            "Turn off what sends this input to this output (the monitoring of the interface or of a mixer), and turn "
            "the input down"
        )
    if loud.clipped:
        raise CalibrationError(f"the input clips ({loud.clipped} samples at {loud.peak_dbfs:.1f} dBFS): turn its gain "
                               "or the sender down until the peak is at -12 to -6 dBFS")
    return loud


def _sweeps(
    take: Take, channel: int, at: NDArray[np.int64], level_dbfs: float, loud: Levels
) -> tuple[Match, list[probe.Found], Delays]:
    found = probe.find_sweeps(take.audio[channel], probe.sweep(take.rate, level_dbfs))
    pairs, delays = matched(take, at, [sweep.frame for sweep in found], _AUDIO_TOLERANCE_S)
    if pairs is None:
        raise CalibrationError(f"our sweeps do not come back: {_heard(loud, len(found), len(at))}. {_why_silent(loud)} "
                               "Is the cable in this output and this input (--audio-out, --audio-in)?")
    return pairs, found, delays


def matched(
    take: Take, at: NDArray[np.int64], heard: Sequence[float], tolerance_s: float
) -> tuple[Match | None, Delays]:
    """None when less than half of what was sent came back."""
    rate = take.rate
    pairs = match(at, heard, -0.001 * rate, LONGEST_S * rate, tolerance_s * rate)
    if pairs is None or 2 * len(pairs.pairs) < len(at):
        return None, Delays((), (), len(at))
    whole = [(i, j) for i, j in pairs.pairs if not torn(take, float(at[i]), heard[j])]
    lost = sum(torn(take, float(frame), float(frame) + pairs.delay) for frame in at)
    if len(whole) < 5:
        raise CalibrationError(f"the audio device left out frames {len(take.gaps)} times while measuring (xruns): only "
                               f"{len(whole)} of {len(at)} repetitions are whole. Take a larger period, or end what "
                               "keeps this computer busy")
    delays = Delays(tuple(float(at[i]) / rate for i, _ in whole), tuple(ms(heard[j] - at[i], rate) for i, j in whole),
                    max(len(at) - lost, len(whole)))  # fmt: skip
    return pairs, delays


def torn(take: Take, first: float, last: float) -> bool:
    """Frames are missing between sending and hearing, or just before (the block before a gap may be lost too)."""
    margin = 0.02 * take.rate
    return any(gap <= last + margin and end >= first - margin for gap, end in take.gaps)


def doubt_of(delays: Delays, limit_ms: float, what: str) -> str:
    """Why a result is not to be trusted; "" if it is."""
    if delays.share < _SHARE:
        return (f"only {delays.heard} of {delays.sent} {what} came back: look for loose cables, levels that are too "
                "low, and other sounds on the input")
    if delays.error_ms > limit_ms:
        low, high = delays.median_range_ms
        return (f"the delays scatter: their median is only known to lie between {low:.2f} and {high:.2f} ms; look for "
                "other sounds or messages, a driver with large periods, or a synth that is overloaded")
    return ""


def _heard(loud: Levels, found: int, sent: int) -> str:
    return (f"the input's peak is {loud.peak_dbfs:.0f} dBFS, its quiet moments {loud.floor_dbfs:.0f} dBFS, and of "
            f"{found} sounds in it too few fit the {sent} that were asked for")


def _why_silent(loud: Levels) -> str:
    if loud.peak_dbfs < _QUIET_DBFS:
        return "That is as good as silence: turn the input or the sender up."
    return ""

