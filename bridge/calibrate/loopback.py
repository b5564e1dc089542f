"""What a loop-back measurement plays and records through: JACK, to the frame, else PortAudio and RtMidi."""

from __future__ import annotations

import gc
import sys
from typing import NamedTuple, Protocol

from bridge.calibrate.tape import Programme, Take, Tape
from bridge.errors import DeviceError

CLIENT = "sideman-calibrate"


class Wiring(NamedTuple):
    """What of ours is tied to what. None: not wanted; "" (MIDI): open a port that the user connects.

    audio_out  a port of another program (JACK), or a number, 1 the first physical output (channel of the device)
    audio_in   likewise; reference: a second input, where a cable brings our own sound
    midi_out   a MIDI port that receives, in full or a part of its name that fits one port only
    midi_in    one that sends
    """

    audio_out: str | int | None = None
    audio_in: str | int | None = None
    reference: str | int | None = None
    midi_out: str | None = None
    midi_in: str | None = None

    @property
    def inputs(self) -> tuple[str | int, ...]:
        return tuple(port for port in (self.audio_in, self.reference) if port is not None)


class Loopback(Protocol):
    """Use as a context manager: entering opens the ports, leaving closes them. Methods are for the main thread."""

    name: str
    """For people: "JACK server default, 128 frames at 48000 Hz"."""
    ports: tuple[str, ...]
    """What was connected or waits to be: "out: system:playback_1"."""
    rate: int
    period: int
    """Frames of a block: how fine MIDI is, where the system is no finer."""

    def __enter__(self) -> Loopback: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def lost(self) -> str | None:
        """Why nothing goes on any more, or None."""
        ...

    @property
    def tape(self) -> Tape:
        """What is being played and recorded; see Tape.position, done, heard."""
        ...

    def play(self, programme: Programme) -> None:
        """Begin soon, in place of what was played before. Returns at once."""
        ...

    def take(self) -> Take:
        """What has been recorded so far."""
        ...


class Quiet:
    """Between enter and leave this process gives its threads the interpreter quickly and collects no garbage."""

    def __enter__(self) -> None:
        self._interval = sys.getswitchinterval()
        self._collecting = gc.isenabled()
        sys.setswitchinterval(0.0005)
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        sys.setswitchinterval(self._interval)
        if self._collecting:
            gc.enable()


def open_loopback(wiring: Wiring, system: str | None = None, device: str | None = None) -> Loopback:
    """On "jack", "portaudio", or None: JACK if its server answers, else PortAudio. Raises DeviceError.

    device  of PortAudio: its name or a part of it; None for the default
    """
    from bridge.calibrate.stream_loopback import MidiLoopback, StreamLoopback

    def without_jack() -> Loopback:
        return StreamLoopback(wiring, device) if wiring.inputs or wiring.audio_out else MidiLoopback(wiring)

    if system == "portaudio" or (system is None and device is not None):
        return without_jack()
    try:
        from bridge.calibrate.jack_loopback import JackLoopback

        return JackLoopback(wiring)
    except DeviceError as error:
        if system == "jack":
            raise
        try:
            return without_jack()
        except DeviceError as other:
            raise DeviceError(f"{other}; {error}") from None
