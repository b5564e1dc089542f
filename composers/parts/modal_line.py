"""A sparse melody in a mode: short phrases, long rests, echoes; it rises one way and falls another where the mode does.

Phrases start near a note on which the mode rests, move mostly by step and come to rest on such a note: the ajnas of
maqam (Abu Shumays and Farraj 2019), raga's vadi and samvadi (Bhatkhande), the nuclear tones of Japan (Koizumi 1974);
over chords, on what may ring with them. Writes keys around a tonic of C.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from composers.dice import Dice, dice
from composers.harmony import Region
from composers.instrumentation import KEYBOARDS
from composers.parts.passage import Event, Listening, Passage, Turn, Written
from composers.parts.settled import calm, reach, rings
from composers.pulse import STEPS
from composers.theory.modes import MODES, Mode


@dataclass(frozen=True, slots=True)
class ModalStyle:
    """How a line goes.

    notes       of a phrase, fewest and most
    values      lengths in steps, with weights
    final       steps of a phrase's last note, fewest and most
    rest        steps of rest between phrases at the style's own energy, fewest and most
    steps       share of the moves by step of the scale; repeats: share of repeated notes
    low, high   keys as sounding
    echoes      how often a phrase's end comes back softer, at most; delay in steps
    slides      share of the notes that are bent into from the neighbour
    drones      whether it rests on the mode's own strong notes whatever the chord is
    """

    notes: tuple[int, int] = (2, 5)
    values: tuple[tuple[int, float], ...] = ((9, 0.15), (14, 0.25), (18, 0.2), (24, 0.25), (33, 0.15))
    final: tuple[int, int] = (30, 60)
    rest: tuple[int, int] = (84, 216)
    steps: float = 0.6
    repeats: float = 0.08
    low: int = 62
    high: int = 84
    velocity: float = 60.0
    echoes: int = 2
    delay: int = 21
    slides: float = 0.0
    drones: bool = False


_CLIMB = {"A": 2.0, "B": 7.0, "C": 12.0}
"""By a section's letter, semitones above the lowest tonic of the register."""
_BENDLESS = frozenset((*KEYBOARDS, "bell", "bells", "fm-bell", "tubular-bells", "chimes", "vibraphone", "vibes",
                       "marimba", "glockenspiel", "celesta", "music-box", "harp", "kalimba", "crotales",
                       "xylophone"))  # fmt: skip
"""Instruments that cannot slide."""


def modal_line(passage: Passage, listening: Listening, style: ModalStyle, part: str = "melody") -> Written:
    """The line of a passage. Hears nobody: it is asked first."""
    return _Line(passage, style, part).written()


