"""A session's ports: what they are called, what they are tied to, and what the engine sends and hears by each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bridge.controllers.description import feedback_wanted
from bridge.inputs.route import InputRoute
from bridge.inputs.wiring import input_routes
from bridge.mpe import Zone
from bridge.routes import ClockRoute, Route, ThroughRoute
from bridge.session import CLOCK_IN, CLOCK_OUT, Session, Track, numbered, tuning_of

NS_PER_MS = 1_000_000


class PortPlan(NamedTuple):
    """All ports of a session, for the driver (the first three) and for the engine (the rest).

    outputs      names, in the order in which MidiOut.port counts: the tracks, then the clock outputs
    inputs       names, as MidiIn.source says: the clock inputs, the through inputs, the control inputs, those played
    connect      our port's name -> the existing port it is tied to
    in_offsets   clock input's name -> ns that its messages count as heard later
    controls     control input's name -> which of the session's it is
    played       inputs that play tracks
    answers      which of the session's controls -> the output (of `outputs`) that its lamps and motors are told by
    """

    outputs: Sequence[str]
    inputs: Sequence[str]
    connect: Mapping[str, str]
    routes: Sequence[Route]
    clock_outs: Sequence[ClockRoute]
    in_offsets: Mapping[str, int]
    throughs: Sequence[ThroughRoute]
    controls: Mapping[str, int]
    played: Sequence[InputRoute] = ()
    answers: Mapping[int, int] = {}


def channels_of(track: Track) -> tuple[int, ...]:
    """Channels (0..15) that its notes are spread over at its port; none: all are on one."""
    if track.mpe is not None:
        zone = Zone(track.mpe, track.mpe_members)
        return (zone.manager, *zone.channels)
    return tuple(c - 1 for c in track.bend_channels)


def plan_ports(session: Session) -> PortPlan:
    """With outputs.midi = false there are no outputs (and no through), but still the clock inputs.

    Reads the files of tunings. Raises InstrumentError, MusicError for one that has gone since the session was checked.
    """
    clock, midi = session.clock, session.outputs.midi
    outputs = [t.name for t in session.tracks] if midi else []
    connect = {t.name: t.port for t in session.tracks if t.port is not None and midi}
    routes = [Route(i, None if t.channel is None else t.channel - 1, _ns(t.offset_ms), tuning_of(t, session.music.key),
                    t.bend_range, tuple(c - 1 for c in t.bend_channels), t.mpe and Zone(t.mpe, t.mpe_members),
                    t.plugin is not None)
              for i, t in enumerate(session.tracks)]
    clock_outs = []
    for i, send in enumerate(clock.outputs):
        if midi and send.enabled:
            name = numbered(CLOCK_OUT, i)
            clock_outs.append(ClockRoute(len(outputs), _ns(send.offset_ms)))
            outputs.append(name)
            if send.port is not None:
                connect[name] = send.port
    inputs, in_offsets = [], {}
    for i, hear in enumerate(clock.inputs):
        name = numbered(CLOCK_IN, i)
        inputs.append(name)
        in_offsets[name] = _ns(hear.offset_ms)
        if hear.port is not None:
            connect[name] = hear.port
    throughs = []
    index = {t.name: i for i, t in enumerate(session.tracks)}
    for through in session.through if midi else ():
        inputs.append(through.name)
        if through.port is not None:
            connect[through.name] = through.port
        to = through.to or list(index)
        channel = None if through.channel is None else through.channel - 1
        throughs.append(ThroughRoute(through.name, tuple(index[name] for name in to), channel))
    answers = {}
    for i, control in enumerate(session.control):
        inputs.append(control.name)
        if control.port is not None:
            connect[control.name] = control.port
        if midi and feedback_wanted(control):
            answers[i] = len(outputs)
            outputs.append(control.out_name)
            out_port = control.out_port or control.port
            if out_port is not None:
                connect[control.out_name] = out_port
    controls = {control.name: i for i, control in enumerate(session.control)}
    for played in session.input:
        inputs.append(played.name)
        if played.port is not None:
            connect[played.name] = played.port
    return PortPlan(outputs, inputs, connect, routes, clock_outs, in_offsets, throughs, controls,
                    input_routes(session), answers)


def _ns(ms: float) -> int:
    return round(ms * NS_PER_MS)
