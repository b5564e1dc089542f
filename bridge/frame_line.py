"""Frames <-> monotonic nanoseconds: the line itself, and the filter that draws it through jittery callbacks."""

from __future__ import annotations

import math
from dataclasses import dataclass

NS = 1_000_000_000

_BANDWIDTH_HZ = 0.1
"""1 ms of one-sided scheduling jitter at 128 frames comes out as 30 us rms of slow wander, 3 us from block to block,
and a sound card 100 ppm off its nominal rate is tracked with no lasting error (the loop is of second order)."""
_JUMP_NS = 100_000_000
"""An arrival this far off the line is no jitter: the device was stopped, or time was lost. The line starts anew."""
_SHIFT_NS = 5_000_000
_SHIFT_UPDATES = 16
"""So many arrivals in a row, all this far off on the same side, are a shift (blocks were lost), not a late callback."""


@dataclass(frozen=True, slots=True)
class FrameLine:
    """A straight line between absolute frames and clock_ns(): replaced, never changed.

    frame0  a frame index
    ns0     the monotonic time of that frame
    rate    frames per second of monotonic time: near the nominal sample rate, not equal to it, because sound cards
            and system clocks drift apart
    """

    frame0: int
    ns0: int
    rate: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"FrameLine.rate = {self.rate!r}: a sample rate is a positive number of frames per second")

    def ns(self, frame: float) -> int:
        """The time of a frame. Exact to 1 ns within hours of frame0."""
        return self.ns0 + round((frame - self.frame0) * NS / self.rate)

    def frame(self, ns: int) -> float:
        """The (fractional) frame at a time; the inverse of ns() to within the rounding to whole nanoseconds."""
        return self.frame0 + (ns - self.ns0) * self.rate / NS


class FrameClock:
    """A delay-locked loop that turns (frame, arrival) of callbacks into a steady FrameLine.

    Fons Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005: the predicted time of a callback is
    corrected by b times the error and the period by c times the error, b = sqrt(2) w, c = w^2, w = 2 pi B dt. Here
    the period is kept per frame, so that blocks of any size may follow each other, and b starts as 1, 1/2, 1/3 ...,
    the plain mean of the arrivals, so that the line is good from the first blocks (the nominal rate is nearly right).

    After a known loss (an xrun) reanchor() starts the mean anew and keeps the rate: sliding there, as the filter
    inside JACK does, bends the rate by tenths of a percent for seconds. Time never goes back.

    The line runs through the mean of the arrivals: a constant delay of the callbacks stays in it.
    Called by one thread, the device's; neither blocks nor grows.
    """

    __slots__ = ("_frame", "_line", "_ns", "_ns_per_frame", "_off", "_updates", "jumps", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Nominal frames per second."""
        self.jumps = 0
        """How often the line started anew: an arrival was 100 ms off it, or 16 in a row were 5 ms off it."""
        self._line: FrameLine | None = None
        self._frame = 0
        self._ns = 0.0  # relative to _line.ns0, so that doubles keep their picoseconds
        self._ns_per_frame = NS / rate
        self._updates = 1
        self._off = 0  # how many arrivals in a row were far off, negative when early

    @property
    def line(self) -> FrameLine | None:
        """The line as of the last update; None before the first."""
        return self._line

    def update(self, frame: int, ns: int) -> FrameLine:
        """Take in that `frame` (the first of a block, ever larger) came at `ns`; gives the line from there on."""
        line = self._line
        if line is None:
            return self._restart(frame, ns)
        frames = frame - line.frame0
        if frames <= 0:
            return line
        predicted = self._ns + frames * self._ns_per_frame
        error = (ns - line.ns0) - predicted
        if abs(error) < _SHIFT_NS:
            self._off = 0
        else:
            self._off = max(self._off, 0) + 1 if error > 0 else min(self._off, 0) - 1
        if abs(error) > _JUMP_NS or abs(self._off) >= _SHIFT_UPDATES:
            self.jumps += 1
            return self._restart(frame, ns)
        self._updates += 1
        w = min(0.5, 2.0 * math.pi * _BANDWIDTH_HZ * frames / self.rate)
        at = predicted + max(math.sqrt(2.0) * w, 1.0 / self._updates) * error
        if self._updates > 1:
            self._ns_per_frame += w * w * error / frames
        if at < self._ns:  # time stands still rather than go back, until the device has caught up
            at = self._ns
            self.reanchor()
        whole = math.floor(at)
        self._ns = at - whole
        self._line = FrameLine(frame, line.ns0 + whole, NS / self._ns_per_frame)
        return self._line

    def reanchor(self) -> None:
        """The device has lost or repeated frames: the next update() starts where it finds itself."""
        self._updates = 0
        self._off = 0

    def _restart(self, frame: int, ns: int) -> FrameLine:
        """Start at a known point with the nominal rate: what was learnt belongs to the line before the jump."""
        self._ns = 0.0
        self._ns_per_frame = NS / self.rate
        self._updates = 1
        self._off = 0
        if self._line is not None and ns < self._line.ns0:
            ns = self._line.ns0
            self._updates = 0  # as in update(): not there yet
        self._line = FrameLine(frame, ns, float(self.rate))
        return self._line
