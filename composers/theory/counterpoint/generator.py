"""Counterpoint written by exact search: of all lines that keep every rule of the species, one that costs least.

A* over the tones. What remains is estimated from below by dynamic programming over neighbouring tones alone, for each
possible highest note (a line has one climax, so that it is part of what is searched). A seed makes small differences of
cost, and the florid rhythm; each seed's line is the optimum for them.
"""

from __future__ import annotations

import heapq
import random
from itertools import count
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.counterpoint.cantus import CANTUS_FIRMI, Cantus
from composers.theory.counterpoint.checker import of_the_whole
from composers.theory.counterpoint.lines import Counterpoint, Slot, Tone
from composers.theory.counterpoint.rhythms import first_slots, florid, next_slots
from composers.theory.counterpoint.rules import TENTH, WIDEST, Frame, Key, is_sung, newly_broken
from composers.theory.pitch import Pitch

_LEAPS = {0: 3.0, 1: 0.0, 2: 1.5, 3: 3.0, 4: 4.0, 5: 6.0, 7: 6.0}
"""Cost of an interval by its letters: steps are free (two of three intervals in Fux's examples), a repetition is dull."""
_PERFECT_INSIDE, _SIMILAR, _OBLIQUE, _UNTIED, _FAR = 2.0, 2.5, 0.5, 5.0, 0.4
"""Cost of a perfect consonance on an inner beat, of similar and oblique motion, of a broken chain in the fourth species,
and of each semitone beyond a tenth between the voices."""
_CHANCE = 1.5
"""The largest difference of cost that the seed makes for a tone."""
_PLANS = 40
"""Florid rhythms tried until one has a line."""
_MOST = 400_000
"""Tones looked at before a search is given up."""

Node = tuple[Slot, Key]


class _Path(NamedTuple):
    slots: tuple[Slot, ...]
    line: tuple[Key, ...]
    cost: float
    climbed: bool
    similar: int


def generate(
    cantus: Cantus | str, species: int = 1, *, above: bool = True, seed: int = 0
) -> Counterpoint:
    """A counterpoint to a cantus firmus (a value, its name in CANTUS_FIRMI, or its notes), that `check` finds no fault in.

    The same arguments give the same line. Raises MusicError for an unknown species and where no line keeps the rules.
    """
    given = _cantus(cantus)
    if species not in (1, 2, 3, 4, 5):
        raise MusicError(f"species {species} is none: give 1 to 5")
    bars = len(given.pitches)
    frame = Frame.of(given, species, above)
    if species < 5:
        found = _Search(frame, given, None, seed).best()
    else:
        dice = random.Random(f"{seed} {given.name} {above}")
        plans = (florid(bars, dice) for _ in range(_PLANS))
        found = next((one for plan in plans if (one := _Search(frame, given, plan, seed).best())), None)
    if found is None:
        side = "above" if above else "below"
        raise MusicError(
            f"no counterpoint of species {species} {side} {given.name} keeps every rule: take another species, the other "
            f"side, or a cantus that moves more by step"
        )
    names = _names(given)
    tones = tuple(Tone(s, _pitch(names, k)) for s, k in zip(found.slots, found.line, strict=True))
    return Counterpoint(given, species, above, tones)


def _cantus(cantus: Cantus | str) -> Cantus:
    if isinstance(cantus, Cantus):
        return cantus
    if cantus in CANTUS_FIRMI:
        return CANTUS_FIRMI[cantus]
    if not any(c.isdigit() for c in cantus):
        raise MusicError(f"cantus {cantus!r} is not known: choose one of {', '.join(CANTUS_FIRMI)}, or give its notes")
    return Cantus.parse(cantus)


def _names(cantus: Cantus) -> dict[tuple[int, int], Pitch]:
    """Every pitch of the mode, with its raised notes, in all octaves, by its numbers."""
    mode = cantus.mode
    names = {*mode.degrees, mode.leading_tone, mode.raised_sixth} - {None}
    pitches = [Pitch(name, octave) for name in names if name is not None for octave in range(1, 8)]
    return {(p.midi, p.diatonic): p for p in pitches}


def _pitch(names: dict[tuple[int, int], Pitch], key: Key) -> Pitch:
    return names[key]


