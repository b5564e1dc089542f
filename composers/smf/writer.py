"""Pieces as Standard MIDI Files: type 1 with a conductor track, or type 0. Bytes depend on the piece alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from composers.errors import MusicError
from composers.general_midi import DRUM_CHANNEL
from composers.piece import Piece, Track
from composers.score import PPQ, Clip, Control, Tick
from composers.smf import signs
from composers.smf.bends import bent, has_cents
from composers.smf.channels import channels_of, ports_of, with_channels
from composers.smf.chunks import HEADER, TRACK
from composers.smf.events import LONGEST_WAIT_QUARTERS

_LONGEST_TEMPO = (1 << 24) - 1
_BEND_STEPS = 8192
_OFF_VELOCITY = 64
_OFF, _META, _CONTROL, _ON = range(4)
"""Order at one tick: ends first, so that a key struck again is not cut by the end of the note before."""
_STATUS = {"cc": 0xB0, "program": 0xC0, "pressure": 0xD0}

_Event = tuple[Tick, int, bytes]


@dataclass(frozen=True, slots=True)
class Written:
    """A file's bytes, and what of the piece it cannot carry, in words; empty where it carries all."""

    data: bytes
    lost: tuple[str, ...]


def write_smf(path: PathLike[str] | str, piece: Piece, file_type: int = 1) -> tuple[str, ...]:
    """Write a file at 960 ticks to the quarter; what it cannot carry, in words. Blocks for the file alone.

    Raises MusicError for a path that cannot be written and what `encode_smf` refuses.
    """
    written = encode_smf(piece, file_type)
    try:
        Path(path).write_bytes(written.data)
    except OSError as error:
        raise MusicError(f"{path} cannot be written: {error.strerror or error}") from error
    return written.lost


def encode_smf(piece: Piece, file_type: int = 1) -> Written:
    """The bytes of a file. Pure.

    Velocities are rounded to 1..127. Tracks without a channel get one (channels.with_channels). Cents become bends on
    channels that are free (bends.bent); ramps are not written. Raises MusicError for a tempo of less than 3.58 BPM,
    music before tick 0, a silence of more than 100,000 quarters, more than 16 channels in type 0, another type.
    """
    if file_type not in (0, 1):
        raise MusicError(f"file_type = {file_type}: a piece is written as type 1 (a track each) or 0 (one for all)")
    piece = with_channels(piece)
    _check(piece)
    ports = ports_of(piece.tracks)
    lost: list[str] = []
    tracks = _in_tune(piece.tracks, lost)
    for track in tracks:
        if track.clip.ramps:
            lost.append(f"track {track.name!r}: {len(track.clip.ramps)} ramps have no place in a MIDI file")
    end = max([piece.length, *(n.end for t in tracks for n in t.clip.notes)])
    conductor = _conductor(piece)
    if file_type == 0:
        if any(ports):
            raise MusicError(f"{len(tracks)} tracks have more than 16 channels between them: write them as type 1")
        every = [*conductor, *(event for track in tracks for event in _events(track, True, None))]
        return Written(_header(0, 1) + _chunk(every, end), tuple(lost))
    chunks = [_chunk(conductor, end)]
    for track, port in zip(tracks, ports, strict=True):
        chunks.append(_chunk(_events(track, False, port if any(ports) else None), end))
    return Written(_header(1, len(chunks)) + b"".join(chunks), tuple(lost))


def _check(piece: Piece) -> None:
    for _, bpm in piece.tempi:
        if not 1 <= round(60_000_000 / bpm) <= _LONGEST_TEMPO:
            raise MusicError(f"bpm = {bpm} does not fit a MIDI file: give 3.58 or more")
    for track in piece.tracks:
        first = min([n.start for n in track.clip.notes[:1]] + [c.tick for c in track.clip.controls], default=0)
        if first < 0:
            raise MusicError(f"track {track.name!r} begins at tick {first}, files at 0: use Piece.shifted({-first})")


def _in_tune(tracks: tuple[Track, ...], lost: list[str]) -> list[Track]:
    free = sorted(set(range(16)) - {DRUM_CHANNEL} - {c for t in tracks for c in channels_of(t)}, reverse=True)
    made = []
    for track in tracks:
        if has_cents(track.clip) and not track.is_drums and track.channel is not None:
            clip, clashes = bent(track.clip, track.channel, lambda: free.pop() if free else None)
            if clashes:
                lost.append(f"track {track.name!r}: {clashes} notes are out of tune, for want of free channels to bend")
            made.append(replace(track, clip=clip))
        else:
            if has_cents(track.clip):
                why = "drums" if track.is_drums else "notes on several channels"
                lost.append(f"track {track.name!r}: cents of {why} are not written")
            made.append(track)
    return made


