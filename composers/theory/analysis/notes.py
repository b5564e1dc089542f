"""What people hand to an analysis, made into notes: pieces, clips, MIDI files, tuples, names, lists of chords."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import NamedTuple

from composers.errors import MusicError
from composers.piece import Piece
from composers.score import PPQ, Clip, Meter, Note, Tick
from composers.theory.pitch import Pitch, PitchName, parse_pitch_name

DRUM_CHANNEL = 9
"""MIDI's percussion channel (10, counted from 1), whose keys are no pitches."""
_LOW_KEY = 24
_HELP = (
    "give Notes, a Clip, a Piece, tracks by name, the path of a MIDI file, (start, length, pitch) in quarter notes, "
    "a list of pitches (C4, 60) that follow each other by quarters, or a list of chords, each a list of pitches, a bar "
    "each"
)


class Played(NamedTuple):
    """Notes with a pitch, sorted, and what the source says of itself (None where it does not)."""

    notes: tuple[Note, ...]
    meter: Meter | None = None
    signs: int | None = None
    """Sharps (flats below 0) of the key signature."""


OnePitch = int | str | Pitch | PitchName
Source = (
    Piece | Clip | Mapping[str, Clip] | str | PathLike[str]
    | Iterable[Note | tuple[float, float, OnePitch] | OnePitch | Iterable[OnePitch]]
)  # fmt: skip


def read_notes(source: Source, meter: Meter | None = None) -> Played:
    """Any of Source as notes, percussion left out. Raises MusicError that says what may be given."""
    if isinstance(source, str | PathLike):
        return _read_file(source)
    if isinstance(source, Piece):
        return _of_piece(source)
    if isinstance(source, Clip):
        return Played(_pitched(source.notes))
    if isinstance(source, Mapping):
        return Played(_pitched(n for clip in source.values() for n in clip.notes))
    if not isinstance(source, Iterable) or isinstance(source, bytes):
        raise MusicError(f"{source!r} is no music: {_HELP}")
    return Played(_pitched(_listed(list(source), meter or Meter())))


def _read_file(path: str | PathLike[str]) -> Played:
    from composers.smf import read_smf

    return _of_piece(read_smf(path).piece)


def _of_piece(piece: Piece) -> Played:
    notes = (n._replace(channel=DRUM_CHANNEL) if t.is_drums else n for t in piece.tracks for n in t.clip.notes)
    return Played(_pitched(notes), piece.meters[0][1], piece.keys[0][1].fifths if piece.keys else None)


def _pitched(notes: Iterable[Note]) -> tuple[Note, ...]:
    every = sorted(notes)
    kept = tuple(n for n in every if n.channel != DRUM_CHANNEL)
    if not kept:
        what = "only percussion (channel 10)" if every else "no notes"
        raise MusicError(f"there are {what} to analyse: {_HELP}")
    return kept


def _listed(items: list[object], meter: Meter) -> list[Note]:
    notes: list[Note] = []
    at: Tick = 0
    last: int | None = None
    for item in items:
        if isinstance(item, Note):
            notes.append(item)
        elif isinstance(item, int | str | Pitch | PitchName):
            key = pitch_key(item, 59 if last is None else last - 6)  # without octave the nearest to the one before
            last = key
            notes.append(Note(at, PPQ, key, 80.0))
            at += PPQ
        elif isinstance(item, tuple) and _is_timed(item):
            start, length, pitch = item
            notes.append(Note(round(start * PPQ), max(1, round(length * PPQ)), pitch_key(pitch, 59), 80.0))
        elif isinstance(item, Iterable):
            low = 47
            for pitch in item:
                key = pitch_key(pitch, low)
                low = key
                notes.append(Note(at, meter.bar_ticks, key, 80.0))
            at += meter.bar_ticks
        else:
            raise MusicError(f"{item!r} is no note: {_HELP}")
    return notes


def _is_timed(item: tuple[object, ...]) -> bool:
    """(start, length, pitch), and no chord as a tuple: (60, 64, 67) would last 64 quarter notes."""
    if len(item) != 3 or not all(isinstance(x, int | float) for x in item[:2]):
        return False
    start, length, pitch = item
    return not (all(isinstance(x, int) for x in item) and _LOW_KEY <= start < length < pitch)  # type: ignore[operator]


def pitch_key(pitch: object, above: int) -> int:
    """The MIDI key; a name without octave is the next one above a key."""
    if isinstance(pitch, bool) or not isinstance(pitch, int | str | Pitch | PitchName):
        raise MusicError(f"{pitch!r} is no pitch: {_HELP}")
    if isinstance(pitch, str):
        pitch = Pitch.parse(pitch) if pitch.strip()[-1:].isdigit() else parse_pitch_name(pitch)
    if isinstance(pitch, Pitch):
        key = pitch.midi
    elif isinstance(pitch, PitchName):
        key = above + 1 + (pitch.pitch_class - above - 1) % 12
    else:
        key = pitch
    if not 0 <= key <= 127:
        raise MusicError(f"pitch {pitch} is MIDI key {key}, outside 0 to 127: give C-1 to G9")
    return key
