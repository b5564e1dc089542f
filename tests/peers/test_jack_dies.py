"""JACK goes away, or a port of it, while the band plays: the music goes on, and status says so."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from bridge.bench.stage import Player
from bridge.jack.peers import JackServer

pytestmark = [
    pytest.mark.peer("jackd"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is missing: apt-get install jackd2"),
    pytest.mark.timeout(90),
]


async def statuses(url: str, seconds: float) -> list[dict[str, Any]]:
    found = []
    async with connect(url, compression=None) as connection:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(connection.recv(), left)
            except TimeoutError:
                break
            if isinstance(message, str) and json.loads(message)["type"] == "status":
                found.append(json.loads(message))
    return found


def test_the_band_plays_on_without_jack() -> None:
    with JackServer() as server, Player("jazz-trio", "--port", "0", environment=server.environment) as player:
        url = player.url()
        player.wait_for("sound .*JACK")
        player.wait_for("Ctrl-C stops")
        before = asyncio.run(statuses(url, 2.0))[-1]
        assert before["status"] == "playing"
        killed = time.monotonic()
        server.kill()
        after = asyncio.run(statuses(url, 8.0))
        told = " ".join(n["text"] for s in after for n in s["notices"])
        assert "JACK" in told
        playing = [s for s in after if s["status"] == "playing"]
        last = playing[-1]
        gone = (last["position"] - before["position"]) * 60 / last["tempo"]
        assert gone == pytest.approx(time.monotonic() - killed, abs=1.5)
        assert player.stop() < 1.5


def test_a_port_that_vanishes_while_playing_is_told_and_connected_again(tmp_path: Path) -> None:
    session = tmp_path / "routed.toml"
    text = (files("sessions") / "jazz-trio.toml").read_text(encoding="utf-8")
    session.write_text(text.replace('parts = ["bass"]', 'parts = ["bass"]\nport = "jack_mclk_dump:mclk_in"'))

    async def told(url: str, what: str) -> bool:
        return any(what in n["text"] for s in await statuses(url, 3.0) for n in s["notices"])

    def sink() -> subprocess.Popen[bytes]:
        return subprocess.Popen(["jack_mclk_dump"], env=server.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def leave(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        process.wait(5)

    with JackServer() as server:
        there = sink()
        time.sleep(0.5)
        with Player(str(session), "--port", "0", environment=server.environment) as player:
            url = player.url()
            player.wait_for("Ctrl-C stops")
            assert asyncio.run(statuses(url, 1.0))[-1]["status"] == "playing"
            leave(there)
            assert asyncio.run(told(url, "'jack_mclk_dump:mclk_in' is gone"))
            there = sink()
            assert asyncio.run(told(url, "'jack_mclk_dump:mclk_in' is back"))
            assert asyncio.run(statuses(url, 1.0))[-1]["status"] == "playing"
        leave(there)


def test_a_named_port_that_is_not_there_is_an_error_that_lists_what_is() -> None:
    with (
        JackServer() as server,
        Player("--clock-port", "nowhere", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("'nowhere'")
        deadline = time.monotonic() + 5
        while player.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not player.alive
        assert "Traceback" not in player.output
