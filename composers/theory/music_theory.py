"""All of the theory behind one door: `from composers import MusicTheory`.

    theory = MusicTheory()
    theory.get_scale("C", "major")                                   [C, D, E, F, G, A, B]
    theory.build_chord("C", "maj7")                                  [C, E, G, B]
    theory.generate_progression("C", "major", "jazz", num_chords=8)  [Cmaj7, Am7, Dm7, G7, ...]
    theory.analyze_harmony(notes)                                    {key: 'C', scale: 'major', chords: [...]}

What comes back prints like that and is more: sequences and values with all that the modules beside this one know. The
object holds nothing; any thread may call it. Analysis and voice leading load numpy when they are first used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from composers.errors import MusicError
from composers.theory.chord_kinds import kind_of
from composers.theory.chords import Chord, PolyChord, parse_chord, parse_symbol
from composers.theory.pitch import PitchName, parse_pitch_name
from composers.theory.progression_styles import DEFAULT_SEED, generate
from composers.theory.progressions import Progression, key_of, progression
from composers.theory.scale_types import ScaleType, SpelledScale, find_scale_type, scales_with
from composers.theory.scales import Key

if TYPE_CHECKING:
    from composers.score import Meter
    from composers.theory.analysis.grid import MeterChange
    from composers.theory.analysis.harmony import HarmonyAnalysis
    from composers.theory.analysis.notes import Source
    from composers.theory.romans import RomanNumeral
    from composers.theory.substitutions import Substitution
    from composers.theory.voice_leading import Leading
    from composers.theory.voicings import Voicing


class ChordNotes(Sequence[PitchName]):
    """The notes of a chord from the bass up: a sequence that prints as they are written.

    chord  the value behind it: root, quality, intervals, inversion, other spellings
    """

    __slots__ = ("_notes", "chord")

    def __init__(self, chord: Chord) -> None:
        self.chord = chord
        self._notes = chord.notes_from_bass

    @property
    def notes(self) -> tuple[PitchName, ...]:
        return self._notes

    def __len__(self) -> int:
        return len(self._notes)

    @overload
    def __getitem__(self, index: int) -> PitchName: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PitchName, ...]: ...
    def __getitem__(self, index: int | slice) -> PitchName | tuple[PitchName, ...]:
        return self._notes[index]

    def __iter__(self) -> Iterator[PitchName]:
        return iter(self._notes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChordNotes) and self.chord == other.chord

    def __hash__(self) -> int:
        return hash(self.chord)

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self._notes))}]"


class Harmony(Mapping[str, Any]):
    """What analyze_harmony heard, as the mapping {key, scale, chords}; `analysis` has all the rest.

    key     the tonic, "C"
    scale   "major", "harmonic minor", "dorian", ...
    chords  in time, each with bar, beat, key, Roman numeral and function
    """

    __slots__ = ("_items", "analysis")

    def __init__(self, analysis: HarmonyAnalysis) -> None:
        self.analysis = analysis
        self._items: dict[str, Any] = {
            "key": str(analysis.key.tonic), "scale": analysis.scale.name, "chords": list(analysis.chords),
        }  # fmt: skip

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        chords = ", ".join(map(str, self.analysis.chords))
        return f"{{key: {self['key']!r}, scale: {self['scale']!r}, chords: [{chords}]}}"


class MusicTheory:
    """Scales, chords, progressions and analysis. Every method raises MusicError that says what it would take."""

    __slots__ = ()

    def get_scale(self, tonic: str | PitchName, name: str | ScaleType = "major") -> SpelledScale:
        """The scale on a tonic: get_scale("D", "dorian") is [D, E, F, G, A, B, C].

        By any name of the catalogue, or a scale of one's own (`composers.Scale`).
        """
        return (name if isinstance(name, ScaleType) else find_scale_type(name)).on(tonic)

    def build_chord(self, root: str | PitchName, quality: str = "", *, inversion: int = 0) -> ChordNotes:
        """The chord on a root: build_chord("C", "maj7") is [C, E, G, B]; with inversion=1 [E, G, B, C].

        quality  a suffix in any spelling ("m7b5", "ø", "-7b5") or its name ("half-diminished seventh"); "" is major
        """
        name = parse_pitch_name(root) if isinstance(root, str) else root
        kind = kind_of(quality)
        chord = Chord(name, kind.quality, kind.intervals)
        return ChordNotes(chord.inverted(inversion) if inversion else chord)

    def parse_chord(self, symbol: str) -> ChordNotes:
        """A whole symbol: "Bb13#11/D"."""
        return ChordNotes(parse_chord(symbol))

    def generate_progression(
        self, key: str | Key = "C", mode: str | None = None, style: str = "jazz", num_chords: int = 8, *,
        seed: int = DEFAULT_SEED, closed: bool | None = None,
    ) -> Progression:  # fmt: skip
        """So many chords in a style: jazz, rock, hip-hop, edm, classical or ambient. See progression_styles.generate.

        The same seed gives the same chords; another one others.
        """
        return generate(key, mode, style, num_chords, seed=seed, closed=closed)

    def get_progression(self, text: str, key: str | Key = "C", mode: str | None = None) -> Progression:
        """By name ("rhythm changes"), in numerals ("ii-V-I") or in chord symbols ("Dm7 G7 | Cmaj7")."""
        return progression(text, key, mode)

    def analyze_harmony(
        self, notes: Source | str | PathLike[str], meter: Meter | str | Sequence[MeterChange] | None = None
    ) -> Harmony:
        """Key, scale and chords of some music, with keys in time, Roman numerals, functions, cadences and phrases.

        notes  Notes, a Clip, tracks by name, (start, length, pitch) in quarter notes, pitches, lists of pitches, or the
               path of a MIDI or MusicXML file
        """
        from composers.theory.analysis.harmony import analyze_harmony

        if meter is None and isinstance(notes, str | PathLike):
            from composers import musicxml

            if musicxml.is_musicxml(str(notes)):
                score = musicxml.read_musicxml(str(notes))
                signs = score.keys[0].fifths if score.keys else None
                return Harmony(analyze_harmony(score.tracks, _meters(score), signs=signs))
        return Harmony(analyze_harmony(notes, meter))

    def find_scales(
        self, notes: Iterable[str | PitchName], tonic: str | PitchName | None = None
    ) -> list[SpelledScale]:  # fmt: skip
        """All scales that hold some notes, the smallest first."""
        return scales_with(notes, tonic=tonic)

    def name_chord(self, notes: Iterable[int | str], key: str | Key | None = None, count: int = 1) -> tuple[Chord, ...]:
        """The likeliest chords of some notes, the lowest first: ["E3", "G3", "C4"] is C/E."""
        from composers.theory.analysis.recognition import recognise

        found = recognise(notes, None if key is None else key_of(key), count=count)
        return tuple(match.chord for match in found)

    def roman_numeral(self, chord: str | Chord, key: str | Key) -> RomanNumeral:
        """Of a chord in a key: "D7/F#" in C is V65/V."""
        from composers.theory.romans import roman_of

        return roman_of(parse_chord(chord) if isinstance(chord, str) else chord, key_of(key))

    def voice(
        self, chord: str | Chord | PolyChord, style: str = "close", *, inversion: int = 0, instrument: str = "piano",
        near: float | None = None,
    ) -> Voicing:  # fmt: skip
        """A chord on an instrument's keys: close, drop-2, quartal, rootless-a, ... See voicings.voice."""
        from composers.theory.voicings import voice

        symbol = parse_symbol(chord) if isinstance(chord, str) else chord
        if not isinstance(symbol, Chord | PolyChord):
            raise MusicError(f"{symbol} has no voicing: name a chord")
        return voice(symbol, style, inversion=inversion, instrument=instrument, near=near)

    def lead_voices(self, chords: Iterable[str | Chord], style: str = "classical", *, key: str | Key | None = None,
                    voices: int = 4) -> Leading:  # fmt: skip
        """The chords in voices with the least motion that the style's rules allow. See voice_leading.lead."""
        from composers.theory.voice_leading import lead

        at = chords.key if key is None and isinstance(chords, Progression) else None if key is None else key_of(key)
        return lead(chords, style=style, voices=voices, key=at)

    def substitutions(
        self, chord: str | Chord, following: str | Chord | None = None, key: str | Key | None = None
    ) -> list[Substitution]:  # fmt: skip
        """What may stand for a chord, or before it: tritone, related ii, backdoor, borrowed chords, ..."""
        from composers.theory.substitutions import substitutions

        then = parse_chord(following) if isinstance(following, str) else following
        one = parse_chord(chord) if isinstance(chord, str) else chord
        return substitutions(one, then, None if key is None else key_of(key))


def _meters(score: Any) -> list[MeterChange]:
    """The meters of a score, told again wherever its bars are not as long as they say (upbeats, split bars)."""
    from composers.score import Meter
    from composers.theory.analysis.grid import MeterChange

    changes = dict(score.meters)
    found: list[MeterChange] = []
    meter, expected = Meter(), None
    for index, bar in enumerate(score.bars):
        changed = changes.get(bar.start, meter) != meter
        meter = changes.get(bar.start, meter)
        if index == 0 and bar.end - bar.start < meter.bar_ticks and len(score.bars) > 1:
            continue  # an upbeat: bars are counted from the next one on
        if not found or changed or bar.start != expected:
            found.append(MeterChange(bar.start, meter))
        expected = found[-1].tick + meter.bar_ticks * ((bar.start - found[-1].tick) // meter.bar_ticks + 1)
    return found or [MeterChange(0, meter)]
