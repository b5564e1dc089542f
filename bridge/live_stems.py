"""Tracks alone while the session plays: from the rig, as they go into the mix, to whoever streams them.

The engine writes a track's own sound as it leaves its fader, which is early by what comes after it, the master's
look-ahead and more. The reader holds it back by that, so that a block of a stem and the block of the mix that bear the
same frame sound together, as the files of `sideman render --stems` do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from bridge.ring import QuietRing, Ring
from instruments.block import AudioBlock

if TYPE_CHECKING:
    from bridge.rig import Rig

_HEAD = struct.Struct("<qIIIIH")
"""frame0 of the engine's block, its frames, at which of them this piece begins, how many it has, how late the mix is
after it, which of the channels that bear the track's name; then float32 of shape (2, frames), and the name."""
_PIECE = 256
"""Frames in a slot: a long block goes in pieces."""
_NAME_BYTES = 512
_SLOTS = 4096

Publish: TypeAlias = Callable[[str, int, int, AudioBlock], None]
"""Called with a track's name, frame0, ns0, and a block (2, frames) that nobody writes into any more."""


def stem_ring() -> Ring:
    """From the engine to main: 1.3 s of 16 tracks; a full one refuses. It wakes nobody: the mix, which is written after
    the stems of its block, does."""
    return QuietRing(_SLOTS, _HEAD.size + _PIECE * 8 + _NAME_BYTES)


class _Source(NamedTuple):
    """A channel whose stem is part of a track's: the track's strip, or one of it that rings out (which 1, 2 ...)."""

    name: bytes
    which: int
    channel: str


class StemSender:
    """In the engine's process. want() is for any thread, the rest for the driver's: it neither blocks nor does anything
    where nothing is wanted."""

    def __init__(self, ring: Ring, rig: Rig) -> None:
        self._ring = ring
        self._rig = rig
        self._coming: Rig | None = None
        self._wanted: frozenset[str] = frozenset()
        self._opened = self._wanted
        self._sources: Sequence[_Source] = ()

    @property
    def refused(self) -> int:
        """Pieces that were lost because main did not read."""
        return self._ring.refused

    def want(self, tracks: Collection[str]) -> None:
        """From the next block on these, and no others; of a name that is no track, nothing comes."""
        self._wanted = frozenset(tracks)

    def prepare(self, coming: Rig | None = None) -> None:
        """Before each block. coming: a rig that stands by from now on, and may make the block."""
        if coming is not None:
            self._coming = coming
            if self._wanted:
                _open(coming, self._wanted)
        if self._wanted is not self._opened:
            self._opened = self._wanted
            self._sources = _open(self._rig, self._opened)
            if self._coming is not None:
                _open(self._coming, self._opened)

    def adopt(self, rig: Rig) -> None:
        """It has made the block, in the other's place."""
        self._rig, self._coming = rig, None
        self._sources = _open(rig, self._opened) if self._opened else ()

    def withdraw(self) -> None:
        """What stood by does not any more."""
        self._coming = None

    def send(self, frame0: int) -> None:
        """Of the block that has just been made."""
        rig, ring = self._rig, self._ring
        for name, which, channel in self._sources:
            audio, late = rig.stem(channel), rig.latency - rig.stem_latency(channel)
            frames = audio.shape[1]
            for at in range(0, frames, _PIECE):
                piece = audio if frames <= _PIECE else audio[:, at : at + _PIECE]
                head = _HEAD.pack(frame0, frames, at, piece.shape[1], max(0, late), which)
                ring.write(head, np.ascontiguousarray(piece).data.cast("B"), name)


def _open(rig: Rig, tracks: frozenset[str]) -> list[_Source]:
    """Have the rig make these stems. Those of what rings out belong to the track that it was."""
    found: list[_Source] = []
    for strip, name in zip(rig.strips, rig.strip_names(), strict=True):
        if name in tracks:
            encoded = name.encode()[:_NAME_BYTES]
            found.append(_Source(encoded, sum(s.name == encoded for s in found), strip.name))
    rig.open_stems([source.channel for source in found])
    return found


class _Held:
    """A channel's sound, held back. Frames that are missing count as silence."""

    def __init__(self, frame0: int) -> None:
        self.frame = frame0
        """The first that has not come."""
        self._past = np.zeros((2, 0), np.float32)

    def through(self, frame0: int, block: AudioBlock, late: int) -> AudioBlock:
        """What sounds with the mix's block of the same frames."""
        have = self._past.shape[1]
        if frame0 != self.frame:
            self._past[...] = 0.0
        self.frame = frame0 + block.shape[1]
        if late == have == 0:
            return block
        past = self._past[:, have - late :] if late <= have else np.pad(self._past, ((0, 0), (late - have, 0)))
        whole = np.concatenate((past, block), axis=1)
        self._past = whole[:, block.shape[1] :].copy()
        return whole[:, : block.shape[1]]


class _Piece(NamedTuple):
    frame0: int
    frames: int
    at: int
    late: int
    track: str
    which: int
    audio: AudioBlock

    @staticmethod
    def read(message: bytes) -> _Piece:
        frame0, frames, at, count, late, which = _HEAD.unpack_from(message)
        audio = np.frombuffer(message, np.float32, 2 * count, _HEAD.size).reshape(2, count)
        name = message[_HEAD.size + 8 * count :].decode(errors="replace")
        return _Piece(frame0, frames, at, late, name, which, audio)


class StemFeed:
    """The reader, in the main process's loop. hear() goes with each block of the mix, and hands out the stems of the
    same frames."""

    def __init__(self, ring: Ring, publish: Publish) -> None:
        self._ring = ring
        self._publish = publish
        self._held: dict[tuple[str, int], _Held] = {}
        self._next: _Piece | None = None
        """Read already, of a block whose mix has yet to come."""

    def hear(self, frame0: int, ns0: int) -> None:
        """A block of the mix has come. Of one whose mix was lost, its stems are left out."""
        channels: dict[tuple[str, int], list[_Piece]] = {}
        while (piece := self._read()) is not None:
            if piece.frame0 > frame0 and piece.frame0 - frame0 < 1 << 20:
                self._next = piece
                break
            if piece.frame0 == frame0:
                channels.setdefault((piece.track, piece.which), []).append(piece)
        if not channels:
            self._held.clear()
            return
        self._held = {key: self._held.get(key) or _Held(frame0) for key in channels}
        tracks: dict[str, list[AudioBlock]] = {}
        for key, pieces in channels.items():
            block = pieces[0].audio if len(pieces) == 1 else np.concatenate([p.audio for p in pieces], axis=1)
            if block.shape[1] == pieces[0].frames:  # else a piece was lost
                tracks.setdefault(key[0], []).append(self._held[key].through(frame0, block, pieces[0].late))
        for track, blocks in tracks.items():
            self._publish(track, frame0, ns0, blocks[0] if len(blocks) == 1 else np.sum(blocks, axis=0))

    def _read(self) -> _Piece | None:
        if self._next is not None:
            piece, self._next = self._next, None
            return piece
        message = self._ring.read()
        return None if message is None else _Piece.read(message)
