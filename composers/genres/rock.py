"""Rock: riffs, power chords, backbeats; songs in verses and choruses, blues, ballads, punk, fives and sevens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from composers.composer import Plan
from composers.dice import dice
from composers.feel import STRAIGHT
from composers.forms import Section
from composers.genre import StyledGenre
from composers.genres import rock_charts
from composers.genres import rock_styles as of
from composers.genres.rock_band import Rock, arranged, players
from composers.genres.rock_forms import arrangement, lift_of
from composers.harmony import Bar, parse_chart
from composers.parts import grooves
from composers.practice import Practice
from composers.score import Meter
from composers.style import Sheet, Style, Tempi
from composers.theory.pitch import PitchName
from composers.theory.scales import Key
from composers.vocabulary import Words

MODES = rock_charts.MODES
FOUR = Meter(4, 4)
METERS = (FOUR, Meter(3, 4), Meter(6, 8), Meter(12, 8), Meter(5, 4), Meter(7, 8), Meter(7, 4), Meter(9, 8), Meter(5, 8))
"""All of them; styles have those that suit them."""
_SEVENTHS = {"I": "I7", "IV": "IV7", "V": "V7", "II": "II7", "IIm": "IIm7", "VIm": "VIm7", "IIIm": "IIIm7",
             "Im": "Im7", "IVm": "IVm7", "Vm": "Vm7"}  # fmt: skip
_SOFT = {"I": "Iadd9", "IV": "IVadd9", "IIm": "IIm7", "VIm": "VIm7", "IIIm": "IIIm7", "Im": "Im7", "IVm": "IVm7"}
_PLAIN: Mapping[str, str] = {}
_DRESSES: Mapping[str, tuple[tuple[float, Mapping[str, str]], ...]] = {
    "classic": ((0.8, _PLAIN), (0.2, {"V": "V7"})), "pop-rock": ((0.6, _PLAIN), (0.4, _SOFT)),
    "ballad": ((0.5, _PLAIN), (0.5, _SOFT)), "hard": ((1.0, _PLAIN),), "punk": ((1.0, _PLAIN),),
    "shuffle": ((0.3, _PLAIN), (0.7, _SEVENTHS)), "funk-rock": ((0.7, _PLAIN), (0.3, _SEVENTHS)),
    "prog": ((0.7, _PLAIN), (0.3, _SOFT)),
}  # fmt: skip
"""How a style's triads are dressed, with the share of pieces that wear it (sevenths: a fifth of measured chords)."""


# The sheet --------------------------------------------------------------------------------------------------------


def _sheet(plan: Plan, style: str) -> Sheet:
    form = plan.form or "verse-chorus"
    lift = plan.chords is None
    finite, endless = (arrangement(form, plan.seed, bars, lift=lift) for bars in (plan.length, None))
    dresses = _DRESSES[style]
    dress = dice(plan.seed, "dress").weighted([d for _, d in dresses], [w for w, _ in dresses])
    key = Key.parse(plan.key, plan.mode)
    changes = partial(_changes, plan.seed, key, form, tuple(dress.items()))
    return Sheet(key, finite, endless, changes, form == "blues")


_KIND_OF = {"A": "verse", "B": "chorus", "C": "bridge", "D": "chorus", "E": "bridge", "P": "pre", "R": "verse"}
"""By letter, what kind of harmony a section has; AABA songs have their bridge in B."""


def _changes(seed: int, key: Key, form: str, dress: tuple[tuple[str, str], ...], section: Section) -> tuple[Bar, ...]:
    letter, up = lift_of(section.name)
    mode = key.mode
    if section.role == "ending":
        bars = rock_charts.ending(mode, section.bars).split(" | ")
    elif form == "blues" and section.role != "intro":
        written = rock_charts.blues(mode, seed).split(" | ")
        bars = [written[(section.chart_bar + bar) % len(written)] for bar in range(section.bars)]
    elif letter == "R":
        bars = list(_riff_bars(seed, mode, section.bars))
    else:
        kind = "bridge" if form == "aaba" and letter == "B" else _KIND_OF.get(letter, "verse")
        unlike = ("verse A",) if letter not in ("A", "P") else ()
        chart = rock_charts.chart(mode, kind, max(section.written, 4), seed, letter, unlike)
        bars = [chart[bar % len(chart)] for bar in range(section.bars)]
    worn = dict(dress)
    text = " | ".join(" ".join(worn.get(word, word) for word in bar.split()) for bar in bars)
    return parse_chart(text, _raised(key, up))


def _riff_bars(seed: int, mode: str, bars: int) -> list[str]:
    """Under the riff: the tonic with a chord that leads back, now and then another; or the verse's phrase."""
    draw = dice(seed, "riff bars")
    tonic = rock_charts.tonic_of(mode)
    verse = rock_charts.chart(mode, "verse", 8, seed, "A")
    still = (tonic, tonic, tonic, verse[3], tonic, verse[1], tonic, verse[7])
    phrase = draw.weighted((still, verse), (0.65, 0.35))
    return [phrase[bar % 8] for bar in range(bars)]


