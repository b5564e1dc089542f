"""A plug-in's whole state goes round, also what no parameter shows; presets too; what is none is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hosting import REAL, SUFFIXES, every_host, load, noise, note, oracle_synth, play, prepared, real, traits
from oracle_plugin import oracle

from instruments.block import FrameEvent, InstrumentError, Kind
from instruments.hosts import vst3_preset

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.peer("zam-plugins")]
FRAMES = 128
ROOT = Path(__file__).parents[3]

ROUND = [
    pytest.param(host, name, id=f"{host}-{name}")
    for host, suffix in (("pedalboard", ".vst3"), ("minihost", ".vst3"), ("minihost", ".lv2"), ("vst2", ".so"))
    for name in REAL if name.endswith(suffix) and name != "ZamVerb.vst3"
]
OTHERS = {"ZynAddSubFX.lv2": ("Slot 1", 0.75), "ZynAddSubFX.so": ("Slot 1", 0.75), "amsynth.so": ("filter_cutoff", 0.3),
          "Dragonfly.so": ("Dry Level", 0.1)}
"""A parameter of those without settings, and where to put it."""


@every_host
def test_parameters_and_what_none_shows(host: str, format_name: str) -> None:
    path = oracle("synth", format_name)
    synth = prepared(host, path, Gain=-10.0, Delay=64)
    programs = format_name in traits(host).programs
    play(synth, FRAMES, [FrameEvent(3, Kind.PROGRAM, 0, 0, 2.0)])
    state = synth.state()
    for fresh in (load(host, path), prepared(host, path), prepared(host, path, Gain=5.0)):
        fresh.load_state(state)
        fresh.prepare(48000, FRAMES)
        assert fresh.latency == 64
        shown = {p.name: p.text for p in fresh.parameters()}
        assert float(shown["Gain"]) == pytest.approx(-10, abs=1e-3)
        heard = play(fresh, 2048, note(10, 1500)).audio
        wanted = oracle_synth(2048, [FrameEvent(0, Kind.PROGRAM, 0, 0, 2.0 * programs), *note(74, 1564)])
        assert np.abs(heard - 10 ** (-10 / 20) * wanted).max() < 1e-6
    assert fresh.state() == state or host == "vst2", "the same once more"


@pytest.mark.parametrize(("host", "name"), ROUND)
def test_of_real_plugins(host: str, name: str) -> None:
    path, case = real(name), REAL[name]
    first = prepared(host, path, **case.settings)
    if name in OTHERS:
        first.set_params({OTHERS[name][0]: {"raw": OTHERS[name][1]}})
    events, audio = (note(0, 4096), None) if case.instrument else ([], noise(8192))
    play(first, 1024)
    state = first.state()
    second = prepared(host, path)
    plain = play(second, 8192, events, audio=audio).audio
    second = prepared(host, path)
    second.load_state(state)
    play(second, 1024)
    shown = (second.raws(), first.raws())
    outputs = 2  # what it measures and tells (gain reduction, level) depends on what it has heard
    assert sum(abs(a - b) > 1e-6 for a, b in zip(*shown, strict=True)) <= outputs
    third = prepared(host, path)
    third.load_state(state)
    third.prepare(48000, FRAMES)
    same = play(third, 8192, events, audio=audio).audio
    first.reset()
    before = play(first, 8192, events, audio=audio).audio
    if name not in HAS_MEMORY:
        assert np.abs(same - before).max() < 1e-4
    if case.settings:
        assert np.abs(same - plain).max() > 1e-3


HAS_MEMORY = {"ZynAddSubFX.lv2", "ZynAddSubFX.so", "amsynth.so", "Dragonfly.so"}
"""Free oscillators and modulation: no two renderings of one instance are equal."""


@every_host
def test_what_is_no_state_is_refused_or_ignored(host: str, format_name: str) -> None:
    synth = prepared(host, oracle("synth", format_name), Gain=-10.0)
    before = synth.raws()
    for wrong in (b"", b"nonsense", bytes(1000)):
        with pytest.raises(InstrumentError, match="does not take this state"):
            synth.load_state(wrong)
    play(synth, FRAMES)
    assert synth.raws() == pytest.approx(before)


@every_host
def test_presets(host: str, format_name: str, tmp_path: Path) -> None:
    path = oracle("synth", format_name)
    synth = prepared(host, path, Gain=-10.0, Delay=64)
    play(synth, FRAMES)
    file = tmp_path / f"mine{traits(host).presets[0]}"
    if format_name == "LV2":
        with pytest.raises(InstrumentError, match=r"\.vstpreset"):
            synth.save_preset(file)
        return
    synth.save_preset(file)
    for fresh in (prepared(host, path), prepared(host, path, Gain=3.0)):
        fresh.load_preset(file)
        play(fresh, FRAMES)
        assert float({p.name: p.text for p in fresh.parameters()}["Gain"]) == pytest.approx(-10, abs=1e-3)
    with pytest.raises(InstrumentError, match="none"):
        synth.load_preset(tmp_path / f"none{file.suffix}")
    (tmp_path / f"wrong{file.suffix}").write_bytes(b"wrong")
    with pytest.raises(InstrumentError, match="wrong"):
        synth.load_preset(tmp_path / f"wrong{file.suffix}")


@pytest.mark.parametrize("host", ["pedalboard", "minihost"])
def test_presets_of_another_host(host: str, tmp_path: Path) -> None:
    """A .vstpreset of the other host, which wrote it in a process of its own."""
    path, file = real("ZamCompX2.vst3"), tmp_path / "a.vstpreset"
    other = {"pedalboard": "minihost", "minihost": "pedalboard"}[host]
    program = (f"from hosting import *; p = prepared({other!r}, real('ZamCompX2.vst3'), threshold=-33.0); "
               f"play(p, 128); p.save_preset(Path({str(file)!r}))")
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, cwd=Path(__file__).parent,
                   env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
    plugin = prepared(host, path)
    plugin.load_preset(file)
    play(plugin, FRAMES)
    assert float({p.name: p.text for p in plugin.parameters()}["Threshold"]) == pytest.approx(-33, abs=1e-2)


@pytest.mark.parametrize("host", ["pedalboard", "minihost"])
def test_the_class_of_a_vst3_is_the_bundles_own(host: str) -> None:
    paths = {kind: oracle(kind) for kind in ("synth", "effect")}
    kept = [load(host, path) for path in paths.values()]
    ids = [vst3_preset.class_id_of(path, plugin.name) for path, plugin in zip(paths.values(), kept, strict=True)]
    assert len(set(ids)) == 2
    assert all(len(class_id) == 32 and int(class_id, 16) for class_id in ids)


def test_suffixes_cover_the_formats() -> None:
    assert {name[name.rindex(".") :] for name in REAL} == set(SUFFIXES.values())
