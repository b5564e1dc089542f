"""What the main process asks of the engine, and what the engine tells it: plain values, msgpack on the ring."""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple

import msgspec


class Command(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """One command; it takes effect at the start of the next block unless it says otherwise."""


class Play(Command, frozen=True, tag=True, array_like=True):
    """Roll on the own tempo, from where the cursor is, once the first bar has been composed."""


class Halt(Command, frozen=True, tag=True, array_like=True):
    """Stop; the position stays."""


class Locate(Command, frozen=True, tag=True, array_like=True):
    """Go to the start of bar `bar` (from 0). Refused while a master leads."""

    bar: int


class SetTempo(Command, frozen=True, tag=True, array_like=True):
    """The own tempo in BPM; while a master leads it is only remembered."""

    bpm: float


class NewPlan(Command, frozen=True, tag=True, array_like=True):
    """The plan of epoch `epoch` is wanted. What plays goes on until the composer has answered to it.

    restart   True: then from bar 0, on the own tempo (a master that leads keeps the position: then from its next bar)
              False: then from the next bar line or beat on; with another meter at once, at the position
    length    bars until the end, or None
    at        False restart: "bar" or "beat"
    rig       number of the rig that it is for (see rig_change): it begins with it
    bpm       True restart: the own tempo from there on, or None
    """

    epoch: int
    beats: int
    unit: int
    length: int | None
    restart: bool
    at: Literal["bar", "beat"] = "bar"
    rig: int = 0
    bpm: float | None = None


class ComposerBack(Command, frozen=True, tag=True, array_like=True):
    """The composer's process was restarted: what was asked of the old one must be asked again."""


class SetParameter(Command, frozen=True, tag=True, array_like=True):
    """A parameter of the sound, by its full path; ramp_s: seconds that it takes (None: its own glide)."""

    path: str
    value: float
    ramp_s: float | None


class Answer(Command, frozen=True, tag=True, array_like=True):
    """Whole messages for the lamps and motors of a controller: of the session's [[control]] of this number. The shell
    sends them; the engine never sees it."""

    control: int
    messages: list[bytes]


AnyCommand = Play | Halt | Locate | SetTempo | NewPlan | ComposerBack | SetParameter | Answer

encode_command = msgspec.msgpack.Encoder().encode
decode_command = msgspec.msgpack.Decoder(AnyCommand).decode


class MixReading(NamedTuple):
    """The mix's meters, see instruments.meters.MixLevel; None: nothing to tell yet."""

    true_peak: float
    momentary_lufs: float | None
    short_term_lufs: float | None
    integrated_lufs: float | None
    correlation: float


class EngineStatus(msgspec.Struct, array_like=True):
    """The engine's state, some thirty times a second. The music is at `tick` at frame `frame`, at `ns`.

    epoch     of the plan that is heard, which may be older than what was asked for
    clock     "own", "waiting" (a session that wants a master, none yet), "armed", "following", "stopped" (by the
              master), "lost" (free-wheeling)
    starting  told to play, waiting for the first bar
    heard     a clock is coming in, whether or not it leads
    counters  since the start: late, repeated bars; deadline misses; faults caught; notes begun
    levels    peaks of each track, then of the mix, linear; mix: the mix's other meters
    used      by output port of the driver: a bit for each MIDI channel used and not reset since
    jitter_ms standard deviation of the leading master's arrivals; 0 where nobody leads, or it is exact by nature
    """

    frame: int
    ns: int
    epoch: int
    playing: bool
    starting: bool
    tick: int
    bpm: float
    clock: str
    source: str
    heard: bool
    ended: bool
    levels: list[tuple[float, float]]
    counters: dict[str, int]
    notices: list[str]
    used: list[int]
    jitter_ms: float
    mix: MixReading | None = None


encode_status = msgspec.msgpack.Encoder().encode
decode_status = msgspec.msgpack.Decoder(EngineStatus).decode


class NoteBegun(NamedTuple):
    """A note as it went out. `frame` absolute, where it sounds; `tick` and `length` in ticks, `bpm` the tempo then."""

    frame: int
    tick: int
    length: int
    bpm: float
    velocity: float
    track: int
    pitch: int
    channel: int


_NOTE = struct.Struct("<qqiffHBB")


def encode_notes(notes: list[NoteBegun]) -> bytes:
    return b"".join(_NOTE.pack(*n) for n in notes)


def decode_notes(data: bytes) -> list[NoteBegun]:
    return [NoteBegun(*row) for row in _NOTE.iter_unpack(data)]


class ParameterMove(msgspec.Struct, frozen=True, array_like=True):
    """A parameter as it was turned, by anybody: from absolute frame `frame` on it goes to `value` in `ramp_frames`."""

    frame: int
    path: str
    value: float
    ramp_frames: int


encode_moves = msgspec.msgpack.Encoder().encode
decode_moves = msgspec.msgpack.Decoder(list[ParameterMove]).decode
