"""Preset files of VST2 plug-ins: .fxp (a program) and .fxb (a bank), big-endian, as hosts write them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from instruments.block import InstrumentError

_HEAD = struct.Struct(">4si4siii")
"""Mark, bytes that follow the first two words, kind, format's version, the plug-in's id and version."""

_MARK = b"CcnK"
_PARAMS, _CHUNK, _BANK_CHUNK = b"FxCk", b"FPCh", b"FBCh"
_NAME_BYTES, _BANK_BYTES = 28, 128


@dataclass(frozen=True, slots=True)
class Preset:
    """chunk: the plug-in's own data; None where it keeps none, then params (raw, 0..1) are all there is."""

    unique_id: int
    version: int
    name: str
    chunk: bytes | None
    params: tuple[float, ...]
    is_program: bool


def write(path: Path, preset: Preset) -> None:
    """As .fxp. Raises InstrumentError."""
    name = preset.name.encode("ascii", "replace")[: _NAME_BYTES - 1].ljust(_NAME_BYTES, b"\0")
    if preset.chunk is None:
        kind, body = _PARAMS, struct.pack(f">{len(preset.params)}f", *preset.params)
    else:
        kind, body = _CHUNK, struct.pack(">i", len(preset.chunk)) + preset.chunk
    rest = struct.pack(">i", len(preset.params)) + name + body
    head = _HEAD.pack(_MARK, _HEAD.size - 8 + len(rest), kind, 1, preset.unique_id, preset.version)
    try:
        path.write_bytes(head + rest)
    except OSError as error:
        raise InstrumentError(f"preset {path} cannot be written: {error.strerror}") from None


def read(path: Path, unique_id: int) -> Preset:
    """A .fxp or a .fxb with a chunk, of the plug-in with this id. Raises InstrumentError that names file and reason."""
    try:
        data = path.read_bytes()
        mark, _, kind, _, of, version = _HEAD.unpack_from(data)
        if mark != _MARK or kind not in (_PARAMS, _CHUNK, _BANK_CHUNK):
            raise InstrumentError(f"preset {path} is neither a program nor a bank with a chunk: give an .fxp or .fxb")
        if of != unique_id:
            raise InstrumentError(f"preset {path} is of another plug-in (id {of & 0xFFFFFFFF:08x}, not "
                                  f"{unique_id & 0xFFFFFFFF:08x})")
        at = _HEAD.size
        count = struct.unpack_from(">i", data, at)[0]
        if kind == _BANK_CHUNK:
            return Preset(of, version, path.stem, _chunk(data, at + 4 + _BANK_BYTES), (), is_program=False)
        name = data[at + 4 : at + 4 + _NAME_BYTES].split(b"\0")[0].decode("latin-1")
        at += 4 + _NAME_BYTES
        if kind == _CHUNK:
            return Preset(of, version, name, _chunk(data, at), (), is_program=True)
        return Preset(of, version, name, None, struct.unpack_from(f">{count}f", data, at), is_program=True)
    except OSError as error:
        raise InstrumentError(f"preset {path} cannot be read: {error.strerror}") from None
    except struct.error:
        raise InstrumentError(f"preset {path} ends too early: it is damaged") from None


def _chunk(data: bytes, at: int) -> bytes:
    size = struct.unpack_from(">i", data, at)[0]
    chunk = data[at + 4 : at + 4 + size]
    if size < 0 or len(chunk) != size:
        raise struct.error
    return chunk
