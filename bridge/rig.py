"""From a session to what sounds: instruments, effects, console. Engine process or render."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType

from bridge.engine.automation import Move
from bridge.engine.inbox import MixReading
from bridge.mix import ROOM, EffectSpec, default_returns, sends_of
from bridge.parameter_paths import ParameterInfo, absolute, described, path_of
from bridge.rig_heritage import Heritage, untuned
from bridge.rig_stages import RigStages, made_in
from bridge.session import Session
from bridge.stream.wire import PluginInfo
from instruments.block import AudioBlock, FrameEvent, Instrument, InstrumentError, Transport
from instruments.channel import INSTRUMENT, Channel, Insert
from instruments.console import Console
from instruments.controls import Listed, Stage
from instruments.effects.guest_effect import GuestEffect
from instruments.effects.registry import make_effect
from instruments.fader import OFF_DB, Send
from instruments.guest import Guest, GuestStatus
from instruments.hosted_plugin import HostedPlugin, PluginStatus
from instruments.parameter import Parameter
from instruments.routing import MASTER
from instruments.succession import FADE_S, Succession
from instruments.tempo_sync import TempoSync

_GONE_S = FADE_S + 0.05
"""So long after it has begun to leave, nothing is heard of a track any more."""


class Rig(Console):
    """A session's console, which also knows its hosted plug-ins and what other people's code plays in it."""

    plugins: tuple[HostedPlugin, ...] = ()
    guests: tuple[Guest | GuestEffect, ...] = ()
    syncs: tuple[TempoSync, ...] = ()
    places: Mapping[str, HostedPlugin] = MappingProxyType({})
    """Plug-ins of the session by place (plugin_spec.plugin_place)."""
    midi_sources: tuple[tuple[int, HostedPlugin], ...] = ()
    """By track, what may put out MIDI itself."""
    midi_out: Sequence[tuple[int, FrameEvent]] = ()
    """What plug-ins put out in the last block, by track, as late as the mix."""
    session: Session
    specs: Mapping[str, Sequence[EffectSpec]] = MappingProxyType({})
    """Of each channel's chain of effects."""
    gone: frozenset[str] = frozenset()
    """Of the channels that leave, those that have rung out: what they played may be closed."""
    strip_places: Sequence[int] = ()
    """Where the strips of the rig before this one are now: see RigChange.places."""
    _succession: Succession | None = None

    def strip_names(self) -> list[str]:
        """By strip, the track that it is or was."""
        return [strip.name.rpartition("~")[0] if strip.leaving else strip.name for strip in self.strips]

    def stages(self, channel: str) -> list[Stage]:
        """The effects of a channel, in order."""
        return self._stages[channel]

    def guest_status(self) -> list[GuestStatus]:
        """Of each instrument and effect that is registered or installed by others, in order. Any thread."""
        return [g.status() for g in self.guests]

    def plugin_states(self) -> dict[str, bytes]:
        """The last state that was taken of each hosted plug-in, by its place. Any thread."""
        return {place: state for place, plugin in self.places.items() if (state := plugin.state()) is not None}

    def plugin_status(self) -> list[PluginStatus]:
        """Of each hosted plug-in and function, in order. Any thread."""
        return [p.status() for p in self.plugins]

    def prepare(self, playing: Container[int] = ()) -> None:
        super().prepare(playing)
        self._waiting_midi: list[tuple[int, int, FrameEvent]] = []
        self._homes: dict[str, float] = {}
        """Where parameters stood before the music moved them, by full path."""
        self._leaving: dict[str, int | None] = {strip.name: None for strip in self.strips if strip.leaving}
        """By name of a strip that leaves: the frame at which it has faded; None before the first block."""
        self._learn()

    @property
    def serial(self) -> int:
        """Another one whenever more, or something else, can be turned. Any thread."""
        return sum(p.serial for p in self.plugins)

    def _learn(self) -> None:
        """What can be turned: more of it whenever a plug-in has loaded."""
        self._learned = self.serial
        self._turns = {path_of(p.kind, p.channel, p.stage, p.name): (p, f"{p.stage}.{p.name}" if p.stage else p.name)
                       for p in self.parameters()}

    @property
    def loading(self) -> bool:
        """Whether a plug-in has yet to load. Any thread."""
        return any(p.loading for p in self.plugins)

    def plugin_infos(self) -> tuple[PluginInfo, ...]:
        """The hosted plug-ins as people see them, in order of the channels. Any thread."""
        found = []
        for channel in self.channels:
            if channel.leaving:
                continue
            instrument = getattr(channel.instrument, "instrument", channel.instrument)  # Tuned has one within
            stages = [(INSTRUMENT, instrument), *((s.name, s.insert.effect) for s in self._stages[channel.name])]
            for stage, plugin in stages:
                if isinstance(plugin, HostedPlugin):
                    told = plugin.status()
                    found.append(PluginInfo(channel.name, stage, told["plugin"], told["state"], told["host"],
                                            told["format"]))
        return tuple(found)

    def take_sync_errors(self) -> list[str]:
        """Of parameters that were to follow the tempo and cannot; each once. Any thread."""
        return [sync.errors.popleft() for sync in self.syncs for _ in range(len(sync.errors))]

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        for sync in self.syncs:
            sync.follow(transport)
        if self._leaving:
            self._leave(transport.frame)
        audio = super().process(events, frames, transport)
        if self.midi_sources:
            self._collect(frames, transport.frame)
        return audio

    def succeed(self, other: Rig) -> None:
        """In place of the rig that it was built to take the place of, between two blocks: see Succession."""
        assert self._succession is not None
        self._succession.run()
        places = self.strip_places
        self._waiting_midi = [(due, places[track], event) for due, track, event in other._waiting_midi
                              if places[track] >= 0]
        self._homes = {path: value for path, value in other._homes.items() if path in self._turns}
        for strip in other.strips:
            if strip.leaving and strip.name in self._leaving:
                self._leaving[strip.name] = other._leaving.get(strip.name, 0)
        self._succession = None  # with it goes the last hold on the other

    @property
    def ringing(self) -> bool:
        """Whether something that leaves is still heard. Any thread."""
        return bool(self._leaving)

    def _leave(self, frame: int) -> None:
        """What has had its time has faded to nothing."""
        for name, until in list(self._leaving.items()):
            if until is None:
                self._leaving[name] = frame + round(_GONE_S * self.rate)
            elif until <= frame:
                self.let_go(name)
                self.midi_sources = tuple((strip, plugin) for strip, plugin in self.midi_sources
                                          if self.strips[strip].name != name)
                self.gone |= {name}
                del self._leaving[name]

    def _collect(self, frames: int, frame: int) -> None:
        """A plug-in's MIDI is as late as its own sound: the rest is waited for here."""
        waiting = self._waiting_midi
        for track, plugin in self.midi_sources:
            late = frame + max(0, self.latency - plugin.latency)
            waiting += [(late + event.offset, track, event) for event in plugin.midi_out]
        if not waiting:
            self.midi_out = ()
            return
        waiting.sort(key=_due)
        end = frame + frames
        due = [each for each in waiting if each[0] < end]
        del waiting[: len(due)]
        self.midi_out = [(track, event._replace(offset=max(0, at - frame))) for at, track, event in due]

    def read_meters(self) -> tuple[list[tuple[float, float]], MixReading]:
        """Peaks of each track and of the mix since the last look, and the mix's other meters. Between blocks."""
        mix = self.mix_level()
        momentary, short_term, integrated = (
            x if x > -math.inf else None for x in (mix.momentary_lufs, mix.short_term_lufs, mix.integrated_lufs))
        reading = MixReading(mix.true_peak, momentary, short_term, integrated, mix.correlation)
        return [*(self.meter(t.name).peak for t in self.tracks), mix.peak], reading

    def listed(self) -> list[ParameterInfo]:
        """All that can be turned, with its path, as it stands. In prepare()'s thread, or between blocks."""
        return sorted((described(path_of(p.kind, p.channel, p.stage, p.name), p.rule, p.value)
                       for p in self.parameters()), key=lambda info: info.path)

    def turn(self, path: str, value: float, ramp_frames: int | None = None) -> int:
        """Set a parameter by its full path. Returns the frames it takes. Raises InstrumentError."""
        found, sub = self._turning(path)
        self.set(found.channel, sub, value, ramp_frames)
        self._homes.pop(path, None)
        if ramp_frames is not None:
            return ramp_frames
        return round(found.rule.glide_ms / 1000 * self.rate) if isinstance(found.rule, Parameter) else 0

    def is_turned_in(self, path: str, playing: Container[int]) -> bool:
        """Whether what is turned by this path is one of these (see played()). Raises InstrumentError."""
        found, _ = self._turning(path)
        if found.stage == INSTRUMENT:
            return any(c.name == found.channel and id(untuned(c.instrument)) in playing for c in self.tracks)
        return any(s.name == found.stage and id(s.insert.effect) in playing for s in self._stages[found.channel])

    def move(self, move: Move) -> str:
        """Set out on a composer's ramp. Returns the full path. Raises InstrumentError."""
        path = absolute(move.path, self.tracks[move.track].name)
        found, sub = self._turning(path)
        if path not in self._homes:
            self._homes[path] = self.get(found.channel, sub)
        origin = move.origin
        if origin is not None and move.share > 0 and isinstance(found.rule, Parameter):
            origin = found.rule.between(origin, move.value, move.share)
        self.set(found.channel, sub, move.value, move.frames, delay_frames=move.offset, origin=origin)
        return path

    def lacks(self, move: Move) -> bool:
        """Whether the session has not what a ramp is for, an effect or a return of that name, and not just no such
        parameter of it: composers write for any session."""
        path = absolute(move.path, self.tracks[move.track].name)
        stage = path.rpartition(".")[0] + "."
        return ".send." in path or not any(known.startswith(stage) for known in self._turns)

    def restore(self, track: int, path: str) -> tuple[str, float, int] | None:
        """Back to where a parameter stood before move() moved it: full path, value, frames. None where turn() has set
        it since, or there is none any more."""
        path = absolute(path, self.tracks[track].name)
        home = self._homes.pop(path, None)
        if home is None:
            return None
        try:
            return path, home, self.turn(path, home)
        except InstrumentError:
            return None

    def _turning(self, path: str) -> tuple[Listed, str]:
        if path not in self._turns and self.serial != self._learned:
            self._learn()
        if path not in self._turns:
            near = difflib.get_close_matches(path, self._turns, 1)
            hint = f": did you mean {near[0]!r}?" if near else ""
            raise InstrumentError(f"there is no parameter {path!r} in this session{hint}")
        return self._turns[path]


