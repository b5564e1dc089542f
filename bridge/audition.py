"""Instruments tried out: a short phrase that suits the family, through the instrument's own place in a mix."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.rig import alone
from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.registry import find_instrument, make_instrument, placement
from instruments.tuned import Tuned
from instruments.tuning import Tuning

BPM = 100.0
PEAK = 10 ** (-3 / 20)
"""Every phrase is brought to this peak: patches are auditioned for their sound, not their level."""
_BLOCK = 1024
_LONGEST_TAIL_S = 6.0
_SILENT = 10 ** (-66 / 20)


class Played(NamedTuple):
    """A note of a phrase: start and length in beats, MIDI key, velocity, cents above the key."""

    beat: float
    beats: float
    key: int
    velocity: float
    cents: float = 0.0


def _chord(beat: float, beats: float, keys: Sequence[int], velocity: float) -> list[Played]:
    return [Played(beat, beats, key, velocity) for key in keys]


def _melody(shift: int, long: Sequence[int]) -> list[Played]:
    """A rising line that ends high and soft, then an answer at three loudnesses, then a chord (or a long note)."""
    line = [(0, 0.5, 60, 84), (0.5, 0.5, 64, 76), (1, 0.5, 67, 88), (1.5, 0.5, 71, 80), (2, 1, 74, 96),
            (3, 0.5, 72, 70), (3.5, 0.5, 67, 58), (4, 0.5, 69, 50), (4.5, 0.5, 65, 72),
            (5, 0.5, 62, 96), (5.5, 0.5, 59, 118)]
    return [Played(b, 0.95 * n, k + shift, v) for b, n, k, v in line] + _chord(6, 2.5, [k + shift for k in long], 82)


def _slow(shift: int) -> list[Played]:
    chords = ((0, (48, 60, 64, 71), 64), (3, (45, 60, 64, 67), 84), (6, (41, 57, 60, 64, 67), 100))
    return [note for beat, keys, v in chords for note in _chord(beat, 2.9, [k + shift for k in keys], v)]


def _bass() -> list[Played]:
    line = [(0, 36, 96), (1, 40, 84), (2, 43, 90), (2.5, 45, 70), (3, 46, 100), (4, 45, 84), (4.5, 43, 70), (5, 40, 96),
            (5.5, 38, 76)]
    return [Played(b, 0.9 if b == int(b) else 0.4, k, v) for b, k, v in line] + [Played(6, 2.5, 36, 112)]


def _groove() -> list[Played]:
    """A bar of eighths, a bar that opens the hat, a fill over the toms, a crash; General MIDI keys."""
    hits = [(b / 2, 42, (88, 56)[b % 2]) for b in range(13)] + [(6.5, 46, 84)]
    hits += [(b, 36, 108) for b in (0, 2.5, 4, 5.5)] + [(b, 38, 100) for b in (1, 3, 5)]
    hits += [(3.75, 38, 36), (4.75, 38, 40)]
    hits += [(6, 50, 90), (6.25, 48, 84), (6.75, 47, 92), (7, 45, 96), (7.25, 43, 88), (7.5, 43, 104), (8, 49, 112),
             (8, 36, 112), (9, 51, 90), (9.5, 51, 60), (10, 53, 84), (10.5, 37, 90), (11, 39, 90)]
    return [Played(beat, 0.2, key, velocity) for beat, key, velocity in sorted(hits)]


def phrase(family: str) -> list[Played]:
    """What to play on an instrument of a family ("keys", "bass", "drums", ...), in order."""
    match family:
        case "drums":
            return _groove()
        case "percussion":  # kettledrums and the like, which have a pitch
            return _melody(-12, [48])
        case "bass":
            return _bass()
        case "pad" | "strings" | "choir" | "effects":
            return _slow(0)
        case "lead" | "reed" | "pipe" | "brass" | "winds":
            return _melody(0, [67])
        case "mallets" | "bells":
            return _melody(12, [48, 64, 67])
        case _:
            return _melody(0, [48, 60, 64, 71])


def audition(name: str, rate: int = 48_000, tuning: Tuning | None = None) -> AudioBlock:
    """The phrase with its tail, (2, frames), peak at PEAK. Renders for up to some seconds. Raises InstrumentError."""
    return render(name, phrase(find_instrument(name).family), rate, tuning)


def render(name: str, notes: Sequence[Played], rate: int = 48_000, tuning: Tuning | None = None) -> AudioBlock:
    """Any notes (one at least) on an instrument, with their tail, (2, frames), peak at PEAK. Raises InstrumentError."""
    per_beat = 60 * rate / BPM
    events = [FrameEvent(round(n.beat * per_beat), Kind.ON, 0, n.key, n.velocity, n.cents) for n in notes]
    events += [FrameEvent(round((n.beat + n.beats) * per_beat), Kind.OFF, 0, n.key, 64.0) for n in notes]
    events.sort(key=lambda e: (e.offset, e.kind))
    instrument = make_instrument(name, tempo=BPM, offline=True)
    if tuning is not None:
        instrument = Tuned(instrument, tuning)
    gain_db, pan, send_db = placement(name)
    console = alone(name, instrument, rate, _BLOCK, gain_db=gain_db, pan=pan, send_db=send_db)
    with closing(console):
        blocks: list[AudioBlock] = []
        frame, last, at = 0, events[-1].offset, 0
        while True:
            due = []
            while at < len(events) and events[at].offset < frame + _BLOCK:
                due.append(events[at]._replace(offset=events[at].offset - frame))
                at += 1
            blocks.append(console.process([due], _BLOCK, Transport(frame, frame / per_beat, BPM, playing=True)).copy())
            frame += _BLOCK
            over = frame - last
            if over > _LONGEST_TAIL_S * rate or (over > 0.3 * rate and np.abs(blocks[-1]).max() < _SILENT):
                break
        whole = np.concatenate(blocks, axis=1)[:, console.latency:]
    peak = float(np.abs(whole).max())
    return np.ascontiguousarray(whole * (PEAK / peak) if peak > 1e-6 else whole, dtype=np.float32)


class Take(NamedTuple):
    """A look at an instrument: mono audio of shape (frames,), its rate, and what was played."""

    audio: NDArray[np.float32]
    rate: int
    what: str
    drums: bool


def take(name: str, seconds: float = 3.0, rate: int = 48_000) -> Take:
    """A single note, dry, let go after two thirds (C2 for basses, C3 for percussion, C4 else); or a kit's pieces.

    The audio is as loud as the instrument is. Raises InstrumentError.
    """
    family = find_instrument(name).family
    frames = round(seconds * rate)
    drums = family == "drums"
    if drums:
        keys, what = (36, 38, 42, 46, 43, 50, 49, 51), "kick, snare, hats, toms, crash, ride"
        events = [FrameEvent(round(i * frames / len(keys)), Kind.ON, 0, key, 105.0) for i, key in enumerate(keys)]
    else:
        key = {"bass": 36, "percussion": 48}.get(family, 60)
        what = f"C{key // 12 - 1}, velocity 100"
        events = [FrameEvent(0, Kind.ON, 0, key, 100.0), FrameEvent(frames * 2 // 3, Kind.OFF, 0, key, 64.0)]
    instrument = make_instrument(name, tempo=BPM, offline=True)
    with closing(instrument):
        instrument.prepare(rate, frames)
        out = np.zeros((2, frames), np.float32)
        instrument.process(events, out, Transport())
    return Take(out.mean(axis=0), rate, what, drums)
