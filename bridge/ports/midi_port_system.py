"""The contract of MIDI ports outside JACK-Client: what python-rtmidi and pylibremidi are behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, Protocol

Heard = Callable[[int, bytes], None]
"""heard(ns, message): a whole message and clock_ns() of its arrival, as exactly as the library can tell.
Called on a thread of the library's, or within PortSystem.poll()."""


class PortNames(NamedTuple):
    """Ports of other programs and devices: those that we can send to, and those that we can receive from."""

    outputs: list[str]
    inputs: list[str]


class OutPort(Protocol):
    """One open output."""

    def send(self, data: bytes) -> None:
        """Hand one whole message to the system at once. Raises OSError, or what the library does, if not."""
        ...

    def rehearse(self) -> None:
        """Do of send() what the library does without sending anything, so that the next send() is quick."""
        ...

    def close(self) -> None:
        """Idempotent. May block for some ms."""
        ...


class InPort(Protocol):
    """One open input; what arrives goes to the `heard` that it was opened with."""

    def close(self) -> None:
        """Idempotent; `heard` is not called after it. May block for some ms."""
        ...


class PortSystem(Protocol):
    """A MIDI system as one library offers it. All methods belong to one thread and may block for some ms."""

    label: str
    """For people: "CoreMIDI by python-rtmidi"."""
    virtual: bool
    """Ports that exist while we do can be made: everywhere but on Windows."""
    polled: bool
    """poll() has to be called every ms or so, or nothing is heard."""

    def names(self) -> PortNames:
        """All ports that there are now, our own virtual ones among them."""
        ...

    def open_out(self, label: str, theirs: str | None) -> OutPort:
        """An output called `label`, to the existing port `theirs` or, None, virtual. Raises OSError."""
        ...

    def open_in(self, label: str, theirs: str | None, heard: Heard) -> InPort:
        """An input called `label`, from the existing port `theirs` or, None, virtual. Raises OSError.

        Realtime messages, clock and system exclusive are heard; active sensing is not.
        """
        ...

    def poll(self) -> None:
        """Call `heard` for what has arrived, where `polled`."""
        ...

    def close(self) -> None:
        """Let go of what names() needed. Ports are closed one by one before."""
        ...


class PortObserver(Protocol):
    """Tells at once when ports come or go, where a library can: the list need not be read again and again."""

    def take(self) -> set[str] | None:
        """None: no port has come or gone since the last call. Else the names of those that went, which may be back by
        now: what is open on them is dead. Does not block."""
        ...

    def close(self) -> None: ...


def is_ours(name: str, client: str) -> bool:
    """Is a port of this name one that we (or another Sideman) made?

    Virtual ports are called "Sideman piano", after a client's name where the system has clients: "Sideman:Sideman
    piano 129:0", "Sideman-01:..." for the second client of a name on JACK, "libremidi client:..." by pylibremidi.
    """
    return re.match(rf"(?:(?:{re.escape(client)}|libremidi)[^:]*:)?{re.escape(client)}\b", name) is not None
