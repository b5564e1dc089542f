"""Entropy, key fit and diatonic share on cases that can be worked out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_pieces import BAR, line

from composers.score import Note
from composers.statistics import tonality

NOTES = st.lists(st.builds(Note, st.integers(0, 8 * BAR), st.integers(1, BAR), st.integers(24, 100), st.just(80.0)),
                 min_size=3, max_size=30)  # fmt: skip


def test_entropy_counts_bits() -> None:
    assert tonality.entropy([1.0] + [0.0] * 11) == 0
    assert tonality.entropy([1.0, 1.0, 1.0, 1.0] + [0.0] * 8) == pytest.approx(2)
    assert tonality.entropy([1.0] * 12) == pytest.approx(3.585, abs=1e-3)


def test_a_scale_is_diatonic_and_fits_a_key_better_than_all_twelve() -> None:
    scale = line([60, 62, 64, 65, 67, 69, 71, 72])
    chromatic = line(range(60, 72))
    assert tonality.mean_diatonic_share(scale, 4 * BAR) == 1
    assert tonality.mean_diatonic_share(chromatic, 4 * BAR) == pytest.approx(7 / 12)
    assert tonality.mean_key_fit(scale, 4 * BAR) > 0.8  # type: ignore[operator]
    assert tonality.mean_key_fit(chromatic, 4 * BAR) is None  # even weights correlate with nothing


def test_the_profiles_correlate_with_themselves() -> None:
    assert tonality.key_fit(tonality.MAJOR_PROFILE) == pytest.approx(1)
    assert tonality.key_fit((*tonality.MINOR_PROFILE[5:], *tonality.MINOR_PROFILE[:5])) == pytest.approx(1)


def test_a_long_note_counts_in_every_window_that_it_reaches() -> None:
    found = tonality.windows([Note(BAR // 2, 2 * BAR, 61, 80.0)], BAR)
    assert [w[1] for w in found] == [BAR // 2, BAR, BAR // 2]


def test_nothing_has_no_key() -> None:
    assert tonality.mean_entropy([], BAR) is tonality.mean_key_fit([], BAR) is tonality.mean_diatonic_share([], BAR)


@given(NOTES, st.integers(-12, 12))
def test_transposition_changes_nothing(notes: list[Note], up: int) -> None:
    moved = [n._replace(pitch=n.pitch + up) for n in notes]
    for of in (tonality.mean_entropy, tonality.mean_key_fit, tonality.mean_diatonic_share):
        before, after = of(notes, 4 * BAR), of(moved, 4 * BAR)
        assert (before is None and after is None) or before == pytest.approx(after)