class _Search:
    """One problem: a cantus, a side, a species, and for florid lines a rhythm."""

    def __init__(self, frame: Frame, cantus: Cantus, plan: tuple[Slot, ...] | None, seed: int) -> None:
        self.frame, self.plan, self.bars = frame, plan, len(cantus.pitches)
        self._after = dict(zip(plan, plan[1:], strict=False)) if plan else {}
        mode = cantus.mode
        low, high = min(frame.cantus)[0], max(frame.cantus)[0]
        reach = range(low - 2, high + WIDEST) if frame.above else range(low - WIDEST, high + 3)
        every = sorted((p.midi, p.diatonic, p.name) for p in _names(cantus).values() if p.midi in reach)
        raised = {mode.leading_tone, mode.raised_sixth} - set(mode.degrees)
        self._plain = [(m, d) for m, d, name in every if name in mode.degrees]
        self._cadence = [(m, d) for m, d, name in every if name in mode.degrees or name in raised]
        self._ficta = {(m, d): name for m, d, name in every}
        self._mode = mode
        self._dice = random.Random(f"{seed} {cantus.name} {frame.species} {frame.above}")
        self._edges: dict[Node, list[tuple[Node, float]]] = {}
        self._starts = [
            (slot, key)
            for slot in (plan[:1] if plan else first_slots(frame.species, self.bars))
            for key in self._keys(slot)
            if not list(newly_broken(frame, (slot,), (key,)))
        ]
        self._grow()

    def _keys(self, slot: Slot) -> list[Key]:
        return self._cadence if slot.bar == self.bars - 2 else self._plain

    def _next(self, slot: Slot) -> tuple[Slot, ...]:
        if self.plan:
            return (self._after[slot],) if slot in self._after else ()
        return next_slots(self.frame.species, slot, self.bars)

    def _grow(self) -> None:
        """All tones that can be reached, with what goes on from each by the rules of two tones."""
        chance: dict[Node, float] = {}
        layer = list(self._starts)
        while layer:
            following: dict[Node, None] = {}
            for node in layer:
                edges = self._edges.setdefault(node, [])
                slot, key = node
                for after in self._next(slot):
                    for other in self._keys(after):
                        if not self._two(slot, key, after, other):
                            continue
                        end = (after, other)
                        if end not in chance:
                            chance[end] = _CHANCE * self._dice.random()
                        edges.append((end, self._price(slot, key, after, other) + chance[end]))
                        if end not in self._edges:
                            following[end] = None
            layer = list(following)

    def _two(self, slot: Slot, key: Key, after: Slot, other: Key) -> bool:
        steps, semitones = other[1] - key[1], other[0] - key[0]
        if not is_sung(steps, semitones) and (self.frame.species > 1 or steps or semitones):
            return False
        name, before = self._ficta[other], self._ficta[key]
        mode = self._mode
        if before == mode.leading_tone and before not in mode.degrees and name not in (mode.final, mode.raised_sixth):
            return False
        if before == mode.raised_sixth and name != mode.leading_tone:
            return False
        broken = newly_broken(self.frame, (slot, after), (key, other))
        return all(rule == "dissonance off the beat" for rule, _ in broken)

    def _price(self, slot: Slot, key: Key, after: Slot, other: Key) -> float:
        frame, bar = self.frame, after.bar
        price = _LEAPS[abs(other[1] - key[1])]
        gap = abs(other[0] - frame.cantus[bar][0])
        price += _FAR * max(0, gap - TENTH)
        if after.at == 0 and bar:
            cantus = frame.cantus[bar][0] - frame.cantus[bar - 1][0]
            way = (other[0] - key[0]) * cantus
            price += _SIMILAR if way > 0 else 0.0 if way < 0 else _OBLIQUE
            if bar < self.bars - 1 and frame.kind(bar, other) in ("fifth", "octave"):
                price += _PERFECT_INSIDE
        if frame.species == 4 and after.at == 4 and not after.tied and bar < self.bars - 2:
            price += _UNTIED
        return price

    def best(self) -> _Path | None:
        """The cheapest line of all climaxes; None where there is none."""
        return self._search(balanced=False) or self._search(balanced=True)

    def _search(self, *, balanced: bool) -> _Path | None:
        """A*. Without `balanced` the share of contrary motion is looked at only in the end, which suffices nearly always;
        None then means that it does not, or that there is no line."""
        heap: list[tuple[float, int, Key, _Path]] = []
        number = count()
        lefts: dict[Key, dict[tuple[Node, bool], float]] = {}
        for climax in sorted({key for _, key in self._edges}):
            left = self._left(climax)
            lefts[climax] = left
            for slot, key in self._starts:
                climbed = key == climax
                rest = left.get(((slot, key), climbed))
                if rest is not None:
                    heapq.heappush(heap, (rest, next(number), climax, _Path((slot,), (key,), 0.0, climbed, 0)))
        seen: set[object] = set()
        looked = 0
        most = (self.bars - 1) // 2
        while heap:
            _, _, climax, path = heapq.heappop(heap)
            node = (path.slots[-1], path.line[-1])
            edges = self._edges[node]
            if not edges:
                if not list(of_the_whole(self.frame, list(path.slots), list(path.line))):
                    return path
                if not balanced:
                    return None
                continue
            state = self._state(climax, path, balanced)
            if state in seen:
                continue
            seen.add(state)
            looked += 1
            if looked > _MOST:
                return None
            left = lefts[climax]
            for (slot, key), price in edges:
                if path.climbed and key == climax and not (self.frame.species == 1 and path.line[-1] == key):
                    continue
                climbed = path.climbed or key == climax
                rest = left.get(((slot, key), climbed))
                if rest is None:
                    continue
                slots, line = (*path.slots, slot), (*path.line, key)
                if next(newly_broken(self.frame, slots, line), None) is not None:
                    continue
                similar = path.similar
                if slot.at == 0 and slot.bar:
                    cantus = self.frame.cantus[slot.bar][0] - self.frame.cantus[slot.bar - 1][0]
                    similar += (key[0] - path.line[-1][0]) * cantus > 0
                if balanced and similar > most:
                    continue
                after = _Path(slots, line, path.cost + price, climbed, similar)
                heapq.heappush(heap, (after.cost + rest, next(number), climax, after))
        return None

    def _left(self, climax: Key) -> dict[tuple[Node, bool], float]:
        """What a line must at least still cost from each tone, under a climax, sung or not yet; by dynamic programming."""
        left: dict[tuple[Node, bool], float] = {}
        for node in sorted(self._edges, key=lambda n: -n[0].start):
            key = node[1]
            if key[0] > climax[0] or key[0] < climax[0] - TENTH or (key[0] == climax[0] and key != climax):
                continue
            edges = self._edges[node]
            for climbed in (True, False) if key != climax else (True,):
                if not edges:
                    if climbed and node[0].bar == self.bars - 1:
                        left[node, climbed] = 0.0
                    continue
                best = None
                for end, price in edges:
                    if climbed and end[1] == climax and not (self.frame.species == 1 and key == climax):
                        continue
                    rest = left.get((end, climbed or end[1] == climax))
                    if rest is not None and (best is None or price + rest < best):
                        best = price + rest
                if best is not None:
                    left[node, climbed] = best
        return left

    def _state(self, climax: Key, path: _Path, balanced: bool) -> object:
        """All of a path that decides how it can go on."""
        slots, line = path.slots, path.line
        last = len(line) - 1
        run = last
        way = (line[last][0] > line[last - 1][0]) - (line[last][0] < line[last - 1][0]) if last else 0
        while run and (line[run][0] > line[run - 1][0]) - (line[run][0] < line[run - 1][0]) == way:
            run -= 1
        beats = []
        bar = slots[last].bar
        held = []
        for at in range(last, max(-1, last - 17), -1):
            slot = slots[at]
            if slot.at == 0 and bar - slot.bar < 4:
                beats.append((bar - slot.bar, line[at] if slot.bar == bar else self.frame.kind(slot.bar, line[at])))
            if slot.tied and last - at < 4:
                held.append((last - at, line[at][1] - self.frame.cantus[min(slot.bar + 1, self.bars - 1)][1],
                             self.frame.kind(min(slot.bar + 1, self.bars - 1), line[at])))  # fmt: skip
        open_figure = any(
            slots[at].at and self.frame.kind(slots[at].bar, line[at]) is None for at in range(max(0, last - 2), last + 1)
        )
        tail = line[-4:] if open_figure else line[-3:] if self.frame.species in (3, 5) else line[-2:]
        return (
            climax, slots[last], tail, line[run], path.climbed, tuple(beats), tuple(held),
            path.similar if balanced else 0,
        )  # fmt: skip


