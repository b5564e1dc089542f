"""How late what was heard is against what was sent: matching, and how far the figures can be trusted. Sans I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_Z95 = 1.96


class Match(NamedTuple):
    """The delay that fits best.

    delay     the middle of the delays that agree, in the unit of the arguments
    pairs     (index sent, index heard), at most one of each, in order
    runner_up how many pairs the next best delay makes, apart from this one: an echo, or chance
    runner_up_delay  that delay
    """

    delay: float
    pairs: tuple[tuple[int, int], ...]
    runner_up: int = 0
    runner_up_delay: float = 0.0


def match(
    sent: Sequence[float] | NDArray[Any], heard: Sequence[float] | NDArray[Any], shortest: float, longest: float,
    tolerance: float,
) -> Match | None:
    """Pairs of times at one common delay in [shortest, longest], each within the tolerance of it; None for none.

    Each (sent, heard) votes for its difference; the window of differences, twice the tolerance wide, with the most
    distinct senders wins, of equals the earliest. Both are sorted, `sent` at irregular intervals.
    """
    times, ears = np.asarray(sent, float), np.asarray(heard, float)
    votes = [(float(difference), i, int(j))
             for i, at in enumerate(times)
             for j in range(*np.searchsorted(ears, [at + shortest, at + longest]))
             for difference in (ears[j] - at,)]
    if not votes:
        return None
    votes.sort()
    winner = _densest(votes, tolerance)
    delay = float(np.median([vote[0] for vote in winner]))
    pairs = _pairs(votes, delay, tolerance)
    others = [vote for vote in votes if abs(vote[0] - delay) > 2.0 * tolerance]
    second = _densest(others, tolerance)
    if not second:
        return Match(delay, pairs)
    return Match(delay, pairs, len({vote[1] for vote in second}), float(np.median([vote[0] for vote in second])))


def _densest(votes: Sequence[tuple[float, int, int]], tolerance: float) -> Sequence[tuple[float, int, int]]:
    """Of sorted votes, those in the window with the most distinct senders."""
    best: tuple[int, int, int] = (0, 0, 0)
    inside: dict[int, int] = {}
    start = 0
    for stop, (difference, sender, _) in enumerate(votes, 1):
        inside[sender] = inside.get(sender, 0) + 1
        while difference - votes[start][0] > 2.0 * tolerance:
            gone = votes[start][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            start += 1
        if len(inside) > best[0]:
            best = (len(inside), start, stop)
    return votes[best[1] : best[2]]


def _pairs(votes: Sequence[tuple[float, int, int]], delay: float, tolerance: float) -> tuple[tuple[int, int], ...]:
    """One to one, the nearest to the delay first."""
    taken_sent: set[int] = set()
    taken_heard: set[int] = set()
    pairs = []
    for difference, i, j in sorted(votes, key=lambda vote: abs(vote[0] - delay)):
        if abs(difference - delay) > tolerance:
            break
        if i not in taken_sent and j not in taken_heard:
            taken_sent.add(i)
            taken_heard.add(j)
            pairs.append((i, j))
    return tuple(sorted(pairs))


@dataclass(frozen=True, slots=True)
class Delays:
    """Measured delays in ms: of each repetition that came back, in order of time, and of all together.

    at_s       when each was sent, in seconds from the start
    ms         how late each came
    sent       repetitions that were sent and could have come back
    """

    at_s: tuple[float, ...]
    ms: tuple[float, ...]
    sent: int

    @property
    def heard(self) -> int:
        return len(self.ms)

    @property
    def share(self) -> float:
        """Of the repetitions that came back, 0..1."""
        return self.heard / self.sent if self.sent else 0.0

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.ms, percent))

    @property
    def median_ms(self) -> float:
        return self.percentile(50)

    @property
    def jitter_ms(self) -> float:
        """Standard deviation, by the median distance from the median (1.4826 MAD), so that a few strays do not count.

        0 where more than half are equal: p99 and the extremes then tell.
        """
        return float(1.4826 * np.median(np.abs(np.array(self.ms) - self.median_ms)))

    @property
    def median_range_ms(self) -> tuple[float, float]:
        """Where the true median is, at 95 %: the order statistics n/2 -+ 0.98 sqrt(n) (Conover, "Practical
        Nonparametric Statistics", 1999, 3.2): nothing is assumed of how the delays are distributed, so delays that
        flip between two values give a range as wide as these are apart."""
        ordered, n = sorted(self.ms), self.heard
        low = int(max(0.0, np.floor(0.5 * (n - _Z95 * n**0.5))))
        return ordered[low], ordered[n - 1 - low]

    @property
    def error_ms(self) -> float:
        """Half of median_range_ms: the median is right to about this."""
        low, high = self.median_range_ms
        return 0.5 * (high - low)

    @property
    def drift_ppm(self) -> float:
        """How fast the delay grows, 1e-6, by least squares: two devices with clocks of their own. 0 if it does not:
        if the growth is less than four times its own standard error, or a tenth of a frame or so in all."""
        at, late = np.array(self.at_s), np.array(self.ms)
        spread = float(np.sum((at - at.mean()) ** 2))
        if self.heard < 8 or spread == 0.0:
            return 0.0
        slope = float(np.sum((at - at.mean()) * late)) / spread
        rest = late - late.mean() - slope * (at - at.mean())
        error = float(np.sqrt(np.sum(rest**2) / (self.heard - 2) / spread))
        grown_ms = abs(slope) * float(at[-1] - at[0])
        return slope * 1000.0 if abs(slope) > 4.0 * error and grown_ms > 0.002 else 0.0
