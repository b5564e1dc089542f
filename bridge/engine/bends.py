"""Which way a track's notes between the keys leave by its port, live and into MIDI files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bridge.engine.channel_bends import ChannelBends
from bridge.engine.mpe_voices import MpeVoices
from bridge.routes import Route
from composers.score import Clip, Control, Note
from instruments.block import FrameEvent, Kind

_NAMES = {Kind.CC: "cc", Kind.BEND: "bend", Kind.PRESSURE: "pressure", Kind.PROGRAM: "program"}


class Bends(Protocol):
    """A track's events with cents in, and out what a MIDI 1.0 receiver plays at those pitches."""

    @property
    def clashes(self) -> int:
        """Notes that were put out of tune, since they share a channel with one of another bend."""
        ...

    def adopt(self, route: Route) -> None: ...

    def apply(self, event: FrameEvent) -> list[FrameEvent]: ...

    def settle(self, event: FrameEvent) -> list[FrameEvent]:
        """Something of the music's goes back on this channel of the port, where a player has something in hand."""
        ...

    def reset(self, number: int) -> None: ...

    def release(self, offset: int) -> list[FrameEvent]: ...


def bends_of(route: Route, held: Callable[[int], bool] = lambda channel: False) -> Bends:
    """For what listens at this route. held: whether someone else holds notes on a channel."""
    return ChannelBends(route, held) if route.mpe is None else MpeVoices(route, held)


def fits(bends: Bends, route: Route) -> bool:
    """Whether it can adopt the route."""
    return isinstance(bends, MpeVoices) == (route.mpe is not None)


def bent_clip(clip: Clip, route: Route) -> Clip:
    """What leaves by a port of this route, as a clip: for MIDI files. Controls of one tick are in order, not sorted.

    A clip that needs no bend comes back as it is.
    """
    if route.mpe is None and route.tuning is None and not route.bend_channels and not any(n.cents for n in clip.notes):
        return clip
    events = [FrameEvent(n.start, Kind.ON, n.channel, n.pitch, n.velocity, n.cents) for n in clip.notes]
    events += [FrameEvent(n.end, Kind.OFF, n.channel, n.pitch, 64.0) for n in clip.notes]
    kinds = {name: kind for kind, name in _NAMES.items()}
    events += [FrameEvent(c.tick, kinds[c.kind], c.channel, c.number, c.value) for c in clip.controls]
    bends = bends_of(route)
    notes: list[Note] = []
    controls: list[Control] = []
    begun: dict[tuple[int, int], FrameEvent] = {}
    for event in sorted(events, key=_in_order):
        for tick, kind, channel, number, value, _ in bends.apply(event):
            if kind is Kind.ON:
                begun[channel, number] = FrameEvent(tick, kind, channel, number, value)
            elif kind is Kind.OFF:
                on = begun.pop((channel, number))
                if tick > on.offset:  # else struck anew at once: the later one sounds
                    notes.append(Note(on.offset, tick - on.offset, number, on.value, channel))
            else:
                controls.append(Control(tick, _NAMES[kind], number, value, channel))
    return Clip(clip.span, tuple(sorted(notes)), tuple(controls), clip.ramps)


_RANK = {Kind.OFF: 0, Kind.ON: 2}
"""At one tick ends go first, then controls, then onsets."""


def _in_order(event: FrameEvent) -> tuple[int, int]:
    return event.offset, _RANK.get(event.kind, 1)
