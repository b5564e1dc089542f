"""Standard MIDI Files read: any of format 0, 1 and 2, mended where it is broken, with a report of what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from os import PathLike
from pathlib import Path

from composers.errors import MusicError
from composers.piece import Piece, Track, unique_names
from composers.score import Clip, Meter, Span
from composers.smf import signs
from composers.smf.chunks import read_header, walk
from composers.smf.events import LONGEST_WAIT_QUARTERS, Meta, TrackEvents, read_track
from composers.smf.parts import parts_of
from composers.smf.problems import Problem, Report
from composers.smf.text import decoded, encoding_of
from composers.smf.timing import Scale, beats, frames, is_smpte, ticks_of_second
from composers.theory.scales import Key
from composers.time_map import MeterStep, TempoStep, steps_from_zero

MOST_BYTES = 64 << 20
"""Of a file: the largest that people make for show ("black MIDI" apart) have a few million."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read.

    piece              all of it; the patterns of a format 2 file one after the other, each from a bar line on, with
                       a marker of its name
    format             0, 1 or 2
    ticks_per_quarter  of the file; None where it counts SMPTE frames
    problems           what was mended, by place; empty for a file that is in order
    left_out           what is in order but has no place in a Piece, and how often
    """

    piece: Piece
    format: int
    ticks_per_quarter: int | None
    problems: tuple[Problem, ...]
    left_out: Mapping[str, int]


def read_smf(path: PathLike[str] | str) -> Read:
    """Read a MIDI file. Blocks for the file alone.

    Raises MusicError for a path that cannot be read, a file of more than 64 MiB and what is no MIDI file at all.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MusicError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return read_smf_bytes(data, str(path))


def read_smf_bytes(data: bytes, place: str = "the data") -> Read:
    """The same of bytes; errors call them by `place`. Pure.

    A note shorter than a tick of ours has length 1. A file of format 0 is split by channel, a track of another where
    its channels have different programs. Tracks without notes and controls are left out, but for those of a channel
    prefix (our own files).
    """
    if len(data) > MOST_BYTES:
        raise MusicError(f"{place} is larger than {MOST_BYTES >> 20} MiB: split it, or thin it out")
    report = Report()
    header = read_header(data, place, report)
    quarter = header.division
    rate = ticks_of_second(quarter, report) if is_smpte(quarter) else None
    longest = LONGEST_WAIT_QUARTERS * quarter if rate is None else int(LONGEST_WAIT_QUARTERS * rate / 2)
    tracks: list[TrackEvents] = []

    def read(number: int, start: int, end: int) -> int:
        events, used = read_track(data, start, end, number, longest, report)
        tracks.append(events)
        return used

    count = walk(data, header.at, report, read)
    if not count:
        raise MusicError(f"{place} is not a readable MIDI file: it has a header but no tracks (MTrk)")
    if header.tracks and count != header.tracks:
        report.add(header.at, None, f"the header says {header.tracks} tracks: there are {count}")
    metas = [(track, meta) for track in tracks for meta in track.metas]
    encoding = encoding_of(meta.data for _, meta in metas if meta.kind in signs.TEXTS)
    tempi = _tempi(metas, report)
    if header.format == 2:
        pieces = []
        for track in tracks:
            own = [step for step in tempi if step[0] == track.number]
            scale = beats(quarter) if rate is None else frames(rate, [step[1:] for step in own])
            pieces.append(_Assembly(scale, encoding, own, True, report).piece([track]))
        piece = _in_a_row(pieces)
    else:
        one = header.format == 0
        scale = beats(quarter) if rate is None else frames(rate, [step[1:] for step in tempi])
        piece = _Assembly(scale, encoding, tempi, one, report).piece(tracks)
    return Read(piece, header.format, quarter if rate is None else None, report.problems, report.left_out)


def _tempi(metas: Sequence[tuple[TrackEvents, Meta]], report: Report) -> list[tuple[int, int, int]]:
    """(track, raw tick, microseconds to the quarter), by tick."""
    found = []
    for track, meta in metas:
        if meta.kind == signs.TEMPO and (tempo := signs.tempo_of(meta, track.number, report)):
            found.append((track.number, meta.tick, tempo))
    return sorted(found, key=lambda step: step[1])


