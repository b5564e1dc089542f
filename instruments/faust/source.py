"""Faust sources as files: what a .dsp is made of, what tells one version from another, what it says of itself."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from instruments.errors import InstrumentError

VOICES = 16
"""Of an instrument that does not say how many it has."""
_MOST_VOICES = 128

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r'"([^"\n]{1,200})"')
_NVOICES = re.compile(r'declare\s+nvoices\s+"(\d+)"|declare\s+options\s+"[^"]*\[nvoices:\s*(\d+)\]')
_EFFECT = re.compile(r"^\s*effect\s*=", re.MULTILINE)


class FaustSource(NamedTuple):
    """A .dsp file. digest: of it and of all files beside it that it imports (Faust's own libraries have a version).

    voices      polyphony: `declare nvoices "8"` or `declare options "[nvoices:8]"`, else VOICES
    has_effect  it defines `effect`, which all voices go through together
    """

    path: Path
    digest: str
    voices: int
    has_effect: bool


def read_source(path: Path) -> FaustSource:
    """Raises InstrumentError for a file that cannot be read, or a number of voices that makes no sense."""
    digest = hashlib.sha256()
    text = _add(path, digest, set())
    voices = VOICES
    if (said := _NVOICES.search(text)) is not None:
        voices = int(said[1] or said[2])
        if not 1 <= voices <= _MOST_VOICES:
            raise InstrumentError(f"plug-in {path}: nvoices = {voices} does not fit: give 1 to {_MOST_VOICES}")
    return FaustSource(path, digest.hexdigest(), voices, _EFFECT.search(text) is not None)


def _add(path: Path, digest: hashlib._Hash, seen: set[Path]) -> str:
    """The file's text without comments, it and what it imports added to the digest."""
    seen.add(path)
    try:
        raw = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InstrumentError(f"plug-in {path}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None
    except OSError as error:
        raise InstrumentError(f"plug-in {path} cannot be read: {error.strerror}: give the path of a .dsp") from None
    digest.update(f"{path.name}\n{raw}\0".encode())
    text = _COMMENT.sub("", raw)
    for name in _QUOTED.findall(text):  # import("x.lib"), ffunction(float x(float), "x.h", ""), #include "x.h"
        other = path.parent / name
        if other.is_file() and other not in seen:
            _add(other, digest, seen)
    return text
