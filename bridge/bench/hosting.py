"""What hosting plug-ins in processes of their own costs, and what a crash sounds like."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from bridge.bench.figures import median, spread
from bridge.bench.hosting_soak import soak
from bridge.errors import DeviceError
from bridge.processes import still_garbage, take_fifo
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosted import HostedEffect
from instruments.hosted_instrument import HostedInstrument
from instruments.plugins import scan
from instruments.plugins.child import load
from instruments.plugins.home import Home
from instruments.plugins.hosts import adapter_path, choose_host
from instruments.plugins.slot import HostSpec, Slot, SlotSpec
from instruments.plugins.use import PluginUse

RATE, FRAMES = 48_000, 128
EFFECT, INSTRUMENT = "ZamCompX2", "ZynAddSubFX"
TARGETS = {"isolation_1_us": 100.0, "isolation_8_us": 1000.0, "late_blocks": 0, "crash_silence_ms": 50.0,
           "ready_again_s": 1.0}
"""At most: the first as median, the second as 99th percentile with SCHED_FIFO, the others as the worst."""

_PERIOD_S = FRAMES / RATE
_PRIORITY = 20
_START_S = 120.0
_BAR = 4 * RATE // 2
_KEPT: list[Any] = []
"""Plug-ins that this process ends with, without their destructors, which have much to say."""

_SILENT = 10 ** (-50 / 20)
"""Of full scale; what is held sounds at -25 dB or so."""


def run(seconds: float = 60.0, soak_s: float = 60.0, crashes: int = 5,
        tell: Callable[[str], None] = print) -> dict[str, Any]:
    """About three minutes, each part in a process of its own. Raises DeviceError where a plug-in is not installed.

    in_process_N_us   N plug-ins (a VST3 compressor) one after another in this process, a block of 128 frames
    round_trip_N_us   N plug-ins, a process each: all are sent a block, then all answers awaited
    isolation_N_us    what the second takes more than the first's median: one block after another; ..._paced: a block
                      every 2.7 ms, so that caches have gone cold in between; ..._fifo: with SCHED_FIFO, else None
    late_blocks       8 such chains for `seconds`, one block of pipelining: answers that were not there in time; with
                      SCHED_FIFO; late_blocks_other without; blocks: how many there were
    crash_silence_ms  a synth holds a chord and is killed with SIGKILL: the longest silence in what is heard
    fallback_db       how loud it is 50 to 250 ms later, against before
    ready_again_s     from the kill until the plug-in could play; plays_again_s_all: until the bar line (they are 2 s
                      apart) from which on new notes are its own
    soak              an instrument with an effect in one process, and two effects alone; a kill every 5 s
    """
    figures: dict[str, Any] = {"rate": RATE, "block": FRAMES, "effect": EFFECT, "instrument": INSTRUMENT,
                               "targets": TARGETS}
    for name in (EFFECT, INSTRUMENT):
        try:
            scan.find(name)
        except InstrumentError as missing:
            package = "zam-plugins" if name == EFFECT else "zynaddsubfx-lv2"
            raise DeviceError(f"bench hosting needs {name}: apt-get install {package} ({missing})") from None
    for fifo in (False, True):
        for paced in (False, True):
            tell(f"round trips, {'SCHED_FIFO' if fifo else 'no priority'}{', in real time' if paced else ''}")
            for key, value in _apart(_isolation, fifo, paced).items():
                figures[f"{key}{'_paced' if paced else ''}{'_fifo' if fifo else ''}"] = value
    tell(f"8 chains, {seconds:g} s each without and with SCHED_FIFO")
    other, figures["blocks"] = _apart(_late, False, seconds)
    late, _ = _apart(_late, True, seconds)
    figures |= {"late_blocks": late, "late_blocks_other": other}
    tell(f"{crashes} crashes")
    figures |= _apart(_crash, crashes)
    tell(f"soak, {soak_s:g} s")
    figures["soak"] = _apart(soak, soak_s)
    return figures


def _apart(function: Callable[..., Any], *values: Any) -> Any:
    """Call it in a new process. Raises DeviceError where that dies or raises."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, function, values))
    process.start()
    theirs.close()
    try:
        answer, error = ours.recv()
    except EOFError:
        raise DeviceError("the bench's process died") from None
    finally:
        process.join()
        ours.close()
    if error:
        raise DeviceError(f"the bench failed: {error}")
    return answer