class _Line:
    def __init__(self, passage: Passage, style: ModalStyle, part: str) -> None:
        self._passage, self._style, self._part = passage, style, part
        up = passage.register
        self._low, self._high = reach(passage, part, style.low + up, style.high + up)
        self._mode = MODES.get(passage.mode)
        self._slides = style.slides if passage.sounds.get(part, "") not in _BENDLESS else 0.0
        self._events: list[Event] = []
        self._turns: list[Turn] = []

    def written(self) -> Written:
        """Phrases until the passage is full. What they are like is the material's, where they stand the place's."""
        passage, style = self._passage, self._style
        idea = dice(passage.seed, "modal idea", self._part, passage.name)
        shapes = [self._shape(idea) for _ in range(3)]
        draw = dice(passage.seed, "modal line", self._part, *passage.identity)
        at = round(draw.between(0.2, 0.9) * style.rest[0])
        last = passage.steps - (2 * passage.bar_steps if passage.role == "ending" else passage.bar_steps // 2)
        near = self._centre(draw)
        while True:
            moves, lengths = shapes[int(draw.random() * len(shapes))]
            if at + sum(lengths) > last:
                break
            end, near = self._phrase(draw, at, last, near, moves, lengths)
            if style.drones:
                near = 0.4 * near + 0.6 * self._centre(draw)
            less = max(0.35, passage.lively(min(passage.bars - 1, at // passage.bar_steps)))
            at = end + round(draw.between(*style.rest) / less)
        return Written(sorted(self._events), sorted(self._turns, key=lambda t: t.step))

    def _centre(self, draw: Dice) -> float:
        """Where phrases begin. On a drone sections climb, as a taqsim or alap does: from around the tonic (A) to around
        the fifth (B) and the upper tonic (C)."""
        if not self._style.drones:
            return draw.between(self._low + 4, self._high - 5)
        tonic = self._low + -self._low % 12
        climb = _CLIMB.get(self._passage.name, 2.0)
        return min(self._high - 3.0, tonic + climb + draw.normal(1.5))

    def _shape(self, draw: Dice) -> tuple[list[int], list[int]]:
        """Moves in scale steps and lengths of a phrase's notes."""
        style = self._style
        count = style.notes[0] + int(draw.random() * (style.notes[1] - style.notes[0] + 1))
        way = draw.one_of((1, -1))
        moves = []
        for index in range(count - 1):
            if draw.chance(style.repeats):
                moves.append(0)
                continue
            far = 1 if draw.chance(style.steps / (1.0 - style.repeats)) else draw.weighted((2, 3, 4), (5, 3, 1))
            moves.append(way * far)
            if far > 1 or draw.chance(0.35 + 0.3 * (index > count // 2)):
                way = -way
        choices, weights = [v for v, _ in style.values], [w for _, w in style.values]
        lengths = [draw.weighted(choices, weights) for _ in range(count - 1)]
        return moves, [*lengths, round(draw.between(*style.final))]

    def _phrase(self, draw: Dice, at: int, last: int, near: float, moves: list[int], lengths: list[int]
                ) -> tuple[int, float]:  # fmt: skip
        """A phrase from step `at`: (where it ends, the key that it ends on)."""
        style, passage = self._style, self._passage
        loud = style.velocity + draw.normal(4.0) + 16.0 * (passage.energy_at(at // passage.bar_steps) - 0.45)
        key = self._rest_near(round(near + draw.normal(3.0)), passage.at(at))
        found: list[Event] = []
        step = at
        for index, length in enumerate(lengths):
            if index:
                final = index == len(lengths) - 1
                region = passage.at(step)
                moved = self._moved(key, moves[index - 1], region)
                key = self._rest_near(moved, region, key) if final else moved
            long = max(6, length + round(draw.normal(1.5)))
            curve = 8.0 * (1.0 - abs(2.0 * index / max(1, len(lengths) - 1) - 1.0))
            end = rings(passage, step, step + long, key, STEPS)
            found.append(Event(step, end - step, key, loud + curve))
            if self._slides and index and draw.chance(self._slides):
                self._slide(step, key, found[-2].pitch)
            step += long
        self._events += found
        end = self._echoed(draw, found, step, last)
        return end, float(found[-1].pitch)

    def _echoed(self, draw: Dice, found: list[Event], end: int, last: int) -> int:
        """The end of a phrase again, each time softer; where the harmony has moved on, nothing."""
        style = self._style
        times = int(draw.random() * (style.echoes + 1))
        tail = found[-min(len(found), 1 + int(draw.random() * 3)) :]
        span = end - tail[0].step
        for time in range(1, times + 1):
            shift = time * (span + style.delay)
            again = [e._replace(step=e.step + shift, velocity=max(12.0, e.velocity * 0.62**time)) for e in tail]
            if again[-1].end > last or any(not self._may(e.pitch, e.step) for e in again):
                break
            self._events += again
            end = again[-1].end
        return end

    # -- pitches -------------------------------------------------------------------------------------------------------

    def _may(self, key: int, step: int) -> bool:
        return bool(self._resting(self._passage.at(step)) >> key % 12 & 1)

    def _resting(self, region: Region) -> int:
        """On what a phrase may rest."""
        mode = self._mode
        if self._style.drones and mode is not None:
            return _mask(mode.strong) & region.scale or calm(self._passage, region)
        return calm(self._passage, region)

    def _rest_near(self, key: int, region: Region, before: int | None = None) -> int:
        """The nearest note to rest on that the mode reaches so from the note before."""
        allowed = self._resting(region)
        offered = [k for k in range(self._low, self._high + 1) if allowed >> k % 12 & 1]
        if before is not None:
            up, down = (self._ladder_mask(region, rises) for rises in (True, False))
            offered = [k for k in offered if k == before or (up if k > before else down) >> k % 12 & 1]
        return min(offered, key=lambda k: (abs(k - key), k)) if offered else key

    def _moved(self, key: int, move: int, region: Region) -> int:
        """So many steps of the scale up or down, turned back at the ends of the register."""
        if not move:
            return key
        for way in (move, -move):
            ladder = _ladder(self._ladder_mask(region, way > 0), self._low, self._high)
            if way > 0:
                above = [k for k in ladder if k > key]
                if len(above) >= way:
                    return above[way - 1]
            else:
                below = [k for k in ladder if k < key]
                if len(below) >= -way:
                    return below[way]
        return key

    def _ladder_mask(self, region: Region, up: bool) -> int:
        mode: Mode | None = self._mode
        if mode is None or region.scale & ~_mask(mode.keys):
            return region.scale  # a chord from elsewhere: its own scale
        return _mask(mode.rising if up else mode.falling)

    def _slide(self, step: int, key: int, before: int) -> None:
        """Bent into from the note before, a tone at most: a short slide (kan, meend, suri)."""
        reach = float(max(-2, min(2, before - key)))
        bend = min(abs(reach), self._passage.bends.get(self._part, 2.0)) * (1.0 if reach > 0 else -1.0)
        if bend:
            self._turns += [Turn(step, 3, "bend", 0, 0.0, bend)]


@lru_cache(maxsize=512)
def _mask(keys: tuple[int, ...]) -> int:
    bits = 0
    for key in keys:
        bits |= 1 << key % 12
    return bits


@lru_cache(maxsize=4096)
def _ladder(mask: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(k for k in range(low, high + 1) if mask >> k % 12 & 1)
