"""A cable of known length on JACK, in a process of its own: what comes in goes out so many frames later.

python -m tests.peers.jack_cable '{"frames": 480}'    prints "ready" once its ports are there; ends with its input
"""

from __future__ import annotations

import ctypes
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


class Cable:
    """`with Cable(server_environment, frames=480) as cable:`, in the test; ports cable:in, out, midi_in, midi_out.

    frames        delay of the audio; gain, noise (rms), invert as they say
    echo_frames   a copy of half the level so much later
    midi_frames   delay of MIDI; midi_jitter: plus 0 to so many frames, evenly distributed; order is kept
    clicks        of the MIDI clock that comes in each 24th F8 after a Start clicks, so many frames later; -1: none
    physical      ports are flagged as a sound card's, with these latencies (capture, playback) in frames
    """

    def __init__(self, environment: dict[str, str], **settings: Any) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, json.dumps(settings)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)

    def __enter__(self) -> Cable:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)  # the end of its input ends it


def run(frames: int = 0, gain: float = 1.0, noise: float = 0.0, echo_frames: int = 0, midi_frames: int = 0,
        midi_jitter: int = 0, clicks: int = -1, physical: list[int] | None = None) -> None:
    sys.path.insert(0, str(ROOT))
    from bridge.jack.client import open_client
    from bridge.jack.lib import AudioBuffer, FrameCounter, MidiBuffer, _library, address

    client = open_client("cable")
    flag = {"is_physical": True, "is_terminal": True} if physical else {}
    ports = [client.inports.register("in", **flag), client.outports.register("out", **flag)]
    into, out = (AudioBuffer(port) for port in ports)
    ear, mouth = (MidiBuffer(side.register(name)) for side, name in
                  ((client.midi_inports, "midi_in"), (client.midi_outports, "midi_out")))
    counter = FrameCounter(client)
    size = 1 << 18
    ring = np.zeros(size, np.float32)
    chance, hiss = random.Random(5), np.random.default_rng(5)
    waiting: list[tuple[int, bytes]] = []
    state = {"last": 0, "clocks": -1}
    click = (0.2 * np.sin(np.arange(240) / 6.0) * np.exp(-np.arange(240) / 60.0)).astype(np.float32)

    def sound(at: int, what: np.ndarray[Any, Any]) -> None:
        for index, value in enumerate(what):
            ring[(at + index) % size] += value

    def process(count: int) -> None:
        now = counter.read()
        here = np.arange(now, now + count) % size
        if clicks < 0:
            block = into.view(count) * np.float32(gain)
            ring[(here + frames) % size] += block
            if echo_frames:
                ring[(here + frames + echo_frames) % size] += 0.5 * block
        mouth.clear(count)
        for offset, data in ear.read(count):
            due = max(now + offset + midi_frames + chance.randint(0, midi_jitter), state["last"])
            state["last"] = due
            waiting.append((due, data))
            if data[0] == 0xFA:
                state["clocks"] = 0
            elif data[0] == 0xF8 and clicks >= 0 and state["clocks"] >= 0:
                if state["clocks"] % 24 == 0:
                    sound(now + offset + clicks, click)
                state["clocks"] += 1
        while waiting and waiting[0][0] < now + count:
            due, data = waiting.pop(0)
            mouth.write(max(0, due - now), data)
        view = out.view(count)
        view[:] = ring[here]
        ring[here] = 0.0
        if noise:
            view[:] += hiss.normal(0.0, noise, count).astype(np.float32)

    client.set_process_callback(process)
    if physical:
        library, kinds = _library(), dict(enumerate(physical))  # 0 capture, 1 playback, as in jack.h

        class Range(ctypes.Structure):
            _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))

        callback_type = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)
        pointer = ctypes.c_void_p
        library.jack_port_set_latency_range.argtypes = [pointer, ctypes.c_int, pointer]
        library.jack_set_latency_callback.argtypes = [pointer, callback_type, pointer]

        def told(mode: int, _data: object) -> None:
            span = Range(kinds[mode], kinds[mode])
            port = ports[1] if mode == 0 else ports[0]
            library.jack_port_set_latency_range(address(port), mode, ctypes.addressof(span))

        state["callback"] = callback_type(told)  # type: ignore[assignment]
        library.jack_set_latency_callback(address(client), state["callback"], None)
    with client:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    run(**json.loads(sys.argv[1]))