def _conductor(piece: Piece) -> list[_Event]:
    events = [(0, _META, _meta(signs.TITLE, _bytes(piece.title)))] if piece.title else []
    events += [
        (tick, _META, _meta(signs.METER, bytes((m.beats, m.unit.bit_length() - 1, 24, 8)))) for tick, m in piece.meters
    ]
    events += [
        (tick, _META, _meta(signs.TEMPO, round(60_000_000 / bpm).to_bytes(3, "big"))) for tick, bpm in piece.tempi
    ]
    events += [(tick, _META, _meta(*event)) for tick, key in piece.keys for event in signs.key_events(key)]
    events += [(tick, _META, _meta(signs.MARKER, _bytes(text))) for tick, text in piece.markers]
    events += [(tick, _META, _meta(signs.TEXT, _bytes(signs.CHORD_TEXT + text))) for tick, text in piece.chords]
    events += [(tick, _META, _meta(signs.LYRIC, _bytes(text))) for tick, text in piece.lyrics]
    return events


def _events(track: Track, prefixed: bool, port: int | None) -> list[_Event]:
    """A track's events in the order of one tick. prefixed: the texts say which channel they belong to."""
    clip = track.clip
    events: list[_Event] = [] if port is None else [(0, _META, _meta(signs.PORT, bytes((port,))))]
    silent = track.program is None and not clip.notes and not clip.controls
    if (prefixed or silent) and track.channel is not None:
        events.append((0, _META, _meta(signs.CHANNEL_PREFIX, bytes((track.channel,)))))
    events.append((0, _META, _meta(signs.TITLE, _bytes(track.name))))
    if track.instrument:
        events.append((0, _META, _meta(signs.INSTRUMENT, _bytes(track.instrument))))
    if track.program is not None:
        for channel in _sounding(track, clip):
            if track.bank is not None:
                banks = ((0, track.bank >> 7), (32, track.bank & 127))
                events += [(0, _META, bytes((0xB0 | channel, number, value))) for number, value in banks]
            events.append((0, _META, bytes((0xC0 | channel, track.program))))
    events += [(c.tick, _CONTROL, _control(c)) for c in clip.controls]
    for note in clip.notes:
        velocity = min(127, max(1, round(note.velocity)))
        events.append((note.start, _ON, bytes((0x90 | note.channel, note.pitch, velocity))))
        events.append((note.end, _OFF, bytes((0x80 | note.channel, note.pitch, _OFF_VELOCITY))))
    return events


def _sounding(track: Track, clip: Clip) -> list[int]:
    """The channels that must know the program: those of a bent track as well."""
    played = {n.channel for n in clip.notes} | {c.channel for c in clip.controls}
    return sorted(played | ({track.channel} if track.channel is not None else set()))


def _control(control: Control) -> bytes:
    channel = control.channel
    if control.kind == "bend":
        bend = min(_BEND_STEPS - 1, max(-_BEND_STEPS, round(control.value * _BEND_STEPS))) + _BEND_STEPS
        return bytes((0xE0 | channel, bend & 127, bend >> 7))
    value = min(127, max(0, round(control.value)))
    if control.kind == "cc":
        return bytes((0xB0 | channel, control.number, value))
    return bytes((_STATUS[control.kind] | channel, value))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _number(len(data)) + data


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _number(value: int) -> bytes:
    """A variable-length number."""
    if value < 128:
        return bytes((value,))
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))


def _header(file_type: int, tracks: int) -> bytes:
    fields = b"".join(number.to_bytes(2, "big") for number in (file_type, tracks, PPQ))
    return HEADER + (6).to_bytes(4, "big") + fields


def _chunk(events: Iterable[_Event], end: Tick) -> bytes:
    now, longest = 0, LONGEST_WAIT_QUARTERS * PPQ
    out = bytearray()
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        out += _wait(tick - now, longest) + message
        now = tick
    out += _wait(max(0, end - now), longest) + _meta(signs.END, b"")
    return TRACK + len(out).to_bytes(4, "big") + bytes(out)


def _wait(ticks: Tick, longest: Tick) -> bytes:
    if ticks > longest:
        raise MusicError(f"nothing happens for {ticks // PPQ} quarters, more than a MIDI file is made for: shorten it")
    return _number(ticks)
