"""Meta events of tempo, meter and key as values, and the texts in which our files say what these cannot."""

from __future__ import annotations

from composers.errors import MusicError
from composers.score import Meter
from composers.smf.events import Meta
from composers.smf.problems import Report
from composers.theory.pitch import of_fifths
from composers.theory.scales import Key

TEXT, TITLE, INSTRUMENT, LYRIC, MARKER, CUE = 0x01, 0x03, 0x04, 0x05, 0x06, 0x07
CHANNEL_PREFIX, PORT, END, TEMPO, METER, KEY = 0x20, 0x21, 0x2F, 0x51, 0x58, 0x59
TEXTS = (TEXT, TITLE, INSTRUMENT, LYRIC, MARKER, CUE)
LEFT_OUT = {0x00: "sequence number", 0x02: "copyright", 0x08: "program name", 0x09: "device name",
            0x54: "SMPTE offset", 0x7F: "sequencer's own"}  # fmt: skip
"""Kinds that a Piece has no place for."""
MOST_SIGNS = 7
CHORD_TEXT, KEY_TEXT = "chord: ", "key: "
"""Text events of this kind carry a chord symbol, or a key that a key signature cannot say: "key: D dorian"."""
_MINOR = 3
"""Fifths from a minor tonic up to its relative major's."""


def tempo_of(meta: Meta, track: int, report: Report) -> int | None:
    """Microseconds to the quarter."""
    tempo = int.from_bytes(meta.data[:3], "big")
    if len(meta.data) < 3 or tempo == 0:
        report.add(meta.offset, track, "tempo of 0 or of too few bytes: passed over")
        return None
    return tempo


def meter_of(meta: Meta, track: int, report: Report) -> Meter | None:
    """A meter with a unit or count that ours cannot have is written shorter (8/64 is 4/32) where it can be."""
    if len(meta.data) < 2 or not meta.data[0] or meta.data[1] > 16:
        report.add(meta.offset, track, "meter that is none: passed over")
        return None
    beats, unit = meta.data[0], 1 << meta.data[1]
    while (unit > 32 or beats > 32) and beats % 2 == 0 and unit > 1:
        beats, unit = beats // 2, unit // 2
    if unit > 32 or beats > 32:
        report.add(meta.offset, track, f"meter {meta.data[0]}/{1 << meta.data[1]} has no place here: passed over")
        return None
    return Meter(beats, unit)


def key_of(meta: Meta, track: int, report: Report) -> Key | None:
    sharps = int.from_bytes(meta.data[:1], "big", signed=True)
    if len(meta.data) < 2 or abs(sharps) > MOST_SIGNS or meta.data[1] > 1:
        report.add(meta.offset, track, "key signature that is none: passed over")
        return None
    minor = meta.data[1] == 1
    return Key(of_fifths(sharps + _MINOR * minor), "minor" if minor else "major")


def key_in_text(text: str) -> Key | None:
    """ "key: D dorian"."""
    tonic, _, mode = text.removeprefix(KEY_TEXT).partition(" ")
    try:
        return Key.parse(tonic, mode or "major")
    except MusicError:
        return None


def key_events(key: Key) -> list[tuple[int, bytes]]:
    """(meta kind, data): the signature if it has one of at most seven signs, and a text for what it leaves open."""
    minor = key.mode == "minor"
    events = []
    if abs(key.fifths) <= MOST_SIGNS:
        natural_minor = key.mode in ("minor", "aeolian")
        events.append((KEY, key.fifths.to_bytes(1, "big", signed=True) + bytes((natural_minor,))))
    if not events or not (minor or key.mode == "major"):
        events.append((TEXT, f"{KEY_TEXT}{key.tonic} {key.mode}".encode()))
    return events
