"""What a rig takes over from the one that plays: channels that are as they were, and what is to ring out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from bridge.mix import EffectSpec
from bridge.session import Session, Track
from instruments.block import Instrument
from instruments.channel import Channel
from instruments.controls import Stage
from instruments.succession import Kept
from instruments.tempo_sync import TempoSync
from instruments.tuned import Tuned

if TYPE_CHECKING:
    from bridge.rig import Rig

_MIXED: Mapping[str, Any] = MappingProxyType({
    "parts": [], "gain_db": 0.0, "pan": None, "mute": False, "solo": False, "group": None, "sends": {}, "tuning": None})
"""Of a track, what may change while its instrument and its effects go on as they are."""


class Heritage:
    """Between a rig that plays and the one that is built for another session. Reads the old rig's lists alone, which
    never change, so that it may play on. Belongs to the thread that builds."""

    def __init__(self, before: Rig, session: Session, number: int) -> None:
        """number: of the new rig, see RigChange."""
        self.before = before
        self._session = session
        self._number = number
        self._tracks = {t.name: t for t in before.session.tracks}
        self._channels: dict[str, str] = {}
        self._faders: dict[str, str] = {}
        self._stages: list[tuple[str, int, str, str]] = []
        """Channel and number of an effect; channel and name of it in the old rig."""
        self._used: set[tuple[str, str]] = set()

    def track(self, track: Track) -> Instrument | None:
        """What plays the track already, without its tuning, or None where it is new or another by now."""
        old = self._tracks.get(track.name)
        if old is None:
            return None
        if _sound(old) != _sound(track) or ("drums" in old.parts) != ("drums" in track.parts):
            self._faders[track.name] = track.name
            return None
        self._channels[track.name] = track.name
        return untuned(self._channel(track.name).instrument)

    def effect(self, channel: str, index: int, spec: EffectSpec) -> Stage | None:
        """An effect of the old rig that is the same, for the effect of this number of a channel."""
        there = self._channels.get(channel)
        if there is None:
            return None
        specs = self.before.specs[there]
        for stage, old in zip(self.before.stages(there), specs, strict=False):
            if old == spec and (there, stage.name) not in self._used:
                self._used.add((there, stage.name))
                self._stages.append((channel, index, there, stage.name))
                return stage
        return None

    def channel(self, name: str) -> None:
        """A group, a return or the master: what it has of the old one of that name is kept."""
        if name in self.before.specs and not self._channel(name).leaving and name not in self._tracks:
            self._channels[name] = name

    def leaving(self) -> list[tuple[Channel, str, Sequence[EffectSpec]]]:
        """What rings out: (channel of the old rig, its name in the new one, its effects)."""
        found = []
        for strip in self.before.strips:
            if strip.leaving and strip.name in self.before.gone:
                continue
            if strip.leaving or self._channels.get(strip.name) is None:
                name = strip.name if strip.leaving else f"{strip.name}~{self._number}"
                self._channels[name] = strip.name
                found.append((strip, name, self.before.specs[strip.name]))
        return found

    def sync(self, plugin: object) -> list[TempoSync]:
        """What turns a plug-in that is kept by the tempo."""
        return [sync for sync in self.before.syncs if sync.plugin is plugin]

    def kept(self, rig: Rig) -> Kept:
        stages = {(channel, rig.stages(channel)[index].name): (there, name)
                  for channel, index, there, name in self._stages}
        last = rig.channels[-1]
        count, count_there = len(last.inserts), len(self.before.channels[-1].inserts)
        same_ceiling = rig.session.master.ceiling_db == self.before.session.master.ceiling_db
        for i, insert in enumerate(last.last):  # what is behind the master's fader
            if getattr(insert.effect, "NAME", "") != "limiter" or same_ceiling:
                stages[last.name, rig.stages(last.name)[count + i].name] = (
                    last.name, self.before.stages(last.name)[count_there + i].name)
        return Kept(self._channels, stages, self._faders)

    def places(self, rig: Rig) -> list[int]:
        """See RigChange."""
        new = {self._channels[strip.name]: i for i, strip in enumerate(rig.strips) if strip.name in self._channels}
        return [new.get(strip.name, -1) for strip in self.before.strips]

    def _channel(self, name: str) -> Channel:
        return next(c for c in self.before.channels if c.name == name)


def untuned(instrument: Instrument | None) -> Instrument:
    assert instrument is not None
    return instrument.instrument if isinstance(instrument, Tuned) else instrument


def _sound(track: Track) -> Track:
    return msgspec.structs.replace(track, **_MIXED)
