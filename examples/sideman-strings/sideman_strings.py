"""Three instruments for Sideman: a function, a function with a description, and a class of the whole contract."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.note_audio import NoteContext, Notes
from instruments.patch import Placement
from instruments.registry import Synthesizer


def pluck(frequency: float, duration: float, context: NoteContext) -> np.ndarray:
    """A plucked string (Karplus and Strong, 1983): a burst of noise in a loop that averages neighbours.

    Slow on purpose, as people's functions are: it renders ahead and nobody waits for it.
    """
    noise = np.random.default_rng(context.seed)
    period = max(2, int(context.sample_rate / frequency - 0.5))
    burst = noise.uniform(-1.0, 1.0, period)
    for _ in range(round(8 * (1 - context.velocity / 127))):  # softer is duller
        burst = 0.5 * (burst + np.roll(burst, 1))
    burst *= 0.5 * context.velocity / 127 / max(1e-9, np.abs(burst).max())
    turns = int(duration * context.sample_rate) // period + 1
    loop = np.empty((turns, period))
    for turn in range(turns):
        loop[turn] = burst
        burst = 0.5 * (burst + np.roll(burst, 1))
    string = loop.reshape(-1)
    # The loop is a whole number of samples long, the string is not: play it a little slower or faster.
    speed = frequency * (period + 0.5) / context.sample_rate
    return np.interp(np.arange(0, len(string) - 1, speed), np.arange(len(string)), string)


STEEL = Synthesizer(
    generate=pluck, notes=Notes(duration_s=5.0, release_s=0.25, keys=(36, 96)), family="plucked",
    aliases=("steel", "ks-guitar"), description="a plucked string after Karplus and Strong",
    placement=Placement(gain_db=-6.0, pan=0.15, send_db=-16.0), fallback="guitar",
)


class Drone:
    """The whole contract: whatever keys are held, a sine each. process() runs in the engine's callback: it must be
    fast (about 20 us here), allocate little and never wait."""

    latency = 0

    def __init__(self) -> None:
        self.tail = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        self._rate = rate
        self._index = np.arange(1, max_frames + 1)
        self._phase = np.zeros(128)
        self._level = np.zeros(128)
        self._goal = np.zeros(128)
        self._hz = 440 * 2 ** ((np.arange(128) - 69) / 12)
        self._step = 0.2 / (0.05 * rate)
        self.tail = rate // 20

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        out.fill(0.0)
        at = 0
        for event in events:
            self._sound(out, at, event.offset)
            at = event.offset
            if event.kind is Kind.ON:
                self._goal[event.number] = 0.2 * event.value / 127
                self._hz[event.number] = 440 * 2 ** ((event.number - 69 + event.cents / 100) / 12)
            elif event.kind is Kind.OFF:
                self._goal[event.number] = 0.0
            elif event.kind is Kind.CC and event.number in (120, 123):
                self._goal[:] = 0.0
        self._sound(out, at, out.shape[1])

    def _sound(self, out: AudioBlock, start: int, stop: int) -> None:
        frames = stop - start
        for key in np.flatnonzero((self._level > 0) | (self._goal > 0)):
            turns = self._phase[key] + self._index[:frames] * self._hz[key] / self._rate
            reach = self._index[:frames] * self._step  # the same ramp however the time is cut into blocks
            level = self._level[key] + np.clip(self._goal[key] - self._level[key], -reach, reach)
            out[:, start:stop] += (level * np.sin(2 * np.pi * turns)).astype(np.float32)
            if frames:
                self._phase[key], self._level[key] = turns[-1] % 1.0, level[-1]

    def reset(self) -> None:
        self._phase[:] = self._level[:] = self._goal[:] = 0.0

    def close(self) -> None:
        """Nothing to give back."""
