"""The 808 as a bass: long tuned booms on the kick, cut by the next, gliding by an octave or a fifth now and then.

Practice: MIDI 24 to 36 sounds best, length to the next kick, glides of 60 to 120 ms on 10 to 20 % of the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.bass_groove import KICKS
from composers.parts.passage import Event, Listening, Passage, Turn, Written

_ALONE = (0, 18, 30)
"""Steps of a bar where there are no drums to follow."""
_GLIDES = ((12, 0.5), (7, 0.2), (-5, 0.15), (-12, 0.15))


@dataclass(frozen=True, slots=True)
class BoomStyle:
    """How an 808 plays.

    low, high  keys as they sound, whatever the piece's: an octave in which every root has its place
    every      share of the kicks that it follows, at density 0.5
    glides     share of notes of a beat and more that glide
    glide_ms   how long that takes
    octaves    share of notes an octave higher
    fifths     share of notes on the fifth
    """

    low: int = 25
    high: int = 36
    every: float = 0.8
    glides: float = 0.16
    glide_ms: float = 90.0
    octaves: float = 0.08
    fifths: float = 0.06
    velocity: float = 104.0


def eight_o_eight(passage: Passage, listening: Listening, style: BoomStyle) -> Written:
    """The bass of a passage, one voice, keys as they sound; turns are bends in semitones, taken back before the next.
    """
    if passage.role in ("intro", "breakdown") and passage.energy < 0.45:
        return Written()
    if passage.role == "ending":
        final = passage.regions[-1]
        key = _low(final.root + passage.tonic, style)
        return Written([Event(final.start, final.end - final.start, key, style.velocity)])
    onsets = _onsets(passage, listening.get("drums", ()), style)
    events: list[Event] = []
    turns: list[Turn] = []
    reach = passage.bends.get("bass", 2.0)
    for index, step in enumerate(onsets):
        until = onsets[index + 1] if index + 1 < len(onsets) else passage.steps
        region = passage.at(step)
        draw = _draw(passage, step)
        key = _pitch(region.root + passage.tonic, step == region.start or step % passage.bar_steps == 0, draw, style)
        length = max(3, min(until - step, 8 * STEPS) - 1)
        events.append(Event(step, length, key, style.velocity + 10.0 * (passage.energy - 0.5)))
        if length >= STEPS and index + 1 < len(onsets):
            turns += _glide(passage, step, length, draw, style, reach)
    return Written(events, turns)


def _draw(passage: Passage, step: int) -> Dice:
    """What a note does is the pattern's: the same in every fourth bar, and wherever this section comes again."""
    return dice(passage.seed, "808", *passage.material, step % (4 * passage.bar_steps))


def _onsets(passage: Passage, drums: Sequence[Event], style: BoomStyle) -> list[int]:
    """On the kicks, with the first of each bar and of each chord; where none is heard, on its own."""
    kicks = sorted({e.step for e in drums if e.pitch in KICKS and e.velocity >= 55})
    if not drums:
        kicks = [bar * passage.bar_steps + step for bar in range(passage.bars) for step in _ALONE
                 if step < passage.bar_steps]  # fmt: skip
    starts = {region.start for region in passage.regions}
    wanted = min(1.0, style.every * passage.lively(0) / 1.04)
    found: list[int] = []
    for step in kicks:
        near = found and step - found[-1] < STEPS // 2
        first = step in starts or step % passage.bar_steps == 0
        if near and not first:
            continue
        if first or _draw(passage, step).chance(wanted):
            if near:
                found.pop()
            found.append(step)
    return found


def _low(pitch_class: int, style: BoomStyle) -> int:
    return style.low + (pitch_class - style.low) % 12


def _pitch(root: int, first: bool, draw: Dice, style: BoomStyle) -> int:
    """The root; away from the chord's first note now and then its octave or fifth."""
    key = _low(root, style)
    roll = draw.random()
    if first:
        return key
    if roll < style.octaves:
        return key + 12
    if roll < style.octaves + style.fifths:
        return key + 7 if key + 7 <= style.high + 7 else key - 5
    return key


def _glide(
    passage: Passage, step: int, length: int, draw: Dice, style: BoomStyle, reach: float
) -> list[Turn]:
    """A bend at the end of a note, by what the receiver's bend range allows; it is taken back before the next."""
    if not draw.chance(style.glides * (0.6 + 0.8 * passage.complexity)):
        return []
    wanted = draw.weighted([by for by, _ in _GLIDES], [weight for _, weight in _GLIDES])
    if abs(wanted) > reach:
        return []  # half a glide is a wrong note
    by = float(wanted)
    over = max(1, min(length // 2, round(style.glide_ms * passage.tempo * STEPS / 60_000)))
    start = step + length - over - min(STEPS // 2, length // 4)
    return [Turn(start, over, "bend", 0, by, 0.0), Turn(step + length, 0, "bend", 0, 0.0)]
