"""Guitar riffs: one figure a piece, kept and developed. Absolute keys, low on the neck.

A riff is a rhythm over the meter's felt groups and a path through the notes that the key's scale has for guitars
(pentatonic, with the blue fifth in passing). It moves with the chords, is answered in every fourth bar, and comes back.
What kinds there are is common teaching: lines with rests, palm-muted pedals under accents, stabs of power chords,
octaves. Rhythms are drawn over felt beats, so that 5/4 is 3 + 2 and 7/8 is 2 + 2 + 3 of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.harmony import Region
from composers.parts.passage import Event, Listening, Passage, Written
from composers.pulse import STEPS, Pulse

EIGHTH = STEPS // 2
LOWEST, HIGHEST = 40, 84
_MUTED = 68.0
_OPEN = 98.0
_MINOR_PATH, _MAJOR_PATH = (0, 3, 5, 7, 10), (0, 2, 4, 7, 9)
_MIXED_PATH = (0, 4, 5, 7, 10)
_CELLS: Mapping[int, tuple[tuple[tuple[int, ...], float], ...]] = {
    12: (((0,), 2.4), ((0, 6), 3.0), ((6,), 1.2), ((0, 9), 1.0), ((0, 3, 6), 0.6), ((0, 6, 9), 1.0), ((3, 6), 0.4),
         ((9,), 0.5), ((), 0.7)),
    18: (((0,), 1.6), ((0, 12), 2.4), ((0, 6, 12), 2.0), ((6, 12), 1.0), ((0, 6), 1.0), ((0, 12, 15), 0.5), ((), 0.5)),
}  # fmt: skip
"""Onsets within a felt beat of two eighths, and of three, in steps; with their weights."""
_SWUNG = (((0,), 2.0), ((0, 6), 3.4), ((6,), 1.4), ((), 0.7))
_FULLNESS = {"stabs": (0.38, 0.7), "pedal": (0.3, 0.7)}
"""Least and most onsets of a bar, against its eighths."""
_STEPS_OF_LINE = ((-1, 0.3), (1, 0.3), (0, 0.14), (2, 0.08), (-2, 0.1), (3, 0.04), (-3, 0.04))


class Note(NamedTuple):
    """A note of a riff. degree: steps along its path from the root, 0 the root; accent 0..1."""

    step: int
    length: int
    degree: int
    accent: float
    muted: bool
    blue: bool = False


@dataclass(frozen=True, slots=True)
class RiffStyle:
    """How a style riffs.

    kinds     "line", "pedal", "stabs", "octaves" with weights
    roles     sections in which the riff is played, with the share of seeds in which it is
    answers   sections in which it answers in the last bars of a phrase, with the same
    blue      chance of a blue fifth in passing, in minor paths
    bars      lengths of the figure with weights
    swung     eighths only
    major     path over a major key: "major" or "mixed" (third, fourth, fifth, seventh)
    """

    kinds: Mapping[str, float]
    roles: Mapping[str, float]
    answers: Mapping[str, float] = field(default_factory=dict)
    blue: float = 0.0
    bars: Mapping[int, float] = field(default_factory=lambda: {1: 0.4, 2: 0.6})
    swung: bool = False
    major: str = "major"


class Riff(NamedTuple):
    """The figure: the notes of its bars, one or two, and of the answer that ends a phrase."""

    kind: str
    bars: tuple[tuple[Note, ...], ...]
    answer: tuple[Note, ...]


def riff(passage: Passage, listening: Listening, style: RiffStyle) -> Written:
    """The riff of a passage, or its answers, or rests, by the section's role."""
    return Written(tuple(_riffed(passage, style)))


def plays(passage: Passage, style: RiffStyle) -> bool:
    """Whether the riff carries this section, so that other guitars leave it room or double it."""
    share = style.roles.get(passage.role, 0.0)
    return share > 0.0 and dice(passage.seed, "riff here", *passage.material).chance(share)


def answers(passage: Passage, style: RiffStyle) -> bool:
    share = 0.0 if plays(passage, style) else style.answers.get(passage.role, 0.0)
    return share > 0.0 and dice(passage.seed, "riff answers", *passage.material).chance(share)


