"""What drives the engine: an audio device's callback, JACK's, or a pacer where there is no device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from instruments.block import AudioBlock


class MidiIn(NamedTuple):
    """A stamped MIDI message: `ns` on the engine's clock (see Block.ns0), `source` the name of the port it came by."""

    ns: int
    source: str
    data: bytes


class MidiOut(NamedTuple):
    """A message due at frame `offset` of the block, for output port `port` (its index in the driver's list)."""

    offset: int
    port: int
    data: bytes


class Playhead(NamedTuple):
    """Where another program's transport is: JACK's, or Ableton Link's session.

    ns       the moment that the rest is true of, on the same clock as Block.ns0
    source   for people: "JACK transport", "Ableton Link"
    playing  it rolls
    tick     position in our ticks (960 to the quarter), or None where it only knows seconds
    seconds  since the start of the song
    bpm      its tempo, quarters a minute (> 0), or None where it has none
    """

    ns: int
    source: str
    playing: bool
    tick: float | None
    seconds: float
    bpm: float | None = None


class Block(NamedTuple):
    """What a driver hands to the engine for each block.

    frame0   absolute index of the first frame; never goes back, also across a change of device
    ns0      clock_ns() at which that frame is (to be) heard or sent, smoothed by the driver (FrameLine)
    frames   number of frames
    midi     what has arrived since the last block, in order of ns
    skipped  frames that the device has gone on without asking, so far (xruns): its own clock is at frame0 + skipped
    playhead another program's transport at this block, where there is one and it is asked for
    """

    frame0: int
    ns0: int
    frames: int
    midi: Sequence[MidiIn]
    skipped: int = 0
    playhead: Playhead | None = None


class PortState(NamedTuple):
    """How one of our MIDI ports stands.

    name       ours, as the driver was given it
    wanted     the existing port (or part of its name) that it is tied to, "" for none
    connected  full names of what it is connected to or open on; a virtual port cannot know
    """

    name: str
    wanted: str
    connected: tuple[str, ...]


class Outputs(NamedTuple):
    """What the engine returns: MIDI sorted by offset, and audio of shape (2, frames), valid until the next step."""

    midi: Sequence[MidiOut]
    audio: AudioBlock


Step = Callable[[Block], Outputs]


class Driver(Protocol):
    """Calls `step` once a block, from one thread of its own (JACK's, PortAudio's, or the pacer's)."""

    name: str
    """For people: "JACK server default, 128 frames at 48000 Hz", "no audio device (pacer)"."""
    rate: int
    frames: int
    xruns: int
    """Blocks that the device says were late, so far."""

    @property
    def lost(self) -> str | None:
        """Why the device will never call again (a server that was shut down), or None while it lives."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """Ports that are wanted and not there at present; they are connected again when they come."""
        ...

    @property
    def port_states(self) -> tuple[PortState, ...]:
        """All MIDI ports of ours, outputs first. Any thread but the one that calls step; may take some ms."""
        ...

    def open_outputs(self, names: Sequence[str], connect: Mapping[str, str]) -> list[int]:
        """More MIDI outputs while it runs, tied to existing ports by `connect`; those that there are stay as they are.
        Returns their numbers, as MidiOut.port counts. Blocks for some 10 ms: as port_states.

        Raises PortError or DeviceError; then nothing has changed.
        """
        ...

    def close_outputs(self, numbers: Sequence[int]) -> None:
        """They are gone, and what is sent there goes nowhere; the others keep their numbers. As port_states."""
        ...

    def take_notices(self) -> list[str]:
        """What people should be told of MIDI ports that came or went since the last call. As port_states."""
        ...

    @property
    def compensation_ns(self) -> Mapping[str, int]:
        """By clock input: so much earlier than its clock the music must be written to be heard with its master; empty
        where Block.ns0 says already when it is heard. As port_states."""
        ...

    @property
    def heard_after_ns(self) -> int:
        """What a block holds is heard so much after its ns0, as the device reports it. As port_states."""
        ...

    @property
    def step_errors(self) -> int:
        """Blocks that became silence because step raised."""
        ...

    @property
    def last_traceback(self) -> str: ...

    def start(self, step: Step) -> None:
        """Raises PortError for a named port that is not there, and DeviceError."""
        ...

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Call `step` no more; send `last` (note-offs) before the ports close. Idempotent."""
        ...
