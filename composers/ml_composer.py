"""MLComposer: melodies, chords, accompaniments and whole pieces by one object; by rules, or by a registered composer.

    from composers import MLComposer
    composer = MLComposer()
    melody = composer.generate_melody(temperature=0.8, num_bars=8, style="jazz")
    composer.generate_accompaniment(melody, style="jazz-trio").save("trio.mid")

What it gives are pieces (composers.piece.Piece): they print in a line, have .notes and .tracks, and .save("x.mid").
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from composers.composer import Composer, Context, Plan, composer_names, find_composer, find_genre
from composers.errors import MusicError
from composers.harmonise import harmonised
from composers.harmony import Bar, splits
from composers.instrumentation import plain
from composers.parts.humanise import LEAD
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.tune import (
    FOLK_TUNE,
    POP_TUNE,
    ROCK_TUNE,
    SONG_TUNE,
    SPARSE_TUNE,
    Motif,
    TuneStyle,
    motif_of,
    tune,
)
from composers.performing import excerpt, perform
from composers.piece import Piece, Track
from composers.pulse import STEPS, pulse_of
from composers.request import bars_of, parse_request, with_band
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.style import Player
from composers.theory.chords import parse_chord
from composers.theory.music_theory import MusicTheory
from composers.theory.pitch import PitchName, parse_pitch_name
from composers.theory.progressions import Progression
from composers.theory.scale_types import SpelledScale
from composers.theory.scales import Key

RULES = "rules"
_TO_COME = ("musicvae", "groovae", "transformer", "chord-lstm")
"""Beginnings of the names of neural models; where one is asked for that is not installed, rules play in its place."""
_STEP = PPQ // STEPS
_TUNES: Mapping[str, TuneStyle] = {
    "pop": POP_TUNE, "rock": ROCK_TUNE, "hip-hop": ROCK_TUNE, "folk": FOLK_TUNE, "classical": SONG_TUNE,
    "edm": POP_TUNE, "ambient": SPARSE_TUNE,
}  # fmt: skip
_GENRE_OF = {"pop": "rock", "folk": "rock"}
_FLAVOURS = ("jazz", "rock", "pop", "hip-hop", "edm", "classical", "ambient", "folk")
_log = logging.getLogger("sideman.composer")


class MLComposer:
    """Composes on request. The same seed and the same calls give the same music.

    model  "rules", or a composer by its registered name (composers.composer.register_composer): it writes the melodies
           and drums that it can, rules do the rest. A known neural model that is not installed is replaced by rules,
           which `notices` tells
    seed   any integer; each call may give another

    Raises MusicError for a model that nobody knows.
    """

    def __init__(self, model: str = RULES, *, seed: int = 1) -> None:
        self.model = model
        self.seed = seed
        self.notices: list[str] = []
        self._composer: Composer | None = None
        self._theory = MusicTheory()
        if model == RULES:
            return
        if model in composer_names():
            self._composer = find_composer(model)
            return
        if not plain(model).startswith(_TO_COME):
            known = ", ".join((RULES, *composer_names()))
            raise MusicError(f"model {model!r} is not known: choose one of {known}")
        self.model = RULES
        self._notice(f"model {model!r} is not installed: rules compose in its place")

    def _notice(self, text: str) -> None:
        self.notices.append(text)
        _log.warning(text)

    # -- melodies ------------------------------------------------------------------------------------------------------

    def generate_melody(
        self, scale: SpelledScale | Sequence[PitchName | str] | str | None = None, num_bars: int = 8,
        temperature: float = 1.0, style: str = "pop", *, chords: Progression | str | None = None,
        tempo: float | None = None, meter: Meter | str = "4/4", seed: int | None = None,
    ) -> Piece:  # fmt: skip
        """A melody of so many bars, as a piece of one track.

        scale        of MusicTheory.get_scale, "Eb minor", or notes; its first note is the tonic. Default: C major
        temperature  0: always the likeliest; 1: as in the measured music; 2: loose
        style        a genre, or "pop", "folk"
        chords       that it goes over, else some are composed; they are the piece's chords

        Raises MusicError for num_bars < 1, a temperature outside 0..2, and what is not known.
        """
        key, pitch_classes = _key_of(scale)
        meter = _meter(meter)
        _check(num_bars, temperature)
        seed = self.seed if seed is None else seed
        if chords is None:
            changes = _barred(self.generate_chords(_spelled(key), _flavour(style), num_bars, seed=seed), num_bars)
        else:
            changes = _barred(_progression(chords, key), num_bars)
        piece = self._melody(style, key, meter, changes, temperature, seed, tempo=tempo)
        return piece if pitch_classes is None else _fitted(piece, pitch_classes)

    def continue_melody(
        self, seed_melody: Piece | Iterable[Note], num_bars: int = 8, temperature: float = 1.0, *,
        style: str | None = None, seed: int | None = None,
    ) -> Piece:  # fmt: skip
        """How a melody goes on: its idea taken up, varied and led home, in its key, meter and tempo.

        The new bars alone, from tick 0; `melody.merged(new.shifted(melody.length))` is both.

        Raises MusicError for a melody without notes.
        """
        given = _piece(seed_melody)
        notes = _lead(given).clip.notes
        if not notes:
            raise MusicError("the melody to continue has no notes: give at least one")
        _check(num_bars, temperature)
        key, meter = self._key_in(given), given.time.meter_at(0)
        tonic = (key.tonic.pitch_class + 5) % 12 - 5
        events = [Event(round(n.start / _STEP), max(1, round(n.length / _STEP)), n.pitch - tonic, n.velocity)
                  for n in notes]  # fmt: skip
        motif = motif_of(events, pulse_of(meter).steps)
        changes = _barred(self.generate_chords(_spelled(key), _flavour(style or "pop"), num_bars,
                                               seed=_mixed(seed, self.seed, notes)), num_bars)  # fmt: skip
        return self._melody(style or "pop", key, meter, changes, temperature, _mixed(seed, self.seed, notes),
                            tempo=given.time.bpm_at(0), motif=motif, near=_middle(notes) - tonic)  # fmt: skip

    def _melody(
        self, style: str, key: Key, meter: Meter, changes: Sequence[Bar], temperature: float, seed: int, *,
        tempo: float | None = None, motif: Motif | None = None, near: float | None = None,
    ) -> Piece:  # fmt: skip
        genre, word = _genre_and_style(style)
        plan = Plan(
            genre=genre, style=word, key=str(key.tonic), mode=_mode_for(genre, key.mode),
            meter=_meter_for(genre, meter), seed=seed, parts={"melody": ("melody",)},
            complexity=min(1.0, 0.5 * temperature), tempo=tempo or find_genre(genre).usual_tempo(word),
        )  # fmt: skip
        if self._composer is not None:
            found = self._by_model(plan, changes, ("melody",), "melody")
            if found is not None:
                return found
        flavour = _flavour(style)
        players = None
        if motif is not None or flavour != "jazz":
            tunes = _TUNES.get(flavour, POP_TUNE)
            made = replace(tunes, temperature=tunes.temperature * temperature, motif=motif, silent=frozenset(),
                           centre=tunes.centre if near is None else near)  # fmt: skip
            players = {"melody": Player(partial(_sung, made), LEAD, single=True)}
        return excerpt(plan, changes, players=players, temperature=temperature if players is None else 1.0)

    # -- harmony -------------------------------------------------------------------------------------------------------

    def generate_chords(
        self, key: str | Key = "C", progression_type: str = "jazz", num_bars: int = 8, *, mode: str | None = None,
        seed: int | None = None,
    ) -> Progression:  # fmt: skip
        """Chords for so many bars: a progression that prints as [Dm7, G7, ...] and knows its bars and numerals.

        progression_type  a genre (jazz, rock, pop, hip-hop, edm, classical, ambient), or a progression by name or in
                          numerals ("rhythm changes", "ii-V-I"), which is repeated to the length

        Raises MusicError for what is not known.
        """
        if num_bars < 1:
            raise MusicError(f"num_bars = {num_bars} is no length: give 1 or more")
        seed = self.seed if seed is None else seed
        if plain(progression_type) in _FLAVOURS:
            style = _GENRE_OF.get(plain(progression_type), plain(progression_type))
            return self._theory.generate_progression(key, mode, style, num_bars, seed=seed, closed=True)
        named = self._theory.get_progression(progression_type, key, mode)
        bars = _barred(named, num_bars)
        return Progression.of_chords([c for bar in bars for c in bar], named.key, [len(b) for b in bars], named.name)

    def harmonize(
        self, melody: Piece | Iterable[Note], chords: Progression | Sequence[str] | str | None = None, *,
        style: str = "pop", seed: int | None = None,
    ) -> Piece:  # fmt: skip
        """The melody with chords under it: tracks "melody" and "piano", voiced and led as the style does.

        chords  one for each bar, or as their progression says; None: found for the melody
        """
        given = _piece(melody)
        return self._accompanied(given, chords, style, ("piano",), seed, keep=True)

    def generate_accompaniment(
        self, melody: Piece | Iterable[Note], style: str = "jazz-trio", *,
        chords: Progression | Sequence[str] | str | None = None, seed: int | None = None,
    ) -> Piece:  # fmt: skip
        """What a band plays to a melody, which it listens to; without the melody itself: `melody.merged(...)` is both.

        style  a genre with the size of the band ("jazz-trio", "rock-quartet"), its style ("bossa"), or instruments
               ("jazz with piano and bass")
        """
        given = _piece(melody)
        request = parse_request(_words(style))
        return self._accompanied(given, chords, style, request.instruments, seed, keep=False)

    def _accompanied(
        self, given: Piece, chords: Progression | Sequence[str] | str | None, style: str, who: tuple[str, ...],
        seed: int | None, *, keep: bool,
    ) -> Piece:  # fmt: skip
        lead = _lead(given)
        if not lead.clip.notes:
            raise MusicError("the melody has no notes: give at least one")
        key, meter = self._key_in(given), given.time.meter_at(0)
        bars = max(1, -(-max(n.end for n in lead.clip.notes) // meter.bar_ticks)) if not given.bars else given.bars
        if chords is not None:
            changes = _barred(_progression(chords, key), bars)
        elif given.chords:
            changes = _charted(given, bars)
        else:
            changes = harmonised(lead.clip.notes, key, meter, bars, _flavour(style))
        genre, word = _genre_and_style(style)
        mode = _mode_for(genre, key.mode)
        plan = Plan(genre=genre, style=word, key=str(key.tonic), mode=mode, meter=_meter_for(genre, meter),
                    seed=self.seed if seed is None else seed)  # fmt: skip
        arranged = dict(find_genre(genre).arrange(who))
        arranged = {name: tuple(p for p in parts if p != "melody") or ("comp",) for name, parts in arranged.items()}
        name = "melody" if "melody" not in arranged else "the melody"
        plan = replace(plan, parts={**arranged, name: ("melody",)}, sounds={n: n for n in who},
                       tempo=given.time.bpm_at(0))  # fmt: skip
        tonic = (key.tonic.pitch_class + 5) % 12 - 5
        events = tuple(
            Event(round(n.start / _STEP), max(1, round(n.length / _STEP)), n.pitch - tonic, n.velocity)
            for n in sorted(lead.clip.notes)
        )
        players = {"melody": Player(partial(_given, events), LEAD, single=True)}
        band = excerpt(plan, changes, players=players)
        tracks = [t for t in band.tracks if t.name != name]
        if keep:
            tracks.insert(0, replace(lead, name="melody"))
        return Piece.of(tracks, band.tempi, band.meters, band.keys, markers=(), chords=band.chords)

    # -- pieces --------------------------------------------------------------------------------------------------------

    def compose(
        self, style: str = "jazz", form: str | None = None, duration: float | None = None, *, key: str | None = None,
        mode: str | None = None, tempo: float | None = None, num_bars: int | None = None,
        instruments: Sequence[str] | None = None, seed: int | None = None, energy: float | None = None,
    ) -> Piece:  # fmt: skip
        """A whole piece, with sections as markers, and an end.

        style     a genre, a style of one, or words: "jazz", "bossa", "slow blues in Bb"
        form      of the genre ("aaba", "verse-chorus"); default: its own choice
        duration  seconds; the piece has as many whole bars as come nearest. Default: num_bars, else 32 bars

        Raises MusicError for what is not known, or does not go together.
        """
        request = parse_request(style, seed=self.seed if seed is None else seed)
        plan = request.plan
        changes: dict[str, Any] = {"form": form, "key": key, "mode": mode, "energy": energy}
        plan = replace(plan, **{name: value for name, value in changes.items() if value is not None})
        who = tuple(instruments) if instruments is not None else request.instruments
        pace = tempo or plan.tempo
        if duration is not None and not 0 < duration <= 36_000:
            raise MusicError(f"duration = {duration} is out of range: give seconds, up to 36000 (ten hours)")
        bars = num_bars if num_bars is not None else request.bars
        if duration is not None:
            bars = bars_of(duration, pace, plan.meter)
        plan = with_band(plan, who, tempo=pace, bars=bars or 32)
        if self._composer is not None:
            lead = next((name for name, parts in plan.parts.items() if parts == ("melody",)), None)
            plan = replace(plan, composers={lead: self.model} if lead else {})
        return perform(plan, title=request.title)

    # -- models --------------------------------------------------------------------------------------------------------

    def _by_model(self, plan: Plan, changes: Sequence[Bar], parts: tuple[str, ...], sound: str) -> Piece | None:
        """What the model writes; None where it failed: the rules write then."""
        assert self._composer is not None
        meter, bars = plan.meter, len(changes)
        span = Span(0, bars * meter.bar_ticks)
        key = Key.parse(plan.key, plan.mode)
        pulse = pulse_of(meter)
        chords = tuple(
            (index * meter.bar_ticks + at * _STEP, str(chord))
            for index, bar in enumerate(changes) for at, chord in zip(splits(len(bar), pulse), bar, strict=True)
        )  # fmt: skip
        context = Context(
            seed=plan.seed, genre=plan.genre, style=plan.style or "", key=plan.key, mode=plan.mode,
            tonic=key.tonic.pitch_class, meter=meter, tempo=plan.tempo, chords=chords, section="", section_span=span,
            energy=plan.energy, density=plan.density, complexity=plan.complexity, parts=parts, sound=sound,
            lowest=55, highest=84, heard={},
        )  # fmt: skip
        try:
            clip = self._composer.compose(span, context)
            return Piece.of([Track.of("melody", Clip.of(span, clip.notes, clip.controls))], plan.tempo, meter, key,
                            chords=chords)  # fmt: skip
        except Exception as error:  # a model of others' may raise anything
            self._notice(f"model {self.model!r} failed ({type(error).__name__}: {error}): rules compose in its place")
            return None

    def _key_in(self, piece: Piece) -> Key:
        """As the piece says, else as its notes do."""
        if piece.keys:
            return piece.keys[0][1]
        found = self._theory.analyze_harmony(list(piece.notes), piece.time.meter_at(0)).analysis.key
        return Key.parse(str(found.tonic), "minor" if found.mode == "minor" else "major")


# What a part does -----------------------------------------------------------------------------------------------------


def _sung(style: TuneStyle, passage: Passage, listening: Listening) -> Written:
    return tune(passage, listening, style)


def _given(events: tuple[Event, ...], passage: Passage, listening: Listening) -> Written:
    return Written(events)


# What is given ----------------------------------------------------------------------------------------------------


def _check(num_bars: int, temperature: float) -> None:
    if num_bars < 1:
        raise MusicError(f"num_bars = {num_bars} is no length: give 1 or more")
    if not 0.0 <= temperature <= 2.0:
        raise MusicError(f"temperature = {temperature} is out of range: give 0 (expected) to 2 (loose)")


def _meter(meter: Meter | str) -> Meter:
    return meter if isinstance(meter, Meter) else Meter.parse(meter)


def _key_of(scale: SpelledScale | Sequence[PitchName | str] | str | None) -> tuple[Key, frozenset[int] | None]:
    """The key that a scale suits, and its pitch classes where they are not just that key's."""
    if scale is None:
        return Key.parse("C"), None
    theory = MusicTheory()
    if isinstance(scale, str):
        tonic, _, name = scale.strip().partition(" ")
        scale = theory.get_scale(tonic, name or "major")
    if isinstance(scale, SpelledScale):
        tonic, classes = str(scale.tonic), frozenset(scale.pitch_classes)
    else:
        names = [str(name) for name in scale]
        if not names:
            raise MusicError("the scale has no notes: give at least a tonic")
        tonic, classes = names[0], frozenset(parse_pitch_name(n).pitch_class for n in names)
    tonic_class = parse_pitch_name(tonic).pitch_class
    modes = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian", "locrian")
    for mode in modes:
        key = Key.parse(tonic, mode)
        if key.scale.pitch_classes == classes:
            return key, None
    minor = (tonic_class + 3) % 12 in classes and (tonic_class + 4) % 12 not in classes
    return Key.parse(tonic, "minor" if minor else "major"), classes


