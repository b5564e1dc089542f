"""The chunks of a Standard MIDI File, found also where their lengths lie. Bytes in, places out.

Format after the MIDI Association's RP-001 (Standard MIDI Files 1.0); RIFF files with MIDI inside (RMID) after RP-029.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from composers.errors import MusicError
from composers.smf.problems import Report

HEADER, TRACK = b"MThd", b"MTrk"
_SEARCHED = 1 << 16
"""How far into a file its header is looked for: RIFF wrappers take 20 bytes, MacBinary 128."""
_NEAR = 64
"""How near the beginning a track must lie to be believed without a header."""
_SIX = b"\0\0\0\x06"
_END = b"\xff\x2f\x00"
_USUAL_DIVISION = 480
_LONGEST_HEADER = 1024
_FOREIGN = (
    (b"SMF2CLIP", "a MIDI 2.0 clip file: save it as a Standard MIDI File (MIDI 1.0)"),
    (b"MUS\x1a", "a MUS file (Doom): convert it to MIDI with a tool for it"),
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"<?xml", "XML: a score has a name that ends in .musicxml or .xml"),
    (b"<", "a web page or XML"),
    (b"OggS", "audio, and this reads notes"),
    (b"ID3", "audio, and this reads notes"),
    (b"fLaC", "audio, and this reads notes"),
)


class Header(NamedTuple):
    """format 0, 1 or 2; tracks as announced; division as its 16 bits; at: where the chunks begin."""

    format: int
    tracks: int
    division: int
    at: int


def read_header(data: bytes, place: str, report: Report) -> Header:
    """Raises MusicError, which calls the file by `place`, for what is no MIDI file; mends what can be."""
    at = data.find(HEADER, 0, _SEARCHED)
    if at < 0:
        track = data.find(TRACK, 0, _NEAR)
        if track < 0:
            raise MusicError(f"{place} is not a readable MIDI file: {_described(data)}")
        if track < 14 or data[track - 10 : track - 6] != _SIX:
            report.add(0, None, f"no header: read as tracks of format 1 with {_USUAL_DIVISION} ticks to the quarter")
            return Header(1, 0, _USUAL_DIVISION, track)
        at = track - 14
        report.add(at, None, "header with a wrong name: read as one")
    elif at > 0 and data[:4] != b"RIFF":
        report.add(0, None, "bytes before the header: passed over")
    size = int.from_bytes(data[at + 4 : at + 8], "big")
    end = at + 8 + size
    if size != 6 and not (size <= _LONGEST_HEADER and size > 6 and data[end : end + 4].isalnum()):
        report.add(at + 4, None, "wrong length of the header: read as 6 bytes")
        end = at + 14
    short = data.find(TRACK, at + 8, end + 3)
    if short >= 0:
        report.add(at + 8, None, "header cut short: what it lacks is taken as 0")
        end = short
    fields = data[at + 8 : min(at + 14, end)].ljust(6, b"\0")
    format_, tracks, division = (int.from_bytes(fields[i : i + 2], "big") for i in (0, 2, 4))
    if format_ > 2:
        report.add(at + 8, None, f"format {format_} is not 0, 1 or 2: read as 1")
        format_ = 1
    if division == 0:
        report.add(at + 12, None, f"no ticks to the quarter: read as {_USUAL_DIVISION}")
        division = _USUAL_DIVISION
    return Header(format_, tracks, division, end)


def _described(data: bytes) -> str:
    if not data:
        return "it is empty"
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            return f"it is {what}"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "it is audio, and this reads notes"
    if data[:4] == b"FORM" and data[8:12] in (b"XDIR", b"XMID"):
        return "it is an XMI file (Miles Sound System): convert it to MIDI with a tool for it"
    return "it has no header (MThd)"


def walk(data: bytes, at: int, report: Report, read: Callable[[int, int, int], int]) -> int:
    """Hand each track's chunk to `read(number, start, end)`, which says where its events ended; how many there were.

    Where a length is wrong, a track goes on to its end-of-track event or the next chunk. Between chunks and behind the
    last, what is none is passed over.
    """
    number, size = 0, len(data)
    while at < size:
        name = data[at : at + 4]
        start = at + 8
        end = start + int.from_bytes(data[at + 4 : start], "big")
        if name == TRACK and start <= size:
            if not _ends_well(data, start, end):
                report.add(at + 4, number, "wrong length of the track: read to its end, or to the next track")
                end = _next(data, start)
            used = read(number, start, end)
            number += 1
            if used < end and data[used : used + 4] == TRACK:
                report.add(at + 4, number - 1, "length of the track goes over the next one: cut at its end")
                end = used
            at = end
        elif len(name) == 4 and name.isascii() and name.isalnum() and end <= size and _begins(data, end):
            report.leave_out(f"chunk {name.decode()}")
            at = end
        else:
            found = _next(data, at + 1)  # a track's name may be all that is left of it
            if data[at:found].strip(b"\0"):  # zeros fill up to a block or an even length
                report.add(at, None, "bytes that are no chunk: passed over")
            at = found
    return number


def _ends_well(data: bytes, start: int, end: int) -> bool:
    """Whether a track's length is to be believed: by what stands at its end."""
    return end <= len(data) and end > start and (data[end - 3 : end] == _END or _begins(data, end))


def _begins(data: bytes, at: int) -> bool:
    """Whether a chunk begins here, or the file ends."""
    return at == len(data) or data[at : at + 4] == TRACK or (len(data) - at >= 8 and data[at : at + 4].isalnum())


def _next(data: bytes, at: int) -> int:
    found = data.find(TRACK, at)
    return found if found >= 0 else len(data)
