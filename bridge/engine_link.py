"""What the main process and the engine's say to each other: rings, how an engine starts, and its news on the pipe."""

from __future__ import annotations

import struct
from typing import NamedTuple

import msgspec

from bridge.driver import PortState
from bridge.live_stems import stem_ring
from bridge.parameter_paths import ParameterInfo
from bridge.ring import Ring
from bridge.session import Session
from bridge.stream.wire import PluginInfo

AUDIO_HEAD = struct.Struct("<qqqII")
"""frame0, ns0, when it was done (the clock of ns0), frames, rate; then float32 of shape (2, frames)."""
LOADS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
"""Bounds of a histogram: what the engine took for a block, as a share of the block's length. How many blocks were in
each of its buckets is among the counters of an EngineStatus, as load_0, load_1 ...; load_sum_ppm is the sum."""
NOTES, MOVES, STATUS, CONTROL, STRIPS, PLAYED = b"N", b"M", b"S", b"C", b"R", b"P"
"""What begins a message on the ring of events. STRIPS: names of what the numbers of tracks mean from there on. PLAYED:
what players played in, see inputs.played."""

STEMS = b"T"
"""What begins a message on the engine's pipe that names the tracks whose own sound is wanted (as encode_strips), rather
than a Rebuild."""


class Rings(NamedTuple):
    """commands: main -> engine; requests, bars: engine <-> composer; events, audio, journal, stems: engine -> main."""

    commands: Ring
    requests: Ring
    bars: Ring
    events: Ring
    audio: Ring
    journal: Ring
    stems: Ring

    @staticmethod
    def create() -> Rings:
        return Rings(Ring(256, 1024), Ring(256, 16), Ring(32, 32_768), Ring(512, 4096), Ring(256, 4096 * 8 + 64),
                     Ring(128, 8192), stem_ring())

    def close(self) -> None:
        for ring in self:
            ring.close()


class Resume(msgspec.Struct, frozen=True):
    """Where an engine that died was: at `tick` at `ns`, at `bpm`, led by `source` (or by nobody: "")."""

    tick: int
    ns: int
    bpm: float
    source: str


class Setup(msgspec.Struct, frozen=True):
    """How an engine starts: fresh (the commands that wait on the ring say whether it plays), or in place of another.

    frame0      frames are counted from here
    recovering  what the other left sounding on MIDI ports is silenced first
    used        where that is: by output port, a bit for each channel (see inbox.EngineStatus.used)
    resume      it was playing: play on
    turned      parameters that have been turned since the session began, by path
    states      of plug-ins, by place, as the other engine told them
    rig         number of the rig: see engine.rig_change
    """

    session: Session
    epoch: int = 0
    frame0: int = 0
    recovering: bool = False
    used: tuple[int, ...] = ()
    resume: Resume | None = None
    turned: dict[str, float] = {}
    states: dict[str, bytes] = {}
    rig: int = 0


class Rebuild(msgspec.Struct, frozen=True):
    """What main sends to an engine that plays: another rig is wanted, number `number` (see engine.rig_change), for this
    session. It takes the present one's place together with the plan that names it. Of those that come while one is
    built the last counts.

    turned, states  as in Setup: for what is not taken over as it plays
    """

    number: int
    session: Session
    turned: dict[str, float] = {}
    states: dict[str, bytes] = {}


class Compiling(msgspec.Struct, frozen=True, tag=True):
    """Before it runs: the synth is compiled, as on a machine's first start, and `percent` of it is ready.

    first  it only begins
    """

    percent: int
    first: bool


class Ready(msgspec.Struct, frozen=True, tag=True):
    """What the engine tells main once it runs."""

    driver: str
    rate: int
    frames: int
    parameters: tuple[ParameterInfo, ...] = ()
    loading: bool = False
    """Plug-ins have yet to load, and then there will be more parameters."""


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Why it does not, or (`lost`) no longer: the audio device or JACK server has gone."""

    error: str
    trace: str | None = None
    lost: bool = False


class Rigged(msgspec.Struct, frozen=True, tag=True):
    """The rig of this number plays."""

    number: int


class RigRefused(msgspec.Struct, frozen=True, tag=True):
    """Why there is no such rig; what plays goes on.

    restart  another engine may have it: these MIDI ports cannot be changed while they are open
    """

    number: int
    error: str
    restart: bool = False


class Ports(msgspec.Struct, frozen=True, tag=True):
    """How the MIDI ports stand; told when it changes."""

    states: tuple[PortState, ...]


class Plugins(msgspec.Struct, frozen=True, tag=True):
    """How the hosted plug-ins do; told when it changes."""

    states: tuple[PluginInfo, ...]


class States(msgspec.Struct, frozen=True, tag=True):
    """What hosted plug-ins keep, by place (plugin_spec.plugin_place); told when it has changed, every few seconds."""

    states: dict[str, bytes]


class Parameters(msgspec.Struct, frozen=True, tag=True):
    """What can be turned, now that a plug-in has loaded, or has changed its own.

    loading  some plug-in has yet to load, and more will come
    """

    parameters: tuple[ParameterInfo, ...]
    loading: bool


encode_news = msgspec.msgpack.Encoder().encode
decode_news = msgspec.msgpack.Decoder(
    Compiling | Ready | Broken | Ports | Plugins | Parameters | States | Rigged | RigRefused).decode
encode_rebuild = msgspec.msgpack.Encoder().encode
decode_rebuild = msgspec.msgpack.Decoder(Rebuild).decode
encode_strips = msgspec.msgpack.Encoder().encode
decode_strips = msgspec.msgpack.Decoder(list[str]).decode
