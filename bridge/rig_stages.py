"""What a session's channels consist of: instruments and chains of effects, and which of them are whose."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from bridge.mix import ROOM, EffectSpec, Return, sends_of
from bridge.plugin_spec import plugin_place, use_of
from bridge.rig_heritage import Heritage, untuned
from bridge.session import Music, Track, plugin_of, tuning_of
from instruments.block import Instrument
from instruments.channel import Channel, Insert
from instruments.effects.guest_effect import GuestEffect
from instruments.effects.registry import make_effect
from instruments.fader import OFF_DB, Send
from instruments.guest import Guest
from instruments.hosted import HostedEffect
from instruments.hosted_instrument import HostedInstrument
from instruments.hosted_plugin import PIPELINE_FRAMES, HostedPlugin
from instruments.native_effect import NativeEffect
from instruments.plugins.home import Home
from instruments.plugins.use import PluginUse
from instruments.registry import make_instrument, placement
from instruments.routing import MASTER
from instruments.scaled import Scaled
from instruments.tempo_sync import TempoSync
from instruments.tuned import Tuned

PLUGIN_GAIN_DB = -6.0
"""Of a hosted instrument's fader, if the session's gain_db is 0: plug-ins leave less room than our patches do."""


class RigStages:
    """Makes them, unprepared, and remembers which are plug-ins, other people's code, or follow the tempo."""

    def __init__(self, music: Music, *, block: int, offline: bool, states: Mapping[str, bytes] | None = None,
                 heritage: Heritage | None = None) -> None:
        """block, offline, states: see build_rig. heritage: what is taken over as it plays, instead of made."""
        self.plugins: list[HostedPlugin] = []
        self.places: dict[str, HostedPlugin] = {}
        """Plug-ins by their places: see plugin_place."""
        self.guests: list[Guest | GuestEffect] = []
        self.syncs: list[TempoSync] = []
        self.midi_sources: list[tuple[int, HostedPlugin]] = []
        """By number of the track, what may put out MIDI itself."""
        self.specs: dict[str, Sequence[EffectSpec]] = {}
        """Of each channel's chain."""
        self._heritage = heritage
        self._music, self._block, self._offline = music, block, offline
        self._pipeline = max(PIPELINE_FRAMES, block)
        self._shared = Home("shared")
        self._tracks = 0
        self._channel = ""
        self._states = states or {}

    def forget(self) -> None:
        """All is built: let go of the rig that was before."""
        self._heritage = None

    def track(self, track: Track, returns: Sequence[Return]) -> Channel:
        """The next track. Raises InstrumentError."""
        self._channel = track.name
        own = Home(track.name)
        place = placement(track.instrument)
        instrument = None if self._heritage is None else self._heritage.track(track)
        if instrument is not None:
            self._register(instrument, plugin_place(track.name))
        elif track.plugin is None:
            instrument = self._native(track)
        else:
            instrument = self._hosted_instrument(track, own)
        if track.plugin is not None:
            place = place._replace(gain_db=PLUGIN_GAIN_DB)
        tuning = tuning_of(track, self._music.key) if track.plugin is None else None  # it gets bends: see Route.hosted
        sends = sends_of(track.sends)
        if any(r.name == ROOM for r in returns):
            sends.setdefault(ROOM, Send(place.send_db))
        self._tracks += 1
        return Channel(
            track.name, "track", instrument if tuning is None else Tuned(instrument, tuning),
            self._chain(track.effects, own), track.group or MASTER,
            gain_db=max(OFF_DB, min(24.0, place.gain_db + track.gain_db)),
            pan=place.pan if track.pan is None else track.pan, mute=track.mute, solo=track.solo, sends=sends,
            unsettled=track.plugin is not None and not self._offline,
        )

    def inserts(self, specs: Sequence[EffectSpec], channel: str) -> list[Insert]:
        """The chain of another channel. Raises InstrumentError."""
        self._channel = channel
        if self._heritage is not None:
            self._heritage.channel(channel)
        return self._chain(specs, Home(channel))

    def leaving(self, channels: Container[str]) -> list[Channel]:
        """What rings out, after the tracks: with all that it plays through. channels: names of those there are."""
        found = []
        for old, name, specs in self._heritage.leaving() if self._heritage is not None else ():
            self._channel = name
            specs = [spec for spec in specs if spec.key is None or spec.key in channels]
            self._register(untuned(old.instrument), "")
            self._tracks += 1
            found.append(replace(
                old, name=name, inserts=self._chain(specs, Home(name)), leaving=True,
                output=old.output if old.output in channels else MASTER,
                sends={to: send for to, send in old.sends.items() if to in channels},
            ))
        return found

    def _register(self, playing: object, place: str) -> None:
        """An instrument or effect that is taken over as it plays: know it as one that was made here. place: "" where
        it keeps no state any more."""
        assert self._heritage is not None
        before = self._heritage.before
        if isinstance(playing, HostedPlugin):
            self.plugins.append(playing)
            self.syncs += self._heritage.sync(playing)
            if place:
                self.places[place] = playing
            if any(playing is plugin for _, plugin in before.midi_sources):
                self.midi_sources.append((self._tracks, playing))
        self.guests += [guest for guest in before.guests if guest is playing]

    def _native(self, track: Track) -> Instrument:
        made = make_instrument(track.instrument, tempo=self._music.tempo, offline=self._offline,
                               stand_in="drums" if "drums" in track.parts else "piano")
        if isinstance(made, Guest):
            self.guests.append(made)
        return made

    def _hosted_instrument(self, track: Track, own: Home) -> Instrument:
        spec, place = plugin_of(track), plugin_place(track.name)
        use = use_of(spec.name, spec, self._states.get(place))
        louder_db = placement(track.instrument).gain_db - PLUGIN_GAIN_DB
        plugin = HostedInstrument(
            use, lambda: Scaled(self._native(track), louder_db), self._home(use, own), fallback_name=track.instrument,
            offline=self._offline, missing_ok=not spec.required, pipeline_frames=self._pipeline,
        )
        self.midi_sources.append((self._tracks, plugin))
        self._keep(plugin, use, place)
        return plugin

    def _chain(self, specs: Sequence[EffectSpec], own: Home) -> list[Insert]:
        self.specs[self._channel] = specs
        return [self._insert(index, spec, own) for index, spec in enumerate(specs)]

    def _insert(self, index: int, spec: EffectSpec, own: Home) -> Insert:
        place = plugin_place(self._channel, index)
        old = None if self._heritage is None else self._heritage.effect(self._channel, index, spec)
        if old is not None and not isinstance(old.insert.effect, NativeEffect):
            self._register(old.insert.effect, place if spec.plugin is not None else "")
            return old.insert
        return (self._native_insert(spec) if spec.plugin is None
                else self._hosted_insert(spec.plugin, spec, own, place))

    def _native_insert(self, spec: EffectSpec) -> Insert:
        insert = made_in(spec, offline=self._offline, block=self._block)
        if isinstance(insert.effect, HostedPlugin):  # a function, in a process of its own
            self.plugins.append(insert.effect)
        elif isinstance(insert.effect, GuestEffect):
            self.guests.append(insert.effect)
        return insert

    def _hosted_insert(self, plugin: str, spec: EffectSpec, own: Home, place: str) -> Insert:
        use = use_of(plugin, spec, self._states.get(place))
        effect = HostedEffect(use, self._home(use, own), offline=self._offline, missing_ok=not spec.required,
                              pipeline_frames=self._pipeline)
        self._keep(effect, use, place)
        return Insert(effect, spec.name or "", spec.key, spec.bypass, unsettled=not self._offline)

    def _home(self, use: PluginUse, own: Home) -> Home | None:
        return {"chain": own, "shared": self._shared}.get(use.place)

    def _keep(self, plugin: HostedPlugin, use: PluginUse, place: str) -> None:
        self.plugins.append(plugin)
        self.places[place] = plugin
        if use.sync:
            self.syncs.append(TempoSync(plugin, use.sync, f"plug-in {use.plugin}"))


def made_in(spec: EffectSpec, *, offline: bool, block: int = 0) -> Insert:
    """An effect that is no plug-in, in its place. Raises InstrumentError."""
    effect = make_effect(spec.effect or "", spec.params, offline=offline, block=block)
    return Insert(effect, spec.name or spec.effect or "", spec.key, spec.bypass)
