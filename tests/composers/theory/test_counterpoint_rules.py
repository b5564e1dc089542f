"""The checker of counterpoint: a planted error of every rule is found where it is; what is allowed passes."""

from __future__ import annotations

import pytest

from composers.errors import MusicError
from composers.theory.counterpoint.cantus import CANTUS_FIRMI, Cantus
from composers.theory.counterpoint.checker import Violation, check
from composers.theory.counterpoint.lines import Counterpoint, Slot, Tone
from composers.theory.counterpoint.rules import RULES
from composers.theory.pitch import Pitch

S = "D4 F4 E4 D4"
ARCH = "C4 D4 E4 D4 C4"
FUX = "D4 F4 E4 D4 G4 F4 A4 G4 F4 E4 D4"
PLANTED = {
    # rule: (cantus, species, counterpoint above it, bar where it is broken)
    "rhythm": (S, 1, "D5:w A4:h C5 C#5:w D5", 2),
    "mode": (S, 1, "A4 Ab4 C#5 D5", 2),
    "melodic interval": (S, 1, "A4 F5 C#5 D5", 3),
    "repetition": (S, 2, "r:h A4 C5 C5 B4 C#5 D5:w", 2),
    "two leaps": (S, 1, "D4 A4 E5 D5", 3),
    "leap recovery": (S, 1, "D4 A4 C5 D5", 3),
    "tritone": (FUX, 1, "A4 F4 G4 A4 B4 A4 C5 B4 D5 C#5 D5", 5),
    "range": (S, 1, "D4 A5 C#5 D5", 2),
    "climax": (ARCH, 1, "C5 F5 E5 F5 C5", 4),
    "beginning": (S, 1, "F4 A4 C#5 D5", 1),
    "ending": (S, 1, "D5 A4 C5 D5", 4),
    "dissonance on the beat": (S, 1, "D5 G4 C#5 D5", 2),
    "dissonance off the beat": (S, 2, "r:h A4 C5 G4 B4 C#5 D5:w", 2),
    "suspension": ("D4 E4 F4 E4 D4", 4, "r:h D5:h~ D5 E5:h A4 D5:h~ D5 C#5 D5:w", 2),
    "chain": ("D4 B4 A4 G4 F4 E4 D4", 4, "r:h B4:h D5 G5:h~ G5 F5:h~ F5 E5:h~ E5 D5:h~ D5 C#5 D5:w", 6),
    "unison": (S, 1, "D5 F4 C#5 D5", 2),
    "parallel fifths": (S, 1, "D4 C5 B4 D5", 3),
    "parallel octaves": (S, 1, "D5 F5 C#5 D5", 2),
    "fifths on the beat": (S, 2, "r:h A4 C5 A4 B4 C#5 D5:w", 3),
    "octaves on the beat": (S, 2, "r:h A4 F5 D5 E5 C#5 D5:w", 3),
    "octaves off the beat": ("D4 G4 F4 E4 D4", 4, "r:h D5:h B4 G5:h~ G5 F5:h~ F5 E5 D5:w", 4),
    "direct fifth": (S, 1, "F4 C5 C#5 D5", 2),
    "direct octave": (S, 1, "A4 F5 C#5 D5", 2),
    "crossing": (S, 1, "D4 E4 C#5 D5", 2),
    "overlap": ("D4 G4 F4 E4 D4", 1, "D4 B4 A4 C#5 D5", 2),
    "distance": (S, 1, "D5 D6 C#5 D5", 2),
    "imperfect row": ("C4 D4 E4 F4 E4 D4 C4", 1, "C5 F4 G4 A4 G4 B4 C5", 5),
    "contrary motion": (ARCH, 1, "C5 D5 E5 D5 C5", 5),
    "eighths": (S, 5, "r:h A4 C5:e D5 C5:q A4:h~ A4 C#5 D5:w", 2),
    "tie": (S, 5, "r:h A4:q B4:q~ B4:h A4 G4 C#5 D5:w", 1),
    "monotony": ("C4 D4 E4 F4 E4 D4 C4", 5, "r:h C5 B4:q A4 G4 F4 G4 A4 B4 C5 A4 B4 C5 A4 G4:h C5:h~ C5 B4 C5:w", 4),
}  # fmt: skip


