"""Effects by name, the cookbook, and what each of all effects must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, Audio, treat

from instruments.block import InstrumentError
from instruments.effects.registry import effect_names, make_effect, parameters_of
from instruments.parameter import Parameter


def _made(name: str, params: dict[str, float] | None = None, max_frames: int = 4096):  # type: ignore[no-untyped-def]
    effect = make_effect(name, params)
    effect.prepare(RATE, max_frames)
    return effect


def _noise(frames: int, seed: int = 1, level: float = 0.3) -> Audio:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * level).astype(np.float32)


def test_names_and_errors() -> None:
    assert effect_names() == sorted(effect_names()) and {"delay", "eq", "limiter", "reverb"} <= set(effect_names())
    with pytest.raises(InstrumentError, match=r"'flange'.*delay.*eq.*limiter.*reverb"):
        make_effect("flange")
    with pytest.raises(InstrumentError, match=r"no parameter 'room'.*t60_s"):
        make_effect("reverb", {"room": 1})
    with pytest.raises(InstrumentError, match=r"t60_s = 99.*0\.1 to 20 \(s"):
        make_effect("reverb", {"t60_s": 99})
    with pytest.raises(InstrumentError, match="mix = nan"):
        make_effect("reverb", {"mix": float("nan")})


def test_cookbook_gains_are_what_they_say() -> None:
    """The peak's gain at its centre, the passes' -3 dB, the shelves' ends: known without the cookbook's formulas."""
    from instruments.biquad import biquad

    def gain(row: tuple[float, ...], hz: float) -> float:
        z = np.exp(-2j * np.pi * hz / RATE)
        b0, b1, b2, a1, a2 = row
        return float(20 * np.log10(abs((b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z))))

    assert abs(gain(biquad("peak", 1000, RATE, 6.0, 1.0), 1000) - 6) < 1e-9
    assert abs(gain(biquad("low-pass", 1000, RATE, q=2**-0.5), 1000) + 3.01) < 0.01
    assert abs(gain(biquad("high-pass", 1000, RATE, q=2**-0.5), 1000) + 3.01) < 0.01
    assert abs(gain(biquad("low-shelf", 500, RATE, -4.0), 1e-3) + 4) < 1e-3
    assert abs(gain(biquad("high-shelf", 500, RATE, 5.0), 23999) - 5) < 1e-3


@pytest.mark.parametrize("name", effect_names())
@pytest.mark.parametrize("blocks", [(1,), (128,), (1, 2, 3, 31, 33), (64, 4096, 7, 1000)])
def test_effects_do_not_depend_on_blocks(name: str, blocks: tuple[int, ...]) -> None:
    x = _noise(9000 if blocks != (1,) else 2500, 2, 0.6)
    params = {"eq": {"mid_db": 6.0, "high_pass_hz": 100.0}, "delay": {"beats": 0.0625}}.get(name)
    whole = treat(_made(name, params), x, (4096,), first=77)
    assert np.abs(treat(_made(name, params), x, blocks, first=77) - whole).max() < 1e-6


@pytest.mark.parametrize("name", effect_names())
def test_reset_forgets_everything(name: str) -> None:
    effect = _made(name)
    a = treat(effect, _noise(3000))
    effect.reset()
    assert treat(effect, _noise(3000)).tobytes() == a.tobytes()


@pytest.mark.parametrize("name", effect_names())
def test_the_tail_is_long_enough(name: str) -> None:
    effect = _made(name, {"beats": 0.25} if name == "delay" else None)
    x = np.zeros((2, 4800 + effect.tail + 4800), np.float32)
    x[:, :4800] = _noise(4800)
    y = treat(effect, x, (4096,))
    assert np.abs(y[:, 4800 + effect.tail :]).max() < 1e-3


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(effect_names()), st.data())
def test_any_parameters_stay_finite(name: str, data: st.DataObject) -> None:
    params = {k: data.draw(st.floats(p.low, p.high).map(round if p.whole else float) if isinstance(p, Parameter)
                           else st.sampled_from(p.words)) for k, p in parameters_of(name).items()}
    effect = make_effect(name, params)
    effect.prepare(RATE, 512)
    y = treat(effect, _noise(4096, 4, 1.0))
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 1000