def _spelled(key: Key) -> str:
    return f"{key.tonic} {'minor' if key.mode in ('minor', 'dorian', 'phrygian', 'locrian') else 'major'}"


def _genre_and_style(style: str) -> tuple[str, str | None]:
    """ "bossa" -> jazz, bossa; "pop" -> rock. Raises MusicError."""
    word = plain(style)
    if word in _GENRE_OF:
        return _GENRE_OF[word], None
    plan = parse_request(_words(style)).plan
    return plan.genre, plan.style if plain(plan.style or "") in word else None


def _words(style: str) -> str:
    """ "jazz-trio" is a jazz trio."""
    return re.sub(r"-(solo|duo|trio|quartet|quintet)$", r" \1", style.strip().lower())


def _flavour(style: str) -> str:
    """The harmony and tune that a style's word stands for."""
    words = plain(style)
    for flavour in _FLAVOURS:
        if flavour in words:
            return flavour
    return _genre_and_style(style)[0]


def _mode_for(genre: str, mode: str) -> str:
    modes = find_genre(genre).modes
    if mode in modes:
        return mode
    return "minor" if mode in ("dorian", "phrygian", "locrian", "minor") and "minor" in modes else modes[0]


def _meter_for(genre: str, meter: Meter) -> Meter:
    """Raises MusicError where the genre does not have it."""
    meters = find_genre(genre).meters
    if meter not in meters:
        raise MusicError(f"{genre} has no style in {meter}: choose one of {', '.join(map(str, meters))}, or another "
                         f"style")  # fmt: skip
    return meter


