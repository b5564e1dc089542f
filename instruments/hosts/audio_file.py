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
