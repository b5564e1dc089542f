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
_AUGMENTED, _AUGMENTED_STEP = 8.0, {8, 11}
_BEAM, _HOPELESS = 7, 30.0
"""States that are kept at each note, none so much dearer than the best; more find hardly anything better."""
_FORBIDDEN = 60.0
_CLASHES = (1, 2, 6, 10, 11)
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


def find_line(
    spots: Sequence[Spot],
    low: int,
    high: int,
    draw: Dice,
    before: int | None = None,
    *,
    strict: bool = False,
    invertible: bool = False,
) -> list[int]:
    """A key for each spot within low..high (at least an octave), after `before`. [] for no spots.

    strict      foreign tones only between beats, by step from and to their neighbours; no clash with a voice that moves
    invertible  no parallel fourths either, which would be fifths if the voices changed places
    """
    perfect = (0, 5, 7) if invertible else (0, 7)
    states: list[tuple[float, int, int, int]] = []  # cost, index in the trail, key, direction of its leap
    trail: list[tuple[int, int]] = []  # key, index of the one before
    if before is not None:
        states.append((0.0, -1, before, 0))
    tones = 0xFFF
    for place, spot in enumerate(spots):
        found: dict[tuple[int, int], tuple[float, int]] = {}
        for key in _candidates(spot, low, high, strict):
            own = 0.18 * abs(key - spot.target) + 0.6 * draw.random()
            foreign = not spot.tones >> key % 12 & 1
            if foreign:
                own += spot.accent if not strict else _FORBIDDEN if spot.accent >= 1.0 else 0.8
            if not states:
                found[key, 0] = (own + 3.0 * foreign, -1)
                continue
            if strict:
                own += _clashing(key, foreign, spot)
            moving = [(was, now, abs(key - now) % 12) for was, now in spot.others
                      if was != now and abs(key - now) % 12 in perfect]  # fmt: skip
            wish = None if spot.move is None or not place else spot.move * _STRIDE
            for cost, index, last, leap in states:
                move = key - last
                size = abs(move)
                paid = cost + own + (_MOVES[size] if size <= 12 else _TOO_FAR + size)
                if wish is not None:
                    off = abs(move - wish) - 0.6
                    if off > 0.0:
                        paid += min(5.0, 0.9 * off)
                    elif not move:
                        paid -= 0.9
                if size > 2:
                    if foreign:
                        paid += _FORBIDDEN if strict else 1.5 if spot.accent > 1.0 else 3.0
                    if size == 3 and {last % 12, key % 12} == _AUGMENTED_STEP:
                        paid += _AUGMENTED
                    elif strict and size in (6, 10, 11):
                        paid += 8.0
                if not tones >> last % 12 & 1 and (size > 2 or (strict and not size)):
                    paid += _FORBIDDEN if strict else 5.0
                elif last % 12 == 11 and move != 1 and spot.tones & 0x801 == 1:
                    paid += 1.5
                if strict and foreign and not size:
                    paid += _FORBIDDEN
                if leap:
                    if move * leap > 0:
                        paid += 1.4 if size <= 2 else 4.0
                    elif 0 < size <= 2:
                        paid -= 0.3
                for was, now, above in moving:
                    if (now - was) * move > 0:
                        paid += PARALLEL if abs(last - was) % 12 == above else _DIRECT * (size > 2)
                way = 0 if size < _LEAP else 1 if move > 0 else -1
                best = found.get((key, way))
                if best is None or paid < best[0]:
                    found[key, way] = (paid, index)
        ranked = sorted((cost, before_, key, way) for (key, way), (cost, before_) in found.items())[:_BEAM]
        states = []
        for cost, before_, key, way in ranked:
            if cost > ranked[0][0] + _HOPELESS:
                break
            states.append((cost, len(trail), key, way))
            trail.append((key, before_))
        tones = spot.tones
    if not spots:
        return []
    at = states[0][1]
    keys: list[int] = []
    while at >= 0:
        key, at = trail[at]
        keys.append(key)
    return keys[::-1]


def _clashing(key: int, foreign: bool, spot: Spot) -> float:
    """What it costs to sound with the others."""
    if foreign:
        return sum(6.0 for was, now in spot.others if was != now and abs(key - now) % 12 in _CLASHES)
    return 2.0 * any(abs(key - now) % 12 in (1, 11) for _, now in spot.others)


def _candidates(spot: Spot, low: int, high: int, strict: bool) -> list[int]:
    if spot.fixed is not None:
        return [spot.fixed]
    mask = spot.only or (spot.tones if strict and spot.accent >= 1.0 else spot.scale | spot.tones)
    centre = min(high, max(low, round(spot.target)))
    reach = _AROUND if not spot.only else 9
    keys = [k for k in range(max(low, centre - reach), min(high, centre + reach) + 1) if mask >> k % 12 & 1]
    return keys or [k for k in range(low, high + 1) if mask >> k % 12 & 1] or [centre]