def _due(waiting: tuple[int, int, FrameEvent]) -> int:
    return waiting[0]


def build_rig(session: Session, rate: int, max_frames: int, *, block: int = 0, offline: bool = False,
              stems: bool = False, stages: RigStages | None = None, states: Mapping[str, bytes] | None = None,
              before: Rig | None = None, number: int = 0, breathe: Callable[[], None] = lambda: None) -> Rig:
    """The session's console, prepared: compiled code is loaded, or compiled (seconds, once a machine).

    block    frames of the device's period: hosted plug-ins have one of it, at least, to answer
    offline  hosted plug-ins are waited for, so that a render is exact
    stems    see Console
    stages   makes instruments and effects, in place of the usual
    states   of plug-ins, by place, as Rig.plugin_states() gave them: they go before what the session says
    before   the rig that plays, which this one is to succeed: what is the same in both is taken over; number: of this
             one, see RigChange. What plays goes on meanwhile
    breathe  called between two channels: it may wait

    Raises InstrumentError; then whatever was made has been closed.
    """
    heritage = None if before is None else Heritage(before, session, number)
    made = stages or RigStages(session.music, block=block, offline=offline, states=states, heritage=heritage)
    channels = []
    for track in session.tracks:
        channels.append(made.track(track, session.returns))
        breathe()
    names = {MASTER, *(t.name for t in session.tracks), *(g.name for g in session.groups),
             *(r.name for r in session.returns)}
    channels += made.leaving(names)
    channels += [Channel(g.name, "group", None, made.inserts(g.effects, g.name), MASTER, g.gain_db, g.pan, g.mute,
                         g.solo, sends_of(g.sends)) for g in session.groups]
    channels += [Channel(r.name, "return", None, made.inserts(r.effects, r.name), MASTER, r.gain_db, r.pan, r.mute,
                         r.solo) for r in session.returns]
    channels.append(master(made.inserts(session.master.effects, MASTER), session.master.gain_db,
                           session.master.ceiling_db))
    rig = Rig(channels, rate, max_frames, stems=stems)
    rig.session, rig.specs = session, made.specs
    rig.plugins, rig.syncs = tuple(made.plugins), tuple(made.syncs)
    rig.midi_sources, rig.places = tuple(made.midi_sources), made.places
    playing = set() if before is None else before.played()
    try:
        rig.prepare(playing)
    except BaseException:
        rig.close(playing)
        raise
    rig.guests = tuple(made.guests)  # also those that stand by for plug-ins, made just now
    made.forget()
    if before is not None and heritage is not None:
        rig.strip_places = heritage.places(rig)
        rig._succession = Succession(rig, before, heritage.kept(rig))
    return rig


def master(inserts: Sequence[Insert] = (), gain_db: float = 0.0, ceiling_db: float = -1.0) -> Channel:
    """The master: effects, volume, the low-pass that `modify` moves, and the limiter."""
    last = Insert(make_effect("filter"), bypass=True), Insert(make_effect("limiter", {"ceiling_db": ceiling_db}))
    return Channel(MASTER, "master", inserts=inserts, gain_db=gain_db, last=last)


def alone(name: str, instrument: Instrument, rate: int, max_frames: int, *, gain_db: float = 0.0, pan: float = 0.0,
          send_db: float = OFF_DB) -> Console:
    """A console for one instrument, with the room and the master that every session has; prepared."""
    rooms = [Channel(r.name, "return", inserts=[made_in(spec, offline=True) for spec in r.effects])
             for r in default_returns()]
    track = Channel(name, "track", instrument, gain_db=gain_db, pan=pan, sends={ROOM: Send(send_db)})
    console = Console([track, *rooms, master()], rate, max_frames)
    console.prepare()
    return console
