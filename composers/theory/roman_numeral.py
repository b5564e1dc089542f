"""Roman numerals: a value, read and printed in the spellings of RomanText and of lead sheets, and the chord it names.

Two readings are in use and both are here. *Figured* (RomanText, Kostka & Payne, Aldwell & Schachter): the case and
the sign name the triad, figures stand for notes of the key, so that I7 in C is C E G B and VII7 in C minor Bb D F Ab.
*Chart* (Nettles & Graf, lead sheets): degrees count along the major scale whatever the mode, and behind the numeral
stands a chord symbol's suffix, so that I7 is C E G Bb and bVIImaj7 Bb D F A.

Sixth and seventh degree in minor, figured: a minor or diminished chord stands on the raised degree (vi, viio7 in C
minor on A and B), any other on that of the key (VI, VII on Ab and Bb). A sharp that says the same is a courtesy
(#viio7 = viio7) and so is one flat (bVI = VI); #VI is A major and bvi Ab minor. This is what RomanText files mean
(music21's Minor67Default.CAUTIONARY, which its RomanText reader takes, not QUALITY, in which #viio7 is raised twice):
in When in Rome viio7 and #viio7 stand side by side for one chord.

All functions are pure and may be called by any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from composers.theory import roman_stacks
from composers.theory.chord_kinds import ChordKind
from composers.theory.chords import Chord
from composers.theory.pitch import PitchName
from composers.theory.roman_figures import Figure, complete, shortest, signs
from composers.theory.scales import Key

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
AUGMENTED_SIXTHS = ("It", "Fr", "Ger", "Sw")
_MUSIC_SIGNS = str.maketrans({"#": "♯", "b": "♭"})
_SUFFIX = {"": "", "m": "", "o": "o", "+": "+", "o7": "o", "m7b5": "ø", "7": "d", "maj7": "M", "m(maj7)": "M",
           "maj7#5": "+M"}  # fmt: skip
_LOWER = frozenset({"m", "o", "o7", "m7b5", "m(maj7)"})


class Change(NamedTuple):
    """A bracket: [no5], [add#4] (a degree of the key above the numeral's), [b9] (a member of the chord altered)."""

    what: str
    """ "no", "add" or "" for an alteration"""
    number: int
    alter: int = 0

    def __str__(self) -> str:
        return f"[{self.what}{signs(self.alter)}{self.number}]"


@dataclass(frozen=True, slots=True)
class RomanNumeral:
    """A chord in a key that is not said.

    degree      1..7
    accidental  semitones by which the signs before the numeral alter the degree
    quality     figured: what case and sign say, "", "m", "o", "+" (figures add notes of the key) or with the seventh
                "o7", "m7b5" (ø), "7" (d7), "maj7" (M7), "m(maj7)", "maj7#5"; chart: any of chord_kinds
    figures     above the bass, shortest form: () in root position, (6 5), (4 2); chart: one, the member in the bass
    changes     brackets in the order written
    of          the numeral whose chord is tonic for a moment: V7/V's is V
    name        "It", "Fr", "Ger", "Sw" (augmented sixths), "N" (Neapolitan), "Cad" (cadential six-four), else ""
    chart       read as lead sheets do, see the module
    """

    degree: int
    accidental: int = 0
    quality: str = ""
    figures: tuple[Figure, ...] = ()
    changes: tuple[Change, ...] = ()
    of: RomanNumeral | None = None
    name: str = ""
    chart: bool = False

    @property
    def inversion(self) -> int:
        """0 in root position, 1 with the third in the bass, 2 the fifth, 3 the seventh, 4 the ninth."""
        if self.chart:
            return (self.figures[0].number - 1) // 2 if self.figures else 0
        return complete(self.figures).inversion

    def key_of(self, key: Key) -> Key:
        """The key in which its degree counts: `key`, or the one that `of` makes tonic."""
        return self.of.tonicized(key) if self.of else key

    def tonicized(self, key: Key) -> Key:
        """Its root as a tonic, minor where its third is minor."""
        root = self.root(key)
        return Key(root, "minor" if 3 in roman_stacks.stack(self, self._mode(key)).semitones else "major")

    def root(self, key: Key) -> PitchName:
        """Its root; of an augmented sixth the raised fourth (It, Ger), the second (Fr), the raised second (Sw)."""
        local = self.key_of(key)
        found = roman_stacks.stack(self, self._mode(key, local))
        return local.tonic.up(found.root_steps, found.root_semitones)

    def bass(self, key: Key) -> PitchName:
        """Its lowest note."""
        local = self.key_of(key)
        found = roman_stacks.stack(self, self._mode(key, local))
        steps, semitones = found.bass
        return local.tonic.up(found.root_steps + steps, found.root_semitones + semitones)

    def notes(self, key: Key) -> tuple[PitchName, ...]:
        """All its notes, spelled, from the root up."""
        local = self.key_of(key)
        found = roman_stacks.stack(self, self._mode(key, local))
        return tuple(
            local.tonic.up(found.root_steps + s, found.root_semitones + i)
            for s, i in zip(found.steps, found.semitones, strict=True)
        )

    def kind(self, mode: str = "major") -> ChordKind:
        """Its chord on no root, in a key of the mode (which `of` overrides)."""
        key = self.key_of(Key(PitchName(0), mode))
        return roman_stacks.kind(roman_stacks.stack(self, self._mode(key, key)))

    def chord(self, key: Key) -> Chord:
        """The chord that it names in `key`, rightly spelled, its bass as a slash.

        An augmented sixth is rooted where its symbol is, on the lowered sixth: Ger65 in C is Ab7, spelled Ab C Eb F#.
        """
        local = self.key_of(key)
        return roman_stacks.chord_on(local.tonic, roman_stacks.stack(self, self._mode(key, local)))

    def alter(self, mode: str = "major") -> int:
        """Semitones between its root and the major scale's degree on the same tonic: -1 for VI in minor."""
        found = roman_stacks.stack(self, "minor" if self.name in AUGMENTED_SIXTHS else mode)
        return found.root_semitones - (0, 2, 4, 5, 7, 9, 11)[found.root_steps % 7]

    def with_figures(self, *numbers: int) -> RomanNumeral:
        """The same with other figures, unaltered: with_figures(6, 5)."""
        return replace(self, figures=shortest(tuple(Figure(n) for n in numbers)))

    def _mode(self, key: Key, local: Key | None = None) -> str:
        return (local or self.key_of(key)).mode if self.name not in AUGMENTED_SIXTHS else "minor"

    @property
    def numeral(self) -> str:
        """Accidental and numeral in their case: "bVI", "ii"."""
        minor = self.quality.startswith("m") and not self.quality.startswith("maj") if self.chart else False
        lower = minor or self.quality in _LOWER or (self.chart and self.quality.startswith("o"))
        text = NUMERALS[self.degree - 1]
        return signs(self.accidental) + (text.lower() if lower else text)

    def __str__(self) -> str:
        """ASCII, read back by romans.parse_roman: "V65/V", "viiø42", "bII6", "Ger65", "V7[no5][add6]"."""
        figures = "".join(map(str, self.figures))
        if self.chart:
            text = self.numeral + roman_stacks.chart_suffix(self.quality) + (f"/{figures}" if figures else "")
        elif self.name in AUGMENTED_SIXTHS:
            text = self.name + (figures or "53")
        elif self.name == "Cad":
            text = "Cad64"
        elif self.name == "N":
            text = "N" + _SUFFIX[self.quality] + (figures or "53")
        else:
            text = self.numeral + _SUFFIX[self.quality] + figures
        text += "".join(map(str, self.changes))
        return f"{text}/{self.of}" if self.of else text

    @property
    def unicode(self) -> str:
        """With music signs: "♭VI", "vii°7", "V7[♭9]". Read back by romans.parse_roman, too."""
        return str(self).translate(_MUSIC_SIGNS).replace("o", "°").replace("n°", "no")
