"""From the command to the first sound, and what the processes weigh."""

from __future__ import annotations

import asyncio
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import connect

from bridge.bench.figures import median
from bridge.bench.stage import Player, family, memory_mb
from bridge.stream import wire

_AUDIBLE = 1e-3
_FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")


def run(runs: int = 5) -> dict[str, Any]:
    """The first run warms the caches and is not counted."""
    seconds, memory = [], []
    for i in range(runs + 1):
        first, weight = once()
        if i:
            seconds.append(first)
            memory.append(weight)
    rss = [m["rss_mb"] for m in memory if m]
    pss = [m["pss_mb"] for m in memory if m]
    return {"runs": runs, "first_sound_s": median(seconds), "first_sound_s_all": [round(s, 3) for s in seconds],
            "rss_mb": median(rss) if rss else None, "pss_mb": median(pss) if pss else None, "peer": peer(runs)}


def once() -> tuple[float, dict[str, float] | None]:
    """Seconds until a client has the first audible sample, and the memory two seconds later."""
    port = _free_port()
    with Player("jazz-trio", "--audio", "none", "--port", str(port), "--clock", "internal") as player:
        heard = asyncio.run(_first_sound(f"ws://127.0.0.1:{port}/music", player))
        time.sleep(2.0)
        return heard - player.began, memory_mb(family(player.pid))


async def _first_sound(url: str, player: Player) -> float:
    while True:
        try:
            async with connect(url, compression=None) as socket_:
                async for message in socket_:
                    if isinstance(message, bytes) and np.abs(wire.decode_audio(message).samples).max() > _AUDIBLE:
                        return time.perf_counter()
        except OSError:
            if not player.alive:
                raise
            await asyncio.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def peer(runs: int) -> dict[str, Any] | None:
    """fluidsynth's time to load a small font and quit: what a C program without composing needs."""
    program = shutil.which("fluidsynth")
    if program is None or not _FONT.exists():
        return None
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([program, "-a", "file", "-n", "-i", "-q", "-F", "/dev/null", str(_FONT)], capture_output=True,
                       check=False, timeout=60)
        times.append(time.perf_counter() - began)
    return {"name": f"fluidsynth loading {_FONT.name}", "seconds": round(statistics.median(times), 3)}
