"""What can lead the music: the contract of a follower of MIDI clock, MTC, or another program's transport."""

from __future__ import annotations

from typing import Protocol

from bridge.clock.follower import State
from bridge.tempo import TempoLine


class Follower(Protocol):
    """One master, as it is heard. Its events are bridge.clock.follower.Event. All times are on Block.ns0's clock.

    Called from the engine's thread; never blocks, allocates little.
    """

    state: State
    line: TempoLine
    """Where the music is, as far as this master tells."""

    @property
    def limit(self) -> float | None:
        """The tick at which the music must wait until more is heard; None: go on along the line."""
        ...

    @property
    def heard_ns(self) -> int | None:
        """When it was last heard, or None."""
        ...

    @property
    def jitter_ms(self) -> float:
        """Standard deviation of its arrivals around the line; 0 where they are exact by nature."""
        ...

    def check(self, now_ns: int) -> bool:
        """True once, when a running master has just been lost."""
        ...

    def resume(self, tick: float, ns: int, bpm: float) -> None:
        """Take over from a follower that was running in an engine that died."""
        ...