def _piece(melody: Piece | Iterable[Note]) -> Piece:
    if isinstance(melody, Piece):
        return melody
    if isinstance(melody, Clip):
        return Piece.of({"melody": melody})
    notes = sorted(melody)
    end = max((n.end for n in notes), default=1)
    bar = Meter().bar_ticks
    return Piece.of({"melody": Clip.of(Span(0, -(-end // bar) * bar), notes)})


def _lead(piece: Piece) -> Track:
    """The track called "melody", else the highest of those that are no drums."""
    for track in piece.tracks:
        if track.name == "melody":
            return track
    pitched = [t for t in piece.tracks if t.clip.notes and not t.is_drums]
    if not pitched:
        raise MusicError("the piece has no notes to go by: give a melody")
    return max(pitched, key=lambda t: sum(n.pitch for n in t.clip.notes) / len(t.clip.notes))


def _middle(notes: Sequence[Note]) -> float:
    return sum(n.pitch for n in notes) / len(notes)


def _mixed(seed: int | None, own: int, notes: Sequence[Note]) -> int:
    """Another melody continues otherwise, also with the same seed."""
    base = own if seed is None else seed
    return base * 1_000_003 + sum((i + 1) * n.pitch for i, n in enumerate(notes)) % 1_000_003


def _progression(chords: Progression | Sequence[str] | str, key: Key) -> Progression:
    if isinstance(chords, Progression):
        return chords
    if isinstance(chords, str):
        return MusicTheory().get_progression(chords, key)
    return Progression.of_chords(list(chords), key)


def _barred(chords: Progression, bars: int) -> tuple[Bar, ...]:
    """Its bars, repeated to the length."""
    own = chords.by_bar
    return tuple(own[index % len(own)] for index in range(bars))


def _charted(piece: Piece, bars: int) -> tuple[Bar, ...]:
    """The chords that a piece names, by bar."""
    found: list[Bar] = []
    current = parse_chord(piece.chords[0][1])
    for index in range(bars):
        span = piece.bar_span(index)
        inside = [parse_chord(symbol) for tick, symbol in piece.chords if tick in span]
        starts = any(tick == span.start for tick, _ in piece.chords)
        row = inside if starts or not inside else [current, *inside]
        found.append(tuple(row) or (current,))
        current = found[-1][-1]
    return tuple(found)


def _fitted(piece: Piece, pitch_classes: frozenset[int]) -> Piece:
    """Notes that are not in the scale move to the nearest that is, downwards of two."""
    def fitted(pitch: int) -> int:
        return min(range(pitch - 6, pitch + 7), key=lambda p: (p % 12 not in pitch_classes, abs(p - pitch), p))

    tracks = [replace(t, clip=Clip(t.clip.span, tuple(n._replace(pitch=fitted(n.pitch)) for n in t.clip.notes),
                                   t.clip.controls, t.clip.ramps)) for t in piece.tracks]  # fmt: skip
    return replace(piece, tracks=tuple(tracks))