def _riffed(passage: Passage, style: RiffStyle) -> list[Event]:
    if passage.role == "ending":
        return []
    full = plays(passage, style)
    if not full and not answers(passage, style):
        return []
    figure = figure_of(passage.seed, passage.pulse, style)
    events: list[Event] = []
    for bar in range(passage.bars):
        within = bar % 4
        if full:
            last = within == 3 and passage.bars >= 4
            notes = figure.answer if last else figure.bars[bar % len(figure.bars)]
        elif within == 3:
            notes = figure.answer
        else:
            continue
        start = 0 if full else passage.pulse.steps // 2
        events += _sounded(passage, figure, [n for n in notes if n.step >= start], bar, style)
    return events


@lru_cache(maxsize=128)
def _figure(seed: int, pulse: Pulse, kinds: tuple[tuple[str, float], ...], bars: tuple[tuple[int, float], ...],
            swung: bool, blue: float) -> Riff:  # fmt: skip
    draw = dice(seed, "riff")
    kind = draw.weighted([k for k, _ in kinds], [w for _, w in kinds])
    count = draw.weighted([b for b, _ in bars], [w for _, w in bars])
    rhythm = _rhythm(pulse, draw, kind, swung)
    first = _pitched(pulse, rhythm, kind, draw, blue)
    rows = [first]
    if count > 1:  # the second bar begins as the first, and goes elsewhere
        rows.append(_other_end(pulse, first, kind, draw, blue, swung))
    answer = _other_end(pulse, first, kind, draw, blue, swung, leads=True)
    return Riff(kind, tuple(tuple(row) for row in rows), tuple(answer))


def figure_of(seed: int, pulse: Pulse, style: RiffStyle) -> Riff:
    """The piece's riff."""
    return _figure(seed, pulse, tuple(style.kinds.items()), tuple(style.bars.items()), style.swung, style.blue)


def _rhythm(pulse: Pulse, draw: Dice, kind: str, swung: bool) -> list[int]:
    """Onsets of a bar. The downbeat is nearly always struck; something is left out for the snare."""
    lengths = [b - a for a, b in zip(pulse.beats, (*pulse.beats[1:], pulse.steps), strict=True)]
    found: list[int] = []
    for _ in range(24):
        found = []
        for start, length in zip(pulse.beats, lengths, strict=True):
            cells = _SWUNG if swung and length == STEPS else _CELLS.get(length, _CELLS[12])
            cell = draw.weighted([c for c, _ in cells], [w for _, w in cells])
            found += [start + at for at in cell if at < length]
        if found and found[0] != 0 and draw.chance(0.9):
            found.insert(0, 0)
        eighths = pulse.steps / EIGHTH
        syncopated = any(step % STEPS for step in found)
        low, high = _FULLNESS.get(kind, (0.45, 0.9))
        if low * eighths <= len(found) <= high * eighths and syncopated:
            break
    return sorted(set(found))


def _pitched(pulse: Pulse, rhythm: Sequence[int], kind: str, draw: Dice, blue: float) -> list[Note]:
    if kind == "pedal":
        return _pedal(pulse, rhythm, draw)
    ends = [*rhythm[1:], pulse.steps]
    degree = 0
    notes: list[Note] = []
    for index, (step, end) in enumerate(zip(rhythm, ends, strict=True)):
        strong = pulse.is_strong(step)
        if index == 0 or (strong and draw.chance(0.5)):
            degree = 0 if kind != "stabs" or index == 0 else draw.one_of((0, 0, 1, 2))
        else:
            moves, weights = zip(*_STEPS_OF_LINE, strict=True)
            degree += draw.weighted(moves, weights)
            if not -2 <= degree <= 5:
                degree = draw.one_of((0, 1, 2))
        if index and index == len(rhythm) - 1:
            degree = draw.one_of((-1, 1, 1, 2, 0))
        held = end - step
        longest = draw.one_of((6, 9, 12, 18))
        length = min(held, longest) if kind != "stabs" else min(held, draw.one_of((3, 6, 12, 18)))
        muted = kind == "line" and held <= 6 and not strong and draw.chance(0.25)
        passing = blue > 0.0 and degree == 2 and notes and not strong and held <= 6 and draw.chance(blue)
        notes.append(Note(step, length, degree, 0.8 if strong else 0.55, muted, bool(passing)))
    return notes


def _pedal(pulse: Pulse, rhythm: Sequence[int], draw: Dice) -> list[Note]:
    """Muted roots on all eighths; accents, open and higher, where the rhythm is syncopated."""
    off = [step for step in rhythm if step % STEPS] or [EIGHTH]
    accents = set(off[:: 1 if len(off) <= 3 else 2])
    degree = draw.one_of((1, 2, 3))
    notes = []
    for step in range(0, pulse.steps, EIGHTH):
        if step in accents:
            notes.append(Note(step, EIGHTH, degree, 1.0, False))
            degree = max(1, min(5, degree + draw.one_of((-1, -1, 1, 1, 0))))
        else:
            notes.append(Note(step, EIGHTH, 0, 0.5 if pulse.is_strong(step) else 0.3, True))
    return notes


