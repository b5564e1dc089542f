"""How strictly voices are led: hard rules, weights of what is only better or worse, and the voices themselves.

`RULES` are the styles' own; every value is frozen, `dataclasses.replace` makes a variant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError
from composers.registers import Register, register_of


class Voice(NamedTuple):
    """Who sings: a name, and the keys as composers.registers has them."""

    name: str
    register: Register


SOPRANO = Voice("soprano", Register(60, 81, 62, 77))
ALTO = Voice("alto", Register(53, 74, 55, 70))
TENOR = Voice("tenor", Register(48, 69, 50, 66))
BASS = Voice("bass", Register(40, 64, 43, 60))
"""The choir's usual compasses (Kostka & Payne; Adler for the easy part), sounding."""

_HAND = Register(48, 69, 50, 66)
_BAND_BASS = Register(28, 55, 33, 50)
_UPPER = Register(53, 77, 57, 74)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may not be. A False or None switches a rule off. Each is explained, with its book, in `voice_rules.RULES`.

    max_gap, max_bass_gap    semitones between neighbours above the bass, and from the bass to the next voice
    max_leap                 semitones that an upper voice may leap at once (the bass an octave at least)
    """

    crossing: bool = True
    overlap: bool = True
    unison: bool = False
    max_gap: int | None = 12
    max_bass_gap: int | None = None
    parallels: bool = True
    direct: bool = True
    augmented: bool = True
    max_leap: int | None = 9
    leading_tone: bool = True
    seventh: bool = True
    doubled_tendency: bool = True
    complete: bool = True
    minor_ninth: bool = False
    low_interval: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """What is paid for what is not forbidden: whole numbers, semitones of motion being the coin.

    semitone       for each semitone of each voice
    leap           for each voice that moves more than a major third
    top_leap       for a leap of the highest voice beside that
    diminished     for a diminished melodic interval
    common_tone    for each voice that leaves a note which the next chord has, too
    same_way       where all voices move in the same direction
    outer_similar  where the outer voices do (contrary and oblique motion are preferred)
    direct         for direct fifths and octaves not forbidden
    unequal        for a diminished fifth that becomes a perfect one in similar motion
    tendency       for a seventh or leading tone that does not resolve, where that is no rule
    unison         for two voices on one key
    strain         for each semitone outside the easy part of a compass
    doubling       multiplies the cost of each doubled note (0 the best one)
    omitted        for a left-out fifth (three times for a third, where two voices have to)
    tension        multiplies the distance from a pianist's usual choice of colours
    """

    semitone: int = 2
    leap: int = 3
    top_leap: int = 4
    diminished: int = 6
    common_tone: int = 1
    same_way: int = 8
    outer_similar: int = 1
    direct: int = 3
    unequal: int = 3
    tendency: int = 6
    unison: int = 3
    strain: int = 2
    doubling: int = 2
    omitted: int = 2
    tension: int = 2


@dataclass(frozen=True, slots=True)
class Style:
    """A way to lead voices.

    bass     whether the lowest voice has the symbol's bass (False: somebody else plays it, the chord is rootless)
    colours  whether tensions that the symbol does not name may be added (jazz)
    choirs   the voices, lowest first, by their number
    """

    name: str
    rules: Rules
    weights: Weights
    choirs: dict[int, tuple[Voice, ...]]
    bass: bool = True
    colours: bool = False

    def __hash__(self) -> int:  # by what decides; a dict has no hash
        return hash((self.name, self.rules, self.weights, self.bass, self.colours))


def _numbered(name: str, register: Register, count: int) -> tuple[Voice, ...]:
    """Lowest first, the highest called 1."""
    return tuple(Voice(f"{name} {i}", register) for i in range(count, 0, -1))


_CHOIRS = {
    2: (BASS, SOPRANO),
    3: (BASS, ALTO, SOPRANO),
    4: (BASS, TENOR, ALTO, SOPRANO),
    5: (BASS, TENOR, ALTO, SOPRANO._replace(name="soprano 2"), SOPRANO._replace(name="soprano 1")),
    6: (BASS._replace(name="bass 2"), BASS._replace(name="bass 1"), TENOR, ALTO,
        SOPRANO._replace(name="soprano 2"), SOPRANO._replace(name="soprano 1")),
}  # fmt: skip

CLASSICAL = Style("classical", Rules(), Weights(), _CHOIRS)
"""Four-part writing as Kostka & Payne, Aldwell & Schachter teach it."""

CHORALE = Style(
    "chorale", Rules(max_gap=14, direct=False, max_leap=12, seventh=True, overlap=False), Weights(), _CHOIRS
)
"""The same as Bach does it: overlaps, direct fifths and larger leaps are only dearer."""

JAZZ = Style(
    "jazz",
    Rules(crossing=True, overlap=False, unison=True, max_gap=12, parallels=False, direct=False, augmented=False,
          max_leap=None, leading_tone=False, seventh=False, doubled_tendency=False, minor_ninth=True,
          low_interval=True),
    Weights(semitone=2, leap=2, top_leap=4, diminished=0, common_tone=0, same_way=1, outer_similar=0, direct=0,
            unequal=0, tendency=3, strain=1, doubling=0, omitted=0),
    {count: _numbered("hand", _HAND, count) for count in range(2, 7)},
    bass=False, colours=True,
)  # fmt: skip
"""A comping hand over somebody else's bass: guide tones, rootless, close or drop 2, parallels allowed (Levine)."""

