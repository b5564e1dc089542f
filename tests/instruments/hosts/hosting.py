"""Ways to load and play a plug-in through every host alike, and what the oracle plug-in says that it was told."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.hosts.host import ParamValue, PluginHost
from instruments.plugins.hosts import HOSTS, HostTraits, adapter_path, installed

HOST_VARIABLE = "SIDEMAN_CONFORMANCE_HOST"
"""Environment variable that says which host's cases this process runs."""

RATE = 48000
CASES = [
    pytest.param(host, format_name, id=f"{host}-{format_name}")
    for host, format_name in (("pedalboard", "VST3"), ("minihost", "VST3"), ("minihost", "LV2"), ("vst2", "VST2"))
]
"""Every live host with every format that this system has."""

every_host = pytest.mark.parametrize(("host", "format_name"), CASES)
SILENCE = 1e-6


class Case(NamedTuple):
    """A real plug-in.

    settings    parameters that make it do something
    instrument  it is played, else fed
    most        frames a call up to which its own sound does not depend on the size of calls; 0: any
    """

    path: str
    package: str
    settings: dict[str, float]
    instrument: bool = False
    most: int = 0


REAL = {
    "ZamCompX2.vst3": Case("/usr/lib/vst3/ZamCompX2.vst3", "zam-plugins", {"threshold": -40, "ratio": 10}),
    "ZaMaximX2.vst3": Case("/usr/lib/vst3/ZaMaximX2.vst3", "zam-plugins", {"threshold": -20}),
    "ZamDelay.vst3": Case("/usr/lib/vst3/ZamDelay.vst3", "zam-plugins", {"time": 20, "feedback": 0.5}),
    "ZamVerb.vst3": Case("/usr/lib/vst3/ZamVerb.vst3", "zam-plugins", {}),
    "ZamCompX2.lv2": Case("/usr/lib/lv2/ZamCompX2.lv2", "zam-plugins", {"threshold": -40, "ratio": 10}),
    "ZamComp.lv2": Case("/usr/lib/lv2/ZamComp.lv2", "zam-plugins", {"threshold": -40, "ratio": 10}),
    "ZamComp.so": Case("/usr/lib/vst/ZamComp-vst.so", "zam-plugins", {"threshold": -40, "ratio": 10}),
    "ZamDelay.lv2": Case("/usr/lib/lv2/ZamDelay.lv2", "zam-plugins", {"time": 20, "feedback": 0.5}),
    "ZynAddSubFX.lv2": Case("/usr/lib/lv2/ZynAddSubFX.lv2", "zynaddsubfx-lv2", {}, True, 512),
    "ZynAddSubFX.so": Case("/usr/lib/vst/ZynAddSubFX.so", "zynaddsubfx-vst", {}, True, 512),
    "amsynth.so": Case("/usr/lib/vst/amsynth_vst.so", "amsynth", {}, True, 512),
    "Dragonfly.so": Case("/usr/lib/lxvst/DragonflyHallReverb-vst.so", "dragonfly-reverb-vst", {}, False, 512),
    "ZamCompX2.so": Case("/usr/lib/vst/ZamCompX2-vst.so", "zam-plugins", {"threshold": -40, "ratio": 10}),
    "ZamDelay.so": Case("/usr/lib/vst/ZamDelay-vst.so", "zam-plugins", {"time": 20, "feedback": 0.5}),
}
SUFFIXES = {"VST3": ".vst3", "LV2": ".lv2", "VST2": ".so"}


def real(name: str) -> Path:
    """The path of a plug-in of REAL; skips with the remedy where it is not installed."""
    path = Path(REAL[name].path)
    if not path.exists():
        pytest.skip(f"{path} is not installed: apt-get install -y --no-install-recommends {REAL[name].package}")
    return path


def traits(host: str) -> HostTraits:
    return HOSTS[host]


def load(host: str, path: Path) -> PluginHost:
    if not installed(host):
        pytest.skip(f"{host} is not installed: {HOSTS[host].install}")
    module, name = adapter_path(host)
    loaded: PluginHost = getattr(importlib.import_module(module), name)(path, None, 30.0)
    return loaded


def prepared(host: str, path: Path, frames: int = 128, rate: int = RATE, **params: ParamValue) -> PluginHost:
    loaded = load(host, path)
    loaded.set_params(params)
    loaded.prepare(rate, frames)
    return loaded


class Played(NamedTuple):
    audio: AudioBlock
    midi: list[FrameEvent]


