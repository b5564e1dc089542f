"""A plug-in's window lives in a process of its own: what goes wrong there is told, and nothing is kept."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import planted
import pytest
from oracle_plugin import oracle

from instruments.block import InstrumentError
from instruments.plugins.editor import check_display, edit, editing_host
from instruments.plugins.hosts import installed
from instruments.plugins.scan import FoundPlugin

needs_pedalboard = pytest.mark.skipif(sys.platform != "linux" or not installed("pedalboard"),
                                      reason="pedalboard opens the windows")


def found(path: Path) -> FoundPlugin:
    return FoundPlugin(path.stem, path, "VST3")


def test_which_host_opens_windows() -> None:
    assert editing_host("VST3", lambda _host: True) == "pedalboard"
    with pytest.raises(InstrumentError, match="pip install sideman"):
        editing_host("VST3", lambda _host: False)
    with pytest.raises(InstrumentError, match="no host here opens windows of LV2 plug-ins"):
        editing_host("LV2")


def test_a_display_is_asked_for_where_windows_need_one() -> None:
    check_display({"DISPLAY": ":0"}, "linux")
    check_display({}, "darwin")
    with pytest.raises(InstrumentError, match="no display"):
        check_display({}, "linux")


@needs_pedalboard
@pytest.mark.parametrize(("behaviour", "words"), [
    ("crashes", r"crashed with SIGSEGV.*nothing was changed"), ("refuses", "cannot be edited.*cannot be loaded")])
def test_a_plug_in_that_does_not_load_is_told(tmp_path: Path, behaviour: str, words: str) -> None:
    opened: list[bool] = []
    with pytest.raises(InstrumentError, match=words):
        edit(found(planted.vst3(tmp_path, behaviour)), "pedalboard", opened=lambda: opened.append(True))
    assert not opened


@needs_pedalboard
def test_a_plug_in_that_hangs_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(InstrumentError, match="nothing was changed"):
        edit(found(planted.vst3(tmp_path, "hangs")), "pedalboard", load_timeout_s=0.0)
    assert time.monotonic() - began < 20.0


@needs_pedalboard
@pytest.mark.peer("dpf-source")
def test_no_window_and_a_wrong_parameter_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(InstrumentError, match="cannot be edited"):
        edit(found(oracle("effect")), "pedalboard")
    with pytest.raises(InstrumentError, match="no parameter 'nothing'"):
        edit(found(oracle("effect")), "pedalboard", params={"nothing": 1.0})
