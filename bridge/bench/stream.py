"""What streaming costs and how late it is, beside `websockets`' own broadcast() and a bare socket in the same run."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

from bridge.bench import stream_sync
from bridge.bench.stream_listeners import Heard, Listeners, program
from bridge.bench.stream_servers import Engine, Kind, Run, ServerProcess, fifo_allowed
from bridge.errors import DeviceError
from bridge.ring import Ring

FRAMES = 128
TARGETS = {"latency_1_ms": 0.5, "latency_200_ms": 2.0, "cpu_us_per_message": 5.0, "latency_400_ms": 3.0,
           "engine_to_client_ms": 5.0, "stuck_client_kb": 256.0, "memory_per_client_kb": 100.0, "sync_ms": 1.0}
"""At most; of latencies the 99th percentile. At least: cpu_vs_broadcast 2; at most: cpu_vs_bare_socket 1.5."""

_ROUNDS = 3
_KINDS: tuple[Kind, ...] = ("sideman", "broadcast", "bare")
_PAUSE_S = 0.3


class Case(NamedTuple):
    """One run: what the listeners heard, and what it cost the server."""

    heard: Heard
    run: Run
    memory: float
    """Bytes of the server's memory that came with each client."""

    @property
    def cpu_us(self) -> float:
        return self.run.cpu_s / max(1, self.heard.messages) * 1e6

    @property
    def lost(self) -> int:
        """Messages that did not come, by the gaps in what did."""
        return self.heard.gaps


class Bench:
    """Servers on one core, listeners on the other; both with SCHED_FIFO where the system allows it."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.server_core: int | None = None
        self.listener_core: int | None = None
        if len(cores) > 1:
            self.server_core, self.listener_core = cores[:2]
        self.fifo = fifo_allowed()
        self.seconds = seconds
        self._command = command

    def case(self, kind: Kind, clients: int, *, frames: int = FRAMES, stuck: int = 0,
             seconds: float | None = None) -> Case:
        """A server, its clients, a run."""
        with ServerProcess(kind, self.server_core) as server:
            before = server.rss()
            with self.listeners(server.port, clients, stuck=stuck, frames=frames, kind=kind) as listeners:
                time.sleep(_PAUSE_S)
                memory = (server.rss() - before) / max(1, clients + stuck)
                run = server.run(frames, self.seconds if seconds is None else seconds)
                time.sleep(_PAUSE_S)
                return Case(listeners.heard(), run, memory)

    def listeners(self, port: int, clients: int, *, stuck: int = 0, frames: int = FRAMES,
                  kind: Kind = "sideman") -> Listeners:
        wish = {"type": "subscribe", "midi": False, "status": False, "block": frames}
        return Listeners(self._command, port, clients, stuck=stuck, core=self.listener_core, fifo=self.fifo,
                         request=json.dumps(wish) if kind.startswith("sideman") else "")


def run(seconds: float = 4.0, choices: bool = False, tell: Callable[[str], None] = print,
        sync_s: float = 60.0) -> dict[str, Any]:
    """About three minutes at 4 s a run. choices: also ours and others on uvloop, and picows, where they are installed.

    latency_N_ms          from a stamp just before a block is handed out until a client's recv() has returned with it:
                          N clients, 128 frames of float32 stereo at 48 kHz (400: 256 frames); lost_N: gaps heard
    cpu_us_per_message    CPU of the server's process by message and client, 200 clients; cpu_vs_broadcast: that of
                          `websockets`' broadcast() by ours; cpu_vs_bare_socket: ours by a loop of socket.send()
    engine_to_client_ms   from when an engine's process has a block until one client has it, through the ring
    stuck_client_kb       of memory that a client costs that never reads: the process's, and what the kernel keeps
    stuck_others_p99      99th percentile of 50 others beside it, by that without it
    memory_per_client_kb  of the server's process, 200 clients
    sync_ms, ...          how far apart two clients play, over sync_s: see bridge.bench.stream_sync
    client                "C", or "Python" where no compiler is: then latencies are mostly the listeners' own
    fifo                  servers and listeners ran with SCHED_FIFO: other programs on the machine were held off

    Raises DeviceError.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = program(Path(folder))
        bench = Bench(command, seconds)
        in_c = len(command) == 1
        if not in_c:
            tell("no C compiler (cc, gcc or clang) is there: Python listens, and latencies are mostly its own")
        figures: dict[str, Any] = {"client": "C" if in_c else "Python", "fifo": bench.fifo, "targets": TARGETS}
        figures |= _few(bench, tell)
        figures |= _many(bench, choices, tell)
        figures |= _engine(bench, tell)
        figures |= _stuck(bench, tell)
        figures |= stream_sync.run(sync_s, tell)
        return figures


def _few(bench: Bench, tell: Callable[[str], None]) -> dict[str, Any]:
    tell("one client")
    return {"latency_1_ms": _spread(bench.case("sideman", 1)),
            "latency_1_broadcast_ms": _spread(bench.case("broadcast", 1)),
            "latency_1_bare_ms": _spread(bench.case("bare", 1))}