def still(_frame: int) -> Transport:
    return Transport()


def at_tempo(bpm: float, beat: float = 0.0, rate: int = RATE) -> Callable[[int], Transport]:
    """Playing from `beat` on at frame 0."""
    return lambda frame: Transport(frame, beat + frame / rate * bpm / 60.0, bpm, 4, 4, True)


def play(host: PluginHost, total: int, events: Sequence[FrameEvent] = (), *, frames: int = 128,
         audio: AudioBlock | None = None, key: AudioBlock | None = None,
         transport: Callable[[int], Transport] = still) -> Played:
    """Stream `total` frames in blocks; event offsets count from the start, here and in the MIDI that comes back."""
    out: AudioBlock = np.zeros((2, total), np.float32) if audio is None else audio[:, :total].copy()
    midi: list[FrameEvent] = []
    for at in range(0, total, frames):
        block = np.ascontiguousarray(out[:, at : at + frames])
        due = sorted(e._replace(offset=e.offset - at) for e in events if at <= e.offset < at + frames)
        side = None if key is None else np.ascontiguousarray(key[:, at : at + frames])
        heard = host.process(block, transport(at), due, side)
        midi += [e._replace(offset=e.offset + at) for e in heard]
        out[:, at : at + frames] = block
    return Played(out, midi)


def oracle_synth(total: int, events: Sequence[FrameEvent], rate: int = RATE) -> AudioBlock:
    """What the oracle synth sounds like, from its formula (oracle.cpp), for one channel's events."""
    out = np.zeros(total)
    bend, expression, pressure, program = 0.0, 127.0, 0.0, 0.0
    held: dict[int, list[float]] = {}
    ordered = sorted(events)
    for event, until in zip(ordered, [e.offset for e in ordered[1:]] + [total], strict=True):
        match event.kind:
            case Kind.ON:
                held[event.number] = [event.value, 0.0]
            case Kind.OFF:
                held.pop(event.number, None)
            case Kind.CC if event.number == 11:
                expression = event.value
            case Kind.BEND:
                bend = 2 * event.value
            case Kind.PRESSURE:
                pressure = event.value
            case Kind.PROGRAM:
                program = event.value
        span = np.arange(until - event.offset)
        for key, voice in held.items():
            step = 2 * np.pi * (1 + program) * 440.0 * 2.0 ** ((key - 69 + bend) / 12) / rate
            phase = voice[1] + step * span
            amplitude = 0.1 * voice[0] / 127 * expression / 127
            out[event.offset : until] += amplitude * (np.sin(phase) + pressure / 127 * np.sin(3 * phase))
            voice[1] += step * len(span)
    return np.stack([out, out]).astype(np.float32)


def noise(frames: int, seed: int = 0) -> AudioBlock:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * 0.1).astype(np.float32)


def note(at: int, until: int, key: int = 60, velocity: float = 100.0, channel: int = 0) -> list[FrameEvent]:
    return [FrameEvent(at, Kind.ON, channel, key, velocity), FrameEvent(until, Kind.OFF, channel, key, 64.0)]


def sounding(audio: AudioBlock, above: float = SILENCE) -> tuple[int, int]:
    """The first and the last frame that are not silent."""
    loud = np.nonzero(np.abs(audio).max(axis=0) > above)[0]
    assert loud.size, "all silent"
    return int(loud[0]), int(loud[-1])


class Block(NamedTuple):
    """What the oracle was told with a block; beat and bar in quarter notes."""

    at: int
    frames: int
    playing: bool
    frame: int
    bpm: float
    beat: float
    bar: float
    meter: str


class Told:
    """The oracle's log. Positions are its own: frames since it was last activated."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def _lines(self, what: str) -> list[list[str]]:
        lines = [line.split() for line in self._log.read_text("ascii").splitlines()]
        return [words[1:] for words in lines if words[0] == what]

    def blocks(self) -> list[Block]:
        return [
            Block(int(at), int(n), playing == "1", int(frame), float(bpm), float(beat), float(bar), meter)
            for at, n, playing, frame, bpm, beat, bar, meter in self._lines("block")
        ]

    def midi(self) -> list[tuple[int, int, int, int]]:
        """Position, status and two data bytes."""
        return [(int(at), *(int(byte, 16) for byte in data)) for at, *data in self._lines("midi")]  # type: ignore[misc]

    def forget(self) -> int:
        """Empty the log; the position that the next block will have."""
        last = self.blocks()[-1]
        self._log.write_text("", "ascii")
        return last.at + last.frames
