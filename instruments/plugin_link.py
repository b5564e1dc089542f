"""What the engine and a plug-in's process share: two rings of audio in shared memory, and messages of fixed size.

Frames are addressed by their position in the stream, and a message says up to which position a ring is valid: that one
number is the whole protocol of the audio. It travels through a socket, so the kernel orders the memory behind it (on
ARM too), either end sees at once when the other dies, and it wakes a sleeper on Linux, macOS and Windows alike.
"""

from __future__ import annotations

import itertools
import os
import select
import socket
import struct
import time
from contextlib import suppress
from enum import IntEnum
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

from instruments.block import AudioBlock, Transport
from instruments.system_clock import clock_ns

PLUGIN_FRAMES = 128
"""Plug-ins are always called with this many frames, whatever the engine's blocks, on a grid anchored to the stream.

Hence the same sound at any block size, and plug-ins work that insist on the size that they were prepared for: ZamVerb
prepared for 1,024 frames passes blocks of 128 through dry. Convolvers cost the same per call at 64 as at 256 frames.
"""


SHM_PREFIX = "sideman-fx-"
_serial = itertools.count()


class Ask(IntEnum):
    """What the engine says to the plug-in's process."""

    AUDIO = 1
    """The input is valid up to `position`."""
    START = 2
    """A new stream whose first frame is `position`, in epoch `epoch`: forget all sound."""
    SKIP = 3
    """The same, but tails go on: some input was left out."""
    COMMAND = 4
    """Look into the control pipe."""


class Answer(IntEnum):
    DONE = 1
    """The output is valid up to `position`."""
    BROKEN = 2
    """The plug-in wrote something that is not a finite number before `position`."""


class Message(NamedTuple):
    """One message, either way. The transport is that of frame `position - frames`."""

    kind: int
    epoch: int
    position: int
    frames: int = 0
    transport: Transport = Transport()


MESSAGE = struct.Struct("<BBBBIqqddI4x")
"""kind, playing, beats per bar, beat unit, epoch, position, transport's frame, beat, bpm, frames."""


def pack(message: Message) -> bytes:
    kind, epoch, position, frames, at = message
    return MESSAGE.pack(
        kind, at.playing, at.beats_per_bar, at.beat_unit, epoch, position, at.frame, at.beat, at.bpm, frames
    )


def unpack(data: bytes | bytearray, offset: int = 0) -> Message:
    kind, playing, beats, unit, epoch, position, frame, beat, bpm, frames = MESSAGE.unpack_from(data, offset)
    return Message(kind, epoch, position, frames, Transport(frame, beat, bpm, beats, unit, bool(playing)))


class LinkDownError(Exception):
    """The other end has gone, or speaks no sense. Never reaches users."""


class FrameRing:
    """The last `frames` frames of a stereo stream, read and written by position; never written means silent."""

    def __init__(self, frames: int, data: AudioBlock | None = None) -> None:
        self.frames = frames
        self.data: AudioBlock = np.zeros((2, frames), np.float32) if data is None else data

    def write(self, position: int, audio: AudioBlock) -> None:
        n = audio.shape[1]
        at = position % self.frames
        first = min(n, self.frames - at)
        self.data[:, at : at + first] = audio[:, :first]
        if first < n:
            self.data[:, : n - first] = audio[:, first:]

    def read(self, position: int, out: AudioBlock) -> None:
        n = out.shape[1]
        at = position % self.frames
        first = min(n, self.frames - at)
        out[:, :first] = self.data[:, at : at + first]
        if first < n:
            out[:, first:] = self.data[:, : n - first]


class SharedRings:
    """The input and the output ring of one plug-in in one piece of shared memory, silent at first."""

    def __init__(self, frames: int, name: str | None = None) -> None:
        """Create it, or attach to it by name. frames is a multiple of PLUGIN_FRAMES."""
        self.frames = frames
        self._memory = _named(2 * 2 * frames * 4) if name is None else SharedMemory(name)
        self._unlinked = False
        both: AudioBlock = np.ndarray((2, 2, frames), np.float32, self._memory.buf)
        self.input, self.output = FrameRing(frames, both[0]), FrameRing(frames, both[1])

    @property
    def name(self) -> str:
        return self._memory.name

    def unlink(self) -> None:
        """Take the name away as soon as both ends have attached: then nothing can be left behind."""
        if not self._unlinked:
            self._unlinked = True
            self._memory.unlink()

    def close(self) -> None:
        """The rings may not be used afterwards."""
        nothing: AudioBlock = np.zeros((2, 0), np.float32)
        self.input.data = self.output.data = nothing
        self._memory.close()