def _answer(pipe: Connection[Any, Any], function: Callable[..., Any], values: Sequence[Any]) -> None:
    try:
        pipe.send((function(*values), ""))
    except Exception as error:
        pipe.send((None, f"{type(error).__name__}: {error}"))
    pipe.close()
    os._exit(0)


def _spec(name: str) -> HostSpec:
    found = scan.find(name)
    return HostSpec(found.name, found.path, adapter_path(choose_host(found.format)))


class Pace:
    """Waits for the beginnings of blocks, in real time."""

    def __init__(self) -> None:
        self._next = time.perf_counter()

    def wait(self) -> None:
        self._next = max(self._next + _PERIOD_S, time.perf_counter() - _PERIOD_S)
        left = self._next - time.perf_counter()
        if left > 0:
            time.sleep(left)


def _isolation(fifo: bool, paced: bool, counts: Sequence[int] = (1, 4, 8), blocks: int = 1500) -> dict[str, Any]:
    still_garbage()
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal((2, FRAMES)) * 0.1).astype(np.float32)
    hosts = [load(SlotSpec(_spec(EFFECT), params={"threshold": -30}), RATE) for _ in range(max(counts))]
    _KEPT.extend(hosts)
    slots = [Slot(_spec(EFFECT), PluginUse(EFFECT, params={"threshold": -30}), 1) for _ in range(max(counts))]
    homes = [Home() for _ in slots]
    for home, slot in zip(homes, slots, strict=True):
        home.join(slot)
        home.open(slot, RATE, 8192)
    for slot in slots:
        slot.settled.wait(_START_S)
    links = [slot.links[0] for slot in slots]
    allowed = not fifo or take_fifo(_PRIORITY)
    for home in homes:
        home.follow_priority()
    figures: dict[str, Any] = {}
    at = dict.fromkeys(range(len(links)), 0)
    for count in counts:
        pace = Pace()
        inside, across = [], []
        audio = noise.copy()
        for block in range(blocks + 50):
            if paced:
                pace.wait()
            began = time.perf_counter()
            for host in hosts[:count]:
                audio[:] = noise
                host.process(audio, Transport(block * FRAMES))
            middle = time.perf_counter()
            for k in range(count):
                links[k].write(at[k], noise, FRAMES, Transport(block * FRAMES))
            for k in range(count):
                at[k] += FRAMES
                if not links[k].collect(at[k], 1.0):
                    raise DeviceError("a plug-in did not answer within a second")
            ended = time.perf_counter()
            if block >= 50:
                inside.append((middle - began) * 1e6)
                across.append((ended - middle) * 1e6)
        base = median(inside)
        figures[f"in_process_{count}_us"] = spread(inside) if allowed else None
        figures[f"round_trip_{count}_us"] = spread(across) if allowed else None
        figures[f"isolation_{count}_us"] = spread([us - base for us in across]) if allowed else None
    for home, slot, link in zip(homes, slots, links, strict=True):
        home.close(slot)
        link.close()
    return figures


