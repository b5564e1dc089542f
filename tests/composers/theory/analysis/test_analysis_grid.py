"""Slices of a score and what is in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.score import PPQ, Meter, Note
from composers.theory.analysis.features import (
    BOUNDARY_FEATURES,
    CHORD_BLOCKS,
    CHORD_EXTRAS,
    boundary_features,
    by_group,
    chord_blocks,
    chord_extras,
    window,
)
from composers.theory.analysis.grid import SLICE_TICKS, MeterChange, make_grid

FOUR = (MeterChange(0, Meter()),)


def note(beat: float, beats: float, key: int) -> Note:
    return Note(round(beat * PPQ), round(beats * PPQ), key, 80.0)


@st.composite
def scores(draw: st.DrawFn) -> list[Note]:
    start = st.integers(-4 * PPQ, 40 * PPQ)
    rows = draw(st.lists(st.tuples(start, st.integers(1, 9 * PPQ), st.integers(0, 127)), min_size=1, max_size=25))
    return [Note(s, n, k, 80.0) for s, n, k in rows]


@given(scores(), st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 8), (2, 2), (7, 16), (9, 8)]))
def test_slices_cover_all_notes_and_sum_to_their_lengths(notes: list[Note], meter: tuple[int, int]) -> None:
    grid = make_grid(notes, (MeterChange(0, Meter(*meter)),))
    assert (np.diff(grid.starts) > 0).all()
    assert grid.starts[0] <= grid.note_start.min()
    assert grid.starts[-1] >= grid.note_end.max()
    whole = grid._pairs
    summed = np.bincount(whole[0], weights=whole[2] * np.diff(grid.starts)[whole[1]], minlength=len(notes))
    assert np.allclose(summed, grid.note_end - grid.note_start, atol=1)
    assert (grid.level[grid.starts[:-1] % Meter(*meter).bar_ticks == 0] == 0).all()
    assert (np.diff(grid.beat) >= 0).all()
    assert (np.diff(grid.bar) >= 0).all()
    assert chord_blocks(grid).shape == (len(grid), CHORD_BLOCKS, 12)
    assert chord_extras(grid).shape == (len(grid), CHORD_EXTRAS)
    features = boundary_features(grid)
    assert features.shape == (len(grid), BOUNDARY_FEATURES)
    assert np.isfinite(features).all()


def test_levels_of_common_meters() -> None:
    bar = [note(i / 2, 0.5, 60) for i in range(8)]
    assert make_grid(bar, FOUR).level.tolist() == [0, 3, 2, 3, 1, 3, 2, 3]
    assert make_grid(bar[:6], (MeterChange(0, Meter(3, 4)),)).level.tolist() == [0, 3, 2, 3, 2, 3]
    assert make_grid(bar[:6], (MeterChange(0, Meter(6, 8)),)).level.tolist() == [0, 3, 3, 2, 3, 3]


def test_a_pickup_lies_in_bar_minus_one() -> None:
    grid = make_grid([note(-1, 1, 55), note(0, 4, 60)], FOUR)
    assert grid.bar.tolist() == [-1, -1] + [0] * 8
    assert grid.level.tolist()[:3] == [2, 3, 0]
    assert grid.starts[0] == -PPQ


def test_a_change_of_meter_begins_a_bar() -> None:
    changes = (MeterChange(0, Meter()), MeterChange(4 * PPQ, Meter(3, 4)))
    grid = make_grid([note(0, 10, 60)], changes)
    assert grid.starts[:-1][grid.level == 0].tolist() == [0, 4 * PPQ, 7 * PPQ]
    assert grid.bar[-1] == 2


def test_what_sounds_begins_rings_and_steps() -> None:
    grid = make_grid([note(0, 2, 48), note(0, 0.5, 64), note(0.5, 0.5, 62), note(1, 1, 60)], FOUR)
    assert grid.lowest.tolist() == [48, 48, 48, 48]
    assert grid.beginning[1].nonzero()[0].tolist() == [2]
    assert grid.held[1].nonzero()[0].tolist() == [0]
    assert grid.stepping[1].nonzero()[0].tolist() == [2]  # E D C: D passes
    assert grid.sounding[2][0] == 2  # C doubled
    assert grid.onsets.tolist() == [2, 1, 1, 0]


def test_played_notes_are_put_on_the_grid() -> None:
    early = make_grid([Note(0, PPQ, 60, 80.0), Note(PPQ - 25, PPQ, 62, 80.0)], FOUR)
    assert early.beginning[2][2] == 1
    assert early.beginning[1][2] == 0


def test_windows_and_groups_are_means() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert window(rows, 0, 2)[:, 0].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 3.5]
    assert window(rows, -2, 0)[:, 0].tolist() == [0, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert by_group(np.array([0, 0, 1, 1, 1, 2, 2, 2]), rows)[:, 0].tolist() == [0.5, 0.5, 3, 3, 3, 6, 6, 6]


def test_errors_say_what_to_give() -> None:
    with pytest.raises(MusicError, match="give at least one note"):
        make_grid([], FOUR)
    with pytest.raises(MusicError, match="do not ascend"):
        make_grid([note(0, 1, 60)], (FOUR[0], FOUR[0]))
    with pytest.raises(MusicError, match="analyse it in parts"):
        make_grid([note(0, 1, 60), Note(SLICE_TICKS * 3_000_000, 5, 60, 80.0)], FOUR)
