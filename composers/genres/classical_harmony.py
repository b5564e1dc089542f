"""The chords of classical sections: schemata and cadences in numerals, in major and in minor, by the phrase's units.

Numerals count degrees of the major scale. Chords and their order after common practice as When in Rome's analyses
count it (I .28, V7 .15, V .13, IV .07, ii .07, vi .05, cadential six-four .04; one chord in half of the bars, two in a
third).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from composers.dice import Dice, dice
from composers.harmony import Bar
from composers.parts.local_key import Place
from composers.parts.phrase_plan import Unit, units
from composers.theory.charts import chord_of
from composers.theory.pitch import PitchName
from composers.theory.scales import Key

_Table = Mapping[str, float]

_OPENINGS: _Table = {  # the idea's two bars, then those of its answer
    "I | V7/5 || V7/3 | I": 1.0, "I | V7 || V7 | I": 0.9, "I | IV/5 I || V7/3 | I": 0.7,
    "I V7/3 | I || IIm/3 | V7": 0.9, "I | IIm/3 V7 || V7/7 | I/3": 0.8, "I | VIm IIm/3 || V7 | I": 0.9,
    "I V7/5 | I/3 || IV I/5 | V7": 1.0, "I IV/5 | I || V7/5 I/3 | IIm V7": 0.8,
    "I I/3 | IV V7 || V7/3 I | IIm/3 V": 0.9,
    "I V7 | I V7/3 || I V7/IV | IV V7": 0.8, "I VIm | IIm V7 || I/3 IV | V7 I": 0.9,
    "I V/3 | VIm I/5 || IV I/3 | IIm V7": 0.8,
    "I VIIo/3 | I/3 IV || IIm/3 V7/7 | I/3 V7": 0.7, "I IIm | V7/3 I || VIm IIm/3 | V7 I": 0.8,
    "I | V7/3 I || V7/II IIm | V7/7 I/3": 0.7, "I V | VIm IV || I/5 V7 | I": 0.5,
    "I IIm/3 | V7/7 I/3 || IV IIm | V7": 0.8,
    "I V7/5 | I/3 VIm || IIm/3 V7/3 | I": 0.8, "I I/3 | IIm/3 V7 || VIm II7/3 | V V7/7": 0.7,
    "I | I/3 IV || V7/3 V7 | I": 0.7,
}  # fmt: skip
_HALF: _Table = {
    "I/3 IIm/3 | V": 1.0, "I IIm/3 | V": 0.9, "IV IIm | V": 0.8, "I II7/3 | V": 0.9, "VIm IIm/3 | V": 0.8,
    "IV I/5 | V": 0.8, "VIm II7 | V": 0.7, "I/3 II7/3 | V": 0.8, "IIm/3 I/5 | V": 0.8, "IIm II7/3 | V": 0.7,
    "V7/7 I/3 | II7/3 V": 0.6, "IV II7/3 | I/5 V": 0.6, "I VIm | II7 V": 0.6, "IIm7/3 II7 | V": 0.5,
}  # fmt: skip
_FULL: _Table = {
    "IIm/3 V7 | I": 1.1, "IV V7 | I": 0.8, "I/5 V7 | I": 1.0, "IIm7/3 V7 | I": 0.9, "IIm V7 | I": 0.6,
    "I/3 IIm/3 V7 | I": 0.7, "IIm/3 I/5 V7 | I": 0.9, "VIm IIm/3 V7 | I": 0.6, "IV I/5 V7 | I": 0.7, "I/3 V7 | I": 0.3,
    "II7/3 I/5 V7 | I": 0.4,
}  # fmt: skip
_FRAGMENTS: _Table = {
    "V7/IV IV | V7 I": 0.8, "VIm V/3 | I IIm/3": 0.7, "I/3 | IV": 0.4, "V7/3 I | V7/5 I/3": 0.9, "IV I/3 | V7/5 I": 0.8,
    "I/3 IV | V7/7 I/3": 0.8, "VIm IV | IIm/3 I/5": 0.7, "I V7/IV | IV IIm": 0.8, "VIm IIm | V7 I": 0.9,
    "V7/II IIm | V7 I": 0.8, "I/3 VIm | IV IIm/3": 0.7, "IIm/3 V7/7 | I/3 IV": 0.7, "I/3 IIm | V7/3 I": 0.7,
}  # fmt: skip
_DIGRESSIONS: _Table = {
    "V7 | I/5 V": 0.9, "V I/5 | V7": 0.8, "V7/3 | I V7": 0.8, "V7/II | IIm V7": 0.8, "V V7/7 | I/3 V7": 0.8,
    "VIm IIm | V7/7 I/3": 0.5,
}  # fmt: skip
_WORKS: _Table = {
    "V7/3 | I": 0.8, "I | V7/5 I/3": 0.7, "V7 | I": 0.6, "I V7/IV | IV": 0.6, "I V7/3 | I IV": 0.7,
    "V7/7 I/3 | IV V7": 0.7,
    "I IV | IIm/3 V7": 0.8, "I/3 IIm/3 | V7 I": 0.7, "V7/3 I | VIIo/3 I/3": 0.7,
}  # fmt: skip
_PIVOTS: _Table = {"IV | I": 0.5, "IV | VIm IIm": 1.0, "IV I/3 | IIm": 0.8, "IV VIm | II7/3 V": 0.8}
_HOME_PIVOTS: _Table = {"I | IV": 0.7, "I V7/3 | VIm": 0.8, "I | IIm IV": 0.8, "I I/3 | IV IIm": 0.8}
_CHAINS: _Table = {
    "IIm V7/5 | I/3 II7/3": 0.9, "VIm | II7": 0.7, "VIIo/3 I/3 | II7/3 V": 0.7, "IIm/3 | I/5 II7/3": 0.7,
    "V7/3 I | II7/3 V": 0.8,
}  # fmt: skip
_CODAS: _Table = {
    "I IV/5 | V7 I": 0.8,
    "V7 I | V7 I": 0.5,
    "IIm/3 V7 | I": 0.8,
    "IV I/3 | IIm/3 V7": 0.7,
    "I V7/IV | IV I/5": 0.7,
}

_IN_MINOR = {
    "I": "Im", "IV": "IVm", "IIm": "IIo", "IIm7": "IIm7b5", "VIm": "bVI", "IIIm": "bIII", "V7/IV": "V7/IV",
    "V7/II": "V7/IV", "II7": "II7", "V": "V", "V7": "V7", "VIIo": "VIIo",
}  # fmt: skip


def numeral(word: str, minor: bool) -> str:
    """A numeral of the tables as it stands in the mode: "IIm/3" in minor is "IIo/3"."""
    if not minor:
        return word
    head, slash, bass = word.partition("/")
    if slash and not bass.isdigit():
        return _IN_MINOR[word]
    changed = _IN_MINOR[head]
    if changed == "IIo" and not slash:
        slash, bass = "/", "3"  # a diminished triad stands in first inversion
    return changed + slash + bass


def _chart(text: str, key: Key) -> list[Bar]:
    minor = key.mode == "minor"
    return [tuple(chord_of(numeral(word, minor), key) for word in bar.split()) for bar in text.split("|")]


def _one(table: _Table, draw: Dice) -> str:
    return draw.weighted(tuple(table), tuple(table.values()))


def _filled(text: str, bars: int) -> str:
    """A chart of two bars for so many."""
    rows = [bar.strip() for bar in text.split("|")]
    if bars < len(rows):
        return rows[-1] if bars == 1 else " | ".join(rows[:bars])
    if bars == len(rows):
        return " | ".join(rows)
    return " | ".join(rows * (bars // len(rows)) + rows[: bars % len(rows)])


@lru_cache(maxsize=512)
def section_chords(seed: int, role: str, letter: str, bars: int, key: Key, away: bool = False) -> tuple[Bar, ...]:
    """A bar of chords for each of a section's bars, in the section's own key.

    away  a transition that comes from the key a fifth lower (in minor: from the relative minor), which it leaves
    """
    found: list[Bar] = []
    for unit in units(seed, role, letter, bars):
        found += _chart(_unit_chart(seed, role, letter, unit, away, key.mode == "minor"), key)
    return tuple(found)


def _unit_chart(seed: int, role: str, letter: str, unit: Unit, away: bool, minor: bool) -> str:
    opening, _, answer = _one(_OPENINGS, dice(seed, "opening chords", letter)).partition(" || ")
    draw = dice(seed, "chords", letter, unit.kind, unit.turn)
    if role == "transition" and unit.kind == "idea":
        if not away:
            return _one(_HOME_PIVOTS, draw)
        return _one(_PIVOTS, draw)
    if role == "transition" and unit.kind == "fragment":
        return _filled(_one(_CHAINS, draw), unit.bars)
    if role == "ending":
        return _filled("V7 | I", unit.bars) if unit.bars > 1 else "I"
    if unit.cadence == "half":
        if unit.kind == "pedal":
            return " | ".join(("V", "I/5", "V7", "V7")[max(0, 4 - unit.bars) :][k] if k < 4 else "V7"
                              for k in range(unit.bars))  # fmt: skip
        chart = _one(_HALF, draw)
        return chart if unit.bars == 2 else ("IIm | II7 | V", "V")[unit.bars == 1]
    if unit.cadence in ("full", "deceptive"):
        table = _CODAS if role in ("coda", "closing") and unit.turn % 2 else _FULL
        chart = _one(table, draw)
        if unit.cadence == "deceptive":
            chart = chart.rpartition("|")[0] + "| VIm"
        return _filled(chart, unit.bars)
    if unit.kind == "idea":  # said again, as often as not on other chords
        return opening if not unit.turn or draw.chance(0.4) else _one(_OPENINGS, draw).partition(" || ")[0]
    if unit.kind == "answer":
        return answer
    if unit.kind == "fragment":
        return _filled(_one(_FRAGMENTS, draw), unit.bars)
    if unit.kind == "digression":
        return _one(_DIGRESSIONS, draw)
    if unit.kind == "work":
        return _one(_WORKS, dice(seed, "work chords", letter, unit.turn % 2))
    return _filled("I | I", unit.bars)


def chorale_chords(seed: int, letter: str, bars: int, key: Key, take: int = 0) -> tuple[Bar, ...]:
    """A phrase for voices: out from the tonic, through the middle, to a half (odd phrases) or full cadence.

    take  another draw, where the voices found no way through the first
    """
    draw = dice(seed, "chorale", letter, take)
    half = (ord(letter) - ord("A")) % 2 == 0
    close = _one(_HALF if half else _FULL, draw)
    if bars < 3:
        return tuple(_chart(_filled(close if bars > 1 else "I", bars), key))
    opening, _, answer = _one(_OPENINGS, draw).partition(" || ")
    rows = [*opening.split("|"), *answer.split("|")]
    while len(rows) < bars:
        rows += _one(_FRAGMENTS, draw).split("|")
    return tuple(_chart(" | ".join([*(row.strip() for row in rows[: bars - 2]), *close.split("|")]), key))


@lru_cache(maxsize=256)
def key_at(key: Key, place: Place) -> Key:
    """The key that a section stands in, of its enharmonic names the one with fewer signs."""
    wanted = (key.tonic.pitch_class + place.up) % 12
    names = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]
    mode = "minor" if place.minor else "major"
    keys = (Key(n, mode) for n in names if n.pitch_class == wanted)
    return min(keys, key=lambda k: (abs(k.fifths) > 7, abs(k.fifths - key.fifths), abs(k.fifths)))
