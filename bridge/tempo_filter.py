"""The line under a jittery clock: a long regression, and a test at each clock of whether the tempo has changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from math import sqrt
from typing import NamedTuple

from bridge.jitter import Jitter
from bridge.tempo import MAX_BPM, MIN_BPM

WINDOW = 240
"""Clocks in the regression at most: ten beats. Longer is steadier, and slower to forget a change too small to see."""
_LOOK_BACK = 48
"""How many clocks ago a change may have begun to be found; slower ones the window absorbs."""
_CHANGE = 40.0
"""Likelihood ratio (chi-squared, one degree) that makes a change of tempo. At 26 half-normal jitter, whose tail is
not Gaussian, gave three false alarms an hour; at 40 none, and a step from 120 to 126 is seen as soon."""
_CALM = 4.0
"""No change is looked for while the last eight residuals add up to less than this many standard deviations: one
clock in six passes by chance, and a change that the test would find adds up to eight."""
_LATE_CLIP = 3.5
"""Lateness of one clock, in standard deviations, that counts in that test at most: delays have long tails."""
_CURVE = 14.0
"""Likelihood ratio that makes a ramp of tempo: a parabola instead of a line."""
_CURVE_WINDOW = 32
_GATE = 4.5
"""An arrival further from the line than this many standard deviations is not part of it, until others agree."""
_STRAY = 0.55
"""Nor is one further from it than this many intervals: nearer to the place of another clock."""
_SLOWEST_NS = 60e9 / (24 * MIN_BPM * 0.75)
_FASTEST_NS = 60e9 / (24 * MAX_BPM * 1.25)
_SAME_SHIFT = 6
"""Clocks that must agree on a new phase at the old tempo."""
_GRAIN_NS = 1_600_000.0
"""A smaller shift is the grain of the stamps: whole milliseconds, frames of USB."""
_GIVE_UP = 16
"""Clocks in a row that fit nothing: begin again from them."""
_COLD = 8
"""The first clocks of a port, of whose noise nothing is known; they are judged together."""
_PROVEN = 12
"""Clocks on a new line before the one before it is forgotten."""
_OLD_SLOPE = 24
"""After a pause, the old tempo weighs as much as so many clocks."""


class Arrival(NamedTuple):
    """A clock's number and when it came. `clock` counts what the master sent, also what was lost on the way."""

    clock: int
    ns: int


