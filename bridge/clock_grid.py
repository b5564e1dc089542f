"""Numbers the clocks of a MIDI clock as they were meant: which were dropped, doubled, late in a bunch. Sans I/O."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

BEFORE, AFTER = 24, 12
"""Intervals on either side from which a clock's own interval is judged; a clock is settled AFTER clocks later."""
PAUSE_NS = 1_000_000_000
"""Longer than this without a clock is a pause, not a row of dropped clocks (8 clocks at 20 BPM)."""
_NEAR = 0.25
"""An interval within this part of the median is a plain one."""
_LEAK = 0.5
"""How much of a clock's lateness is held against the next one."""


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
        self._before: deque[int] = deque(maxlen=BEFORE)
        self._cut = False
        self._transport = False
        self._carry = 0.0
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
        expected = self._expected(interval, arrival)
        if self._owed and self._debt and 2 * interval < self._burst_expected:
            expected = self._burst_expected  # in a long burst its own short intervals are the typical ones
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
            self._take(arrival, self.index[-1] + 1, 0.0)
        else:
            self._number(arrival, interval, expected)

    def _number(self, arrival: _Arrival, interval: int, expected: float) -> None:
        due = interval / expected + self._carry
        steps = round(due)
        if steps <= 0 and not self._debt:
            self.doubled += 1
            return
        self._before.append(interval)
        if steps <= 0:
            steps = 0
            self._debt -= 1
            self.bunched += 1
            last = self.index[-1]
            for row in range(self._burst, len(self.index)):
                self.index[row] -= 1
            self._take(arrival, last, expected)
        else:
            self._close_debt()
            if steps > 1:
                self._debt, self._owed, self._burst = steps - 1, True, len(self.index)
                self._burst_expected = expected
            self._take(arrival, self.index[-1] + steps, expected)
        self._carry = _LEAK * (due - steps)

    def _begin(self, arrival: _Arrival) -> None:
        """A new run. Its first clocks may be a burst: as many numbers as needed are left free before it."""
        self._close_debt()
        self._before.clear()
        self._carry = 0.0
        self._debt, self._owed, self._burst = 1 << 30, False, len(self.ns)
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

    def _expected(self, interval: int, arrival: _Arrival) -> float | None:
        """The typical interval, of those before and those after, that is nearer to this one."""
        after = []
        last = arrival.ns
        for following in self._pending:
            if following.cut or following.transport or following.ns - last > PAUSE_NS:
                break
            after.append(following.ns - last)
            last = following.ns
        typical = [t for t in (_typical(self._before), _typical(after)) if t is not None]
        return min(typical, key=lambda t: abs(interval - t), default=None)


def _typical(intervals: Sequence[int]) -> float | None:
    """The mean of those near the median; of all where most are not near (a master that sends clocks in packets)."""
    count = len(intervals)
    if count < 3:
        return None
    median = sorted(intervals)[count // 2]
    near = [interval for interval in intervals if abs(interval - median) <= _NEAR * median]
    if median > 0 and len(near) * 5 >= count * 3:
        return sum(near) / len(near)
    return sum(intervals) / count or None
