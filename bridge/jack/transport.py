"""JACK's transport as a playhead, read in the process callback."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from typing import Any

from bridge.clock.timebase import Position, Timebase
from bridge.driver import Playhead
from bridge.jack.lib import address, transport_query

_UNPACKED = ("arm", "aarch64", "mips", "ppc", "powerpc")
"""Machines on which JACK's headers do not pack jack_position_t (systemdeps.h)."""


def _layout() -> struct.Struct:
    packed = sys.platform == "darwin" or not platform.machine().lower().startswith(_UNPACKED)
    return struct.Struct("=QQIIIiiidffddddIfI" + ("d" if packed else "4xd"))


class JackTransport:
    """The transport of the server that a client has joined."""

    def __init__(self, client: Any) -> None:
        self._client = address(client)
        self._query = transport_query()
        self._layout = _layout()
        self._buffer = ctypes.create_string_buffer(256)
        self._at = ctypes.addressof(self._buffer)
        self._timebase = Timebase()

    def read(self, ns: int, frames: int) -> Playhead:
        """The playhead at `ns`, the start of a cycle of so many frames. Only from the process callback."""
        state = self._query(self._client, self._at)
        return self._timebase.follow(state, Position._make(self._layout.unpack_from(self._buffer)), ns, frames)
