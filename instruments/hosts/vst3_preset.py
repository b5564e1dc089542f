"""A VST3 plug-in's state as a .vstpreset file, which pedalboard cannot write and minihost only for few plug-ins.

The file's layout and the plug-in factory's binary interface are those of Steinberg's public VST 3 documentation
("Preset Format", "IPluginFactory"); how JUCE packs a component's state into XML is JUCE's, told by its own hosts.
"""

from __future__ import annotations

import ctypes as c
import platform
import struct
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from instruments.block import InstrumentError

_JUCE_MARK = b"VC2!"
_JUCE_LETTERS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
_VALUES = {letter: value for value, letter in enumerate(_JUCE_LETTERS)}
_PROCESSOR = b"Audio Module Class"
_ID_BYTES = 16
_HEAD = struct.Struct("<4si32sq")
_ENTRY = struct.Struct("<4sqq")


class _ClassInfo(c.Structure):
    _fields_ = (
        ("cid", c.c_uint8 * _ID_BYTES), ("cardinality", c.c_int32), ("category", c.c_char * 32), ("name", c.c_char * 64)
    )


class Chunks(NamedTuple):
    """A plug-in's own data: of its processor, and of its controller (None where it keeps none)."""

    component: bytes
    controller: bytes | None


def write(path: Path, bundle: Path, name: str, state: bytes) -> None:
    """Write the JUCE state of the plug-in `name` of a bundle that is loaded in this process. Raises InstrumentError."""
    chunks = chunks_of(state)
    class_id = class_id_of(bundle, name).encode("ascii")
    parts = [(b"Comp", chunks.component)] + ([(b"Cont", chunks.controller)] if chunks.controller is not None else [])
    at, data, entries = _HEAD.size, b"", b""
    for mark, part in parts:
        entries += _ENTRY.pack(mark, at + len(data), len(part))
        data += part
    head = _HEAD.pack(b"VST3", 1, class_id, at + len(data))
    try:
        path.write_bytes(head + data + b"List" + struct.pack("<i", len(parts)) + entries)
    except OSError as error:
        raise InstrumentError(f"preset {path} cannot be written: {error.strerror}") from None


def chunks_of(state: bytes) -> Chunks:
    """What lies in the state that JUCE gives of a VST3. Raises InstrumentError."""
    try:
        if state[:4] != _JUCE_MARK:
            raise ValueError(f"it starts with {state[:4]!r}")
        root = ElementTree.fromstring(state[8 : 8 + struct.unpack_from("<I", state, 4)[0]].rstrip(b"\0"))
        component, controller = (root.findtext(tag) for tag in ("IComponent", "IEditController"))
        if component is None:
            raise ValueError("it has no IComponent")
        return Chunks(_bytes_of(component), None if controller is None else _bytes_of(controller))
    except (ValueError, KeyError, struct.error, ElementTree.ParseError) as error:
        raise InstrumentError(f"this state is not of a VST3 plug-in, hence no .vstpreset ({error})") from None


def class_id_of(bundle: Path, name: str) -> str:
    """The 32 hexadecimal digits of a plug-in's processor class; of several the one of this name, else the first.

    The bundle's library must have been loaded and entered by the host before. Raises InstrumentError.
    """
    found: dict[str, str] = {}
    try:
        library = c.CDLL(str(_binary(bundle)))
        library.GetPluginFactory.restype = c.c_void_p
        factory = c.c_void_p(library.GetPluginFactory())
        for index in range(_method(factory, 4, c.c_int32)(factory)):
            info = _ClassInfo()
            if not _method(factory, 5, c.c_int32, c.c_int32, c.c_void_p)(factory, index, c.addressof(info)) and (
                    info.category == _PROCESSOR):
                found[info.name.decode("utf-8", "replace")] = _id_text(bytes(info.cid))
        _method(factory, 2, c.c_uint32)(factory)
    except (OSError, AttributeError, ValueError) as error:
        raise InstrumentError(f"plug-in {bundle}: its class cannot be read ({error})") from None
    if not found:
        raise InstrumentError(f"plug-in {bundle} has no class that processes audio")
    return found.get(name) or next(iter(found.values()))


def _method(object_: c.c_void_p, slot: int, result: type, *arguments: type) -> c._FuncPointer:
    """A method by its place in the object's table: queryInterface, addRef, release come first in every one."""
    table = c.cast(object_, c.POINTER(c.POINTER(c.c_void_p))).contents
    return c.CFUNCTYPE(result, c.c_void_p, *arguments)(table[slot] or 0)


def _id_text(cid: bytes) -> str:
    if sys.platform == "win32":  # there its first half is laid out as a GUID of COM
        cid = cid[3::-1] + cid[5:3:-1] + cid[7:5:-1] + cid[8:]
    return cid.hex().upper()


def _binary(bundle: Path) -> Path:
    if bundle.is_file():
        return bundle
    contents = bundle / "Contents"
    if sys.platform == "darwin":
        inside = contents / "MacOS"
    elif sys.platform == "win32":
        inside = contents / ("x86_64-win" if platform.machine().endswith("64") else "x86-win")
    else:
        inside = contents / f"{platform.machine()}-linux"
    for binary in sorted(inside.glob("*")):
        if binary.is_file():
            return binary
    raise InstrumentError(f"plug-in {bundle} has no library for this system in {inside}")


def _bytes_of(text: str) -> bytes:
    """JUCE's base 64: the size, a dot, then 6 bits a letter, lowest first."""
    size, _, letters = text.partition(".")
    out = bytearray()
    for at in range(0, len(letters), 4):
        bits = sum(_VALUES[letter] << (6 * place) for place, letter in enumerate(letters[at : at + 4]))
        out += bits.to_bytes(3, "little")
    return bytes(out[: int(size)]).ljust(int(size), b"\0")
