"""A hosting library of one plug-in: sines in Python, deterministic, that can be told to go wrong in every way.

A plug-in's process imports it as it imports minihost; the plug-in's path is of no account.
"""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosts.host import Parameter, ParamValue
from instruments.hosts.parameter_units import plain_name

TROUBLES = ("none", "crash", "hang", "nan", "eat", "raise", "turn", "slow")
_NAMES = ("Gain", "Trouble", "Cutoff", "Drift")
_ATTACK = 48


class SineHost:
    """which: words such as "latency=480", "effect" (passes its input, plus the side-chain), "echo" (MIDI out),
    "fails" (does not load), "dies" (kills its process as it loads), "needs=PATH" (dies unless that file exists)."""

    vendor, version = "Sideman", "1"
    follows_tempo = True

    def __init__(self, path: Path, which: str | None, load_timeout_s: float) -> None:
        words = (which or "").split()
        self.name = path.stem
        self.latency = next((int(w[8:]) for w in words if w.startswith("latency=")), 0)
        self.is_instrument = "effect" not in words
        self.takes_key = not self.is_instrument
        self.sends_midi = self._echo = "echo" in words
        if "fails" in words:
            raise InstrumentError(f"plug-in {path} cannot be loaded: it was told so")
        if "dies" in words or any(w.startswith("needs=") and not Path(w[6:]).exists() for w in words):
            os.kill(os.getpid(), signal.SIGSEGV)
        self._raws = [1.0, 0.0, 0.5, 0.0]
        self._rate = 48000
        self._eaten: list[bytearray] = []
        self._line: AudioBlock = np.zeros((2, self.latency), np.float32)
        self.reset()

    def reset(self) -> None:
        self._notes: dict[tuple[int, int], list[float]] = {}
        self._frame = 0
        self._volume = 1.0
        self._line[:] = 0.0

    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(name, ("dB", "", "Hz", "")[i], self._raws[i], self.text_of(i, self._raws[i]),
                               self.text_of(i, 0.0), self.text_of(i, 1.0), (0, len(TROUBLES), 0, 0)[i])
                     for i, name in enumerate(_NAMES))

    def raws(self) -> Sequence[float]:
        return tuple(self._raws)

    def text_of(self, index: int, raw: float) -> str:
        return (f"{raw * 60 - 60:.2f}", TROUBLES[round(raw * (len(TROUBLES) - 1))], f"{20 * 1000 ** raw:.3f}",
                f"about {raw:.3f}")[index]

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        names = [plain_name(n) for n in _NAMES]
        if plain_name(name) not in names:
            raise InstrumentError(f"plug-in {self.name} has no parameter {name!r}: it has {', '.join(names)}")
        index = names.index(plain_name(name))
        if isinstance(value, Mapping):
            return index, float(value["raw"])
        if index == 1:
            return index, TROUBLES.index(str(value)) / (len(TROUBLES) - 1)
        number = float(str(value))
        return index, (number + 60) / 60 if index == 0 else math.log(number / 20) / math.log(1000)

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        for index, raw in dict(self.raw_of(name, value) for name, value in params.items()).items():
            self.set_raw(index, raw)

    def set_raw(self, index: int, raw: float) -> None:
        self._raws[index] = raw

    def prepare(self, rate: int, frames: int) -> None:
        self._rate = rate

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        n = audio.shape[1]
        sound = np.zeros(n) if self.is_instrument else audio[0].astype(float)
        at = 0
        for event in [*events, None]:
            until = n if event is None else event.offset
            self._play(sound, at, until)
            at = until
            if event is not None:
                self._obey(event)
        self._trouble()
        if key is not None:
            sound += key[0]
        self._frame += n
        line = np.concatenate([self._line, np.stack([sound, sound]).astype(np.float32) * self._gain()], axis=1)
        audio[:], self._line = line[:, :n], line[:, n:]
        if self._raws[1] == TROUBLES.index("nan") / (len(TROUBLES) - 1):
            audio[0, 5] = np.nan
        return [e._replace(number=e.number + 12) for e in events if e.kind <= Kind.ON] if self._echo else ()

    def _gain(self) -> np.float32:
        return np.float32(10 ** ((self._raws[0] * 60 - 60) / 20) * self._volume)

    def _play(self, sound: np.ndarray, at: int, until: int) -> None:  # type: ignore[type-arg]
        t = np.arange(at, until) + self._frame
        for note in list(self._notes):
            began, velocity, ended = self._notes[note]
            up = np.minimum(1.0, (t - began + 1) / _ATTACK)
            down = np.clip(1.0 - (t - ended) / _ATTACK, 0.0, 1.0)
            pitch = 440 * 2 ** ((note[1] - 69) / 12)
            sound[at:until] += 0.2 * velocity / 127 * up * down * np.sin(2 * np.pi * pitch / self._rate * (t - began))
            if self._frame + until > ended + _ATTACK:
                del self._notes[note]

    def _obey(self, event: FrameEvent) -> None:
        note, now = (event.channel, event.number), self._frame + event.offset
        if event.kind == Kind.ON:
            self._notes[note] = [now, event.value, math.inf]
        elif event.kind == Kind.OFF and note in self._notes:
            self._notes[note][2] = now
        elif event.kind == Kind.CC and event.number == 7:
            self._volume = event.value / 127

    def _trouble(self) -> None:
        match TROUBLES[round(self._raws[1] * (len(TROUBLES) - 1))]:
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                while True:
                    time.sleep(1.0)
            case "eat":
                self._eaten.append(bytearray(os.urandom(1 << 10) * (16 << 10)))
            case "raise":
                raise InstrumentError(f"plug-in {self.name} raised: it was told so")
            case "turn":
                self._raws[3], self._raws[1] = 0.75, 0.0
            case "slow":
                time.sleep(0.02)

    def state(self) -> bytes:
        return json.dumps(self._raws).encode()

    def load_state(self, state: bytes) -> None:
        self._raws = json.loads(state)

    def load_preset(self, path: Path) -> None:
        self.load_state(path.read_bytes())

    def save_preset(self, path: Path) -> None:
        path.write_bytes(self.state())

    def edit(self) -> None:
        raise InstrumentError(f"plug-in {self.name} has no window")
