"""What a take's records hold beside the blocks themselves: plain values, msgpack in the file."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import msgspec

from bridge.engine_link import Setup
from bridge.errors import TakeError
from bridge.session import Music
from bridge.takes.take_file import Record

_Value = TypeVar("_Value")


class About(msgspec.Struct, frozen=True):
    """The first record: wall_ns is Unix time in ns when it began; made_by what the sound may depend on."""

    wall_ns: int
    session: str
    made_by: dict[str, str]


class EngineBegun(msgspec.Struct, frozen=True):
    """An engine was started so: all BLOCKS up to the next such record are its own."""

    wall_ns: int
    setup: Setup


class PlanMade(msgspec.Struct, frozen=True):
    """What was asked of the composer as this epoch."""

    epoch: int
    music: Music


class Notice(msgspec.Struct, frozen=True):
    """What people were told, when the engine was at `frame`."""

    frame: int
    level: str
    text: str


class Summary(msgspec.Struct, frozen=True):
    """What has been played so far: `stretches` from a start to a stop, seconds and bars of music, its tempi."""

    frame: int = 0
    seconds: float = 0.0
    bars: float = 0.0
    stretches: int = 0
    low_bpm: float = 0.0
    high_bpm: float = 0.0


class Ended(msgspec.Struct, frozen=True):
    """The last record: why it ended, "" where people wanted it."""

    why: str
    summary: Summary


encode = msgspec.msgpack.Encoder().encode


def decode(record: Record, kind: type[_Value], name: str) -> _Value:
    """name: of the take. Raises TakeError: a record of another Sideman, whose fields are others."""
    try:
        return msgspec.msgpack.decode(record.payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TakeError(f"{name}: record {record.number} (byte {record.start}, {record.kind.name.lower()}) is of "
                        f"another version of Sideman ({error}): use the one that made the take, `sideman takes show` "
                        f"names it") from None


def made_here() -> dict[str, str]:
    """What this Sideman's sound may depend on."""
    found: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine(),
                             "system": sys.platform}
    for package in ("sideman", "numpy", "numba"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "?"
    return found
