"""Scales of the world as values: what steps they have, how they are spelled, what is special about them.

A ScaleType is a scale on no note ("dorian"), a SpelledScale one on a tonic ("D dorian": D E F G A B C). Pitches are in
cents, so that maqamat and Scala's scales stand beside the tempered ones.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.intervals import interval_of
from composers.theory.pitch import LETTER_SEMITONES, PitchName, parse_pitch_name

_FLATS = (0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6)
"""Letters above the tonic that flats would spell each semitone with; what has no letters of its own gets these."""


class ScaleNote(NamedTuple):
    """A degree on its tonic: the name that is written, and by how many cents it is above the tempered key."""

    name: PitchName
    cents: float = 0.0

    def __str__(self) -> str:
        return str(self.name) + (f"{self.cents:+g}c" if self.cents else "")

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class ScaleType:
    """A scale on no note. (No slots: what is derived is kept on first use.)

    cents       of the degrees above the tonic, ascending, the tonic's 0 first, without the octave
    letters     above the tonic that each degree is written with: 0..6; a heptatonic scale has each once
    descending  where it goes down another way (melodic minor, Rast): the same two, still from low to high
    period      cents after which it repeats
    roles       degrees of special standing, from 1: {"vadi": 6, "samvadi": 2}
    source      of the steps, where authors differ
    """

    name: str
    cents: tuple[float, ...]
    letters: tuple[int, ...]
    family: str = "custom"
    aliases: tuple[str, ...] = ()
    descending: ScaleType | None = None
    period: float = 1200.0
    roles: Mapping[str, int] = field(default_factory=dict)
    source: str = ""

    def __len__(self) -> int:
        return len(self.cents)

    @cached_property
    def semitones(self) -> tuple[int, ...]:
        """The degrees on the nearest keys, quarter tones on the one above: they are written lowered from it."""
        return tuple(math.floor(c / 100 + 0.5) for c in self.cents)

    @property
    def tempered(self) -> bool:
        """All degrees are on keys of the piano."""
        return all(c % 100 == 0 for c in self.cents) and self.period == 1200

    @property
    def steps(self) -> tuple[float, ...]:
        """Cents from degree to degree, the last one up to the octave."""
        return tuple(b - a for a, b in zip(self.cents, (*self.cents[1:], self.period), strict=True))

    @property
    def pattern(self) -> str:
        """ "W-W-H-W-W-W-H"; W+H is an augmented second, other steps are given in cents."""
        words: dict[float, str] = {100: "H", 200: "W", 300: "W+H", 400: "2W"}
        return "-".join(words.get(s, f"{s:g}c") for s in self.steps)

    def mode(self, degree: int) -> ScaleType:
        """The scale from another of its degrees (1 is itself), by its own name where it has one.

        Raises MusicError for a degree that it has not.
        """
        if not 1 <= degree <= len(self):
            raise MusicError(f"{self.name} has no degree {degree}: give 1 to {len(self)}")
        i = degree - 1
        turned = sorted((c - self.cents[i]) % self.period for c in self.cents)
        letters = [(letter - self.letters[i]) % 7 for letter in (*self.letters[i:], *self.letters[:i])]
        cents = tuple(turned)
        named = next((s for s in _BY_NAME.values() if s.cents == cents and s.period == self.period), None)
        if named is not None and not i:
            return self
        name = named.name if named is not None else f"{self.name}, mode {degree}"
        return ScaleType(name, cents, tuple(letters), self.family, period=self.period)

    def on(self, tonic: str | PitchName) -> SpelledScale:
        """The scale on a tonic. Raises MusicError for a name that is none."""
        return SpelledScale(parse_pitch_name(tonic) if isinstance(tonic, str) else tonic, self)


class SpelledScale(Sequence[ScaleNote]):
    """A scale on a tonic: a sequence of its notes from the tonic up, which prints as they are written."""

    __slots__ = ("_notes", "tonic", "type")

    def __init__(self, tonic: PitchName, kind: ScaleType) -> None:
        self.tonic, self.type = tonic, kind
        self._notes = tuple(_note(tonic, c, letter) for c, letter in zip(kind.cents, kind.letters, strict=True))

    @property
    def name(self) -> str:
        return f"{self.tonic} {self.type.name}"

    @property
    def notes(self) -> tuple[ScaleNote, ...]:
        return self._notes

    @property
    def descending(self) -> tuple[ScaleNote, ...]:
        """From the upper tonic down to the lower, as the scale is sung downwards."""
        down = (self.type.descending or self.type).on(self.tonic)
        return (self._notes[0], *reversed(down.notes))

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """On the nearest keys, 0..11 above C, from the tonic up."""
        return tuple((self.tonic.pitch_class + s) % 12 for s in self.type.semitones)

    def degree(self, number: int) -> ScaleNote:
        """1 is the tonic, 8 in a scale of seven the tonic again. Raises MusicError below 1."""
        if number < 1:
            raise MusicError(f"degree {number} of {self.name} does not exist: count from 1, the tonic")
        return self._notes[(number - 1) % len(self._notes)]

    def degree_of(self, note: PitchName | str) -> int | None:
        """Which degree a note is, by its sound; None for one that does not belong."""
        name = parse_pitch_name(note) if isinstance(note, str) else note
        places = self.pitch_classes
        return places.index(name.pitch_class) + 1 if name.pitch_class in places else None

    def mode(self, degree: int) -> SpelledScale:
        """The same notes from another degree: the second of C major is D dorian."""
        return SpelledScale(self.degree(degree).name, self.type.mode(degree))

    def parallel(self, name: str) -> SpelledScale:
        """Another scale on the same tonic."""
        return find_scale_type(name).on(self.tonic)

    def relative(self, name: str) -> SpelledScale:
        """The scale of that name with the same notes: the relative minor of C major is A minor.

        Raises MusicError where there is none.
        """
        wanted = find_scale_type(name)
        for degree in range(1, len(self) + 1):
            if self.type.mode(degree).cents == wanted.cents:
                return SpelledScale(self.degree(degree).name, wanted)
        raise MusicError(f"{self.name} has no relative {wanted.name}: none of its modes is one")

    def __len__(self) -> int:
        return len(self._notes)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._notes[index]

    def __iter__(self) -> Iterator[ScaleNote]:
        return iter(self._notes)

    def __contains__(self, note: object) -> bool:
        if isinstance(note, str | PitchName) and not isinstance(note, ScaleNote):
            return self.degree_of(note) is not None
        return note in self._notes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpelledScale) and (self.tonic, self.type) == (other.tonic, other.type)

    def __hash__(self) -> int:
        return hash((self.tonic, self.type.name))

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self._notes))}]"


def _note(tonic: PitchName, cents: float, letter: int) -> ScaleNote:
    """Written with that letter above the tonic, by the nearest key (a quarter tone: lowered from the one above)."""
    key = math.floor(cents / 100 + 0.5)
    natural = (LETTER_SEMITONES[(tonic.letter + letter) % 7] - LETTER_SEMITONES[tonic.letter]) % 12
    alter = (key - natural + 6 + tonic.alter) % 12 - 6
    return ScaleNote(PitchName((tonic.letter + letter) % 7, alter), round(cents - 100 * key, 4))


def custom_scale(name: str, steps: Iterable[float], *, cents: bool = False, period: float = 1200.0) -> ScaleType:
    """A scale of one's own: semitones above the tonic (fractions for quarter tones), or cents; sorted, 0 first.

    Raises MusicError for what has no tonic, goes beyond the octave, or names a degree twice.
    """
    values = tuple(float(s) * (1 if cents else 100) for s in steps)
    if not values or values[0] != 0 or list(values) != sorted(set(values)) or values[-1] >= period:
        raise MusicError(f"scale {name!r} = {list(steps) if isinstance(steps, list | tuple) else values} is not one: "
                         f"give ascending {'cents' if cents else 'semitones'} from 0 on, below the octave")
    keys = [round(v / 100) for v in values]
    letters = tuple(range(7)) if len(keys) == 7 else tuple(_FLATS[k % 12] for k in keys)
    return ScaleType(name, values, letters, period=period)


def _make(family: str, name: str, semitones: str, letters: str = "0123456", *aliases: str,
          down: tuple[str, str] | None = None, roles: Mapping[str, int] | None = None, source: str = "",
          period: float = 1200.0) -> ScaleType:
    def degrees(text: str) -> tuple[float, ...]:
        return tuple(round(float(x) * 100, 4) for x in text.split())

    back = ScaleType(f"{name}, descending", degrees(down[0]), tuple(map(int, down[1])), family) if down else None
    return ScaleType(name, degrees(semitones), tuple(map(int, letters)), family, aliases, back, period, roles or {},
                     source)


_MAJOR, _SEVEN = "0 2 4 5 7 9 11", "0123456"
_MODES = (("ionian", ""), ("dorian", ""), ("phrygian", ""), ("lydian", ""), ("mixolydian", ""), ("aeolian", ""),
          ("locrian", ""))
_HARMONIC = ("harmonic minor", "locrian natural 6", "ionian augmented", "ukrainian dorian", "phrygian dominant",
             "lydian #2", "superlocrian bb7")
_MELODIC = ("jazz minor", "dorian b2", "lydian augmented", "lydian dominant", "mixolydian b6", "locrian #2", "altered")
_MODE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "dorian b2": ("phrygian natural 6",), "lydian dominant": ("acoustic", "overtone", "lydian b7"),
    "mixolydian b6": ("hindu", "aeolian dominant"), "locrian #2": ("half diminished", "aeolian b5"),
    "altered": ("super locrian", "diminished whole tone", "alt"),
    "phrygian dominant": ("spanish gypsy", "freygish"), "ukrainian dorian": ("romanian minor", "dorian #4"),
    "jazz minor": ("ascending melodic minor",), "superlocrian bb7": ("altered diminished", "ultralocrian"),
    "locrian natural 6": ("locrian #6",), "ionian augmented": ("ionian #5", "major #5"), "lydian #2": (),
}


def _modes(family: str, names: Sequence[str], semitones: str) -> Iterator[ScaleType]:
    base = [int(x) for x in semitones.split()]
    for i, name in enumerate(names):
        turned = sorted((s - base[i]) % 12 for s in base)
        yield _make(family, name, " ".join(map(str, turned)), _SEVEN, *_MODE_ALIASES.get(name, ()))


CATALOGUE: tuple[ScaleType, ...] = (
    _make("western", "major", _MAJOR),
    _make("western", "minor", "0 2 3 5 7 8 10", _SEVEN, "natural minor"),
    *_modes("modal", [name for name, _ in _MODES], _MAJOR),
    *_modes("minor", _HARMONIC, "0 2 3 5 7 8 11"),
    _make("minor", "melodic minor", "0 2 3 5 7 9 11", _SEVEN, down=("0 2 3 5 7 8 10", _SEVEN)),
    *_modes("minor", _MELODIC, "0 2 3 5 7 9 11"),
    _make("minor", "harmonic major", "0 2 4 5 7 8 11"),
    _make("symmetric", "whole tone", "0 2 4 6 8 10", "012345"),
    _make("symmetric", "half-whole diminished", "0 1 3 4 6 7 9 10", "01223456", "diminished, half-whole",
          "dominant diminished", "octatonic"),
    _make("symmetric", "whole-half diminished", "0 2 3 5 6 8 9 11", "01234556", "diminished", "diminished, whole-half"),
    _make("symmetric", "augmented", "0 3 4 7 8 11", "012456"),
    _make("symmetric", "chromatic", "0 1 2 3 4 5 6 7 8 9 10 11", "001123344556"),
    _make("jazz", "bebop dominant", "0 2 4 5 7 9 10 11", "01234566", "bebop", source="Baker's naming"),
    _make("jazz", "bebop major", "0 2 4 5 7 8 9 11", "01234456", source="Baker's naming"),
    _make("jazz", "bebop dorian", "0 2 3 4 5 7 9 10", "01223456", "bebop minor", source="Baker's naming"),
    _make("jazz", "bebop melodic minor", "0 2 3 5 7 8 9 11", "01234456", source="Baker's naming"),
    _make("jazz", "blues", "0 3 5 6 7 10", "023446", "minor blues"),
    _make("jazz", "major blues", "0 2 3 4 7 9", "012245"),
    _make("pentatonic", "major pentatonic", "0 2 4 7 9", "01245", "pentatonic", "pentatonic major"),
    _make("pentatonic", "minor pentatonic", "0 3 5 7 10", "02346", "pentatonic minor"),
    _make("japanese", "in", "0 1 5 7 8", "01345", "miyako-bushi", "sakura", roles={"nuclear": 4},
          source="Koizumi; 10 for 8 when ascending"),
    _make("japanese", "yo", "0 2 5 7 9", "01345", "ritsu", source="Koizumi; 10 for 9 when ascending"),
    _make("japanese", "min'yo", "0 3 5 7 10", "02346", "minyo", source="Koizumi"),
    _make("japanese", "hirajoshi", "0 2 3 7 8", "01245", source="Kostka and Payne; others give modes of it"),
    _make("japanese", "iwato", "0 1 5 6 10", "01346", source="the fourth mode of In"),
    _make("japanese", "in-sen", "0 1 5 7 10", "01346", "insen"),
    _make("japanese", "kumoi", "0 2 3 7 9", "01245"),
    _make("indian", "bhairav", "0 1 4 5 7 8 11", _SEVEN, "raga bhairav", roles={"vadi": 6, "samvadi": 2},
          source="Bhatkhande"),
    _make("indian", "kafi", "0 2 3 5 7 9 10", _SEVEN, "raga kafi", roles={"vadi": 5, "samvadi": 1},
          source="Bhatkhande; others give R as samvadi"),
    _make("indian", "todi", "0 1 3 6 8 11", "012356", "raga todi", "miyan ki todi",
          down=("0 1 3 6 7 8 11", _SEVEN), roles={"vadi": 5, "samvadi": 3},
          source="Bhatkhande; the fifth is left out going up"),
    _make("indian", "marwa", "0 1 4 6 9 11", "012356", "raga marwa", roles={"vadi": 2, "samvadi": 5},
          source="Bhatkhande; others reverse vadi and samvadi; no fifth"),
    _make("indian", "yaman", "0 2 4 6 9 11", "012356", "raga yaman", "yaman kalyan", down=("0 2 4 6 7 9 11", _SEVEN),
          roles={"vadi": 3, "samvadi": 6}, source="Bhatkhande; the fifth is weak going up"),
    _make("indian", "bhairavi", "0 1 3 5 7 8 10", _SEVEN, "raga bhairavi", roles={"vadi": 4, "samvadi": 1},
          source="Bhatkhande; others give the sixth and third"),
    _make("indian", "purvi", "0 1 4 6 7 8 11", _SEVEN, "raga purvi", roles={"vadi": 3, "samvadi": 7},
          source="Bhatkhande; the natural fourth comes in passing"),
    _make("indian", "malkauns", "0 3 5 8 10", "02356", "raga malkauns", roles={"vadi": 3, "samvadi": 1},
          source="Bhatkhande"),
    _make("indian", "bhupali", "0 2 4 7 9", "01245", "raga bhupali", "bhoop", roles={"vadi": 3, "samvadi": 5},
          source="Bhatkhande"),
    _make("indian", "durga", "0 2 5 7 9", "01345", "raga durga", roles={"vadi": 5, "samvadi": 2},
          source="common practice; Bhatkhande gives the fourth and tonic"),
    _make("indian", "desh", "0 2 5 7 11", "01346", "raga desh", down=("0 2 4 5 7 9 10", _SEVEN),
          roles={"vadi": 2, "samvadi": 4}, source="Bhatkhande"),
    _make("indian", "hamsadhwani", "0 2 4 7 11", "01246", "raga hamsadhwani", roles={"vadi": 1, "samvadi": 4},
          source="Karnatak, Ramaswami Dikshitar"),
    _make("arabic", "rast", "0 2 3.5 5 7 9 10.5", _SEVEN, "maqam rast", down=("0 2 3.5 5 7 9 10", _SEVEN),
          roles={"ghammaz": 5}, source="24-tone notation, Cairo 1932; Syrian and Turkish thirds are higher"),
    _make("arabic", "nahawand", "0 2 3 5 7 8 11", _SEVEN, "maqam nahawand", down=("0 2 3 5 7 8 10", _SEVEN),
          roles={"ghammaz": 5}, source="Marcus"),
    _make("arabic", "hijaz", "0 1 4 5 7 8 10", _SEVEN, "maqam hijaz", roles={"ghammaz": 4},
          source="24-tone notation; in practice the second is 110 to 135, the third 375 to 390 cents"),
    _make("arabic", "saba", "0 1.5 3 4 7 8 10", _SEVEN, "maqam saba", roles={"ghammaz": 3},
          source="24-tone notation; the upper tonic is often lowered"),
    _make("arabic", "bayati", "0 1.5 3 5 7 8 10", _SEVEN, "maqam bayati", roles={"ghammaz": 4},
          source="24-tone notation"),
    _make("arabic", "sikah", "0 1.5 3.5 5.5 7 8.5 10.5", _SEVEN, "maqam sikah", "segah", roles={"ghammaz": 3},
          source="24-tone notation; the third degree of Rast as tonic, which is itself a quarter tone low"),
    _make("arabic", "huzam", "0 1.5 3.5 4.5 7.5 8.5 10.5", _SEVEN, "maqam huzam", roles={"ghammaz": 3},
          source="24-tone notation: Sikah with Hijaz on its third degree"),
    _make("arabic", "kurd", "0 1 3 5 7 8 10", _SEVEN, "maqam kurd", roles={"ghammaz": 4}, source="24-tone notation"),
    _make("arabic", "ajam", "0 2 4 5 7 9 11", _SEVEN, "maqam ajam", roles={"ghammaz": 5}, source="24-tone notation"),
    _make("arabic", "nikriz", "0 2 3 6 7 9 10", _SEVEN, "maqam nikriz", roles={"ghammaz": 5},
          source="24-tone notation"),
    _make("arabic", "hijaz kar", "0 1 4 5 7 8 11", _SEVEN, "maqam hijaz kar", "hijazkar", roles={"ghammaz": 5},
          source="24-tone notation; its seconds narrowed like Hijaz's"),
    _make("gamelan", "slendro", "0 2.28 4.84 7.28 9.6", "01346",
          source="measured: Ellis in Helmholtz, 1885, no. 94; each gamelan has its own"),
    _make("gamelan", "slendro kanyutmesem", "0 2.52 4.9 7.31 9.67", "02346", "kanyutmesem", period=1220.0,
          source="measured: gamelan Kyai Kanyutmesem, Surakarta (Polansky 1990); its octaves are wide"),
    _make("gamelan", "pelog", "0 1.37 4.46 5.75 6.87 8.2 10.98", _SEVEN,
          source="measured: Ellis in Helmholtz, 1885, no. 96; each gamelan has its own"),
    _make("gamelan", "pelog lima", "0 1.37 4.46 6.87 8.2", "01245", "pelog bem",
          source="notes 1 2 3 5 6 of Ellis' Pelog: pathet lima and nem"),
    _make("gamelan", "pelog barang", "0 3.09 5.5 6.83 9.61", "02346",
          source="notes 2 3 5 6 7 of Ellis' Pelog, from 2: pathet barang"),
    _make("gamelan", "pelog kanyutmesem", "0 1.41 2.82 5.54 6.94 8.09 9.81", _SEVEN, period=1227.0,
          source="measured: gamelan Kyai Kanyutmesem, Surakarta (Polansky 1990)"),
    _make("european", "hungarian minor", "0 2 3 6 7 8 11", _SEVEN, "gypsy minor", "double harmonic minor"),
    _make("european", "double harmonic", "0 1 4 5 7 8 11", _SEVEN, "gypsy", "gypsy major", "byzantine"),
    _make("european", "hungarian major", "0 3 4 6 7 9 10"),
    _make("european", "hungarian gypsy", "0 2 3 6 7 8 10"),
    _make("european", "neapolitan minor", "0 1 3 5 7 8 11"),
    _make("european", "neapolitan major", "0 1 3 5 7 9 11"),
    _make("european", "enigmatic", "0 1 4 6 8 10 11", source="Verdi"),
)  # fmt: skip
"""Every scale by its usual name. Where authors differ, `source` says whom this follows."""

_BY_NAME: dict[str, ScaleType] = {}
for _scale in CATALOGUE:
    for _name in (_scale.name, *_scale.aliases):
        _BY_NAME.setdefault(_name, _scale)


def scale_names() -> list[str]:
    """The names proper, in the catalogue's order."""
    return [s.name for s in CATALOGUE]


