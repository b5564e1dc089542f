"""Cadences, each kind by the progression that the books give for it."""

from __future__ import annotations

import pytest

from composers.theory.cadences import Cadence, Kind, Moment, cadences
from composers.theory.romans import parse_roman


def row(text: str, sopranos: str = "", strengths: str = "") -> list[Moment]:
    figures = text.split()
    soprano = [int(s) if s != "-" else None for s in sopranos.split()] or [None] * len(figures)
    strength = [float(s) for s in strengths.split()] or [1.0] * len(figures)
    return [Moment(parse_roman(f), b, s) for f, b, s in zip(figures, strength, soprano, strict=True)]


def kinds(found: tuple[Cadence, ...]) -> list[tuple[str, int]]:
    return [(str(c.kind), c.index) for c in found]


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("I IV V I", "major", [("authentic", 3)]),
        ("I V V7 I", "major", [("authentic", 3)]),
        ("i iio6 Cad64 V7 i", "minor", [("authentic", 4)]),
        ("I ii6 V65 I", "major", [("imperfect authentic", 3)]),
        ("I viio6 I", "major", [("imperfect authentic", 2)]),
        ("I ii7 bIId7 I", "major", [("imperfect authentic", 3)]),
        ("I IV V", "major", [("half", 2)]),
        ("I ii6 Cad64 V", "major", [("half", 3)]),
        ("I V7/V V", "major", [("half", 2)]),
        ("i iv6 V", "minor", [("Phrygian half", 2)]),
        ("i iv V", "minor", [("half", 2)]),
        ("I ii V vi", "major", [("deceptive", 3)]),
        ("i iv V7 VI", "minor", [("deceptive", 3)]),
        ("I IV Cad64 V7 IV6", "major", [("deceptive", 4)]),
        ("I IV I", "major", [("plagal", 2)]),
        ("I iv I", "major", [("plagal", 2)]),
        ("I iv7 bVIId7 I", "major", [("backdoor", 3)]),
        ("I iv7 V7/bIII I", "major", [("backdoor", 3)]),
        ("I ii6 Cad64 V42 I6 ii6 Cad64 V7 I", "major", [("evaded", 4), ("authentic", 8)]),
        ("I vi ii", "major", []),
        ("I", "major", []),
        ("V42 I6 V43 I", "major", [("imperfect authentic", 3)]),
    ],
)  # fmt: skip
def test_the_last_harmony_ends_a_phrase(text: str, mode: str, expected: list[tuple[str, int]]) -> None:
    assert kinds(cadences(row(text), mode)) == expected


@pytest.mark.parametrize(
    ("soprano", "kind"), [("1", Kind.PERFECT), ("3", Kind.IMPERFECT), ("5", Kind.IMPERFECT), ("-", Kind.AUTHENTIC)]
)
def test_the_soprano_decides_whether_it_is_perfect(soprano: str, kind: Kind) -> None:
    assert cadences(row("I IV V I", f"3 4 2 {soprano}")) == (Cadence(kind, 3, 2),)


def test_known_phrase_ends_leave_the_rest_alone() -> None:
    moments = row("I V I IV I V I ii V vi IV V7 I")
    assert kinds(cadences(moments, ends={4, 9, 12})) == [("plagal", 4), ("deceptive", 9), ("authentic", 12)]
    assert kinds(cadences(moments, ends={5})) == [("half", 5)]
    assert kinds(cadences(moments, ends=())) == []


def test_a_weak_tonic_is_no_cadence_unless_the_phrase_ends_there() -> None:
    passing = row("I V I6 IV V I IV V I", strengths="1 0.5 0.25 1 1 0.5 1 0.5 1")
    assert kinds(cadences(passing)) == [("authentic", 8)]
    assert ("authentic", 5) in kinds(cadences(passing, ends={5}))


def test_a_tonic_that_goes_on_ends_its_phrase_where_it_came() -> None:
    assert cadences(row("ii V7 I I6 I"), ends={4}) == (Cadence(Kind.AUTHENTIC, 2, 1),)


def test_a_cadence_in_another_key() -> None:
    vi = parse_roman("vi")
    assert cadences(row("I V7/vi vi"), ends={2}) == (Cadence(Kind.AUTHENTIC, 2, 1, vi),)
    assert cadences(row("I V7/vi vi", "1 7 6"), ends={2}) == (Cadence(Kind.PERFECT, 2, 1, vi),)
    bvi = parse_roman("bVI")
    assert cadences(row("I ii/bVI V7/bVI I/bVI"), ends={3}) == (Cadence(Kind.AUTHENTIC, 3, 2, bvi),)
    assert cadences(row("I V7/vi vi ii"), ends=()) == ()
