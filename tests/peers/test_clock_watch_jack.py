"""`sideman clock watch` on a real jackd, against a real MIDI clock."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import DeviceError, PortError

try:
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.watch.listener import ClockListener, _PortEar
    from bridge.watch.watch import ClockWatch
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(90)]

WATCH = [sys.executable, "-c", "from bridge.commands.clock import command; command()", "watch"]


@pytest.fixture
def watch(jack_server: JackServer) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """watch(*arguments): the command, running and connected."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([*WATCH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=jack_server.environment)  # fmt: skip
        running.append(process)
        listing = ["jack_lsp", "-s", jack_server.name, "-c"]
        deadline = time.monotonic() + 20.0
        while b"sideman-watch:clock in" not in subprocess.run(listing, capture_output=True, check=True).stdout:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.3)  # a port is there shortly before it is connected
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.peer("jack_midi_clock")
def test_120_then_90_bpm_stop_locate_and_continue(
    clock_master: ClockMaster, watch: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    picture = tmp_path / "clock.png"
    plot = ["--plot", str(picture)] if find_spec("matplotlib") else []  # an extra
    process = watch("midi_clock", "--json", *plot)
    clock_master.play()
    time.sleep(4.0)
    clock_master.tempo(90.0)
    time.sleep(5.0)
    clock_master.halt()
    time.sleep(0.5)
    clock_master.locate(8.0)
    time.sleep(0.3)
    clock_master.play()
    time.sleep(4.0)
    clock_master.halt()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    seen: dict[str, Any] = json.loads(out)
    assert "jack_midi_clock:mclk_out" in seen["source"] and seen["stamps"] == "frames"
    first, *rest = seen["tempos"]
    assert first["bpm"] == pytest.approx(120.0, abs=0.01)
    assert max(tempo["clocks"] for tempo in rest) >= 96
    for tempo in rest:  # an xrun, or the moment of the change, may split off a short one, known less exactly
        assert tempo["bpm"] == pytest.approx(90.0, abs=0.01 if tempo["clocks"] >= 96 else 0.1)
    assert seen["tempos"][0]["nominal_bpm"] == 120.0
    assert abs(seen["tempos"][0]["audio_drift_ppm"]) < 80
    kinds = [entry["kind"] for entry in seen["log"] if entry["kind"] not in ("tempo", "pause")]
    assert [kind for kind in kinds if kind != "song position"] == ["start", "stop", "continue", "stop"]
    assert "song position" in kinds[2 : kinds.index("continue")]
    [resumed] = [entry for entry in seen["log"] if entry["kind"] == "continue"]
    assert resumed["position_tick"] >= 8 * 1.5 * 960, "jack_midi_clock continues a while after 8 s at 90 BPM"
    if not seen["losses_of_ours"]:
        assert seen["jitter_p99_ms"] < 0.03, "a frame, and the rounding to frames"
        assert (seen["dropped_clocks"], seen["doubled_clocks"], seen["bunched_clocks"]) == (0, 0, 0)
    if plot:
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and picture.stat().st_size > 20_000


@pytest.mark.peer("jack_midi_clock")
def test_without_a_port_it_waits_to_be_connected_and_ends_by_itself(
    jack_server: JackServer, clock_master: ClockMaster, watch: Callable[..., subprocess.Popen[str]]
) -> None:
    process = watch("--seconds", "4")
    connect = ["jack_connect", "-s", jack_server.name, ClockMaster.PORT, "sideman-watch:clock in"]
    subprocess.run(connect, check=True, capture_output=True)
    clock_master.play()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "connect the master to sideman-watch:clock in" in err
    assert "120.0" in out and "start" in out and "0 dropped" in out


def test_a_port_that_is_not_there_is_told_with_those_that_are(jack_server: JackServer) -> None:
    with pytest.raises(PortError, match=r"JACK output port 'nothing-like-it' does not exist\. There are:"):
        ClockListener("nothing-like-it", "jack").start()
    with pytest.raises(PortError, match=r"JACK output port 'nothing-like-it' does not exist\. There are:"):
        ClockListener("nothing-like-it").start()


def test_without_a_server_the_message_says_what_to_do() -> None:
    with pytest.raises(DeviceError, match="JACK server 'sideman-none' does not run: start it"):
        ClockListener(None, "jack").start()
    with pytest.raises(DeviceError, match=r"^no MIDI: .*JACK server 'sideman-none' does not run"):
        ClockListener("some port").start()


@pytest.mark.peer("jack_midi_clock")
def test_through_rtmidi_arrivals_are_stamped(clock_master: ClockMaster) -> None:
    """As on the systems that have no JACK: later stamps, the same clocks."""
    ear = _PortEar("midi_clock", "jack")
    try:
        clock_master.play()
        time.sleep(4.0)
        batch = ear.take()
    finally:
        ear.stop()
    assert ear.source.name == "'midi_clock', Jack by python-rtmidi" and not ear.source.audio
    clock = ClockWatch()
    for heard in batch.heard:
        clock.feed(heard.ns, heard.data, heard.machine_ns)
    clock.finish()
    report = clock.report(batch.now_ns)
    assert [entry.kind for entry in report.log if entry.kind in ("start", "stop")] == ["start"]
    assert 150 < report.clocks < 250
    assert report.tempo is not None and report.tempo.bpm == pytest.approx(120.0, abs=0.5)
