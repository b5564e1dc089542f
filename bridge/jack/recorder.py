"""A recorder on JACK in a process of its own: what other programs' ports send, with absolute frame times."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import DeviceError
from bridge.jack.child import JackChild


class Heard(NamedTuple):
    """A MIDI message and JACK's frame (unwrapped) at which it came."""

    frame: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded. All frames are of the server's one frame clock, so ports compare to the frame.

    rate     frames per second
    frame0   JACK's frame of the first sample of the audio
    midi     per port (as it was asked for) the messages in order
    audio    float32 (ports, frames), ports in the order asked for; silence while a port was not there
    skipped  frames that JACK went on without calling the recorder (xruns): silence in the audio, MIDI is lost
    xruns    xruns that JACK reported meanwhile
    lost     messages for which JACK had no room
    """

    rate: int
    frame0: int
    midi: Mapping[str, tuple[Heard, ...]]
    audio: NDArray[np.float32]
    skipped: int
    xruns: int
    lost: int

    def frames_of(self, port: str, status: int) -> NDArray[np.int64]:
        """The frames at which a port sent messages with this status byte (0xF8), or this kind on any channel (0x90)."""
        mask = 0xFF if status >= 0xF0 else 0xF0
        return np.array([heard.frame for heard in self.midi[port] if heard.data[0] & mask == status], np.int64)

    def to_json(self) -> str:
        """Everything but the audio; messages as [frame, "90 3c 64"]."""
        midi = {port: [[heard.frame, heard.data.hex(" ")] for heard in heards] for port, heards in self.midi.items()}
        head = {key: getattr(self, key) for key in ("rate", "frame0", "skipped", "xruns", "lost")}
        return json.dumps(head | {"audio_frames": self.audio.shape[1], "midi": midi})


class JackRecorder:
    """Records until stop(). A process of its own, so that its Python never holds up the program under test.

    with JackRecorder(["jack_midi_clock:mclk_out", "sideman:piano"], ["sideman:out_l"]) as recorder: ...
    recorder.recording  # afterwards

    Ports are given by exact name, or by a part that fits one port; one that is not there yet is connected as soon as
    it comes. start() returns once the recorder runs and what is there is connected. For benches and tests.
    """

    def __init__(
        self, midi: Sequence[str] = (), audio: Sequence[str] = (), *, server: str | None = None, name: str = "recorder"
    ) -> None:
        self._arguments = (tuple(midi), tuple(audio), server, name)
        self._child: JackChild | None = None
        self.recording: Recording | None = None
        """The result, after stop()."""

    def __enter__(self) -> JackRecorder:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Blocks until the recorder runs, a second or so. Raises DeviceError if it cannot."""
        self._child = JackChild("the recorder", _Tape, *self._arguments)

    def connected(self, timeout_s: float = 5.0) -> bool:
        """Wait until every port asked for is connected; False if one is still missing after timeout_s."""
        assert self._child is not None
        deadline = time.monotonic() + timeout_s
        while not self._child.ask("connected?"):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> Recording:
        """End the recording and fetch it; idempotent. Blocks for some ms to a second."""
        if self.recording is None:
            assert self._child is not None
            answer = self._child.finish()
            if not isinstance(answer, Recording):
                raise DeviceError(f"the recorder failed: {answer}")
            self.recording = answer
        return self.recording


class _Tape:
    """The recorder's JACK client."""

    def __init__(self, midi: Sequence[str], audio: Sequence[str], server: str | None, name: str) -> None:
        from bridge.jack.client import open_client
        from bridge.jack.lib import AudioBuffer, FrameCounter, MidiBuffer
        from bridge.jack.wires import JackWires, Wire

        client = self._client = open_client(name, server)
        self._rate: int = client.samplerate
        self._midi_names, self._audio_names = midi, audio
        midi_ports = [client.midi_inports.register(f"midi_{index}") for index in range(len(midi))]
        audio_ports = [client.inports.register(f"audio_{index}") for index in range(len(audio))]
        self._midi = [MidiBuffer(port) for port in midi_ports]
        self._audio = [AudioBuffer(port) for port in audio_ports]
        self._heard: list[list[Heard]] = [[] for _ in midi]
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        self._counter = FrameCounter(client)
        self._next_frame: int | None = None
        self._skipped = 0
        self._xruns = 0
        self._first: int | None = None
        self._cycled = threading.Event()
        wires = [
            Wire(port.name, "from", pattern, audio=is_audio)
            for ports, patterns, is_audio in ((midi_ports, midi, False), (audio_ports, audio, True))
            for port, pattern in zip(ports, patterns, strict=True)
        ]
        self._wires = JackWires(client, wires, eager=False)
        client.set_process_callback(self._process)
        client.set_xrun_callback(self._xrun)
        client.set_port_registration_callback(self._wires.notice, only_available=False)

    def begin(self) -> None:
        self._client.activate()
        self._wires.start()
        self._cycled.wait(2.0)

    def answer(self, _question: str) -> bool:
        """Whether all ports are connected."""
        return all(wire.connected for wire in self._wires.state)

    def finish(self) -> Recording:
        from bridge.jack.client import close_client

        self._wires.stop()
        close_client(self._client)
        first = self._first or 0
        total = (self._next_frame or first) - first
        audio = np.zeros((len(self._audio), total if self._audio else 0), np.float32)
        for frame, block in self._blocks:
            audio[:, frame - first : frame - first + block.shape[1]] = block
        return Recording(
            rate=self._rate,
            frame0=first,
            midi={name: tuple(heard) for name, heard in zip(self._midi_names, self._heard, strict=True)},
            audio=audio,
            skipped=self._skipped,
            xruns=self._xruns,
            lost=sum(buffer.lost for buffer in self._midi),
        )

    def _xrun(self, _delayed_us: float) -> None:
        self._xruns += 1

    def _process(self, frames: int) -> None:
        frame = self._counter.read()
        if self._next_frame is None:
            self._first = frame
        elif frame > self._next_frame:
            self._skipped += frame - self._next_frame
        self._next_frame = frame + frames
        for heard, buffer in zip(self._heard, self._midi, strict=True):
            heard.extend(Heard(frame + offset, data) for offset, data in buffer.read(frames))
        if self._audio:
            block = np.empty((len(self._audio), frames), np.float32)
            for row, view in zip(block, self._audio, strict=True):
                row[:] = view.view(frames)
            self._blocks.append((frame, block))
        if not self._cycled.is_set():
            self._cycled.set()
