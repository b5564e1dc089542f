"""A plug-in's own window, where a host opens any: under a display of its own, closed by an interrupt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hosting import load, real, traits

from instruments.block import InstrumentError

pytestmark = [pytest.mark.peer("zam-plugins"), pytest.mark.peer("xvfb")]
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OPEN = """
import _thread, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs tests in the background has it ignored
from hosting import prepared, real
host = prepared({host!r}, real({name!r}), threshold=-33.0)
threading.Timer(2.0, _thread.interrupt_main).start()
began = time.monotonic()
host.edit()
assert time.monotonic() - began > 1.5, "it did not stay open"
print([p.text for p in host.parameters() if p.name == "Threshold"])
"""
WINDOWS = {"pedalboard": "ZamCompX2.vst3", "minihost": "ZamCompX2.vst3", "vst2": "ZamCompX2.so"}


def run(host: str, name: str, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", OPEN.format(host=host, name=name)], cwd=HERE, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if k != "DISPLAY"} | {"PYTHONPATH": str(ROOT)} | environment,
        timeout=60, check=False,
    )


@pytest.mark.parametrize("host", ["pedalboard", "minihost", "vst2"])
def test_a_window_opens_and_closes(host: str) -> None:
    path, name = real(WINDOWS[host]), WINDOWS[host]
    if not traits(host).editor:
        with pytest.raises(InstrumentError, match="opens no windows"):
            load(host, path).edit()
        return
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run is not installed: apt-get install -y --no-install-recommends xvfb xauth")
    done = run(host, name, "xvfb-run", "-a")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "-33" in done.stdout


@pytest.mark.parametrize("host", ["pedalboard"])
def test_without_a_display_it_says_so(host: str) -> None:
    done = run(host, WINDOWS[host])
    assert "InstrumentError: plug-in ZamCompX2: its window cannot be opened: Editor cannot be shown" in done.stderr
