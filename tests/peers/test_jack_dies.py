"""The JACK server is killed while the band plays: the music goes on to the page, and status says so."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from bridge.bench.stage import Player
from bridge.jack_peers import JackServer

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
