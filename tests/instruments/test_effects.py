"""Effects against oracles: decay of the room, response of the equalizer, echoes; and what each of all must keep."""

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


def _impulse(frames: int, at: int = 0) -> Audio:
    x = np.zeros((2, frames), np.float32)
    x[:, at] = 1
    return x


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


def _octave(x: np.ndarray, hz: float) -> np.ndarray:
    s = np.fft.rfft(x, axis=-1)
    f = np.fft.rfftfreq(x.shape[-1], 1 / RATE)
    return np.fft.irfft(s * np.exp(-0.5 * (np.log2(np.maximum(f, 1) / hz) / 0.25) ** 2), x.shape[-1], axis=-1)


def _t60(x: np.ndarray) -> float:
    """Schroeder's backward integral, its slope from -5 to -35 dB."""
    energy = np.cumsum((x**2).sum(axis=0)[::-1])[::-1]
    db = 10 * np.log10(energy / energy[0] + 1e-20)
    a, b = np.argmax(db < -5), np.argmax(db < -35)
    return float(2 * (b - a) / RATE)


@pytest.mark.parametrize("t60", [0.75, 2.0])
def test_room_decays_as_asked(t60: float) -> None:
    effect = _made("reverb", {"t60_s": t60, "mix": 1, "damping": 0.6, "high_pass_hz": 10, "low_pass_hz": 20000})
    x = treat(effect, _impulse(int((t60 * 1.5 + 0.3) * RATE)))[:, int(0.05 * RATE) :].astype(float)
    x[:, :480] *= np.hanning(960)[:480]
    x = np.pad(x, ((0, 0), (9600, 9600)))
    assert abs(_t60(_octave(x, 1000)) / t60 - 1) < 0.1
    assert 0.45 < _t60(_octave(x, 8000)) / t60 < 0.75


def test_room_is_wide_dense_and_without_a_ring() -> None:
    x = treat(_made("reverb", {"mix": 1, "t60_s": 1.5}), _impulse(2 * RATE)).astype(float)
    tail = x[:, RATE // 5 : RATE]
    assert -0.3 < np.corrcoef(tail)[0, 1] < 0.3
    early = np.abs(x[0, int(0.1 * RATE) : int(0.15 * RATE)])
    assert (early > 0.1 * early.max()).mean() > 0.05  # more than 2,400 echoes a second
    s = np.abs(np.fft.rfft(tail[0] * np.hanning(tail.shape[1]))) ** 2
    smooth = np.convolve(s, np.ones(201) / 201, "same")
    f = np.fft.rfftfreq(tail.shape[1], 1 / RATE)
    # Gaussian noise of as many bins reaches 9 dB.
    assert 10 * np.log10((s / smooth)[(f > 300) & (f < 5000)].max()) < 15


def test_dry_room_is_the_input() -> None:
    x = _noise(4000)
    assert np.abs(treat(_made("reverb", {"mix": 0}), x) - x).max() < 1e-6


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


def test_echoes_come_in_beats() -> None:
    effect = _made("delay", {"beats": 0.75, "feedback": 0.5, "mix": 1, "low_pass_hz": 20000, "high_pass_hz": 10})
    x = treat(effect, _impulse(RATE * 2), bpm=100)[0]
    gap = round(0.75 * 0.6 * RATE)
    assert x[0] == 1
    assert abs(x[gap]) > 0.9
    assert abs(int(np.argmax(np.abs(x[gap + 10 :]))) + 10 - gap) <= 2
    assert 0.3 < np.abs(x[2 * gap - 5 : 2 * gap + 6]).max() / np.abs(x[gap]) < 0.6


def test_a_ping_pong_changes_sides() -> None:
    effect = _made("delay", {"beats": 0.5, "feedback": 0.6, "ping_pong": 1, "mix": 1})
    x = treat(effect, _impulse(RATE), bpm=120)
    gap = RATE // 4
    first, second = (np.abs(x[:, k * gap - 20 : k * gap + 40]).max(axis=1) for k in (1, 2))
    assert first[0] > 5 * first[1]
    assert second[1] > 5 * second[0]


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
