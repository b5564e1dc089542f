"""pedalboard behind the host contract, with Debian's zam-plugins, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from pedalboard import _pedalboard

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosts import pedalboard_host
from instruments.hosts.pedalboard_host import SETTLING_FRAMES, PedalboardHost
from instruments.plugins import scan
from instruments.plugins.link import PLUGIN_FRAMES

pytestmark = pytest.mark.peer("zam-plugins")
RATE = 48000


def zam(name: str) -> Path:
    try:
        return scan.find(name).path
    except InstrumentError:
        pytest.skip(f"{name} is not installed: apt-get install zam-plugins")


def noise(frames: int, seed: int = 0) -> AudioBlock:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * 0.1).astype(np.float32)


def streamed(host: PedalboardHost, audio: AudioBlock) -> AudioBlock:
    out = audio.copy()
    for at in range(0, audio.shape[1], PLUGIN_FRAMES):
        block = np.ascontiguousarray(out[:, at : at + PLUGIN_FRAMES])
        host.process(block, Transport(at))
        out[:, at : at + PLUGIN_FRAMES] = block
    return out


def prepared(name: str, **params: float) -> PedalboardHost:
    host = PedalboardHost(zam(name))
    host.set_params(params)
    host.prepare(RATE, PLUGIN_FRAMES)
    return host


class ScanError(Exception):
    pass


def test_loading_reads_no_parameter_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when pedalboard's internals change: then loading has become slow, and pedalboard_host needs a new way."""
    assert pedalboard_host.scan_can_be_skipped()

    def scanned(*_: object) -> None:
        raise ScanError

    monkeypatch.setattr(_pedalboard.AudioProcessorParameter, "__init__", scanned)
    path = zam("ZamCompX2")
    with pytest.raises(ScanError):
        pedalboard.VST3Plugin(str(path))  # that is what would be slow
    host = PedalboardHost(path)
    host.set_params({"Threshold": -20, "ratio": 8})
    host.prepare(RATE, PLUGIN_FRAMES)
    assert host.parameters()
    host.load_state(host.state())
    with pytest.raises(ScanError):
        host._plugins[0].raw_state = host.state()  # this, too, would be slow
    with pytest.raises(ScanError):
        pedalboard.VST3Plugin(str(path))  # and pedalboard is as it was for everyone else


def test_without_the_method_it_still_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    path = zam("ZamCompX2")
    monkeypatch.setattr(_pedalboard, "_PythonExternalPluginMixin", object)
    assert not pedalboard_host.scan_can_be_skipped()
    assert PedalboardHost(path).name == "ZamCompX2"


def test_a_changed_signature_is_got_round(monkeypatch: pytest.MonkeyPatch) -> None:
    path = zam("ZamCompX2")
    real = pedalboard.VST3Plugin
    calls: list[bool] = []

    def changed(*args: Any, **kwargs: Any) -> Any:
        skipping = _pedalboard._PythonExternalPluginMixin.__set_initial_parameter_values__.__name__ == "<lambda>"
        calls.append(skipping)
        if skipping:
            raise TypeError("<lambda>() got an unexpected keyword argument")
        return real(*args, **kwargs)

    monkeypatch.setattr(pedalboard, "VST3Plugin", changed)
    assert PedalboardHost(path).name == "ZamCompX2"
    assert calls == [True, False]


def test_parameters_by_name_in_their_own_units() -> None:
    host = prepared("ZamCompX2")
    host.set_params({"Threshold": -20, "attack_ms": "25 ms", "RATIO": 8.0, "Makeup": {"raw": 0.5}})
    texts = {p.name: p.text for p in host.parameters()}
    shown = {name: float(texts[name]) for name in ("Threshold", "Attack", "Ratio", "Makeup")}
    assert shown == pytest.approx({"Threshold": -20, "Attack": 25, "Ratio": 8, "Makeup": 15}, rel=1e-3)