def planted(rule: str, *, above: bool = True) -> tuple[Violation, ...]:
    notes, species, text, _ = PLANTED[rule]
    return check(Counterpoint.parse(text, Cantus.parse(notes), species, above=above))


def test_every_rule_has_its_planted_error() -> None:
    assert set(PLANTED) == set(RULES)


@pytest.mark.parametrize("rule", PLANTED)
def test_planted_error_is_found(rule: str) -> None:
    found = planted(rule)
    where = [v for v in found if v.rule.name == rule]
    assert [v.bar for v in where[:1]] == [PLANTED[rule][3]], list(map(str, found))
    assert RULES[rule].source in str(where[0]) and "\n" not in str(where[0])


def test_eighths_go_by_step() -> None:
    text = "r:h D5:h C5:q {} A4:h~ A4 C#5 D5:w"
    found = [check(Counterpoint.parse(text.format(pair), Cantus.parse(S), 5)) for pair in ("D5:e B4", "B4:e C5")]
    assert ["eighths" in {v.rule.name for v in one} for one in found] == [True, True]
    good = check(Counterpoint.parse(text.format("B4:e A4 "), Cantus.parse("D4 F4 E4 D4"), 5))
    assert "eighths" in {v.rule.name for v in good}  # A4 again is no step
    good = check(Counterpoint.parse("r:h D5:h C5:q B4:e A4 B4:h~ B4 C#5 D5:w", Cantus.parse(S), 5))
    assert "eighths" not in {v.rule.name for v in good}


def test_bar_beat_rule_and_book_in_one_line() -> None:
    assert next(str(v) for v in planted("parallel octaves")) == (
        "bar 2, beat 1: parallel octaves, F5 over F4 after D5 [Fux, Gradus ad Parnassum]"
    )


