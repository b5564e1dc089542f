"""Numbers for sixteen voices at once: against NumPy, lane by lane."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from instruments.kernels import lanes
from instruments.kernels.lanes import LANES
from instruments.kernels.tables import rows_of

_flat, _pairs = rows_of(1), rows_of(2)
load, store = lanes.load, lanes.store


@njit
def _every(a, b, out, ints):  # type: ignore[no-untyped-def]
    x, y, to, whole = load(_flat(a), 0), load(_flat(b), 0), _flat(out), _flat(ints)
    store(to, 0, lanes.power_of_two(x))
    store(to, LANES, lanes.turn_sine(lanes.centred(x)))
    store(to, 2 * LANES, lanes.larger(x, y) - lanes.smaller(x, y))
    store(to, 3 * LANES, lanes.above(x, y, x * y, x / (lanes.magnitude(y) + 1.0)))
    store(to, 4 * LANES, lanes.signed(lanes.magnitude(x), y))
    store(to, 5 * LANES, lanes.audible(x * 1e-14))
    store(whole, 0, lanes.next_noise(load(whole, 0)))
    store(whole, LANES, lanes.wrapped(load(whole, 0), load(whole, LANES)))
    return lanes.total(x)


floats = st.lists(st.floats(-90, 90, width=32), min_size=LANES, max_size=LANES)


@settings(max_examples=60, deadline=None)
@given(floats, floats)
def test_arithmetic_is_that_of_every_lane(first: list[float], second: list[float]) -> None:
    a, b, out = np.array(first, np.float32), np.array(second, np.float32), np.zeros((6, LANES), np.float32)
    ints = np.arange(1, 2 * LANES + 1, dtype=np.int32)
    total = _every(a, b, out.ravel(), ints)
    x, y = a.astype(float), b.astype(float)
    assert out[0] == pytest.approx(2**x, rel=3e-7)
    assert out[1] == pytest.approx(np.sin(2 * np.pi * x), abs=4e-6)  # the fraction of 90 in 24 bits
    assert np.array_equal(out[2], np.abs(a - b))
    assert out[3] == pytest.approx(np.where(x > y, x * y, x / (np.abs(y) + 1)), rel=1e-6, abs=1e-30)
    assert np.array_equal(np.abs(out[4]), np.abs(a))
    assert np.array_equal(np.signbit(out[4]), np.signbit(b))
    assert np.array_equal(out[5] == 0, np.abs(a * np.float32(1e-14)) <= np.float32(1e-15))
    assert total == pytest.approx(x.sum(), abs=1e-4)


def test_noise_is_even_and_does_not_repeat_soon() -> None:
    a, out = np.zeros(LANES, np.float32), np.zeros(6 * LANES, np.float32)
    ints = np.arange(1, 2 * LANES + 1, dtype=np.int32)
    seen = []
    for _ in range(4000):
        _every(a, a, out, ints)
        seen.append(ints[:LANES].copy())
    values = np.array(seen[100:], float) * 2.0**-31
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 3**-0.5) < 0.01
    assert len(np.unique(values)) == values.size


@njit
def _swap_columns(table):  # type: ignore[no-untyped-def]
    t = _pairs(table)
    for i in range(3):
        t[i, 0], t[i, 1] = t[i, 1], t[i, 0]
    return t[2, 0] + t[5]


def test_tables_are_arrays_by_address() -> None:
    table = np.arange(6.0).reshape(3, 2)
    assert _swap_columns(table) == 9.0  # t[2, 0] is 5 now, and the sixth number 4
    assert table.tolist() == [[1, 0], [3, 2], [5, 4]]