def _named(size: int) -> SharedMemory:
    """New shared memory whose name tells whose it is; macOS allows 30 characters."""
    while True:
        with suppress(FileExistsError):
            return SharedMemory(f"{SHM_PREFIX}{os.getpid()}-{next(_serial)}", create=True, size=size)


class Link:
    """The engine's end. All methods but close() belong to the thread that calls the effect's process()."""

    def __init__(self, sock: socket.socket, rings: SharedRings, latency: int) -> None:
        """latency is the plug-in's own, in frames."""
        sock.settimeout(0.0)
        self._sock, self._rings = sock, rings
        self.latency = latency
        self.first = 0
        """The stream's position since which there has been input; 0 if the plug-in has heard it all."""
        self.done = 0
        """Output is valid up to this position."""
        self._sent = -1
        self._asked = 0
        self._epoch = 0
        self._rest = b""
        self._opening: Ask | None = Ask.START
        self.waiting_since_ns = 0
        """clock_ns() since when there has been no answer to an open question; 0 when there is none."""

    @property
    def output(self) -> FrameRing:
        return self._rings.output

    def restart(self) -> None:
        """The stream begins anew at 0, in silence."""
        self._opening = Ask.START
        self._epoch += 1
        self._sent, self._asked, self.first, self.done = -1, 0, 0, 0

    def write(self, position: int, audio: AudioBlock, transport: Transport) -> bool:
        """Hand over input. False where the process is too far behind: the input is left out. Raises LinkDownError."""
        n = audio.shape[1]
        if self._sent != position and not self._open(position):
            return False
        if position + n - self.done > self._rings.frames - PLUGIN_FRAMES:
            return False
        self._rings.input.write(position, audio)
        self._sent = end = position + n
        whole = end - end % PLUGIN_FRAMES
        if whole > self._asked and self._send(Message(Ask.AUDIO, self._epoch, end, n, transport)):
            self._asked = whole
            self.waiting_since_ns = self.waiting_since_ns or clock_ns()
        return True

    def collect(self, until: int, wait_s: float) -> bool:
        """Take the answers; wait up to wait_s for output up to `until`. Whether it is there. Raises LinkDownError."""
        self._drain()
        if self.done >= until or wait_s <= 0.0:
            return self.done >= until
        deadline = time.monotonic() + wait_s
        while self.done < until and (left := deadline - time.monotonic()) > 0.0:
            if _readable(self._sock, left):
                self._drain()
        return self.done >= until

    def close(self) -> None:
        """Only when nobody uses the link any more."""
        self._sock.close()
        self._rings.close()

    def _open(self, position: int) -> bool:
        """Begin a stream at `position`, or go on there after a gap, once the old questions are answered."""
        if self._opening is None and self.done < self._asked:
            return False
        base = position - position % PLUGIN_FRAMES
        kind = self._opening or Ask.SKIP
        epoch = self._epoch + 1
        if not self._send(Message(kind, epoch, base)):
            return False
        self._opening = None
        self._epoch = epoch
        self.first, self.done, self._asked, self._sent = position, base, base, position
        self.waiting_since_ns = 0
        if position > base:
            self._rings.input.write(base, np.zeros((2, position - base), np.float32))
        return True

    def _send(self, message: Message) -> bool:
        try:
            whole = self._sock.send(pack(message)) == MESSAGE.size
        except BlockingIOError:
            return False
        except OSError as error:
            raise LinkDownError from error
        if not whole:
            raise LinkDownError
        return True

    def _drain(self) -> None:
        try:
            data = self._sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            raise LinkDownError from error
        if not data:
            raise LinkDownError
        data = self._rest + data
        whole = len(data) - len(data) % MESSAGE.size
        self._rest = data[whole:]
        for offset in range(0, whole, MESSAGE.size):
            answer = unpack(data, offset)
            if answer.kind == Answer.BROKEN:
                raise BrokenOutputError
            if answer.epoch == self._epoch:
                self.done = answer.position
                self.waiting_since_ns = clock_ns() if self.done < self._asked else 0


class BrokenOutputError(LinkDownError):
    """The plug-in wrote NaN or infinity."""


def _readable(sock: socket.socket, wait_s: float) -> bool:
    try:
        # select, as recv's own time-out and poll() count in whole milliseconds.
        return bool(select.select((sock,), (), (), wait_s)[0])
    except ValueError:  # a descriptor beyond select's 1024
        time.sleep(min(wait_s, 0.0002))
        return True
