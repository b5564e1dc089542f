"""Audio files of any usual kind (WAV, AIFF, FLAC, MP3, Ogg), read by pedalboard's decoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pedalboard.io import AudioFile

from instruments.errors import InstrumentError


def read_audio(path: Path) -> tuple[NDArray[np.float32], int]:
    """The whole file, shape (channels, frames), and its rate. Raises InstrumentError that names the file and why."""
    if not path.is_file():
        raise InstrumentError(f"{path} does not exist: give the path of an audio file")
    try:
        with AudioFile(str(path)) as file:
            rate = round(file.samplerate)
            audio = np.asarray(file.read(file.frames), np.float32)
    except (ValueError, RuntimeError, OSError) as error:
        raise InstrumentError(f"{path} cannot be read as audio: {str(error).strip().splitlines()[0]} "
                              f"Give a WAV, AIFF, FLAC, MP3 or Ogg file") from None
    return audio, rate


class FlacWriter:
    """A 24-bit FLAC file, stereo, written as it comes. Values beyond full scale are clipped and counted."""

    def __init__(self, path: Path, rate: int) -> None:
        """path: in a place that can be written. Raises InstrumentError for a rate that FLAC does not know."""
        self.clipped = 0
        try:
            self._file = AudioFile(str(path), "w", samplerate=rate, num_channels=2, bit_depth=24)
        except (ValueError, RuntimeError) as error:
            raise InstrumentError(f"{path} cannot be written at {rate} Hz: {str(error).strip().splitlines()[0]} "
                                  "Write a WAV file instead") from None

    def write(self, audio: NDArray[np.float32]) -> None:
        """Shape (2, frames)."""
        self.clipped += int((np.abs(audio) > 1.0).sum())
        self._file.write(np.clip(audio, -1.0, 1.0))

    def close(self) -> None:
        self._file.close()
