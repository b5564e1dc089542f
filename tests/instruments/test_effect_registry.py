"""Effects by name: built in, registered, installed; and what others' code may do wrong without spoiling the sound."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import effect_functions as theirs
import numpy as np
import pytest
from effect_checks import noise
from oracles import RATE, Audio, treat

from instruments.block import InstrumentError, Transport
from instruments.effects import registry
from instruments.effects.function_effect import FunctionEffect
from instruments.effects.guest_effect import GuestEffect
from instruments.effects.registry import effect_names, effects, make_effect, parameters_of, register_effect
from instruments.guest import FAULTS
from instruments.hosted import PIPELINE_FRAMES
from instruments.native_effect import NativeEffect
from instruments.parameter import Parameter

ROOT = Path(__file__).resolve().parents[2]
X = noise(4096, 7)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_registered", {})
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()


def announce(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [EntryPoint(name.replace("_", "-"), value, registry.GROUP) for name, value in points.items()]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found)


def late(x: Audio, frames: int) -> Audio:
    return np.pad(x, ((0, 0), (frames, 0)))[:, : x.shape[1]]


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(registry._BUILT_IN))
def test_every_built_in_effect_is_what_its_name_says(name: str) -> None:
    made = make_effect(name)
    rules = parameters_of(name)
    if isinstance(made, NativeEffect):
        assert name == made.NAME
        assert made.values == {n: made.get(n) for n in rules}
    for word, rule in rules.items():
        place = f"{name}: {word}"
        assert rule.default is not None, place
        if isinstance(rule, Parameter):
            assert rule.low <= rule.default <= rule.high and (not rule.log or rule.low > 0), place
        else:
            assert rule.default in rule.words, place
    assert (made.__doc__ or "").strip()


def test_an_unknown_name_lists_what_there_is() -> None:
    register_effect("my-fx", theirs.scaled, parameters=theirs.SCALED)
    with pytest.raises(InstrumentError, match=r"effect 'my-fix' is not known: did you mean 'my-fx'\? choose one of .*"):
        make_effect("my-fix")
    assert "my-fx" in effect_names() and effect_names() == sorted(effect_names())


@pytest.mark.parametrize(("name", "made_of", "parameters", "why"), [
    ("My Fx", theirs.scaled, None, "give a word"),
    ("eq", theirs.scaled, None, "taken by a built-in effect"),
    ("fx", 3, None, "cannot be called"),
    ("fx", lambda audio: audio, None, "does not take audio, rate"),
    ("fx", theirs.rate_of, {"gain": Parameter("", 0, 1, 0)}, "does not take audio, rate, gain="),
    ("fx", theirs.scaled, {"gain": 0.5}, "give a Parameter or a Choice"),
    ("fx", theirs.scaled, {"gain": Parameter("", 0, 1, None)}, "with a default"),
    ("fx", dict, None, "dict has no prepare, process, reset, close"),
])
def test_what_cannot_be_an_effect_is_refused(name: str, made_of: Any, parameters: Any, why: str) -> None:
    with pytest.raises(InstrumentError, match=why):
        register_effect(name, made_of, parameters=parameters)


def test_parameters_are_checked_with_name_value_and_range() -> None:
    register_effect("my-fx", theirs.scaled, parameters=theirs.SCALED)
    register_effect("still", theirs.Still)
    for name, params, why in (("my-fx", {"gain": 9}, "gain = 9 does not fit: give a number from 0 to 4"),
                              ("my-fx", {"sign": "up"}, "sign = 'up' is not known: give one of plus, minus"),
                              ("my-fx", {"gin": 1}, "no parameter 'gin': choose from gain, sign"),
                              ("still", {"gain": 1}, "no parameter 'gain': it has none")):
        with pytest.raises(InstrumentError, match=why):
            make_effect(name, cast("dict[str, float | str]", params))


def test_the_list_says_what_each_is_and_where_from(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, good="effect_functions:scaled", bad="effect_functions:missing", eq="effect_functions:scaled")
    register_effect("ours", theirs.Echo)
    found = {(i.name, i.source == "built in"): i for i in effects()}
    assert {name for name, own in found if own} == set(registry._BUILT_IN)
    assert found["good", False].description == "Louder, or softer."
    assert set(parameters_of("good")) == {"gain"}
    assert "cannot be loaded from effect_functions:missing" in found["bad", False].problem
    assert "a built-in effect has that name" in found["eq", False].problem
    ours = found["ours", False]
    assert ours.source == "registered by effect_functions" and ours.parameters == theirs.Echo.PARAMETERS
    assert isinstance(make_effect("eq"), NativeEffect) and isinstance(make_effect("good"), FunctionEffect)


def test_an_entry_point_that_cannot_be_loaded_is_dry_live_and_raises_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, bad="effect_functions:missing")
    made = make_effect("bad", {"anything": 1})
    made.prepare(RATE, 4096)
    assert isinstance(made, GuestEffect) and treat(made, X).tobytes() == X.tobytes()
    assert made.status().state.startswith("out: effect 'bad' of an installed package cannot be loaded")
    with pytest.raises(InstrumentError, match="cannot be loaded from effect_functions:missing"):
        make_effect("bad", offline=True).prepare(RATE, 512)


# -- classes -----------------------------------------------------------------------------------------------------------


def _guest(fails: str = "", times: int = 10**9, offline: bool = False) -> GuestEffect:
    register_effect("echo", theirs.Echo)
    made = make_effect("echo", {"gain": 1.0}, offline=offline)
    assert isinstance(made, GuestEffect) and made.status().state == "closed"
    made.prepare(RATE, 4096)
    inner = cast("Any", made._guest)
    inner.fails, inner.times = fails, times
    return made


def test_a_class_runs_with_its_parameters_and_its_latency() -> None:
    made = _guest()
    assert made.latency == 10 and made.tail == 5 and made.PARAMETERS == theirs.Echo.PARAMETERS
    assert np.array_equal(treat(made, X, (100,)), late(X, 10))
    made.set("gain", 0.25)
    assert made.get("gain") == 0.25 and cast("Any", made._guest).gain == 0.25
    with pytest.raises(InstrumentError, match="gain = 2 does not fit"):
        made.set("gain", 2)
    assert made.status() == ("echo", "ok", 0, "")
    made.close()
    made.prepare(RATE, 64)
    assert cast("Any", made._guest).gain == 0.25  # as it was set
    register_effect("still", theirs.Still)
    still = make_effect("still")
    still.prepare(RATE, 64)
    with pytest.raises(InstrumentError, match="gain cannot change while it plays: it has no set"):
        still.set("gain", 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fails", ["bad luck", "nan"])
def test_a_block_that_fails_is_dry_and_as_late(fails: str) -> None:
    made = _guest(fails, times=1)
    assert np.array_equal(treat(made, X, (512,))[:, :512], late(X, 10)[:, :512])
    assert made.status().state == "ok" and made.faults == 1
    assert ("RuntimeError: bad luck" if fails != "nan" else "put out NaN") in made.last_error


@pytest.mark.parametrize("blocks", [(4,), (512,), (3, 100)])
def test_one_that_keeps_failing_stays_out(blocks: tuple[int, ...]) -> None:
    made = _guest("bad luck")
    assert np.array_equal(treat(made, X, blocks), late(X, 10))
    assert made.faults == FAULTS
    assert made.status().state == "out: effect 'echo' does not play: RuntimeError: bad luck; the dry sound goes on"


def test_one_that_returns_audio_is_told_what_is_expected() -> None:
    made = _guest()
    cast("Any", made._guest).process = lambda audio, transport: audio * 2
    treat(made, X)
    assert "returns something: it is to change audio in place" in made.last_error


def test_one_that_cannot_be_made_is_dry() -> None:
    register_effect("unmade", theirs.Unmade)
    made = make_effect("unmade")
    made.prepare(RATE, 512)
    assert treat(made, X).tobytes() == X.tobytes()
    made.reset()
    made.close()
    with pytest.raises(InstrumentError, match="effect 'unmade' cannot be prepared: OSError: no licence"):
        make_effect("unmade", offline=True).prepare(RATE, 512)


def test_offline_a_failure_raises() -> None:
    with pytest.raises(InstrumentError, match="effect 'echo' does not play: RuntimeError: bad luck"):
        treat(_guest("bad luck", offline=True), X)


# -- functions ---------------------------------------------------------------------------------------------------------


def _offline(name: str, function: Any, **params: float | str) -> FunctionEffect:
    register_effect(name, function, parameters=theirs.SCALED if function is theirs.scaled else None)
    made = make_effect(name, params, offline=True)
    assert isinstance(made, FunctionEffect)
    made.prepare(RATE, 4096)
    return made


def test_a_function_runs_in_its_process_with_its_parameters() -> None:
    made = _offline("scaled", theirs.scaled, gain=2.0)
    try:
        assert made.latency == PIPELINE_FRAMES
        assert np.array_equal(treat(made, X, (100, 512)), late(2 * X, PIPELINE_FRAMES))
        made.set_params({"sign": 1.0, "gain": 0.5})
        assert made.get("sign") == 1 and made.get("gain") == 0.5
        deadline = time.monotonic() + 10
        while treat(made, X)[0, -1] != -0.5 * X[0, -1 - PIPELINE_FRAMES]:
            assert time.monotonic() < deadline
        with pytest.raises(InstrumentError, match="gain = 5 does not fit"):
            made.set_params({"gain": 5})
    finally:
        made.close()


def test_a_longer_device_period_gives_a_function_longer() -> None:
    register_effect("scaled", theirs.scaled)
    assert make_effect("scaled").latency == PIPELINE_FRAMES
    assert make_effect("scaled", block=1024).latency == 1024


def test_functions_hear_the_rate_and_need_no_name_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _offline("rate", theirs.rate_of)
    assert np.allclose(treat(made, X)[:, 1000:], 0.25)
    made.close()
    # A closure is found by importing the module that registers it.
    registry._registered["by-import"] = registry._Entry(
        "by-import", "registered", ("effect_functions",), theirs.a_closure(), {})  # type: ignore[arg-type]
    made = cast("FunctionEffect", make_effect("by-import", offline=True))
    made.prepare(RATE, 4096)
    assert np.array_equal(treat(made, X), late(X / 4, PIPELINE_FRAMES))
    made.close()


@pytest.mark.parametrize(("function", "why"), [
    (theirs.raises, r"raised ValueError: no such luck \(.*effect_functions.py, line \d+\)"),
    (theirs.dies, "its process ended with exit status 7"),
    (theirs.is_mono, r"returned float32 of shape \(128,\): return floats of shape \(2, 128\)"),
    (theirs.is_nothing, "returned NoneType None: return floats"),
    (theirs.is_nan, "it wrote NaN or infinity"),
])
def test_offline_a_bad_function_raises_and_says_why(function: Any, why: str) -> None:
    made = _offline("bad", function)
    try:
        with pytest.raises(InstrumentError, match=why):
            treat(made, X)
    finally:
        made.close()


def test_live_a_function_that_hangs_leaves_the_dry_sound_and_a_notice() -> None:
    register_effect("hangs", theirs.hangs)
    made = cast("FunctionEffect", make_effect("hangs"))
    made._hang_ns = 100_000_000
    made.prepare(RATE, 128)
    try:
        deadline = time.monotonic() + 30
        sent: list[Audio] = []
        heard: list[Audio] = []
        slowest = 0.0
        while not made.status()["crashes"]:
            block = noise(128, len(sent))
            sent.append(block.copy())
            began = time.perf_counter()
            made.process(block, Transport(len(sent) * 128))
            slowest = max(slowest, time.perf_counter() - began)
            heard.append(block)
            assert time.monotonic() < deadline
            time.sleep(0.002)
        assert "it hung: no answer" in made.status()["last_error"]
        dry = np.concatenate([np.zeros((2, PIPELINE_FRAMES), np.float32), *sent], axis=1)
        assert np.array_equal(np.concatenate(heard, axis=1), dry[:, : 128 * len(heard)])
        assert slowest < 0.5  # never as long as the function hangs
    finally:
        made.close()


def test_the_worked_example_renders(tmp_path: Path) -> None:
    wav = tmp_path / "my.wav"
    done = subprocess.run([sys.executable, str(ROOT / "examples" / "my_effect.py"), str(wav)], cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert wav.stat().st_size > 48000 * 6 * 10
