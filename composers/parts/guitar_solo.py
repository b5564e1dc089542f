"""Guitar solos: pentatonic phrases with rests, licks that repeat, bends, double stops, a climb to a peak. Around C.

Units of two bars, as the blues has them: something is said, then there is room. What is said comes from a small
vocabulary (repetition licks, runs in threes and fours, bends that are held, lines, double stops); the first idea comes
back. Strong beats and the ends of phrases land on chord tones. Densities follow the energy, which the form raises; the
highest notes lie in the solo's fourth fifth, as they do in transcribed ones (Weimar Jazz Database).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.instrumentation import GUITARS, KEYBOARDS, LEADS
from composers.parts.passage import Event, Listening, Passage, Turn, Written
from composers.pulse import STEPS

EIGHTH, SIXTEENTH, TRIPLET = STEPS // 2, STEPS // 4, STEPS // 3
_MINOR, _MAJOR = (0, 3, 5, 7, 10), (0, 2, 4, 7, 9)
_LOW, _HIGH = 57, 84
_PEAK = 0.72
_ON_CHORD = 0.86
"""Chance that a note on a strong beat moves to the nearest chord tone; with those that are one anyway .75 are."""
_BENDS = frozenset({*GUITARS, *LEADS})
_STOPS = frozenset({*GUITARS, *KEYBOARDS})


class _Said(NamedTuple):
    """A note before it has a chord: rung of the ladder against the phrase's first, and what is done with it."""

    step: int
    length: int
    rung: int
    bend: bool = False
    stop: bool = False


def guitar_solo(passage: Passage, listening: Listening) -> Written:
    """The solo of a passage."""
    draw = dice(passage.seed, "solo", *passage.identity)
    idea = _idea(passage, dice(passage.seed, "solo idea", *passage.material))
    ladder = _ladder(passage)
    sound = passage.sounds.get("melody", "electric-guitar")
    events: list[Event] = []
    turns: list[Turn] = []
    bar, unit = 0, 0
    while bar < passage.bars:
        bars = min(2, passage.bars - bar)
        said = idea if unit % 3 == 1 or unit == 0 else _phrase(passage, bar, bars, draw)
        said = [note for note in said if note.step < bars * passage.bar_steps]
        home = _home(passage, bar, ladder, draw)
        _sounded(passage, said, bar, home, ladder, sound, draw, events, turns)
        bar, unit = bar + bars, unit + 1
    return Written(_ended(passage, events), turns)


def _ladder(passage: Passage) -> tuple[int, ...]:
    """The pentatonic's keys within the instrument's reach, lowest first."""
    lane = passage.lane("melody", _LOW, _HIGH)
    down = passage.tonic if "melody" in passage.lanes else 0
    classes = {p % 12 for p in (_MINOR if passage.minor or passage.blues else _MAJOR)}
    up = passage.register // 2
    low, high = lane.low - down + max(0, up), lane.high - down + min(0, up)
    return tuple(key for key in range(low, high + 1) if key % 12 in classes)


def _home(passage: Passage, bar: int, ladder: Sequence[int], draw: Dice) -> int:
    """The rung about which a phrase lies: it climbs to the peak, and comes down a little."""
    at = (bar + 1) / passage.bars
    height = at / _PEAK if at <= _PEAK else 1.0 - 0.6 * (at - _PEAK) / (1.0 - _PEAK)
    height = 0.28 + 0.5 * height * (0.4 + 0.6 * passage.energy_at(bar))
    return round(height * (len(ladder) - 1)) + draw.one_of((-1, 0, 0, 1))


def _idea(passage: Passage, draw: Dice) -> list[_Said]:
    """The first phrase, which comes back."""
    return _phrase(passage, 0, 2, draw)