def _other_end(
    pulse: Pulse, first: Sequence[Note], kind: str, draw: Dice, blue: float, swung: bool, *, leads: bool = False
) -> list[Note]:
    """The same beginning with another second half; `leads`: towards the root of the next bar, by step."""
    beats = [b for b in pulse.beats if b >= pulse.steps * 0.45]
    half = beats[0] if beats else pulse.steps // 2
    kept = [n._replace(length=min(n.length, half - n.step)) for n in first if n.step < half]
    for _ in range(8):
        rest = [n for n in _pitched(pulse, _rhythm(pulse, draw, kind, swung), kind, draw, blue) if n.step >= half]
        if rest and rest != [n for n in first if n.step >= half]:
            break
    if leads and rest and kind != "pedal":
        last = rest[-1]
        rest[-1] = last._replace(degree=draw.one_of((-1, 1)), muted=False)
        if len(rest) > 1:
            rest[-2] = rest[-2]._replace(degree=rest[-1].degree * 2)
    return [*kept, *rest]


def _sounded(passage: Passage, figure: Riff, notes: Sequence[Note], bar: int, style: RiffStyle) -> list[Event]:
    """Degrees as keys over the chords of a bar."""
    lane = passage.lane("riff", LOWEST, HIGHEST)
    base = lane.low + (passage.tonic - lane.low) % 12
    first = bar * passage.pulse.steps
    energy = passage.energy_at(bar)
    events: list[Event] = []
    for note in notes:
        step = first + note.step
        region = passage.at(step)
        key = _key(passage, region, note, style, base)
        while key < lane.low:
            key += 12
        loud = (_MUTED if note.muted else _OPEN - 26.0 + 26.0 * note.accent) + 24.0 * (energy - 0.6)
        length = max(2, min(note.length, EIGHTH // 2 + 1)) if note.muted else note.length
        if step + length > region.end and passage.at(region.end).root != region.root and length > EIGHTH:
            length = max(EIGHTH, region.end - step)
        events.append(Event(step, length, key, loud))
        if figure.kind == "octaves" and key + 12 <= lane.high:
            events.append(Event(step, length, key + 12, loud - 6.0))
        elif figure.kind == "stabs" or (figure.kind == "pedal" and not note.muted):
            fifth = next((key + i for i in (7, 6, 8) if passage.scale >> (key + i - passage.tonic) % 12 & 1), key + 7)
            events.append(Event(step, length, fifth, loud - 4.0))
    return events


def _key(passage: Passage, region: Region, note: Note, style: RiffStyle, base: int) -> int:
    """A degree over a chord: along the pentatonic of the chord's own kind, kept within the key."""
    root = region.root if region.root <= 7 else region.root - 12
    third_minor = bool(region.tones >> (region.root + 3) % 12 & 1)
    path = _path(passage, third_minor, style)
    octave, index = divmod(note.degree, len(path))
    offset = 12 * octave + path[index]
    if note.blue and third_minor:
        offset = 12 * octave + 6
        return base + root + offset
    return base + root + _in_key(region, offset, blue=style.major == "mixed")


def _path(passage: Passage, minor: bool, style: RiffStyle) -> tuple[int, ...]:
    if minor:
        return _MINOR_PATH
    return _MIXED_PATH if style.major == "mixed" else _MAJOR_PATH


def _in_key(region: Region, offset: int, *, blue: bool) -> int:
    """The nearest note of the chord's scale within the key to `offset` above the chord's root; `blue`: a seventh is
    minor whatever the key says."""
    if blue and offset % 12 == 10 and not region.tones >> (region.root + 11) % 12 & 1:
        return offset
    allowed = region.tones | region.scale
    for away in (0, -1, 1, -2, 2):
        if allowed >> (region.root + offset + away) % 12 & 1:
            return offset + away
    return offset


def accents(events: Sequence[Event]) -> tuple[int, ...]:
    """The steps on which a riff strikes hard: where kick and bass join in."""
    if not events:
        return ()
    loudest = max(e.velocity for e in events)
    return tuple(sorted({e.step for e in events if e.velocity >= loudest - 16.0}))
