"""The synth's cost: a sample of an oscillator, voices in half a core's time, beside Faust and FluidSynth in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bridge.bench import faust, soak
from bridge.bench.figures import median
from instruments.block import FrameEvent, InstrumentError, Kind, Transport
from instruments.fluidsynth import FluidSynth
from instruments.kernels.lanes import LANES, register_floats
from instruments.patch import parse_patch
from instruments.synth import Synth

RATE, BLOCK, OSCILLATORS = 48000, 128, 8
_FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
_SOAK_S = 600
_PATCH = """
engine = "oscillators"
quality = "{quality}"
[voice]
polyphony = {voices}
[amp]
attack_ms = 5
sustain = 0.8
[filter]
type = "low-pass"
slope_db = 12
cutoff_hz = 1500
q = 0.7
envelope_octaves = 2
sustain = 0.1
[[lfo]]
rate_hz = 5
[[modulation]]
source = "lfo1"
target = "cutoff_octaves"
amount = 0.5
"""
_START = """
import time
import numba
began = time.perf_counter(), time.process_time()
from instruments.warmup import warm_up
warm_up()
print(time.perf_counter() - began[0], time.process_time() - began[1])
"""


def prepared(voices: int, quality: str = "normal", shape: str = "saw") -> Synth:
    """A synth of 8 detuned oscillators, filter, envelopes and one LFO, with so many voices held."""
    rows = "".join(f'[[oscillator]]\nshape = "{shape}"\ndetune_cents = {3 * k - 10}\nphase = -1\n'
                   for k in range(OSCILLATORS))
    synth = Synth(parse_patch("bench", _PATCH.format(voices=voices, quality=quality) + rows, "bench.toml"))
    synth.prepare(RATE, BLOCK)
    notes = [FrameEvent(0, Kind.ON, i % 16, 24 + i * 7 % 80, 90.0) for i in range(voices)]
    synth.process(notes, np.zeros((2, BLOCK), np.float32), Transport())
    return synth


def block_s(voices: int, blocks: int, quality: str = "normal", shape: str = "saw") -> list[float]:
    """CPU seconds that each of so many blocks of 128 frames took."""
    synth, out = prepared(voices, quality, shape), np.zeros((2, BLOCK), np.float32)
    times = []
    for i in range(1, blocks + 1):
        began = time.thread_time()
        synth.process([], out, Transport(frame=i * BLOCK))
        times.append(time.thread_time() - began)
    assert synth.sounding == voices
    return times


def run(runs: int = 5, tell: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """About two minutes. All times are CPU time of the thread that renders, so that a busy machine counts less."""
    tell("voices")
    many = {n: median([t * 1e6 for t in block_s(n, 12 * runs)]) for n in (1, 16, 64, 256, 1024, 2048)}
    ours = many[1024] * 1e3 / (BLOCK * OSCILLATORS * 1024)
    shapes = {shape: _per_osc(shape=shape, runs=runs) for shape in ("sine", "saw", "pulse", "triangle", "noise")}
    tell("idle")
    idle = _idle_us()
    tell("Faust")
    theirs = faust.nanoseconds(runs)
    tell("FluidSynth")
    fluid = _fluidsynth_ns(runs)
    tell("start")
    starts = [_start_s() for _ in range(runs + 1)][1:]
    tell("ten minutes at random")
    soaked = soak.soak(_SOAK_S)
    return {
        "runs": runs, "block": BLOCK, "rate": RATE, "oscillators": OSCILLATORS,
        "vector": {"lanes": LANES, "floats_to_a_register": register_floats()},
        "ns_per_sample_osc": round(ours, 3),
        "ns_per_sample_osc_high": round(_per_osc(quality="high", runs=runs), 3),
        "ns_per_sample_osc_by_shape": {k: round(v, 3) for k, v in shapes.items()},
        "us_per_block_by_voices": many,
        "linear": round(many[2048] / (2 * many[1024]), 3),
        "idle_us_per_block": idle,
        "voices_at_50_percent": int(0.5 * BLOCK / RATE * 1e9 / (ours * BLOCK * OSCILLATORS)),
        "faust": None if theirs is None else {k: round(v, 3) for k, v in theirs.items()},
        "vs_faust": None if theirs is None else round(theirs["os.polyblep_saw"] / ours, 2),
        "vs_faust_sawtooth": None if theirs is None else round(theirs["os.sawtooth"] / ours, 2),
        "fluidsynth_ns_per_sample_voice": fluid,
        "vs_fluidsynth": None if fluid is None else round(fluid / (ours * OSCILLATORS), 2),
        "cached_start_s": median([wall for wall, _ in starts]),
        "cached_start_cpu_s": median([cpu for _, cpu in starts]),
        "soak": soak.as_json(soaked, _SOAK_S),
    }


def _per_osc(runs: int, quality: str = "normal", shape: str = "saw", voices: int = 256) -> float:
    return median([t * 1e9 / (BLOCK * OSCILLATORS * voices) for t in block_s(voices, 12 * runs, quality, shape)])


def _idle_us() -> float:
    """A block of a synth of 1024 voices, none of which sounds."""
    synth, out = prepared(1), np.zeros((2, BLOCK), np.float32)
    synth.reset()
    times = []
    for i in range(200):
        began = time.thread_time()
        synth.process([], out, Transport(frame=i * BLOCK))
        times.append((time.thread_time() - began) * 1e6)
    return median(times)


def _fluidsynth_ns(runs: int) -> float | None:
    """ns per sample and sounding voice of FluidSynth's library, its reverb and chorus off; None where it is missing."""
    if not _FONT.exists():
        return None
    try:
        player = FluidSynth(_FONT, 0, 81, RATE, 256, 0.1)  # 81: a saw lead, which does not decay
    except InstrumentError:
        return None
    try:
        for i in range(64):
            player.note_on(0, 30 + i, 90, 0.0)
        out = np.zeros((2, BLOCK), np.float32)
        places = out[0].ctypes.data, out[1].ctypes.data
        player.render(BLOCK, *places)
        times = []
        for _ in range(40 * runs):
            began = time.thread_time()
            player.render(BLOCK, *places)
            times.append((time.thread_time() - began) * 1e9 / (BLOCK * player.voices))
    finally:
        player.close()
    return median(times)


def _start_s() -> tuple[float, float]:
    """Seconds, and those of the processor, to load all compiled kernels in a new process, numba imported before."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True, timeout=600,
                              cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)