def _phrase(passage: Passage, bar: int, bars: int, draw: Dice) -> list[_Said]:
    """One or two licks and a held note, then room: a rest of a beat at least."""
    pulse = passage.pulse
    lively = passage.lively(bar)
    total = bars * pulse.steps
    room = draw.one_of((STEPS, STEPS, 2 * STEPS)) if lively > 1.05 else draw.one_of((2 * STEPS, 3 * STEPS, 2 * STEPS))
    end = max(pulse.steps // 2, total - room)
    start = draw.weighted((0, EIGHTH, STEPS), (0.5, 0.3, 0.2))
    said: list[_Said] = []
    step, rung = start, 0
    while step < end - STEPS:
        kind = draw.weighted(tuple(_KINDS), [w * (1.0 + (lively - 1.0) * fast) for w, fast in _KINDS.values()])
        part = _lick(kind, step, min(end, step + draw.one_of((1, 2, 2)) * 2 * STEPS), rung, lively, draw)
        if not part:
            break
        said += part
        step, rung = said[-1].step + said[-1].length, said[-1].rung
    if said:
        last = said[-1]
        said[-1] = last._replace(length=max(last.length, 2 * STEPS), bend=draw.chance(0.3))
    return [note._replace(length=min(note.length, end - note.step)) for note in said]


_KINDS: Mapping[str, tuple[float, float]] = {
    "line": (3.0, -0.3), "repeat": (1.6, 0.8), "run": (1.4, 0.9), "bend": (2.0, -0.4), "stops": (0.8, 0.2),
}  # fmt: skip
"""Licks: how often, and how much that grows with liveliness."""


def _lick(kind: str, start: int, end: int, rung: int, lively: float, draw: Dice) -> list[_Said]:
    """Notes from `start` to about `end`, beginning near `rung`."""
    found: list[_Said] = []
    step = start
    match kind:
        case "repeat":
            cell = draw.one_of(((2, 1, 0), (0, 1, 2, 1), (1, 2, 0), (2, 0), (3, 2, 0, 2)))
            unit = SIXTEENTH if lively > 1.15 and draw.chance(0.5) else draw.one_of((EIGHTH, EIGHTH, TRIPLET))
            count = max(len(cell), min(12, (end - start) // unit))
            for index in range(count):
                found.append(_Said(step, unit, rung + cell[index % len(cell)], bend=index % len(cell) == 0 and unit >= 6
                                   and cell[0] == 2 and draw.chance(0.25)))  # fmt: skip
                step += unit
        case "run":
            unit = SIXTEENTH if lively > 1.0 and draw.chance(0.55) else EIGHTH
            size, down = draw.one_of((3, 4)), draw.chance(0.6)
            count = min(12, max(4, (end - start) // unit))
            for index in range(count):
                group, within = divmod(index, size)
                away = within - group if not down else group * -1 - within + size
                found.append(_Said(step, unit, rung + (away if down else group + within)))
                step += unit
        case "bend":
            long = draw.one_of((STEPS, STEPS + EIGHTH, 2 * STEPS))
            found.append(_Said(step, long, rung + draw.one_of((1, 2)), bend=True))
            step += long
            for _ in range(draw.one_of((1, 2, 3))):
                found.append(_Said(step, EIGHTH, found[-1].rung - draw.one_of((0, 1, 1))))
                step += EIGHTH
        case "stops":
            for _ in range(draw.one_of((2, 3, 4))):
                length = draw.one_of((EIGHTH, EIGHTH, STEPS))
                found.append(_Said(step, length, rung + draw.one_of((0, 0, 1)), stop=True))
                step += length
        case _:
            while step < end:
                fast = max(0.2, lively - 0.6)
                length = draw.weighted((EIGHTH, STEPS, SIXTEENTH, STEPS + EIGHTH), (5.0, 2.0, fast, 1.0))
                rung += draw.weighted((-1, 1, 0, 2, -2), (0.34, 0.3, 0.14, 0.1, 0.12))
                found.append(_Said(step, length, rung))
                step += length
    return [note for note in found if note.step < end]


def _sounded(
    passage: Passage, said: Sequence[_Said], bar: int, home: int, ladder: Sequence[int], sound: str, draw: Dice,
    events: list[Event], turns: list[Turn],
) -> None:  # fmt: skip
    """Rungs as keys: strong beats and last notes on chord tones; bends arrive at what is written."""
    first = bar * passage.bar_steps
    top = len(ladder) - 1
    for index, note in enumerate(said):
        step = first + note.step
        rung = home + note.rung
        while rung > top:
            rung -= 5
        key = ladder[max(0, rung)]
        region = passage.at(step)
        last = index == len(said) - 1
        strong = passage.pulse.is_strong(step % passage.bar_steps) or (last and note.length >= STEPS)
        if strong and draw.chance(_ON_CHORD):
            key = _nearest(key, region.tones, ladder[0], ladder[-1])
        elif not region.scale >> key % 12 & 1:
            key = _nearest(key, region.scale & passage.scale or region.scale, ladder[0], ladder[-1])
        energy = passage.energy_at(min(passage.bars - 1, step // passage.bar_steps))
        loud = 88.0 + 24.0 * (energy - 0.6) + (8.0 if strong else 0.0) - (8.0 if note.length <= SIXTEENTH else 0.0)
        bends = note.bend and note.length >= EIGHTH and sound in _BENDS
        events.append(Event(step, note.length, key, loud))
        if bends:
            away = 2 if region.scale >> (key - 2) % 12 & 1 else 1
            turns.append(Turn(step, min(4, note.length // 2), "bend", 0, 0.0, -float(away)))
        elif note.stop and sound in _STOPS:
            place = bisect_left(ladder, key)
            other = ladder[place - 1] if place > 0 else key
            if 3 <= key - other <= 5 and region.scale >> other % 12 & 1:
                events.append(Event(step, note.length, other, loud - 6.0))


def _nearest(key: int, classes: int, low: int, high: int) -> int:
    """The key nearest to `key` whose pitch class is in a mask, the lower of two."""
    for away in range(7):
        for found in (key - away, key + away):
            if low <= found <= high and classes >> found % 12 & 1:
                return found
    return key


def _ended(passage: Passage, events: Sequence[Event]) -> list[Event]:
    """In order, no note longer than until the next stroke, none beyond the passage."""
    steps = [*sorted({event.step for event in events}), passage.steps]
    until = dict(pairwise(steps))
    return sorted(e._replace(length=min(e.length, until[e.step] - e.step)) for e in events if e.step < passage.steps)


def harmony(passage: Passage, lead: Sequence[Event], *, above: bool) -> list[Event]:
    """The lead a third above (below) in the key: the second guitar of solos and last choruses. Softer."""
    events: list[Event] = []
    before = -1
    for event in lead:
        if event.step == before:  # a double stop has its second voice already
            continue
        before = event.step
        region = passage.at(event.step)
        ways = (3, 4, 5) if above else (-3, -4, -5)
        strong = passage.strong(event.step)
        masks = (region.tones, region.scale) if strong else (region.scale,)
        away = next((w for m in masks for w in ways if m >> (event.pitch + w) % 12 & 1), ways[0])
        events.append(event._replace(pitch=event.pitch + away, velocity=max(20.0, event.velocity - 10.0), grace=None))
    return events
