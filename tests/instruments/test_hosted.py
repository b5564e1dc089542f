"""Hosted effects from the engine's side, offline and live, with Debian's zam-plugins in their processes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosted import PIPELINE_FRAMES, HostedEffect
from instruments.plugins import scan
from instruments.plugins.use import PluginUse

RATE = 48000
MAX_FRAMES = 1024
Make = Callable[..., HostedEffect]


@pytest.fixture
def hosted(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[HostedEffect] = []

    def make(name: str, params: dict[str, Any] | None = None, **options: Any) -> HostedEffect:
        try:
            scan.find(name)
        except InstrumentError:
            pytest.skip(f"{name} is not installed: apt-get install zam-plugins")
        made.append(HostedEffect(PluginUse(name, params=params or {}), **options))
        return made[-1]

    yield make
    for effect in made:
        effect.close()


def noise(frames: int, seed: int = 0) -> AudioBlock:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * 0.1).astype(np.float32)


def rendered(effect: HostedEffect, audio: AudioBlock, sizes: list[int]) -> AudioBlock:
    out, at, turn = audio.copy(), 0, 0
    while at < audio.shape[1]:
        n = min(sizes[turn % len(sizes)], audio.shape[1] - at)
        block = np.ascontiguousarray(out[:, at : at + n])
        effect.process(block, Transport(at))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


@pytest.mark.peer("zam-plugins")
@pytest.mark.parametrize(("name", "params", "own"), [
    ("ZamCompX2", {"threshold": -30, "ratio": 8, "makeup": 6}, 0),
    ("ZamDelay", {"time": 12.5, "feedback": 0.5}, 0),
    ("ZaMaximX2", {"threshold": -20}, 480),
])
def test_offline_the_sound_is_exact_at_any_block_size(
    hosted: Make, name: str, params: dict[str, float], own: int
) -> None:
    from instruments.hosts.pedalboard_host import PedalboardHost

    audio = noise(24000)
    audio[:, 12000:] = 0
    reference = PedalboardHost(scan.find(name).path)
    reference.set_params(params)
    reference.prepare(RATE, 128)
    parts = [plugin.process(part, RATE, buffer_size=128, reset=False) for plugin, part in zip(
        reference._plugins, np.vsplit(audio, len(reference._plugins)), strict=True)]
    shot = np.concatenate(parts)
    for sizes in ([128], [1024], [441, 7, 64, 1, 300, 513]):
        effect = hosted(name, params, offline=True)
        effect.prepare(RATE, MAX_FRAMES)
        assert effect.latency == PIPELINE_FRAMES + own
        got = rendered(effect, audio, sizes)
        assert not got[:, :PIPELINE_FRAMES].any()
        missing = audio.shape[1] - shot.shape[1]
        assert np.abs(got[:, PIPELINE_FRAMES + missing :] - shot[:, : shot.shape[1] - PIPELINE_FRAMES]).max() <= 1e-7
        assert effect.status()["dry_blocks"] == 0
        effect.close()


@pytest.mark.peer("zam-plugins")
def test_offline_renders_repeat_to_the_bit_also_after_reset(hosted: Make) -> None:
    effect = hosted("ZamDelay", {"time": 50, "feedback": 0.7}, offline=True)
    effect.prepare(RATE, MAX_FRAMES)
    audio = noise(9600)
    first = rendered(effect, audio, [256])
    rendered(effect, noise(5000, 1), [100])
    effect.reset()
    assert rendered(effect, audio, [300]).tobytes() == first.tobytes()


@pytest.mark.peer("zam-plugins")
def test_preparing_again_keeps_the_parameters(hosted: Make) -> None:
    effect = hosted("ZamCompX2", {"makeup": 6}, offline=True)
    effect.prepare(RATE, 256)
    audio = np.full((2, 4096), 0.01, np.float32)
    loud = rendered(effect, audio, [256])[:, -1]
    effect.set_params({"makeup": 12})
    effect.prepare(44100, 512)
    louder = rendered(effect, audio, [512])[:, -1]
    assert 20 * np.log10(loud / 0.01) == pytest.approx(6, abs=0.1)
    assert 20 * np.log10(louder / 0.01) == pytest.approx(12, abs=0.1)


def wait_for(condition: Callable[[], bool], limit_s: float = 40.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.mark.peer("zam-plugins")
def test_live_it_is_dry_until_loaded_and_then_fades_in(hosted: Make) -> None:
    effect = hosted("ZamCompX2", {"makeup": 6})
    began = time.monotonic()
    effect.prepare(RATE, 256)
    assert time.monotonic() - began < 0.2
    assert effect.status()["state"] == "loading"
    level = np.float32(0.01)
    outs: list[AudioBlock] = []
    while not outs or abs(outs[-1][0, -1] / level - 10 ** (6 / 20)) > 0.01:
        block = np.full((2, 128), level, np.float32)
        effect.process(block, Transport())
        outs.append(block)
        time.sleep(0.002)
        assert len(outs) < 5000
    heard = np.concatenate(outs, axis=1)
    assert not heard[:, :PIPELINE_FRAMES].any()
    assert heard[0, PIPELINE_FRAMES] == level  # dry, delayed by the same latency
    assert np.abs(np.diff(heard[0, PIPELINE_FRAMES + 1 :])).max() < 0.01 * level  # and no step anywhere
    assert effect.status()["state"] == "ok"
    assert effect.status()["load_s"] is not None


@pytest.mark.peer("zam-plugins")
def test_live_the_plugins_own_latency_moves_the_dry_signal_too(hosted: Make) -> None:
    effect = hosted("ZaMaximX2", {"threshold": 0})
    effect.prepare(RATE, 256)
    wait_for(lambda: bool(effect._arrivals))
    block: AudioBlock = np.zeros((2, 128), np.float32)
    effect.process(block, Transport())
    assert effect.latency == PIPELINE_FRAMES + 480
    audio: AudioBlock = np.zeros((2, 2560), np.float32)
    audio[:, 0] = 0.1
    got = rendered(effect, audio, [128])
    assert np.abs(got[0]).argmax() == effect.latency


@pytest.mark.peer("zam-plugins")
def test_parameters_change_while_it_plays_and_mistakes_are_told(hosted: Make) -> None:
    effect = hosted("ZamCompX2", {"makeup": 0})
    effect.prepare(RATE, 256)
    effect.set_params({"makeup": 6})  # before it has loaded
    block = np.full((2, 128), 0.01, np.float32)

    def gain_db() -> float:
        block[:] = 0.01
        effect.process(block, Transport())
        return float(20 * np.log10(max(block[0, -1], 1e-9) / 0.01))

    wait_for(lambda: abs(gain_db() - 6) < 0.1)
    effect.set_params({"makeup": "12 dB"})
    wait_for(lambda: abs(gain_db() - 12) < 0.1)
    effect.set_params({"markup": 3})
    wait_for(lambda: gain_db() > 0 and "no parameter 'markup'" in effect.status()["last_error"])  # told with a block
    assert effect.status()["state"] == "ok"


@pytest.mark.peer("zam-plugins")
def test_a_wrong_parameter_is_told_offline_and_leaves_it_dry_live(hosted: Make) -> None:
    with pytest.raises(InstrumentError, match="no parameter 'room_size'"):
        hosted("ZamCompX2", {"room_size": 3}, offline=True).prepare(RATE, 256)
    live = hosted("ZamCompX2", {"room_size": 3})
    live.prepare(RATE, 256)
    wait_for(lambda: live.status()["state"].startswith("out: "))
    assert "no parameter 'room_size'" in live.status()["state"]
    audio = noise(1000)
    got = rendered(live, audio, [100])
    assert (got[:, PIPELINE_FRAMES:] == audio[:, :-PIPELINE_FRAMES]).all()
    assert live.status()["crashes"] == 0


def test_a_missing_plugin_is_an_error_or_a_wire() -> None:
    with pytest.raises(InstrumentError, match="no plug-in named 'NoSuchThing'"):
        HostedEffect(PluginUse("NoSuchThing"), search=[Path("/nowhere")])
    wire = HostedEffect(PluginUse("NoSuchThing"), search=[Path("/nowhere")], missing_ok=True)
    wire.prepare(RATE, 256)
    assert wire.latency == 0
    audio = noise(1000)
    assert (rendered(wire, audio, [100, 256]) == audio).all()
    assert wire.status()["state"].startswith("missing: no plug-in named 'NoSuchThing'")
    wire.reset()
    wire.close()


def test_bad_arguments_are_told(tmp_path: Path) -> None:
    plugin = tmp_path / "Some.vst3"
    plugin.write_bytes(b"")
    with pytest.raises(InstrumentError, match="pipeline_frames = 64"):
        HostedEffect(PluginUse(str(plugin)), pipeline_frames=64)
    effect = HostedEffect(PluginUse(str(plugin)))
    effect.prepare(RATE, 128)
    with pytest.raises(InstrumentError, match="a block of 129 frames"):
        effect.process(np.zeros((2, 129), np.float32), Transport())
    effect.close()
    effect.close()


def test_what_is_no_plugin_goes_out_at_once(tmp_path: Path) -> None:
    plugin = tmp_path / "Broken.vst3"
    plugin.write_text("not a plug-in at all")
    effect = HostedEffect(PluginUse(str(plugin)))
    effect.prepare(RATE, 128)
    wait_for(lambda: "cannot be loaded" in effect.status()["state"])
    effect.close()
    with pytest.raises(InstrumentError, match=r"Broken\.vst3.*cannot be loaded"):
        HostedEffect(PluginUse(str(plugin)), offline=True).prepare(RATE, 128)


@pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="the system has no SCHED_FIFO")
def test_the_plugin_plays_at_a_priority_below_the_audio_threads(hosted: Make) -> None:
    effect = hosted("ZamCompX2")
    seen: list[tuple[int, int, int]] = []

    def audio_thread() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
        except PermissionError:
            return
        effect.prepare(RATE, 256)
        wait_for(lambda: bool(effect._arrivals))
        pid = effect.status()["pid"] or 0
        loading = os.sched_getscheduler(pid)
        effect.process(np.zeros((2, 128), np.float32), Transport())
        seen.append((loading, os.sched_getscheduler(pid), os.sched_getparam(pid).sched_priority))

    thread = threading.Thread(target=audio_thread)
    thread.start()
    thread.join()
    if not seen:
        pytest.skip("no permission for SCHED_FIFO: see `sideman doctor`")
    assert seen == [(os.SCHED_OTHER, os.SCHED_FIFO, 19)]
