"""Classical forms for any number of bars: sonata, rondo, minuet and trio, variations, binary, ternary, fugue.

Proportions of sonatas: exposition 35 %, development 25, recapitulation 34, coda 5 (When in Rome, 27 movements); keys
after common practice (Caplin 1998). A section's name says where it stands: "B/V" is the second theme in the dominant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from composers.forms import ENDING, ENDING_BARS, Arrangement, Stretch

_THEMES = (4, 8, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256)
_PARTS = (4, 6, 8, 10, 12, 16, 18, 20, 24, 32, 36, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 256)
_USUAL_BARS = 112
"""Of a form without a length, a round."""


class Size(NamedTuple):
    """How long sections of one kind are.

    share  of the whole, each time
    times  how often it comes
    fixed  its lengths; None: any from `least` on
    least  bars, and whether it may be left out of a short piece (`keep` 0 first, 9 never)
    """

    share: float
    times: int
    fixed: tuple[int, ...] | None = None
    least: int = 2
    keep: int = 9


def fitted(sizes: Mapping[str, Size], bars: int) -> dict[str, int]:
    """Bars for each kind of section such that they fill so many bars; what has no room is left out (0).

    What has no form of its own for the rest (a piece of seven bars) is made up for by the first kind.
    """
    kept = dict(sizes)
    while sum(s.least * s.times for s in kept.values()) > bars and any(s.keep < 9 for s in kept.values()):
        del kept[min((n for n in kept if kept[n].keep < 9), key=lambda n: kept[n].keep)]
    whole = sum(s.share * s.times for s in kept.values())
    wanted = {name: bars * s.share / whole for name, s in kept.items()}
    found = {name: s.least for name, s in kept.items()}

    def spent() -> int:
        return sum(found[name] * kept[name].times for name in kept)

    grown = True
    while grown:  # those furthest below their share first
        grown = False
        for name in sorted(kept, key=lambda n: found[n] / wanted[n]):
            size = kept[name]
            step = next((b for b in size.fixed if b > found[name]), None) if size.fixed else found[name] + 2
            if step is None or (not size.fixed and step > wanted[name] + 1):
                continue
            if step <= wanted[name] * 1.45 and spent() + (step - found[name]) * size.times <= bars:
                found[name] = step
                grown = True
                break
    left = bars - spent()
    loose = [n for n in kept if kept[n].fixed is None]
    for name in sorted(loose, key=lambda n: (kept[n].times, found[n] - wanted[n])):
        more, left = divmod(left, kept[name].times)
        found[name] += more
        if left <= 0:
            break
    if left:
        first = next(iter(found))
        found[first] += left // kept[first].times
        left -= left // kept[first].times * kept[first].times
    return {name: found.get(name, 0) for name in sizes} | {"left": left}


_Rows = list[Stretch]
_Build = Callable[[int, bool], _Rows]


def _row(role: str, name: str, bars: int, energy: float, end: float | None = None) -> _Rows:
    return [Stretch(role, name, bars, energy, end)] if bars > 0 else []


def _sonata(bars: int, minor: bool) -> _Rows:
    """Exposition with two themes in related keys, development, recapitulation at home, coda."""
    if bars < 18:
        return _ternary(bars, minor)
    away = "III" if minor else "V"
    once = {
        "theme": Size(0.105, 2, _THEMES, 4), "second": Size(0.115, 2, _THEMES, 4),
        "transition": Size(0.07, 2, (2, 4, 6, 8, 12, 16, 24), 2, 2),
        "closing": Size(0.05, 2, (2, 4, 6, 8, 12, 16), 2, 1),
        "development": Size(0.2, 1, None, 2, 8), "retransition": Size(0.05, 1, (2, 4, 6, 8, 12, 16), 2, 3),
        "coda": Size(0.05, 1, None, 2, 0),
    }  # fmt: skip
    n = fitted(once, bars)
    a, b, t, c, d, r = (n[k] for k in ("theme", "second", "transition", "closing", "development", "retransition"))
    rows = [
        *_row("theme", "A", a, 0.5, 0.56), *_row("transition", f"T/{away}", t, 0.58, 0.72),
        *_row("second theme", f"B/{away}", b, 0.48, 0.58), *_row("closing", f"C/{away}", c, 0.68, 0.7),
        *_development(d, minor), *_row("retransition", "R", r, 0.7, 0.85),
        *_row("theme", "A", a, 0.66, 0.66), *_row("transition", "T", t, 0.62, 0.74),
        *_row("second theme", "B", b, 0.52, 0.64), *_row("closing", "C", c, 0.74, 0.8),
        *_row("coda", "K", n["coda"], 0.82, 0.7),
    ]  # fmt: skip
    return _with_rest(rows, n["left"])


def _development(bars: int, minor: bool) -> _Rows:
    """Four bars in each key, the last of them longer; falling and rising fifths away from home and back."""
    keys = ("iv", "VI", "v", "III", "VII") if minor else ("vi", "ii", "iii", "IV", "v")
    count = max(1, bars // 4)
    rows: _Rows = []
    for k in range(count):
        size = 4 if k < count - 1 else bars - 4 * (count - 1)
        heat = 0.5 + 0.28 * (k + 1) / count
        rows += _row("development", f"D/{keys[k % len(keys)]}", size, heat - 0.06, heat)
    return rows


def _rondo(bars: int, minor: bool) -> _Rows:
    """A B A C A, with B at home before the last A where there is room: A B A C A B A."""
    if bars < 20:
        return _ternary(bars, minor)
    away, other = ("III", "VI") if minor else ("V", "vi")
    long = bars >= 76
    n = fitted({"refrain": Size(0.13, 4 if long else 3, _THEMES, 4),
                "couplet": Size(0.13, 2 if long else 1, _THEMES, 4),
                "other": Size(0.15, 1, _THEMES, 4, 7), "coda": Size(0.07, 1, None, 2, 0)}, bars)  # fmt: skip
    a, b, c = n["refrain"], n["couplet"], n["other"]
    rows = [*_row("refrain", "A", a, 0.5, 0.56), *_row("couplet", f"B/{away}", b, 0.55, 0.62),
            *_row("refrain", "A", a, 0.54, 0.6), *_row("couplet", f"E/{other}", c, 0.6, 0.74),
            *_row("refrain", "A", a, 0.58, 0.64)]  # fmt: skip
    if long:
        rows += [*_row("couplet", "B", b, 0.6, 0.66), *_row("refrain", "A", a, 0.66, 0.72)]
    return _with_rest([*rows, *_row("coda", "K", n["coda"], 0.75, 0.66)], n["left"])


def _minuet(bars: int, minor: bool) -> _Rows:
    """||: A :||: B A' :|| trio ||: C :||: D :|| and the minuet da capo, without repeats; short ones repeat nothing."""
    if bars < 24:
        return _ternary(bars, minor)
    trio = "I" if minor else "IV"
    chosen: tuple[int, int, int, int] | None = None  # what is left over, repeats of both, bars of a part
    for one, two in ((2, 2), (2, 1), (1, 1)):
        times = 2 * (one + 1) + 2 * two
        part = max((size for size in _PARTS if size * times <= bars), default=0)
        over = bars - part * times
        if part >= (8 if one > 1 else 4) and (chosen is None or over + 4 < chosen[0]):
            chosen = (over, one, two, part)
    if chosen is None:
        return _ternary(bars, minor)
    over, one, two, part = chosen

    def played(role: str, first: str, second: str, heat: float, often: int) -> _Rows:
        rows: _Rows = []
        for name, more in ((first, 0.0), (second, 0.06)):
            for k in range(often):
                rows += _row(role, name, part, heat + more - 0.06 * k, heat + more + 0.05)
        return rows

    rows = [*played("minuet", "A", "M", 0.52, one), *played("trio", f"C/{trio}", f"F/{trio}", 0.38, two),
            *played("minuet", "A", "M", 0.56, 1)]  # fmt: skip
    return [*rows, *_row("coda", "K", over, 0.6, 0.55)]


