"""What arrivals far from the line may mean together: lost or doubled clocks, or a leap of tempo. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise

from bridge.clock.regression import FASTEST_NS, SLOWEST_NS, Arrival, Regression, line_through

GATE = 4.5
"""An arrival further from the line than this many standard deviations is not part of it, until others agree."""
_EXCUSED, _WHOLE = 6, 0.1
"""Clocks looked at, and how far, in intervals, from a whole number of them two thirds may be."""

_SAME_TEMPO = 0.08
"""Tempi that differ by a smaller part may be the same one, seen through noise."""
_EVEN = 0.1
"""Distances, in intervals, that differ by less than this are those of one clock."""


def whole(suspects: Sequence[Arrival], line: Regression, gate_ns: float, rough: bool, sure: bool = True) -> int:
    """Whole intervals of `line` by which the last suspects are off it; 0 where they do not agree.

    gate_ns  how far from the line an arrival may be
    rough    the port is noisy: more of them must agree
    sure     False: fewer than it takes will do
    """
    interval = line.interval_ns
    noise = gate_ns / (GATE * interval)
    need = min(8, 3 + int(40.0 * max(0.0, noise - 0.15))) if rough else 2
    if len(suspects) < need:
        if sure:
            return 0
        need = len(suspects)
    late = [(p.ns - line.mean_ns(p.clock)) / interval for p in suspects[-need:]]
    slip = round(sum(late) / need)
    slack = min(0.45, max(0.1, GATE * noise))
    if any(abs(each - slip) > slack for each in late) or abs(late[-1] - late[0]) > 1.3 * slack:
        return 0
    return slip


def excused(line: Regression, former: Regression, sd_ns: float) -> bool:
    """Whether lost or doubled clocks may have looked like the change from `former` to `line`: whole intervals off."""
    interval = former.interval_ns
    off = [(p.ns - former.mean_ns(p.clock)) / interval for p in islice(reversed(line.points), _EXCUSED)]
    slack = max(_WHOLE, GATE * sd_ns / interval)
    return sum(abs(each - round(each)) > slack for each in off) * 3 <= len(off)


def leap(suspects: Sequence[Arrival], line: Regression, sd_ns: float, rough: bool) -> Sequence[Arrival]:
    """The last suspects, where they lie on a line of their own that left the old one between two clocks; or none."""
    need = 3 if rough else 2
    fresh = suspects[-need:]
    if len(fresh) < need:
        return ()
    a, b = fresh[0], fresh[-1]
    clocks = b.clock - a.clock
    interval = (b.ns - a.ns) / clocks
    first = a.ns - line.mean_ns(a.clock)
    step = (b.ns - line.mean_ns(b.clock) - first) / clocks
    if abs(step) < 6.0 * sd_ns / (need - 1):
        return ()
    slack = 2.0 * sd_ns / abs(step)
    if not -slack <= first / step <= 1.0 + slack:
        return ()
    return () if any(abs(p.ns - a.ns - (p.clock - a.clock) * interval) > 3.0 * sd_ns for p in fresh[1:-1]) else fresh


def among_strays(suspects: Sequence[Arrival], line: Regression, gate_ns: float, known: bool) -> list[Arrival]:
    """The suspects that are the line's own clocks, rightly numbered, where every one of those came in its place and
    the others are strays between them: a second master's, or doubles. None of them where it is not so.

    For exact ports. Clocks at even distances are no strays but another tempo, two or three times the old one, unless
    strays are known to come at present.
    """
    last = line.points[-1]
    interval = line.interval_ns
    own: list[Arrival] = []
    for _, ns in suspects:
        place = round((ns - last.ns) / interval)
        if place == len(own) + 1 and abs(ns - line.mean_ns(last.clock + place)) <= gate_ns:
            own.append(Arrival(last.clock + place, ns))
        elif place > len(own) + 1:
            return []
    if not own or own[-1].ns != suspects[-1].ns or len(own) == len(suspects):
        return []
    if known:
        return own
    gaps = [b.ns - a.ns for a, b in pairwise((last, *suspects))]
    return [] if max(gaps) - min(gaps) < _EVEN * interval else own


def shifted(suspects: Sequence[Arrival], line: Regression, slack_ns: float) -> float | None:
    """By how much they are all late against the line, where that differs by less than `slack_ns`; else None."""
    late = [p.ns - line.mean_ns(p.clock) for p in suspects]
    return sum(late) / len(late) if max(late) - min(late) < slack_ns else None


def rejoined(suspects: Sequence[Arrival], last: Arrival, interval_ns: float) -> tuple[list[Arrival], int] | None:
    """The suspects, numbered by how long after the `last` good clock they came if they go on at its tempo, and what
    that adds to their numbers. None where they are a burst: wait for what comes after it."""
    line = line_through(suspects)
    if not FASTEST_NS <= line.interval_ns <= SLOWEST_NS:
        return None
    slip = 0
    if abs(line.interval_ns - interval_ns) < _SAME_TEMPO * interval_ns:
        start = suspects[0].clock
        slip = round((line.at(start) - last.ns) / line.interval_ns) - (start - last.clock)
    return [Arrival(p.clock + slip, p.ns) for p in suspects], slip
