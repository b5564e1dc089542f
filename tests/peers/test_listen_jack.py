"""`sideman listen` on a real JACK server: what it plays is the stream, in order, where it should be."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from server_stage import FakeConductor

from bridge.frame_line import NS
from bridge.jack.peers import JackServer
from bridge.jack.recorder import JackRecorder
from bridge.stream.server import Server
from instruments.system_clock import clock_ns

pytestmark = [
    pytest.mark.peer("jackd"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is missing: apt-get install jackd2"),
    pytest.mark.timeout(90),
]
RATE, FRAMES = 48_000, 480
PERIOD = 48_000 / 16


def tone(frame0: int) -> np.ndarray:
    """Sine and cosine of 16 Hz, so that two samples tell the place."""
    angle = 2 * np.pi * np.arange(frame0, frame0 + FRAMES) / PERIOD
    return np.stack([np.sin(angle), np.cos(angle)]).astype(np.float32) / 2


@pytest.fixture
def url() -> Iterator[str]:
    up, over, where = threading.Event(), threading.Event(), []

    async def serve() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        where.append(server.socket_url)
        up.set()
        began, n = clock_ns(), 0
        while not over.is_set():
            ns = began + n * FRAMES * NS // RATE
            await asyncio.sleep(max(0.0, (ns - clock_ns()) / NS))
            server.publish_audio(n * FRAMES, ns, tone(n * FRAMES))
            n += 1
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert up.wait(20)
    yield where[0]
    over.set()
    thread.join(10)


@pytest.mark.parametrize("mode", ["sync", "low-latency"])
def test_the_stream_is_played(jack_server: JackServer, url: str, mode: str) -> None:
    with JackRecorder([], ["sideman-listen:out_l", "sideman-listen:out_r"], server=jack_server.name) as recorder:
        done = subprocess.run(
            [sys.executable, "-m", "bridge", "listen", url, "--mode", mode, "--audio", "jack", "--duration", "3.5",
             "--json"],
            env=os.environ | {"JACK_DEFAULT_SERVER": jack_server.name}, capture_output=True, text=True, check=False,
            timeout=60)
        time.sleep(0.2)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["playing"]
    assert jack_server.name in done.stderr
    assert recorder.recording is not None
    heard = recorder.recording.audio
    loud = np.flatnonzero(np.hypot(*heard) > 0.49)
    assert len(loud) > 1.0 * RATE  # of 3.5 seconds; this machine may stand still for some
    turns = np.angle((heard[1, loud] + 1j * heard[0, loud])[1:] * np.conj((heard[1, loud] + 1j * heard[0, loud])[:-1]))
    speeds = turns[np.diff(loud) == 1] / (2 * np.pi / PERIOD)
    assert np.median(speeds) == pytest.approx(1.0, abs=0.01)
    assert np.mean(np.abs(speeds - 1.0) < 0.1) > 0.99
