"""Standard MIDI files: clips out as type 1, simple files of type 0 and 1 back in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

from composers.errors import MusicError
from composers.score import PPQ, Clip, Control, Meter, Note, Span, Tick
from composers.theory.scales import Key

_MOST_SIGNS = 7
_MAJOR_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR_KEYS = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_BEND_STEPS = 8192


@dataclass(frozen=True, slots=True)
class MidiFile:
    """What a file holds.

    tracks   name -> clip, in the file's order, each from tick 0 to the longest track's end
    bpm      quarter notes a minute at the start
    meter    at the start
    key      as the file names it ("Eb", "Cm"), None where it names none
    markers  (tick, text), sorted
    """

    tracks: Mapping[str, Clip]
    bpm: float
    meter: Meter
    key: str | None
    markers: tuple[tuple[Tick, str], ...]


def write_smf(
    path: Path | str,
    tracks: Mapping[str, Clip],
    bpm: float,
    meter: Meter,
    key: Key | None = None,
    markers: Sequence[tuple[Tick, str]] = (),
) -> None:
    """Write a type 1 file at 960 ticks to the quarter: a conductor track, then one track a clip, named.

    The first tick of the earliest clip becomes 0, if it is not yet. The bytes depend on the arguments alone. Bends
    are written over the receiver's range (value -1..1), velocities rounded to 1..127, cents not at all. Raises
    MusicError for a tempo outside 4..1000 or a path that cannot be written.
    """
    if not 4.0 <= bpm <= 1000.0:
        raise MusicError(f"bpm = {bpm} does not fit a MIDI file: give 4 to 1000")
    origin = min((clip.span.start for clip in tracks.values()), default=0)
    end = max((clip.span.end for clip in tracks.values()), default=0) - origin
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ, charset="utf-8")
    file.tracks.append(_conductor(bpm, meter, key, [(tick - origin, text) for tick, text in markers], end))
    for name, clip in tracks.items():
        file.tracks.append(_track(name, clip, origin, end))
    try:
        file.save(str(path))
    except OSError as error:
        raise MusicError(f"{path} cannot be written: {error.strerror or error}") from error


def _conductor(
    bpm: float, meter: Meter, key: Key | None, markers: Sequence[tuple[Tick, str]], end: Tick
) -> mido.MidiTrack:
    events: list[tuple[Tick, int, mido.MetaMessage]] = [
        (0, 0, mido.MetaMessage("time_signature", numerator=meter.beats, denominator=meter.unit)),
        (0, 1, mido.MetaMessage("set_tempo", tempo=round(60_000_000 / bpm))),
    ]
    signature = _signature(key) if key else None
    if signature:
        events.append((0, 2, mido.MetaMessage("key_signature", key=signature)))
    events += [(max(0, tick), 3, mido.MetaMessage("marker", text=text)) for tick, text in markers]
    return _timed("", events, end)


def _signature(key: Key) -> str | None:
    """The signature's name; a mode other than minor is written with the major key of its signs. None beyond seven."""
    if abs(key.fifths) > _MOST_SIGNS:
        return None
    minor = key.mode in ("minor", "aeolian")
    return (_MINOR_KEYS if minor else _MAJOR_KEYS)[key.fifths + _MOST_SIGNS]


def _track(name: str, clip: Clip, origin: Tick, end: Tick) -> mido.MidiTrack:
    # At one tick: offs, then controls, then ons, so that a repeated key is not cut by the off of the one before.
    events: list[tuple[Tick, int, mido.Message]] = []
    for note in clip.notes:
        velocity = min(127, max(1, round(note.velocity)))
        on = mido.Message("note_on", note=note.pitch, velocity=velocity, channel=note.channel)
        off = mido.Message("note_off", note=note.pitch, velocity=64, channel=note.channel)
        events += [(note.start - origin, 2, on), (note.end - origin, 0, off)]
    events += [(control.tick - origin, 1, _control(control)) for control in clip.controls]
    return _timed(name, events, end)


def _control(control: Control) -> mido.Message:
    value = min(127, max(0, round(control.value)))
    if control.kind == "cc":
        return mido.Message("control_change", control=control.number, value=value, channel=control.channel)
    if control.kind == "program":
        return mido.Message("program_change", program=value, channel=control.channel)
    if control.kind == "pressure":
        return mido.Message("aftertouch", value=value, channel=control.channel)
    bend = min(_BEND_STEPS - 1, max(-_BEND_STEPS, round(control.value * _BEND_STEPS)))
    return mido.Message("pitchwheel", pitch=bend, channel=control.channel)


