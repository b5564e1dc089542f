"""What the dynamics have in common: blocks, reset, automation, sleep, key, speed of reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, Audio

from instruments.block import Transport
from instruments.effects.compressor import Compressor
from instruments.effects.ducker import Ducker
from instruments.effects.dynamics import Dynamics
from instruments.effects.gate import Gate
from instruments.effects.limiter import Limiter
from instruments.effects.transient import Transient
from instruments.native_effect import NativeEffect
from instruments.parameter import Choice

Change = tuple[int, str, float | str]
Make = Callable[[], Dynamics]

MADE: dict[str, Make] = {
    "compressor": lambda: Compressor({"threshold_db": -30, "makeup_db": 6, "mix": 0.8}),
    "compressor of a filtered key": lambda: Compressor(
        {"threshold_db": -40, "key_low_pass_hz": 150, "key_high_pass_hz": 40, "lookahead_ms": 3, "detector": "rms"}),
    "gate": lambda: Gate({"threshold_db": -20, "hold_ms": 3, "release_ms": 20}),
    "expander": lambda: Gate({"threshold_db": -10, "ratio": 2, "lookahead_ms": 1, "key_high_pass_hz": 500}),
    "duck": lambda: Ducker({"attack_ms": 3, "release_ms": 60, "velocity": 0.5}),
    "duck in beats": lambda: Ducker({"length_beats": 0.5, "curve": -0.4}),
    "transient": lambda: Transient({"attack_db": 12, "sustain_db": -6, "attack_ms": 5}),
    "limiter": lambda: Limiter({"gain_db": 12}),
    "limiter, fixed": lambda: Limiter({"gain_db": 12, "release": "fixed", "lookahead_ms": 5}),
}
EACH = pytest.mark.parametrize("name", list(MADE))


def noise(frames: int, seed: int = 1, level: float = 0.2) -> Audio:
    """Noise in bursts: what is loud, what is quiet, and the way between."""
    x = np.random.default_rng(seed).standard_normal((2, frames)) * level
    return (x * np.where(np.arange(frames) // 700 % 3 == 1, 1.0, 0.1)).astype(np.float32)


def key_of(effect: NativeEffect, frames: int) -> Audio | None:
    if isinstance(effect, Ducker):
        key = np.zeros((2, frames), np.float32)
        key[0, 100::1777] = 0.8
        return key
    return noise(frames, 9, 0.5) if effect.KEYED else None


def ready(effect: Dynamics, max_frames: int = 4096) -> Dynamics:
    effect.prepare(RATE, max_frames)
    return effect


def played(
    effect: Dynamics, audio: Audio, cuts: Sequence[int] = (512,), changes: Sequence[Change] = (),
    key: Audio | None = None, first: int = 0,
) -> Audio:
    """audio through a prepared effect in blocks of `cuts` frames, in turn, cut also at the frame of each change."""
    out, at, turn = audio.copy(), 0, 0
    left = sorted(changes)
    while at < out.shape[1]:
        while left and left[0][0] <= at:
            effect.set(*left.pop(0)[1:])
        n = min(cuts[turn % len(cuts)], out.shape[1] - at, left[0][0] - at if left else out.shape[1])
        block = np.ascontiguousarray(out[:, at : at + n])
        effect.process(block, Transport(first + at), None if key is None else np.ascontiguousarray(key[:, at : at + n]))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


def random_changes(effect: Dynamics, frames: int, every: int, seed: int) -> list[Change]:
    """Each parameter in turn to anywhere in its range, half the time to an end."""
    rng = np.random.default_rng(seed)
    found: list[Change] = []
    for i, frame in enumerate(range(every, frames, every)):
        name = list(effect.PARAMETERS)[i % len(effect.PARAMETERS)]
        rule = effect.PARAMETERS[name]
        if isinstance(rule, Choice):
            found.append((frame, name, str(rng.choice(rule.words))))
        else:
            share = float(rng.choice([0, 1, rng.random(), rng.random()]))
            found.append((frame, name, rule.at(share)))
    return found


@EACH
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, 4096), min_size=1, max_size=6), seed=st.integers(0, 100), first=st.integers(0, 99))
def test_the_sound_does_not_depend_on_blocks(name: str, cuts: list[int], seed: int, first: int) -> None:
    frames = 6000 if sum(cuts) / len(cuts) > 16 else 1500
    x = noise(frames)
    changes = random_changes(MADE[name](), frames, 400, seed)
    found = []
    for blocks in (cuts, [128]):
        effect = ready(MADE[name]())
        found.append(played(effect, x, blocks, changes, key_of(effect, frames), first))
    assert np.abs(found[0] - found[1]).max() < 1e-6


@EACH
def test_reset_is_as_fresh(name: str) -> None:
    effect = ready(MADE[name]())
    x, key = noise(5000), key_of(effect, 5000)
    a = played(effect, x, key=key)
    effect.reset()
    assert played(effect, x, key=key).tobytes() == a.tobytes()


@EACH
def test_ten_seconds_of_random_automation_stay_finite(name: str) -> None:
    effect = ready(MADE[name]())
    frames = 10 * RATE
    x, key = noise(frames, 3, 0.7), key_of(effect, frames)
    y = played(effect, x, (1024,), random_changes(effect, frames, 2400, 5), key)
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 300  # 36 dB of make-up, 24 dB of drive
    assert 0 <= effect.reduction_db() < 200


@EACH
def test_silence_then_sound_has_no_spike(name: str) -> None:
    effect = ready(MADE[name]())
    x = np.concatenate([noise(4000, 2, 0.5), np.zeros((2, RATE), np.float32), noise(4000, 4, 0.5)], axis=1)
    y = played(effect, x, (256,), key=key_of(effect, x.shape[1]))
    assert not y[:, 4000 + effect.tail : 4000 + RATE].any()
    most = 10 ** (sum(effect.values.get(n, 0) for n in ("makeup_db", "gain_db", "attack_db")) / 20)
    assert np.abs(y[:, 4000 + RATE :]).max() <= np.abs(x[:, 4000 + RATE :]).max() * most + 1e-6


@EACH
def test_no_parameter_clicks_under_reduction(name: str) -> None:
    """On a steady 0.5 the gain is what is heard; a jump of it is a click: at most 0.25 dB a frame, with each parameter
    going from one end to the other in its glide, and no attack or release so short that it were steeper by itself."""
    slow = {"attack_ms": 60, "release_ms": 200}
    for parameter, rule in MADE[name]().PARAMETERS.items():
        if parameter in (*slow, "hold_ms", "length_beats", "lookahead_ms", "low_key", "high_key"):
            continue
        effect = MADE[name]()
        for word in slow.keys() & effect.PARAMETERS.keys():
            effect.set(word, slow[word])
        ready(effect)
        x = np.full((2, 9000), 0.5, np.float32)
        key = key_of(effect, 9000)
        if key is not None and not isinstance(effect, Ducker):
            key[:] = 0.3
        ends = rule.words if isinstance(rule, Choice) else (rule.high, rule.low)
        changes: list[Change] = [(5000, parameter, ends[0]), (7000, parameter, ends[1])]
        gain = 20 * np.log10(np.abs(played(effect, x, (128,), changes, key)[:, 4000:] / 0.5) + 1e-3)
        assert np.abs(np.diff(gain)).max() < 0.25, parameter


def test_the_reduction_is_read_once() -> None:
    effect = ready(Compressor({"threshold_db": -20, "ratio": 100, "knee_db": 0, "attack_ms": 0.05}))
    assert effect.reduction_db() == 0
    played(effect, np.full((2, 4800), 1, np.float32))
    assert effect.reduction_db() == pytest.approx(20, abs=0.01)
    effect.process(np.zeros((2, 0), np.float32), Transport(4800))
    assert effect.reduction_db() == 0


@pytest.mark.parametrize("effect", [Ducker({"attack_ms": 1, "hold_ms": 100}), Compressor({"release_ms": 1000})])
def test_what_the_key_does_while_the_sound_is_silent_counts(effect: Dynamics) -> None:
    """The pad comes in 10 ms after the kick: into its dip."""
    ready(effect)
    x, key = np.zeros((2, 9600), np.float32), np.zeros((2, 9600), np.float32)
    x[:, 8480:] = 0.001
    key[0, 8000] = 1
    if not isinstance(effect, Ducker):
        key[:, 7000:8000] = 0.9
    y = played(effect, x, (128,), key=key)
    assert y[0, 8480] < 0.0005
