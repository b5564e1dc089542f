"""The whole program under MIDI Time Code and under JACK's transport: its clock out, to the frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.clock.mtc import MtcEncoder, Rate, Timecode
from bridge.errors import DeviceError
from bridge.session import CLOCK_IN, CLOCK_OUT

try:
    from bridge.bench.stage import Player
    from bridge.jack.client import close_client, open_client
    from bridge.jack.peers import JackServer
    from bridge.jack.recorder import JackRecorder, Recording
    from bridge.jack.trace import Sent, TraceMaster
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(120)]

RATE = 48_000
SESSION = """
name = "following"
[music]
genre = "jazz"
tempo = 120
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "bass"
[clock]
source = "{source}"
mtc_start = "01:00:00:00"
[outputs]
audio = "jack"
"""


@pytest.fixture
def server() -> Iterator[JackServer]:
    with JackServer(sync=True) as server:
        yield server


@pytest.fixture
def play(server: JackServer, tmp_path: Path) -> Iterator[Any]:
    players: list[Player] = []

    def start(source: str) -> Player:
        file = tmp_path / "following.toml"
        file.write_text(SESSION.format(source=source))
        player = Player(str(file), "--port", "0", environment=server.environment)
        players.append(player)
        player.url()
        return player

    yield start
    for player in players:
        player.stop()


def clock_out(taken: Recording, start: int) -> tuple[NDArray[np.int64], list[bytes]]:
    """Frames of the clocks from `start` on, and what else was sent."""
    heard = taken.midi[f"sideman:{CLOCK_OUT}"]
    clocks = np.array([m.frame - start for m in heard if m.data == b"\xf8"], np.int64)
    return clocks, [m.data for m in heard if m.data != b"\xf8"]


def test_time_code_to_clock(server: JackServer, play: Any) -> None:
    """M27: our clock out under MTC at 29.97 drop, from two seconds before the start. One frame."""
    player = play("mtc")
    rate = Rate.FPS_30_DROP
    begin = Timecode(1, 0, 0, 0).frame(rate) - 60
    encoder = MtcEncoder(rate, begin)
    trace = [Sent(round((quarter - 4 * begin) * rate.quarter_ns * RATE / 1e9), 0, message)
             for quarter, message in encoder.take(4 * begin, 4 * begin + 8 * 120)]
    ours = f"sideman:{CLOCK_OUT}"
    with TraceMaster(server=server.name) as tape, JackRecorder([ours], server=server.name) as recorder:
        client = open_client("patchbay", server.name)
        client.connect(tape.ports[0], f"sideman:{CLOCK_IN}")
        assert recorder.connected()
        time.sleep(0.3)
        start = tape.play(trace)
        time.sleep(9.0)
        played = tape.played()
        taken = recorder.stop()
        close_client(client)
    clocks, others = clock_out(taken, start)
    zero = 60 * 4 * rate.quarter_ns * RATE / 1e9
    late = clocks - zero - 1000 * np.arange(len(clocks))
    disturbed = played.late or played.skips or taken.skipped
    assert 280 <= len(clocks) <= 300, (len(clocks), player.output)
    assert others == [b"\xfa", b"\xfc"]
    assert disturbed or np.abs(late).max() <= 1, late


def test_transport_to_clock(server: JackServer, play: Any) -> None:
    """P24: our clock out under JACK's transport, whose frames the session's 120 BPM count. One frame."""
    player = play("jack")
    controls = open_client("controls", server.name)
    with JackRecorder([f"sideman:{CLOCK_OUT}"], server=server.name) as recorder:
        assert recorder.connected()
        time.sleep(0.3)
        controls.transport_start()
        time.sleep(4.0)
        controls.transport_stop()
        time.sleep(0.3)
        taken = recorder.stop()
    close_client(controls)
    clocks, others = clock_out(taken, 0)
    assert 180 <= len(clocks) <= 195, (len(clocks), player.output)
    assert others == [b"\xfa", b"\xfc"]
    assert taken.skipped or set(np.diff(clocks)) == {1000}
