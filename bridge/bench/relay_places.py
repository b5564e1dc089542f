"""Machines for the bench of relays: network namespaces, each joined to a hub by a cable (a veth pair) of its own.

Where that is not allowed (it takes root and Linux) all is one place, this machine's loopback address.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_NETNS = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
"""include/uapi/linux/sched.h"""


class Place(NamedTuple):
    """Where a process of the bench runs. namespace: None for this machine as it is; near: the hub's address as seen
    from there."""

    namespace: str | None
    near: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before a command that is to run there."""
        return () if self.namespace is None else ("ip", "netns", "exec", self.namespace)

    def enter(self) -> None:
        """This process is there from now on; before it opens sockets or starts threads."""
        if self.namespace is not None:
            libc = ctypes.CDLL(None, use_errno=True)
            with (_NETNS / self.namespace).open() as file:
                if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"cannot enter the network namespace {self.namespace}")


class Places(NamedTuple):
    """hub: of the engine; relays: one each. kind: "network namespaces" or "loopback"."""

    hub: Place
    relays: tuple[Place, ...]
    kind: str


@contextmanager
def places(relays: int) -> Iterator[Places]:
    """Made, and taken away afterwards."""
    made: list[str] = []
    hub = f"sideman{os.getpid()}"
    try:
        try:
            if shutil.which("ip") is None:
                raise OSError
            _make(hub, made)
            ends = tuple(_join(hub, n, made) for n in range(relays))
        except (OSError, subprocess.SubprocessError):
            yield Places(Place(None, "127.0.0.1"), (Place(None, "127.0.0.1"),) * relays, "loopback")
        else:
            yield Places(Place(hub, "127.0.0.1"), ends, "network namespaces")
    finally:
        for name in made:
            with suppress(OSError, subprocess.SubprocessError):
                _ip("netns", "del", name)


def _make(name: str, made: list[str]) -> None:
    _ip("netns", "add", name)
    made.append(name)
    _ip("-n", name, "link", "set", "lo", "up")


def _join(hub: str, n: int, made: list[str]) -> Place:
    """A namespace with a cable to the hub; a network of two addresses, 10.77.n.1 and .2."""
    name = f"{hub}r{n}"
    _make(name, made)
    _ip("-n", hub, "link", "add", f"to{n}", "type", "veth", "peer", "name", "hub", "netns", name)
    for where, device, address in ((hub, f"to{n}", f"10.77.{n}.1/30"), (name, "hub", f"10.77.{n}.2/30")):
        _ip("-n", where, "address", "add", address, "dev", device)
        _ip("-n", where, "link", "set", device, "up")
    return Place(name, f"10.77.{n}.1")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)