def _many(bench: Bench, choices: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Round after round, so that a machine that is slower for a while is so for all."""
    kinds = cast("tuple[Kind, ...]", get_args(Kind)) if choices else _KINDS
    cases: dict[Kind, list[Case]] = {kind: [] for kind in kinds}
    for n in range(_ROUNDS):
        tell(f"200 clients, round {n + 1} of {_ROUNDS}")
        for kind in tuple(kinds):
            try:
                cases[kind].append(bench.case(kind, 200))
            except DeviceError as missing:
                tell(f"{kind}: {missing}")
                cases.pop(kind, None)
                kinds = tuple(k for k in kinds if k != kind)
    ours = cases["sideman"]

    def ratio(over: Kind, under: Kind) -> float:
        return round(statistics.median(a.cpu_us / b.cpu_us for a, b in
                                       zip(cases[over], cases[under], strict=True)), 3)

    tell("400 clients, 256 frames")
    crowd = bench.case("sideman", 400, frames=256)
    return {
        "latency_200_ms": _median(ours), "lost_200": sum(c.lost for c in ours),
        "cpu_us_per_message": round(statistics.median(c.cpu_us for c in ours), 3),
        "cpu_vs_broadcast": ratio("broadcast", "sideman"), "cpu_vs_bare_socket": ratio("sideman", "bare"),
        "memory_per_client_kb": round(statistics.median(c.memory for c in ours) / 1024, 1),
        "latency_400_ms": _spread(crowd), "lost_400": crowd.lost, "broken_400": crowd.heard.broken,
        "peers_200": {kind: {"latency_ms": _median(runs),
                             "cpu_us_per_message": round(statistics.median(c.cpu_us for c in runs), 3),
                             "memory_per_client_kb": round(statistics.median(c.memory for c in runs) / 1024, 1)}
                      for kind, runs in cases.items()},
    }


def _engine(bench: Bench, tell: Callable[[str], None]) -> dict[str, Any]:
    if os.name != "posix":
        return {"engine_to_client_ms": None}
    tell("from an engine's ring to one client")
    ring = Ring(256, 4096 * 8 + 64)
    try:
        with ServerProcess("sideman", bench.server_core, ring) as server, bench.listeners(server.port, 1) as listeners:
            engine = Engine(ring, FRAMES, 2 * bench.seconds, bench.listener_core)
            engine.join()
            time.sleep(_PAUSE_S)
            heard = listeners.heard()
    finally:
        ring.close()
    return {"engine_to_client_ms": {"p50": heard.percentile_ms(50), "p99": heard.percentile_ms(99)},
            "engine_to_client_lost": heard.gaps}


def _stuck(bench: Bench, tell: Callable[[str], None], rounds: int = _ROUNDS) -> dict[str, Any]:
    """The same server with the same others, first without, then with one that never reads; medians of the rounds."""
    costs, kernels, ratios, lost, dropped = [], [], [], 0, 0
    for n in range(rounds):
        tell(f"a client that never reads, round {n + 1} of {rounds}")
        with ServerProcess("sideman", bench.server_core) as server:
            with bench.listeners(server.port, 50) as others:
                server.run(FRAMES, bench.seconds / 2)
                before = server.run(FRAMES, bench.seconds / 2).rss
                alone = others.heard()
            with bench.listeners(server.port, 50, stuck=1) as others:
                after = server.run(FRAMES, bench.seconds)
                kernels.append(_unsent(server.port))
                beside = others.heard()
            costs.append(max(0, after.rss - before) + kernels[-1])
            ratios.append(beside.percentile_ms(99) / alone.percentile_ms(99))
            lost += beside.gaps
            dropped += server.health()["dropped"]["audio"]
    return {"stuck_client_kb": round(statistics.median(costs) / 1024, 1),
            "stuck_client_kernel_kb": round(statistics.median(kernels) / 1024, 1),
            "stuck_dropped_messages": dropped, "stuck_others_lost": lost,
            "stuck_others_p99": round(statistics.median(ratios), 3)}


def _unsent(port: int) -> int:
    """Memory in bytes that the kernel keeps for what was sent from `port` and not taken; 0 where nobody tells."""
    try:
        said = subprocess.run(["ss", "-tmnH", "sport", "=", f":{port}"], capture_output=True, text=True, check=True,
                              timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(int(queued) for queued in re.findall(r"skmem:\([^)]*\bw(\d+)", said))


def _spread(case: Case) -> dict[str, float]:
    return {"p50": case.heard.percentile_ms(50), "p99": case.heard.percentile_ms(99)}


def _median(cases: Sequence[Case]) -> dict[str, float]:
    """Of the rounds, percentile by percentile."""
    return {key: round(statistics.median(_spread(case)[key] for case in cases), 4) for key in ("p50", "p99")}