JAZZ_TRIO = Style(
    "jazz with bass", JAZZ.rules, JAZZ.weights,
    {count: (Voice("bass", _BAND_BASS), *_numbered("hand", _HAND, count - 1)) for count in range(3, 7)},
    bass=True, colours=True,
)  # fmt: skip
"""The same with the bass note below."""

POP = Style(
    "pop",
    Rules(crossing=True, overlap=False, unison=True, max_gap=9, parallels=False, direct=False, augmented=False,
          max_leap=None, leading_tone=False, seventh=False, doubled_tendency=False, low_interval=False),
    Weights(same_way=1, outer_similar=0, direct=0, unequal=0, diminished=0, tendency=1, doubling=1),
    {count: (Voice("bass", _BAND_BASS), *_numbered("hand", _UPPER, count - 1)) for count in range(2, 7)},
)  # fmt: skip
"""Bass note below, triads and sevenths close above it with the least motion; parallels are the sound of it."""

STYLES: dict[str, Style] = {s.name: s for s in (CLASSICAL, CHORALE, JAZZ, JAZZ_TRIO, POP)}


def style_of(style: str | Style) -> Style:
    """By name. Raises MusicError that lists the known ones."""
    if isinstance(style, Style):
        return style
    try:
        return STYLES[style]
    except KeyError:
        raise MusicError(f"voice leading style {style!r} is not known: choose one of {', '.join(STYLES)}") from None


def voices_of(style: Style, voices: int | Sequence[str | Register | Voice]) -> tuple[Voice, ...]:
    """So many voices of the style's, or the given ones, lowest first: instruments by name, registers, voices.

    An instrument takes its easy compass as its easy part and its full one as its limit. Raises MusicError.
    """
    if isinstance(voices, int):
        try:
            return style.choirs[voices]
        except KeyError:
            numbers = ", ".join(map(str, style.choirs))
            raise MusicError(
                f"{voices} voices: {style.name} has {numbers}; give one of these, or a list of instruments"
            ) from None
    if not 2 <= len(voices) <= 6:
        raise MusicError(f"{len(voices)} voices: voice leading needs at least two and takes up to six")
    choir = {v.name: v for v in _CHOIRS[4]}
    if all(voice in choir for voice in voices):  # "bass" is otherwise an instrument
        return tuple(choir[str(voice)] for voice in voices)
    found: list[Voice] = []
    for voice in voices:
        if isinstance(voice, Voice):
            found.append(voice)
        elif isinstance(voice, Register):
            found.append(Voice(f"voice {len(voices) - len(found)}", voice))
        else:
            found.append(Voice(voice, register_of(voice)))
    return tuple(found)
