"""The tempo and phase under a jittery clock, and what a clock means that does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from bridge.clock.first_clocks import FIRST_CLOCKS, judge
from bridge.clock.jitter import Drift, Jitter
from bridge.clock.regression import FASTEST_NS, LOOK_BACK, SLOWEST_NS, Arrival, Noise, Regression, line_through
from bridge.clock.surprises import Surprises
from bridge.clock.suspects import GATE, among_strays, excused, leap, rejoined, shifted, whole

_STRAY = 0.55
"""Nor is one further from it than this many intervals: nearer to the place of another clock."""
_LATE_CLIP = 3.5
"""Lateness of one clock, in standard deviations, that counts as a sign of change at most: delays have long tails."""
_ROUGH = 0.01
"""Noise, in intervals, above which one or two clocks say nothing."""
_LOUD = 0.06
"""Noise, in intervals, above which lost clocks can look like another tempo for a while."""
_LOUD_LEAST = 6
_STEADY = 0.08
_SAME_SHIFT = 6
"""Clocks that must agree on a new phase at the old tempo."""
_GRAIN_NS = 1_600_000.0
"""A smaller shift is the grain of the stamps: whole milliseconds, frames of USB."""
_GIVE_UP = 16
"""Clocks in a row that fit nothing: begin again from them."""
_KNOWN_NOISE = 16
_PAUSE = 4.0
"""A gap of more than so many of the slowest clocks is a pause; a packet of four is none."""
_PROVEN = 12
"""Clocks on a new line before the one before it is forgotten; half of them on an exact port."""
_PLACE = 0.01
"""How near to its place, in intervals, a clock among strays is."""
_KNOWN, _STRAYS = 3, 12
"""Twice the strays of late, less the clocks without any: from the first on, strays are expected; the second at most."""
_CALM_CLOCKS, _CALMER = 32, 16.0
"""So many clocks whose variance is so much less than believed: delays with an exponential tail look calm so long by
chance once in 10^7 clocks, 16 of them once in 10^4."""
_FORMER_CLOCKS = 24
"""Clocks after which a former line no longer explains anything: a ramp of tempo, begun anew every few clocks, drifts
off it by whole intervals."""
_OLD_SLOPE = 24
"""After a pause, the old tempo weighs as much as so many clocks."""


class TempoFilter:
    """Arrivals in, the line `clock -> ns` out.

    The line is a long regression, begun again where it has bent. What is far from it waits as a suspect: some that
    agree on a whole number of intervals are lost or doubled clocks and correct the count; growing ones are a new
    tempo; one alone, with the next in its place, was a hiccup and is forgotten. The line before a change is kept for
    a while, should the change prove to be lost clocks.

    Called in the audio callback: bounded memory, about 20 us a clock; 0.3 ms at the eighth and, if noisy, the 16th.
    """

    __slots__ = ("_drift", "_former", "_line", "_strays", "_surprises", "_suspects", "_young", "jitter")

    def __init__(self, interval_ns: float) -> None:
        self.jitter = Jitter()
        self._line = Regression(interval_ns)
        self._former: Regression | None = None
        self._suspects: list[Arrival] = []
        self._surprises = Surprises()
        self._strays = 0
        self._young = False
        self._drift = Drift()

    @property
    def interval_ns(self) -> float:
        """From clock to clock."""
        return self._line.interval_ns

    @property
    def strays(self) -> bool:
        """Whether clocks that belong to no place have kept coming between those of the line."""
        return self._strays >= _STRAYS

    @property
    def begun(self) -> bool:
        """Whether two clocks that did not come together have told the tempo of the line; else it is a guess."""
        points = self._line.points
        return len(points) > 1 and points[-1].ns - points[0].ns >= FASTEST_NS / 4.0

    @property
    def knows_noise(self) -> bool:
        """Whether enough clocks have come by this port to say how noisy it is, and its tempo with it."""
        return self.jitter.heard >= _KNOWN_NOISE

    def mean_ns(self, clock: int) -> float:
        """When a clock of this number comes on average."""
        return self._line.mean_ns(clock)

    def phase_ns(self, clock: int) -> float:
        """When a clock of this number was sent: the early edge of its arrivals."""
        return self._line.mean_ns(clock) - self.jitter.edge_ns

    def gate_ns(self, line: Regression | None = None) -> float:
        """How far from its prediction the next arrival may be and still belong to the line."""
        heard = self.jitter.heard
        factor = GATE + (16.0 / heard if heard else 16.0)
        return factor * self.jitter.sd_ns * sqrt(1.0 + (line or self._line).leverage())

    def hold(self, clock: int, ns: float, interval_ns: float) -> None:
        """Forget all arrivals: the line is given."""
        self._replace(Regression(interval_ns))
        self._line.hold(clock, ns)
        self._surprises.restart()

    def restart(self, points: Sequence[Arrival]) -> None:
        """Begin again from these: what came beside them was another master's."""
        self.jitter.forget()
        self._former = None
        self._replace(Regression.through(points, self.interval_ns))
        self._surprises.restart()
        self._consider(0.3)

    def regrid(self) -> None:
        """The next arrival brings a new phase; tempo and noise are kept as a guess."""
        line = Regression(self.interval_ns)
        known = self.knows_noise and len(self._line.points) >= 8
        line.prior = (_OLD_SLOPE**3 / 12.0, self.interval_ns) if known else self._line.prior
        self._replace(line)
        self._surprises.restart()

    def add(self, clock: int, ns: int) -> int:
        """One arrival. Returns by how much the count of clocks is wrong, which the caller adds to it."""
        point = Arrival(clock, ns)
        self._surprises.heard(point, self._line.interval_ns)
        doubted = len(self._suspects) + 1
        slip = self._add(point)
        if slip:
            self._surprises.slipped(slip, doubted)
        return slip

    def _add(self, point: Arrival) -> int:
        clock, ns = point
        line = self._line
        if self._former is not None and clock - self._former.points[-1].clock > _FORMER_CLOCKS:
            self._former = None
        if line.points:
            self.jitter.observe(ns - (self._suspects or line.points)[-1].ns)
        if len(line.points) < 2 or self.jitter.heard < FIRST_CLOCKS:
            return self._begin(point)
        leverage = line.leverage()
        residual = ns - line.mean_ns(clock)
        if abs(residual) > self._limit_ns() or (self._suspects and self._nearer(residual)):
            self._suspects.append(point)
            rule = self._surprises.surprise()
            if rule and not self._whole(self._line, sure=False) and (recast := self._recast()) is not None:
                return recast
            return self._doubt()
        if self._strays and not self._suspects:
            self._strays -= 1
        for suspect in self._suspects:
            self._learn_stray(suspect)
        self._suspects.clear()
        calm = self._learn(clock, residual, leverage)
        line.push(point)
        if clock & 7 == 0 and len(line.points) >= _CALM_CLOCKS:
            self._settle()
        if calm and len(line.points) > LOOK_BACK:
            return 0
        if self._young and len(line.points) >= 2 * FIRST_CLOCKS:
            return self._consider(0.5)
        if len(line.points) >= 6:
            if self._former is not None and (slip := self._regret(self._former)):
                return slip
            self._bend()
            if len(self._line.points) > (_PROVEN if self.rough else _PROVEN // 2):
                self._former = None
        return 0

    @property
    def rough(self) -> bool:
        """Whether one or two clocks say nothing, for noise."""
        return self.jitter.sd_ns > _ROUGH * self.interval_ns

    def _replace(self, line: Regression) -> None:
        self._line = line
        line.curved = False
        self._suspects.clear()
        self._drift.restart()

    def _limit_ns(self) -> float:
        """The gate; never so wide that a lost or doubled clock would pass, but where clocks come in packets."""
        gate, stray = self.gate_ns(), _STRAY * self.interval_ns
        return gate if gate < stray or self.jitter.sd_ns > 0.3 * self.interval_ns else stray

    def _learn(self, clock: int, residual: float, leverage: float) -> bool:
        """Of the noise, from a clock on the line. Returns whether the last ones give no sign of a change."""
        calm, step = self._drift.add(clock, residual, self.jitter.sd_ns)
        if calm or self.jitter.heard < 24:
            self.jitter.learn(residual, leverage, len(self._line.points) >= 8 and not self._line.curved)
        else:  # what changes slowly is a change of tempo and no noise
            self.jitter.learn(step * sqrt(0.5), leverage, False)
        return calm

    def _learn_stray(self, point: Arrival) -> None:
        """An outlier tells of the noise, unless it was probably another clock, lost or doubled."""
        residual = point.ns - self.mean_ns(point.clock)
        if abs(residual) < _STRAY * self.interval_ns and self.jitter.heard >= FIRST_CLOCKS:
            self.jitter.learn(residual, self._line.leverage(), False)

    # -- the first clocks ----------------------------------------------------------------------------------------

    def _begin(self, point: Arrival) -> int:
        """One of the first arrivals: every line is a guess, and none is refused yet."""
        line = self._line
        if line.points:
            last = line.points[-1]
            interval = (point.ns - last.ns) / max(1, point.clock - last.clock)
            if interval > _PAUSE * SLOWEST_NS:
                line = Regression(self.interval_ns)  # a pause between them: begin with this one
                self._replace(line)
            elif not self.rough or abs(interval - self.interval_ns) > 2.0 * GATE * self.jitter.sd_ns:
                line.prior = (0.0, 0.0)
        cold = self.jitter.heard < FIRST_CLOCKS
        if cold and len(line.points) >= 2:
            self.jitter.learn(point.ns - line.mean_ns(point.clock), line.leverage(), False)
        line.push(point)
        return self._consider(0.3) if cold and len(line.points) == FIRST_CLOCKS else 0

    def _consider(self, better: float) -> int:
        """Judge the first clocks together: see first_clocks.judge()."""
        points = list(self._line.points)
        judged = judge(points, self.interval_ns, self.jitter.floor_ns, better)
        if judged.points is not points:
            self._replace(Regression.through(judged.points, self.interval_ns))
        self.jitter.begin(judged.variance)
        self._young = self.rough and len(points) < 2 * FIRST_CLOCKS
        return judged.slip

    def _recast(self) -> int | None:
        """Surprised again and again: is the port noisier than it was? Then judge the last clocks as the first ones."""
        found = self._surprises.misjudged(self._line, self.jitter.sd_ns)
        if found is None:
            return None
        points, slip = found
        self.jitter.forget()
        self._former = None
        self._replace(Regression.through(points, self.interval_ns))
        return slip + self._consider(0.3)

    def _settle(self) -> None:
        """Whether the port has become calm: then what was learned of its noise is of the past."""
        last = list(self._line.points)[-_CALM_CLOCKS:]
        variance = line_through(last).squares(last) / (_CALM_CLOCKS - 2)
        if variance < self.jitter.sd_ns**2 / _CALMER and self.jitter.sd_ns > 2.0 * self.jitter.floor_ns:
            self.jitter.forget()
            self.jitter.begin(variance)
            self._replace(Regression.through(last, self.interval_ns))

    # -- changes -------------------------------------------------------------------------------------------------

    def _bend(self) -> bool:
        """Whether the tempo has changed in the last clocks; then the line begins again from there."""
        jitter, interval = self.jitter, self.interval_ns
        sd = jitter.sd_ns
        late = _LATE_CLIP * sd if self.rough else SLOWEST_NS
        loud = sd > _STEADY * interval
        bend = self._line.find_bend(self._suspects, Noise(sd, late, -late if loud else -SLOWEST_NS))
        line = self._line.bend(self._suspects, bend.arrivals, sd) if bend.arrivals else None
        if line is None or not self._plausible(line.interval_ns):
            if not self._suspects:
                self._line.curve(bend, not loud)
            return False
        jitter.unlearn(max(0, bend.arrivals - len(self._suspects)))
        self._begin_again(line)
        return True

    def _plausible(self, interval_ns: float) -> bool:
        """Whether the suspects may mean this tempo. On a loud port it takes more of them: it may be lost clocks."""
        if not FASTEST_NS <= interval_ns <= SLOWEST_NS:
            return False
        loud = self.jitter.sd_ns > _LOUD * self.interval_ns
        return not loud or not self._suspects or len(self._suspects) >= _LOUD_LEAST

    def _begin_again(self, line: Regression) -> None:
        """A new tempo; the old line is kept, should the change prove to be lost or doubled clocks."""
        if self._excused() is None:
            self._former = None
        if self._former is None and len(self._line.points) >= _PROVEN:
            self._former = self._line
        self._replace(line)

    def _regret(self, former: Regression) -> int:
        """Whether the line before the last change, and clocks lost or doubled, explain as well what came since."""
        if len(self._line.points) not in (6, 9, _PROVEN):
            return 0
        since = list(self._line.points)[-5:]
        slip = round(sum(p.ns - former.mean_ns(p.clock) for p in since) / (len(since) * former.interval_ns))
        moved = [Arrival(p.clock + slip, p.ns) for p in since]
        if not slip or former.squares(moved) > self._line.squares(since) + 2.0 * self.jitter.sd_ns**2:
            return 0
        self._former = None
        self._replace(former)
        former.extend(moved)
        return slip

    # -- suspects ------------------------------------------------------------------------------------------------

    def _doubt(self) -> int:
        """The last arrival is far from the line: what is it?"""
        suspects = self._suspects
        slip = self._slip() or self._sort_out()
        if slip or not suspects:
            return slip
        if (anew := self._surprises.anew(self.jitter.sd_ns)) is not None:
            points, slip = anew
            self._replace(Regression.through(points, self.interval_ns))
            return slip
        if self._whole(self._line, sure=False):
            return 0
        if (len(self._line.points) >= 6 and self._bend()) or self._leap():
            return 0
        if len(suspects) > 4:
            self._learn_stray(suspects[-1])
        if len(suspects) >= 3 and (former := self._excused()) is not None:  # the change was none
            fresh = [*suspects]
            self._replace(former)
            self._former = None
            self._suspects = fresh
            return self._slip()
        if len(suspects) >= _SAME_SHIFT:
            late = shifted(suspects[-_SAME_SHIFT:], self._line, min(0.5 * self.interval_ns, 2.0 * self.gate_ns()))
            if late is not None:
                return self._shift(late)
        if len(suspects) >= _GIVE_UP:
            del suspects[: -_GIVE_UP // 2]
            return self._rejoin()
        return 0

    def _nearer(self, residual: float) -> bool:
        """Whether an arrival within the gate is nearer still to where the suspects before it put it."""
        slip = self._whole(self._line, sure=False) * self.interval_ns
        return slip != 0.0 and abs(residual - slip) < abs(residual)

    def _slip(self) -> int:
        """Whole intervals by which the last suspects agree to be off the line: clocks lost (+) or doubled (-)."""
        slip = self._whole(self._line)
        if slip < 0 and self._suspects[0].ns == self._line.points[-1].ns:  # stamps of a coarse clock, or a packet
            self._absorb()
            return 0
        fresh = [*self._suspects]
        if slip:
            self._suspects.clear()
        elif (former := self._excused()) is not None and (slip := self._whole(former)):
            self._replace(former)
            self._former = None
        else:
            return 0
        limit = self.gate_ns()
        moved = [Arrival(p.clock + slip, p.ns) for p in fresh]
        self._line.extend([p for p in moved if abs(p.ns - self.mean_ns(p.clock)) < limit])
        return slip

    def _whole(self, line: Regression, sure: bool = True) -> int:
        return whole(self._suspects, line, self.gate_ns(line), self.rough, sure)

    def _leap(self) -> bool:
        """Whether the suspects are a new tempo already; then the line begins again from them."""
        if self._strays >= _KNOWN and len(self._suspects) < _STRAYS:
            return False
        fresh = leap(self._suspects, self._line, self.jitter.sd_ns, self.rough)
        if not fresh or not self._plausible((fresh[-1].ns - fresh[0].ns) / (fresh[-1].clock - fresh[0].clock)):
            return False
        self._begin_again(Regression.through(fresh, self.interval_ns))
        return True

    def _sort_out(self) -> int:
        """Whether the suspects are the clocks that were due, among strays that came between them."""
        if self.rough or not self._suspects or len(self._line.points) < FIRST_CLOCKS:
            return 0
        gate = max(self.gate_ns(), _PLACE * self.interval_ns)
        own = among_strays(self._suspects, self._line, gate, self._strays >= _KNOWN)
        if not own:
            return 0
        self._strays = min(_STRAYS, self._strays + 2)
        slip = own[-1].clock - self._suspects[-1].clock
        self._suspects.clear()
        self._line.extend(own)
        return slip

    def _excused(self) -> Regression | None:
        """The line before the last change, should that have been lost or doubled clocks."""
        former = self._former
        return former if former is not None and excused(self._line, former, self.jitter.sd_ns) else None

    def _shift(self, ns: float) -> int:
        """The suspects agree on the old tempo, `ns` later: another count, the grain of the stamps, or a new phase."""
        if abs(ns) > _STRAY * self.interval_ns:
            return self._rejoin()
        if abs(ns) < _GRAIN_NS:
            self._absorb()
            return 0
        line = Regression(self.interval_ns)
        line.prior = self._line.prior
        line.extend([Arrival(p.clock, p.ns + round(ns)) for p in self._line.points])
        line.extend(self._suspects[-_SAME_SHIFT:])
        self._replace(line)
        return 0

    def _absorb(self) -> None:
        """The suspects belong to the line: stamps so coarse that clocks seem exact, and then all shift at once."""
        late = sum(p.ns - self.mean_ns(p.clock) for p in self._suspects) / len(self._suspects)
        self.jitter.begin(max(self.jitter.sd_ns, abs(late) / 2.0) ** 2)
        self._line.extend(self._suspects)
        self._suspects.clear()

    def _rejoin(self) -> int:
        """Begin again from the suspects, and number them by how long after the last good clock they came."""
        found = rejoined(self._suspects, self._line.points[-1], self.interval_ns)
        if found is None:
            return 0
        points, slip = found
        self._replace(Regression.through(points, self.interval_ns))
        return slip
