"""The rack: the sound does not depend on blocks, parameters glide along the grid, silence sleeps, faults are caught."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.block import Transport
from instruments.effects.width import Width
from instruments.errors import InstrumentError
from instruments.rack import Rack

NOISE = np.random.default_rng(1).standard_normal((2, 4096)).astype(np.float32) * np.float32(0.1)


def _turned(blocks: Sequence[int]) -> NDArray[np.float32]:
    """Through a width that changes at frame 1024."""
    effect = Width({"width": 1.0})
    effect.prepare(48000, 4096)
    out, at, i = NOISE.copy(), 0, 0
    while at < out.shape[1]:
        n = min(blocks[i % len(blocks)], out.shape[1] - at)
        if at < 1024:
            n = min(n, 1024 - at)
        elif at == 1024:
            effect.set("width", 0.2)
            effect.set("mono_below_hz", 200)
        effect.process(out[:, at : at + n], Transport(at))
        at, i = at + n, i + 1
    return out


@pytest.mark.parametrize("blocks", [[1], [64], [333], [4096], [1, 7, 100]])
def test_the_sound_does_not_depend_on_blocks(blocks: list[int]) -> None:
    assert np.abs(_turned(blocks) - _turned([128])).max() < 1e-6


def test_a_wrong_parameter_is_named_with_its_range() -> None:
    with pytest.raises(InstrumentError, match=r"'width': width = 3 does not fit: give a number from 0 to 2"):
        Width({"width": 3})
    with pytest.raises(InstrumentError, match="no parameter 'with': choose from width, mono_below_hz"):
        Width().set("with", 1)


def test_what_is_not_finite_is_silenced_and_counted() -> None:
    rack = Rack([Width({"width": 0.5})], 48000, 64)
    block = NOISE[:, :64].copy()
    block[0, 3] = np.nan
    rack.process(block, Transport(0))
    assert not block.any() and rack.faults()[0] == 1


@pytest.mark.parametrize("blocks", [128, 33, 1])
def test_a_bypass_is_exact_and_does_not_depend_on_blocks(blocks: int) -> None:
    rack = Rack([Width({"width": 0.0})], 48000, 4096)
    out = NOISE.copy()
    for at in range(0, 4096, blocks):
        if at == 1056 // blocks * blocks:
            rack.bypass(0, True)
        if at <= 2112 < at + blocks:
            rack.bypass(0, False)
        rack.process(out[:, at : at + blocks], Transport(at))
    assert (out[0, :1024] == out[1, :1024]).all() and (out[0, 2700:] == out[1, 2700:]).all()
    assert out[:, 1600:2048].tobytes() == NOISE[:, 1600:2048].tobytes()
