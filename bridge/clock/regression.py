"""A straight line through the arrivals of a clock, and whether it has bent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from bridge.tempo import MAX_BPM, MIN_BPM

WINDOW = 240
"""Clocks at most: ten beats. Longer is steadier, and slower to forget a change too small to see."""
LOOK_BACK = 48
"""How many clocks ago a bend may have begun to be found; slower ones the window absorbs."""
SLOWEST_NS = 60e9 / (24 * MIN_BPM * 0.75)
FASTEST_NS = 60e9 / (24 * MAX_BPM * 1.25)
_CHANGE = 40.0
"""Likelihood ratio (chi-squared, one degree) that makes a change of tempo. At 26 half-normal jitter, whose tail is
not Gaussian, gave three false alarms an hour; at 40 none, and a step from 120 to 126 is seen as soon."""
_CHANGE_LEAST = 3
"""Clocks on the new side of a bend: two could be one late clock."""
_PARABOLA = 10.0
"""By how much a bend must be likelier than a parabola to be preferred."""
_CURVE = 14.0
"""Likelihood ratio that makes a ramp of tempo: a parabola instead of a line."""
_CURVE_WINDOW = 32
_CURVE_LEAST = 12
_CURVE_LEVERAGE = 2.25
"""The end of a parabola is 3/2 as uncertain as that of a line through as many points."""

_NO_SUMS = (0.0, 0.0, 0.0, 0.0, 0.0)


class Arrival(NamedTuple):
    """A clock's number and when it came. `clock` counts what the master sent, also what was lost on the way."""

    clock: int
    ns: int


class Line(NamedTuple):
    """At `ns` when `clock` is due, and `interval_ns` from clock to clock."""

    interval_ns: float
    ns: float
    clock: int

    def at(self, clock: int) -> float:
        return self.ns + (clock - self.clock) * self.interval_ns

    def squares(self, points: Iterable[Arrival]) -> float:
        """Sum of the squared distances in ns^2."""
        return sum((p.ns - self.at(p.clock)) ** 2 for p in points)


def line_through(points: Sequence[Arrival]) -> Line:
    """Least squares through one point or more; an interval of 0 where all are the same clock."""
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
    return Line(slope, base + (sy - slope * sx) / n, clock)


class Noise(NamedTuple):
    """What the test must know of a port: sd in ns, and how late or early one clock may count at most (ns)."""

    sd_ns: float
    late_ns: float
    early_ns: float


class Bend(NamedTuple):
    """What find_bend found: a hinge before the last `arrivals` (0: none), or a parabola.

    `curve` is the parabola's second-order coefficient in ns, `gain` its likelihood ratio; 0 where it was not asked.
    """

    arrivals: int
    curve: float = 0.0
    gain: float = 0.0


