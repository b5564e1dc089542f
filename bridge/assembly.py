"""From a Setup to a rig and an engine: the same when they play live and when a take is played again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bridge.engine.engine import Engine, Sounding
from bridge.engine.rig_change import RigChange
from bridge.engine_link import Rebuild, Setup
from bridge.port_plan import PortPlan
from bridge.routes import Route
from instruments.block import FrameEvent, InstrumentError, Kind, Transport

if TYPE_CHECKING:
    from bridge.rig import Rig

_REHEARSALS = 4
_LEAST_FRAMES = 1024
"""A rig takes blocks of so many frames at least: devices may change their period while it plays."""


def prepared_rig(setup: Setup, rate: int, frames: int, *, offline: bool = False) -> Rig:
    """The session's rig as it was last turned, for a driver's blocks of so many frames; rehearsed. Compiles, or loads
    what is compiled. offline: see build_rig. Raises InstrumentError."""
    from bridge.rig import build_rig  # compiled kernels: the main process, which knows this module, needs none

    session = setup.session
    rig = build_rig(session, rate, max(frames, session.block, _LEAST_FRAMES), block=frames, offline=offline,
                    states=setup.states)
    for path, value in setup.turned.items():
        with contextlib.suppress(InstrumentError):  # another session may lack it
            rig.turn(path, value, 0)
    _rehearse(rig, frames)
    return rig


def succeeding_rig(rebuild: Rebuild, before: Rig, frames: int, *, offline: bool = False,
                   breathe: Callable[[], None] = lambda: None) -> Rig:
    """The rig that a Rebuild asks for, to take the place of the one that plays and goes on playing. What plays in both
    is left alone; what is new is turned, and rehearsed. breathe: see build_rig. Raises InstrumentError."""
    from bridge.rig import build_rig

    rig = build_rig(rebuild.session, before.rate, before.max_frames, block=frames, offline=offline,
                    states=rebuild.states, before=before, number=rebuild.number, breathe=breathe)
    playing = before.played()
    for path, value in rebuild.turned.items():
        with contextlib.suppress(InstrumentError):
            if not rig.is_turned_in(path, playing):
                rig.turn(path, value, 0)
    audio = np.zeros((2, frames), np.float32)
    for instrument in rig.instruments():
        if id(instrument) not in playing:
            for _ in range(_REHEARSALS):
                breathe()
                instrument.process(_rehearsal(frames), audio, Transport())
            instrument.reset()
    return rig


class Succeeding(Sounding, Protocol):
    """What a RigChange is made of (bridge.rig.Rig)."""

    @property
    def tracks(self) -> Sequence[Any]: ...
    @property
    def strips(self) -> Sequence[Any]: ...
    @property
    def strip_places(self) -> Sequence[int]: ...


def rig_change(number: int, rig: Succeeding, plan: PortPlan, numbers: Mapping[str, int], playing: Sequence[Route]
               ) -> RigChange:
    """What the engine is given of a rig that stands by. numbers: the driver's, of open outputs by name; playing: the
    routes of the engine's strips now."""
    outputs = [numbers[name] for name in plan.outputs]
    # Without MIDI outputs the numbers of ports mean nothing.
    routes = [r._replace(port=outputs[r.port]) if outputs else r for r in plan.routes]
    routes += [playing[rig.strip_places.index(strip)] for strip in range(len(rig.tracks), len(rig.strips))]
    throughs = [t._replace(ports=tuple(outputs[port] for port in t.ports)) for t in plan.throughs]
    ports = max([*numbers.values(), *(r.port for r in routes)], default=-1) + 1
    return RigChange(number, rig, len(rig.tracks), routes, rig.strip_places, throughs, ports, outputs, plan.played)


def made_engine(setup: Setup, rig: Sounding, ports: PortPlan, rate: int) -> Engine:
    """Before its first block; one that goes on for another (setup.resume) knows where."""
    session = setup.session
    engine = Engine(
        rig, ports.routes, rate, session.music.tempo, session.meter, length=session.music.bars,
        epoch=setup.epoch, source=session.clock.source, on_loss=session.clock.on_loss, clock_outs=ports.clock_outs,
        in_offsets=ports.in_offsets, throughs=ports.throughs, played=ports.played, chase=session.clock.chase,
        mtc_start=session.clock.mtc_start, rig_number=setup.rig,
    )
    if setup.resume is not None:
        engine.resume(setup.resume.tick, setup.resume.ns, setup.resume.bpm, setup.resume.source)
    return engine


def _rehearse(rig: Rig, frames: int) -> None:
    """A few blocks before the curtain, with a note on each strip: first calls and first touches of memory are slow."""
    for _ in range(_REHEARSALS):
        rig.process([_rehearsal(frames)] * len(rig.tracks), frames, Transport())
    rig.reset()


def _rehearsal(frames: int) -> list[FrameEvent]:
    return [FrameEvent(0, Kind.ON, 0, 60, 1.0), FrameEvent(frames - 1, Kind.OFF, 0, 60, 64.0)]
