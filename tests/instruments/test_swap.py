"""Another patch while it plays: no click, no note lost."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import RATE, on, render
from sounds import plain, prepared

from instruments.block import InstrumentError
from instruments.patch import make_instrument
from instruments.swap import Swap
from instruments.synth import Synth


def _playing(name: str = "") -> Swap:
    swap = Swap(make_instrument(name) if name else Synth(plain("sine", attack=5)))
    swap.prepare(RATE, 512)
    render(swap, [on(0, 60)], 24000)
    return swap


@pytest.mark.parametrize("block", [64, 512])
def test_the_old_sound_fades_and_the_new_one_plays(block: int) -> None:
    swap = _playing()
    before = render(swap, [], 4800, (block,))
    swap.change(Synth(plain("sine", attack=5)))
    after = render(swap, [on(960, 67)], 9600, (block,))
    joined = np.concatenate([before, after], axis=1)[0].astype(float)
    assert np.abs(np.diff(joined)).max() < 1.6 * np.abs(np.diff(before)).max()
    late = np.abs(np.fft.rfft(after[0, -4800:] * np.hanning(4800)))
    hz = np.fft.rfftfreq(4800, 1 / RATE)
    assert abs(hz[late.argmax()] - 392) < 10
    assert late[np.abs(hz - 261.6) < 10].max() < 1e-3 * late.max()


def test_changes_in_haste_follow_one_another() -> None:
    swap = _playing("lead")
    x = []
    for key in (60, 64, 67, 72):
        swap.change(Synth(plain("sine", attack=5)))
        x.append(render(swap, [on(0, key)], 480, (96,)))
    x.append(render(swap, [], 9600))
    step = np.abs(np.diff(np.concatenate(x, axis=1))).max()
    assert step < 0.2
    swap.reset()
    assert not render(swap, [], 4800).any()


def test_drums_and_strings_swap_too() -> None:
    swap = _playing("acoustic-piano")
    swap.change(make_instrument("jazz-kit"))
    x = render(swap, [on(0, 38)], 4800)
    assert np.isfinite(x).all()
    assert np.abs(x).max() > 0.05
    assert swap.latency == prepared("jazz-kit").latency
    swap.close()


def test_it_has_to_be_prepared_first() -> None:
    with pytest.raises(InstrumentError, match="prepare"):
        Swap(Synth(plain())).change(Synth(plain()))
