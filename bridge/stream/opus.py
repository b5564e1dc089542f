"""Opus (RFC 6716) by libopus, through PyAV: an extra. Each stream has a writer and a reader of its own, with memory."""

from __future__ import annotations

import importlib.util
import struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bridge.errors import MessageError
from bridge.stream import wire
from instruments.block import AudioBlock

RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
"""Hz, all that Opus knows (RFC 6716, section 2.1.3)."""
_FRAME_MS = (20.0, 10.0, 5.0, 2.5)
_BITS_A_S = 160_000
"""For two channels: transparent for most music (the codec's recommended settings name 128 kbit/s)."""
_SHORT_MS = 5.0
"""Frames up to this are for who wants low latency: without the 4 ms that the codec else looks ahead."""
_PRE_SKIP = struct.Struct("<H")
_PRE_SKIP_AT = 10
"""In the header that RFC 7845, section 5.1, describes; in frames at 48 kHz."""


def available() -> bool:
    """Whether the library is installed; nothing is loaded."""
    return importlib.util.find_spec("av") is not None


def refusal(rate: int) -> str | None:
    """Why a stream at `rate` Hz cannot be had as Opus here, with the remedy; None where it can."""
    if not available():
        return "format = \"opus\" needs a library that the server does not have: pip install 'sideman[opus]' there, " \
               "or ask for \"int16\""
    if rate not in RATES:
        return f"format = \"opus\" has no sample rate of {rate} Hz: run the session at 48000 Hz, or ask for \"int16\""
    return None


def frame_ms(block: int, rate: int) -> float:
    """The longest frame of Opus that `block` frames hold, or its shortest."""
    return next((ms for ms in _FRAME_MS if ms * rate <= 1000 * block), _FRAME_MS[-1])


def packet_frames(block: int, rate: int) -> int:
    """Of such a frame."""
    return round(frame_ms(block, rate) * rate / 1000)


class OpusWriter:
    """Blocks of `frames` frames in, packets out. Raises MessageError where refusal() says why."""

    def __init__(self, rate: int, channels: int, block: int) -> None:
        if (why := refusal(rate)) is not None:
            raise MessageError(why)
        import av

        ms = frame_ms(block, rate)
        self.made_for = rate, channels
        self.frames = packet_frames(block, rate)
        self._av = av
        self._rate = rate
        self._channels = channels
        self._layout = _layout(channels)
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = rate
        self._codec.layout = self._layout
        self._codec.format = "flt"
        self._codec.bit_rate = _BITS_A_S * channels // 2
        application: Literal["lowdelay", "audio"] = "lowdelay" if ms <= _SHORT_MS else "audio"
        self._codec.options = {"application": application, "frame_duration": f"{ms:g}"}
        self._codec.open()
        (pre_skip,) = _PRE_SKIP.unpack_from(self._codec.extradata or bytes(12), _PRE_SKIP_AT)
        self.delay = pre_skip * rate // 48_000
        """Frames by which a decoder's sound is later than what went in."""

    def write(self, block: AudioBlock) -> bytes:
        """The packet of a block of exactly `frames` frames."""
        flat = np.ascontiguousarray(block.T, np.float32).reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(flat, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class OpusReader:
    """Packets of one stream, in order, back to samples. Raises MessageError where the library is missing."""

    def __init__(self) -> None:
        if not available():
            raise MessageError("Opus came, and nothing here reads it: pip install 'sideman[opus]'")
        self._codec: Any = None
        self._kind = (0, 0)

    def read(self, packet: wire.Packet) -> wire.Audio:
        """Raises MessageError for what is no Opus."""
        import av

        if self._kind != (packet.sample_rate, packet.channels):
            self._kind = packet.sample_rate, packet.channels
            self._codec = av.CodecContext.create("libopus", "r")
            self._codec.sample_rate = packet.sample_rate
            self._codec.layout = _layout(packet.channels)
        try:
            parts = [frame.to_ndarray() for frame in self._codec.decode(av.Packet(packet.data))]
        except av.error.FFmpegError as problem:
            raise MessageError(f"a packet of {len(packet.data)} bytes is no Opus: {problem}") from None
        if not parts:
            raise MessageError(f"a packet of {len(packet.data)} bytes of Opus holds no sound")
        flat = np.concatenate(parts, axis=1).reshape(-1, packet.channels)
        samples: NDArray[np.float32] = np.ascontiguousarray(flat.T, np.float32)
        if flat.dtype == np.int16:
            samples /= np.float32(32768.0)
        return wire.Audio(packet.frame0, packet.ns0, packet.sample_rate, samples, packet.stream)


def _layout(channels: int) -> str:
    return "mono" if channels == 1 else "stereo"
