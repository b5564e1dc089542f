"""How late MIDI is handed to its port outside JACK-Client, beside Python threads that compute.

The engine stands in a process of its own, as in the program: a pacer without audio device, whose step sends a MIDI
clock at 120 BPM and a chord each eighth, and leaves them to the MIDI process. The baselines send the same messages at
the same times beside the same spinning thread: a sender thread in the engine's process (sleep, then spin), and
time.sleep alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from bridge.bench.figures import spread
from bridge.driver import Block, MidiOut, Outputs
from bridge.errors import DeviceError
from bridge.pacer import LEAD_NS, PacerDriver
from bridge.ports.midi_ports import MidiPorts
from bridge.ports.midi_sender import NS, SPIN_NS, Due, MidiSender
from bridge.ports.midi_systems import choose_api
from bridge.processes import take_fifo
from instruments.system_clock import clock_ns

RATE, FRAMES = 48_000, 128
_CLOCK_FRAMES = 1000
"""24 to the quarter at 120 BPM, 48 kHz."""
_CHORD_CLOCKS = 12
_CHORD = (60, 64, 67)
_PERIOD_NS = FRAMES * NS // RATE
_WARM_S = 0.5
_PRIORITY = 20
"""The MIDI process's own."""
_START_S = 40.0


def score(frame0: int, frames: int) -> list[MidiOut]:
    """What is due in a block: clocks on port 1, the chord on and off on port 0."""
    out = []
    for clock in range(-(-frame0 // _CLOCK_FRAMES), -(-(frame0 + frames) // _CLOCK_FRAMES)):
        offset = clock * _CLOCK_FRAMES - frame0
        out.append(MidiOut(offset, 1, b"\xf8"))
        on = clock % _CHORD_CLOCKS == 0
        if on or clock % _CHORD_CLOCKS == _CHORD_CLOCKS // 2:
            out += [MidiOut(offset, 0, bytes((0x90 if on else 0x80, key, 80))) for key in _CHORD]
    return out


def run(seconds: float = 10.0, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Lateness in ms (p50, p99, max) of `seconds` of MIDI for each case; takes eight times as long in all.

    lateness_fifo_ms, lateness_ms            a thread of the main process spins; the MIDI process with SCHED_FIFO, and
                                             without (None where the system does not allow it)
    lateness_busy_engine_fifo_ms, ..._ms     harder: another spins in the engine's own process
    in_process_fifo_ms, in_process_ms        baseline: a sender thread in the engine's process beside the spinning one
    sleep_fifo_ms, sleep_ms                  baseline: a thread there that only sleeps

    Messages are counted late from when they were due until they were handed to the port. Needs a MIDI system with
    virtual ports: without one that answers a private jackd is started. Raises DeviceError where there is none either.
    """
    figures: dict[str, Any] = {"seconds": seconds}
    with _system() as name:
        figures["system"] = name
        for key, case in _CASES.items():
            for fifo in (True, False):
                tell(f"{key.replace('_', ' ')}, {'SCHED_FIFO' if fifo else 'no priority'}")
                figures[f"{key}{'_fifo' if fifo else ''}_ms"] = _case(case, fifo, seconds)
    return figures


@contextlib.contextmanager
def _system() -> Iterator[str]:
    """A MIDI system that answers, named for choose_api in this process's children."""
    try:
        api = choose_api()
    except DeviceError:
        from bridge.jack.peers import JackServer

        with JackServer() as server:
            before = {name: os.environ.get(name) for name in server.environment}
            os.environ.update(server.environment)
            try:
                yield choose_api("jack").full_name
            finally:
                for name, value in before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
        return
    yield api.full_name


def _case(play: Callable[[float, bool], list[int] | None], fifo: bool, seconds: float) -> dict[str, float] | None:
    """Beside a spinning thread of this process, in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(play, fifo, seconds, theirs))
    process.start()
    theirs.close()
    try:
        with _spinning():
            if not ours.poll(_START_S + seconds):
                raise DeviceError(f"the bench's engine did not answer within {_START_S + seconds:g} s")
            answer = ours.recv()
    except EOFError:
        raise DeviceError("the bench's engine died") from None
    finally:
        ours.close()
        process.join(5.0)
        if process.is_alive():
            process.kill()
    if isinstance(answer, str):
        raise DeviceError(answer)
    return None if answer is None else spread([ns / 1e6 for ns in answer])


def _child(play: Callable[[float, bool], list[int] | None], fifo: bool, seconds: float, main: Connection) -> None:
    sys.setswitchinterval(0.0005)  # as the engine's process
    try:
        main.send(play(seconds, fifo))
    except DeviceError as error:
        main.send(str(error))


@contextlib.contextmanager
def _spinning() -> Iterator[None]:
    """A thread that computes in Python and never rests."""
    stop = threading.Event()

    def spin() -> None:
        x = 1
        while not stop.is_set():
            x = x * 1_103_515_245 % 2_147_483_647

    thread = threading.Thread(target=spin, name="spin")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# --- the cases, in a process of their own: the delays in ns, or None without the priority that is asked for


def _by_process(seconds: float, fifo: bool) -> list[int] | None:
    """The program's way: an engine, and the MIDI process."""
    silence = np.zeros((2, FRAMES), np.float32)

    def step(block: Block) -> Outputs:
        return Outputs(score(block.frame0, block.frames), silence[:, : block.frames])

    ports = MidiPorts(["chords", "clock"], in_ports=[], client_name="Sideman bench", realtime=fifo)
    driver = PacerDriver(RATE, FRAMES, midi=ports, realtime=fifo)
    driver.start(step)
    try:
        if ports.realtime != fifo:
            return None
        time.sleep(_WARM_S)
        skip = ports.lateness.count
        time.sleep(seconds)
    finally:
        driver.stop()
    return ports.lateness.last(ports.lateness.count - skip)


def _by_process_beside_busy_engine(seconds: float, fifo: bool) -> list[int] | None:
    with _spinning():
        return _by_process(seconds, fifo)


def _messages(seconds: float) -> list[Due]:
    begin_ns = clock_ns() + LEAD_NS
    frames = int((_WARM_S + seconds) * RATE)
    return [Due(begin_ns + event.offset * NS // RATE, event.port, event.data) for event in score(0, frames)]


def _by_thread(seconds: float, fifo: bool) -> list[int] | None:
    """A sender thread, as this program had it: it sleeps until shortly before the time, then spins."""
    delays: list[int] = []

    def work() -> None:
        if take_fifo(_PRIORITY) if fifo else True:
            sender = MidiSender(lambda _port, _data: None)
            sender.put(_messages(seconds))
            while (due_ns := sender.next_ns) is not None:
                left_ns = due_ns - clock_ns() - SPIN_NS
                if left_ns > 0:
                    time.sleep(left_ns / NS)
                sender.send_due()
            delays.extend(sender.delays_ns)

    return _beside_spinning(work, delays)


def _by_sleep(seconds: float, fifo: bool) -> list[int] | None:
    delays: list[int] = []

    def work() -> None:
        if take_fifo(_PRIORITY) if fifo else True:
            for message in _messages(seconds):
                left_ns = message.due_ns - clock_ns()
                if left_ns > 0:
                    time.sleep(left_ns / NS)
                delays.append(clock_ns() - message.due_ns)

    return _beside_spinning(work, delays)


def _beside_spinning(work: Callable[[], None], delays: list[int]) -> list[int] | None:
    """`work` on a thread beside one that spins, both in this process; the delays that it left, but for the first."""
    thread = threading.Thread(target=work)
    with _spinning():
        thread.start()
        thread.join()
    return delays[len(score(0, int(_WARM_S * RATE))) :] or None


_CASES: dict[str, Callable[[float, bool], list[int] | None]] = {
    "lateness": _by_process,
    "lateness_busy_engine": _by_process_beside_busy_engine,
    "in_process": _by_thread,
    "sleep": _by_sleep,
}
