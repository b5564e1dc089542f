"""A hosted sine beside a recording fallback, played block by block, for the tests of hosted instruments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sine_host import SineHost

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.hosted import HostedEffect
from instruments.hosted_instrument import HostedInstrument
from instruments.hosted_plugin import HostedPlugin
from instruments.plugins import hosts
from instruments.plugins.home import Home
from instruments.plugins.hosts import HostTraits
from instruments.plugins.use import PluginUse

RATE, FRAMES = 48000, 128
BAR = 96_000


class Fallback:
    """A sine at a tenth of the plug-in's level, which remembers what it was told, and when."""

    latency, tail = 0, 480

    def __init__(self) -> None:
        self._sine = SineHost(Path("fallback"), None, 1.0)
        self.told: list[tuple[int, FrameEvent]] = []
        self.frames = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        self._sine.set_params({"gain": -20.0})

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        self.told += [(transport.frame + e.offset, e) for e in events]
        self.frames += out.shape[1]
        out.fill(0.0)
        self._sine.process(out, transport, events)

    def reset(self) -> None:
        self._sine.reset()

    def close(self) -> None: ...


class Stage:
    """Plays an instrument at 120 BPM in 4/4: a bar lasts BAR frames."""

    def __init__(self, instrument: HostedInstrument, fallback: Fallback, frames: int = FRAMES) -> None:
        self.instrument, self.fallback, self.frames = instrument, fallback, frames
        self.position = 0
        self.heard: list[AudioBlock] = []
        self.midi: list[tuple[int, FrameEvent]] = []

    def block(self, events: Sequence[FrameEvent] = (), playing: bool = True) -> AudioBlock:
        out: AudioBlock = np.full((2, self.frames), 9.0, np.float32)
        beat = self.position / 24000 if playing else 0.0
        self.instrument.process(events, out, Transport(self.position, beat, 120.0, 4, 4, playing))
        assert np.isfinite(out).all()
        self.midi += [(self.position + e.offset, e) for e in self.instrument.midi_out]
        self.position += self.frames
        self.heard.append(out)
        return out

    def on(self, key: int, velocity: float = 100.0, offset: int = 0) -> None:
        self.block([FrameEvent(offset, Kind.ON, 0, key, velocity)])

    def off(self, key: int) -> None:
        self.block([FrameEvent(0, Kind.OFF, 0, key, 0.0)])

    def until(self, condition: Callable[[], bool], limit_s: float = 60.0, playing: bool = True) -> int:
        """Play in real time or slower until it holds; the blocks it took."""
        deadline, before = time.monotonic() + limit_s, len(self.heard)
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {self.instrument.status()}"
            self.block(playing=playing)
            time.sleep(0.002)
        return len(self.heard) - before

    def play(self, blocks: int) -> AudioBlock:
        """What is heard, in so many blocks, with time for the plug-in to answer."""
        before = len(self.heard)
        for _ in range(blocks):
            self.block()
            time.sleep(0.002)
        return np.concatenate(self.heard[before:], axis=1)

    def ready(self, playing: bool = False) -> None:
        """Until new notes are the plug-in's."""
        self.until(lambda: self.instrument.plays, playing=playing)

    @property
    def at_bar_line(self) -> bool:
        """Whether a bar began in the last block."""
        return (self.position - 1) // BAR != (self.position - self.frames - 1) // BAR

    @property
    def state(self) -> str:
        return self.instrument.status()["state"]


@contextmanager
def sine_library() -> Iterator[None]:
    """The library "sine" among the hosts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(hosts.HOSTS, "sine", HostTraits("sine_host:SineHost", "numpy", "", ("VST3",)))
        yield


class Troupe:
    """Makes sines, and closes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[HostedPlugin] = []

    def use(self, name: str = "Sine", which: str = "", params: dict[str, Any] | None = None,
            **more: Any) -> PluginUse:
        path = self._folder / f"{name}.vst3"
        path.mkdir(exist_ok=True)
        return PluginUse(str(path), which, "sine", params=params or {}, **more)

    def instrument(self, which: str = "", params: dict[str, Any] | None = None, *, name: str = "Sine",
                   home: Home | None = None, prepared: bool = True, place: Any = "own", frames: int = FRAMES,
                   **options: Any) -> Stage:
        fallback = Fallback()
        made = HostedInstrument(self.use(name, which, params, place=place), lambda: fallback, home,
                                fallback_name="piano", **options)
        self._made.append(made)
        if prepared:
            made.prepare(RATE, frames)
        return Stage(made, fallback, frames)

    def effect(self, which: str = "", params: dict[str, Any] | None = None, *, name: str = "Filter",
               home: Home | None = None, place: Any = "own", **options: Any) -> HostedEffect:
        made = HostedEffect(self.use(name, f"effect {which}", params, place=place), home, **options)
        self._made.append(made)
        return made

    def close(self) -> None:
        for plugin in self._made:
            plugin.close()
