"""Stems: each channel of a session into a file of its own, as it goes to its group or to the master."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np

from bridge.errors import SessionError
from bridge.rig import Rig
from instruments.block import AudioBlock
from instruments.routing import MASTER

MIX = "mix"
"""What comes to the master, before its effects, volume and limiter."""
_FLOAT, _STEREO, _BYTES = 3, 2, 4
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sII4sI")


class FloatWav:
    """A stereo WAV file of 32-bit floats: nothing is clipped, and stems add up as they did in the console.

    The header is of WAVE_FORMAT_IEEE_FLOAT, with the `fact` chunk that it asks for (Microsoft, "Multimedia Data
    Standards Update", 1994).
    """

    def __init__(self, path: Path, rate: int) -> None:
        self._file = path.open("wb")
        self._rate, self.frames = rate, 0
        self._file.write(self._header())

    def _header(self) -> bytes:
        size = self.frames * _STEREO * _BYTES
        return _HEADER.pack(
            b"RIFF", _HEADER.size - 8 + size, b"WAVE", b"fmt ", 16, _FLOAT, _STEREO, self._rate,
            self._rate * _STEREO * _BYTES, _STEREO * _BYTES, 8 * _BYTES, b"fact", 4, self.frames, b"data", size)

    def write(self, audio: AudioBlock) -> None:
        self._file.write(np.ascontiguousarray(audio.T, "<f4").tobytes())
        self.frames += audio.shape[1]

    def close(self) -> None:
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()


class Stems:
    """A file for each channel: "bass.wav", and "mix.wav" for what comes to the master.

    Those of tracks without a group, groups and returns add up to the mix. Those of tracks in a group are as they go to
    that, before its effects and fader, and do not count in the sum. All are aligned to the frame.
    """

    def __init__(self, rig: Rig, folder: Path) -> None:
        """Makes the folder. rig: built with stems. Raises SessionError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SessionError(f"--stems {folder}: the folder cannot be made: {error.strerror}") from None
        self._rig = rig
        self.files: dict[str, Path] = {}
        taken: set[str] = set()
        for channel in rig.channels:
            plain = MIX if channel.name == MASTER else re.sub(r"[^\w. -]", "_", channel.name).strip(". ") or "_"
            name = plain
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
            self.files[channel.name] = folder / f"{name}.wav"
        self._writers = {name: FloatWav(path, rig.rate) for name, path in self.files.items()}
        self._skips = {name: rig.stem_latency(name) for name in self.files}

    def write(self) -> None:
        """The block that the rig has just made."""
        for name, writer in self._writers.items():
            audio, skip = self._rig.stem(name), self._skips[name]
            cut = min(skip, audio.shape[1])
            self._skips[name] = skip - cut
            writer.write(audio[:, cut:])

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
