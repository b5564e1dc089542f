"""A take's file: records one after the other, each checked, only ever appended to.

    b"SIDEMAN TAKE" u8 version
    then records:  u32 size, u8 kind (bit 7: packed with zlib), u16 check of these five bytes, payload, u32 check

Little-endian; the checks are CRC-32s, the first cut to its lower half. A file that ends within a record was cut off
there by a crash or a power cut, which is as it should be; so is one whose last record is wrong, or that ends in zeros
(space that a file system had set aside). Anything else that does not fit is damage.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from bridge.errors import TakeError

MAGIC = b"SIDEMAN TAKE"
VERSION = 1
START = len(MAGIC) + 1
_HEAD = struct.Struct("<IBH")
_CHECK = struct.Struct("<I")
_PACKED = 0x80
_WORTH_PACKING = 96
"""Bytes: smaller payloads hardly shrink."""
_MOST_PAYLOAD = 1 << 28
"""Bytes, 256 MiB: of a record unpacked."""


class RecordKind(IntEnum):
    """What a record holds. The numbers are the file's: never given twice."""

    ABOUT = 1
    ENGINE = 2
    BLOCKS = 3
    REBUILD = 4
    PLAN = 5
    NOTICE = 6
    SUMMARY = 7
    END = 8


_KINDS = frozenset(int(kind) for kind in RecordKind)


class Record(NamedTuple):
    """number from 1; start: the byte of the file at which it begins."""

    number: int
    start: int
    kind: RecordKind
    payload: bytes


def header() -> bytes:
    return MAGIC + bytes([VERSION])


def encode_record(kind: RecordKind, payload: bytes) -> bytes:
    tag = int(kind)
    if len(payload) >= _WORTH_PACKING:
        packed = zlib.compress(payload, 6)
        if len(packed) < len(payload):
            tag, payload = tag | _PACKED, packed
    head = _HEAD.pack(len(payload), tag, _head_check(len(payload), tag))
    return head + payload + _CHECK.pack(zlib.crc32(payload))


def _head_check(size: int, tag: int) -> int:
    return zlib.crc32(struct.pack("<IB", size, tag)) & 0xFFFF


class TakeReader:
    """Reads a take's records from a file or bytes. Iterate once, or anew.

    cut      bytes at the end that are of no whole record: known once all has been read
    damage   what is wrong and where; only where `to_damage` was asked for, for it is raised as TakeError otherwise
    """

    def __init__(self, source: Path | bytes, *, to_damage: bool = False) -> None:
        """to_damage: a damaged take is read as far as it is whole. Raises TakeError for what is no take."""
        self.cut = 0
        self.damage = ""
        self.name = source.name if isinstance(source, Path) else "the take"
        self._to_damage = to_damage
        self._data = _mapped(source) if isinstance(source, Path) else source
        magic = bytes(self._data[: len(MAGIC)])
        if len(self._data) < START and MAGIC.startswith(magic):
            raise TakeError(f"{self.name} is empty: it was cut off before anything was played")
        if magic != MAGIC:
            raise TakeError(f"{self.name} is no take: its first bytes are not {MAGIC.decode()!r}; `sideman takes` "
                            f"lists those that there are")
        version = self._data[START - 1]
        if version != VERSION:
            raise TakeError(f"{self.name} is of version {version} of the format, and this Sideman reads version "
                            f"{VERSION}: use the Sideman that made it, or a newer one")

    def __iter__(self) -> Iterator[Record]:
        return self._records(None)

    def skim(self, *kinds: RecordKind) -> Iterator[Record]:
        """Only the records of these kinds, without reading the others, which is much faster: of those no damage is
        seen but in their lengths."""
        return self._records(frozenset(kinds))

    def _records(self, only: frozenset[RecordKind] | None) -> Iterator[Record]:
        data, at, number = self._data, START, 0
        self.cut, self.damage = 0, ""
        while at < len(data):
            number += 1
            if at + _HEAD.size > len(data):
                self.cut = len(data) - at
                return
            size, tag, check = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + size + _CHECK.size
            if _head_check(size, tag) != check:
                if not any(data[at + _HEAD.size :]):  # torn by a power cut
                    self.cut = len(data) - at
                    return
                self._damaged(number, at, "its length does not match its check")
                return
            if end > len(data):
                self.cut = len(data) - at
                return
            kind = tag & ~_PACKED
            if only is not None and kind not in only:
                at = end
                continue
            payload = bytes(data[at + _HEAD.size : end - _CHECK.size])
            if zlib.crc32(payload) != _CHECK.unpack_from(data, end - _CHECK.size)[0]:
                if not any(data[end:]):
                    self.cut = len(data) - at
                    return
                self._damaged(number, at, "its contents do not match their check")
                return
            try:
                payload = _unpacked(payload) if tag & _PACKED else payload
            except (ValueError, zlib.error) as error:
                self._damaged(number, at, str(error))
                return
            if kind not in _KINDS:
                self._damaged(number, at, f"a newer Sideman knows what records of kind {kind} are, this one does not")
                return
            yield Record(number, at, RecordKind(kind), payload)
            at = end

    def refuse(self, record: Record, why: str) -> None:
        """A whole record that cannot be understood is damage, too. Raises TakeError unless `to_damage`."""
        self._damaged(record.number, record.start, why)

    def _damaged(self, number: int, at: int, why: str) -> None:
        self.damage = f"{self.name} is damaged at byte {at} (record {number}): {why}"
        if not self._to_damage:
            raise TakeError(f"{self.damage}; `--to-damage` takes what comes before")


def _mapped(path: Path) -> bytes | mmap.mmap:
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise TakeError(f"{path} cannot be read ({error.strerror}): `sideman takes` lists the takes that there are"
                        ) from None


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    payload = unpacker.decompress(data, _MOST_PAYLOAD)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("its contents unpack to more than they can have been")
    return payload