ALLOWED = {
    # name: (cantus, species, text): of the dissonances only these figures, so that none of them is reported
    "passing half": ("D4 F4 E4 D4 E4 D4", 2, "r:h D5 A4 C5 G4 A4 B4 D5 B4 C#5 D5:w"),
    "passing quarter": (S, 3, "D5:q E5 D5 B4 A4 B4 C5 D5 B4 A4 B4 C#5 D5:w"),
    "neighbour": (S, 3, "D5:q E5 D5 B4 A4 G4 A4 C5 B4 A4 B4 C#5 D5:w"),
    "cambiata": ("D4 F4 A4 E4 D4", 3, "D5:q C5 A4 B4 C5 A4 D5 C5 A4:q B4 C5 A4 B4 A4 B4 C#5 D5:w"),
    "double neighbour": (S, 3, "D5:q C5 B4 D5 C5 D5 B4 C5 B4 A4 B4 C#5 D5:w"),
    "7-6": ("D4 E4 F4 E4 D4", 4, "r:h D5:h~ D5 C5:h A4 D5:h~ D5 C#5 D5:w"),
    "4-3": ("D4 C4 E4 F4 E4 D4", 4, "r:h F4:h~ F4 E4:h G4 B4 C5 D5:h~ D5 C#5 D5:w"),
    "9-8": ("D4 G4 F4 E4 D4", 4, "r:h D5:h B4 G5:h~ G5 F5 B4 C#5 D5:w"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_figure_passes(name: str) -> None:
    notes, species, text = ALLOWED[name]
    found = {v.rule.name for v in check(Counterpoint.parse(text, Cantus.parse(notes), species))}
    assert not found & {"dissonance off the beat", "suspension", "dissonance on the beat"}, found


def test_below_only_two_three_is_a_suspension() -> None:
    cantus = Cantus.parse("D4 E4 F4 E4 D4")
    bad = check(Counterpoint.parse("r:h D4:h B3 B3:h~ B3 A3:h D3 C#3 D3:w", cantus, 4, above=False))
    assert "suspension" in {v.rule.name for v in bad}  # B under F is a tritone, a fourth's kind
    good = check(Counterpoint.parse("r:h D4:h~ D4 C4:h A3 D4:h~ D4 C#4 D4:w", cantus, 4, above=False))
    assert "suspension" not in {v.rule.name for v in good}


OF_FUX = {
    # figure in Mann's edition: (cantus, species, above, text, what he breaks of our rules)
    "5": ("Fux dorian", 1, True, "A4 A4 G4 A4 B4 C5 C5 B4 D5 C#5 D5", set()),
    "37": ("Fux phrygian", 2, False,
           "r:h E3 A3 G3 F3 D3 E3 C3 F3 C4 F4 D4 E4 D4 C4 B3 A3 D4 E4:w",
           {"leap recovery", "range", "overlap", "crossing"}),
    "56": ("Fux dorian", 3, False,
           "D3:q E3 F3 G3 A3 D3 A3 B3 C4 B3 G3 A3 B3 A3 G3 F3 E3 E4 B3 C4 D4 A3 D3 E3 F3 G3 A3 B3 C4 D4 E4 C4 "
           "D4 A3 D3 D4 C#4 A3 B3 C#4 D4:w", {"leap recovery", "climax"}),
    "75": ("Fux phrygian", 4, True,
           "r:h E5:h~ E5 C5~ C5 B4 C5 E4~ E4 F4~ F4 C5~ C5 B4~ B4 E5~ E5 D5 E5:w",
           {"melodic interval", "crossing", "climax"}),
    "84a": ("Fux phrygian", 5, True,
            "r:h E5:h~ E5:q D5 C5 B4 A4 G4 F4 D4 E4 G4 C5:h~ C5:q B4 A4 G4 F4:h C5:h~ C5:q B4:e A4 B4:q A4 G4 E4 "
            "E5:h~ E5 D5 E5:w", {"crossing", "overlap", "climax"}),
}  # fmt: skip
"""Examples of the Gradus (1725), one of each species. He crosses the voices, and recovers leaps less than Jeppesen
asks; of his own rules of consonance, suspension and parallels he breaks none."""


@pytest.mark.parametrize("figure", OF_FUX)
def test_fux_wrote_this(figure: str) -> None:
    cantus, species, above, text, otherwise = OF_FUX[figure]
    found = check(Counterpoint.parse(text, CANTUS_FIRMI[cantus], species, above=above))
    assert {v.rule.name for v in found} == otherwise, list(map(str, found))


def test_a_decorated_suspension_comes_back_to_its_resolution() -> None:
    text = "r:h D5:h~ D5:q C5 {} A4 A4:h D5:h~ D5 C#5 D5:w"
    cantus = Cantus.parse("D4 E4 F4 E4 D4")
    found = [check(Counterpoint.parse(text.format(note), cantus, 5)) for note in ("C5", "B4")]
    assert ["suspension" in {v.rule.name for v in one} for one in found] == [False, True]


def test_what_cannot_be_judged_is_said() -> None:
    cantus = Cantus.parse(S)
    tone = Tone(Slot(0, 8), Pitch.parse("D5"))
    with pytest.raises(MusicError, match="species 6 is none: give 1 to 5"):
        check(Counterpoint(cantus, 6, True, (tone,)))
    with pytest.raises(MusicError, match="without tones"):
        check(Counterpoint(cantus, 1, True, ()))
    with pytest.raises(MusicError, match="goes on in bar 5 and the cantus has 4 bars"):
        check(Counterpoint.parse("D5 C5 A4 C#5 D5", cantus, 1))
