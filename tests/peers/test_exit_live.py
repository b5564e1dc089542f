"""Whatever ends the program, nothing is left sounding on its ports."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest

from bridge.bench.stage import Player
from bridge.jack.peers import JackServer
from bridge.jack.recorder import JackRecorder, Recording

pytestmark = [
    pytest.mark.peer("jackd"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is missing: apt-get install jackd2"),
    pytest.mark.timeout(90),
]
TRACKS = ("sideman:piano", "sideman:bass", "sideman:drums")
CLOCK = "sideman:clock out"


def left_behind(recording: Recording) -> list[str]:
    """In words: notes that sound at the end, and channels that were used and not reset exactly once."""
    found = []
    for port in TRACKS:
        sounding, used, resets = set(), set(), []
        for _, data in recording.midi[port]:
            kind, channel = data[0] & 0xF0, data[0] & 15
            used.add(channel)
            if kind == 0x90:
                sounding.add((channel, data[1]))
            elif kind == 0x80:
                sounding.discard((channel, data[1]))
            elif kind == 0xB0 and data[1] == 123:
                resets.append(channel)
        found += [f"{port}: {key} sounds" for key in sorted(sounding)]
        if sorted(resets) != sorted(used) or not used:
            found.append(f"{port}: used {sorted(used)}, reset {sorted(resets)}")
    return found


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_leaves_nothing_sounding(sign: signal.Signals) -> None:
    """As a terminal that is closed sends it (SIGHUP), Ctrl-C (SIGINT), or a service manager (SIGTERM)."""
    with (
        JackServer(sync=True) as server,
        Player("jazz-trio", "--audio", "jack", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        with JackRecorder([*TRACKS, CLOCK], server=server.name) as recorder:
            assert recorder.connected(), player.output
            time.sleep(2.5)
            os.killpg(player.pid, sign)
            deadline = time.monotonic() + 3.0
            while player.alive and time.monotonic() < deadline:
                time.sleep(0.02)
            assert not player.alive
            time.sleep(0.2)
    assert recorder.recording is not None
    assert left_behind(recorder.recording) == []
    assert recorder.recording.midi[CLOCK][-1].data == b"\xfc"
