"""MusicXML read: scores as notes in parts, as they sound, with bars, meters and keys. Plain (.musicxml, .xml) and .mxl.

A reader of our own after the MusicXML 4.0 specification: partwise and timewise scores; ties become one note, chords and
voices (backup, forward) stand where they sound, transposing instruments are transposed, microtones kept in cents. Left
out: grace and cue notes, unpitched percussion, and what repeats say (a score is read as it is printed). Files are
strangers' files: entity declarations are refused, nothing outside the file is read, sizes are limited.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from composers.errors import MusicError
from composers.piece import Piece
from composers.score import PPQ, Clip, Meter, Note, Span, Tick
from composers.theory.intervals import Interval
from composers.theory.pitch import LETTERS, Pitch, PitchName, of_fifths
from composers.theory.scales import Key
from composers.time_map import steps_from_zero

MOST_BYTES = 64 << 20
"""Of XML, unpacked: an orchestral movement takes some ten million."""
_LONGEST = Fraction(4096)
"""Quarters of a note: what claims more is damaged."""
_FARTHEST = 48
_VELOCITY = 80.0
_FORTE = 90.0
"""MusicXML's dynamics attribute is in percent of this MIDI velocity."""
_DECIMAL = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,9})?")
_BEAT_UNITS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}


class WrittenNote(NamedTuple):
    """A note of a score.

    start, length  ticks
    pitch          as it sounds, spelled as it is written (moved by the instrument's interval)
    bar            index of the measure in which it begins, from 0
    """

    start: Tick
    length: Tick
    pitch: Pitch
    bar: int
    voice: str = "1"
    velocity: float = _VELOCITY


class Bar(NamedTuple):
    """A measure: the number that is printed, and where it begins and ends."""

    number: str
    start: Tick
    end: Tick


class Signature(NamedTuple):
    """A key signature from a tick on: sharps (flats below 0), and "major", "minor" or another mode where it says so."""

    tick: Tick
    fifths: int
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """What a file holds.

    parts   name -> notes, by time, then from low to high
    bars    of the whole score
    meters  (tick, meter), where they change
    keys    signatures as they sound, where they change
    bpm     quarter notes a minute at the start; 120 where nothing is said
    """

    title: str
    parts: Mapping[str, tuple[WrittenNote, ...]]
    bars: tuple[Bar, ...]
    meters: tuple[tuple[Tick, Meter], ...]
    keys: tuple[Signature, ...]
    bpm: float

    @property
    def piece(self) -> Piece:
        """The score as a Piece: its tempo is the first one, its bar lines are the score's."""
        keys = [(signature.tick, _key_of(signature)) for signature in self.keys]
        return Piece.of(self.tracks, self.bpm, _meters_of(self), keys, title=self.title)

    @property
    def tracks(self) -> dict[str, Clip]:
        """The parts as clips, on MIDI keys; what lies outside 0..127 is left out."""
        span = Span(0, max((bar.end for bar in self.bars), default=1) or 1)
        return {
            name: Clip.of(
                span,
                (
                    Note(n.start, n.length, n.pitch.midi, n.velocity, 0, n.pitch.cents)
                    for n in notes
                    if 0 <= n.pitch.midi <= 127
                ),
            )
            for name, notes in self.parts.items()
        }