def find_scale_type(name: str) -> ScaleType:
    """By name or alias, in any case, with or without hyphens. Raises MusicError with what is near."""
    plain = " ".join(name.casefold().replace("_", " ").split())
    for key in (plain, plain.replace("-", " ")):
        if key in _BY_NAME:
            return _BY_NAME[key]
    loose = {known.replace("-", " "): s for known, s in _BY_NAME.items()}
    if plain.replace("-", " ") in loose:
        return loose[plain.replace("-", " ")]
    near = difflib.get_close_matches(plain, _BY_NAME, 3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"choose one of {', '.join(scale_names())}"
    raise MusicError(f"scale {name!r} is not known: {hint}")


def scales_with(notes: Iterable[PitchName | str], *, tonic: PitchName | str | None = None) -> list[SpelledScale]:
    """All tempered scales of the catalogue that hold these notes, the smallest first; on `tonic`, or on any of them."""
    names = [parse_pitch_name(n) if isinstance(n, str) else n for n in notes]
    if not names:
        raise MusicError("no notes are given: name at least one, for example C, E, G")
    wanted = {n.pitch_class for n in names}
    tonics = [parse_pitch_name(tonic) if isinstance(tonic, str) else tonic] if tonic is not None else \
        list(dict.fromkeys(names))
    found, seen = [], set()
    for kind in sorted((s for s in CATALOGUE if s.tempered), key=len):
        for root in tonics:
            spelled = kind.on(root)
            key = (root, kind.semitones)
            if wanted <= set(spelled.pitch_classes) and key not in seen:
                seen.add(key)
                found.append(spelled)
    return found


def interval_names(kind: ScaleType) -> list[str]:
    """Of each degree above the tonic: "P1", "M2", ... ; quarter tones as "m2+50c"."""
    out = []
    for c, letter in zip(kind.cents, kind.letters, strict=True):
        key = math.floor(c / 100 + 0.5)
        plain = interval_of(key)
        spelled = plain._replace(steps=letter) if letter != plain.steps % 7 else plain
        off = round(c - 100 * key, 4)
        out.append(f"{spelled}{f'{off:+g}c' if off else ''}")
    return out
