"""How far apart two clients play in sync, by what each is about to play: real servers, sockets, clients and stamps.

The clock of one client and the crystals of engine and devices are off, in simulation (clock x (1 + ppm)), for a machine
has but one; all run with SCHED_FIFO where the system allows it, as engines and devices do. Of what a client hands to
its device a snippet is kept every quarter of a second, with the true time at which it will be heard; where in the
engine's noise it is from is found by correlation.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.bench.stream_servers import FIFO_PRIORITY, HOST, RATE, ServerProcess
from bridge.client import MusicClient
from bridge.engine_link import AUDIO_HEAD
from bridge.errors import DeviceError
from bridge.frame_line import NS, FrameClock
from bridge.processes import take_fifo
from bridge.ring import Ring
from bridge.stream.playback import Playback, Report
from bridge.stream.server_clock import ServerClock
from instruments.system_clock import clock_ns

LOOP = 1 << 16
"""Frames after which the noise comes again: 1.4 s."""
_CUT = 0.25
"""Of the noise, as a share of the sample rate: smooth enough that a peak between two samples is found to 1 us."""
_FRAMES, _CARD_PPM, _CARD_NS = 128, 40.0, 20_000_000
"""The engine's card: its block, its crystal, what it holds."""
_PULL, _DEVICE_NS = 480, 20_000_000
_EVERY_S = 0.25
_SETTLED_S = 3.0
"""Clients begin to play half a second after they connect; what they do from here on counts."""
_PATIENCE_S = 60.0


class Room(NamedTuple):
    """A client: how far its clock is off, and the crystal of its device, in ppm; its block; its clock's own zero."""

    clock_ppm: float
    device_ppm: float
    block: Any = 512
    zero_ns: int = 0

    def now_ns(self, true_ns: int) -> int:
        """The client's clock at a time of the machine's."""
        return true_ns + self.zero_ns + round((true_ns - self.zero_ns % NS) * self.clock_ppm / 1e6)


ROOMS = (Room(0.0, -25.0), Room(100.0, 60.0, 128, 1_234_567_890_123))


class Played(NamedTuple):
    """What a client has played. times_ns: true, of the first frame of each snippet; snippets: (count, _PULL)."""

    times_ns: NDArray[np.int64]
    snippets: NDArray[np.float32]
    late: int
    jumps: int
    lost_frames: int
    drift_ppm: float
    """Of the server's clock, as the client found it."""


@cache
def noise() -> NDArray[np.float32]:
    """The engine's sound: LOOP frames, low-passed."""
    spectrum = np.fft.rfft(np.random.default_rng(12).standard_normal(LOOP))
    spectrum[int(_CUT * LOOP) :] = 0.0
    sound = np.fft.irfft(spectrum, LOOP)
    return np.asarray(0.5 * sound / np.abs(sound).max(), np.float32)


class Finder:
    """Where in the noise a snippet is from."""

    def __init__(self) -> None:
        self._spectrum = np.conj(np.fft.rfft(noise()))

    def place(self, snippet: NDArray[np.float32]) -> float | None:
        """The frame of its first sample, 0 <= frame < LOOP; None for what is not of the noise (silence)."""
        power = float(np.dot(snippet, snippet))
        if power < 1e-4 * len(snippet):
            return None
        match = np.fft.irfft(np.fft.rfft(snippet, LOOP) * self._spectrum, LOOP)
        peak = int(np.argmax(match))  # at minus the place, round the loop
        before, at, after = match[peak - 1], match[peak], match[(peak + 1) % LOOP]
        return float(-(peak + 0.5 * (before - after) / (before - 2 * at + after)) % LOOP)


def apart_ms(one: Played, other: Played) -> NDArray[np.float64]:
    """By how much `other` plays earlier than `one`, snippet by snippet; NaN where one of them is silent."""
    finder = Finder()
    found = [[finder.place(snippet) for snippet in played.snippets] for played in (one, other)]
    rate = RATE * (1 + _CARD_PPM / 1e6)
    out = []
    for time_ns, place in zip(one.times_ns, found[0], strict=True):
        n = int(np.argmin(np.abs(other.times_ns - time_ns)))
        beside = found[1][n]
        if abs(int(other.times_ns[n]) - int(time_ns)) > _EVERY_S * NS:
            continue
        if place is None or beside is None:
            out.append(np.nan)
            continue
        frames = beside - place - (int(other.times_ns[n]) - int(time_ns)) * rate / NS
        out.append(((frames + LOOP / 2) % LOOP - LOOP / 2) / rate * 1e3)
    return np.array(out)


def run(seconds: float = 60.0, tell: Callable[[str], None] = print, *, settled_s: float = _SETTLED_S,
        fifo: bool = True) -> dict[str, Any]:
    """sync_ms           50th and 99th percentile and the largest of how far apart two clients play the same frame
    sync_silent       share of the snippets in which one of them was silent
    sync_clients      of each: times late, jumps, frames lost, drift of the server's clock as found (and as it is)

    Raises DeviceError.
    """
    tell(f"two clients in sync, {seconds:g} s, a clock 100 ppm off")
    ring = Ring(256, 4096 * 8 + 64)
    context = get_context("spawn")
    try:
        with ServerProcess("sideman", None, ring) as server:
            ends = []
            engine = context.Process(target=_engine, args=(ring, seconds + settled_s + 60, fifo), daemon=True)
            engine.start()
            for room in ROOMS:
                ours, theirs = context.Pipe()
                process = context.Process(target=_client, daemon=True,
                                          args=(server.port, room, theirs, settled_s, fifo))
                process.start()
                theirs.close()
                ends.append((ours, process))
            try:
                for ours, _ in ends:
                    _heard(ours, _PATIENCE_S)
                for ours, _ in ends:
                    ours.send(seconds)
                played = [_heard(ours, seconds + _PATIENCE_S) for ours, _ in ends]
            finally:
                for process in (engine, *(process for _, process in ends)):
                    process.kill()
                    process.join()
    finally:
        ring.close()
    return figures(*played)


