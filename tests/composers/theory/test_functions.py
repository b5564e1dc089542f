"""Functions of Roman numerals."""

from __future__ import annotations

import pytest

from composers.theory.functions import Function, Source, function_of, is_chromatic_mediant
from composers.theory.romans import parse_roman, vocabulary


@pytest.mark.parametrize(
    ("figure", "mode", "label", "source"),
    [
        ("I", "major", "T", "diatonic"), ("ii", "major", "PDs", "diatonic"), ("iii", "major", "Ts", "diatonic"),
        ("IV", "major", "PD", "diatonic"), ("V7", "major", "D", "diatonic"), ("vi", "major", "Ts", "diatonic"),
        ("viio6", "major", "Ds", "diatonic"), ("i", "minor", "T", "diatonic"), ("iio6", "minor", "PDs", "diatonic"),
        ("III", "minor", "Ts", "diatonic"), ("III+", "minor", "Ds", "diatonic"), ("iv", "minor", "PD", "diatonic"),
        ("IV", "minor", "PD", "diatonic"), ("V", "minor", "D", "diatonic"), ("VI", "minor", "Ts", "diatonic"),
        ("VII", "minor", "Ds", "diatonic"), ("viio7", "minor", "Ds", "diatonic"), ("I", "minor", "T", "mixture"),
        ("i", "major", "T", "mixture"), ("iv", "major", "PD", "mixture"), ("iiø7", "major", "PDs", "mixture"),
        ("viio7", "major", "Ds", "mixture"), ("bVI", "major", "Ts", "mixture"), ("bIII", "major", "Ts", "mixture"),
        ("N6", "minor", "PDs", "Neapolitan"), ("bII", "major", "PDs", "Neapolitan"),
        ("Ger65", "minor", "PDs", "augmented sixth"), ("Fr43", "major", "PDs", "augmented sixth"),
        ("V7/V", "major", "D/V", "applied"), ("viio7/ii", "major", "Ds/ii", "applied"),
        ("ii7/IV", "major", "PDs/IV", "applied"), ("Ger65/V", "major", "PDs/V", "applied"),
        ("V65/V/V", "major", "D/V/V", "applied"), ("bIId7", "major", "Ds", "tritone substitute"),
        ("III", "major", "Ts", "chromatic mediant"), ("VI", "major", "Ts", "chromatic mediant"),
        ("biii", "major", "Ts", "chromatic mediant"), ("iii", "minor", "Ts", "chromatic mediant"),
        ("Cad64", "major", "Ds", "cadential six-four"), ("#ivo7", "major", "PDs", "chromatic"),
    ],
)  # fmt: skip
def test_what_a_numeral_does(figure: str, mode: str, label: str, source: str) -> None:
    found = function_of(parse_roman(figure), mode)
    assert (str(found), found.source) == (label, source)


@pytest.mark.parametrize(
    ("figure", "following", "mode", "label", "source"),
    [
        ("I64", "V7", "major", "Ds", "cadential six-four"), ("I64", "IV", "major", "T", "diatonic"),
        ("bVI", "V", "major", "PDs", "mixture"), ("bVI", "bVII", "major", "Ts", "mixture"),
        ("VI", "iio6", "minor", "Ts", "diatonic"), ("VI", "V", "minor", "PDs", "diatonic"),
        ("V7/bIII", "I", "major", "Ds", "backdoor dominant"), ("V7/bIII", "bIII", "major", "D/bIII", "applied"),
        ("bVIId7", "I", "major", "Ds", "backdoor dominant"), ("bVII", "IV", "major", "PDs", "mixture"),
        ("#iio7", "I6", "major", "Ts", "common-tone diminished seventh"),
        ("bIII", "bVI", "major", "Ts", "mixture"), ("#iio7", "iii6", "major", "Ds/iii", "applied"),
        ("bIIId7", "ii7", "major", "Ds/ii", "tritone substitute"), ("II", "V65", "major", "D/V", "applied"),
        ("III", "vi", "major", "D/vi", "applied"), ("III", "IV", "major", "Ts", "chromatic mediant"),
        ("iv", "bVII", "major", "PD", "mixture"),
    ],
)  # fmt: skip
def test_the_numeral_behind_decides(figure: str, following: str, mode: str, label: str, source: str) -> None:
    found = function_of(parse_roman(figure), mode, parse_roman(following))
    assert (str(found), found.source) == (label, source)


def test_charts_have_functions_too() -> None:
    assert function_of(parse_roman("bII7", chart=True)).source is Source.TRITONE
    assert function_of(parse_roman("iim7b5", chart=True), "minor").function is Function.PREDOMINANT
    assert function_of(parse_roman("V7alt", chart=True), "minor").function is Function.DOMINANT


def test_chromatic_mediants_are_kostka_and_paynes() -> None:
    in_major = {f for f in ("III", "bIII", "biii", "VI", "bVI", "bvi", "iii", "vi")
                if is_chromatic_mediant(parse_roman(f))}  # fmt: skip
    assert in_major == {"III", "bIII", "biii", "VI", "bVI", "bvi"}
    in_minor = {f for f in ("#iii", "#III", "iii", "vi", "#VI", "bvi", "III", "VI")
                if is_chromatic_mediant(parse_roman(f), "minor")}  # fmt: skip
    assert in_minor == {"#iii", "#III", "iii", "vi", "#VI", "bvi"}
    assert not is_chromatic_mediant(parse_roman("V/vi"))


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_usual_numeral_has_a_function(mode: str) -> None:
    for numeral in vocabulary(mode):
        label = function_of(numeral, mode)
        assert label.target == numeral.of
        assert (label.source is Source.APPLIED) == (numeral.of is not None)
        if numeral.degree == 5 and numeral.of is None and not numeral.accidental:
            assert label.function is Function.DOMINANT