def _raised(key: Key, semitones: int) -> Key:
    """The key so many semitones higher, spelled with the fewest accidentals."""
    if not semitones:
        return key
    names = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]
    wanted = (key.tonic.pitch_class + semitones) % 12
    fitting = [Key(name, key.mode) for name in names if name.pitch_class == wanted]
    return min(fitting, key=lambda k: abs(k.fifths))


# The styles -------------------------------------------------------------------------------------------------------

_SONGS = {"verse-chorus": 0.8, "aaba": 0.12, "rondo": 0.08}
_SHUFFLED = Practice(triplets=True, syncopation=0.1)
_SYNCOPATION = {"ballad": 0.15, "hard": 0.14, "punk": 0.1, "funk-rock": 0.18}
"""How tunes of others are sung, as our own of these styles are; .1 in the rest."""
_LOUD = ("lead-guitar", "rock-guitar", "pick-bass", "acoustic-kit")
_ODD = (Meter(5, 4), Meter(7, 8), FOUR, Meter(7, 4), Meter(6, 8), Meter(5, 8), Meter(9, 8), Meter(3, 4), Meter(12, 8))


def _style(
    name: str, tempi: Tempi, rock: Rock, forms: Mapping[str, float], ensemble: tuple[str, ...],
    meters: tuple[Meter, ...] = (FOUR,), weight: float = 1.0, hands: str = "live",
) -> Style:  # fmt: skip
    feel = grooves.SHUFFLE.feel if name == "shuffle" else STRAIGHT
    practice = _SHUFFLED if name == "shuffle" else Practice(syncopation=_SYNCOPATION.get(name, 0.1))
    return Style(name, tempi, feel, meters, MODES, forms, ensemble, players(rock, hands), partial(_sheet, style=name),
                 weight=weight, practice=practice)  # fmt: skip


STYLES: Mapping[str, Style] = {style.name: style for style in (
    _style("classic", Tempi(124.0, 108.0, 142.0), of.CLASSIC, {**_SONGS, "blues": 0.0}, _LOUD, (FOUR, Meter(3, 4)),
           1.4),
    _style("pop-rock", Tempi(112.0, 88.0, 134.0), of.POP_ROCK, _SONGS,
           ("electric-guitar", "steel-guitar", "piano", "pick-bass", "acoustic-kit"),
           (FOUR, Meter(3, 4), Meter(6, 8)), 1.2),
    _style("ballad", Tempi(70.0, 50.0, 90.0), of.BALLAD, {"verse-chorus": 0.85, "aaba": 0.15},
           ("lead-guitar", "steel-guitar", "piano", "pick-bass", "acoustic-kit"),
           (FOUR, Meter(6, 8), Meter(12, 8), Meter(3, 4)), 1.2),
    _style("hard", Tempi(116.0, 90.0, 152.0), of.HARD,
           {"verse-chorus": 0.7, "rondo": 0.3, "through-composed": 0.0, "blues": 0.0}, _LOUD,
           (FOUR, Meter(6, 8), Meter(12, 8)), 0.9),
    _style("punk", Tempi(176.0, 152.0, 230.0), of.PUNK, {"verse-chorus": 0.9, "aaba": 0.1}, _LOUD,
           hands="pushed"),
    _style("shuffle", Tempi(120.0, 80.0, 156.0), of.SHUFFLE, {"blues": 0.7, "verse-chorus": 0.2, "aaba": 0.1},
           ("lead-guitar", "rock-guitar", "pick-bass", "acoustic-kit"), weight=0.4),
    _style("funk-rock", Tempi(104.0, 86.0, 124.0), of.FUNK_ROCK, {"verse-chorus": 0.8, "rondo": 0.2},
           ("lead-guitar", "funk-guitar", "pick-bass", "acoustic-kit"), weight=0.35),
    _style("prog", Tempi(132.0, 96.0, 180.0), of.PROG, {"through-composed": 0.6, "rondo": 0.25, "verse-chorus": 0.15},
           ("lead-guitar", "rock-guitar", "rock-organ", "pick-bass", "acoustic-kit"), _ODD, 0.35),
)}  # fmt: skip
WORDS: Words = {
    "power-ballad": "ballad powerful", "acoustic-ballad": "ballad gentle", "slow-rock": "ballad", "pop": "pop-rock",
    "pop-song": "pop-rock", "indie": "pop-rock", "soft-rock": "pop-rock soft", "folk-rock": "pop-rock gentle",
    "anthem": "classic powerful", "stadium-rock": "classic powerful", "arena-rock": "classic powerful",
    "rock-and-roll": "shuffle blues 165 bpm", "rock-n-roll": "shuffle blues 165 bpm",
    "rock'n'roll": "shuffle blues 165 bpm", "rockabilly": "shuffle blues 170 bpm", "boogie": "shuffle blues",
    "blues-rock": "shuffle blues", "metal": "hard heavy", "heavy-metal": "hard heavy", "grunge": "hard heavy",
    "garage-rock": "punk", "funk": "funk-rock", "funky": "funk-rock", "progressive": "prog", "art-rock": "prog",
}
ROCK = StyledGenre("rock", STYLES, arranged, WORDS)
