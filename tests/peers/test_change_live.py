"""Instruments and tracks change while JACK plays: no gap in the sound, no note without its end, ports come and go."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from bridge.bench.stage import Player, family
from bridge.jack.client import open_client
from bridge.jack.peers import JackServer
from bridge.jack.recorder import Heard, JackRecorder

pytestmark = [
    pytest.mark.peer("jackd"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is missing: apt-get install jackd2"),
    pytest.mark.timeout(120),
]
RATE = 48_000
STAYING = ("sideman:bass", "sideman:drums")
AUDIO = ("sideman:out_l",)


def said(player: Player, **message: Any) -> None:
    async def say() -> None:
        async with connect(player.url(), compression=None, max_size=None) as connection:
            await connection.send(json.dumps(message))
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                answer = await asyncio.wait_for(connection.recv(), 5)
                if isinstance(answer, str) and json.loads(answer).get("type") in ("ok", "error", "done"):
                    return

    asyncio.run(say())


def ends_of(messages: Iterable[Heard]) -> list[int]:
    """Frames of the note-ons, each of which must have its end before the next on its key."""
    held: set[tuple[int, int]] = set()
    begun = []
    for frame, data in messages:
        key = data[0] & 15, data[1]
        if data[0] >> 4 == 9:
            assert key not in held, f"{key} struck while it sounds"
            held.add(key)
            begun.append(frame)
        elif data[0] >> 4 == 8:
            held.discard(key)
    return begun


def longest_silence(audio: NDArray[np.float32]) -> int:
    """Frames of exact silence in a row."""
    sounding = np.flatnonzero(np.concatenate([[1.0], audio, [1.0]]))
    return int(np.diff(sounding).max()) - 1


def test_a_band_changes_its_instruments_without_a_gap() -> None:
    with (
        JackServer(sync=True) as server,
        Player("jazz-trio", "--audio", "jack", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        before = family(player.pid)
        with JackRecorder(STAYING, AUDIO, server=server.name) as recorder:
            assert recorder.connected(), player.output
            time.sleep(2.0)
            said(player, type="modify", id=1, params={"instruments": {"piano": "rhodes"}})
            time.sleep(2.5)
            said(player, type="modify", id=2, params={"instruments": ["piano", "bass", "drums", "strings"]})
            time.sleep(3.0)
            client = open_client("looker", server.name)
            try:
                names = {port.shortname for port in client.get_ports("sideman:", is_midi=True)}
            finally:
                client.close()
            recording = recorder.stop()
        assert family(player.pid) == before, f"no process was started again: {player.output}"
        assert {"piano", "bass", "drums", "strings", "clock out", "clock in"} == names
        assert not recording.skipped
        for port in STAYING:
            notes = ends_of(recording.midi[port])
            assert max(b - a for a, b in pairwise(notes)) < 2.5 * RATE, f"{port} has left out notes"
        audio = recording.audio[0]
        first = int(np.flatnonzero(audio)[0])
        assert longest_silence(audio[first:]) <= 128
        assert "error" not in player.output and "Traceback" not in player.output