@pytest.mark.parametrize(("params", "told"), [
    ({"Treshold": -20}, "has no parameter 'Treshold': it has .*Threshold"),
    ({"Threshold": -500}, "out of range: it goes from -80.0+ to 0.0+"),
    ({"Threshold": {"raw": 2.0}}, "from 0 to 1"),
])
def test_parameters_that_do_not_fit_change_nothing(params: dict[str, Any], told: str) -> None:
    host = prepared("ZamCompX2")
    before = host.parameters()
    with pytest.raises(InstrumentError, match=told):
        host.set_params({"Ratio": 12.0, **params})
    assert host.parameters() == before


@pytest.mark.parametrize(("name", "params"), [
    ("ZamCompX2", {"threshold": -40, "ratio": 10}), ("ZaMaximX2", {"threshold": -20}), ("ZamVerb", {}),
])
def test_blocks_equal_one_shot(name: str, params: dict[str, float]) -> None:
    audio = noise(100 * PLUGIN_FRAMES)
    got = streamed(prepared(name, **params), audio)
    reference = prepared(name, **params)._plugins[0]
    whole = reference.process(audio, RATE, buffer_size=PLUGIN_FRAMES, reset=False)
    assert np.abs(got[:, got.shape[1] - whole.shape[1] :] - whole).max() <= 1e-7
    assert np.abs(got - audio).max() > 0.01


def test_the_plugins_latency_is_kept_and_told() -> None:
    host = prepared("ZaMaximX2")
    audio: AudioBlock = np.zeros((2, 16 * PLUGIN_FRAMES), np.float32)
    audio[:, 200] = 0.1
    got = streamed(host, audio)
    assert host.latency == 480
    assert np.abs(got[0]).argmax() == 200 + host.latency


def test_after_reset_the_latency_is_the_same() -> None:
    host = prepared("ZaMaximX2")
    streamed(host, noise(16 * PLUGIN_FRAMES))
    host.reset()
    audio: AudioBlock = np.zeros((2, 16 * PLUGIN_FRAMES), np.float32)
    audio[:, 200] = 0.1
    assert np.abs(streamed(host, audio)[0]).argmax() == 200 + host.latency


def test_a_mono_plugin_plays_in_stereo_with_both_sides_apart() -> None:
    host = prepared("ZamDelay", time=20, feedback=0, lpf=20000)
    audio: AudioBlock = np.zeros((2, 20 * PLUGIN_FRAMES), np.float32)
    audio[0, 0] = 0.5
    got = streamed(host, audio)
    assert np.abs(got[1]).max() < 1e-9
    echo = np.abs(got[0, 480:]).argmax() + 480
    assert echo == pytest.approx(0.020 * RATE, abs=2)
    audio[1, 0] = 0.5
    host.reset()
    got = streamed(host, audio)
    assert (got[0] == got[1]).all()


def test_reset_forgets_the_tail() -> None:
    host = prepared("ZamVerb", room=2)
    tail = streamed(host, np.concatenate([noise(8192), np.zeros((2, 8192), np.float32)], axis=1))[:, 8192 + 1024 :]
    assert np.abs(tail).max() > 1e-4
    streamed(host, noise(8192))
    host.reset()
    assert np.abs(streamed(host, np.zeros((2, 8192), np.float32))).max() < 1e-9


def test_what_is_no_plugin_is_refused(tmp_path: Path) -> None:
    fake = tmp_path / "Fake.vst3"
    fake.write_text("no plug-in")
    with pytest.raises(InstrumentError, match=r"Fake\.vst3 cannot be loaded"):
        PedalboardHost(fake)
    with pytest.raises(InstrumentError, match="Audio Units can be hosted on macOS only"):
        PedalboardHost(tmp_path / "Fake.component")


def test_settling_is_whole_calls() -> None:
    assert SETTLING_FRAMES % PLUGIN_FRAMES == 0
