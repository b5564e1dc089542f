"""A line by exact search: of all keys for a rhythm those that cost least by shape, chords, moves and other voices.

Viterbi over (key, direction of the last leap). What is paid follows common teaching and measured lines: foreign tones
come and go by step, leaps are answered, no parallel fifths and octaves with a voice that is there (MUSIC: steps .5 to
.6 of the moves of first violins, leaps of a fourth and more .15 to .18). Pure Python; some 50 microseconds a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from composers.dice import Dice

_MOVES = (0.8, 0.1, 0.0, 0.4, 0.5, 0.6, 5.0, 0.8, 1.4, 1.6, 6.0, 7.0, 1.2)
"""Cost of moves of 0..12 semitones."""
_TOO_FAR = 30.0
_AUGMENTED = 8.0
PARALLEL = 40.0
_DIRECT = 1.6
_LEAP = 5
_STRIDE = 12 / 7
"""Semitones of a diatonic step, on average."""
_AROUND = 6
"""Semitones around the wanted key that are looked at."""


class Spot(NamedTuple):
    """A note to be found.

    tones, scale  12-bit masks of the chord and of the scale that it stands in
    accent        what a foreign tone costs here: about 2 on a strong beat, .2 between beats
    target        the key that is wanted for the line's arc
    move          diatonic steps wanted from the note before (the motif's shape); None: free
    others        of other voices the keys just before and with this note
    only          mask of the pitch classes that may be; 0: all of the scale
    fixed         the key itself, where it is given
    """

    tones: int
    scale: int
    accent: float
    target: float
    move: int | None = None
    others: tuple[tuple[int, int], ...] = ()
    only: int = 0
    fixed: int | None = None


def find_line(spots: Sequence[Spot], low: int, high: int, draw: Dice, before: int | None = None) -> list[int]:
    """A key for each spot within low..high (at least an octave), after `before`. [] for no spots."""
    states: dict[tuple[int, int], tuple[float, int]] = {}
    trail: list[tuple[int, int]] = []  # (key, index of the one before)
    previous: Spot | None = None
    if before is not None:
        states[before, 0] = (0.0, -1)
    for place, spot in enumerate(spots):
        found: dict[tuple[int, int], tuple[float, int]] = {}
        for key in _candidates(spot, low, high):
            own = 0.18 * abs(key - spot.target) + 0.6 * draw.random()
            foreign = not spot.tones >> key % 12 & 1
            if foreign:
                own += spot.accent
            if not states:
                if foreign:
                    own += 3.0
                number = len(trail)
                trail.append((key, -1))
                found[key, 0] = (own, number)
                continue
            best: dict[int, tuple[float, int]] = {}
            for (last, leap), (cost, index) in states.items():
                paid = cost + own + _move(last, leap, key, foreign, spot, previous, place)
                now = 0 if abs(key - last) < _LEAP else 1 if key > last else -1
                if now not in best or paid < best[now][0]:
                    best[now] = (paid, index)
            for now, (paid, index) in best.items():
                number = len(trail)
                trail.append((key, index))
                found[key, now] = (paid, number)
        states, previous = found, spot
    if not spots:
        return []
    _, at = min(states.values())
    keys: list[int] = []
    while at >= 0:
        key, at = trail[at]
        keys.append(key)
    return keys[::-1]


def _candidates(spot: Spot, low: int, high: int) -> list[int]:
    if spot.fixed is not None:
        return [spot.fixed]
    mask = spot.only or spot.scale | spot.tones
    centre = min(high, max(low, round(spot.target)))
    reach = _AROUND if not spot.only else 9
    keys = [k for k in range(max(low, centre - reach), min(high, centre + reach) + 1) if mask >> k % 12 & 1]
    return keys or [k for k in range(low, high + 1) if mask >> k % 12 & 1] or [centre]


def _move(last: int, leap: int, key: int, foreign: bool, spot: Spot, previous: Spot | None, place: int) -> float:
    """What it costs to come from one key to the next."""
    move = key - last
    size = abs(move)
    if size > 12:
        return _TOO_FAR + size
    cost = _MOVES[size]
    if spot.move is not None and place:
        off = abs(move - spot.move * _STRIDE) - 0.6
        if off > 0.0:
            cost += min(5.0, 0.9 * off)
        if spot.move == 0 == move:
            cost -= 0.9
    if size > 2:
        if foreign:
            cost += 1.5 if spot.accent > 1.0 else 3.0
        if size == 3 and (last % 12, key % 12) in ((8, 11), (11, 8)):
            cost += _AUGMENTED
    if previous is not None:
        if not previous.tones >> last % 12 & 1 and size > 2:
            cost += 5.0
        if last % 12 == 11 and move != 1 and spot.tones & 1 and not spot.tones >> 11 & 1:
            cost += 1.5
    if leap:
        if move * leap > 0:
            cost += 1.4 if size <= 2 else 4.0
        elif 0 < size <= 2:
            cost -= 0.3
    for was, now in spot.others:
        if was != now and move and (now - was) * move > 0:
            above = abs(key - now) % 12
            if above in (0, 7):
                cost += PARALLEL if abs(last - was) % 12 == above else _DIRECT * (size > 2)
    return cost
