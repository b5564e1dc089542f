"""Playing along over a real jackd: a loop goes on playing what a key recorded, and chords become the band's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from bridge import session as sessions
from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.jack.peers import JackServer
from bridge.jack.recorder import JackRecorder
from bridge.jack.trace import Sent, TraceMaster

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(120)]
INPUT = '\n[[input]]\nname = "keys"\nto = ["piano"]\nport = "trace:keys"\n'
RATE = 48_000
KEY = 101
"""No composer goes there."""


async def until(client: MusicClient, happened: Callable[[], bool], seconds: float = 10.0) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    while client.status is None or not happened():
        assert time.monotonic() - began < seconds, client.status
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def test_a_loop_plays_what_was_played_and_chords_are_heard_within_the_next_beats(jack_server: JackServer,
                                                                                tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(Path(sessions.builtin_folder(), "jazz-trio.toml").read_text() + INPUT)

    async def act(player: Player, trace: TraceMaster) -> None:
        async with MusicClient(player.url()) as client:
            def told() -> tuple[str, str, str, int]:
                assert client.status is not None and client.status.playing is not None
                playing = client.status.playing
                return playing.recording, playing.understood, client.status.chord, len(playing.layers)

            client.on("status", lambda _: None)
            await until(client, lambda: client.status is not None and client.status.status == "playing", 30.0)
            await client.arm("piano")
            await client.record(loop=1, quantise="1/8")
            await until(client, lambda: told()[0] == "on")
            trace.play([Sent(0, 0, bytes((0x90, KEY, 100))), Sent(9600, 0, bytes((0x80, KEY, 0)))])
            await until(client, lambda: told()[3] == 1)
            await asyncio.sleep(5.0)
            await client.record(False)
            await client.follow("chords")
            trace.play([Sent(400 * i, 0, bytes((0x90, key, 90))) for i, key in enumerate((46, 56, 61, 65))])
            await until(client, lambda: told()[1] == "Bbm7")
            assert await until(client, lambda: told()[2] == "Bbm7") < 1.5  # a beat lasts 0.5 s
            await client.keep()

    with (
        TraceMaster(["keys"], server=jack_server.name) as trace,
        Player(str(file), "--audio", "jack", "--port", "0", "--tempo", "120", environment=jack_server.environment
               ) as player,
    ):
        player.wait_for("Ctrl-C stops")
        with JackRecorder(["sideman:piano"], [], server=jack_server.name) as recorder:
            assert recorder.connected(), player.output
            asyncio.run(act(player, trace))
            recording = recorder.stop()
        player.stop()
    frames = [m.frame for m in recording.midi["sideman:piano"] if m.data[0] & 0xF0 == 0x90
              and m.data[1] == KEY and m.data[2]]
    assert len(frames) >= 3, player.output
    assert all(abs(b - a - 2 * RATE) < RATE / 20 for a, b in pairwise(frames[1:]))
    (kept,) = sessions.load(str(file)).layers
    assert kept.clip is not None and [n.pitch for n in kept.clip.notes] == [KEY]
