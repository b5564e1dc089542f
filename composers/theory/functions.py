"""What a Roman numeral does: tonic, predominant or dominant, and by which chord in the place of which.

After Kostka & Payne and Aldwell & Schachter (functions, mixture, Neapolitan, augmented sixths, common-tone chords), for
tritone substitutes and the backdoor after Nettles & Graf and Levine. Pure functions; any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from composers.theory.pitch import PitchName
from composers.theory.roman_numeral import AUGMENTED_SIXTHS, RomanNumeral
from composers.theory.roman_stacks import major_or_minor
from composers.theory.scales import Key


class Function(StrEnum):
    """The three functions."""

    TONIC = "tonic"
    PREDOMINANT = "predominant"
    DOMINANT = "dominant"

    @property
    def letter(self) -> str:
        """T, PD or D."""
        return {"tonic": "T", "predominant": "PD", "dominant": "D"}[self]


class Source(StrEnum):
    """Where a chord comes from."""

    DIATONIC = "diatonic"
    APPLIED = "applied"
    MIXTURE = "mixture"
    NEAPOLITAN = "Neapolitan"
    AUGMENTED_SIXTH = "augmented sixth"
    COMMON_TONE = "common-tone diminished seventh"
    TRITONE = "tritone substitute"
    BACKDOOR = "backdoor dominant"
    MEDIANT = "chromatic mediant"
    CADENTIAL = "cadential six-four"
    CHROMATIC = "chromatic"


@dataclass(frozen=True, slots=True)
class Label:
    """A function.

    function    what it does; of an applied chord: in the key that it makes for a moment
    substitute  it stands for the principal chord: vi for I, ii for IV, viio for V
    source      where the chord comes from
    target      the numeral whose chord is tonic for the moment, of applied chords
    """

    function: Function
    substitute: bool = False
    source: Source = Source.DIATONIC
    target: RomanNumeral | None = None

    def __str__(self) -> str:
        """ "T", "Ts" (a substitute), "PD", "D", "D/V"."""
        mark = self.function.letter + ("s" if self.substitute else "")
        return f"{mark}/{self.target}" if self.target else mark


_T, _PD, _D = Function.TONIC, Function.PREDOMINANT, Function.DOMINANT
_ROLES = {
    0: (_T, False), 1: (_PD, True), 2: (_PD, True), 3: (_T, True), 4: (_T, True), 5: (_PD, False), 6: (_PD, True),
    7: (_D, False), 8: (_T, True), 9: (_T, True), 10: (_D, True), 11: (_D, True),
}  # fmt: skip
"""By the root's semitones above the tonic, where nothing else decides."""
_C = {mode: Key(PitchName(0), mode) for mode in ("major", "minor")}


def function_of(roman: RomanNumeral, mode: str = "major", following: RomanNumeral | None = None) -> Label:
    """The function in a key of the mode ("major" or "minor"); with the numeral behind it where that decides.

    A tonic six-four before the dominant is dominant, bVI before the dominant predominant, bVII7 before the tonic a
    backdoor dominant, a diminished seventh on #2 before the tonic a common-tone chord, and a chromatic chord that
    resolves as a dominant is one, applied: II before V.
    """
    return _label(roman, major_or_minor(mode), following)


