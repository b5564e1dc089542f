"""Plug-ins that are killed over and over: does the host live, and does it keep what it need not?"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.hosted import HostedEffect
from instruments.hosted_instrument import HostedInstrument
from instruments.plugins.home import Home
from instruments.plugins.rings import SHM_PREFIX
from instruments.plugins.use import PluginUse

RATE, FRAMES = 48_000, 128
KILL_S = 5.0
_PERIOD_S = FRAMES / RATE


def soak(seconds: float, instrument: str = "ZynAddSubFX", effect: str = "ZamCompX2") -> dict[str, Any]:
    """Play for so long in real time, and kill one of three processes every KILL_S; nobody ever gives up.

    alive      every block was played and finite; kills and comebacks: of processes, by the crashes that were counted
    memory_mb  of this process after a fifth of the time, and at the end; grown_kb_per_min between them
    left       processes, descriptors and names in shared memory that are there afterwards and were not before
    """
    from instruments.registry import make_instrument

    before = _traces()
    chain = Home("a chain")
    played = HostedInstrument(PluginUse(instrument), lambda: make_instrument("organ"), chain, fallback_name="organ",
                              max_crashes=None)
    effects = [HostedEffect(PluginUse(effect), home, max_crashes=None) for home in (chain, Home(), Home())]
    plugins: list[HostedInstrument | HostedEffect] = [played, *effects]
    for plugin in plugins:
        plugin.prepare(RATE, FRAMES)
    rng = random.Random(1)
    audio: AudioBlock = np.zeros((2, FRAMES), np.float32)
    blocks, finite, kills, late = round(seconds / _PERIOD_S), True, 0, 0
    began = time.perf_counter()
    next_kill, memory = KILL_S, []
    for block in range(blocks):
        now = time.perf_counter() - began
        left = block * _PERIOD_S - now
        if left > 0:
            time.sleep(left)
        elif left < -1.0:
            began -= left  # the machine stood still: that is no soak
            late += 1
        position = block * FRAMES
        at = Transport(position, position / RATE * 2, playing=True)
        on = block % 90 == 0
        events = [FrameEvent(0, Kind.ON if on else Kind.OFF, 0, 60, 90.0)] if block % 90 in (0, 60) else []
        played.process(events, audio, at)
        for hosted in effects:
            hosted.process(audio, at)
        finite = finite and bool(np.isfinite(audio).all())
        if now > next_kill:
            next_kill += KILL_S
            pid = rng.choice(plugins).status()["pid"]
            if pid is not None:
                kills += 1
                with suppress(ProcessLookupError):
                    os.kill(pid, rng.choice((signal.SIGKILL, signal.SIGSEGV)))
        if block in (blocks // 5, blocks - 1):
            memory.append((now, _memory_kb()))
    crashes = max(played.status()["crashes"], effects[0].status()["crashes"]) + sum(
        e.status()["crashes"] for e in effects[1:])
    for plugin in plugins:
        plugin.close()
    after = _traces()
    (first_s, first_kb), (last_s, last_kb) = memory
    return {
        "seconds": seconds, "blocks": blocks, "alive": finite, "kills": kills, "crashes": crashes, "stood_still": late,
        "memory_mb": [round(first_kb / 1024, 1), round(last_kb / 1024, 1)],
        "grown_kb_per_min": round((last_kb - first_kb) * 60 / max(1.0, last_s - first_s), 1),
        "left": {key: after[key] - before[key] for key in after},
    }


def _traces() -> dict[str, int]:
    """Of this process; nothing where there is no /proc."""
    if not Path("/proc/self/fd").exists():
        return {}
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    tracker = 1 if any(b"resource_tracker" in Path(f"/proc/{c}/cmdline").read_bytes() for c in children) else 0
    descriptors = len(list(Path("/proc/self/fd").iterdir())) - tracker  # its pipe stays open
    names = len(list(Path("/dev/shm").glob(f"{SHM_PREFIX}{os.getpid()}-*")))
    return {"processes": len(children) - tracker, "descriptors": descriptors, "shared_memory": names}


def _memory_kb() -> int:
    """What is resident."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return 0
