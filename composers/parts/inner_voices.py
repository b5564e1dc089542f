"""Four-part frames: a bass from the chords' own basses, and two voices between it and a tune, led without parallels.

Doubling and omission as taught: the fifth may be left out, the leading tone and the seventh are not doubled; voices
move as little as they can. Around a tonic of C.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.harmony import Region

_KEPT = 6
"""Placings of a chord that are looked at."""
_PARALLEL = 40.0
_SECOND_BELOW = 3


class Frame(NamedTuple):
    """The voices between bass and tune while a chord lasts."""

    start: int
    end: int
    tenor: int
    alto: int


@lru_cache(maxsize=256)
def bass_line(regions: tuple[Region, ...], low: int, high: int) -> tuple[tuple[int, int], ...]:
    """(step, key) of each region's bass: the nearest octave to the one before, drawn to the middle of low..high."""
    centre = low + 0.45 * (high - low)
    found: list[tuple[int, int]] = []
    before = centre
    for region in regions:
        keys = [key for key in range(low, high + 1) if key % 12 == region.root] or [round(centre)]
        key = min(keys, key=lambda k: (abs(k - before) + 0.5 * abs(k - centre) + 4.0 * (abs(k - before) > 12), k))
        found.append((region.start, key))
        before = key
    return tuple(found)


def sounding(line: Sequence[tuple[int, int, int]], step: int) -> int | None:
    """The key of a line of (step, end, key), sorted, that sounds at a step; the nearest before it where it rests."""
    found: int | None = None
    for at, _, key in line:
        if at > step:
            break
        found = key
    return found


@lru_cache(maxsize=128)
def frames(
    regions: tuple[Region, ...], bass: tuple[tuple[int, int], ...], tune: tuple[tuple[int, int, int], ...],
    tenor: tuple[int, int], alto: tuple[int, int],
) -> tuple[Frame, ...]:  # fmt: skip
    """Two inner voices for each region. tune: (step, end, key) of the highest voice; tenor, alto: their lanes."""
    states: list[tuple[float, int, tuple[int, int]]] = []
    trail: list[tuple[tuple[int, int], int]] = []
    previous: tuple[int, int | None] = (0, None)
    above = _above(regions, tune)
    for index, region in enumerate(regions):
        low, (before, top) = bass[index][1], above[index]
        found: list[tuple[float, int, tuple[int, int]]] = []
        for own, pair in _placings(region, low, top, tenor, alto):
            best, at = own, -1
            if states:
                best, at = min(
                    (cost + own + _led(last, pair, previous, (low, before, top)), number)
                    for cost, number, last in states
                )
            trail.append((pair, at))
            found.append((best, len(trail) - 1, pair))
        states, previous = found, (low, top)
    if not regions:
        return ()
    at = min(states)[1]
    chosen: list[tuple[int, int]] = []
    while at >= 0:
        pair, at = trail[at]
        chosen.append(pair)
    return tuple(Frame(r.start, r.end, *pair) for r, pair in zip(regions, chosen[::-1], strict=True))


def _above(regions: Sequence[Region], tune: Sequence[tuple[int, int, int]]) -> list[tuple[int | None, int | None]]:
    """The tune's keys just before each region and in it."""
    found: list[tuple[int | None, int | None]] = []
    index, last = 0, None
    for region in regions:
        before = last
        while index < len(tune) and tune[index][0] <= region.start:
            before, last = last, tune[index][2]
            index += 1
        if not (index and tune[index - 1][0] == region.start):
            before = last
        now = (
            last if last is not None else tune[index][2] if index < len(tune) and tune[index][0] < region.end else None
        )
        while index < len(tune) and tune[index][0] < region.end:
            last = tune[index][2]
            index += 1
        found.append((before, now))
    return found


def _placings(
    region: Region, bass: int, top: int | None, tenor: tuple[int, int], alto: tuple[int, int]
) -> list[tuple[float, tuple[int, int]]]:
    """The best pairs for a chord, with what they cost by themselves."""
    tones = region.tones
    chord = region.chord.root.pitch_class
    root = (region.root + chord - region.chord.bass_pitch_class) % 12
    third = (root + 3) % 12 if tones >> (root + 3) % 12 & 1 and not tones >> (root + 4) % 12 & 1 else (root + 4) % 12
    tendency = {11} if tones >> 11 & 1 else set()
    sevenths = {(root + s) % 12 for s in (9, 10, 11) if tones >> (root + s) % 12 & 1}
    ceiling = top if top is not None else alto[1] + 12
    sung = {bass % 12} | ({top % 12} if top is not None else set())
    found: list[tuple[float, tuple[int, int]]] = []
    lows = [k for k in range(max(tenor[0], bass), min(tenor[1], ceiling) + 1) if tones >> k % 12 & 1]
    highs = [k for k in range(alto[0], min(alto[1], ceiling) + 1) if tones >> k % 12 & 1]
    middle_low, middle_high = sum(tenor) / 2, sum(alto) / 2
    for t in lows:
        for a in highs:
            if a < t:
                continue
            have = sung | {t % 12, a % 12}
            cost = 0.12 * abs(t - middle_low) + 0.12 * abs(a - middle_high)
            cost += 6.0 * (third not in have) + 3.0 * (root not in have)
            cost += 2.5 * sum(s not in have for s in sevenths)
            cost += 1.2 * (a == t) + 1.0 * (a - t < _SECOND_BELOW)
            for pc in tendency | sevenths:
                cost += 5.0 * max(
                    0,
                    ((t % 12) == pc) + ((a % 12) == pc) + (bass % 12 == pc) + (top is not None and top % 12 == pc) - 1,
                )
            if top is not None:
                cost += 2.0 * (a == top) + 0.4 * max(0, top - a - 12) + 1.5 * (top - a < _SECOND_BELOW)
            cost += 0.3 * max(0, a - t - 12)
            found.append((cost, (t, a)))
    if not found:
        low = min((k for k in range(tenor[0], tenor[1] + 1) if tones >> k % 12 & 1), default=tenor[0])
        high = min((k for k in range(max(alto[0], low), alto[1] + 1) if tones >> k % 12 & 1), default=max(alto[0], low))
        return [(20.0, (low, high))]
    found.sort()
    return found[:_KEPT]


def _led(
    last: tuple[int, int],
    pair: tuple[int, int],
    before: tuple[int, int | None],
    now: tuple[int, int | None, int | None],
) -> float:
    """The cost of moving two voices, with the bass and the tune as they move."""
    (t0, a0), (t1, a1) = last, pair
    cost = 0.35 * (abs(t1 - t0) + abs(a1 - a0)) + 1.2 * (abs(t1 - t0) > 5) + 1.2 * (abs(a1 - a0) > 5)
    cost += 2.0 * (t1 > a0) + 2.0 * (a1 < t0)
    bass0, bass1 = before[0], now[0]
    if _parallel(bass0, bass1, t0, t1):
        cost += _PARALLEL
    if _parallel(bass0, bass1, a0, a1):
        cost += _PARALLEL
    if _parallel(t0, t1, a0, a1):
        cost += _PARALLEL
    _, top0, top1 = now
    if top0 is not None and top1 is not None and top0 != top1:
        if _parallel(t0, t1, top0, top1):
            cost += _PARALLEL
        if _parallel(a0, a1, top0, top1):
            cost += _PARALLEL
    return cost


def _parallel(a: int, then_a: int, b: int, then_b: int) -> bool:
    if a == then_a or b == then_b or (then_a > a) != (then_b > b):
        return False
    return (b - a) % 12 in (0, 7) and (then_b - then_a) % 12 == (b - a) % 12