def _meters_of(score: ScoreFile) -> tuple[tuple[Tick, Meter], ...]:
    """Its meters, and where a bar is shorter or longer than the meter says, one that keeps the bar lines."""
    steps = dict(score.meters)
    meter, again = Meter(), False
    for bar in score.bars:
        changed, meter = bar.start in steps, steps.get(bar.start, meter)
        length = bar.end - bar.start
        if again and not changed:
            steps[bar.start] = meter
        again = length != meter.bar_ticks
        if length > meter.bar_ticks:
            units = [u for u in (4, 8, 16, 32) if length % (4 * PPQ // u) == 0 and length <= 32 * 4 * PPQ // u]
            if units:
                steps[bar.start] = Meter(length * units[0] // (4 * PPQ), units[0])
    return steps_from_zero(steps.items(), Meter())


def _key_of(signature: Signature) -> Key:
    """A mode that we have no value for is read by its signature, as major."""
    try:
        tonic_at = Key.parse("C", signature.mode or "major").fifths
    except MusicError:
        return Key(of_fifths(signature.fifths))
    return Key(of_fifths(signature.fifths - tonic_at), signature.mode or "major")


def read_musicxml(path: Path | str) -> ScoreFile:
    """Read a score. Raises MusicError for what cannot be read, is no such file, is too large or declares entities."""
    place = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise MusicError(f"{place} cannot be read: {error.strerror}") from error
    if data[:2] == b"PK":
        data = _unpacked(Path(path), place)
    root = _parsed(data, place)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise MusicError(f"{place} is not a MusicXML score: its root is <{root.tag}>, not <score-partwise>")
    return _Score(root, place).read()


def _unpacked(path: Path, place: str) -> bytes:
    """The score inside an .mxl container."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            score = None
            if "META-INF/container.xml" in names:
                container = _parsed(_member(archive, "META-INF/container.xml", place), place)
                first = next((e for e in container.iter() if e.tag.rpartition("}")[2] == "rootfile"), None)
                score = first.get("full-path") if first is not None else None
            if score is None:
                score = next((n for n in names if n.endswith((".xml", ".musicxml")) and not n.startswith("META")), None)
            if score is None or score not in names:
                raise MusicError(f"{place} holds no score: an .mxl file names it in META-INF/container.xml")
            return _member(archive, score, place)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise MusicError(f"{place} is not a readable .mxl file: {error}") from error


def _member(archive: zipfile.ZipFile, name: str, place: str) -> bytes:
    with archive.open(name) as member:
        data = member.read(MOST_BYTES + 1)  # a header may lie about the size
    if len(data) > MOST_BYTES:
        raise MusicError(
            f"{place}: {name} is larger than {MOST_BYTES >> 20} MiB unpacked: export the score in movements"
        )
    return data


def _parsed(data: bytes, place: str) -> ET.Element:
    """The tree, without entities and external files. Raises MusicError."""
    if len(data) > MOST_BYTES:
        raise MusicError(f"{place} is larger than {MOST_BYTES >> 20} MiB: export the score in movements")
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate()

    def refuse(name: str, *_: object) -> None:
        raise MusicError(f"{place} declares the entity {name!r}, which no score needs: export it again as MusicXML")

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MusicError(f"{place} is not readable XML: {error}") from error
    return builder.close()


class _Score:
    """A parsed score on its way to values."""

    def __init__(self, root: ET.Element, place: str) -> None:
        self._root, self._place = root, place
        self._meters: dict[Tick, Meter] = {}
        self._keys: dict[Tick, Signature] = {}
        self._bpm: float | None = None

    def read(self) -> ScoreFile:
        measures = self._measures()
        if not measures:
            raise MusicError(f"{self._place} has no parts: export a score with notes")
        readers = {identity: _Part(self, identity) for identity in measures}
        count = max(map(len, measures.values()))
        bars: list[Bar] = []
        now = Fraction(0)
        for index in range(count):
            row = [(readers[i], m[index]) for i, m in measures.items() if index < len(m)]
            filled = [reader.measure(element, now, index) for reader, element in row]
            length = self._length(now, max(f for f, _ in filled), max(s for _, s in filled))
            bars.append(Bar(row[0][1].get("number", str(index + 1)), _ticks(now), _ticks(now + length)))
            now += length
        names: dict[str, tuple[WrittenNote, ...]] = {}
        titles = self._part_names()
        for number, (identity, reader) in enumerate(readers.items(), 1):
            name = titles.get(identity) or f"part {number}"
            notes = tuple(sorted(reader.notes, key=lambda n: (n.start, n.pitch.midi, n.length)))
            names[name if name not in names else f"{name} {number}"] = notes
        return ScoreFile(
            self._title(),
            names,
            tuple(bars),
            tuple(sorted(self._meters.items())) or ((0, Meter()),),
            tuple(self._keys[t] for t in sorted(self._keys)),
            self._bpm or 120.0,
        )

    def _length(self, at: Fraction, filled: Fraction, sounding: Fraction) -> Fraction:
        """Of a measure: what is in it, which may be less (an upbeat) or more (a cadenza) than the meter says.

        An empty one has the meter's length, and so has one that is longer by rests alone.
        """
        nominal = Fraction(self._meter_at(_ticks(at)).bar_ticks, PPQ)
        return max(sounding, nominal) if filled > nominal or filled == 0 else filled

    def _measures(self) -> dict[str, list[ET.Element]]:
        """Of each part, by its identity; a timewise score is turned."""
        found: dict[str, list[ET.Element]] = {}
        if self._root.tag == "score-partwise":
            for number, part in enumerate(self._root.findall("part")):
                found[part.get("id", str(number))] = part.findall("measure")
        else:
            for measure in self._root.findall("measure"):
                for number, part in enumerate(measure.findall("part")):
                    part.set("number", measure.get("number", ""))
                    found.setdefault(part.get("id", str(number)), []).append(part)
        return {identity: measures for identity, measures in found.items() if measures}

    def _part_names(self) -> dict[str, str]:
        return {
            p.get("id", ""): " ".join((p.findtext("part-name") or "").split())
            for p in self._root.findall("part-list/score-part")
        }

    def _title(self) -> str:
        work, movement = self._root.findtext("work/work-title"), self._root.findtext("movement-title")
        return " ".join(" - ".join(dict.fromkeys(t.strip() for t in (work, movement) if t and t.strip())).split())

    def _meter_at(self, tick: Tick) -> Meter:
        before = [t for t in self._meters if t <= tick]
        return self._meters[max(before)] if before else Meter()

    def meter(self, at: Fraction, element: ET.Element) -> None:
        """A time signature; "3+2/8" is 5/8, senza misura changes nothing."""
        try:
            tops = [sum(map(int, (b.text or "").replace(" ", "").split("+"))) for b in element.findall("beats")]
            bottoms = [int(b.text or "") for b in element.findall("beat-type")]
            unit = max(bottoms)
            self._meters[_ticks(at)] = Meter(sum(t * unit // b for t, b in zip(tops, bottoms, strict=True)), unit)
        except (ValueError, ZeroDivisionError):  # MusicError is one: a meter that we have no value for
            return

    def key(self, at: Fraction, element: ET.Element, moved: Interval) -> None:
        """A signature in circle-of-fifths notation, as it sounds; of parts that differ, the first one's."""
        try:
            fifths = int(element.findtext("fifths") or "")
        except ValueError:
            return
        if moved != Interval(0, 0):
            fifths += PitchName(0).transposed(moved).fifths
        mode = (element.findtext("mode") or "").strip().lower()
        self._keys.setdefault(_ticks(at), Signature(_ticks(at), fifths, mode if mode not in ("", "none") else None))

    def tempo(self, at: Fraction, element: ET.Element) -> None:
        """The first one, at the beginning."""
        if self._bpm is not None or at > 4:
            return
        for sound in element.iter("sound"):
            if (bpm := _number(sound.get("tempo"))) and bpm > 0:
                self._bpm = float(bpm)
                return
        for mark in element.iter("metronome"):
            per_minute = _number((mark.findtext("per-minute") or "").strip())
            unit = _BEAT_UNITS.get(mark.findtext("beat-unit") or "")
            if per_minute and unit:
                self._bpm = float(per_minute) * unit * (1.5 if mark.find("beat-unit-dot") is not None else 1)
                return


class _Part:
    """One part's measures as notes."""

    def __init__(self, score: _Score, identity: str) -> None:
        self.notes: list[WrittenNote] = []
        self._score, self._identity = score, identity
        self._divisions = Fraction(1)
        self._moved = Interval(0, 0)
        self._tied: dict[tuple[str, Pitch], int] = {}
        self._velocity = _VELOCITY

    def measure(self, element: ET.Element, begin: Fraction, index: int) -> tuple[Fraction, Fraction]:
        """Takes the notes of a measure that begins `begin` quarters into the piece.

        How much of it is filled, and how much up to the end of the last note, in quarters.
        """
        at = longest = sounding = start = Fraction(0)
        for child in element:
            match child.tag:
                case "note":
                    if child.find("grace") is not None:
                        continue
                    length = self._quarters(child.findtext("duration"))
                    if child.find("chord") is None:
                        start, at = at, at + length
                    if child.find("cue") is None:
                        self._note(child, begin + start, length, index)
                        if child.find("rest") is None:
                            sounding = max(sounding, start + length)
                case "backup":
                    at = max(Fraction(0), at - self._quarters(child.findtext("duration")))
                case "forward":
                    at += self._quarters(child.findtext("duration"))
                case "attributes":
                    self._attributes(child, begin + at)
                case "direction" | "sound":
                    self._score.tempo(begin + at, child)
                    self._dynamics(child)
                case _:
                    continue
            longest = max(longest, at)
        return longest, sounding

    def _quarters(self, text: str | None) -> Fraction:
        number = _number(text)
        return Fraction(0) if number is None or number < 0 else min(number / self._divisions, _LONGEST)

    def _attributes(self, element: ET.Element, at: Fraction) -> None:
        divisions = _number(element.findtext("divisions"))
        if divisions and divisions > 0:
            self._divisions = divisions
        move = element.find("transpose")
        if move is not None:
            octaves = _number(move.findtext("octave-change")) or Fraction(0)
            semitones = _number(move.findtext("chromatic")) or Fraction(0)
            letters = _number(move.findtext("diatonic"))
            if letters is None:
                letters = Fraction(round(semitones * 7 / 12))
            if abs(semitones) <= _FARTHEST and abs(letters) <= _FARTHEST and abs(octaves) <= _FARTHEST:
                self._moved = Interval(int(letters + 7 * octaves), int(semitones + 12 * octaves))
        for time in element.findall("time")[:1]:
            self._score.meter(at, time)
        for key in element.findall("key")[:1]:
            self._score.key(at, key, self._moved)

    def _dynamics(self, element: ET.Element) -> None:
        for sound in element.iter("sound"):
            if (percent := _number(sound.get("dynamics"))) is not None:
                self._velocity = _loudness(percent)

    def _note(self, element: ET.Element, at: Fraction, length: Fraction, index: int) -> None:
        written = element.find("pitch")
        if written is None or length == 0:
            return
        pitch = self._pitch(written)
        if pitch is None:
            return
        start, end = _ticks(at), _ticks(at + length)
        voice = element.findtext("voice") or "1"
        ties = {tie.get("type") for tie in element.findall("tie") or element.findall("notations/tied")}
        open_note = self._open(voice, pitch, start, "stop" in ties) if self._tied else None
        if open_note is not None:
            place, opened = open_note
            before = self.notes[place]
            self.notes[place] = before._replace(length=end - before.start)
            del self._tied[opened]
        else:
            place = len(self.notes)
            percent = _number(element.get("dynamics"))
            velocity = self._velocity if percent is None else _loudness(percent)
            self.notes.append(WrittenNote(start, max(1, end - start), pitch, index, voice, velocity))
        if "start" in ties:
            self._tied[voice, pitch] = place

    def _open(self, voice: str, pitch: Pitch, start: Tick, stops: bool) -> tuple[int, tuple[str, Pitch]] | None:
        """The tied note that this one goes on from: in its voice, else in another; by its key where it is respelled.

        Where the file does not say that a tie stops here, only the same note of the same voice.
        """
        best: tuple[bool, bool, int, tuple[str, Pitch]] | None = None
        for (other, tied), place in self._tied.items():
            note = self.notes[place]
            if note.start + note.length == start and (
                tied.midi == pitch.midi if stops else (other, tied) == (voice, pitch)
            ):
                found = (other == voice, tied == pitch, place, (other, tied))
                best = found if best is None or found[:2] > best[:2] else best
        return None if best is None else (best[2], best[3])

    def _pitch(self, element: ET.Element) -> Pitch | None:
        step = (element.findtext("step") or "").strip().upper()
        octave, alter = _number(element.findtext("octave")), _number(element.findtext("alter")) or Fraction(0)
        if len(step) != 1 or step not in LETTERS or octave is None or not -2 <= octave <= 12 or abs(alter) > 4:
            return None
        whole = int(alter)  # towards the natural: three quarters of a tone flat is a flat and 50 cents
        pitch = Pitch(PitchName(LETTERS.index(step), whole), int(octave), float((alter - whole) * 100))
        return pitch.transposed(self._moved) if self._moved != Interval(0, 0) else pitch


def _loudness(percent: Fraction) -> float:
    return min(127.0, max(1.0, float(percent) * _FORTE / 100))


def _number(text: str | None) -> Fraction | None:
    """A plain decimal number; None for anything else."""
    return Fraction(text.strip()) if text and _DECIMAL.fullmatch(text.strip()) else None


def _ticks(quarters: Fraction) -> Tick:
    return round(quarters * PPQ)


def is_musicxml(path: Path | str) -> bool:
    """Whether a file looks like a score by its name: .musicxml, .mxl or .xml."""
    return Path(path).suffix.lower() in (".musicxml", ".mxl", ".xml")
