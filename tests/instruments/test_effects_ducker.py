"""The ducker: where and how its dips are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, due, off, on

from instruments.block import FrameEvent, Transport
from instruments.effects.ducker import Ducker


def gain_of(
    effect: Ducker, events: list[FrameEvent], frames: int = RATE, blocks: tuple[int, ...] = (128,), bpm: float = 120.0,
    first: int = 0,
) -> np.ndarray:
    """The gain, frame by frame, with `events` on the key track: as a console runs it."""
    effect.prepare(RATE, 4096)
    out = np.ones((2, frames), np.float32)
    at = turn = 0
    while at < frames:
        n = min(blocks[turn % len(blocks)], frames - at)
        key = np.full((2, n), 9, np.float32)
        effect.hear(due(events, at, at + n), key, first + at)
        block = np.ascontiguousarray(out[:, at : at + n])
        effect.process(block, Transport(first + at, bpm=bpm), key)
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    assert np.array_equal(out[0], out[1])
    return out[0].astype(float)


def test_a_dip_is_where_and_as_long_as_it_should_be() -> None:
    gain = gain_of(Ducker({"depth_db": 12, "attack_ms": 2, "hold_ms": 20, "release_ms": 200}), [on(5000, 36)])
    assert (gain[:5000] == 1).all() and gain[5000] < 1
    floor = 10 ** (-12 / 20)
    assert gain[5000 + 96 - 1 : 5000 + 96 + 960] == pytest.approx(floor, abs=1e-6)
    back = 5000 + 96 + 960 + 9600
    assert gain[back - 4800 - 1] == pytest.approx((1 + floor) / 2, abs=1e-3)  # an S: half the way in half the time
    assert gain[back - 20] < 1 and (gain[back:] == 1).all()
    assert np.abs(np.diff(gain)).max() < 1.6 * (1 - floor) / 96


@pytest.mark.parametrize("bpm", [90, 120, 174])
def test_a_length_in_beats_follows_the_tempo(bpm: float) -> None:
    gain = gain_of(Ducker({"length_beats": 0.75}), [on(1000, 35)], 2 * RATE, bpm=bpm)
    end = 1000 + 0.75 * 60 / bpm * RATE
    assert np.flatnonzero(gain < 1)[-1] == pytest.approx(end, abs=12)


def test_the_curve_comes_back_early_or_late() -> None:
    middle = 1000 + 48 + 960 + 330 * 24
    early, straight, late = (gain_of(Ducker({"curve": c}), [on(1000, 36)])[middle] for c in (-1, 0, 1))
    assert early > straight + 0.2 > late + 0.4


def test_only_the_kick_ducks() -> None:
    assert (gain_of(Ducker(), [on(10, 38), on(20, 42), off(30, 36)]) == 1).all()
    assert gain_of(Ducker(), [on(10, 35)]).min() < 0.3
    wide = Ducker({"low_key": 0, "high_key": 127})
    assert gain_of(wide, [on(10, 60)]).min() < 0.3


def test_velocity_counts_as_much_as_asked() -> None:
    for share, want in ((0, 12.0), (0.5, 9.0), (1, 6.0)):
        gain = gain_of(Ducker({"depth_db": 12, "velocity": share}), [on(10, 36, 63.5)])
        assert -20 * np.log10(gain.min()) == pytest.approx(want, abs=0.01)


def test_a_note_within_the_dip_goes_on_from_there() -> None:
    gain = gain_of(Ducker({"attack_ms": 10, "release_ms": 300}), [on(1000, 36), on(9000, 36)])
    assert gain[9000] == pytest.approx(gain[8999], abs=0.01)
    assert gain[9000 + 480] == pytest.approx(10 ** (-12 / 20), abs=1e-4)


def test_late_sound_is_ducked_as_late() -> None:
    plain, late = Ducker(), Ducker()
    late.late = 777
    a, b = gain_of(plain, [on(1000, 36)]), gain_of(late, [on(1000, 36)])
    assert np.array_equal(a[:-777], b[777:])


def test_reduction_and_reset() -> None:
    effect = Ducker()
    gain_of(effect, [on(47900, 36)])
    assert effect.reduction_db() == pytest.approx(12, abs=0.01)
    effect.reset()
    key = np.zeros((2, 64), np.float32)
    x = np.ones((2, 64), np.float32)
    effect.process(x, Transport(RATE), key)
    assert (x == 1).all()


def test_without_a_key_sound_does_not_duck_itself() -> None:
    effect = Ducker()
    effect.prepare(RATE, 512)
    x = np.ones((2, 512), np.float32)
    effect.process(x, Transport())
    assert (x == 1).all()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7999), st.integers(1, 127)), max_size=12),
    st.lists(st.integers(1, 4096), min_size=1, max_size=5), st.integers(0, 3000),
)
def test_dips_do_not_depend_on_blocks(notes: list[tuple[int, int]], blocks: list[int], late: int) -> None:
    events = [on(frame, 36, velocity) for frame, velocity in sorted(notes)]
    params: dict[str, Any] = {"velocity": 1, "release_ms": 40}
    found = []
    for cuts in (tuple(blocks), (4096,)):
        effect = Ducker(params)
        effect.late = late
        found.append(gain_of(effect, events, 8000 if min(blocks) > 8 else 2000, cuts, first=13))
    assert np.abs(found[0] - found[1]).max() < 1e-6
