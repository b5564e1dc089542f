"""Real plug-ins of Debian's packages: scanned by the command, found by name, edited in their own windows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "instruments"))

import planted
from xtest import Mouse, virtual_display

from bridge import session as sessions
from bridge.plugin_spec import use_of
from bridge.plugin_state import place_of
from instruments.plugins.hosts import installed
from instruments.plugins.scan import find

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="plug-ins of Debian"), pytest.mark.timeout(170)]
SESSION = """name = "mine"
[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "piano"
effects = [{ plugin = "ZamCompX2", params = { release = 80, threshold = -20 } }]  # glue
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a few real plug-ins: links, as people make them. SIDEMAN_CACHE is the test's own."""
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "plug-ins").mkdir()
    for file in ("/usr/lib/vst3/ZamCompX2.vst3", "/usr/lib/vst3/ZaMaximX2.vst3", "/usr/lib/lv2/ZamCompX2.lv2",
                 "/usr/lib/lv2/ZynAddSubFX.lv2", "/usr/lib/vst/ZamCompX2-vst.so"):
        if not Path(file).exists():
            pytest.skip(f"{file} is not installed: apt-get install zam-plugins zynaddsubfx-lv2")
        (tmp_path / "plug-ins" / Path(file).name).symlink_to(file)
    return tmp_path / "plug-ins"


def sideman(*arguments: str) -> Any:
    done = subprocess.run([sys.executable, "-m", "bridge", "plugins", *arguments, "--json"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.peer("zam-plugins")
@pytest.mark.skipif(not installed("minihost"), reason="LV2 needs minihost")
def test_real_plug_ins_are_scanned_listed_and_described(folder: Path) -> None:
    planted.vst3(folder, "crashes", "Mine")
    found = sideman("scan", str(folder))
    assert found["plugins"] == 6 and [b["name"] for b in found["broken"]] == ["Mine"]
    assert found["formats"] == {"VST3": 3, "LV2": 2, "VST2": 1}
    again = sideman("scan", str(folder))
    assert (again["loaded"], again["known"]) == (0, 6)
    listed = {(e["name"], e["format"]): e for e in sideman("list")}
    assert listed["ZynAddSubFX", "LV2"]["kind"] == "instrument" and listed["ZynAddSubFX", "LV2"]["outputs"] == 2
    assert listed["ZaMaximX2", "VST3"]["latency_frames"] == 480
    threshold = next(p for p in sideman("info", str(folder / "ZamCompX2.vst3"))["parameters"]
                     if p["name"] == "Threshold")
    assert (threshold["low"], threshold["high"], threshold["unit"]) == (-80, 0, "dB")
    assert find("ZamCompX2", [folder]).format == "VST3" and find("LV2:ZamCompX2", [folder]).format == "LV2"


def test_ctrl_c_ends_a_scan_at_once(tmp_path: Path) -> None:
    planted.vst3(tmp_path, "hangs")
    with subprocess.Popen([sys.executable, "-m", "bridge", "plugins", "scan", str(tmp_path)], stderr=subprocess.PIPE,
                          env=os.environ | {"SIDEMAN_CACHE": str(tmp_path / "cache")}, text=True) as scan:
        _until(lambda: _children(scan.pid), "the scan has not begun")
        began = time.monotonic()
        scan.send_signal(signal.SIGINT)
        assert scan.wait(20.0) != 0 and time.monotonic() - began < 10.0
        assert scan.stderr is not None and "Traceback" not in scan.stderr.read()


@pytest.mark.peer("zam-plugins", "xvfb")
@pytest.mark.skipif(not installed("pedalboard"), reason="windows need pedalboard")
def test_what_is_turned_in_a_window_is_kept_with_the_session(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(SESSION)
    with virtual_display(90 + os.getpid() % 900) as display:
        mouse = Mouse(display)
        env = os.environ | {"DISPLAY": display, "SIDEMAN_VST3_PATH": str(folder)}
        with subprocess.Popen([sys.executable, "-m", "bridge", "plugins", "edit", str(file), "piano"], env=env,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as edit:
            assert edit.stderr is not None and edit.stdout is not None
            assert "the window of ZamCompX2 is open" in edit.stderr.readline()
            _until(lambda: mouse.windows() >= 1, "there is no window")
            time.sleep(1.0)  # until it is drawn
            mouse.drag(130, 50, 10)  # the knob "Release"
            edit.send_signal(signal.SIGINT)
            assert edit.wait(30.0) == 0, edit.stderr.read()
            assert "release = " in edit.stdout.read()
        mouse.close()
    place = place_of(sessions.load(str(file)), "piano", "my.toml")
    use = use_of("ZamCompX2", place.keys)
    release = float(str(use.params["release"]))
    assert release > 90 and use.params["threshold"] == -20
    assert file.read_text() == SESSION.replace("release = 80", f"release = {release!r}").replace(
        "-20 } }", '-20 }, state = "my.states/piano.plugin.state" }')
    assert use.state is not None
    for host in ("pedalboard", "minihost"):
        if installed(host):
            assert _release_of(folder / "ZamCompX2.vst3", host, use.state) == pytest.approx(release, abs=0.1)


def _release_of(path: Path, host: str, state: bytes) -> float:
    """What the state makes of "Release", in a process of its own."""
    code = (f"import sys; from pathlib import Path; from importlib import import_module\n"
            f"from instruments.plugins.hosts import adapter_path\n"
            f"from instruments.hosts.parameter_units import number_in\n"
            f"module, name = adapter_path({host!r}); host = getattr(import_module(module), name)(Path({str(path)!r}))\n"
            f"host.load_state({state!r}); host.prepare(48000, 128)\n"
            f"text = next(p.text for p in host.parameters() if p.name == 'Release')\n"
            f"print('release', number_in(text), flush=True); import os; os._exit(0)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(next(line for line in done.stdout.splitlines() if line.startswith("release ")).split()[1])


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split() + [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def _until(true: Callable[[], object], otherwise: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
