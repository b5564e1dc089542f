"""Every violation of the rules of a species in a counterpoint: bar, beat, rule, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from composers.errors import MusicError
from composers.theory.counterpoint.judgement import TENTH, Broken, Frame, Key, goes_on_raised, key_of, newly_broken
from composers.theory.counterpoint.lines import BAR, Counterpoint, Slot
from composers.theory.counterpoint.rules import RULES, Rule


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of counterpoint that is broken at a place. bar and beat count from 1, a beat being a quarter."""

    rule: Rule
    bar: int
    beat: float
    detail: str

    def __str__(self) -> str:
        return f"bar {self.bar}, beat {self.beat:g}: {self.rule.name}, {self.detail} [{self.rule.source}]"


def check(counterpoint: Counterpoint) -> tuple[Violation, ...]:
    """All that a counterpoint breaks, in order of time. Raises MusicError for no tones or an unknown species."""
    tones = counterpoint.tones
    if counterpoint.species not in (1, 2, 3, 4, 5):
        raise MusicError(f"species {counterpoint.species} is none: give 1 to 5")
    if not tones:
        raise MusicError("a counterpoint without tones: write one for each note of the cantus, or more")
    bars = len(counterpoint.cantus.pitches)
    if tones[-1].slot.bar >= bars:
        raise MusicError(
            f"the counterpoint goes on in bar {tones[-1].slot.bar + 1} and the cantus has {bars} bars: end with it"
        )
    frame = Frame.of(counterpoint.cantus, counterpoint.species, counterpoint.above)
    slots = [t.slot for t in tones]
    line = [key_of(t.pitch) for t in tones]
    found: dict[Broken, None] = {}
    for end in range(1, len(line) + 1):
        found.update(dict.fromkeys(newly_broken(frame, slots[:end], line[:end])))
    found.update(dict.fromkeys(of_the_whole(frame, slots, line)))
    found.update(dict.fromkeys(_rhythm(slots, counterpoint.species, bars)))
    found.update(dict.fromkeys(_mode(counterpoint)))
    ordered = sorted(found, key=lambda one: (one[1], list(RULES).index(one[0])))
    return tuple(_violation(name, index, counterpoint) for name, index in ordered)


def _violation(name: str, index: int, counterpoint: Counterpoint) -> Violation:
    tone = counterpoint.tones[index]
    cantus = counterpoint.cantus.pitches[tone.slot.bar]
    side = "over" if counterpoint.above else "under"
    before = f" after {counterpoint.tones[index - 1].pitch}" if index else ""
    detail = f"{tone.pitch} {side} {cantus}{before}"
    return Violation(RULES[name], tone.slot.bar + 1, 1 + tone.slot.at / 2, detail)


def of_the_whole(frame: Frame, slots: Sequence[Slot], line: Sequence[Key]) -> Iterator[Broken]:
    """Rules that only a whole line can break: its climax, its range, the share of contrary motion."""
    highest = max(line)
    tops = [at for at, key in enumerate(line[:-1]) if key[0] == highest[0]]
    apart = [at for at, before in zip(tops, [-2, *tops], strict=False) if at != before + 1 or frame.species > 1]
    if len(apart) > 1:
        yield "climax", apart[1]
    lowest = min(line)
    if highest[0] - lowest[0] > TENTH:
        yield "range", max(line.index(highest), line.index(lowest))
    similar, moves = similar_moves(frame, slots, line)
    if 2 * similar > moves:
        yield "contrary motion", len(line) - 1


def similar_moves(frame: Frame, slots: Sequence[Slot], line: Sequence[Key]) -> tuple[int, int]:
    """How often the cantus moves while the counterpoint goes the same way, and how often it moves at all."""
    similar = 0
    for at in range(1, len(line)):
        slot = slots[at]
        if slot.at or not slot.bar:
            continue
        cantus = frame.cantus[slot.bar][0] - frame.cantus[slot.bar - 1][0]
        similar += (line[at][0] - line[at - 1][0]) * cantus > 0
    return similar, sum(a != b for a, b in pairwise(frame.cantus))


_VALUE = {1: 8, 2: 4, 3: 2}
"""The one length of the plain species, in eighth notes."""


def _rhythm(slots: list[Slot], species: int, bars: int) -> Iterator[Broken]:
    last = len(slots) - 1
    if slots[last] != Slot((bars - 1) * BAR, BAR):
        yield "rhythm", last
    for at in range(last):
        if slots[at].start + slots[at].length != slots[at + 1].start:
            yield "rhythm", at + 1  # a rest inside
    opening = slots[0].start
    if opening not in {1: (0,), 2: (0, 4), 3: (0, 2), 4: (4,), 5: (0, 4)}[species]:
        yield "rhythm", 0
    for bar in range(bars - 1):
        here = [at for at in range(last) if slots[at].bar == bar]
        wrong = [at for at in here if slots[at].length != _VALUE.get(species, slots[at].length)]
        if wrong:
            yield "rhythm", wrong[0]
        if species == 4 and any(slots[at].length not in (4, 8) or slots[at].at % 4 for at in here):
            yield "rhythm", here[0]
        if species == 4 and any(slots[at].length == 8 and slots[at].at != 4 for at in here):
            yield "rhythm", here[0]
    if species == 5:
        yield from _florid(slots, bars)


def _florid(slots: list[Slot], bars: int) -> Iterator[Broken]:
    for at, slot in enumerate(slots[:-1]):
        if slot.length == 1 and slot.at % 4 == 2 and slots[at + 1].length != 1:
            yield "eighths", at
        if slot.length == 1 and slot.at % 4 not in (2, 3):
            yield "eighths", at
        if slot.tied and (slot.at, slot.length) not in ((4, 8), (4, 6)):
            yield "tie", at
        if not slot.tied and slot.length not in (1, 2, 4):
            yield "rhythm", at
    shapes = []
    for bar in range(bars - 1):
        first = next((at for at, s in enumerate(slots) if s.start + s.length > bar * BAR), len(slots) - 1)
        shapes.append((first, tuple((s.start - bar * BAR, s.length) for s in slots if bar * BAR < s.start + s.length
                                    and s.start < (bar + 1) * BAR)))  # fmt: skip
    for (_, a), (_, b), (first, c) in zip(shapes, shapes[1:], shapes[2:], strict=False):
        if a == b == c:
            yield "monotony", first


def _mode(counterpoint: Counterpoint) -> Iterator[Broken]:
    """Notes outside the mode, and raised ones that do not lead to the final in the last bar but one."""
    mode, tones = counterpoint.cantus.mode, counterpoint.tones
    bars = len(counterpoint.cantus.pitches)
    for at, tone in enumerate(tones):
        name = tone.pitch.name
        if name in mode.degrees or name == mode.soft:
            continue
        following = tones[at + 1].pitch if tone.slot.bar == bars - 2 and at + 1 < len(tones) else None
        if following is None or not goes_on_raised(
            mode, name, following.name, following.diatonic - tone.pitch.diatonic
        ):
            yield "mode", at
    for at in range(1, len(tones)):
        if {tones[at - 1].pitch.name, tones[at].pitch.name} >= {mode.degrees[6], mode.leading_tone} and (
            mode.degrees[6] != mode.leading_tone
        ):
            yield "mode", at