def _late(fifo: bool, seconds: float, chains: int = 8) -> tuple[int | None, int]:
    """Late answers, and blocks."""
    sys.setswitchinterval(0.0005)
    effects = [HostedEffect(PluginUse(EFFECT, params={"threshold": -30}), Home()) for _ in range(chains)]
    for effect in effects:
        effect.prepare(RATE, FRAMES)
    deadline = time.monotonic() + _START_S
    while any(effect.status()["state"] != "ok" for effect in effects):
        if time.monotonic() > deadline:
            raise DeviceError(f"plug-ins were not ready within {_START_S:g} s: {effects[0].status()}")
        time.sleep(0.02)
    still_garbage()
    allowed = not fifo or take_fifo(_PRIORITY)
    noise = (np.random.default_rng(1).standard_normal((2, FRAMES)) * 0.1).astype(np.float32)
    audio = noise.copy()
    pace, before = Pace(), 0
    warm, blocks = round(2 / _PERIOD_S), round(seconds / _PERIOD_S)
    for block in range(warm + blocks):
        pace.wait()
        if block == warm:
            before = sum(effect.status()["late_blocks"] for effect in effects)
        for effect in effects:
            audio[:] = noise
            effect.process(audio, Transport(block * FRAMES))
    late = sum(effect.status()["late_blocks"] for effect in effects) - before
    for effect in effects:
        effect.close()
    return (late if allowed else None), blocks


class _Held:
    """A synth that plays in real time, with what is heard of it."""

    def __init__(self, played: HostedInstrument) -> None:
        self.played = played
        self.position = 0
        self.heard: list[AudioBlock] = []
        self._pace = Pace()

    def block(self, events: Sequence[FrameEvent] = ()) -> bool:
        """Play one; whether a bar begins in the next."""
        self._pace.wait()
        out: AudioBlock = np.zeros((2, FRAMES), np.float32)
        self.played.process(events, out, Transport(self.position, self.position / RATE * 2, playing=True))
        self.heard.append(out)
        self.position += FRAMES
        return self.position % _BAR == 0

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_S
        while not condition():
            if time.monotonic() > deadline:
                raise DeviceError(f"waited in vain for {self.played.status()}")
            self.block()


def _crash(crashes: int) -> dict[str, Any]:
    from instruments.registry import make_instrument

    played = HostedInstrument(PluginUse(INSTRUMENT), lambda: make_instrument("organ"), fallback_name="organ",
                              max_crashes=None)
    still_garbage()
    take_fifo(_PRIORITY)
    silences, levels, ready, sounds = [], [], [], []
    for _ in range(crashes):
        played.prepare(RATE, FRAMES)  # each its first crash: after repeated ones it is not started again at once
        stage = _Held(played)
        stage.until(lambda: played.plays)
        stage.block([FrameEvent(0, Kind.ON, 0, key, 100.0) for key in (48, 55, 60, 64)])
        for _ in range(375):
            stage.block()
        before, killed = len(stage.heard), time.perf_counter()
        status = played.status()
        os.kill(status["pid"] or 0, signal.SIGKILL)
        stage.until(lambda count=status["crashes"]: played.status()["crashes"] > count)  # type: ignore[misc]
        stage.until(lambda: played.status()["state"] == "ok")
        ready.append(time.perf_counter() - killed)
        stage.until(lambda: played.plays)
        sounds.append(time.perf_counter() - killed)
        heard = np.concatenate(stage.heard[before:], axis=1)
        last = np.concatenate(stage.heard[before - 75 : before], axis=1)
        silences.append(_silence_ms(heard))
        loud = heard[:, round(0.05 * RATE) : round(0.25 * RATE)]
        levels.append(20 * np.log10(_rms(loud) / _rms(last)))
    played.close()
    return {"crash_silence_ms": max(silences), "crash_silence_ms_all": silences,
            "fallback_db": round(float(min(levels)), 1), "ready_again_s": round(max(ready), 3),
            "ready_again_s_all": [round(s, 3) for s in ready], "plays_again_s_all": [round(s, 3) for s in sounds]}


def _rms(audio: AudioBlock) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=float)))) + 1e-12


def _silence_ms(audio: AudioBlock) -> int:
    """The longest stretch of milliseconds without a peak."""
    whole = audio.shape[1] // (RATE // 1000) * (RATE // 1000)
    peaks = np.abs(audio[:, :whole]).max(axis=0).reshape(-1, RATE // 1000).max(axis=1)
    longest = run = 0
    for quiet in peaks < _SILENT:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest
