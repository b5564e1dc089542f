"""The one front door: patches, fonts, what is registered here and what packages bring, by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import note_functions
import numpy as np
import pytest
from oracles import RATE, on, render

from instruments import registry
from instruments.block import InstrumentError
from instruments.guest import Guest
from instruments.modal import ModalSynth
from instruments.patch import Placement, patch_names
from instruments.registry import Synthesizer, check_instrument, find_instrument, make_instrument, register_synthesizer
from instruments.synth import Synth

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "sideman-strings"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_registered", {})
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()


def announce(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    """Entry points as an installed package would have them."""
    found = [EntryPoint(name.replace("_", "-"), value, registry.GROUP) for name, value in points.items()]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found)


# -- patches and fonts ---------------------------------------------------------------------------------------------


def test_patches_go_through() -> None:
    assert isinstance(make_instrument("Flute"), Synth)
    info = find_instrument("flute")
    assert info.source == "built in" and info.engine in ("oscillators", "modes")
    assert {i.name for i in registry.instruments()} == set(patch_names())
    assert isinstance(registry.placement("piano"), Placement)


def test_unknown_names_list_what_there_is_of_all_kinds() -> None:
    register_synthesizer("my-synth", generate=note_functions.sine)
    with pytest.raises(InstrumentError) as error:
        check_instrument("my-sinth")
    for word in ("'my-sinth'", "did you mean 'my-synth'", "acoustic-piano", ".toml", ".sf2"):
        assert word in str(error.value)
    for wrong in ("nowhere.toml", "nowhere.sf2"):
        with pytest.raises(InstrumentError, match="nowhere"):
            check_instrument(wrong)


# -- registered here -------------------------------------------------------------------------------------------------


def test_the_seeds_shape() -> None:
    register_synthesizer("my-synth", generate=lambda frequency, duration, context: np.sin(
        2 * np.pi * frequency * np.arange(int(duration * context.sample_rate)) / context.sample_rate))
    check_instrument("My Synth")
    made = make_instrument("my_synth", offline=True)
    made.prepare(RATE, 512)
    assert np.abs(render(made, [on(0, 60, 127)], 4096)).max() > 0.9
    made.close()
    info = find_instrument("my-synth")
    assert (info.engine, info.problem) == ("function", "") and "registered by" in info.source


def test_what_goes_with_it() -> None:
    register_synthesizer("ticker", generate=note_functions.hit, family="drums", aliases=("Tick Tock",), gain_db=-3,
                         pan=0.5, send_db=-30, fallback="drums", one_shot=True, keys=(36, 40), description="ticks")
    info = find_instrument("tick-tock")
    assert (info.name, info.family, info.aliases, info.description) == ("ticker", "drums", ("Tick Tock",), "ticks")
    assert registry.placement("tick_tock") == Placement(-3, 0.5, -30)


def test_the_last_registration_wins() -> None:
    for family in ("bass", "lead"):
        register_synthesizer("mine", generate=note_functions.sine, family=family)
    assert find_instrument("mine").family == "lead"


@pytest.mark.parametrize(("name", "more", "words"), [
    ("Acoustic Piano", {"generate": note_functions.sine}, "taken by a built-in"),
    ("", {"generate": note_functions.sine}, "does not fit"),
    ("x.sf2", {"generate": note_functions.sine}, "does not fit"),
    ("mine", {}, "either generate"),
    ("mine", {"generate": note_functions.sine, "instrument": Synth}, "either generate"),
    ("mine", {"generate": 440}, "cannot be called"), ("mine", {"generate": lambda frequency: 0}, "does not take"),
    ("mine", {"generate": note_functions.sine, "fallback": "kazoo"}, "kazoo"),
    ("mine", {"generate": note_functions.sine, "durations": 3}, "durations"),
    ("mine", {"generate": note_functions.sine, "release_s": 0}, "release_s"),
])
def test_what_does_not_fit_is_told(name: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InstrumentError, match=words):
        register_synthesizer(name, **more)


# -- from packages -----------------------------------------------------------------------------------------------------


def test_a_function_a_class_and_a_synthesizer_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    announce(monkeypatch, steel_string="sideman_strings:STEEL", plain_string="sideman_strings:pluck",
             drone="sideman_strings:Drone")
    engines = {i.name: i.engine for i in registry.instruments()}
    assert (engines["steel-string"], engines["plain-string"], engines["drone"]) == ("function", "function", "class")
    assert find_instrument("ks guitar").name == "steel-string"
    assert registry.placement("steel-string").gain_db == -6
    for name in ("steel-string", "plain-string", "drone"):
        made = make_instrument(name, offline=True)
        assert isinstance(made, Guest)
        made.prepare(RATE, 512)
        outputs = []
        for blocks in ((512,), (77, 1, 128)):
            made.reset()
            outputs.append(render(made, [on(10, 57)], RATE // 2, blocks))
        assert np.abs(outputs[0] - outputs[1]).max() < 1e-5 and 0.01 < np.abs(outputs[0]).max() < 1
        spectrum = np.abs(np.fft.rfft(outputs[0][0] * np.hanning(RATE // 2), 1 << 19))
        assert np.argmax(spectrum) * RATE / (1 << 19) / 220 % 1 == pytest.approx(0, abs=0.01)
        made.close()


@pytest.mark.parametrize(("value", "words"), [
    ("no_such_module:f", "ModuleNotFoundError"), ("note_functions:nothing", "AttributeError"),
    ("note_functions:np.pi", "3.14"), ("os:getcwd", "does not take"),
])
def test_what_a_package_does_wrong_is_named_and_contained(monkeypatch: pytest.MonkeyPatch, value: str,
                                                         words: str) -> None:
    announce(monkeypatch, broken=value)
    check_instrument("broken")  # the session loads, and plays
    problem = find_instrument("broken").problem
    assert "instrument 'broken' of an installed package cannot be loaded" in problem and words in problem
    made = make_instrument("broken")
    assert isinstance(made, Guest)
    made.prepare(RATE, 512)
    assert render(made, [on(0, 60)], 4096).any()
    assert words in made.status().state and made.status().state.endswith("piano plays instead")
    drummer = make_instrument("broken", stand_in="drums")
    drummer.prepare(RATE, 512)
    assert isinstance(drummer, Guest) and drummer.status().state.endswith("drums plays instead")
    with pytest.raises(InstrumentError, match="broken"):
        make_instrument("broken", offline=True).prepare(RATE, 512)
    assert any(i.problem for i in registry.instruments())


def test_a_package_cannot_take_a_patchs_name(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, acoustic_piano="note_functions:sine")
    assert isinstance(make_instrument("acoustic-piano"), ModalSynth)
    assert ["keeps it" in i.problem for i in registry.instruments() if i.name == "acoustic-piano"] == [False, True]


def test_a_name_of_others_goes_before_a_patchs_alias_and_that_before_an_alias_of_others(
        monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, double_bass="note_functions:sine")
    register_synthesizer("other", generate=note_functions.sine, aliases=("piano", "contrabass"))
    assert find_instrument("piano").name == "acoustic-piano" and find_instrument("contrabass").name == "upright-bass"
    assert isinstance(make_instrument("Double Bass", offline=True), Guest)
    register_synthesizer("piano", generate=note_functions.sine, fallback="piano")  # a fallback is always built in
    assert (find_instrument("Piano").engine, find_instrument("double-bass").engine) == ("function", "function")
    assert "piano" not in find_instrument("acoustic-piano").aliases  # the list says what a name means


def test_nothing_of_others_is_imported_for_a_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, broken="no_such_module:f")
    make_instrument("flute")
    assert registry._installed()["broken"].problem == ""


def test_a_synthesizer_is_checked() -> None:
    with pytest.raises(InstrumentError, match="either generate"):
        Synthesizer()


def installed(project: Path, site: Path) -> None:
    """What pip leaves of a project of one module, by its own pyproject.toml: the module, its name and entry points."""
    table = tomllib.loads((project / "pyproject.toml").read_text())
    (module,) = table["tool"]["setuptools"]["py-modules"]
    about = site / f"{module}-{table['project']['version']}.dist-info"
    about.mkdir(parents=True)
    shutil.copy(project / f"{module}.py", site)
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {table['project']['name']}\nVersion: {table['project']['version']}\n")
    (about / "entry_points.txt").write_text("".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in table["project"]["entry-points"].items()))


def test_the_example_package_installed_plays(tmp_path: Path) -> None:
    """As people have it: a session's name for it, rendered by another process."""
    installed(EXAMPLE, tmp_path / "site")
    program = """
import json, numpy as np
from instruments.block import FrameEvent, Kind, Transport
from instruments.registry import find_instrument, make_instrument
if __name__ == "__main__":
    made = make_instrument("steel-string")
    made.prepare(48000, 512)
    out = np.zeros((2, 512), np.float32)
    peak = 0.0
    for i in range(20):
        made.process([FrameEvent(0, Kind.ON, 0, 60, 100)] if i == 0 else [], out, Transport())
        peak = max(peak, float(np.abs(out).max()))
    print(json.dumps([find_instrument("steel").source, peak, made.status().state.split(":")[0]]))
    made.close()
"""
    script = tmp_path / "program.py"
    script.write_text(program)
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    told = subprocess.run([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": path}, capture_output=True,
                          text=True, check=False)
    assert told.returncode == 0, told.stderr
    source_name, peak, state = json.loads(told.stdout)
    assert source_name == "sideman-strings 0.1.0" and peak > 0.05 and state in ("ok", "rendering")


def test_a_lambda_of_a_script_is_found_by_the_process_that_renders(tmp_path: Path) -> None:
    """Registered at the top of a script, above its __main__ line: spawned processes import that again."""
    script = tmp_path / "script.py"
    script.write_text("""
import numpy as np
from instruments.block import FrameEvent, Kind, Transport
from instruments.registry import make_instrument, register_synthesizer
register_synthesizer("my-synth", duration_s=0.5, keys=(59, 61), generate=lambda f, d, c:
                     np.sin(2 * np.pi * f * np.arange(int(d * c.sample_rate)) / c.sample_rate))
if __name__ == "__main__":
    made = make_instrument("my-synth")
    made.prepare(48000, 512)
    out = np.zeros((2, 512), np.float32)
    made.process([FrameEvent(0, Kind.ON, 0, 60, 127)], out, Transport())
    print(made.status().state.split(":")[0], float(np.abs(out).max()) > 0.5)
    made.close()
""")
    told = subprocess.run([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=False)
    assert told.stdout.split() in (["ok", "True"], ["rendering", "True"]), told.stdout + told.stderr
