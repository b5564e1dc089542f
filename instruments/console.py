"""The console: tracks, groups, returns and the master; each a chain of effects and a fader, all in one program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.alignment import Delays, delays_of
from instruments.block import AudioBlock, Effect, FrameEvent, InstrumentError, Transport
from instruments.channel import INSTRUMENT, Channel, Insert, by_notes, stage_names
from instruments.fader import Fader, MasterFader, Send
from instruments.glide import Gliding
from instruments.live_numbers import LiveNumbers
from instruments.meters import Level, MixLevel, clear_loudness, loudness_coefs, read_level, read_mix
from instruments.native_effect import NativeEffect
from instruments.parameter import Choice, Parameter
from instruments.program import Line, Program
from instruments.routing import Kind, heard, ordered

BYPASS = Parameter("0 in .. 1 bypassed", 0, 1, 0, whole=True, glide_ms=10)
"""The parameter that every effect has besides its own."""
_SPARE_S = 0.3
"""How much longer a delay may become while the console runs, where a latency is not known when it starts."""


class Listed(NamedTuple):
    """A parameter of the console: where it is, what it may be, where it stands (a Choice: its index).

    stage  "" for the channel's own (its fader), else the name of the effect, or INSTRUMENT
    """

    kind: Kind
    channel: str
    stage: str
    name: str
    rule: Parameter | Choice
    value: float


@dataclass(slots=True)
class _Stage:
    """An effect in its place. slot: of its bypass; dry: of what is beside an effect that runs in Python, its delay."""

    name: str
    insert: Insert
    slot: int = -1
    dry: int = -1
    latency: int = 0
    bypassed: bool = False


class Console:
    """Renders all tracks and mixes them to stereo.

    A track goes to its group or the master, a group and a return to the master; tracks and groups send to returns.
    Wherever signals meet they are aligned, so that all are late alike. Pan is equal power, its centre changes nothing.
    A stage (an instrument, an effect) that puts out NaN, Inf or +120 dB is silenced for that stretch, reset, counted.

    All but the constructor and prepare() belongs to the engine's callback thread. process() neither allocates nor
    blocks; without hosted effects it is the instruments and one kernel call.
    """

    def __init__(self, channels: Sequence[Channel], rate: int, max_frames: int) -> None:
        """The last channel is the master. Raises InstrumentError: names, circles, values out of range."""
        self.channels = tuple(channels)
        self.tracks = tuple(c for c in channels if c.kind == "track")
        self.rate, self.max_frames = rate, max_frames
        self.latency = 0
        self.tail = 0
        self.unaligned_frames = 0
        """By how much a latency that has changed is too long to be made up for; what is late, is so late."""
        self._order = ordered([c.node() for c in channels])
        self._by_name = {c.name: c for c in channels}
        returns = [c.name for c in channels if c.kind == "return"]
        self._ways: dict[str, list[str]] = {}
        self._faders: dict[str, Fader | MasterFader] = {}
        self._stages: dict[str, list[_Stage]] = {}
        for c in channels:
            names = stage_names(c.last)
            ends = [_Stage(n, i) for n, i in zip(names, c.last, strict=True)]
            names = stage_names(c.inserts, [*names, INSTRUMENT])
            self._stages[c.name] = [*(_Stage(n, i) for n, i in zip(names, c.inserts, strict=True)), *ends]
            if c.kind == "master":
                self._faders[c.name] = MasterFader(c.gain_db)
                continue
            sends = {} if c.kind == "return" else {name: c.sends.get(name, Send(-90.0)) for name in returns}
            self._ways[c.name] = [c.output, *sends]
            self._faders[c.name] = Fader(c.name, {"gain_db": c.gain_db, "pan": c.pan, "mute": float(c.mute),
                                                  "solo": float(c.solo)}, sends)
        self._edges = [(name, to) for name, ways in self._ways.items() for to in ways]
        self._hear(0)

    # -- building ----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Prepare every instrument and effect (this compiles, or loads what is compiled); align latencies."""
        for track in self.tracks:
            assert track.instrument is not None
            track.instrument.prepare(self.rate, self.max_frames)
        for stage in self._all_stages():
            effect = stage.insert.effect
            if isinstance(effect, NativeEffect):
                effect.rate = self.rate
                effect.size()
            else:
                effect.prepare(self.rate, self.max_frames)
            stage.latency = effect.latency
        self._unsettled = [s for s in self._all_stages() if s.insert.unsettled]
        self._spare = round(_SPARE_S * self.rate) if self._unsettled else 0
        self._places = {c.name: i for i, c in enumerate(self.channels)}
        keys = sum(i.key is not None for c in self.channels for i in c.inserts)
        python = any(not isinstance(s.insert.effect, NativeEffect) for s in self._all_stages())
        self._taps, self._dry = len(self.channels), len(self.channels) + keys
        self._program = Program(self.rate, self.max_frames, self._dry + python)
        self._build(self._align())
        self._instruments = [(t.instrument, self._places[t.name]) for t in self.tracks]
        self._master = self._places[self.channels[-1].name]
        self.tail = self._tail()

    def _all_stages(self) -> Iterator[_Stage]:
        for stages in self._stages.values():
            yield from stages

    def _align(self) -> Delays:
        """Sets `latency`."""
        own = {t.name: t.instrument.latency for t in self.tracks if t.instrument is not None}
        delays = delays_of(self._order, self._edges, own,
                           {name: [s.latency for s in stages] for name, stages in self._stages.items()})
        self.latency = delays.total
        return delays

    def _line(self, late: int) -> Line | None:
        return Line(late, late + self._spare) if late or self._spare else None

    def _build(self, delays: Delays) -> None:
        program, places = self._program, self._places
        self._edge_lines: dict[tuple[str, str], int] = {}
        self._input_lines: dict[str, int] = {}
        self._key_lines: dict[tuple[str, int], int] = {}
        self._hearing: list[tuple[Any, int, int, tuple[str, int]]] = []
        """Effects that hear notes: the effect, its key's track, the node for hear(), where it is."""
        for c in self.channels:
            if c.kind != "track":
                program.clear(places[c.name])
        self._metered: dict[str, int] = {}
        for node in self._order:
            c, at = self._by_name[node.name], places[node.name]
            if c.instrument is not None:
                program.check(at, c.instrument)
                if delays.keys and (line := self._line(delays.inputs[c.name])):
                    self._input_lines[c.name] = program.delay(at, at, line)
            fader = self._faders[c.name]
            behind = len(self._stages[c.name]) - len(c.last)
            for i, stage in enumerate(self._stages[c.name][:behind]):
                self._insert(at, stage, self._key(c.name, i, stage, delays))
            numbers = program.glider(fader)
            if isinstance(fader, MasterFader):
                program.gain(at, numbers)
            else:
                for k, to in enumerate(self._ways[c.name]):
                    line = self._line(delays.edges[c.name, to])
                    index = program.sum(at, places[to], numbers + 2 * k, line, metered=k == 0)
                    if index >= 0:
                        self._edge_lines[c.name, to] = index
                self._metered[c.name] = len(self._metered)
            for stage in self._stages[c.name][behind:]:
                self._insert(at, stage, None)
            if c.kind == "master":
                program.loudness(at, loudness_coefs(self.rate))
        for stage in self._all_stages():
            if stage.insert.bypass:
                stage.bypassed = True
                program.bypass(stage.slot, True)
        self._tell_lateness(delays)
        program.build()

    def _tell_lateness(self, delays: Delays) -> None:
        for effect, _, _, where in self._hearing:
            effect.late = delays.keys[where]

    def _key(self, channel: str, index: int, stage: _Stage, delays: Delays) -> int | None:
        """The node of an effect's side-chain, delayed as it must be."""
        if stage.insert.key is None:
            return None
        if by_notes(stage.insert.effect):
            tap = self._taps
            self._taps += 1
            track = [t.name for t in self.tracks].index(stage.insert.key)
            self._hearing.append((stage.insert.effect, track, tap, (channel, index)))
            return tap
        source = self._places[stage.insert.key]
        line = self._line(delays.keys[channel, index])
        if line is None:
            return source
        tap = self._taps
        self._taps += 1
        self._key_lines[channel, index] = self._program.delay(source, tap, line)
        return tap

    def _insert(self, at: int, stage: _Stage, key: int | None) -> None:
        program, effect = self._program, stage.insert.effect
        if isinstance(effect, NativeEffect):
            stage.slot = program.effect(effect, at, key)
            return
        spare = self._spare if stage.insert.unsettled else 0
        stage.dry = program.delay(at, self._dry, Line(stage.latency, stage.latency + spare))
        program.python(at, effect.process)
        program.check(at, effect)
        stage.slot = program.blend(at, self._dry, effect)

    def _tail(self) -> int:
        tails: dict[str, int] = {}
        for node in self._order:
            c = self._by_name[node.name]
            fed = [tails[a] for a, b in self._edges if b == node.name]
            own = c.instrument.tail if c.instrument else 0
            tails[c.name] = max([own, *fed]) + sum(s.insert.effect.tail for s in self._stages[c.name])
        return tails[self.channels[-1].name]

    # -- running -----------------------------------------------------------------------------------------------------

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        """One list of events a track, sorted by offset. Returns (2, frames), valid until the next call."""
        if not 0 < frames <= self.max_frames or len(events) != len(self.tracks):
            raise InstrumentError(
                f"console: {frames} frames and {len(events)} event lists do not fit: 1 to {self.max_frames} frames,"
                f" {len(self.tracks)} lists"
            )
        program = self._program
        views = program.nodes(frames)
        for (instrument, place), due in zip(self._instruments, events, strict=True):
            instrument.process(due, views[place], transport)  # type: ignore[union-attr]
        for effect, track, tap, _ in self._hearing:
            effect.hear(events[track], views[tap], transport.frame)
        program.process(frames, transport)
        for stage in self._unsettled:
            if stage.insert.effect.latency != stage.latency:
                self._realign()
        return views[self._master]

    def _realign(self) -> None:
        """A latency has changed: all delays glide to where they must be now."""
        for stage in self._unsettled:
            stage.latency = stage.insert.effect.latency
            self._program.realign(stage.dry, stage.latency)
        delays, realign = self._align(), self._program.realign
        short = [realign(line, delays.edges[way]) for way, line in self._edge_lines.items()]
        short += [realign(line, delays.inputs[track]) for track, line in self._input_lines.items()]
        short += [realign(line, delays.keys[key]) for key, line in self._key_lines.items()]
        self.unaligned_frames = max(short, default=0)
        self._tell_lateness(delays)

    @property
    def faults(self) -> int:
        """Stretches of a stage that had to be silenced."""
        return self._program.faults

    def reset(self) -> None:
        """Silence at once: voices, tails and delays; gains arrive where they are going."""
        for track in self.tracks:
            assert track.instrument is not None
            track.instrument.reset()
        for stage in self._all_stages():
            stage.insert.effect.reset()
        self._program.reset()

    def close(self) -> None:
        for track in self.tracks:
            assert track.instrument is not None
            track.instrument.close()
        for stage in self._all_stages():
            stage.insert.effect.close()

    # -- meters ------------------------------------------------------------------------------------------------------

    def levels(self) -> NDArray[np.float64]:
        """(tracks + 1, 2): peak of each track behind its fader, then of the output, since the last look; linear. Looks
        at nothing else: the same look as meter() and mix_level()."""
        return np.array([*(self.meter(t.name).peak for t in self.tracks), self.mix_level().peak])

    def meter(self, channel: str) -> Level:
        """Of a track, group or return behind its fader, since the last look."""
        self._channel(channel)
        if channel not in self._metered:
            return Level(*self.mix_level()[:2])
        return read_level(self._program.meters[self._metered[channel]])

    def mix_level(self) -> MixLevel:
        """Of what goes out."""
        return read_mix(self._program.loudness_state())

    def clear_loudness(self) -> None:
        """Begin the integrated loudness anew."""
        clear_loudness(self._program.loudness_state())

    # -- parameters --------------------------------------------------------------------------------------------------

    def set(
        self, channel: str, path: str, value: float | str, ramp_frames: int | None = None, *, delay_frames: int = 0,
        origin: float | None = None,
    ) -> None:
        """Change a parameter, in ramp_frames (None: its own glide), beginning delay_frames into the next block at
        `origin` (None: where it stands).

        path: "gain_db", "pan", "mute", "solo", "send.RETURN", or "STAGE.PARAMETER" ("eq.low_db", "eq.bypass"). All goes
        along the control grid, but for hosted plug-ins, which are told at once. Raises InstrumentError: what is not
        known, with what is.
        """
        fader = self._faders[self._channel(channel).name]
        if path in fader.listed:
            fader.set(path, value, ramp_frames, delay_frames=delay_frames, origin=origin)
            self._program.touch(fader)
            if path in ("mute", "solo"):
                for changed in self._hear(ramp_frames, delay_frames):
                    self._program.touch(changed)
            return
        name, _, parameter = path.partition(".")
        live = self._live(channel)
        if name == INSTRUMENT and live is not None:
            live.set(parameter, value, ramp_frames,  # type: ignore[arg-type]  # it checks
                     delay_frames=delay_frames, origin=origin)
            return
        stage = self._stage(channel, name, path)
        effect: Any = stage.insert.effect
        if parameter == "bypass":
            stage.bypassed = bool(BYPASS.checked(f"{channel}.{path}", value))
            self._program.bypass(stage.slot, stage.bypassed, delay_frames)
        elif isinstance(effect, Gliding):
            effect.set(parameter, value, ramp_frames, delay_frames=delay_frames, origin=origin)
            self._program.touch(effect)
        elif hasattr(effect, "set_params"):
            effect.set_params({parameter: value})
        elif hasattr(effect, "set"):
            effect.set(parameter, value)
        else:
            raise InstrumentError(f"{channel}.{path}: {name} has no parameters but bypass")

    def get(self, channel: str, path: str) -> float:
        """Where a parameter stands or glides to; a Choice by its index. Raises InstrumentError for what is not known
        or, as those of plug-ins, cannot be told."""
        fader = self._faders[self._channel(channel).name]
        if path in fader.listed:
            return fader.get(path)
        name, _, parameter = path.partition(".")
        live = self._live(channel)
        if name == INSTRUMENT and live is not None:
            return float(live.get(parameter))
        stage = self._stage(channel, name, path)
        if parameter == "bypass":
            return float(stage.bypassed)
        effect: Any = stage.insert.effect
        if not hasattr(effect, "get"):
            raise InstrumentError(f"{channel}.{path}: {name} does not tell its parameters")
        return float(effect.get(parameter))

    def parameters(self) -> list[Listed]:
        """Every parameter but those of plug-ins, which are known when they have loaded."""
        found: list[Listed] = []
        for c in self.channels:
            fader = self._faders[c.name]
            found += [Listed(c.kind, c.name, "", n, fader.rules[n], fader.get(n)) for n in fader.listed]
            live = self._live(c.name)
            if live is not None:
                found += [Listed(c.kind, c.name, INSTRUMENT, n, rule, live.get(n)) for n, rule in live.rules.items()]
            for stage in self._stages[c.name]:
                effect: Any = stage.insert.effect
                if hasattr(effect, "get"):
                    found += [Listed(c.kind, c.name, stage.name, n, rule, float(effect.get(n)))
                              for n, rule in getattr(effect, "PARAMETERS", {}).items()]
                found.append(Listed(c.kind, c.name, stage.name, "bypass", BYPASS, float(stage.bypassed)))
        return found

    def effect(self, channel: str, stage: str) -> Effect:
        """An effect, for what only it can tell. Raises InstrumentError."""
        return self._stage(channel, stage, stage).insert.effect

    def _channel(self, name: str) -> Channel:
        if name not in self._by_name:
            raise InstrumentError(f"console: there is no channel {name!r}: choose from {', '.join(self._by_name)}")
        return self._by_name[name]

    def _stage(self, channel: str, name: str, path: str) -> _Stage:
        stages = self._stages[self._channel(channel).name]
        for stage in stages:
            if stage.name == name:
                return stage
        known = [*self._faders[channel].listed, *(f"{s.name}.…" for s in stages)]
        raise InstrumentError(f"console: {channel!r} has no {path!r}: choose from {', '.join(known)}")

    def _live(self, channel: str) -> LiveNumbers | None:
        """What may change of a track's instrument while it plays."""
        found = getattr(self._channel(channel).instrument, "live", None)
        return found if isinstance(found, LiveNumbers) else None

    def _hear(self, ramp_frames: int | None, delay_frames: int = 0) -> list[Fader]:
        """What mutes and solos leave of each way out of a channel. Returns the faders that are to move."""
        on = {name: {p for p in ("mute", "solo") if p in f.listed and f.get(p)} for name, f in self._faders.items()}
        soloed = [name for name, switches in on.items() if "solo" in switches]
        found = heard(self._order, self._edges, soloed)
        changed: list[Fader] = []
        way = 0
        for name, ways in self._ways.items():
            fader = self._faders[name]
            assert isinstance(fader, Fader)
            for k in range(len(ways)):
                if fader.hear(k, found[way] and "mute" not in on[name], ramp_frames, delay_frames):
                    changed.append(fader)
                way += 1
        return changed
