"""Between the engine and the MIDI process: messages on rings both ways, and the few words on the pipe."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.ports.port_desk import PortSide, PortWish
from bridge.ring import Ring

_HEAD = struct.Struct("=qHHH")
"""ns (due, or of arrival), number of the port, bytes that follow, _MORE | _ON."""
_MORE, _ON = 1, 2
"""The message goes on in a later record of this port; this record goes on with one."""
_SLOT = 512


class Stamped(NamedTuple):
    """A message with the time at which it is due or has arrived; `port` counts our outputs or our inputs."""

    ns: int
    port: int
    data: bytes


class MidiRings(NamedTuple):
    """out: engine -> MIDI process; heard: MIDI process -> engine."""

    out: Ring
    heard: Ring

    @staticmethod
    def create() -> MidiRings:
        return MidiRings(Ring(512, _SLOT), Ring(4096, 64))

    def close(self) -> None:
        for ring in self:
            ring.close()


def pack(messages: Iterable[tuple[int, int, bytes]], slot_bytes: int = _SLOT) -> Iterator[bytes]:
    """(ns, port, data) as slots of at most slot_bytes: many short messages share one, a long one takes several."""
    slot = b""
    room = slot_bytes - _HEAD.size
    for ns, port, data in messages:
        for start in range(0, len(data), room):
            piece = data[start : start + room]
            flags = (_MORE if start + room < len(data) else 0) | (_ON if start else 0)
            record = _HEAD.pack(ns, port, len(piece), flags) + piece
            if len(slot) + len(record) > slot_bytes:
                yield slot
                slot = b""
            slot += record
    if slot:
        yield slot


class Unpacker:
    """Slots back into messages. One a ring: it holds the pieces of a long message until the last has come, and lets go
    of a message of which the ring had no room for a piece."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}

    def feed(self, slot: bytes) -> list[Stamped]:
        messages, at = [], 0
        while at < len(slot):
            ns, port, size, flags = _HEAD.unpack_from(slot, at)
            at += _HEAD.size
            piece = slot[at : at + size]
            at += size
            if flags:
                begun = self._pieces.pop(port, None)
                if flags & _ON:
                    if begun is None:
                        continue
                    piece = begun + piece
                if flags & _MORE:
                    self._pieces[port] = piece
                    continue
            messages.append(Stamped(ns, port, piece))
        return messages


# --- on the pipe, pickled: seldom, and never in the audio thread


class Open(NamedTuple):
    """The first word to the process: which ports.

    lenient   a named port that is not there is no reason to fail
    assist    let pylibremidi help, see PortDesk
    first     (port, data) to send at once: offs for what a process that died has left sounding
    """

    outs: tuple[PortWish, ...]
    ins: tuple[PortWish, ...]
    api: str | None
    client: str
    lenient: bool = False
    assist: bool = True
    first: tuple[tuple[int, bytes], ...] = ()


class Outs(NamedTuple):
    """Other outputs: those that stay are the same at their places; a place whose port is gone has the name "". The news
    says when that is done, and Refused why it is not; then nothing has changed."""

    outs: tuple[PortWish, ...]
    number: int


class Close(NamedTuple):
    """The last word: send `last` (port, data), end what sounds, close the ports, answer Closed."""

    last: tuple[tuple[int, bytes], ...] = ()


class Refused(NamedTuple):
    """Why the ports cannot be had; the process ends."""

    kind: type[Exception]
    text: str


class News(NamedTuple):
    """How the ports stand; the first says that they are open.

    fifo        the process has SCHED_FIFO
    sides       outputs first
    failed, dropped, vanished, reconnected: counts since the process started
    delays_ns   how late each message since the last news was handed to its port
    notices     for people, since the last news
    outs        number of the Outs by which the outputs are what they are, 0 for Open
    """

    name: str
    fifo: bool
    sides: tuple[PortSide, ...]
    failed: int = 0
    dropped: int = 0
    vanished: int = 0
    reconnected: int = 0
    delays_ns: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    outs: int = 0


class Closed(NamedTuple):
    """All has been sent. failed: as in News."""

    failed: int
