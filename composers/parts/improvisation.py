"""Improvised choruses: phrases with rests between them, ideas that come again, lines that lead into the changes.

Around a tonic of C. Phrase lengths, rests, contour, densities, devices: Weimar Jazz Database, see MUSIC's tables. A
style says how a beat is divided; how many notes a bar that makes falls with the tempo it is for: 13.7 in ballads, 6.8
at 120 to 160 beats a minute, 5.1 above 200.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import pi, sin

from composers.dice import Dice, dice
from composers.harmony import mask
from composers.parts.lead import EIGHTH, Compass, Rhythm, compass, dynamics, one_voice
from composers.parts.lines import SOLO, Moves, groups, line, settle, slots
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS

_BEATS: dict[str, tuple[int, ...]] = {
    "eighths": (0, 6), "quarter": (0,), "off": (6,), "triplet": (0, 4, 8), "sixteenths": (0, 3, 6, 9),
    "gallop": (0, 6, 9), "tied": (), "sextuplet": (0, 2, 4, 6, 8, 10),
}  # fmt: skip
_HOT = ("triplet", "sixteenths", "gallop", "sextuplet")
"""What comes with energy and density."""
_BLUES_SCALE = mask((0, 3, 5, 6, 7, 10))


@dataclass(frozen=True, slots=True)
class SoloStyle:
    """How a soloist thinks.

    textures  kinds of phrases: how a beat is divided in them, names of _BEATS with weights
    weights   of the textures at energy 0 and at energy 1, in their order
    phrases   (beats, weight): how long they last
    rests     (steps, weight): silence between them at energy .6
    blue      share of the phrases over a blues that take its scale over every chord
    again     share of phrases that take up the idea before: its rhythm, its shapes, on new chords
    rise      semitones that a phrase's arch is high
    level     velocity at energy 0, and what energy 1 adds
    """

    textures: Mapping[str, Mapping[str, float]]
    weights: tuple[tuple[float, ...], tuple[float, ...]]
    phrases: Sequence[tuple[int, float]] = (
        (2, 0.07), (3, 0.11), (4, 0.14), (5, 0.1), (6, 0.18), (8, 0.2), (10, 0.12), (12, 0.08),
    )  # fmt: skip
    rests: Sequence[tuple[int, float]] = field(
        default=((9, 0.18), (12, 0.26), (18, 0.27), (24, 0.17), (30, 0.08), (42, 0.04))
    )
    blue: float = 0.3
    again: float = 0.28
    rise: float = 3.0
    level: tuple[float, float] = (76.0, 18.0)


MEDIUM = SoloStyle(
    {
        "line": {"eighths": 0.62, "quarter": 0.04, "off": 0.04, "triplet": 0.11, "sixteenths": 0.1, "gallop": 0.06,
                 "tied": 0.02},
        "song": {"eighths": 0.42, "quarter": 0.2, "off": 0.15, "triplet": 0.09, "gallop": 0.04, "tied": 0.1},
        "rhythm": {"eighths": 0.3, "quarter": 0.16, "off": 0.26, "triplet": 0.04, "sixteenths": 0.02, "gallop": 0.04,
                   "tied": 0.14},
    },
    ((0.35, 0.55, 0.2), (0.85, 0.2, 0.2)),
)  # fmt: skip
UP = SoloStyle(
    {
        "line": {"eighths": 0.86, "quarter": 0.05, "off": 0.04, "triplet": 0.03, "tied": 0.02},
        "song": {"eighths": 0.4, "quarter": 0.25, "off": 0.16, "tied": 0.18},
        "rhythm": {"eighths": 0.3, "quarter": 0.2, "off": 0.26, "tied": 0.22},
    },
    ((0.5, 0.5, 0.2), (0.9, 0.2, 0.15)),
    phrases=((3, 0.07), (4, 0.12), (6, 0.18), (8, 0.22), (10, 0.16), (12, 0.15), (16, 0.1)),
    rests=((12, 0.14), (18, 0.24), (24, 0.24), (30, 0.16), (36, 0.12), (48, 0.1)),
    rise=3.5, level=(78.0, 18.0),
)  # fmt: skip
BALLAD = SoloStyle(
    {
        "line": {"sixteenths": 0.74, "sextuplet": 0.09, "eighths": 0.05, "gallop": 0.07, "triplet": 0.05},
        "song": {"eighths": 0.3, "quarter": 0.12, "gallop": 0.18, "triplet": 0.15, "off": 0.05, "tied": 0.07,
                 "sixteenths": 0.16},
        "rhythm": {"triplet": 0.3, "gallop": 0.3, "eighths": 0.2, "off": 0.1, "quarter": 0.1},
    },
    ((0.7, 0.4, 0.12), (0.95, 0.15, 0.1)),
    phrases=((2, 0.16), (3, 0.27), (4, 0.27), (5, 0.16), (6, 0.14)),
    rests=((6, 0.34), (9, 0.3), (12, 0.22), (18, 0.1), (24, 0.04)),
    rise=3.5, level=(62.0, 18.0),
)  # fmt: skip
BOSSA = SoloStyle(
    {
        "line": {"eighths": 0.7, "sixteenths": 0.1, "off": 0.1, "quarter": 0.06, "gallop": 0.04},
        "song": {"eighths": 0.38, "quarter": 0.2, "off": 0.26, "tied": 0.12, "gallop": 0.04},
        "rhythm": {"off": 0.36, "eighths": 0.34, "quarter": 0.12, "tied": 0.18},
    },
    ((0.4, 0.5, 0.3), (0.8, 0.25, 0.25)), blue=0.1, level=(70.0, 16.0),
)  # fmt: skip
WALTZ = SoloStyle(
    MEDIUM.textures, ((0.4, 0.55, 0.2), (0.85, 0.25, 0.2)),
    phrases=((2, 0.08), (3, 0.17), (4, 0.12), (5, 0.12), (6, 0.22), (8, 0.13), (9, 0.12), (12, 0.08)),
)  # fmt: skip


def solo(passage: Passage, style: SoloStyle, keys: Compass | None = None) -> list[Event]:
    """The improvisation of a passage: one voice, sorted, nothing overlapping. `keys`: None for the lead's own."""
    keys = keys or compass(passage)
    draw = dice(passage.seed, "solo", *passage.identity).at(passage.temperature)
    events: list[Event] = []
    at = draw.weighted((0, 6, 12, 18, 24, 30), (0.15, 0.3, 0.12, 0.23, 0.1, 0.1))
    motif: tuple[Rhythm, list[Moves]] | None = None
    before = round(keys.centre + draw.between(-5, 2))
    limit = passage.steps - draw.weighted((0, 6, 12, 24), (0.25, 0.25, 0.3, 0.2))
    thin = 4.0 ** (0.5 - passage.density)
    while at < limit - STEPS:
        bar = at // passage.bar_steps
        if passage.drums_alone(bar):
            at = (bar // 4 + 1) * 4 * passage.bar_steps
            motif = None
            continue
        end = limit
        if passage.role == "trade":
            end = min(limit, (bar // 4 + 1) * 4 * passage.bar_steps - EIGHTH)
        energy = passage.energy_at(bar)
        rhythm, shapes = _idea(passage, style, at, end, energy, motif, draw)
        if not rhythm:
            break
        place = at / passage.steps
        centre = keys.centre + 6.5 * (energy - 0.6) + 2.0 * sin(pi * place)
        if passage.name != "A" or draw.chance(0.7):
            before = _near(before, centre, keys)
        found, used = _improvised(passage, style, keys, rhythm, shapes, before, centre, energy, draw)
        events += found
        if motif is None or draw.chance(0.6):
            motif = (rhythm, used)
        before = found[-1].pitch
        rest = draw.weighted([r for r, _ in style.rests], [w for _, w in style.rests])
        at = rhythm[-1][0] + rhythm[-1][1] + round(rest * (1.2 - 0.55 * energy) * thin / 3) * 3
        at = -(-at // EIGHTH) * EIGHTH
    return one_voice(events, passage.steps)


def _near(key: int, centre: float, keys: Compass) -> int:
    """A new phrase starts part of the way back to the middle."""
    return round(max(keys.low + 2.0, min(keys.high - 4.0, key + 0.5 * (centre - key))))


def _idea(
    passage: Passage, style: SoloStyle, at: int, end: int, energy: float,
    motif: tuple[Rhythm, list[Moves]] | None, draw: Dice,
) -> tuple[Rhythm, Sequence[Moves]]:  # fmt: skip
    """The rhythm of the next phrase: an earlier one again on its place in the beat, or a new one."""
    if motif is not None and draw.chance(style.again if passage.beats < 5 else 2.0 * style.again):
        old, shapes = motif
        shift = -(-(at - old[0][0]) // (2 * STEPS)) * 2 * STEPS
        again = [(step + shift, length) for step, length in old if step + shift + length <= end][:10]
        if len(again) >= min(3, len(old)):
            return again, shapes
    lengths = [w * 1.25 ** ((energy - 0.5) * b) for b, w in style.phrases]
    beats = draw.weighted([b for b, _ in style.phrases], lengths)
    cool, hot = style.weights
    weights = [max(0.02, c + (h - c) * energy) for c, h in zip(cool, hot, strict=True)]
    texture = style.textures[draw.weighted(tuple(style.textures), weights)]
    return _rhythm(at, min(end, at + beats * STEPS), texture, passage, energy, draw), ()


def _rhythm(at: int, end: int, texture: Mapping[str, float], passage: Passage, energy: float, draw: Dice) -> Rhythm:
    lively = (0.4 + 1.3 * energy) * 4.0 ** (passage.density - 0.5)
    names = tuple(texture)
    weights = [texture[name] * (lively if name in _HOT else 1.0) for name in names]
    onsets: list[int] = []
    beat = at // STEPS * STEPS
    while beat < end:
        name = draw.weighted(names, weights)
        if name in ("off", "tied") and onsets and onsets[-1] < beat - EIGHTH:
            name = "eighths"
        onsets += [beat + offset for offset in _BEATS[name] if at <= beat + offset < end]
        beat += STEPS
    rhythm = []
    for index, step in enumerate(onsets):
        gap = onsets[index + 1] - step if index + 1 < len(onsets) else draw.one_of((5, 6, 12, 12, 18))
        rhythm.append((step, min(gap, 2 * STEPS)))
    if rhythm:
        step, length = rhythm[-1]
        rhythm[-1] = (step, max(3, min(length, end + STEPS - step)))
    return rhythm


def _improvised(
    passage: Passage, style: SoloStyle, keys: Compass, rhythm: Rhythm, shapes: Sequence[Moves], before: int,
    centre: float, energy: float, draw: Dice,
) -> tuple[list[Event], list[Moves]]:  # fmt: skip
    found = slots(passage, rhythm)
    if passage.blues and draw.chance(style.blue):
        blue = {slot.region: slot.region._replace(scale=_BLUES_SCALE | slot.region.tones) for slot in found}
        found = [slot._replace(region=blue[slot.region]) for slot in found]
    gathered = groups(passage, found)
    count = len(gathered)
    rise = style.rise * (1.0 + energy)
    fall = draw.weighted((-3.0, 0.0, 2.0), (0.53, 0.3, 0.17))  # half of all phrases end lower than they began
    contour = [centre + rise * sin(pi * min(1.0, (i + 0.5) / count)) * 0.8 + fall * i / count for i in range(count)]
    home = 0b10001001 if passage.minor else 0b10010001
    thought = SOLO._replace(low=keys.low, high=keys.high, home=home, homely=1.2)
    pitches, used = line(gathered, before, contour, thought, draw, shapes)
    if len(pitches) > 1:
        pitches[-1] = settle(pitches[-1], found[-1].region, pitches[-2], thought, draw)
    level, lift = style.level
    return dynamics(rhythm, pitches, level + lift * energy, draw), used
