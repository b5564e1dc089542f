"""Roman numerals: a value, read and printed in the spellings of RomanText and of lead sheets, and the chord it names.

Two readings are in use and both are here. *Figured* (RomanText, Kostka & Payne, Aldwell & Schachter): the case and
the sign name the triad, figures stand for notes of the key, so that I7 in C is C E G B and VII7 in C minor Bb D F Ab.
*Chart* (Nettles & Graf, lead sheets): degrees count along the major scale whatever the mode, and behind the numeral
stands a chord symbol's suffix, so that I7 is C E G Bb and bVIImaj7 Bb D F A.

Sixth and seventh degree in minor, figured: a minor or diminished chord stands on the raised degree (vi, viio7 in C
minor on A and B), any other on that of the key (VI, VII on Ab and Bb). A sharp that says the same is a courtesy
(#viio7 = viio7) and so is one flat (bVI = VI); #VI is A major and bvi Ab minor. This is what RomanText files mean
(music21's Minor67Default.CAUTIONARY, which its RomanText reader takes, not QUALITY, in which #viio7 is raised twice):
in When in Rome viio7 and #viio7 stand side by side for one chord. In other modes figured degrees are the mode's own:
II in D phrygian is Eb.

All functions are pure and may be called by any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chord_kinds import ChordKind
from composers.theory.chords import Chord
from composers.theory.pitch import LETTER_SEMITONES, PitchName
from composers.theory.roman_figures import Figure, complete, signs
from composers.theory.roman_stacks import SAID, SIXTHS, Stack, scale_mode, stack
from composers.theory.roman_symbols import chart_suffix, chord_on, kind
from composers.theory.scales import Key

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
AUGMENTED_SIXTHS = tuple(SIXTHS)
_MUSIC_SIGNS = str.maketrans({"#": "♯", "b": "♭"})
_SUFFIX = {"": "", "m": "", "o": "o", "+": "+", "o7": "o", "m7b5": "ø", "7": "d", "maj7": "M", "m(maj7)": "M",
           "maj7#5": "+M"}  # fmt: skip
_LOWER = frozenset({"m", "o", "o7", "m7b5", "m(maj7)"})


class Change(NamedTuple):
    """A bracket.

    what    "no" ([no5]), "add" ([add#4], a degree of the key above the numeral's) or "" ([b9], a member altered)
    number  3 is the third; above 7 in the next octave
    alter   semitones up or down
    """

    what: str
    number: int
    alter: int = 0

    def __str__(self) -> str:
        return f"[{self.what}{signs(self.alter)}{self.number}]"


@dataclass(frozen=True, slots=True)
class RomanNumeral:
    """A chord in a key that is not said. Most are made by romans.parse_roman and romans.roman_of.

    degree      1..7
    accidental  semitones by which the signs before the numeral alter the degree
    quality     figured: what case and sign say, "", "m", "o", "+" (figures add notes of the key) or with the seventh
                "o7", "m7b5" (ø), "7" (d7), "maj7" (M7), "m(maj7)", "maj7#5"; chart: any of chord_kinds
    figures     above the bass, shortest form: () in root position, (6 5), (4 2); chart: one, the member in the bass
    changes     brackets in the order written
    of          the numeral whose chord is tonic for a moment: V7/V's is V
    name        "It", "Fr", "Ger", "Sw" (augmented sixths), "N" (Neapolitan), "Cad" (cadential six-four), else ""
    chart       read as lead sheets do, see the module

    Raises MusicError for a degree that is none and for a figured quality that is none of these.
    """

    degree: int
    accidental: int = 0
    quality: str = ""
    figures: tuple[Figure, ...] = ()
    changes: tuple[Change, ...] = ()
    of: RomanNumeral | None = None
    name: str = ""
    chart: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.degree <= 7:
            raise MusicError(f"degree {self.degree} of a Roman numeral: give 1 to 7")
        if not self.chart and self.quality not in SAID:
            raise MusicError(
                f"quality {self.quality!r} of a figured Roman numeral: give one of {', '.join(map(repr, SAID))} and "
                "say the rest by figures and changes, or take chart=True"
            )

    @property
    def inversion(self) -> int:
        """0 in root position, 1 with the third in the bass, 2 the fifth, 3 the seventh."""
        if self.chart:
            return (self.figures[0].number - 1) // 2 if self.figures else 0
        return complete(self.figures).inversion

    def key_of(self, key: Key) -> Key:
        """The key in which its degree counts: `key`, or the one that `of` makes tonic."""
        return self.of.tonicized(key) if self.of else key

    def tonicized(self, key: Key) -> Key:
        """Its root as a tonic, minor where its third is minor."""
        local, found = self._in(key)
        root = local.tonic.up(found.root_steps, found.root_semitones)
        return Key(root, "minor" if 3 in found.semitones else "major")

    def root(self, key: Key) -> PitchName:
        """Its root; of an augmented sixth the raised fourth (It, Ger), the second (Fr), the raised second (Sw)."""
        local, found = self._in(key)
        return local.tonic.up(found.root_steps, found.root_semitones)

    def bass(self, key: Key) -> PitchName:
        """Its lowest note."""
        local, found = self._in(key)
        return local.tonic.up(found.root_steps + found.bass[0], found.root_semitones + found.bass[1])

    def notes(self, key: Key) -> tuple[PitchName, ...]:
        """All its notes, spelled, from the root up."""
        local, found = self._in(key)
        root = local.tonic.up(found.root_steps, found.root_semitones)
        return tuple([root.up(s, i) for s, i in zip(found.steps, found.semitones, strict=True)])

    def kind(self, mode: str = "major") -> ChordKind:
        """Its chord on no root, in a key of the mode (which `of` overrides)."""
        return kind(self._in(Key(PitchName(0), mode))[1])

    def chord(self, key: Key) -> Chord:
        """The chord that it names in `key`, rightly spelled, its bass as a slash.

        An augmented sixth is rooted where its symbol is, on the lowered sixth: Ger65 in C is Ab7, spelled Ab C Eb F#.
        Brackets may make a chord without a usual symbol; its quality then is text for people ("7addb9no1").
        """
        local, found = self._in(key)
        return chord_on(local.tonic, found)

    def alter(self, mode: str = "major") -> int:
        """Semitones between its root and the degree of the local tonic's major scale: -1 for VI in minor."""
        found = self._in(Key(PitchName(0), mode))[1]
        return found.root_semitones - LETTER_SEMITONES[found.root_steps]

    def sounds_as(self, other: RomanNumeral, key: Key) -> bool:
        """The same spelled notes, root and bass, tonicizing the same: N6 and bII6, viio7 and #viio7 in minor."""
        if (self.of is None) != (other.of is None) or self.key_of(key) != other.key_of(key):
            return False
        one, two = self._in(key)[1], other._in(key)[1]
        return one[:2] == two[:2] and one.bass == two.bass and set(self.notes(key)) == set(other.notes(key))

    def _in(self, key: Key) -> tuple[Key, Stack]:
        """The key in which its degree counts and its notes there."""
        local = self.of.tonicized(key) if self.of else key
        return local, stack(self, scale_mode(self, local.mode))

    @property
    def numeral(self) -> str:
        """Accidental and numeral in their case: "bVI", "ii"."""
        lower = self.quality in _LOWER
        if self.chart:
            lower = self.quality[:1] in ("m", "o") and not self.quality.startswith("maj")
        text = NUMERALS[self.degree - 1]
        return signs(self.accidental) + (text.lower() if lower else text)

    def __str__(self) -> str:
        """ASCII, read back by romans.parse_roman: "V65/V", "viiø42", "bII6", "Ger65", "V7[no5][add6]"."""
        return f"{self._head()}{self._tail()}" + (f"/{self.of}" if self.of else "")

    @property
    def unicode(self) -> str:
        """With music signs: "♭VI", "vii°7", "V7[♭9]". Read back by romans.parse_roman, too."""
        head = self._head().replace("o", "°") if self.name == "" else self._head()
        tail = self._tail()
        if self.chart and tail.startswith("o"):
            tail = "°" + tail[1:]
        text = (head + tail).translate(_MUSIC_SIGNS)
        return f"{text}/{self.of.unicode}" if self.of else text

    def _head(self) -> str:
        if self.name:
            return self.name + (_SUFFIX[self.quality] if self.name == "N" else "")
        if self.chart:
            return self.numeral
        return self.numeral + _SUFFIX[self.quality]

    def _tail(self) -> str:
        figures = "".join(map(str, self.figures))
        if self.chart:
            return chart_suffix(self.quality) + (f"/{figures}" if figures else "")
        if self.name and not figures:
            figures = "53"
        return figures + "".join(map(str, self.changes))
