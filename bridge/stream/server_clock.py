"""The server's clock as a client knows it: offset and drift, from round trips of `ping` and `pong`.

Of a trip (sent, server, received) the server's stamp lies somewhere between the two others: its middle is wrong by half
the trip at most, and by much less when the trip was short. So of every few trips the shortest counts (D. Mills, RFC
5905, section 10: the clock filter), and through these goes a line by medians (H. Theil's incomplete method: slopes of
pairs half the window apart), which trips that were held up on one way do not bend; a trip's weight falls with the
square of its length. bridge/web has the same in JavaScript, with the same constants.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

WINDOW = 128
"""Trips that count: a minute, at EVERY_S. More would not follow crystals that warm up, nor NTP, which bends clocks."""
GROUP = 4
"""Of so many trips in a row the shortest counts, once there are enough of them."""
POINTS = 8
"""With fewer trips than GROUP times this, groups are smaller, so that a line has so many points."""
READY = 8
"""Trips after which the clock can be used."""
FIRST = 32
"""Trips that follow each other at FIRST_EVERY_S; later ones at EVERY_S."""
FIRST_EVERY_S, EVERY_S = 0.05, 0.5
DRIFT_PPM = 100.0
"""Crystals are within 50 ppm each: until trips tell more than that, the drift is taken for less than what they say."""
MAX_DRIFT_PPM = 1000.0
"""A clock that NTP slews may be 500 ppm off (RFC 5905, and Linux's adjtimex); what is more is no drift."""
NOISE_NS = 20_000
"""The least that trips are taken to be wrong by, standard deviation."""
JUMP_NS, JUMPS = 5_000_000, 3
"""So many trips in a row whose stamps lie this far off what the line allows: a clock slept, or began anew."""


class _Trip(NamedTuple):
    number: int
    local_ns: int
    offset_ns: int
    length_ns: int


class _Point(NamedTuple):
    x: float
    y: float
    weight: float


class _Line(NamedTuple):
    """server - local is offset_ns + rest_ns at at_ns (apart, so that doubles keep their ns); drift: by how much
    the server's clock is faster, as a ratio."""

    at_ns: int
    offset_ns: int
    rest_ns: float
    drift: float


class ServerClock:
    """local <-> server time, both in ns of monotonic clocks. Sans I/O: fed by who pings, asked by who plays.

    Nothing here blocks; add() takes about 0.2 ms. add() and reset() belong to one thread; to_local() and to_server()
    may be asked by any.
    """

    __slots__ = ("_line", "_number", "_strangers", "_trips", "jumps")

    def __init__(self) -> None:
        self.jumps = 0
        """How often all was learnt anew: the clocks had gone apart."""
        self._trips: deque[_Trip] = deque(maxlen=WINDOW)
        self._number = 0
        self._strangers: list[_Trip] = []
        self._line = _Line(0, 0, 0.0, 0.0)

    @property
    def ready(self) -> bool:
        """Whether there were trips enough."""
        return len(self._trips) >= READY

    @property
    def offset_ns(self) -> int:
        """server - local, at the newest trip; 0 before the first."""
        if not self._trips:
            return 0
        newest = self._trips[-1].local_ns
        return self.to_server(newest) - newest

    @property
    def drift_ppm(self) -> float:
        """By how much the server's clock is faster than ours, in millionths."""
        return self._line.drift * 1e6

    @property
    def error_ns(self) -> int:
        """By how much the offset may be wrong at most, were all of the shortest trip spent on one way; 0 before any."""
        return min((trip.length_ns for trip in self._trips), default=0) // 2

    @property
    def wait_s(self) -> float:
        """Seconds to wait between one trip and the next, now."""
        return FIRST_EVERY_S if len(self._trips) < FIRST else EVERY_S

    def to_local(self, server_ns: int) -> int:
        """Our time of a server's time."""
        at_ns, offset_ns, rest_ns, drift = self._line
        return at_ns + round((server_ns - at_ns - offset_ns - rest_ns) / (1.0 + drift))

    def to_server(self, local_ns: int) -> int:
        """The inverse of to_local(), to within rounding."""
        at_ns, offset_ns, rest_ns, drift = self._line
        return local_ns + offset_ns + round(rest_ns + (local_ns - at_ns) * drift)

    def reset(self) -> None:
        """Forget all: another server is asked from now on."""
        self._trips.clear()
        self._strangers.clear()
        self._line = _Line(0, 0, 0.0, 0.0)

    def add(self, sent_ns: int, server_ns: int, received_ns: int) -> None:
        """A trip: when `ping` left and `pong` came by our clock, and what the server's said in between.

        Raises ValueError for one that came before it left.
        """
        length = received_ns - sent_ns
        if length < 0:
            raise ValueError(f"a trip cannot end {-length} ns before it began: give stamps of one monotonic clock")
        local = sent_ns + length // 2
        trip = _Trip(self._number, local, server_ns - local, length)
        self._number += 1
        if self._trips and abs(server_ns - self.to_server(local)) > length // 2 + JUMP_NS:
            self._strangers.append(trip)
            if len(self._strangers) < JUMPS:
                return
            self.jumps += 1
            self._trips.clear()
            self._trips.extend(self._strangers)
        else:
            self._trips.append(trip)
        self._strangers.clear()
        self._fit()

    def _fit(self) -> None:
        size = max(1, min(GROUP, len(self._trips) // POINTS))
        best = [min(group, key=lambda trip: trip.length_ns)
                for _, group in itertools.groupby(self._trips, key=lambda trip: trip.number // size)]
        at, base = best[-1].local_ns, best[-1].offset_ns
        points = [_Point(float(trip.local_ns - at), float(trip.offset_ns - base), (trip.length_ns + NOISE_NS) ** -2.0)
                  for trip in best]
        half = len(points) // 2
        slopes = [((b.y - a.y) / (b.x - a.x), min(a.weight, b.weight))
                  for a, b in zip(points, points[len(points) - half:], strict=False) if b.x > a.x]
        drift = weighted_median(slopes) if slopes else 0.0
        total = math.fsum(p.weight for p in points)
        middle = math.fsum(p.weight * p.x for p in points) / total
        level = weighted_median([(p.y - drift * (p.x - middle), p.weight) for p in points])
        noise = max(NOISE_NS, 1.4826 * weighted_median([(abs(p.y - level - drift * (p.x - middle)), p.weight)
                                                        for p in points]))
        most = max(p.weight for p in points)
        told = math.fsum(p.weight / most * (p.x - middle) ** 2 for p in points) / noise**2  # 1 / the slope's variance
        drift *= told / (told + (DRIFT_PPM / 1e6) ** -2)
        drift = max(-MAX_DRIFT_PPM / 1e6, min(MAX_DRIFT_PPM / 1e6, drift))
        whole = round(middle)
        rest = weighted_median([(p.y - drift * (p.x - whole), p.weight) for p in points])
        self._line = _Line(at + whole, base, rest, drift)


def weighted_median(pairs: Sequence[tuple[float, float]]) -> float:
    """Of (value, weight): where half of the weight is reached, on straight lines from value to value."""
    ordered = sorted(pairs)
    half = math.fsum(weight for _, weight in ordered) / 2
    before, last = -math.inf, ordered[0][0]
    reached = 0.0
    for value, weight in ordered:
        centre = reached + weight / 2
        if centre >= half:
            return value if before == -math.inf else last + (value - last) * (half - before) / (centre - before)
        before, last = centre, value
        reached += weight
    return last
