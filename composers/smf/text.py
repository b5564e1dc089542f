"""Texts of MIDI files, which do not say their encoding: UTF-8, else Shift-JIS if it reads as Japanese, else Latin."""

from __future__ import annotations

from collections.abc import Iterable

_KANA = range(0x3041, 0x30FF)
_KANJI = range(0x4E00, 0xA000)
_COMMON_LEADS = range(0x88, 0xA0)
"""First bytes of Shift-JIS's everyday kanji; in Latin-1 these are control codes, which no text has."""


def encoding_of(texts: Iterable[bytes]) -> str:
    """One encoding for all texts of a file."""
    every = b"\n".join(texts)
    try:
        every.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        read = every.decode("cp932")
    except UnicodeDecodeError:
        return "latin-1"
    foreign = [c for c in read if ord(c) > 127]
    kanji = [c for c in foreign if ord(c) in _KANJI]
    if any(ord(c) in _KANA for c in foreign):
        return "cp932"
    everyday = any(c.encode("cp932")[0] in _COMMON_LEADS for c in kanji)
    return "cp932" if everyday and 2 * len(kanji) > len(foreign) else "latin-1"


def decoded(data: bytes, encoding: str) -> str:
    """A text, without zeros at its end. Windows' punctuation (quotes, dashes) is read where Latin-1 has none."""
    data = data.rstrip(b"\0")
    if encoding == "latin-1":
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    return data.decode(encoding, "replace")
