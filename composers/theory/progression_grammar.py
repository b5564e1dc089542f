"""Two machines that make rows of chords of an exact length: a weighted context-free grammar, and a chain.

The grammar draws from all its derivations of that length in proportion to their weights (the inside algorithm: Baker
1979; Lari & Young 1990), the chain from all its walks of that length between a start and an end (backward filtering,
forward sampling). Neither tries and rejects, so both are exact and quick, and the same dice give the same row. That
harmony is context-free, regions that prepare their goals within regions, is Steedman's and Rohrmeier's (Steedman 1984,
A Generative Grammar for Jazz Chord Sequences; Rohrmeier 2011, Towards a Generative Syntax of Tonal Harmony).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from composers.dice import Dice

Rules = Mapping[str, tuple[tuple[float, tuple[str, ...]], ...]]
"""Symbol -> alternatives (weight, symbols and numerals). What is no symbol of the grammar is a numeral."""


def rules(text: str) -> Rules:
    """ "goal: 3 IIm7 V7 | 1 bII7" on each line -> rules. Words that stand before a colon are symbols.

    Weights are brought to a sum of 1, so that a symbol that is used often does not make long derivations likelier.
    """
    made: dict[str, tuple[tuple[float, tuple[str, ...]], ...]] = {}
    for line in text.strip().splitlines():
        head, _, body = line.partition(":")
        if not body.strip():
            continue
        words = [alternative.split() for alternative in body.split("|")]
        total = sum(float(weight) for weight, *_ in words)
        made[head.strip()] = tuple((float(weight) / total, tuple(rest)) for weight, *rest in words)
    return made


class Grammar:
    """A weighted grammar without empty rules. Tables of weights by length grow with what is asked for, and are kept."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._inside: dict[tuple[tuple[str, ...], int], float] = {}
        self._ways: dict[tuple[tuple[str, ...], int], tuple[list[float], list[tuple[tuple[str, ...], int, int]]]] = {}

    def weight(self, symbol: str, length: int) -> float:
        """The weight of all derivations of exactly `length` numerals; 0 where there are none."""
        return self._weight((symbol,), length)

    def sample(self, symbol: str, length: int, dice: Dice) -> list[str]:
        """One derivation of exactly `length` numerals. Raises ValueError where there is none."""
        if self.weight(symbol, length) <= 0:
            raise ValueError(f"{symbol!r} makes no {length} chords")
        found: list[str] = []
        pending: list[tuple[tuple[str, ...], int]] = [((symbol,), length)]
        while pending:
            symbols, size = pending.pop()
            if len(symbols) == 1 and symbols[0] not in self._rules:
                found.append(symbols[0])
                continue
            sums, ways = self._choices(symbols, size)
            point = dice.random() * sums[-1]
            at = next((i for i, s in enumerate(sums) if point < s), len(sums) - 1)
            chosen, first, rest = ways[at]
            if rest:  # `chosen` splits: its first symbol has `first` numerals
                pending.append((chosen[1:], rest))
                pending.append((chosen[:1], first))
            else:
                pending.append((chosen, size))
        return found

    def _weight(self, symbols: tuple[str, ...], length: int) -> float:
        """Of all ways to make `length` numerals of these symbols in a row."""
        if len(symbols) == 1 and symbols[0] not in self._rules:
            return 1.0 if length == 1 else 0.0
        if length < len(symbols):
            return 0.0
        key = (symbols, length)
        if key not in self._inside:
            sums, _ = self._choices(symbols, length)
            self._inside[key] = sums[-1] if sums else 0.0
        return self._inside[key]

    def _choices(
        self, symbols: tuple[str, ...], length: int
    ) -> tuple[list[float], list[tuple[tuple[str, ...], int, int]]]:
        """Running sums of weights, and for each what it stands for: a rule's right side, or a split of the row."""
        key = (symbols, length)
        if key in self._ways:
            return self._ways[key]
        weights: list[float] = []
        ways: list[tuple[tuple[str, ...], int, int]] = []
        if len(symbols) == 1:
            for weight, right in self._rules[symbols[0]]:
                if (total := weight * self._weight(right, length)) > 0:
                    weights.append(total)
                    ways.append((right, length, 0))
        else:
            terminal = symbols[0] not in self._rules
            for first in (1,) if terminal else range(1, length - len(symbols) + 2):
                total = self._weight(symbols[:1], first) * self._weight(symbols[1:], length - first)
                if total > 0:
                    weights.append(total)
                    ways.append((symbols, first, length - first))
        self._ways[key] = list(accumulate(weights)), ways
        return self._ways[key]


class Chain:
    """What follows what: a regular grammar, as measured transitions are. Each row is brought to a sum of 1."""

    def __init__(self, following: Mapping[str, Mapping[str, float]]) -> None:
        self._following = {c: {n: w / sum(row.values()) for n, w in row.items()} for c, row in following.items()}
        self._known: dict[tuple[tuple[str, float], ...], list[dict[str, float]]] = {}

    @property
    def chords(self) -> tuple[str, ...]:
        return tuple(self._following)

    def after(self, chord: str) -> Mapping[str, float]:
        """The weights of what may follow."""
        return self._following.get(chord, {})

    def leading_to(self, chord: str) -> dict[str, float]:
        """Each chord with its weight of going on to this one."""
        return {c: row[chord] for c, row in self._following.items() if row.get(chord, 0) > 0}

    def sample(self, start: Mapping[str, float], end: Mapping[str, float], length: int, dice: Dice) -> list[str] | None:
        """A walk of `length` chords; start and end are weights of its first and last. None where there is none."""
        onward = self._onward(tuple(end.items()), length)
        weights = {c: w * onward[length - 1].get(c, 0.0) for c, w in start.items()}
        found: list[str] = []
        for left in range(length - 1, -1, -1):
            if found:
                weights = {c: w * onward[left].get(c, 0.0) for c, w in self.after(found[-1]).items()}
            if not any(weights.values()):
                return None
            found.append(dice.weighted(tuple(weights), tuple(weights.values())))
        return found

    def _onward(self, end: tuple[tuple[str, float], ...], length: int) -> Sequence[Mapping[str, float]]:
        """By how many chords are still to come: of each chord the weight of all ways on to the end."""
        table = self._known.setdefault(end, [dict(end)])
        while len(table) < length:
            last = table[-1]
            table.append({c: sum(w * last.get(n, 0.0) for n, w in row.items()) for c, row in self._following.items()})
        return table
