"""Numbers the clocks of a MIDI clock as they were meant: which were dropped, doubled, late in a bunch. Sans I/O."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from math import floor
from typing import NamedTuple

BEFORE, AFTER = 24, 12
"""Intervals on either side from which a clock's own interval is judged; a clock is settled AFTER clocks later."""
_LEAST = 8
"""Fewer intervals tell of no tempo."""
PAUSE_NS = 1_000_000_000
"""Longer than this without a clock is a pause, not a row of dropped clocks (8 clocks at 20 BPM)."""
_NEAR = 0.25
"""An interval within this part of the median is a plain one."""
_LEAK, _TRUST = 0.1, 0.3
"""Arrivals are late, hardly ever early, so the phase is the early edge: an early clock draws it forward at once, a late
one back by a tenth of its lateness, and of that no more than 0.3 intervals count: bursts are no new phase."""
_LATE = 0.7
"""A clock is given the number before it up to this part of an interval after that edge, the next one beyond."""
_WITNESSES = 4
"""So many clocks behind one tell whether it was late or whether the one before it was dropped."""
_BUNCH = 0.25
"""A clock that follows another within this part of an interval came in a bunch with it."""
_OTHER_TEMPO = 0.08
"""A typical interval that differs by this part is another tempo: the phase is that of the last clock alone."""


class _Arrival(NamedTuple):
    ns: int
    machine_ns: int
    cut: bool
    """Messages may have been lost on our side before this one."""
    transport: bool
    """Start, Stop, Continue or a song position came before this one: the master may begin a new grid."""


class Pause(NamedTuple):
    """No clocks between two times."""

    from_ns: int
    to_ns: int


