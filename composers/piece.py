"""A whole piece of music as a value: what composers, MIDI files, style transfer and models hand to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge
from pathlib import Path

from composers.errors import MusicError
from composers.general_midi import DRUM_CHANNEL, kit_of, program_of
from composers.instrumentation import DRUMS, plain
from composers.piece_edit import chased, chord_up, clip_up, interval_of, key_up
from composers.score import Clip, Meter, Note, Span, Tick
from composers.theory.intervals import Interval
from composers.theory.scales import Key
from composers.time_map import MeterStep, TempoStep, TimeMap, later, steps_from_zero, steps_within

KeyStep = tuple[Tick, Key]
TextStep = tuple[Tick, str]
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Track:
    """One player's part.

    name        what it is called, not empty
    clip        the notes and controls, in ticks of the piece
    program     General MIDI program 0..127, None where nothing is said; of drums the kit
    bank        bank select 0..16383 (128 x MSB + LSB) that goes with the program; None: not said
    channel     MIDI channel 0..15 for all of it; None: its notes' own where these are on several, else one that is free
                when it is written to a file
    is_drums    its keys are drums, no pitches: not transposed, on channel 10
    instrument  what plays it, by a name of Sideman's instruments or any other; None: not said

    Raises MusicError for a number out of range.
    """

    name: str
    clip: Clip
    program: int | None = None
    bank: int | None = None
    channel: int | None = None
    is_drums: bool = False
    instrument: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise MusicError("a track has an empty name: give it one, for example 'piano'")
        for what, number, most in (
            ("program", self.program, 127), ("bank", self.bank, 16383), ("channel", self.channel, 15),
        ):  # fmt: skip
            if number is not None and not 0 <= number <= most:
                raise MusicError(f"track {self.name!r}: {what} = {number} is out of range: give 0 to {most}")
        if self.bank is not None and self.program is None:
            raise MusicError(f"track {self.name!r}: bank = {self.bank} selects nothing without a program: give one")

    @staticmethod
    def of(name: str, clip: Clip, instrument: str | None = None) -> Track:
        """A track with the program that suits an instrument of Sideman's (by its name: "Alto Sax" is "alto-sax").

        Drums are what is named so, and what has all notes on channel 10.
        """
        word = plain(instrument) if instrument else ""
        on_ten = bool(clip.notes) and all(n.channel == DRUM_CHANNEL for n in clip.notes)
        if on_ten or word in DRUMS:
            return Track(name, clip, kit_of(word) if word else None, None, DRUM_CHANNEL, True, instrument)
        return Track(name, clip, program_of(word), instrument=instrument)


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Tracks, and what holds for all of them. Ticks are absolute, 960 to the quarter note, and begin at 0.

    tracks   in order, with different names
    tempi    (tick, quarter notes a minute), from tick 0
    meters   (tick, meter), from tick 0; bars are counted anew at each (see TimeMap)
    keys     (tick, key), where one is known
    markers  (tick, text): sections, rehearsal marks; several may stand at one tick
    chords   (tick, symbol): what the tracks play against, where it is known
    lyrics   (tick, syllable)
    title    may be empty

    Pure: every method gives a new piece or a number. Raises MusicError for what is out of order, and names it.
    """

    tracks: tuple[Track, ...] = ()
    tempi: tuple[TempoStep, ...] = ((0, 120.0),)
    meters: tuple[MeterStep, ...] = ((0, Meter()),)
    keys: tuple[KeyStep, ...] = ()
    markers: tuple[TextStep, ...] = ()
    chords: tuple[TextStep, ...] = ()
    lyrics: tuple[TextStep, ...] = ()
    title: str = ""
    time: TimeMap = field(init=False, compare=False)
    """The tempi and meters as a map: bpm_at, meter_at and more."""

    def __post_init__(self) -> None:
        twice = [name for name, count in Counter(t.name for t in self.tracks).items() if count > 1]
        if twice:
            raise MusicError(f"two tracks are called {twice[0]!r}: give each its own name")
        for what in ("keys", "markers", "chords", "lyrics"):
            ticks = [tick for tick, _ in getattr(self, what)]
            if ticks != sorted(ticks) or (what in ("keys", "chords") and len(set(ticks)) < len(ticks)):
                raise MusicError(f"{what} are not in the order of their ticks, or two at once: sort them")
            if ticks and ticks[0] < 0:
                raise MusicError(f"{what} begin at tick {ticks[0]}: a piece begins at 0 (see Piece.shifted)")
        object.__setattr__(self, "time", TimeMap(self.tempi, self.meters))

    @staticmethod
    def of(
        tracks: Mapping[str, Clip] | Iterable[Track],
        bpm: float | Iterable[TempoStep] = 120.0,
        meter: Meter | Iterable[MeterStep] = Meter(),  # noqa: B008 - a frozen value
        key: Key | Iterable[KeyStep] | None = None,
        *,
        markers: Iterable[TextStep] = (),
        chords: Iterable[TextStep] = (),
        lyrics: Iterable[TextStep] = (),
        title: str = "",
    ) -> Piece:
        """A piece from clips by name (or tracks), and one tempo, meter and key, or steps of these in any order."""
        made = tuple(Track.of(n, c) for n, c in tracks.items()) if isinstance(tracks, Mapping) else tuple(tracks)
        keys: Iterable[KeyStep] = () if key is None else ((0, key),) if isinstance(key, Key) else key
        return Piece(
            made,
            ((0, float(bpm)),) if isinstance(bpm, int | float) else steps_from_zero(bpm, 120.0),
            ((0, meter),) if isinstance(meter, Meter) else steps_from_zero(meter, Meter()),
            tuple(sorted(dict(keys).items())),
            _by_tick(markers),
            tuple(sorted(dict(chords).items())),
            _by_tick(lyrics),
            title,
        )

    @staticmethod
    def load(path: Path | str) -> Piece:
        """A MIDI file (of any kind, mended where it is broken) or a MusicXML score.

        What was mended in a MIDI file is told by composers.smf.read_smf. Raises MusicError for what is neither.
        """
        from composers.musicxml import is_musicxml, read_musicxml  # XML is parsed only for scores

        if is_musicxml(path):
            return read_musicxml(path).piece
        from composers.smf import read_smf

        return read_smf(path).piece

    def save(self, path: Path | str) -> tuple[str, ...]:
        """Write a Standard MIDI File of type 1; what such a file cannot carry, in words (empty: all is in it).

        Raises MusicError for another suffix than .mid, .midi or .smf, and for a path that cannot be written.
        """
        if Path(path).suffix.lower() not in (".mid", ".midi", ".smf"):
            raise MusicError(f"{path}: a piece is saved as a Standard MIDI File: give it a name that ends in .mid")
        from composers.smf import write_smf

        return write_smf(path, self)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.tracks)

    @property
    def clips(self) -> dict[str, Clip]:
        """name -> clip, in order."""
        return {t.name: t.clip for t in self.tracks}

    def track(self, name: str) -> Track:
        """Raises MusicError that lists the names there are."""
        for track in self.tracks:
            if track.name == name:
                return track
        raise MusicError(f"there is no track {name!r}: the piece has {', '.join(self.names) or 'none'}")

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of all tracks, sorted."""
        return tuple(merge(*(t.clip.notes for t in self.tracks)))

    @property
    def length(self) -> Tick:
        """Where the last clip's span ends; notes may ring past it."""
        return max((t.clip.span.end for t in self.tracks), default=0)

    @property
    def bars(self) -> int:
        """How many bars begin before the end."""
        return self.time.bars_to(self.length)

    @property
    def duration_s(self) -> float:
        """Seconds from tick 0 to the end."""
        return self.time.seconds(self.length)

    def bar_at(self, tick: Tick) -> int:
        """Index of the bar that a tick lies in, from 0."""
        return self.time.bar_at(tick)

    def bar_span(self, index: int) -> Span:
        """Where bar `index` (from 0) lies."""
        return self.time.bar_span(index)

    def bar_spans(self) -> Iterator[Span]:
        """Of every bar, in order."""
        return map(self.time.bar_span, range(self.bars))

    def seconds(self, tick: Tick) -> float:
        """From tick 0 to a tick, over all changes of tempo."""
        return self.time.seconds(tick)

    def tick_at(self, seconds: float) -> Tick:
        """The tick nearest to a time."""
        return self.time.tick_at(seconds)

    def key_at(self, tick: Tick) -> Key | None:
        """The key in force; before the first one, that one."""
        before = [key for at, key in self.keys if at <= tick]
        return before[-1] if before else self.keys[0][1] if self.keys else None

    def slice(self, span: Span) -> Piece:
        """What begins within a span, as a piece from tick 0: with the tempo, meter, key, program and controllers that
        are in force there. Notes may ring past its end; a note that began earlier is left out.

        Bar lines stay where they are: a slice that begins within a bar begins with a short one.
        """
        if not 0 <= span.start < span.end:
            raise MusicError(f"{span} is no part of a piece: give ticks from 0 on, the end behind the start")
        tracks = []
        for track in self.tracks:
            program, controls = chased(track.clip, span.start, track.program)
            new = None if program != track.program else track.bank
            inside = (c for c in track.clip.controls if c.tick in span)
            clip = Clip(
                Span(0, span.length),
                tuple(n._replace(start=n.start - span.start) for n in track.clip.notes if n.start in span),
                (*controls, *(c._replace(tick=c.tick - span.start) for c in inside)),
                tuple(r._replace(start=r.start - span.start) for r in track.clip.ramps if r.start in span),
            )
            tracks.append(replace(track, clip=clip, program=program, bank=new))
        return replace(
            self,
            tracks=tuple(tracks),
            tempi=steps_within(self.tempi, span),
            meters=self.time.meters_of(span),
            keys=steps_within(self.keys, span),
            chords=steps_within(self.chords, span),
            markers=steps_within(self.markers, span, held=False),
            lyrics=steps_within(self.lyrics, span, held=False),
        )

    def shifted(self, ticks: Tick) -> Piece:
        """The same music `ticks` later (the first tempo and meter hold before it), or earlier if nothing lies there."""
        texts = (*self.keys[:1], *self.markers[:1], *self.chords[:1], *self.lyrics[:1])
        first = min([t.clip.span.start for t in self.tracks] + [tick for tick, _ in texts], default=0)
        if first + ticks < 0:
            raise MusicError(f"shifted by {ticks} ticks the piece begins at {first + ticks}: cut it by slice")
        return Piece(
            tuple(replace(t, clip=t.clip.shifted(ticks)) for t in self.tracks),
            steps_from_zero(later(self.tempi, ticks), self.tempi[0][1]),
            steps_from_zero(later(self.meters, ticks), self.meters[0][1]),
            later(self.keys, ticks),
            later(self.markers, ticks),
            later(self.chords, ticks),
            later(self.lyrics, ticks),
            self.title,
        )

    def transposed(self, by: int | Interval) -> Piece:
        """Up by semitones or an interval: notes of all tracks but drums, keys and chords. Down where negative.

        Semitones are spelled so that the first key has the fewest signs. A note that would leave 0..127 is moved by
        an octave. Raises MusicError for a chord symbol that is none.
        """
        interval = interval_of(by, self.keys[0][1] if self.keys else None)
        return replace(
            self,
            tracks=tuple(
                t if t.is_drums else replace(t, clip=clip_up(t.clip, interval.semitones)) for t in self.tracks
            ),
            keys=tuple((tick, key_up(key, interval)) for tick, key in self.keys),
            chords=tuple((tick, chord_up(symbol, interval)) for tick, symbol in self.chords),
        )

    def with_track(self, track: Track) -> Piece:
        """With a track in the place of the one of its name, or behind all others."""
        if track.name in self.names:
            return replace(self, tracks=tuple(track if t.name == track.name else t for t in self.tracks))
        return replace(self, tracks=(*self.tracks, track))

    def without(self, *names: str) -> Piece:
        """Without the tracks of these names. Raises MusicError for one that is not there."""
        for name in names:
            self.track(name)
        return replace(self, tracks=tuple(t for t in self.tracks if t.name not in names))

    def merged(self, other: Piece) -> Piece:
        """Both at once: the other's tracks (a name that is taken gets a number) and markers beside these; tempo, meter,
        key, chords and title stay, and the other's keys, chords, lyrics hold where this piece has none."""
        names = unique_names((*self.names, *other.names))[len(self.tracks) :]
        return replace(
            self,
            tracks=(*self.tracks, *(replace(t, name=n) for n, t in zip(names, other.tracks, strict=True))),
            markers=_by_tick((*self.markers, *other.markers)),
            keys=self.keys or other.keys,
            chords=self.chords or other.chords,
            lyrics=self.lyrics or other.lyrics,
            title=self.title or other.title,
        )

    def __repr__(self) -> str:
        """One line: "Piece 'Blue': 32 bars of 4/4 at 120 BPM in Eb major, 3 tracks: piano 412 notes, ..."."""
        title = f" {self.title!r}" if self.title else ""
        bars = "1 bar" if self.bars == 1 else f"{self.bars} bars"
        meters = list(dict.fromkeys(str(m) for _, m in self.meters))
        meter = " and ".join(meters) if len(meters) < 3 else f"{len(meters)} meters from {meters[0]}"
        low, high = min(b for _, b in self.tempi), max(b for _, b in self.tempi)
        tempo = f"{low:.4g}" if high - low < 0.05 else f"{low:.4g} to {high:.4g}"
        key = f" in {self.keys[0][1].tonic} {self.keys[0][1].mode}" if self.keys else ""
        listed = [f"{t.name} {len(t.clip.notes)} note{'s' * (len(t.clip.notes) != 1)}" for t in self.tracks[:_SHOWN]]
        more = len(self.tracks) - _SHOWN
        shown = ", ".join(listed) + (f" and {more} more" if more > 0 else "")
        count = "1 track" if len(self.tracks) == 1 else f"{len(self.tracks) or 'no'} tracks"
        return f"Piece{title}: {bars} of {meter} at {tempo} BPM{key}, {count}{': ' if shown else ''}{shown}"


def _by_tick(texts: Iterable[TextStep]) -> tuple[TextStep, ...]:
    """Sorted; texts of one tick stay as they are given."""
    return tuple(sorted(texts, key=lambda step: step[0]))


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a number behind those that came before: piano, piano 2, piano 3."""
    taken: dict[str, None] = {}
    for name in names:
        new, number = name, 2
        while new in taken:
            new, number = f"{name} {number}", number + 1
        taken[new] = None
    return tuple(taken)