def figures(one: Played, other: Played) -> dict[str, Any]:
    apart = apart_ms(one, other)
    heard = np.abs(apart[~np.isnan(apart)])
    if not len(heard):
        raise DeviceError("the bench's clients played nothing: run it again on a quieter machine")
    return {
        "sync_ms": {"p50": round(float(np.percentile(heard, 50)), 4), "p99": round(float(np.percentile(heard, 99)), 4),
                    "max": round(float(heard.max()), 4)},
        "sync_snippets": len(apart), "sync_silent": round(1 - len(heard) / len(apart), 4),
        "sync_clients": [{"late": played.late, "jumps": played.jumps, "lost_frames": played.lost_frames,
                          "drift_ppm": round(played.drift_ppm, 2), "true_drift_ppm": -room.clock_ppm}
                         for room, played in zip(ROOMS, (one, other), strict=True)],
    }


def _heard(pipe: Connection[Any, Any], patience_s: float) -> Any:
    if not pipe.poll(patience_s):
        raise DeviceError("the bench's clients do not answer: run it again on a quieter machine")
    try:
        return pipe.recv()
    except EOFError:
        raise DeviceError("a client of the bench ended: its error is above") from None


def _engine(ring: Ring, seconds: float, fifo: bool) -> None:
    """A sound card whose crystal is off; its callbacks come when the system wakes them, and its time is made from them
    as drivers do."""
    if fifo:
        take_fifo(FIFO_PRIORITY)
    sound = np.concatenate([noise(), noise()[:_FRAMES]])
    line = FrameClock(RATE)
    began, period = float(clock_ns()), _FRAMES * NS / (RATE * (1 + _CARD_PPM / 1e6))
    for n in range(int(seconds * NS / period)):
        wait = began + n * period - clock_ns()
        if wait > 0:
            time.sleep(wait / NS)
        elif wait < -_CARD_NS:  # an xrun: the card went on without us
            began -= wait
            line.reanchor()
        frame = n * _FRAMES
        ns0 = line.update(frame, clock_ns()).ns0
        piece = sound[frame % LOOP : frame % LOOP + _FRAMES]
        ring.write(AUDIO_HEAD.pack(frame, ns0, clock_ns(), _FRAMES, RATE), np.stack([piece, piece]).data.cast("B"))
    ring.close()


def _client(port: int, room: Room, pipe: Connection[Any, Any], settled_s: float, fifo: bool) -> None:
    """The child's whole life: a client with a clock of its own, and a device on a thread."""
    if fifo:
        take_fifo(FIFO_PRIORITY)
    asyncio.run(_listen(port, room, pipe, settled_s))


async def _listen(port: int, room: Room, pipe: Connection[Any, Any], settled_s: float) -> None:
    url = f"ws://{HOST}:{port}/music"
    async with MusicClient(url, block=room.block, now_ns=lambda: room.now_ns(clock_ns())) as client:
        device = _Device(client.playback(RATE, "sync"), room)
        async with asyncio.timeout(_PATIENCE_S):
            while not device.report.playing:
                await asyncio.sleep(0.05)
        await asyncio.sleep(settled_s)
        pipe.send(True)
        seconds: float = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        device.keep()
        await asyncio.sleep(seconds)
        played = device.stop(client.clock)
    pipe.send(played)


class _Device(threading.Thread):
    """Takes _PULL frames at the pace of a crystal that is off, and hears them _DEVICE_NS later."""

    def __init__(self, playback: Playback, room: Room) -> None:
        super().__init__(daemon=True)
        self._playback = playback
        self._room = room
        self._running, self._keeping = True, False
        self._before = playback.report
        self._times: list[int] = []
        self._snippets: list[NDArray[np.float32]] = []
        self.start()

    @property
    def report(self) -> Report:
        return self._playback.report

    def keep(self) -> None:
        """From now on it counts."""
        self._before = self._playback.report
        self._keeping = True

    def run(self) -> None:
        period = _PULL * NS / (RATE * (1 + self._room.device_ppm / 1e6))
        began, kept = clock_ns(), 0
        n = 0
        while self._running:
            asked = began + round(n * period)
            n += 1
            if (wait := asked - clock_ns()) > 0:
                time.sleep(wait / NS)
            heard = asked + _DEVICE_NS
            out = self._playback.pull(_PULL, self._room.now_ns(heard), self._room.now_ns(asked))
            if self._keeping and heard // int(_EVERY_S * NS) != kept:
                kept = heard // int(_EVERY_S * NS)
                self._times.append(heard)
                self._snippets.append(out[0].copy())

    def stop(self, clock: ServerClock) -> Played:
        self._running = False
        self.join()
        after, before = self._playback.report, self._before
        return Played(np.array(self._times, np.int64), np.array(self._snippets), after.late - before.late,
                      after.resyncs - before.resyncs, after.lost_frames - before.lost_frames, clock.drift_ppm)
