"""Sections of a performance: every bar in one, in order, with an arc and an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.choruses import Part, Performance
from composers.errors import MusicError

AABA = (Part("A", 8), Part("A", 8), Part("B", 8), Part("A", 8))
BLUES = (Part("A", 12),)

performances = st.builds(
    Performance,
    parts=st.sampled_from((AABA, BLUES, (Part("A", 8), Part("B", 8)))),
    length=st.none() | st.integers(1, 400),
    trades=st.sampled_from((0, 4, 8)),
    bass=st.booleans(),
    tag=st.booleans(),
    intro=st.sampled_from((0, 4, 8)),
)


@given(performances, st.integers(0, 500))
def test_every_bar_is_in_one_section_that_says_the_same_of_all_its_bars(performance: Performance, bar: int) -> None:
    section = performance.section(bar)
    if section is None:
        assert performance.length is not None and bar >= performance.length
        return
    assert section.first_bar <= bar < section.end_bar
    assert 1 <= section.bars <= section.written
    assert 0 <= section.energy <= 1
    assert all(performance.section(b) == section for b in range(section.first_bar, section.end_bar))
    if section.first_bar:
        before = performance.section(section.first_bar - 1)
        assert before is not None and before.end_bar == section.first_bar


@given(performances.filter(lambda p: p.length is not None))
def test_a_finite_performance_ends_with_an_ending(performance: Performance) -> None:
    assert performance.length is not None
    last = performance.section(performance.length - 1)
    assert last is not None and last.role == "ending" and last.end_bar == performance.length
    assert last.bars == min(2, performance.length)
    assert performance.section(performance.length) is None


def roles(performance: Performance, bars: int) -> list[str]:
    found = []
    for bar in range(bars):
        section = performance.section(bar)
        assert section is not None
        if not found or found[-1] != section.role:
            found.append(section.role)
    return found


@pytest.mark.parametrize(
    ("parts", "length", "expected"),
    [
        (AABA, 128, ["head", "solo", "out", "ending"]),
        (AABA, 132, ["intro", "head", "solo", "out", "ending"]),
        (AABA, 64, ["head", "solo", "out", "ending"]),
        (AABA, 32, ["head", "ending"]),
        (AABA, 2, ["ending"]),
        (BLUES, 76, ["intro", "head", "solo", "out", "ending"]),
        (BLUES, 24, ["head", "solo", "ending"]),
    ],
)
def test_the_order_of_things(parts: tuple[Part, ...], length: int, expected: list[str]) -> None:
    assert roles(Performance(parts, length), length) == expected


def test_solos_build_and_heads_are_cool() -> None:
    performance = Performance(BLUES)
    energies = [performance.section(12 * chorus).energy for chorus in range(9)]  # type: ignore[union-attr]
    assert energies[0] == energies[1] < energies[2]
    assert energies[2:8] == sorted(energies[2:8])
    assert energies[8] < energies[7]


def test_an_intro_is_the_end_of_the_form() -> None:
    performance = Performance(AABA, 68)
    intro, head = performance.section(0), performance.section(4)
    assert intro is not None and (intro.role, intro.bars, intro.chart_bar) == ("intro", 4, 28)
    assert head is not None and (head.role, head.name, head.first_bar, head.chart_bar) == ("head", "A", 4, 0)


def test_no_bars_are_no_piece() -> None:
    with pytest.raises(MusicError, match="length = 0"):
        Performance(AABA, 0)


def test_bass_trading_and_tag_come_in_their_places() -> None:
    """A finite piece uses what does not fill a chorus; eights give the drummer whole sections."""
    tagged = Performance(AABA, 32 * 6 + 8, 8, bass=True, tag=True)
    assert roles(tagged, 200) == [
        "intro", "head", "solo", "bass-solo", "solo", "drum-solo", "solo", "drum-solo", "out", "tag", "ending",
    ]  # fmt: skip
    tag = tagged.section(197)
    assert tag is not None and (tag.first_bar, tag.bars, tag.chart_bar) == (194, 4, 30)
    fours = Performance(AABA, trades=4, bass=True, intro=4)
    assert roles(fours, 32 * 6 + 4) == ["intro", "head", "solo", "bass-solo", "trade", "out"]
    sections = [section for bar in range(4, 164, 8) if (section := fours.section(bar)) is not None]
    energies = [section.energy for section in sections if section.role == "solo"]
    assert energies == sorted(energies)
