"""Who carries out what clients ask for: the server's far side, which is the App, or a test."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from bridge.parameter_paths import ParameterInfo
from bridge.stream import wire
from bridge.stream.metrics import Metric


class Stage(Protocol):
    """What a server tells its clients of, whoever carries out what they ask for."""

    def hear_stems(self, tracks: Collection[str]) -> None:
        """From now on Server.publish_stem() is wanted for these tracks, and for no others. Raises SidemanError where
        it cannot be; never for fewer tracks than before."""
        ...

    def hello(self) -> wire.Hello: ...

    def status(self) -> wire.Status: ...

    def figures(self) -> Sequence[Metric]:
        """Of the engine and its processes, for /metrics."""
        ...


class Conductor(Stage, Protocol):
    """Who carries out what clients ask for. A SidemanError is answered to the client that asked, and to it alone."""

    async def generate(self, params: wire.GenerateParams) -> None: ...

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None: ...

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        """Parameters by path; none is turned where one is refused."""
        ...

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]: ...

    async def stop(self) -> None: ...

    async def play(self) -> None: ...

    async def locate(self, bar: int) -> None:
        """`bar` counts from 1."""
        ...

    async def keep(self) -> None:
        """Write what plug-ins are set to into the session's file."""
        ...


@runtime_checkable
class Forwarder(Stage, Protocol):
    """Who carries nothing out, but knows who does: a relay."""

    async def forward(self, message: wire.ClientMessage) -> wire.ServerMessage:
        """The answer, whatever its id. Raises SidemanError where it was refused, or where nobody can be asked."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Who has controllers, and learns what they are to turn."""

    async def learn(self, path: str | None) -> None:
        """Raises MessageError: there is no such parameter, or no controller."""
        ...

    async def unlearn(self, path: str | None) -> None:
        """None: the last. Raises SidemanError: there is nothing to take out, or the file cannot be changed."""
        ...


@runtime_checkable
class Accompanist(Protocol):
    """Who plays along with players: records what they play in, and follows them."""

    async def play_along(self, request: wire.PlayAlong) -> None:
        """Raises SidemanError: what cannot be, and what would do."""
        ...
