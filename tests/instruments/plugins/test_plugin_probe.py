"""A plug-in is looked at in a process of its own: what it does there harms nobody, and is told in words."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import planted
import pytest
from oracle_plugin import oracle

from instruments.plugins.catalogue import ParameterInfo
from instruments.plugins.hosts import installed
from instruments.plugins.probe import probe
from instruments.plugins.scan import FoundPlugin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the planted libraries are for Linux")
HOSTS = [host for host in ("minihost", "pedalboard") if installed(host)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))


def found(path: Path, which: str | None = None) -> FoundPlugin:
    return FoundPlugin(path.stem, path, "LV2" if path.suffix == ".lv2" else "VST3", which)


@pytest.mark.parametrize(("behaviour", "trouble", "words"), [
    ("crashes", "crashed", "SIGSEGV"), ("ends", "crashed", "exit status 3 (no licence)"),
    ("refuses", "failed", "could not be loaded"), ("prints", "crashed", "SIGABRT"),
])
def test_what_a_plug_in_does_on_loading_is_told(tmp_path: Path, behaviour: str, trouble: str, words: str) -> None:
    entry = probe(found(planted.vst3(tmp_path, behaviour)), HOSTS[0])
    assert entry.trouble == trouble and words in entry.reason
    assert (entry.name, entry.format, entry.host) == (behaviour.title(), "VST3", HOSTS[0])
    assert entry.size > 0 and entry.mtime_ns > 0


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    before = time.monotonic()
    entry = probe(found(planted.vst3(tmp_path, "hangs")), HOSTS[0], timeout_s=1.5)
    assert entry.trouble == "hung" and "1.5 s" in entry.reason
    assert time.monotonic() - before < 10.0


def test_one_that_takes_all_memory_is_stopped(tmp_path: Path) -> None:
    entry = probe(found(planted.vst3(tmp_path, "grows")), HOSTS[0], memory_bytes=1 << 30)
    assert entry.trouble == "crashed" and "SIGABRT" in entry.reason


def test_it_ends_with_the_program_that_asked(tmp_path: Path) -> None:
    plugin = planted.vst3(tmp_path, "hangs")
    marker = f"sideman-probe-test-{os.getpid()}"
    code = (f"from pathlib import Path; from instruments.plugins.probe import probe; "
            f"from instruments.plugins.scan import FoundPlugin; "
            f"probe(FoundPlugin('x', Path({str(plugin)!r}), 'VST3', {marker!r}), {HOSTS[0]!r})")
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        assert _until(lambda: len(_running(marker)) == 2), "the probe did not start"
        parent.kill()
    assert _until(lambda: not _running(marker)), "the probe has outlived its program"


def _until(true: object, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def _running(marker: str) -> list[str]:
    lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return [line for line in lines if marker in line]


@pytest.mark.peer("dpf-source")
@pytest.mark.parametrize("host", HOSTS)
def test_an_effect_is_described(host: str) -> None:
    entry = probe(found(oracle("effect")), host)
    assert entry.trouble is None, entry.reason
    assert (entry.name, entry.vendor, entry.kind, entry.host) == ("Oracle Effect", "Sideman", "effect", host)
    parameters = {p.name: p for p in entry.parameters}
    assert parameters["Gain"].low == -60 and parameters["Gain"].high == 12
    assert parameters["Gain"].default == pytest.approx(0, abs=1e-5) and parameters["Gain"].unit == "dB"
    assert (parameters["Mode"].low, parameters["Mode"].high, parameters["Mode"].default) == ("Play", "Exit", "Play")
    assert parameters["Mode"].steps == 11 and entry.load_s > 0
    if host == "minihost":
        assert (entry.inputs, entry.outputs, entry.side_chain) == (2, 2, True)


@pytest.mark.peer("dpf-source")
@pytest.mark.parametrize("host", HOSTS)
def test_two_thousand_parameters_take_less_than_two_seconds(host: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    entry = probe(found(oracle("knobs")), host)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert entry.trouble is None and entry.kind == "instrument" and len(entry.parameters) >= 2000
    # Of the processor's time, as the machine may be busy with others; asking 1,000 texts of each takes minutes.
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 2.0, f"the probe took {seconds} s of processor time"


@pytest.mark.skipif("minihost" not in HOSTS, reason="LV2 needs minihost")
@pytest.mark.parametrize("name", ["Soft", "Loud"])
def test_each_plug_in_of_an_lv2_bundle_is_loaded_wherever_it_lies(tmp_path: Path, name: str) -> None:
    entry = probe(found(planted.lv2_pair(tmp_path), f"urn:sideman-test:{name.lower()}"), "minihost")
    assert entry.trouble is None, entry.reason
    assert (entry.name, entry.vendor, entry.version, entry.kind) == (name, "Sideman", "2.1", "effect")
    assert (entry.inputs, entry.outputs) == (1, 1)
    assert entry.parameters == (ParameterInfo(f"{name} Gain", 0, 2, 1),)