def _timed(name: str, events: Sequence[tuple[Tick, int, mido.Message]], end: Tick) -> mido.MidiTrack:
    track = mido.MidiTrack()
    if name:
        track.append(mido.MetaMessage("track_name", name=name, time=0))
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track


def read_smf(path: Path | str) -> MidiFile:
    """Read a file of type 0 or 1; ticks are converted to 960 a quarter. Tempo, meter and key are the first ones.

    A note that never ends ends with the file; tracks without notes and controls are left out; a nameless or repeated
    name gets its number. Raises MusicError for a path that cannot be read or is no such file.
    """
    try:
        file = mido.MidiFile(str(path), charset="utf-8", clip=True)
    except OSError as error:
        if error.errno is None:  # mido's own words for a wrong header
            raise MusicError(f"{path} is not a readable MIDI file: {error}") from error
        raise MusicError(f"{path} cannot be read: {error.strerror}") from error
    except (EOFError, ValueError, KeyError, IndexError) as error:
        raise MusicError(f"{path} is not a readable MIDI file: {error or type(error).__name__}") from error
    if file.type == 2:
        raise MusicError(f"{path} is a MIDI file of type 2 (independent patterns): save it as type 0 or 1")
    if file.ticks_per_beat <= 0 or file.ticks_per_beat >= 0x8000:
        raise MusicError(f"{path} counts time in SMPTE frames, not in beats: save it with ticks per quarter note")
    tempo, meter, key = 500_000, Meter(), None
    first: dict[str, Tick] = {}
    markers: list[tuple[Tick, str]] = []
    found: list[tuple[str, list[Note], list[Control]]] = []
    end = 0
    for index, track in enumerate(file.tracks):
        reader = _Reader(file.ticks_per_beat)
        for message in track:
            tick = reader.take(message)
            if message.type == "set_tempo" and tick < first.get("tempo", 1 << 62):
                tempo, first["tempo"] = message.tempo, tick
            elif message.type == "time_signature" and tick < first.get("meter", 1 << 62):
                meter, first["meter"] = Meter(message.numerator, message.denominator), tick
            elif message.type == "key_signature" and tick < first.get("key", 1 << 62):
                key, first["key"] = message.key, tick
            elif message.type == "marker":
                markers.append((tick, message.text))
        reader.close()
        end = max(end, reader.tick)
        if reader.notes or reader.controls:
            found.append((track.name.strip() or f"track {index}", reader.notes, reader.controls))
    tracks: dict[str, Clip] = {}
    for number, (name, notes, controls) in enumerate(found):
        unique = name if name not in tracks else f"{name} {number}"
        tracks[unique] = Clip.of(Span(0, max(end, 1)), notes, controls)
    return MidiFile(tracks, 60_000_000 / tempo, meter, key, tuple(sorted(markers)))


class _Reader:
    """One track's messages as notes and controls, ticks converted."""

    def __init__(self, ticks_per_beat: int) -> None:
        self.tick: Tick = 0
        self.notes: list[Note] = []
        self.controls: list[Control] = []
        self._raw = 0
        self._ticks_per_beat = ticks_per_beat
        self._sounding: dict[tuple[int, int], list[tuple[Tick, int]]] = {}

    def take(self, message: mido.Message) -> Tick:
        self._raw += message.time
        self.tick = round(self._raw * PPQ / self._ticks_per_beat)
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._sounding.setdefault((message.channel, message.note), []).append((self.tick, message.velocity))
        elif kind in ("note_on", "note_off"):
            started = self._sounding.get((message.channel, message.note))
            if started:
                self._end(message.channel, message.note, *started.pop(0))
        elif kind == "control_change":
            self.controls.append(Control(self.tick, "cc", message.control, message.value, message.channel))
        elif kind == "program_change":
            self.controls.append(Control(self.tick, "program", 0, message.program, message.channel))
        elif kind == "aftertouch":
            self.controls.append(Control(self.tick, "pressure", 0, message.value, message.channel))
        elif kind == "pitchwheel":
            self.controls.append(Control(self.tick, "bend", 0, message.pitch / _BEND_STEPS, message.channel))
        return self.tick

    def close(self) -> None:
        for (channel, pitch), started in self._sounding.items():
            for tick, velocity in started:
                self._end(channel, pitch, tick, velocity)
        self._sounding.clear()

    def _end(self, channel: int, pitch: int, tick: Tick, velocity: int) -> None:
        self.notes.append(Note(tick, max(1, self.tick - tick), pitch, float(velocity), channel))
