"""The engine's way to a plug-in: audio through rings, all else in messages, one send a block.

Frames are addressed by their position in the stream, and a message says up to which position a ring is valid: that one
number is the whole protocol of the audio. It travels through a socket, so the kernel orders the memory behind it (on
ARM too), either end sees at once when the other dies, and it wakes a sleeper on Linux, macOS and Windows alike.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Sequence

from instruments.block import AudioBlock, FrameEvent, Transport
from instruments.plugins.messages import (
    MESSAGE_BYTES,
    PLUGIN_FRAMES,
    Answer,
    Ask,
    Event,
    Setting,
    pack_audio,
    pack_event,
    pack_setting,
    unpack_audio,
    unpack_event,
    unpack_setting,
)
from instruments.plugins.rings import FrameRing, Rings
from instruments.system_clock import clock_ns

SPIN_S = 0.00006 if (os.cpu_count() or 1) > 1 else 0.0
"""A wait begins awake: to sleep and be woken takes longer (35 us measured) than most answers are away."""


class LinkDownError(Exception):
    """The other end has gone, or speaks no sense. Never reaches users."""


class BrokenOutputError(LinkDownError):
    """The plug-in wrote NaN or infinity."""


class Link:
    """The engine's end. All but commands, busy and close() belongs to the thread that calls process()."""

    def __init__(self, sock: socket.socket | None, rings: Rings, latency: int) -> None:
        """latency is the plug-in's own, in frames."""
        if sock is not None:
            sock.settimeout(0.0)
        self._sock, self._rings = sock, rings
        self.latency = latency
        self.first = 0
        """The stream's position since which there has been input; 0 if the plug-in has heard it all."""
        self.done = 0
        """Output is valid up to this position."""
        self.commands = 0
        """How many commands lie in the control pipe since the beginning: they are announced with the next block."""
        self.midi: deque[Event] = deque()
        """What the plug-in has put out, to be taken by who reads the audio."""
        self.changed: deque[Setting] = deque()
        """Parameters that the plug-in has changed by itself."""
        self.waiting_since_ns = 0
        """clock_ns() since when there has been no answer to an open question; 0 when there is none."""
        self._announced = 0
        self._sent = -1
        self._asked = 0
        self._epoch = 0
        self._rest = b""
        self._pending = bytearray()
        self._opening: Ask | None = Ask.START

    @property
    def output(self) -> FrameRing:
        return self._rings.output

    @property
    def busy(self) -> bool:
        """Whether the plug-in's own code runs just now, or did when its process ended."""
        return bool(self._rings.busy[0])

    def restart(self, position: int = 0) -> None:
        """The stream begins anew, in silence and without notes, with the next write."""
        self._opening = Ask.START
        self._epoch += 1
        self._sent, self._asked, self.first, self.done = -1, position, position, position
        self.midi.clear()

    def set(self, position: int, nth: int, frames: int, raw: float, value: float, own: bool) -> None:
        """A parameter goes to a value from a position on, in `frames`: sent with the next block."""
        self._pending += pack_setting(Setting(Ask.SET, position, nth, frames, raw, value, own))

    def write(self, position: int, audio: AudioBlock | None, frames: int, transport: Transport,
              events: Sequence[FrameEvent] = (), key: AudioBlock | None = None) -> bool:
        """Hand over input (None: there is none, for an instrument), events and side-chain.

        False where the process is too far behind: all of it is left out. Raises LinkDownError.
        """
        if self._sent != position and not self._open(position):
            return False
        end = position + frames
        if end - self.done > self._rings.frames - PLUGIN_FRAMES:
            return False
        if audio is not None:
            self._rings.input.write(position, audio)
        if key is not None:
            self._rings.key.write(position, key)
        for event in events:
            self._pending += pack_event(Ask.EVENT, position + event.offset, event)
        self._sent = end
        self._pending += pack_audio(Ask.AUDIO, self._epoch, end, frames, transport, key is not None)
        whole = end - end % PLUGIN_FRAMES
        if whole > self._asked:
            while self._announced < self.commands:
                self._announced += 1
                self._pending += pack_audio(Ask.COMMAND, self._epoch, end)
            self._asked = whole
            self.waiting_since_ns = self.waiting_since_ns or clock_ns()
            self._flush()
        return True

    def collect(self, until: int, wait_s: float) -> bool:
        """Take the answers; wait up to wait_s for output up to `until`. Whether it is there. Raises LinkDownError."""
        if self._pending:
            self._flush()
        self._drain()
        if self.done >= until or wait_s <= 0.0:
            return self.done >= until
        now = time.monotonic()
        deadline, awake = now + wait_s, now + min(wait_s, SPIN_S)
        while self.done < until and self._sock is not None and time.monotonic() < awake:
            self._drain()
        while self.done < until and (left := deadline - time.monotonic()) > 0.0:
            self._wait(left)
        return self.done >= until

    def close(self) -> None:
        """Only when nobody uses the link any more."""
        if self._sock is not None:
            self._sock.close()
        self._rings.close()

    def _open(self, position: int) -> bool:
        """Begin a stream at `position`, or go on there after a gap, once the old questions are answered."""
        if self._opening is None and self.done < self._asked:
            return False
        base = position - position % PLUGIN_FRAMES
        kind = self._opening or Ask.SKIP
        self._epoch = (self._epoch + 1) & 0xFFFFFFFF
        self._pending += pack_audio(kind, self._epoch, base)
        self._opening = None
        self.first, self.done, self._asked, self._sent = position, base, base, position
        self.waiting_since_ns = 0
        if position > base:
            self._rings.input.silence(base, position - base)
            self._rings.key.silence(base, position - base)
        return True

    def _flush(self) -> None:
        assert self._sock is not None
        try:
            sent = self._sock.send(self._pending)
        except BlockingIOError:
            return
        except OSError as error:
            raise LinkDownError from error
        del self._pending[:sent]

    def _drain(self) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            raise LinkDownError from error
        if not data:
            raise LinkDownError
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % MESSAGE_BYTES
        self._rest = data[whole:]
        self._hear(data, whole)

    def _hear(self, data: bytes | bytearray, size: int) -> None:
        for offset in range(0, size, MESSAGE_BYTES):
            kind = data[offset]
            if kind == Answer.EVENT:
                self.midi.append(unpack_event(data, offset))
                continue
            if kind == Answer.VALUE:
                self.changed.append(unpack_setting(data, offset))
                continue
            answer = unpack_audio(data, offset)
            if answer.epoch == self._epoch:
                if answer.kind == Answer.BROKEN:
                    raise BrokenOutputError
                self.done = answer.position
                self.waiting_since_ns = clock_ns() if self.done < self._asked else 0

    def _wait(self, seconds: float) -> None:
        """Until there may be something to hear."""
        assert self._sock is not None
        try:
            # select, as recv's own time-out and poll() count in whole milliseconds.
            readable = bool(select.select((self._sock,), (), (), seconds)[0])
        except ValueError:  # a descriptor beyond select's 1024
            time.sleep(min(seconds, 0.0002))
            readable = True
        if readable:
            self._drain()
