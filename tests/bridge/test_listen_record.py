"""`sideman record` and `sideman listen` as people call them, against a server that plays a known sound."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from server_stage import FakeConductor

from bridge import client_options, signals
from bridge.commands import cli
from bridge.driver import Block
from bridge.errors import DeviceError, MessageError
from bridge.frame_line import NS
from bridge.listener import Health, Listener, open_device
from bridge.stream import wire
from bridge.stream.playback import Playback, Report
from bridge.stream.server import Server
from bridge.stream.sync import Moment
from instruments.hosts.audio_file import read_audio
from instruments.system_clock import clock_ns

RATE = 48_000
FRAMES = 960


def ramp(frame0: int) -> np.ndarray:
    """Left tells the frame, up to 2^20; right is one fourth of it."""
    left = (np.arange(frame0, frame0 + FRAMES) / 2**20).astype(np.float32)
    return np.stack([left, left / 4])


class Stage(threading.Thread):
    """A server that plays ramp(), in a thread of its own; five blocks after the 40th are lost."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.url = ""
        self.up, self.over = threading.Event(), threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        self.url = f"localhost:{server.port}"
        self.up.set()
        began, n, heard = clock_ns(), 0, 0
        while not self.over.is_set():
            ns = began + n * FRAMES * NS // RATE
            await asyncio.sleep(max(0.0, (ns - clock_ns()) / NS))
            heard += server.clients > 0
            if not 40 <= heard < 45:
                server.publish_audio(n * FRAMES, ns, ramp(n * FRAMES))
            n += 1
        await server.stop()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    stage.start()
    assert stage.up.wait(20)
    yield stage
    stage.over.set()
    stage.join(10)


def frames_of(path: Path) -> np.ndarray:
    audio, rate = read_audio(path)
    assert rate == RATE
    return np.asarray(np.rint(audio[0].astype(np.float64) * 2**20), np.int64)


def test_record_keeps_every_frame_at_its_place_and_tells_of_gaps(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    done = CliRunner().invoke(cli, ["record", stage.url, "-o", str(path), "--duration", "1.5", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["seconds"] == 1.5
    frames = frames_of(path)
    assert len(frames) == 1.5 * RATE
    missing = sum(gap["seconds"] for gap in told["gaps"])
    assert missing >= 5 * FRAMES / RATE - 1e-9  # what was lost, and more where this machine stood still
    silent = frames == 0
    assert silent.sum() == pytest.approx(missing * RATE, abs=1)
    assert (frames - np.arange(len(frames)))[~silent].tolist() == [frames[0]] * int((~silent).sum())


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as POSIX has it")
def test_ctrl_c_leaves_a_whole_file(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "out.flac"
    child = subprocess.Popen([sys.executable, "-m", "bridge", "record", stage.url, "-o", str(path), "--format",
                              "int16"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    assert "recording" in child.stderr.readline()
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 0, err
    assert out.startswith(f"{path}: ")
    assert "Traceback" not in err
    assert len(frames_of(path)) > 0.3 * RATE


def test_record_says_what_is_wrong(stage: Stage, tmp_path: Path) -> None:
    def refusal(*arguments: str) -> str:
        return str(CliRunner().invoke(cli, ["record", *arguments]).exception)

    assert "choose one of" in refusal(stage.url, "-o", str(tmp_path / "a.wav"), "--stem", "tuba")
    assert ".wav or .flac" in refusal(stage.url, "-o", str(tmp_path / "a.ogg"))
    assert "sideman play" in refusal("localhost:9", "-o", str(tmp_path / "a.wav"))
    assert not list(tmp_path.iterdir())


def test_listen_without_a_device_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "sideman-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    try:
        driver = open_device("auto", None)
    except DeviceError as problem:
        assert "nothing to play on" in str(problem) and "sideman record" in str(problem)
    else:  # a machine with speakers
        driver.stop()


class Device:
    """A driver that is only asked how late it is."""

    rate = RATE
    lost: str | None = None
    heard_after_ns = 3_000_000
    latency_frames = 480

    def start(self, step: Callable[[Block], object]) -> None:
        self.step = step


class Noted:
    """A schedule that keeps what it is asked."""

    behind_ns = ahead_ns = NS

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def hear(self, frame0: int, frames: int, rate: int, server_ns: int, arrived_ns: int) -> None: ...

    def frame_at(self, moment: Moment) -> float | None:
        self.moments.append(moment)
        return None


def test_the_listener_knows_when_it_is_heard_and_when_it_is_asked() -> None:
    device, schedule = Device(), Noted()
    playback = Playback(schedule, RATE)
    playback.push(wire.Audio(0, 0, RATE, np.zeros((2, 480), np.float32)), 0)
    listener = Listener(device, playback)  # type: ignore[arg-type]
    listener.start()
    device.step(Block(0, 1_000_000_000, 96, ()))
    assert schedule.moments == [Moment(1_003_000_000, 993_000_000, 96)]
    device.heard_after_ns = 8_000_000
    listener.look()
    device.step(Block(96, 1_002_000_000, 96, ()))
    assert schedule.moments[1].heard_ns == 1_010_000_000
    device.lost = "the cable is out"
    with pytest.raises(DeviceError, match="cable"):
        listener.look()


def test_health_in_words_and_values() -> None:
    report = Report(True, 1.0, -250_000.0, 1.2e-5, 1e-5, 0.2, 1, 2, 3)
    health = Health("sync", report, 5.0, 0.1)
    assert "0.25 ms off" in health.told() and "+12 ppm" in health.told()
    assert health.values()["error_ms"] == -0.25
    assert Health("sync", report._replace(playing=False), 5.0, 0.1).told() == "nothing to play"


@pytest.mark.parametrize(("given", "url"), [
    ("studio", "ws://studio/music"), ("studio:3000", "ws://studio:3000/music"),
    ("http://studio:3000/", "ws://studio:3000/music"), ("wss://studio/relay", "wss://studio/relay"),
])
def test_addresses_as_people_give_them(given: str, url: str) -> None:
    assert client_options.socket_address(given) == url


def test_what_is_no_address_is_refused() -> None:
    for text in ("nats://hub", "ftp://studio", ""):
        with pytest.raises(DeviceError):
            client_options.socket_address(text)
    with pytest.raises(MessageError, match="tuba"):
        client_options.check_stem("tuba", wire.Hello(session="x", sample_rate=1, channels=2, tracks=()))


def test_the_end_comes_by_time() -> None:
    asyncio.run(asyncio.wait_for(signals.stopped(0.01), 5))
