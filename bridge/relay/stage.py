"""What a relay tells of music that others make: the upstream's last words, or that it has gone. Asks are passed on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from bridge.errors import DeviceError
from bridge.relay.upstream import Upstream
from bridge.stream import wire
from bridge.stream.metrics import Metric


class RelayStage:
    """A `Forwarder` for bridge.stream.server. There is a hello and a status from the first joined() on.

    All of it belongs to the event loop's thread.
    """

    def __init__(self) -> None:
        self.joins = 0
        """How often an upstream was reached."""
        self.why = "not reached yet"
        """There is no upstream; why."""
        self._upstream: Upstream | None = None
        self._hello: wire.Hello | None = None
        self._status: wire.Status | None = None
        self.stems: frozenset[str] = frozenset()
        """Tracks whose own sound somebody wants."""

    @property
    def up(self) -> bool:
        return self._upstream is not None

    def join(self, upstream: Upstream) -> None:
        self.joins += 1
        self._upstream = upstream
        self._hello, self._status = upstream.hello, upstream.status
        if self.stems:
            upstream.hear_stems(self.stems)

    def leave(self, why: str) -> None:
        self.why = why
        self._upstream = None

    def change(self, hello: wire.Hello) -> None:
        self._hello = hello

    def hear(self, status: wire.Status) -> None:
        self._status = status

    def hear_stems(self, tracks: Collection[str]) -> None:
        self.stems = frozenset(tracks)
        if self._upstream is not None:
            self._upstream.hear_stems(tracks)

    def hello(self) -> wire.Hello:
        assert self._hello is not None
        return msgspec.structs.replace(self._hello, relays=self._hello.relays + 1)

    def status(self) -> wire.Status:
        """The engine's; while it cannot be heard it stands still, and a notice says why."""
        assert self._status is not None
        if self._upstream is not None:
            return self._status
        notice = wire.Notice("error", f"this relay has lost its music and tries again: {self.why}")
        return msgspec.structs.replace(self._status, status="stopped", levels=None,
                                       notices=(*self._status.notices, notice))

    async def forward(self, message: wire.ClientMessage) -> wire.ServerMessage:
        if self._upstream is None:
            raise DeviceError(f"this relay has lost its music, so nobody can be asked; try again soon: {self.why}")
        return await self._upstream.ask(message)

    def figures(self) -> Sequence[Metric]:
        upstream = self._upstream
        found = [Metric.gauge("relay_up", "Whether the upstream is heard: 1, or 0.", self.up),
                 Metric.counter("relay_joins_total", "How often an upstream was reached.", self.joins)]
        if upstream is not None:
            found += [
                Metric.gauge("relay_clock_error_seconds", "By how much our idea of the upstream's clock can be wrong.",
                             upstream.clock.error_ns / 1e9),
                Metric.gauge("relay_clock_drift_ppm", "By how much the upstream's clock is faster than ours.",
                             upstream.clock.drift_ppm),
                Metric.gauge("relay_unread", "Messages from the upstream that could not be read.", upstream.faults),
            ]
        return found
