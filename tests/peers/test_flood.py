"""A thousand connects a second, of every kind of bad: the engine misses no more deadlines than left in peace, and the
music goes on for who listens."""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from bridge.bench.stage import Player
from bridge.stream.tokens import make

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals"), pytest.mark.timeout(120)]

RATE = 1000
TURN_S = 1.2
TURNS = 2
UPGRADE = (b"GET /music HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


def wrongs(token: str) -> list[bytes]:
    """Nothing, half a handshake, no token, a wrong one, a foreign page, noise, and one that comes in and goes."""
    return [
        b"", UPGRADE[:70], UPGRADE + b"\r\n", UPGRADE + b"Authorization: Bearer " + b"w" * 43 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", bytes(range(256)) * 4,
        UPGRADE + f"Authorization: Bearer {token}\r\n\r\n".encode(),
    ]


def flood(port: int, seconds: float, kinds: itertools.cycle[bytes]) -> int:
    """Connects at RATE, each left as it is a moment later; returns how many there were."""
    began, count, held = time.monotonic(), 0, []
    while (now := time.monotonic()) < began + seconds:
        while count < (now - began) * RATE:
            one = socket.create_connection(("127.0.0.1", port), 5)
            one.sendall(next(kinds))
            held.append(one)
            count += 1
        for one in held[:-50]:
            one.close()
        held = held[-50:]
        time.sleep(0.001)
    for one in held:
        one.close()
    return count


def figures(port: int, token: str) -> dict[str, float]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^sideman_(\w+) ([\d.e+-]+)$", text, re.M)}


def test_a_flood_of_connections_costs_the_engine_no_deadline(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    token = make(tokens).control.reveal()
    with Player("jazz-trio", "--audio", "none", "--port", "0", "--token-file", str(tokens)) as player:
        port = int(player.wait_for(r"socket .*:(\d+)/music")[1])
        player.wait_for("Ctrl-C stops")
        time.sleep(0.5)
        kinds = itertools.cycle(wrongs(token))
        misses = {"idle": 0.0, "flood": 0.0}
        blocks = connects = 0.0
        for _ in range(TURNS):
            for what in misses:
                before = figures(port, token)
                if what == "flood":
                    connects += flood(port, TURN_S, kinds)
                else:
                    time.sleep(TURN_S)
                after = figures(port, token)
                misses[what] += after["deadline_misses_total"] - before["deadline_misses_total"]
                blocks += after["block_load_ratio_count"] - before["block_load_ratio_count"]
        print(f"{connects:.0f} connects; of {blocks:.0f} blocks late: {misses}")  # noqa: T201
        assert connects > 0.25 * RATE * TURN_S * TURNS and blocks > 300 * TURN_S * TURNS
        assert misses["flood"] <= misses["idle"] + 0.01 * blocks / 2
        assert not [line for line in player.lines if "Traceback" in line or token in line]
        assert token.encode() not in Path(f"/proc/{player.pid}/cmdline").read_bytes()
        assert after["clients"] < 60
