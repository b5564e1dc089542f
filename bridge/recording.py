"""A stream into a file as it comes: frames at their places, silence where some are missing, and word of that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from bridge.errors import SessionError
from bridge.frame_line import NS
from bridge.stream.wire import Audio
from instruments.block import AudioBlock

_WAV_BYTES = 2**32 - 2**16
"""What the header of a WAV file can tell: 4 hours of 24 bits in stereo at 48 kHz."""
_LONGEST_GAP_S = 3600.0
"""A stream that begins anew after more than this goes on without silence between."""
_SILENCE = 48_000


class Writer(Protocol):
    """Of 24-bit samples, two channels."""

    clipped: int

    def write(self, audio: AudioBlock) -> None: ...
    def close(self) -> None: ...


class Gap(NamedTuple):
    """Sound that did not come: where in the recording, and how much; filled: whether there is silence in its place."""

    at_s: float
    seconds: float
    filled: bool


class Recorded(NamedTuple):
    """What came of it. clipped: samples beyond full scale."""

    files: tuple[str, ...]
    seconds: float
    gaps: tuple[Gap, ...]
    clipped: int
    peak: float


def writer_for(path: Path) -> Callable[[Path, int], Writer]:
    """By the file's suffix. Raises SessionError for any but .wav and .flac, and where there is no such folder."""
    if not path.parent.is_dir():
        raise SessionError(f"{path}: there is no folder {path.parent}: make it, or write somewhere else")
    match path.suffix.lower():
        case ".wav":
            from bridge.offline import WavWriter

            return WavWriter
        case ".flac":
            from instruments.hosts.audio_file import FlacWriter

            return FlacWriter
    raise SessionError(f"{path}: recordings are WAV or FLAC: give a name that ends in .wav or .flac")


class Recording:
    """Blocks of one stream, in the order in which they come. One thread; write() waits for the disk.

    A file holds one sample rate, and a WAV file 4 GB: what follows is in take-2.wav, take-3.wav ...
    """

    def __init__(self, path: Path, seconds: float | None = None) -> None:
        """seconds: that are recorded, None: until close(). Raises SessionError as writer_for()."""
        self._path = path
        self._make = writer_for(path)
        self._limit_s = seconds
        self._writer: Writer | None = None
        self._most = _WAV_BYTES // 6 if path.suffix.lower() == ".wav" else 2**36 - 1
        self._files: list[str] = []
        self._gaps: list[Gap] = []
        self._rate = 0
        self._end = self._end_ns = 0
        self._in_file = 0
        self._seconds_before = 0.0  # in files that are closed
        self._clipped = 0
        self._peak = 0.0

    @property
    def seconds(self) -> float:
        """That are recorded."""
        return self._seconds_before + (self._in_file / self._rate if self._rate else 0.0)

    @property
    def full(self) -> bool:
        """Whether all is there that was asked for."""
        return self._limit_s is not None and self.seconds >= self._limit_s

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps)

    def write(self, audio: Audio) -> None:
        """Raises SessionError when the file cannot be written; what was written until then is whole after close()."""
        samples = audio.samples[:2] if audio.channels > 1 else np.repeat(audio.samples, 2, axis=0)
        if self._writer is not None and audio.sample_rate == self._rate:
            behind = self._end - audio.frame0
            if 0 < behind < self._rate:  # a repetition, after coming back
                samples = samples[:, behind:]
                if not samples.size:
                    return
            elif behind != 0:
                self._bridge(audio)
        elif self._writer is not None:
            self._close()
        self._rate = audio.sample_rate
        self._put(samples)
        self._end = audio.frame0 + audio.samples.shape[1]
        self._end_ns = audio.ns0 + audio.samples.shape[1] * NS // audio.sample_rate

    def close(self) -> Recorded:
        """Idempotent: the file is whole. Raises SessionError."""
        self._close()
        return Recorded(tuple(self._files), self.seconds, self.gaps, self._clipped, self._peak)

    def _bridge(self, audio: Audio) -> None:
        """Frames are missing, or the stream has begun anew: then its time says how much is."""
        missing = audio.frame0 - self._end
        if missing < 0:
            missing = round((audio.ns0 - self._end_ns) * self._rate / NS)
        seconds = missing / self._rate
        filled = 0 <= seconds <= _LONGEST_GAP_S
        self._gaps.append(Gap(self.seconds, max(0.0, seconds), filled))
        while filled and missing > 0 and not self.full:
            self._put(np.zeros((2, min(missing, _SILENCE)), np.float32))
            missing -= _SILENCE

    def _put(self, samples: AudioBlock) -> None:
        if self._limit_s is not None:
            left = max(0, round((self._limit_s - self.seconds) * self._rate))
            samples = samples[:, :left]
        if not samples.size:
            return
        try:
            if self._in_file + samples.shape[1] > self._most:
                self._close()
            if self._writer is None:
                number = len(self._files) + 1
                path = self._path if number == 1 else self._path.with_stem(f"{self._path.stem}-{number}")
                with path.open("wb"):  # what forbids it is said here, and not by whoever encodes
                    pass
                self._writer = self._make(path, self._rate)
                self._files.append(str(path))
            self._writer.write(samples)
        except OSError as problem:
            raise SessionError(f"{self._path} cannot be written: {problem.strerror or problem}") from None
        self._in_file += samples.shape[1]
        self._peak = max(self._peak, float(np.abs(samples).max()))

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        self._seconds_before, self._in_file = self.seconds, 0
        self._clipped += writer.clipped
        try:
            writer.close()
        except OSError as problem:
            raise SessionError(f"{self._path} cannot be written: {problem.strerror or problem}") from None