def _variations(bars: int, minor: bool) -> _Rows:
    """The theme, then figures, a change of mode, a slow one, a quick last one; as many as there is room for."""
    size = 16 if bars >= 112 else 8 if bars >= 24 else 4
    count = max(1, (bars - size) // size)
    left = bars - size * (count + 1)
    other = "I" if minor else "i"
    rows = _row("theme", "A", min(size, bars), 0.45, 0.5)
    middle = max(2, count - 2) if count >= 4 else 0
    for k in range(1, count + 1):
        if bars < 2 * size:
            break
        mode = f"/{other}" if k == middle else ""
        heat = 0.46 + 0.32 * k / count
        if k == middle:
            heat = 0.42
        elif count >= 4 and k == count - 1:
            heat = 0.38
        rows += _row("variation", f"{k}{mode}", size, heat, heat + 0.05)
    if bars < 2 * size:
        return _with_rest(rows, bars - min(size, bars))
    return [*rows, *_row("coda", "K", left, 0.74, 0.66)]


def _binary(bars: int, minor: bool) -> _Rows:
    """||: A to the dominant :||: B back home :||; without repeats where there is no room."""
    if bars < 12:
        return _row("theme", "A", bars, 0.5, 0.6)
    away = "III" if minor else "V"
    often = 2 if bars >= 32 else 1
    n = fitted({"part": Size(0.2, 2 * often, _PARTS, 4), "turn": Size(0.08, often, (2, 4, 8, 12, 16), 2, 3),
                "coda": Size(0.06, 1, None, 2, 0)}, bars)  # fmt: skip
    first = [*_row("part", "A", n["part"], 0.5, 0.56), *_row("closing", f"C/{away}", n["turn"], 0.6, 0.64)]
    second = _row("part", "M", n["part"], 0.56, 0.66)
    rows = [*first * often, *second * often, *_row("coda", "K", n["coda"], 0.68, 0.6)]
    return _with_rest(rows, n["left"])


def _ternary(bars: int, minor: bool) -> _Rows:
    """A B A."""
    if bars < 12:
        return _row("theme", "A", bars, 0.5, 0.6)
    other = "VI" if minor else "vi"
    n = fitted({"part": Size(0.3, 2, _PARTS, 4), "middle": Size(0.3, 1, _PARTS, 4, 8),
                "coda": Size(0.08, 1, None, 2, 0)}, bars)  # fmt: skip
    rows = [*_row("part", "A", n["part"], 0.48, 0.55), *_row("middle", f"E/{other}", n["middle"], 0.55, 0.7),
            *_row("part", "A", n["part"], 0.55, 0.6), *_row("coda", "K", n["coda"], 0.6, 0.5)]  # fmt: skip
    return _with_rest(rows, n["left"])


def _with_rest(rows: _Rows, left: int) -> _Rows:
    """What no section could take makes the last one longer."""
    if not left:
        return rows
    return [*rows[:-1], rows[-1]._replace(bars=rows[-1].bars + left)] if rows else _row("theme", "A", left, 0.5)


FORMS: Mapping[str, _Build] = {
    "sonata": _sonata, "rondo": _rondo, "minuet": _minuet, "theme-variations": _variations, "binary": _binary,
    "ternary": _ternary,
}  # fmt: skip
"""By name: the sections for so many bars, without the ending."""


@lru_cache(maxsize=128)
def arrangement(form: str, minor: bool, length: int | None) -> Arrangement:
    """A form of exactly so many bars, its last two an ending; None: rounds of the usual length, without end."""
    return arranged(FORMS[form], minor, length)


def arranged(build: _Build, minor: bool, length: int | None, ending: Stretch = ENDING) -> Arrangement:
    """See arrangement."""
    if length is None:
        return Arrangement((), tuple(build(_USUAL_BARS, minor)))
    bars = length - ENDING_BARS
    if bars < 4:
        return Arrangement((), (Stretch("theme", "A", 4, 0.5),), (ending,), length)
    return Arrangement((), tuple(build(bars, minor)), (ending,), length)
