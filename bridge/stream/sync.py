"""When each frame of a stream is to be heard: together with all other clients, or as soon as may be. Sans I/O.

Sync: a frame is heard at the server's time of it (`serverNs` in the audio header, the same line for all clients) plus
a latency that all share (`syncLatencyMs` of hello), whatever the way to the client and its clocks are like. Low
latency: as soon as its block will surely have come, by how late blocks have been of late.

What plays (bridge.stream.playback) is then at the wanted frame or a little off it, and is steered there by
resampling, by at most 0.05 %, which nobody hears (Snapcast does the same; a change by 4 % is heard as vibrato); only
what is further off than 2 ms is set right at once. bridge/web has the same in JavaScript, with the same constants.
"""

from __future__ import annotations

import bisect
import math
from typing import Literal, NamedTuple, Protocol, TypeAlias

from bridge.frame_line import NS
from bridge.stream.server_clock import ServerClock

Mode: TypeAlias = Literal["sync", "low-latency"]

SYNC_LATENCY_MS = 200
"""From the server's time of a frame until all clients play it, unless the server's hello says otherwise: 11 ms for a
block to be gathered, a device's own 10 to 60, and the rest for a wireless network's bad moments."""
MAX_CORRECTION = 0.0005
"""Change of speed at most, of the nominal ratio of the rates: a cent is 0.058 %."""
RESYNC_NS = 2_000_000
RESYNC_AFTER_NS = 200_000_000
"""An error above RESYNC_NS that holds on for so long is set right by a jump. A server whose callbacks were held up for
tens of ms, and catch up, bends its line for a moment: that is none."""
BANDWIDTH_HZ = 0.1
"""Of the loop that steers: an error is gone after some 5 s; jitter of 0.02 ms in stamps bends the speed by 0.002 %."""
LATE_BINS, LATE_BIN_NS = 8, NS
"""Low latency: the latest block of the last 8 s, kept by the second, is what must be waited for."""
LOW_RESYNC_NS = 20_000_000
"""Low latency: so far behind what could be played is caught up at once; what is less, at 0.05 %."""
_ANCHORS = 1024
"""Headers that are kept: more than a second of blocks of 64 frames."""


class Moment(NamedTuple):
    """A device that asks for sound.

    heard_ns  when the first frame of it will be heard, by our own clock
    now_ns    when it asks (its callbacks' line, smoothed)
    frames    of the stream that it takes at once, by nominal rates
    """

    heard_ns: int
    now_ns: int
    frames: float


class Schedule(Protocol):
    """Which frame of a stream is to be heard when. hear() and frame_at() belong to one thread."""

    @property
    def behind_ns(self) -> int:
        """Further behind than this is set right at once."""
        ...

    @property
    def ahead_ns(self) -> int:
        """The same, when playing is ahead."""
        ...

    def hear(self, frame0: int, frames: int, rate: int, server_ns: int, arrived_ns: int) -> None:
        """A block has come: its first frame, how many, Hz, the server's time of the first, and ours when it came."""
        ...

    def frame_at(self, moment: Moment) -> float | None:
        """The frame to be heard at moment.heard_ns, with its fraction; None while that cannot be told."""
        ...


class ServerLine:
    """frame <-> server's time, straight from header to header, which are a smooth line already."""

    __slots__ = ("_frames", "_ns", "rate")

    def __init__(self) -> None:
        self.rate = 0
        """Hz, nominal."""
        self._frames: list[int] = []
        self._ns: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._ns)

    def hear(self, frame0: int, server_ns: int, rate: int) -> None:
        """Headers in order; one that goes back begins a new line."""
        if rate != self.rate or (self._ns and (frame0 <= self._frames[-1] or server_ns <= self._ns[-1])):
            self._frames.clear()
            self._ns.clear()
            self.rate = rate
        self._frames.append(frame0)
        self._ns.append(server_ns)
        if len(self._ns) >= 2 * _ANCHORS:
            del self._frames[:_ANCHORS], self._ns[:_ANCHORS]

    def frame(self, server_ns: int) -> float:
        """Beyond what is known, by the nominal rate."""
        after = bisect.bisect_right(self._ns, server_ns)
        if 0 < after < len(self._ns):
            frame, ns = self._frames[after - 1], self._ns[after - 1]
            return frame + (server_ns - ns) * (self._frames[after] - frame) / (self._ns[after] - ns)
        frame, ns = self._frames[max(0, after - 1)], self._ns[max(0, after - 1)]
        return frame + (server_ns - ns) * self.rate / NS

    def ns(self, frame: float) -> int:
        """The inverse."""
        after = bisect.bisect_right(self._frames, frame)
        if 0 < after < len(self._frames):
            start, ns = self._frames[after - 1], self._ns[after - 1]
            return ns + round((frame - start) * (self._ns[after] - ns) / (self._frames[after] - start))
        start, ns = self._frames[max(0, after - 1)], self._ns[max(0, after - 1)]
        return ns + round((frame - start) * NS / self.rate)