@lru_cache(maxsize=8192)
def _label(roman: RomanNumeral, mode: str, following: RomanNumeral | None) -> Label:
    key = _C[mode]
    root, has = roman.root(key).pitch_class, _intervals(roman, mode)
    goal = following.root(key).pitch_class if following else None
    if roman.name == "Cad":
        return Label(_D, True, Source.CADENTIAL, roman.of)
    if roman.of is not None and not _backdoor(root, has, goal):
        local = roman.key_of(key)
        own = _label(replace(roman, of=None), local.mode, None)
        return Label(own.function, own.substitute, Source.APPLIED, roman.of)
    if roman.name in AUGMENTED_SIXTHS:
        return Label(_PD, True, Source.AUGMENTED_SIXTH)
    if root == 0 and roman.inversion == 2 and goal == 7 and following and _is_major(following, mode):
        return Label(_D, True, Source.CADENTIAL)
    dominant_seventh, diminished = {4, 10} <= has, {3, 6, 9} <= has
    if root == 1:
        if dominant_seventh:
            return Label(_D, True, Source.TRITONE)
        return Label(_PD, True, Source.NEAPOLITAN if 4 in has else Source.CHROMATIC)
    if _backdoor(root, has, goal):
        return Label(_D, True, Source.BACKDOOR)
    if diminished and goal == 0 and root in (3, 6, 9, 0):  # shares the tonic: #iio7 and its inversions
        return Label(_T, True, Source.COMMON_TONE)
    source = _source(roman, mode)
    tense = dominant_seventh or diminished
    foreign = source in (Source.CHROMATIC, Source.MEDIANT) or (source is Source.MIXTURE and tense)
    if following and goal not in (0, None) and foreign:
        above = (goal - root) % 12
        if dominant_seventh and above == 11:
            return Label(_D, True, Source.TRITONE, _triad(following))
        if (4 in has and 8 not in has and above == 5) or ({3, 6} <= has and above == 1):
            return Label(_D, above == 1, Source.APPLIED, _triad(following))
    function, substitute = _ROLES[root]
    if root == 8 and (goal in (7, 11) or (goal == 0 and following and following.inversion == 2)):
        function = _PD
    if root == 10 and goal not in (0, 3, None):
        function = _PD
    if root == 4 and mode == "major" and 8 in has:
        function = _D
    if root == 3 and mode == "minor" and 8 in has:  # III+ has the leading tone
        function = _D
    if root == 6 and has & {6} and 3 in has:
        return Label(_PD, True, Source.CHROMATIC)
    return Label(function, substitute, source)


def _triad(roman: RomanNumeral) -> RomanNumeral:
    """A chord that is tonic for a moment, without inversion and sevenths."""
    if roman.name or roman.chart:
        return roman
    quality = {"o7": "o", "m7b5": "o", "7": "", "maj7": "", "m(maj7)": "m", "maj7#5": "+"}.get(roman.quality)
    return replace(roman, quality=roman.quality if quality is None else quality, figures=(), changes=())


def _intervals(roman: RomanNumeral, mode: str) -> frozenset[int]:
    return frozenset(i % 12 for i in roman.kind(mode).intervals)


def _is_major(roman: RomanNumeral, mode: str) -> bool:
    return 4 in _intervals(roman, mode)


def _backdoor(root: int, has: frozenset[int], goal: int | None) -> bool:
    return root == 10 and {4, 10} <= has and goal == 0


def _source(roman: RomanNumeral, mode: str) -> Source:
    """Diatonic (minor with its raised sixth and seventh degree), borrowed, a chromatic mediant or else chromatic."""
    notes = {n.pitch_class for n in roman.notes(_C[mode])}
    major, minor = {0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}
    own = (major,) if mode == "major" else (minor, minor - {10} | {11}, minor - {8} | {9}, minor - {8, 10} | {9, 11})
    if any(notes <= scale for scale in own):
        return Source.DIATONIC
    if is_chromatic_mediant(roman, mode) and not notes <= (minor if mode == "major" else major):
        return Source.MEDIANT
    other = (minor, minor - {10} | {11}) if mode == "major" else (major,)
    if any(notes <= scale for scale in other):
        return Source.MIXTURE
    return Source.CHROMATIC


def is_chromatic_mediant(roman: RomanNumeral, mode: str = "major") -> bool:
    """A major or minor triad (or seventh on one) a third or a sixth from the tonic, with a note foreign to the key.

    Kostka & Payne: in C major Eb, E, Ab, A and Ebm, Abm; in C minor Em, Am, E, A, Ebm, Abm.
    """
    key = _C[major_or_minor(mode)]
    if roman.of or roman.name or roman.root(key).pitch_class not in (3, 4, 8, 9):
        return False
    has = _intervals(roman, mode)
    notes = {n.pitch_class for n in roman.notes(key)}
    return 7 in has and bool(has & {3, 4}) and not notes <= key.scale.pitch_classes
