"""Counterpoint written by exact search: of all lines that keep every rule of the species, one that costs least.

A* over the tones of a `Lattice`, which tells from below what remains to pay, for each possible highest note (a line has
one climax, so that it is part of what is searched). A seed makes small differences of cost, and the florid rhythm; each
seed's line is the optimum for them.
"""

from __future__ import annotations

import heapq
import random
from itertools import count
from math import inf
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.counterpoint.cantus import CANTUS_FIRMI, Cantus
from composers.theory.counterpoint.checker import of_the_whole
from composers.theory.counterpoint.judgement import Frame, Key, newly_broken
from composers.theory.counterpoint.lattice import Lattice, material
from composers.theory.counterpoint.lines import Counterpoint, Slot, Tone
from composers.theory.counterpoint.rhythms import florid

_WEAVE = 3.0
"""Cost of going to and fro between two tones (C D C D)."""
_PLANS, _PATIENCE = 40, 2000
"""Florid rhythms tried until one has a line, and states looked at before the next one is (half of all
lines are found within 50, nearly all within these; to prove that a rhythm has none can take a hundred times more)."""


class _Path(NamedTuple):
    slots: tuple[Slot, ...]
    line: tuple[Key, ...]
    number: int
    cost: float
    climbed: bool
    similar: int


def generate(cantus: Cantus | str, species: int = 1, *, above: bool = True, seed: int = 0) -> Counterpoint:
    """A counterpoint to a cantus firmus (a value, a name in CANTUS_FIRMI, or notes) without a fault by `check`.

    The same arguments give the same line. Takes some hundredths of a second, in quarters up to two: not for a thread in
    real time. Raises MusicError for an unknown species and where no line keeps the rules.
    """
    given = _cantus(cantus)
    if species not in (1, 2, 3, 4, 5):
        raise MusicError(f"species {species} is none: give 1 to 5")
    frame = Frame.of(given, species, above)
    if species < 5:
        found = _Search(frame, given, None, seed).best()
    else:
        found = _florid(frame, given, seed)
    if found is None:
        side = "above" if above else "below"
        raise MusicError(
            f"no counterpoint of species {species} {side} {given.name} keeps every rule: take another species, the "
            f"other side, or a cantus that moves more by step"
        )
    names = material(given)
    tones = tuple(Tone(s, names[k]) for s, k in zip(found.slots, found.line, strict=True))
    return Counterpoint(given, species, above, tones)


def _florid(frame: Frame, cantus: Cantus, seed: int) -> _Path | None:
    """The optimum of the first rhythm by chance that has a line, and shows it soon."""
    dice = random.Random(f"{seed} {cantus.name} {frame.above}")
    plans = [florid(len(frame.cantus), dice) for _ in range(_PLANS)]
    tried = [*((plan, _PATIENCE) for plan in plans), *((plan, 10 * _PATIENCE) for plan in plans[:4])]
    return next(
        (found for plan, patience in tried if (found := _Search(frame, cantus, plan, seed, patience).best())), None
    )


def _cantus(cantus: Cantus | str) -> Cantus:
    if isinstance(cantus, Cantus):
        return cantus
    if cantus in CANTUS_FIRMI:
        return CANTUS_FIRMI[cantus]
    if not any(c.isdigit() for c in cantus):
        raise MusicError(f"cantus {cantus!r} is not known: choose one of {', '.join(CANTUS_FIRMI)}, or give its notes")
    return Cantus.parse(cantus)


def _weaving(line: tuple[Key, ...]) -> float:
    return _WEAVE if len(line) > 3 and line[-1] == line[-3] and line[-2] == line[-4] else 0.0


class _Search:
    """One problem: a cantus, a side, a species, and for florid lines a rhythm.

    patience  states looked at before the search is given up, 0 for all
    """

    def __init__(
        self, frame: Frame, cantus: Cantus, plan: tuple[Slot, ...] | None, seed: int, patience: int = 0
    ) -> None:
        self.frame, self.bars, self._patience = frame, len(frame.cantus), patience
        self._lattice = Lattice(frame, cantus, plan, seed)

    def best(self) -> _Path | None:
        """The cheapest line of all climaxes; None where there is none, or where patience ended.

        The share of contrary motion is nearly always enough by itself, so that it is counted only if it was not.
        """
        found = self._search(balanced=False)
        if found is not None and next(of_the_whole(self.frame, found.slots, found.line), None) is not None:
            return self._search(balanced=True)
        return found

    def _search(self, *, balanced: bool) -> _Path | None:
        """A*; with `balanced` at most half of the moves are similar."""
        lattice = self._lattice
        heap: list[tuple[float, int, int, _Path]] = []
        order = count()
        for number in lattice.starts:
            node = lattice.nodes[number]
            for top, climax in enumerate(lattice.climaxes):
                climbed = node.key == climax
                rest = lattice.left[number, int(climbed), top]
                if rest < inf:
                    path = _Path((node.slot,), (node.key,), number, 0.0, climbed, 0)
                    heapq.heappush(heap, (rest, next(order), top, path))
        seen: set[object] = set()
        while heap:
            _, _, top, path = heapq.heappop(heap)
            if path.slots[-1].bar == self.bars - 1:
                return path
            state = self._state(top, path, balanced)
            if state in seen:
                continue
            seen.add(state)
            if self._patience and len(seen) > self._patience:
                return None
            for end, price in lattice.edges[path.number]:
                following = self._step(path, end, price, lattice.climaxes[top])
                if following is None or (balanced and following.similar > (self.bars - 1) // 2):
                    continue
                rest = lattice.left[end, int(following.climbed), top]
                if rest < inf and next(newly_broken(self.frame, following.slots, following.line), None) is None:
                    heapq.heappush(heap, (following.cost + rest, next(order), top, following))
        return None

    def _step(self, path: _Path, end: int, price: float, climax: Key) -> _Path | None:
        """One tone further; None for a second climax."""
        _, slot, key = self._lattice.nodes[end]
        before = path.line[-1]
        if path.climbed and key == climax and key != before and slot.bar < self.bars - 1:
            return None
        similar = path.similar
        if slot.at == 0 and slot.bar:
            cantus = self.frame.cantus[slot.bar][0] - self.frame.cantus[slot.bar - 1][0]
            similar += (key[0] - before[0]) * cantus > 0
        line = (*path.line, key)
        cost = path.cost + price + _weaving(line)
        return _Path((*path.slots, slot), line, end, cost, path.climbed or key == climax, similar)

    def _state(self, top: int, path: _Path, balanced: bool) -> object:
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
        for at in range(last, -1, -1):
            slot = slots[at]
            if bar - slot.bar > 3:
                break
            if slot.at == 0:
                beats.append((bar - slot.bar, line[at] if slot.bar == bar else self.frame.kind(slot.bar, line[at])))
            if slot.tied:
                over = min(slot.bar + 1, self.bars - 1)
                held.append((last - at, line[at][1] - self.frame.cantus[over][1], self.frame.kind(over, line[at])))
        open_figure = any(
            slots[at].at and self.frame.kind(slots[at].bar, line[at]) is None
            for at in range(max(0, last - 2), last + 1)
        )
        tail = line[-4:] if open_figure else line[-3:]
        return (
            top, slots[last], tail, line[run], path.climbed, tuple(beats), tuple(held),
            path.similar if balanced else 0,
        )  # fmt: skip
