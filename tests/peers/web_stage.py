"""A server with a band that needs no engine: twelve bars of blues as events and status, and a pure tone as sound."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from bridge.errors import MusicError
from bridge.parameter_paths import ParameterInfo, described, find, matching, number
from bridge.stream import wire
from bridge.stream.metrics import Metric
from bridge.stream.server import Server
from instruments.parameter import Choice, Parameter

_DB, _SWITCH = Parameter("dB; -90 = off", -90, 24, 0), Parameter("0 or 1", 0, 1, 0, whole=True)
KNOBS = {path: described(path, rule, value) for path, rule, value in (
    *((f"mixer.{name}.{what}", rule, 0) for name in ("piano", "bass", "sax", "drums", "room", "master")
      for what, rule in (("gain_db", _DB), ("mute", _SWITCH), ("solo", _SWITCH))),
    ("track.bass.eq.low_hz", Parameter("Hz", 20, 2000, 100, log=True), 100.0),
    ("track.bass.drive.type", Choice(("soft", "hard"), "soft"), 0.0),
    ("track.bass.synth.filter.cutoff_hz", Parameter("Hz", 20, 20000, 800, log=True), 800.0),
    ("master.limiter.ceiling_db", Parameter("dB", -24, 0, -1), -1.0),
)}
TONE_HZ = 440.0
TONE_PEAK = 0.25
BLOCK = 256
CHORDS = ("F7", "Bb7", "F7", "Cm7 F7", "Bb7", "Bdim7", "F7", "Am7 D7", "Gm7", "C7", "F7 D7", "Gm7 C7")
ROOTS = {"F": 41, "Bb": 46, "C": 36, "B": 47, "A": 45, "D": 38, "G": 43}
COMP = (4, 9, 11, 14)
SCALE = (65, 68, 70, 71, 72, 75, 77, 80)


def chord_at(bar: int, beat: float) -> str:
    symbols = CHORDS[bar % 12].split()
    return symbols[-1] if beat >= 2 else symbols[0]


def root_of(symbol: str) -> int:
    return ROOTS[symbol[:2] if symbol[:2] in ROOTS else symbol[0]]


class Stage:
    """Runs the server in a thread of its own; the test talks to it through attributes only."""

    def __init__(self, rate: int = 48000, port: int = 0, **served: Any) -> None:
        """served: the server's own keywords."""
        self.rate = rate
        self._port = port
        self._served = served
        self.told: list[tuple[str, object]] = []
        self.values: dict[str, float] = {}
        self.tempo = 120.0
        self.volume = 1.0
        self.playing = True
        self.position = 0.0
        self.key = "F"
        self.genre = "jazz"
        self.style: str | None = "swing"
        self.density = 0.5
        self.chords: str | None = None
        self.mute: list[str] = []
        self.form: str | None = "blues"
        self.energy = 0.6
        self.clock = wire.ClockStatus("own")
        self.notices: tuple[wire.Notice, ...] = ()
        self.url = ""
        self.server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._frame = self._started_ns = 0
        self._noted = 0  # sixteenths already sent
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="stage")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    def move(self, path: str, value: float) -> None:
        """Somebody else turns a parameter. From the test's thread."""
        assert self.server is not None and self._loop is not None
        self._loop.call_soon_threadsafe(self.server.publish_moves, [wire.Move(path, value, 0.0, 0.0)])

    # --- The conductor ---

    async def generate(self, params: wire.GenerateParams) -> None:
        self.told.append(("generate", params.given()))
        self._take(params.given())
        self._jump(0.0)
        self.playing = True

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None:
        if params.key == "H":
            raise MusicError("key 'H' is not known: write it as C, Eb or F#")
        self.told.append(("modify", params.given()))
        self._take(params.given())

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        for path, value in values.items():
            self.values[find(path, KNOBS).path] = number(find(path, KNOBS), value)
        self.told.append(("set", dict(values)))

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return [msgspec.structs.replace(info, value=self.values.get(info.path, info.value))
                for info in matching(KNOBS.values(), match)]

    async def stop(self) -> None:
        self.told.append(("stop", None))
        self.playing = False

    async def play(self) -> None:
        self.told.append(("play", None))
        self.playing = True

    async def keep(self) -> None:
        """Nothing to keep."""

    def hear_stems(self, tracks: Collection[str]) -> None:
        self.told.append(("hear_stems", sorted(tracks)))

    def figures(self) -> Sequence[Metric]:
        return ()

    async def locate(self, bar: int) -> None:
        self.told.append(("locate", bar))
        self._jump((bar - 1) * 4.0)

    def _take(self, given: dict[str, object]) -> None:
        for name, value in given.items():
            if name in ("form", "style", "chords") and value == "auto":
                value = None
            if hasattr(self, name):
                setattr(self, name, value)

    def _jump(self, position: float) -> None:
        self.position = position
        self._noted = math.ceil(position * 4)

    def hello(self) -> wire.Hello:
        names = (("piano", "Grand piano", 0), ("bass", "Upright bass", 1), ("sax", "Tenor sax", 2), ("drums", "Kit", 9))
        return wire.Hello(
            session="jazz-trio", sample_rate=self.rate, channels=2,
            tracks=tuple(wire.TrackInfo(n, i, f"Sideman {n}", c) for n, i, c in names),
            genres={"jazz": ("blues", "aaba", "ii-v-i"), "ambient": ("drift",)},
            styles={"jazz": ("swing", "ballad"), "ambient": ("slow",)}, modes=("major", "minor", "dorian"),
            instruments=("Grand piano", "Upright bass", "Tenor sax", "Kit", "Vibraphone"),
        )

    def status(self) -> wire.Status:
        bar, beat = int(self.position // 4), self.position % 4
        following = chord_at(bar, 2) if beat < 2 and " " in CHORDS[bar % 12] else chord_at(bar + 1, 0)
        chart = tuple(
            wire.ChartChord(4.0 * b + half, symbol, "A")
            for b in range(bar, bar + 8) for half, symbol in zip((0.0, 2.0), CHORDS[b % 12].split(), strict=False)
        )
        on = self.volume * (0.35 + 0.3 * math.exp(-3 * (beat % 1))) if self.playing else 0.0
        levels = {"piano": (on * 0.5, on * 0.55), "bass": (on * 0.6, on * 0.6), "sax": (on * 0.4, on * 0.3),
                  "drums": (on * 0.9, on * 0.8)}
        return wire.Status(
            status="playing" if self.playing else "stopped", current_bar=bar + 1, beat=beat + 1,
            time=self._frame / self.rate, position=self.position, tempo=self.tempo, clock=self.clock,
            genre=self.genre, key=self.key, mode="major", form=self.form, section="solo A",
            chord=chord_at(bar, beat), next_chord=following, chart=chart, energy=self.energy, volume=self.volume,
            levels=wire.Levels((on, on * 0.95), levels), notices=self.notices, style=self.style, density=self.density,
            complexity=0.5, chords=self.chords, mute=tuple(self.mute), sections=("head", "solo", "out", "ending"),
        )

    # --- The music ---

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = Server(self, port=self._port, **self._served)
        await self.server.start()
        self.url = self.server.url
        self._ready.set()
        self._started_ns = time.monotonic_ns()
        started, next_status = self._started_ns / 1e9, 0.0
        try:
            while not self._stop.is_set():
                now = time.monotonic() - started
                while self._frame < now * self.rate:
                    self._block()
                if now >= next_status:
                    next_status = now + 0.05
                    self.server.publish_status(self.status())
                await asyncio.sleep(0.003)
        finally:
            await self.server.stop()

    def _block(self) -> None:
        assert self.server is not None
        phase = 2 * np.pi * TONE_HZ * (self._frame + np.arange(BLOCK)) / self.rate
        tone = (TONE_PEAK * np.sin(phase)).astype(np.float32)
        if not self.playing:
            tone[:] = 0
        ns0 = self._started_ns + self._frame * 1_000_000_000 // self.rate
        self.server.publish_audio(self._frame, ns0, np.stack([tone, tone]))
        self.server.publish_stem("bass", self._frame, ns0, np.stack([tone, -tone]))
        if self.playing:
            end = self.position + BLOCK / self.rate * self.tempo / 60
            events = []
            while self._noted < end * 4:
                events += self._sixteenth(self._noted)
                self._noted += 1
            self.server.publish_midi(events)
            self.position = end
        self._frame += BLOCK

    def _sixteenth(self, step: int) -> list[wire.MidiEvent]:
        beat = step / 4
        bar, place = step // 16, step % 16
        symbol = chord_at(bar, beat % 4)
        at = (self._frame / self.rate) + (beat - self.position) * 60 / self.tempo
        quarter = 60 / self.tempo
        found: list[tuple[str, int, float, float, int]] = []
        if place % 4 == 0:
            walk = (0, 4, 7, 9 + bar % 2)[place // 4]
            found.append(("bass", root_of(symbol) + walk - 5, 88, 0.9, 1))
            found.append(("drums", 51, 85, 0.2, 9))
            if place % 8 == 4:
                found.append(("drums", 44, 70, 0.1, 9))
        if place in (6, 14):
            found.append(("drums", 51, 62, 0.2, 9))
        if (step * 7 + bar) % 13 == 0:
            found.append(("drums", 38, 50, 0.1, 9))
        if place == 0:
            found.append(("drums", 36, 72, 0.1, 9))
        if place in (2, 8 + bar % 3 * 2):
            found += [("piano", root_of(symbol) + 12 + n, 66, 0.6 if place else 1.4, 0) for n in COMP]
        if (step * step // 3 + bar) % 5 < 2 and place % 2 == 0 and bar % 4 != 3:
            found.append(("sax", SCALE[(step * 5 + bar * 3) % 8] + 4 * (bar % 2), 60 + place * 3, 0.48, 2))
        return [
            wire.MidiEvent(at, note, float(velocity), length * quarter, track, channel, beat)
            for track, note, velocity, length, channel in found
        ]
