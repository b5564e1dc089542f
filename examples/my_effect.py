"""Effects of one's own, a function and a class, and a piece that goes through them.

    python examples/my_effect.py my-effects.wav     render eight bars
    python examples/my_effect.py                    play live: the page that it prints, JACK, your audio device

The function runs in a process of its own, 256 frames late, which the mixer makes up for in all other tracks; the class
runs in the engine, and so must be fast.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, Transport
from instruments.effects.registry import register_effect
from instruments.parameter import Parameter


def fuzz(audio: np.ndarray, rate: int, *, gain_db: float) -> np.ndarray:
    """Half a wave is squared, the other half only bent. audio: float32, (2, frames); so is what comes back."""
    driven = audio * 10 ** (gain_db / 20)
    return 0.3 * np.where(driven > 0, np.tanh(driven), np.clip(driven, -0.5, 0.0)).astype(np.float32)


class RingModulator:
    """The sound times a sine, whose phase goes on from block to block."""

    PARAMETERS: ClassVar = {
        "hz": Parameter("Hz", 1, 4000, 30, log=True),
        "mix": Parameter("0 dry .. 1 wet", 0, 1, 0.5),
    }
    latency = 0
    tail = 0

    def __init__(self, params: Mapping[str, float]) -> None:
        """params has every parameter, at its default where the session gives none."""
        self.hz, self.mix = params["hz"], params["mix"]
        self.phase = 0.0

    def prepare(self, rate: int, max_frames: int) -> None:
        """May take its time: nothing sounds yet."""
        self.rate = rate
        self.frames = np.arange(max_frames)

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        """In the engine's callback: change audio, (2, frames), in place. transport knows tempo and beat."""
        n, step = audio.shape[1], self.hz / self.rate
        wave = np.sin(2 * np.pi * (self.phase + step * self.frames[:n]))
        audio *= (1 - self.mix + self.mix * wave).astype(np.float32)
        self.phase = (self.phase + step * n) % 1.0

    def set(self, name: str, value: float) -> None:
        """Between blocks, for automation and controllers. Leave it out, and the parameters stay as they begin."""
        setattr(self, name, value)

    def reset(self) -> None:
        self.phase = 0.0

    def close(self) -> None:
        pass


# At the top level: the engine and the function's process import this file again and find the effects there.
register_effect("my-fuzz", fuzz, parameters={"gain_db": Parameter("dB", 0, 60, 30)})
register_effect("my-ring", RingModulator)

SESSION = """
name = "My effects"
[music]
key = "E"
tempo = 110
bars = 8
[[tracks]]
name = "guitar"
parts = ["comp"]
instrument = "clean-guitar"
effects = [{ effect = "my-fuzz", params = { gain_db = 24 } }]
[[tracks]]
name = "keys"
parts = ["melody"]
instrument = "rhodes"
effects = [{ effect = "my-ring", params = { hz = 6, mix = 0.4 } }, { effect = "filter", params = { cutoff_hz = 3000 } }]
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "bass"
[[tracks]]
name = "drums"
parts = ["drums"]
instrument = "drums"
"""


def main() -> None:
    from bridge import session

    piece = session.parse(SESSION, "my_effect.py")
    if len(sys.argv) < 2:
        import asyncio

        from bridge import app

        asyncio.run(app.play(piece, port=3000, explicit_port=False, say=print, started=lambda a: print(a.server.url)))
        return
    from bridge import offline

    path = Path(sys.argv[1])
    writer = offline.WavWriter(path, piece.sample_rate)
    for block in offline.render(piece):
        writer.write(block.audio)
    writer.close()
    print(path)


if __name__ == "__main__":
    main()