class TempoFilter:
    """Arrivals in, the line `clock -> ns` out.

    Least squares over up to WINDOW clocks. At each clock a likelihood ratio asks of each of the last clocks whether
    the tempo changed there, continuous in phase (a hinge in the regression; the test of Quandt, 1960). If so the
    regression starts again from there, with the old line's phase at the hinge as one more point. What is far from
    the line waits as a suspect: two that agree on a whole number of intervals are lost or doubled clocks and correct
    the count; growing ones are a new tempo; one alone, with the next in its place, was a hiccup and is forgotten.

    Called in the audio callback: bounded memory and time (about 20 us a clock).
    """

    __slots__ = (
        "_clock", "_curved", "_cxx", "_drift", "_former", "_knot", "_mean", "_origin", "_points", "_prior", "_recent",
        "_sums", "_suspects", "_young", "interval_ns", "jitter",
    )

    def __init__(self, interval_ns: float) -> None:
        self.interval_ns = interval_ns
        self.jitter = Jitter()
        self._points: deque[Arrival] = deque()
        self._suspects: list[Arrival] = []
        self._clock = 0
        self._mean = 0.0
        self._origin = Arrival(0, 0)
        self._knot: tuple[Arrival, float] | None = None
        self._sums = (0.0, 0.0, 0.0, 0.0, 0.0)
        self._prior = (0.0, 0.0)
        self._cxx = 0.0
        self._curved = False
        self._former: TempoFilter | None = None
        self._young = False
        self._recent = [0.0] * 8
        self._drift = 0.0

    @property
    def points(self) -> int:
        """Clocks in the regression."""
        return len(self._points)

    def mean_ns(self, clock: int) -> float:
        """When a clock of this number comes on average."""
        return self._mean + (clock - self._clock) * self.interval_ns

    def phase_ns(self, clock: int) -> float:
        """When a clock of this number was sent: the early edge of its arrivals."""
        return self.mean_ns(clock) - self.jitter.edge_ns

    def gate_ns(self) -> float:
        """How far from its prediction the next arrival may be and still belong to the line."""
        heard = self.jitter.heard
        factor = _GATE + (16.0 / heard if heard else 16.0)
        return factor * self.jitter.sd_ns * sqrt(1.0 + self._leverage())

    def hold(self, clock: int, ns: float, interval_ns: float) -> None:
        """Forget all arrivals: the line is given."""
        self._clear()
        self.interval_ns = interval_ns
        self._clock, self._mean = clock, ns

    def regrid(self) -> None:
        """The next arrival brings a new phase; tempo and noise are kept as a guess."""
        weight = 0.0
        if self.jitter.heard >= 16 and len(self._points) >= 8:
            weight = _OLD_SLOPE**3 / 12.0
        prior = (weight, self.interval_ns) if weight else self._prior
        self._clear()
        self._prior = prior

    def add(self, clock: int, ns: int) -> int:
        """One arrival. Returns by how much the count of clocks is wrong, which the caller adds to it."""
        point = Arrival(clock, ns)
        if self._points:
            self.jitter.observe(ns - (self._suspects or self._points)[-1].ns)
        if len(self._points) < 2 or self.jitter.heard < _COLD:
            return self._begin(point)
        leverage = self._leverage()
        residual = ns - self.mean_ns(clock)
        if abs(residual) > self._limit(leverage) or (self._suspects and self._nearer(residual)):
            self._suspects.append(point)
            return self._doubt()
        for suspect in self._suspects:
            self._learn_stray(suspect)
        self._suspects.clear()
        recent = self._recent
        before = recent[clock - 1 & 7]
        self._drift += residual - recent[clock & 7]
        recent[clock & 7] = residual
        calm = abs(self._drift) < _CALM * self.jitter.sd_ns
        if calm or self.jitter.heard < 24:
            self.jitter.learn(residual, leverage, len(self._points) >= 8 and not self._curved)
        else:  # what changes slowly is a change of tempo and no noise
            self.jitter.learn((residual - before) * sqrt(0.5), leverage, False)
        self._push(point)
        self._fit()
        if calm and len(self._points) > _LOOK_BACK:
            return 0
        if self._young and len(self._points) >= 2 * _COLD:
            return self._consider(0.5)
        if len(self._points) >= 6:
            if self._former is not None and (slip := self._regret()):
                return slip
            self._test()
            if len(self._points) > _PROVEN:
                self._former = None
        return 0

    # -- the regression ------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._points.clear()
        self._suspects.clear()
        self._knot = None
        self._curved = False
        self._recent, self._drift = [0.0] * 8, 0.0
        self._sums = (0.0, 0.0, 0.0, 0.0, 0.0)
        self._prior = (0.0, 0.0)

    def _begin(self, point: Arrival) -> int:
        """One of the first arrivals: every line is a guess, and none is refused yet."""
        points = self._points
        if points:
            first = points[-1]
            interval = (point.ns - first.ns) / max(1, point.clock - first.clock)
            if interval > 2.0 * _SLOWEST_NS:
                self._clear()  # a pause between them: begin with this one
            elif not self._rough or abs(interval - self.interval_ns) > 2.0 * _GATE * self.jitter.sd_ns:
                self._prior = (0.0, 0.0)
        cold = self.jitter.heard < _COLD
        if cold and len(points) >= 2:
            self.jitter.learn(point.ns - self.mean_ns(point.clock), self._leverage(), False)
        self._push(point)
        self._fit()
        return self._consider(0.3) if cold and len(points) == _COLD else 0

    def _consider(self, better: float) -> int:
        """Judge the first clocks together: was one of them lost or doubled? Then the squares fall to `better`."""
        points = list(self._points)
        count = len(points)
        line = _line(points)
        best = error = line.squares(points)
        slip, kept = 0, points
        packed = sum(b.ns - a.ns < _FASTEST_NS / 4.0 for a, b in pairwise(points))
        if packed < count // 3 and error > count * (0.1 * self.interval_ns) ** 2:
            for split in range(1, count - 1):  # the last one alone may just be late
                for shift in (-1, 1, 2):
                    moved = [*points[:split], *(Arrival(p.clock + shift, p.ns) for p in points[split:])]
                    squares = _line(moved).squares(moved)
                    if squares < min(best, better * error):
                        best, slip, kept = squares, shift, moved
        late = kept[-_COLD // 2 :]
        squares = _line(late).squares(late)
        if packed < 2 and squares < 16.0 * self.jitter.floor_ns**2 < best / 50.0:
            best, kept = squares, late  # an exact port, and a tempo that is not what it was
        if kept is not points:
            self._clear()
            for point in kept:
                self._push(point)
            self._fit()
        self.jitter.begin(best / (len(kept) - 2))
        self._young = self._rough and count < 2 * _COLD
        return slip

    def _push(self, point: Arrival) -> None:
        if not self._points:
            self._origin = point
        points = self._points
        points.append(point)
        self._weigh(point, 1.0)
        if len(points) > WINDOW:
            self._weigh(points.popleft(), -1.0)
            if self._knot is not None:
                self._weigh(self._knot[0], -self._knot[1])
                self._knot = None
            if point.clock - self._origin.clock > 2 * WINDOW:
                self._origin = points[0]
                self._sums = (0.0, 0.0, 0.0, 0.0, 0.0)
                for each in points:
                    self._weigh(each, 1.0)

    def _weigh(self, point: Arrival, weight: float, phase_ns: float = 0.0) -> None:
        n, sx, sy, sxx, sxy = self._sums
        x = point.clock - self._origin.clock
        y = point.ns - self._origin.ns + phase_ns
        self._sums = (n + weight, sx + weight * x, sy + weight * y, sxx + weight * x * x, sxy + weight * x * y)

    def _fit(self) -> None:
        n, sx, sy, sxx, sxy = self._sums
        weight, slope = self._prior
        mx = sx / n
        self._cxx = cxx = sxx - sx * mx + weight
        if cxx > 0.0:
            slope = (sxy - sy * mx + weight * slope) / cxx
            if _FASTEST_NS <= slope <= _SLOWEST_NS:
                self.interval_ns = slope
        self._clock = self._points[-1].clock
        self._mean = self._origin.ns + sy / n + (self._clock - self._origin.clock - mx) * self.interval_ns

    def _leverage(self) -> float:
        """Variance of the prediction for the next clock, in variances of an arrival."""
        n, sx = self._sums[:2]
        if len(self._points) < 2 or self._cxx <= 0.0:
            return 5.0
        ahead = self._clock + 1 - self._origin.clock - sx / n
        leverage = 1.0 / n + ahead * ahead / self._cxx
        return 2.25 * leverage if self._curved else leverage

    def _limit(self, leverage: float) -> float:
        """The gate, where a line is known; never so wide that a lost or doubled clock would pass."""
        sd = self.jitter.sd_ns
        gate = (_GATE + 16.0 / self.jitter.heard) * sd * sqrt(1.0 + leverage)
        stray = _STRAY * self.interval_ns
        return gate if gate < stray or sd > 0.3 * self.interval_ns else stray

    # -- changes -------------------------------------------------------------------------------------------------

    def _test(self) -> bool:
        """Whether the tempo has changed in the last clocks; then the regression starts again from there."""
        points = self._points
        sums = self._sums
        for suspect in self._suspects:
            self._weigh(suspect, 1.0)
        n, sx, sy, sxx, sxy = self._sums
        self._sums = sums
        weight, slope = self._prior
        mx = sx / n
        cxx = sxx - sx * mx + weight
        slope = (sxy - sy * mx + weight * slope) / cxx
        x0, y0 = self._origin
        base = y0 + sy / n - (x0 + mx) * slope
        variance = self.jitter.sd_ns ** 2
        limit = _CHANGE * variance
        late_clip = _LATE_CLIP * self.jitter.sd_ns if self._rough else _SLOWEST_NS
        early_clip = -late_clip if self.jitter.sd_ns > 0.08 * self.interval_ns else -_SLOWEST_NS
        best, best_knot, best_used = limit, 0, 0
        run = moment = 0.0  # residuals after the knot: their sum, and weighted by the distance from it
        s1 = s2 = 0.0  # sum of those distances, and of their squares
        bend = 0.0  # residuals weighted by the square of the distance from the end
        used = 0
        last = previous = (self._suspects or points)[-1].clock
        count = len(points) + len(self._suspects)
        stop = min(count - 3, _LOOK_BACK)
        for clock, ns in _backwards(points, self._suspects):
            gap = previous - clock
            if gap:
                s2 += gap * (2.0 * s1 + gap * used)
                s1 += gap * used
                moment += gap * run
                if 3 <= used <= stop and moment * moment > 0.15 * limit * s2:
                    shx = s2 + s1 * (clock - x0) - s1 * mx
                    norm = s2 - s1 * s1 / n - shx * shx / cxx
                    gain = moment * moment / norm if norm > 0.0 else 0.0
                    if gain > best:
                        best, best_knot, best_used = gain, clock, used
            if used >= _LOOK_BACK:
                break
            residual = ns - base - clock * slope
            if residual > late_clip:
                residual = late_clip
            elif residual < early_clip:
                residual = early_clip
            run += residual
            bend += residual * (last - clock) ** 2
            used += 1  # noqa: SIM113 - not in step with the loop
            previous = clock
        if 12 <= count <= _LOOK_BACK:
            norm = count * (count * count - 1.0) * (count * count - 4.0) / 180.0
            if best_used and best > bend * bend / norm + 10.0 * variance and self._change(best_knot, best_used):
                return True
            if not self._suspects:
                self._curve(bend / norm, bend * bend / norm / variance)
            return False
        return bool(best_used) and self._change(best_knot, best_used)

    @property
    def _rough(self) -> bool:
        """Whether the port is so noisy that one or two clocks say nothing."""
        return self.jitter.sd_ns > 0.01 * self.interval_ns

    def _curve(self, bend: float, gain: float) -> None:
        """A parabola, where it is so much better than the line; `bend` is its second-order coefficient."""
        steady = self.jitter.sd_ns < 0.08 * self.interval_ns
        self._curved = steady and gain > (_CURVE / 3.0 if self._curved else _CURVE)
        if not self._curved:
            return
        if self._knot is not None:
            self._weigh(self._knot[0], -self._knot[1])
            self._knot = None
            self._fit()
            return
        n = len(self._points)
        self._mean += bend * (n - 1) * (n - 2) / 6.0
        self.interval_ns += bend * (n - 1)
        if n > _CURVE_WINDOW:
            self._weigh(self._points.popleft(), -1.0)

    def _plausible(self, interval_ns: float) -> bool:
        """Whether the suspects may mean this tempo. On a very noisy port it takes six: it may be lost clocks."""
        if not _FASTEST_NS <= interval_ns <= _SLOWEST_NS:
            return False
        if self.jitter.sd_ns < 0.06 * self.interval_ns or not self._suspects:
            return True
        return len(self._suspects) >= 6

    def _change(self, knot: int, count: int) -> bool:
        """Start again from the `count` clocks after `knot`, unless they do not lie on a line."""
        points = self._points
        fresh = [*points, *self._suspects][-count:]
        old_count = len(points) + len(self._suspects) - count
        old = _line(list(points)[:old_count]) if old_count >= 4 else None
        new = _line(fresh)
        sd = self.jitter.sd_ns
        phase = 0.0
        weight = 0.0
        if old is not None:
            phase = old.at(knot)
            change = new.slope - old.slope
            weight = 1.0 / (change * change / (3.0 * sd * sd) + 4.0 / old_count)
        origin = Arrival(knot, round(phase) if old is not None else fresh[0].ns)
        trial = TempoFilter(self.interval_ns)
        trial._origin = origin
        if weight:
            trial._weigh(origin, weight)
            trial._knot = origin, weight
        for point in fresh:
            trial._points.append(point)
            trial._weigh(point, 1.0)
        trial._fit()
        error = sum((p.ns - trial.mean_ns(p.clock)) ** 2 for p in fresh)
        if error > 3.0 * (count + 1) * sd * sd or not self._plausible(trial.interval_ns):
            return False
        self.jitter.unlearn(max(0, count - len(self._suspects)))
        self._remember()
        self._take(trial)
        return True

    def _remember(self) -> None:
        """Keep the line that is about to be given up, should the change prove to be lost or doubled clocks."""
        if self._former is None and len(self._points) >= _PROVEN:
            self._former = former = TempoFilter(self.interval_ns)
            former._take(self)
            former.jitter = self.jitter
            self._points = deque()

    def _take(self, other: TempoFilter) -> None:
        self._recent, self._drift = [0.0] * 8, 0.0
        self._points, self._knot, self._curved = other._points, other._knot, False
        self._suspects.clear()
        self._origin, self._sums, self._prior = other._origin, other._sums, (0.0, 0.0)
        self._clock, self._mean, self.interval_ns, self._cxx = other._clock, other._mean, other.interval_ns, other._cxx

    def _doubt(self) -> int:
        """The last arrival is far from the line: what is it?"""
        suspects = self._suspects
        interval = self.interval_ns
        slip = self._slip()
        if slip or not self._suspects or self._whole(self, False):
            return slip
        if len(self._points) >= 6 and self._test():
            return 0
        if self._new_line():
            return 0
        if len(suspects) > 4:
            self._learn_stray(suspects[-1])
        if len(suspects) >= 3 and self._former is not None:  # the change was none
            former, self._former = self._former, None
            fresh = [*suspects]
            self._take(former)
            self._suspects = fresh
            return self._slip()
        if len(suspects) >= _SAME_SHIFT:
            late = [p.ns - self.mean_ns(p.clock) for p in suspects[-_SAME_SHIFT:]]
            if max(late) - min(late) < min(0.5 * interval, 2.0 * self.gate_ns()):
                mean = sum(late) / len(late)
                if abs(mean) > _STRAY * interval:
                    return self._rejoin()
                if abs(mean) < _GRAIN_NS:
                    self._absorb()
                else:
                    self._shift(mean, _SAME_SHIFT)
                return 0
        if len(suspects) >= _GIVE_UP:
            del suspects[: -_GIVE_UP // 2]
            return self._rejoin()
        return 0

    def _absorb(self) -> None:
        """The suspects belong to the line: stamps so coarse that clocks seem exact, and then all shift at once."""
        late = sum(p.ns - self.mean_ns(p.clock) for p in self._suspects) / len(self._suspects)
        for point in self._suspects:
            self._push(point)
        self._suspects.clear()
        self.jitter.begin(max(self.jitter.sd_ns, abs(late) / 2.0) ** 2)
        self._fit()

    def _rejoin(self) -> int:
        """Begin again from the suspects, and number them by how long after the last good clock they came."""
        last, fresh = self._points[-1], [*self._suspects]
        line = _line(fresh)
        if not _FASTEST_NS <= line.slope <= _SLOWEST_NS:
            return 0  # a burst: wait for what comes after it
        slip = 0
        if abs(line.slope - self.interval_ns) < 0.08 * self.interval_ns:
            start = fresh[0].clock
            slip = round((line.at(start) - last.ns) / line.slope) - (start - last.clock)
        self._clear()
        for point in fresh:
            self._push(Arrival(point.clock + slip, point.ns))
        self._fit()
        return slip

    def _regret(self) -> int:
        """Whether the line before the last change, and clocks lost or doubled, explain as well what came since."""
        former = self._former
        if former is None or len(self._points) not in (6, 9, _PROVEN):
            return 0
        since = list(self._points)[-5:]
        interval = former.interval_ns
        slip = round(sum(p.ns - former.mean_ns(p.clock) for p in since) / (len(since) * interval))
        ours = sum((p.ns - self.mean_ns(p.clock)) ** 2 for p in since)
        theirs = sum((p.ns - former.mean_ns(p.clock + slip)) ** 2 for p in since)
        if not slip or theirs > ours + 2.0 * self.jitter.sd_ns ** 2:
            return 0
        self._suspects = since
        self._former = None
        self._take(former)
        for p in since:
            self._push(Arrival(p.clock + slip, p.ns))
        self._fit()
        return slip

    def _learn_stray(self, point: Arrival) -> None:
        """An outlier tells of the noise, unless it was probably another clock, lost or doubled."""
        residual = point.ns - self.mean_ns(point.clock)
        if abs(residual) < _STRAY * self.interval_ns and self.jitter.heard >= 8:
            self.jitter.learn(residual, self._leverage(), False)

    def _nearer(self, residual: float) -> bool:
        """Whether an arrival within the gate is nearer still to where the suspects before it put it."""
        slip = self._whole(self, False) * self.interval_ns
        return slip != 0.0 and abs(residual - slip) < abs(residual)

    def _slip(self) -> int:
        """Whole intervals by which the last suspects agree to be off the line: clocks lost (+) or doubled (-)."""
        slip = self._whole(self)
        if slip < 0 and self._suspects[0].ns == self._points[-1].ns:  # stamps of a coarse clock, or a packet
            self._absorb()
            return 0
        if slip:
            fresh = [Arrival(p.clock + slip, p.ns) for p in self._suspects]
        elif self._former is not None and (slip := self._whole(self._former)):
            fresh = [Arrival(p.clock + slip, p.ns) for p in self._suspects]
            self._take(self._former)
            self._former = None
        else:
            return 0
        self._suspects.clear()
        limit = self.gate_ns()
        for point in fresh:
            if abs(point.ns - self.mean_ns(point.clock)) < limit:
                self._push(point)
        self._fit()
        return slip

    def _whole(self, line: TempoFilter, sure: bool = True) -> int:
        """Whole intervals of `line` by which the last suspects are off it; 0 where they do not agree.

        Unless `sure`, fewer than it takes will do.
        """
        interval = line.interval_ns
        noise = line.gate_ns() / (_GATE * interval)
        need = min(8, 3 + int(40.0 * max(0.0, noise - 0.15))) if self._rough else 2
        if len(self._suspects) < need:
            if sure:
                return 0
            need = len(self._suspects)
        late = [(p.ns - line.mean_ns(p.clock)) / interval for p in self._suspects[-need:]]
        slip = round(sum(late) / need)
        slack = min(0.45, max(0.1, _GATE * noise))
        if any(abs(each - slip) > slack for each in late) or abs(late[-1] - late[0]) > 1.3 * slack:
            return 0
        return slip

    def _new_line(self) -> bool:
        """The last far clocks lie on a line of their own, which left the old one between two clocks."""
        need = 3 if self._rough else 2
        if len(self._suspects) < need:
            return False
        fresh = self._suspects[-need:]
        a, b = fresh[0], fresh[-1]
        first = a.ns - self.mean_ns(a.clock)
        step = (b.ns - self.mean_ns(b.clock) - first) / (b.clock - a.clock)
        interval = (b.ns - a.ns) / (b.clock - a.clock)
        sd = self.jitter.sd_ns
        if abs(step) < 6.0 * sd / (need - 1) or not self._plausible(interval):
            return False
        slack = 2.0 * sd / abs(step)
        if not -slack <= first / step <= 1.0 + slack:
            return False
        if any(abs(p.ns - a.ns - (p.clock - a.clock) * interval) > 3.0 * sd for p in fresh[1:-1]):
            return False
        self._remember()
        self._clear()
        for point in fresh:
            self._push(point)
        self._fit()
        return True

    def _shift(self, ns: float, count: int) -> None:
        """The same tempo, later by `ns` for the last `count` suspects and from now on."""
        moved = [Arrival(p.clock, p.ns + round(ns)) for p in self._points] + self._suspects[-count:]
        prior = self._prior
        self._clear()
        self._prior = prior
        for point in moved:
            self._push(point)
        self._fit()


class _Line(NamedTuple):
    slope: float
    ns: float
    clock: int

    def at(self, clock: int) -> float:
        return self.ns + (clock - self.clock) * self.slope

    def squares(self, points: Iterable[Arrival]) -> float:
        return sum((p.ns - self.at(p.clock)) ** 2 for p in points)


def _line(points: Sequence[Arrival]) -> _Line:
    """Least squares through two points or more."""
    n = len(points)
    clock, base = points[0]
    sx = sy = sxx = sxy = 0.0
    for each, ns in points:
        x, y = each - clock, ns - base
        sx += x
        sy += y
        sxx += x * x
        sxy += x * y
    spread = sxx - sx * sx / n
    slope = (sxy - sx * sy / n) / spread if spread else 0.0
    return _Line(slope, base + (sy - slope * sx) / n, clock)


def _backwards(points: deque[Arrival], suspects: list[Arrival]) -> Iterable[Arrival]:
    if not suspects:
        return reversed(points)
    return chain(reversed(suspects), reversed(points))
