"""All tones that a counterpoint may go through, with the price of each step, and what a line must at least still cost.

A node is a tone with the one before it, so that steps are judged by three tones; rules that look further back, and the
cost of weaving, come on top in the search. The bound is exact for what the lattice knows, and never too high.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers.theory.counterpoint.cantus import Cantus
from composers.theory.counterpoint.judgement import (
    TENTH,
    WIDEST,
    Frame,
    Key,
    after_a_leap,
    goes_on_raised,
    is_sung,
    newly_broken,
)
from composers.theory.counterpoint.lines import Slot
from composers.theory.counterpoint.rhythms import first_slots, next_slots
from composers.theory.pitch import Pitch

_LEAPS = {0: 3.0, 1: 0.0, 2: 1.5, 3: 3.0, 4: 4.0, 5: 6.0, 7: 6.0}
"""Cost of an interval by its letters: steps are free (most of Fux's intervals), a repetition is dull."""
_PERFECT_INSIDE, _SIMILAR, _OBLIQUE, _UNTIED, _FAR = 2.0, 2.5, 0.5, 5.0, 0.4
"""Cost of a perfect consonance on an inner beat, of similar and of oblique motion, of a broken chain in the fourth
species, and of each semitone beyond a tenth between the voices."""
_RETURN = 1.0
"""Cost of going back to the tone before the last."""
_CHANCE = 2.5
"""The largest difference of cost that the seed makes for a tone."""
_FIGURES = {(1, 1), (-1, -1), (1, -1), (-1, 1), (-1, -2), (1, -2), (-1, 2), (2, -1), (-2, 1)}
"""Letters into and out of a dissonance off the beat: passing, neighbours, cambiata, the two of a double neighbour."""


class Node(NamedTuple):
    """A tone and the one before it (None at the beginning)."""

    before: tuple[Slot, Key] | None
    slot: Slot
    key: Key


def material(cantus: Cantus) -> dict[Key, Pitch]:
    """Every pitch of the mode, with its raised notes, in all octaves, by its numbers."""
    mode = cantus.mode
    names = {*mode.degrees, mode.leading_tone} | ({mode.raised_sixth} if mode.raised_sixth else set())
    pitches = [Pitch(name, octave) for name in sorted(names) for octave in range(1, 9)]
    return {(p.midi, p.diatonic): p for p in pitches}


class Lattice:
    """Nodes by number, in order of time; `edges[n]` are (number, price) of what may follow.

    starts    numbers of the nodes that may begin
    climaxes  the pitches that may be the highest, ascending
    left      (nodes, 2, climaxes) lower bound of what is still to pay, the climax still to come (0) or sung (1)
    """

    def __init__(self, frame: Frame, cantus: Cantus, plan: tuple[Slot, ...] | None, seed: int) -> None:
        self.frame, self._plan, self._bars = frame, plan, len(frame.cantus)
        self._after = dict(pairwise(plan)) if plan else {}
        self._pitches = material(cantus)
        self._mode = cantus.mode
        low, high = min(frame.cantus)[0], max(frame.cantus)[0]
        reach = range(low, high + WIDEST + 1) if frame.above else range(low - WIDEST, high + 1)
        every = sorted(key for key in self._pitches if key[0] in reach)
        self._plain = [key for key in every if self._pitches[key].name in cantus.mode.degrees]
        self._cadence = every
        self._dice = random.Random(f"{seed} {cantus.name} {frame.species} {frame.above}")
        self._chances: dict[tuple[Slot, Key], float] = {}
        self._pairs: dict[tuple[Slot, Key], list[tuple[Slot, Key, float]]] = {}
        self.nodes: list[Node] = []
        self.edges: list[list[tuple[int, float]]] = []
        self.starts = [
            self._add(Node(None, slot, key))
            for slot in (plan[:1] if plan else first_slots(frame.species))
            for key in self._keys(slot)
            if next(newly_broken(frame, (slot,), (key,)), None) is None
        ]
        self._grow()
        self.climaxes: list[Key] = sorted({node.key for node in self.nodes})
        self.left = self._bound()

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        self.edges.append([])
        return len(self.nodes) - 1

    def _keys(self, slot: Slot) -> list[Key]:
        return self._cadence if slot.bar == self._bars - 2 else self._plain

    def _grow(self) -> None:
        numbers = {self.nodes[number]: number for number in self.starts}
        layer = list(self.starts)
        while layer:
            following = []
            for number in layer:
                node = self.nodes[number]
                for slot, key, price in self._from(node.slot, node.key):
                    if node.before is not None:
                        earlier = node.before[1]
                        if after_a_leap(earlier, node.key, key) or not self._goes_on(node, key):
                            continue
                        price += _RETURN if earlier == key else 0.0
                    end = Node((node.slot, node.key), slot, key)
                    at = numbers.get(end)
                    if at is None:
                        at = numbers[end] = self._add(end)
                        following.append(at)
                    self.edges[number].append((at, price))
            layer = following

    def _goes_on(self, node: Node, key: Key) -> bool:
        """Whether a dissonance off the beat goes on in a way that any figure has."""
        slot = node.slot
        if not slot.at or slot.tied or node.before is None or self.frame.kind(slot.bar, node.key) is not None:
            return True
        return (node.key[1] - node.before[1][1], key[1] - node.key[1]) in _FIGURES

    def _from(self, slot: Slot, key: Key) -> list[tuple[Slot, Key, float]]:
        """What may follow a tone, by the rules of two."""
        known = self._pairs.get((slot, key))
        if known is None:
            known = self._pairs[slot, key] = [
                (after, other, self._price(slot, key, after, other))
                for after in self._next(slot)
                for other in self._keys(after)
                if self._two(slot, key, after, other)
            ]
        return known

    def _next(self, slot: Slot) -> tuple[Slot, ...]:
        if self._plan:
            return (self._after[slot],) if slot in self._after else ()
        return next_slots(self.frame.species, slot, self._bars)

    def _two(self, slot: Slot, key: Key, after: Slot, other: Key) -> bool:
        if not is_sung(other[1] - key[1], other[0] - key[0]) and (self.frame.species > 1 or other != key):
            return False
        mode, before, name = self._mode, self._pitches[key].name, self._pitches[other].name
        if before not in mode.degrees and not goes_on_raised(mode, before, name, other[1] - key[1]):
            return False
        broken = newly_broken(self.frame, (slot, after), (key, other))
        return all(rule == "dissonance off the beat" for rule, _ in broken)

    def _price(self, slot: Slot, key: Key, after: Slot, other: Key) -> float:
        frame, bar = self.frame, after.bar
        price = _LEAPS[abs(other[1] - key[1])]
        price += _FAR * max(0, abs(other[0] - frame.cantus[bar][0]) - TENTH)
        if after.at == 0 and bar:
            way = (other[0] - key[0]) * (frame.cantus[bar][0] - frame.cantus[bar - 1][0])
            price += _SIMILAR if way > 0 else 0.0 if way < 0 else _OBLIQUE
            if bar < self._bars - 1 and frame.kind(bar, other) in ("fifth", "octave"):
                price += _PERFECT_INSIDE
        if frame.species == 4 and after.at == 4 and not after.tied and bar < self._bars - 2:
            price += _UNTIED
        if (after, other) not in self._chances:
            self._chances[after, other] = _CHANCE * self._dice.random()
        return price + self._chances[after, other]

    def _bound(self) -> NDArray[np.float64]:
        """Backwards in time, for all climaxes at once; see the rule for when a climax may come twice."""
        tops = np.array([midi for midi, _ in self.climaxes])
        left = np.full((len(self.nodes), 2, len(self.climaxes)), np.inf)
        entered = np.full_like(left, np.inf)  # the same, seen from the tone before: what going there leads to
        place = {key: at for at, key in enumerate(self.climaxes)}
        for number in sorted(range(len(self.nodes)), key=lambda n: -self.nodes[n].slot.start):
            node = self.nodes[number]
            own = place[node.key]
            if node.slot.bar == self._bars - 1:
                left[number, 1] = 0.0
            elif self.edges[number]:
                ends = [end for end, _ in self.edges[number]]
                prices = np.array([price for _, price in self.edges[number]])[:, None, None]
                rest = entered[ends]
                for row, end in enumerate(ends):
                    if self.nodes[end].key == node.key:
                        rest[row, 1, own] = left[end, 1, own]
                left[number] = (rest + prices).min(axis=0)
            midi = node.key[0]
            outside = (tops < midi) | (tops > midi + TENTH)
            outside |= (tops == midi) & (np.arange(len(tops)) != own)
            left[number, :, outside] = np.inf
            left[number, 0, own] = np.inf
            entered[number] = left[number]
            entered[number, 0, own] = left[number, 1, own]
            if node.slot.bar < self._bars - 1:
                entered[number, 1, own] = np.inf
        return left