class _Assembly:
    """Tracks of one piece on their way."""

    def __init__(
        self, scale: Scale, encoding: str, tempi: Sequence[tuple[int, int, int]], by_channel: bool, report: Report
    ) -> None:
        self._scale, self._encoding, self._by_channel, self._report = scale, encoding, by_channel, report
        self._tempi = [(scale(tick), 60_000_000 / tempo) for _, tick, tempo in tempi]
        self._meters: list[tuple[int, Meter]] = []
        self._keys: dict[int, Key] = {}
        self._said: dict[int, Key] = {}
        self._markers: list[tuple[int, str]] = []
        self._chords: dict[int, str] = {}
        self._lyrics: list[tuple[int, str]] = []
        self._title = ""
        self._karaoke = False

    def piece(self, tracks: Sequence[TrackEvents]) -> Piece:
        self._karaoke = any(m.kind == signs.TEXT and m.data[:2] == b"@K" for t in tracks for m in t.metas)
        for track in tracks:
            for meta in track.metas:
                self._take(meta, track.number)
        drums = {channel for track in tracks for channel in track.drums}
        first, sounding = tracks[0], list(tracks)
        if self._by_channel or not first.channels:
            said = (m for m in first.metas if m.kind == signs.TITLE and (m.channel is None or not first.channels))
            self._title = next(filter(None, (self._text(m).strip() for m in said)), self._title)
        if not first.channels:
            del sounding[0]
        made = [part for track in sounding for part in
                parts_of(track, self._scale, drums, self._by_channel, self._text)]  # fmt: skip
        end = max(chain((self._scale(t.end) for t in tracks), (n.end for p in made for n in p.clip.notes)), default=0)
        unique = unique_names(part.name for part in made)
        span = Span(0, max(end, 1))
        return Piece(
            tuple(
                replace(part, name=name, clip=Clip(span, part.clip.notes, part.clip.controls))
                for name, part in zip(unique, made, strict=True)
            ),
            steps_from_zero(self._tempi, 120.0),
            steps_from_zero(self._meters, Meter()),
            tuple(sorted({**self._keys, **self._said}.items())),
            tuple(sorted(self._markers, key=lambda step: step[0])),
            tuple(sorted(self._chords.items())),
            tuple(sorted(self._lyrics, key=lambda step: step[0])),
            self._title,
        )

    def _text(self, meta: Meta) -> str:
        return decoded(meta.data, self._encoding)

    def _take(self, meta: Meta, track: int) -> None:
        tick, kind = self._scale(meta.tick), meta.kind
        if kind == signs.METER:
            if meter := signs.meter_of(meta, track, self._report):
                self._meters.append((tick, meter))
        elif kind == signs.KEY:
            if key := signs.key_of(meta, track, self._report):
                self._keys[tick] = key
        elif kind in (signs.MARKER, signs.CUE):
            if text := self._text(meta).strip():
                self._markers.append((tick, text))
        elif kind == signs.LYRIC:
            if lyric := self._text(meta):
                self._lyrics.append((tick, lyric))
        elif kind == signs.TEXT:
            self._take_text(tick, self._text(meta))
        elif kind not in (signs.TITLE, signs.INSTRUMENT, signs.CHANNEL_PREFIX, signs.PORT, signs.END, signs.TEMPO):
            self._report.leave_out(signs.LEFT_OUT.get(kind, f"meta event {kind:#04x}"))

    def _take_text(self, tick: int, text: str) -> None:
        """Chords and keys of our own files; syllables of karaoke files (Tune 1000's .kar), "/" and "\\" as newlines."""
        if text.startswith(signs.CHORD_TEXT):
            self._chords[tick] = text.removeprefix(signs.CHORD_TEXT).strip()
        elif text.startswith(signs.KEY_TEXT) and (key := signs.key_in_text(text)):
            self._said[tick] = key
        elif self._karaoke and text.startswith("@"):
            if text.startswith("@T") and not self._title:
                self._title = text[2:].strip()
        elif self._karaoke and text:
            self._lyrics.append((tick, "\n" + text[1:] if text[0] in "/\\" else text))
        else:
            self._report.leave_out("text")


def _in_a_row(pieces: Sequence[Piece]) -> Piece:
    """One after the other, each from a bar line on, marked with its name."""
    tracks: list[Track] = []
    start = 0
    tempi: list[TempoStep] = []
    meters: list[MeterStep] = []
    texts: list[Piece] = []
    for number, piece in enumerate(pieces, 1):
        tempi += [(tick + start, bpm) for tick, bpm in piece.tempi]
        meters += [(tick + start, meter) for tick, meter in piece.meters]
        tracks += [replace(t, clip=t.clip.shifted(start)) for t in piece.tracks]
        marked = replace(piece, tracks=(), markers=((0, piece.title or f"pattern {number}"), *piece.markers))
        texts.append(marked.shifted(start))
        start += piece.bar_span(piece.bars - 1).end if piece.bars else 0
    names = unique_names(track.name for track in tracks)
    span = Span(0, max(start, 1))
    return Piece(
        tuple(
            replace(t, name=name, clip=Clip(span, t.clip.notes, t.clip.controls))
            for t, name in zip(tracks, names, strict=True)
        ),
        steps_from_zero(tempi, 120.0),
        steps_from_zero(meters, Meter()),
        tuple(sorted({tick: key for p in texts for tick, key in p.keys}.items())),
        tuple(chain.from_iterable(p.markers for p in texts)),
        tuple(sorted({tick: chord for p in texts for tick, chord in p.chords}.items())),
        tuple(chain.from_iterable(p.lyrics for p in texts)),
        "",
    )