class SyncSchedule:
    """A Schedule that is the same everywhere: the server's time plus latency_ns."""

    behind_ns = ahead_ns = RESYNC_NS

    def __init__(self, clock: ServerClock, latency_ns: int = SYNC_LATENCY_MS * 1_000_000, offset_ns: int = 0) -> None:
        """clock: fed by somebody else (MusicClient). offset_ns: play later by so much (earlier, if negative), for what
        a device does not tell of its latency."""
        self.latency_ns = latency_ns
        self.offset_ns = offset_ns
        self.line = ServerLine()
        self._clock = clock

    def hear(self, frame0: int, frames: int, rate: int, server_ns: int, arrived_ns: int) -> None:
        self.line.hear(frame0, server_ns, rate)

    def frame_at(self, moment: Moment) -> float | None:
        if not (self.line and self._clock.ready):
            return None
        return self.line.frame(self._clock.to_server(moment.heard_ns - self.offset_ns) - self.latency_ns)


class EarlySchedule:
    """A Schedule that plays as soon as may be: what has come by the time at which the latest blocks of the last seconds
    would have come, less one block."""

    behind_ns = LOW_RESYNC_NS
    ahead_ns = NS
    """It slows down instead: what has been played is not played again."""

    def __init__(self, reserve_frames: float = 0.0) -> None:
        """reserve_frames: what playing reads ahead."""
        self._reserve = reserve_frames
        self._rate = 0
        self._block = 0
        self._origin = (0, 0)  # frame, ns
        self._bins: list[tuple[int, float]] = []  # (second, the latest of it: ns after the origin's line)

    def hear(self, frame0: int, frames: int, rate: int, server_ns: int, arrived_ns: int) -> None:
        if rate != self._rate or frame0 + frames <= self._origin[0]:
            self._rate, self._origin = rate, (frame0 + frames, arrived_ns)
            self._bins.clear()
        self._block = frames
        start, began_ns = self._origin
        late = (arrived_ns - began_ns) - (frame0 + frames - start) * NS / rate
        second = arrived_ns // LATE_BIN_NS
        if self._bins and self._bins[-1][0] == second:
            self._bins[-1] = second, max(late, self._bins[-1][1])
        else:
            self._bins.append((second, late))
            while self._bins[0][0] <= second - LATE_BINS:
                del self._bins[0]

    def frame_at(self, moment: Moment) -> float | None:
        if not self._bins:
            return None
        start, began_ns = self._origin
        late = max(late for _, late in self._bins)
        come = start + (moment.now_ns - began_ns - late) * self._rate / NS
        return come - self._block - self._reserve - moment.frames


class Steering:
    """By how much to play faster for an error of the position: a loop of second order, which leaves no lasting error
    where a device's crystal is off.

    Per step of dt: w = 2 pi BANDWIDTH_HZ, drift += w^2 e dt, speed = drift + sqrt(2) w e (as in bridge.frame_line).
    """

    __slots__ = ("correction", "drift")

    def __init__(self) -> None:
        self.drift = 0.0
        """What the crystals are apart, as far as it is known."""
        self.correction = 0.0
        """The last; -MAX_CORRECTION .. MAX_CORRECTION."""

    def step(self, error_s: float, dt_s: float) -> float:
        """error_s: wanted minus actual position, positive when behind. Gives the correction, as a ratio of speed."""
        w = 2.0 * math.pi * BANDWIDTH_HZ
        drift = _within(self.drift + w * w * error_s * dt_s)
        speed = drift + math.sqrt(2.0) * w * error_s
        self.correction = _within(speed)
        if self.correction == speed or abs(drift) < abs(self.drift):  # at the stop nothing is learnt
            self.drift = drift
        return self.correction


def _within(value: float) -> float:
    return max(-MAX_CORRECTION, min(MAX_CORRECTION, value))
