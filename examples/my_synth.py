"""A synth of one's own in one function, and a piece played on it.

    python examples/my_synth.py my-trio.wav         render eight bars
    python examples/my_synth.py                     play live: the page that it prints, JACK, your audio device

Sideman renders the function's notes ahead, in another process when live, so it may be as slow as it likes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from instruments.note_audio import NoteContext
from instruments.registry import register_synthesizer


def bell(frequency: float, duration: float, context: NoteContext) -> np.ndarray:
    """Two sines, the one bending the other: the metallic side of FM, brighter when struck harder."""
    seconds = np.arange(int(duration * context.sample_rate)) / context.sample_rate
    loud = context.velocity / 127
    bright = 4.0 * loud * np.exp(-6 * seconds)
    modulator = np.sin(2 * np.pi * 3.5 * frequency * seconds)
    return 0.5 * loud * np.exp(-2.5 * seconds) * np.sin(2 * np.pi * frequency * seconds + bright * modulator)


# At the top level: the engine is another process, which imports this file again and finds the synth there.
register_synthesizer("my-bell", generate=bell, family="mallets", duration_s=3.0, aliases=("fm-bell",),
                     description="an FM bell in six lines")

SESSION = """
name = "My trio"
[music]
key = "D"
tempo = 110
bars = 8
[[tracks]]
name = "bell"
parts = ["melody"]
instrument = "my-bell"
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

    piece = session.parse(SESSION, "my_synth.py")
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
