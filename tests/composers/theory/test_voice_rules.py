"""The checker: a planted error of every rule is found, and nothing else; each violation reads as one line."""

from __future__ import annotations

import pytest

from composers.errors import MusicError
from composers.theory.chords import parse_chord
from composers.theory.pitch import Pitch
from composers.theory.scales import Key
from composers.theory.voice_motion import Move
from composers.theory.voice_rules import RULES, Sonority, check


def moment(bar: int, text: str) -> Sonority:
    """ "C: C3 G3 E4 C5" or "C3 - E4 C5"."""
    symbol, _, notes = text.rpartition(":")
    pitches = tuple(None if n == "-" else Pitch.parse(n) for n in notes.split())
    return Sonority(bar, 1.0, pitches, parse_chord(symbol) if symbol else None)


PLANTED = {
    # rule: (style, moments)
    "range": ("classical", ["G2 D4 B4 C6"]),
    "spacing": ("classical", ["C3 C4 E4 G5"]),
    "crossing": ("classical", ["C3 G4 E4 C5"]),
    "overlap": ("classical", ["C3 E4 G4 C5", "F3 A4 C5 F5"]),
    "unison": ("jazz", ["E3 A3 A3 D4"]),
    "incomplete": ("classical", ["C: C3 G3 G4 C5"]),
    "foreign note": ("classical", ["C: C3 G3 E4 D5"]),
    "bass": ("classical", ["C/E: C3 G3 E4 C5"]),
    "doubling": ("classical", ["G7: G2 B3 F4 B4"]),
    "parallel fifths": ("classical", ["C3 G3 E4 C5", "D3 A3 D4 B4"]),
    "parallel octaves": ("classical", ["C3 E3 G4 C5", "D3 F3 F4 D5"]),
    "parallel unisons": ("classical", ["C3 C4 C4 G4", "F3 A3 A3 F4"]),
    "direct fifths": ("classical", ["C3 G3 C4 E4", "D3 F3 D4 A4"]),
    "direct octaves": ("classical", ["C3 G3 E4 G4", "F3 A3 F4 F5"]),
    "augmented interval": ("classical", ["D3 A3 F4 D5", "E3 B3 G#4 E5"]),
    "leap": ("classical", ["C3 G3 C4 E4", "G3 B3 D4 D5"]),
    "leading tone": ("classical", ["G: G2 D4 G4 B4", "C: C3 C4 G4 G4"]),
    "seventh": ("classical", ["G7: G2 D4 F4 B4", "C: C3 C4 G4 C5"]),
    "minor ninth": ("jazz", ["C: E3 B3 C4 F4"]),
    "low interval": ("jazz", ["C: C3 D3 E3 A3"]),
}


def test_every_rule_has_its_planted_error() -> None:
    assert set(PLANTED) == set(RULES)


@pytest.mark.parametrize("rule", PLANTED)
def test_planted_error_is_found(rule: str) -> None:
    style, texts = PLANTED[rule]
    found = check([moment(bar, text) for bar, text in enumerate(texts, 1)], style=style, voices=4, key=Key.parse("C"))
    named = {v.rule.name for v in found}
    assert rule in named
    where = next(v for v in found if v.rule.name == rule)
    assert where.bar == len(texts) and RULES[rule].source in str(where) and "\n" not in str(where)


def test_bar_beat_voices_rule_and_book_in_one_line() -> None:
    found = check(
        [Sonority(3, 2.5, moment(1, "C3 G3 E4 C5").pitches), Sonority(3, 3, moment(1, "D3 A3 D4 B4").pitches)]
    )
    assert str(found[0]) == (
        "bar 3, beat 3: parallel fifths, bass and tenor: C3-G3 to D3-A3 [Aldwell & Schachter, Harmony and Voice "
        "Leading, Parallel motion]"
    )
    assert [v.rule.name for v in found] == ["parallel fifths"]


def test_rests_are_not_judged() -> None:
    assert check([moment(1, "C3 - E4 C5"), moment(2, "D3 A3 - B4")]) == ()
    assert check([]) == ()


def test_a_moment_with_too_few_voices_is_named() -> None:
    with pytest.raises(MusicError, match=r"bar 2, beat 1 has 3 voices, not 4: give None"):
        check([moment(1, "C3 G3 E4 C5"), moment(2, "C3 E4 C5")])


def move(text: str) -> Move:
    low, high, next_low, next_high = map(Pitch.parse, text.split())
    return Move(low, high, next_low, next_high)


@pytest.mark.parametrize(("text", "motion", "consecutive", "direct"), [
    ("C3 G3 D3 A3", "parallel", "P5", None),
    ("C3 G3 D3 A4", "similar", "P5", None),
    ("C3 G4 G3 D4", "contrary", "P5", None),
    ("C3 C4 D3 D4", "parallel", "P8", None),
    ("C3 C3 D3 D3", "parallel", "P1", None),
    ("C3 C3 G2 G3", "contrary", "P8", None),
    ("C3 G3 C3 G3", "none", None, None),
    ("C3 G3 C3 G4", "oblique", None, None),
    ("C3 E3 D3 A3", "similar", None, "P5"),
    ("C3 E3 G3 G4", "similar", None, "P8"),
    ("B2 F3 C3 G3", "parallel", None, "P5"),
    ("C3 Abb3 D3 A3", "similar", None, "P5"),
])  # fmt: skip
def test_kinds_of_motion(text: str, motion: str, consecutive: str | None, direct: str | None) -> None:
    found = move(text)
    assert (found.motion, found.consecutive(), found.direct()) == (motion, consecutive, direct)


def test_unequal_fifths_overlap_and_crossing() -> None:
    assert move("B2 F3 C3 G3").unequal_fifths() and not move("C3 G3 B2 F3").unequal_fifths()
    assert move("C3 E3 F3 A3").overlap() and not move("C3 E3 D3 F3").overlap()
    assert move("E3 C3 F3 A3").crossing() and not move("C3 C3 D3 E3").crossing()
