"""A session whose plug-ins are bounced: first what each is to play is taken down, then each is rendered in a process of
its own, then the console plays what they made.

What is not a bounced plug-in (native instruments and effects, sends, faders, limiter, side-chained and LV2 or Audio
Unit plug-ins) is rendered as ever, so that the mix is the live one. A plug-in is rendered when all that leads to it has
been: a hosted instrument and the hosted effects right behind it in one go, an effect behind a native one, in a group or
a return, in a later pass over the whole piece.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge import offline
from bridge.mix import EffectSpec, Return
from bridge.plugin_spec import use_of
from bridge.rig import Rig, build_rig
from bridge.rig_stages import RigStages
from bridge.session import Music, Session, Track, plugin_of
from instruments.block import Instrument, InstrumentError
from instruments.bounce import BounceJob, BounceStage, bounce
from instruments.channel import Channel, Insert
from instruments.plugins import scan
from instruments.plugins.home import Home
from instruments.plugins.hosts import HOSTS, choose_host
from instruments.plugins.use import PluginUse
from instruments.rendered import RenderedEffect, RenderedInstrument

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Place:
    """Where a bounced plug-in stands. index: in its channel's chain, -1 for the instrument."""

    channel: str
    index: int
    use: PluginUse
    path: Path
    host: str
    stand_in: RenderedInstrument | RenderedEffect
    bypassed: bool = False


@dataclass(slots=True)
class Places:
    """All bounced plug-ins of a session, by channel and place in the chain."""

    found: dict[tuple[str, int], Place] = field(default_factory=dict)

    def waiting(self) -> list[Place]:
        """Those that have yet to be rendered, in order."""
        return [p for p in self.found.values() if p.stand_in.audio is None]

    def chains(self, rig: Rig) -> list[list[Place]]:
        """What can be rendered now, each with what follows it directly: all that leads there is final."""
        sources = _sources(rig)
        waiting = self.waiting()
        unready = {p.channel for p in waiting}
        chains: list[list[Place]] = []
        begun: set[str] = set()
        for place in waiting:
            channel = place.channel
            if chains and channel == chains[-1][0].channel and self._follows(place, chains[-1][-1]):
                chains[-1].append(place)
            elif channel not in begun and not _upstream(channel, sources) & unready:
                chains.append([place])
            begun.add(channel)
        return chains

    @staticmethod
    def _follows(place: Place, before: Place) -> bool:
        return place.index == before.index + 1 and not before.bypassed


class BounceStages(RigStages):
    """A rig's parts with stand-ins for the plug-ins that are bounced."""

    def __init__(self, music: Music, places: Places) -> None:
        super().__init__(music, block=0, offline=True)
        self._places = places
        self._channel = ""

    def track(self, track: Track, returns: Sequence[Return]) -> Channel:
        self._channel = track.name
        return super().track(track, returns)

    def inserts(self, specs: Sequence[EffectSpec], channel: str) -> list[Insert]:
        self._channel = channel
        return super().inserts(specs, channel)

    def _hosted_instrument(self, track: Track, own: Home) -> Instrument:
        spec = plugin_of(track)
        use = use_of(spec.name, spec)
        found = _bounced(use)
        if found is None:
            return super()._hosted_instrument(track, own)
        stand_in = self._stand_in(-1, use, found, RenderedInstrument, bypassed=False)
        assert isinstance(stand_in, RenderedInstrument)
        return stand_in

    def _chain(self, specs: Sequence[EffectSpec], own: Home) -> list[Insert]:
        made = []
        for index, spec in enumerate(specs):
            use = None if spec.plugin is None or spec.key is not None else use_of(spec.plugin, spec)
            found = None if use is None else _bounced(use)
            if use is None or found is None:
                made += super()._chain([spec], own)
                continue
            stand_in = self._stand_in(index, use, found, RenderedEffect, bypassed=spec.bypass)
            assert isinstance(stand_in, RenderedEffect)
            made.append(Insert(stand_in, spec.name or "", None, spec.bypass))
        return made

    def _stand_in(self, index: int, use: PluginUse, found: tuple[Path, str],
                  kind: type[RenderedInstrument] | type[RenderedEffect], *, bypassed: bool
                  ) -> RenderedInstrument | RenderedEffect:
        places = self._places.found
        key = self._channel, index
        if key not in places:
            places[key] = Place(self._channel, index, use, *found, kind(), bypassed)
        return places[key].stand_in


def bounced_rig(session: Session, folder: Path, progress: Progress = lambda name, share: None, *,
                stems: bool = False) -> Rig:
    """The session's rig, prepared for offline.render(), its plug-ins bounced into `folder`.

    progress: told what is worked at and 0..1 of it. Raises InstrumentError, also for plug-ins that crash or hang.
    """
    places = Places()
    passes = 0
    while True:
        done = passes > 0 and not places.waiting()
        rig = build_rig(session, session.sample_rate, offline.BLOCK, offline=True, stems=stems and done,
                        stages=BounceStages(session.music, places))
        if done or not places.found:
            return rig
        passes += 1
        bars = session.music.bars or 1
        for piece in offline.render(session, rig=rig, whole_tail=True):
            progress("the notes", min(1.0, piece.bar / bars))
        chains = places.chains(rig)
        bounce([_job(chain, folder) for chain in chains], progress)
        for place in (p for chain in chains for p in chain):
            place.stand_in.load(_file(place, folder))


def _bounced(use: PluginUse) -> tuple[Path, str] | None:
    """Path and host of a plug-in that is bounced; None for one that is hosted as usual.

    `sync` turns parameters as the tempo asks while the music plays, and `which` opens one of several in a file: neither
    is for DawDreamer, so what asks for it is hosted as usual. Raises InstrumentError where DawDreamer is not installed.
    """
    if use.sync or use.which or use.host not in (None, "dawdreamer", "faust"):
        return None
    try:
        found = scan.find(use.plugin, which=use.which, host=use.host)
    except InstrumentError:
        return None  # the usual hosting says what is missing, or plays something else
    for host in ("dawdreamer", "faust"):
        if found.format in HOSTS[host].formats:
            return found.path, choose_host(found.format, host, live=False)
    return None


def _file(place: Place, folder: Path) -> Path:
    return folder / f"{place.channel.encode().hex()}-{place.index + 1}.npy"


def _job(chain: Sequence[Place], folder: Path) -> BounceJob:
    first = chain[0]
    stand_in = first.stand_in
    stages = [BounceStage(p.use, p.path, p.host, _file(p, folder)) for p in chain]
    if isinstance(stand_in, RenderedInstrument):
        return BounceJob(first.channel, stages, stand_in.frames, stand_in.tempo(), tuple(stand_in.events))
    fed = _file(first, folder).with_suffix(".in.npy")
    np.save(fed, stand_in.heard())
    return BounceJob(first.channel, stages, stand_in.frames, stand_in.tempo(), audio=fed)


def _sources(rig: Rig) -> dict[str, set[str]]:
    """By channel, those whose sound comes to it, or is a side-chain of it."""
    sources: dict[str, set[str]] = {c.name: set() for c in rig.channels}
    for node in (c.node() for c in rig.channels):
        for to in (node.output, *node.sends):
            if to in sources and to != node.name:
                sources[to].add(node.name)
        sources[node.name] |= {key.channel for key in node.keys if key is not None and not key.notes}
    return sources


def _upstream(channel: str, sources: dict[str, set[str]]) -> set[str]:
    """All that leads to it."""
    found: set[str] = set()
    ahead = list(sources[channel])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += sources[name]
    return found - {channel}