class ClockGrid:
    """Arrivals in, numbered clocks out.

    A clock is judged by its interval against the typical interval before it and after it, whichever fits better, so
    that a change of tempo is none of the three. Where a long interval is followed by a burst, the burst's clocks were
    late and take the numbers left out (`bunched`); numbers that no burst fills were `dropped`; a clock without a number
    left for it was `doubled` and is left out of the columns.

    The columns, one row a clock: ns, machine_ns (two clocks' stamps of the same arrival), index (the number; only
    differences within a run mean anything), expected_ns (the typical interval here; 0.0 for the first of a run) and
    run (a new one after a pause, a loss on our side, or a new grid after a transport message). One thread.
    """

    def __init__(self) -> None:
        self.ns = array("q")
        self.machine_ns = array("q")
        self.index = array("q")
        self.expected_ns = array("d")
        self.run = array("q")
        self.dropped = 0
        self.doubled = 0
        self.bunched = 0
        self.cuts = 0
        """Runs that ended because we may have lost messages."""
        self.regrids = 0
        """Runs that ended because the master began a new grid at a transport message."""
        self.pauses: list[Pause] = []
        self._pending: deque[_Arrival] = deque()
        self._cut = False
        self._transport = False
        self._edge_ns = 0.0
        """When the last number was due, by the clocks that were least late."""
        self._slope_row = 0
        """First row that the interval before may be taken from."""
        self._debt = 0
        """Numbers left out by the last long interval that a burst may still fill."""
        self._owed = False
        """Whether an unpaid debt is clocks dropped; at the start of a run nobody knows what came before."""
        self._burst = 0
        """First row of the burst."""
        self._burst_expected = 0.0

    def __len__(self) -> int:
        return len(self.ns)

    def add(self, ns: int, machine_ns: int) -> None:
        """A clock has arrived; times never fall."""
        self._pending.append(_Arrival(ns, machine_ns, self._cut, self._transport))
        self._cut = self._transport = False
        while len(self._pending) > AFTER:
            self._settle()

    def cut(self) -> None:
        """Messages may have been lost on our side: what follows is a new run."""
        self._cut = True

    def transport(self) -> None:
        """The master has sent a transport message."""
        self._transport = True

    def flush(self) -> None:
        """Judge what is still pending by what is there: at the end, or in a pause."""
        while self._pending:
            self._settle()
        if self._owed and self._debt:
            self.dropped += self._debt
            self._debt = 0

    # --- inside

    def _settle(self) -> None:
        arrival = self._pending.popleft()
        if not self.ns:
            self._begin(arrival)
            return
        interval = arrival.ns - self.ns[-1]
        following = self._after(arrival)
        before, after = self._before(), _typical(following)
        # By the one that is nearer, so that a new tempo's first interval is none too short or too long.
        known = [t for t in (before, after) if t is not None]
        expected = min(known, key=lambda t: abs(interval - t), default=self.expected_ns[-1] or None)
        if arrival.cut:
            self.cuts += 1
            self._begin(arrival)
        elif interval > PAUSE_NS:
            self.pauses.append(Pause(self.ns[-1], arrival.ns))
            self._begin(arrival)
        elif arrival.transport and (expected is None or abs(interval - expected) > _NEAR * expected):
            self.regrids += 1
            self._begin(arrival)
        elif expected is None:
            self._take(arrival, self.index[-1] + 1, 0.0)  # too short a run to tell
        elif self._debt and 2 * interval < (self._burst_expected or expected):
            # In a long burst its own short intervals would be the typical ones.
            self._repay(arrival, self._burst_expected or expected)
        else:
            # The steadier one to count by, while it holds.
            pace = before if before is not None and _goes_on(before, following) else expected
            steps = self._steps(arrival.ns, following, pace)
            self._close_debt()
            if steps <= 0:
                self.doubled += 1
                return
            if steps > 1:
                self._debt, self._owed, self._burst, self._burst_expected = steps - 1, True, len(self.ns), expected
            self._take(arrival, self.index[-1] + steps, expected)
            self._edge_ns += steps * pace
            late = max(0.0, min(_TRUST, (arrival.ns - self._edge_ns) / pace))
            self._edge_ns = min(arrival.ns, self._edge_ns + _LEAK * late * pace)
        if self.expected_ns[-1] and interval < _BUNCH * self.expected_ns[-1]:
            self.bunched += 1

    def _steps(self, ns: int, following: Sequence[int], pace: float) -> int:
        """From the last number to this clock's: 1, 0 for one too many, more where some are left out.

        Where this clock alone seems to be late or early by a whole number, those behind it tell whether the master
        has dropped or doubled one: then all of them are.
        """
        late = (ns - self._edge_ns) / pace - 1.0
        own = floor(late + 2.0 - _LATE)
        if own == 1 or not following:
            return own
        edge = late
        for interval in following[:_WITNESSES]:
            late += interval / pace - 1.0
            edge = min(edge, late)
        agreed = 1 + round(edge)
        return max(1, min(agreed, own)) if own > 1 else min(1, max(agreed, own))

    def _repay(self, arrival: _Arrival, expected: float) -> None:
        """One of a burst: it takes a number that the long interval before the burst has left out."""
        self._debt -= 1
        last = self.index[-1]
        for row in range(self._burst, len(self.index)):
            self.index[row] -= 1
        self._take(arrival, last, expected)
        if self._owed:
            self._slope_row = len(self.ns)  # a burst has no slope

    def _begin(self, arrival: _Arrival) -> None:
        """A new run. Its first clocks may be a burst: as many numbers as needed are left free before it."""
        self._close_debt()
        self._slope_row = len(self.ns)
        self._edge_ns = float(arrival.ns)
        self._debt, self._owed, self._burst, self._burst_expected = 1 << 30, False, len(self.ns), 0.0
        number = self.index[-1] + 1 if self.index else 0
        self.run.append(self.run[-1] + 1 if self.run else 0)
        self._append(arrival, number, 0.0)

    def _close_debt(self) -> None:
        if self._owed:
            self.dropped += self._debt
        self._debt, self._owed = 0, False

    def _take(self, arrival: _Arrival, number: int, expected: float) -> None:
        self.run.append(self.run[-1])
        self._append(arrival, number, expected)

    def _append(self, arrival: _Arrival, number: int, expected: float) -> None:
        self.ns.append(arrival.ns)
        self.machine_ns.append(arrival.machine_ns)
        self.index.append(number)
        self.expected_ns.append(expected)

    def _before(self) -> float | None:
        """The interval over the last clocks as numbered: the median of slopes over half of them, as by Theil and Sen,
        which neither a burst nor a few wrong numbers bend."""
        first = max(self._slope_row, len(self.ns) - BEFORE)
        count = len(self.ns) - first
        if count < _LEAST:
            return None
        half = count // 2
        ns, index = self.ns[first:], self.index[first:]
        slopes = sorted((ns[i + half] - ns[i]) / (index[i + half] - index[i]) for i in range(count - half))
        return (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2.0 or None

    def _after(self, arrival: _Arrival) -> list[int]:
        """The intervals that follow."""
        after = []
        last = arrival.ns
        for following in self._pending:
            if following.cut or following.transport or following.ns - last > PAUSE_NS:
                break
            after.append(following.ns - last)
            last = following.ns
        return after


def _goes_on(interval: float, following: Sequence[int]) -> bool:
    """Whether what follows fits the tempo: its mean, which jitter moves least, or else its typical interval, which
    dropped and doubled clocks do not move."""
    typical = _typical(following)
    return typical is None or any(
        abs(other - interval) <= _OTHER_TEMPO * interval for other in (sum(following) / len(following), typical)
    )


def _typical(intervals: Sequence[int]) -> float | None:
    """The mean of those near the median; of all AFTER where most are not near (packets); else None."""
    count = len(intervals)
    if count < _LEAST:
        return None
    median = sorted(intervals)[count // 2]
    near = [interval for interval in intervals if abs(interval - median) <= _NEAR * median]
    if median > 0 and len(near) * 5 >= count * 3:
        return sum(near) / len(near)
    return (sum(intervals) / count or None) if count >= AFTER else None