class Regression:
    """Least squares over the last WINDOW arrivals, from sums that are kept up as they come and go.

    Two things may stand for arrivals from before: a prior slope, and a knot, the point where the line before this
    one ended. All numbers in the sums are relative to `_origin`, so that doubles hold them to well under a ns.
    """

    __slots__ = ("_clock", "_cxx", "_knot", "_mean", "_origin", "_prior", "_sums", "curved", "interval_ns", "points")

    def __init__(self, interval_ns: float) -> None:
        self.interval_ns = interval_ns
        self.points: deque[Arrival] = deque()
        self.curved = False
        """Whether the last clocks lie on a parabola: `interval_ns` is then the tangent at its end."""
        self._clock = 0
        self._mean = 0.0
        self._cxx = 0.0
        self._origin = Arrival(0, 0)
        self._sums = _NO_SUMS
        self._prior = (0.0, 0.0)
        self._knot: tuple[Arrival, float] | None = None

    @classmethod
    def through(cls, points: Iterable[Arrival], interval_ns: float) -> Regression:
        """Begun from these points; `interval_ns` holds where they tell none."""
        self = cls(interval_ns)
        self.extend(points)
        return self

    @classmethod
    def bent(cls, knot: Arrival, weight: float, points: Iterable[Arrival], interval_ns: float) -> Regression:
        """From a knot that counts as `weight` arrivals."""
        self = cls(interval_ns)
        self._origin = knot
        if weight:
            self._weigh(knot, weight)
            self._knot = knot, weight
        for point in points:
            self.points.append(point)
            self._weigh(point, 1.0)
        self._fit()
        return self

    @property
    def prior(self) -> tuple[float, float]:
        """A slope from before, with its weight (in squared clocks): (weight, interval_ns)."""
        return self._prior

    @prior.setter
    def prior(self, prior: tuple[float, float]) -> None:
        self._prior = prior

    def mean_ns(self, clock: int) -> float:
        """When a clock of this number comes on average."""
        return self._mean + (clock - self._clock) * self.interval_ns

    def squares(self, points: Iterable[Arrival]) -> float:
        """Sum of the squared distances in ns^2."""
        return sum((p.ns - self.mean_ns(p.clock)) ** 2 for p in points)

    def leverage(self) -> float:
        """Variance of the prediction for the next clock, in variances of an arrival."""
        if len(self.points) < 2 or self._cxx <= 0.0:
            return 5.0
        n, sx = self._sums[:2]
        ahead = self._clock + 1 - self._origin.clock - sx / n
        leverage = 1.0 / n + ahead * ahead / self._cxx
        return _CURVE_LEVERAGE * leverage if self.curved else leverage

    def hold(self, clock: int, ns: float) -> None:
        """The line goes through here, whatever has come."""
        self._clock, self._mean = clock, ns

    def push(self, point: Arrival) -> None:
        """One more arrival; beyond WINDOW the oldest one is forgotten."""
        self._append(point)
        self._fit()

    def extend(self, points: Iterable[Arrival]) -> None:
        for point in points:
            self._append(point)
        if self.points:
            self._fit()

    def _append(self, point: Arrival) -> None:
        points = self.points
        if not points:
            self._origin = point
        points.append(point)
        self._weigh(point, 1.0)
        if len(points) > WINDOW:
            self._weigh(points.popleft(), -1.0)
            self._drop_knot()
            if point.clock - self._origin.clock > 2 * WINDOW:
                self._origin = points[0]
                self._sums = _NO_SUMS
                for each in points:
                    self._weigh(each, 1.0)

    def _weigh(self, point: Arrival, weight: float) -> None:
        n, sx, sy, sxx, sxy = self._sums
        x = point.clock - self._origin.clock
        y = point.ns - self._origin.ns
        self._sums = (n + weight, sx + weight * x, sy + weight * y, sxx + weight * x * x, sxy + weight * x * y)

    def _drop_knot(self) -> None:
        if self._knot is not None:
            self._weigh(self._knot[0], -self._knot[1])
            self._knot = None

    def _fit(self) -> None:
        n, sx, sy, sxx, sxy = self._sums
        weight, slope = self._prior
        mx = sx / n
        self._cxx = cxx = sxx - sx * mx + weight
        if cxx > 0.0:
            slope = (sxy - sy * mx + weight * slope) / cxx
            if FASTEST_NS <= slope <= SLOWEST_NS:
                self.interval_ns = slope
        self._clock = self.points[-1].clock
        self._mean = self._origin.ns + sy / n + (self._clock - self._origin.clock - mx) * self.interval_ns

    # -- bends ---------------------------------------------------------------------------------------------------

    def find_bend(self, suspects: Sequence[Arrival], noise: Noise) -> Bend:
        """Whether the last arrivals, suspects included, lie beyond a bend. Changes nothing.

        For each of the last clocks the likelihood ratio of a hinge there (Quandt, 1960): the residuals from the line
        through all points, weighted by their distance from the hinge, against what that sum varies by. One pass
        backwards gives all of them. Where a parabola is nearly as likely, it is no hinge but a ramp.
        """
        sums = self._sums
        for suspect in suspects:
            self._weigh(suspect, 1.0)
        n, sx, sy, sxx, sxy = self._sums
        self._sums = sums
        weight, slope = self._prior
        mx = sx / n
        cxx = sxx - sx * mx + weight
        slope = (sxy - sy * mx + weight * slope) / cxx
        points = self.points
        x0, y0 = self._origin
        base = y0 + sy / n - (x0 + mx) * slope
        variance = noise.sd_ns**2
        late, early = noise.late_ns, noise.early_ns
        best = limit = _CHANGE * variance
        found = 0
        run = moment = 0.0  # residuals after the hinge: their sum, and weighted by the distance from it
        s1 = s2 = 0.0  # sum of those distances, and of their squares
        bend = 0.0  # residuals weighted by the square of the distance from the end
        used = 0
        last = previous = (suspects or points)[-1].clock
        count = len(points) + len(suspects)
        stop = min(count - 3, LOOK_BACK)
        for clock, ns in chain(reversed(suspects), reversed(points)):
            gap = previous - clock
            if gap:
                s2 += gap * (2.0 * s1 + gap * used)
                s1 += gap * used
                moment += gap * run
                if _CHANGE_LEAST <= used <= stop and moment * moment > 0.15 * limit * s2:  # norm > 0.15 s2, mostly
                    shx = s2 + s1 * (clock - x0) - s1 * mx
                    norm = s2 - s1 * s1 / n - shx * shx / cxx
                    gain = moment * moment / norm if norm > 0.0 else 0.0
                    if gain > best:
                        best, found = gain, used
            if used >= LOOK_BACK:
                break
            residual = ns - base - clock * slope
            if residual > late:
                residual = late
            elif residual < early:
                residual = early
            run += residual
            bend += residual * (last - clock) ** 2
            used += 1  # noqa: SIM113 - not in step with the loop
            previous = clock
        if not _CURVE_LEAST <= count <= LOOK_BACK:
            return Bend(found)
        norm = count * (count * count - 1.0) * (count * count - 4.0) / 180.0
        parabola = bend * bend / norm
        return Bend(found if best > parabola + _PARABOLA * variance else 0, bend / norm, parabola / variance)

    def curve(self, bend: Bend, steady: bool) -> None:
        """Become a parabola, where that is so much better than a line, or a line again."""
        if not bend.gain:
            return
        self.curved = steady and bend.gain > (_CURVE / 3.0 if self.curved else _CURVE)
        if not self.curved:
            return
        if self._knot is not None:
            self._drop_knot()
            self._fit()
            return
        n = len(self.points)
        self._mean += bend.curve * (n - 1) * (n - 2) / 6.0
        self.interval_ns += bend.curve * (n - 1)
        if n > _CURVE_WINDOW:
            self._weigh(self.points.popleft(), -1.0)

    def bend(self, suspects: Sequence[Arrival], count: int, sd_ns: float) -> Regression | None:
        """The line of the last `count` arrivals, from where this one ended; None where they lie on none."""
        fresh = [*self.points, *suspects][-count:]
        before = [*self.points, *suspects][:-count]
        interval = self.interval_ns
        if len(before) < 4:
            line = Regression.bent(Arrival(before[-1].clock, fresh[0].ns), 0.0, fresh, interval)
        else:
            old, new = line_through(before), line_through(fresh)
            change = new.interval_ns - old.interval_ns  # the tempo may change anywhere between two clocks
            weight = 1.0 / (change * change / (3.0 * sd_ns * sd_ns) + 4.0 / len(before))
            hinge = before[-1].clock
            line = Regression.bent(Arrival(hinge, round(old.at(hinge))), weight, fresh, interval)
        return line if line.squares(fresh) <= 3.0 * (count + 1) * sd_ns * sd_ns else None
