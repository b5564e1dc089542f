"""Another rig for a plan that is coming: what the engine takes over together with it, between two notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bridge.inputs.route import InputRoute
from bridge.routes import Route, ThroughRoute

if TYPE_CHECKING:
    from bridge.engine.engine import Sounding


class RigChange(NamedTuple):
    """A rig that is built and stands by. It enters the engine as a value (engine.Inputs.rig), and takes the present
    one's place at the very tick at which the plan begins whose NewPlan.rig is its number.

    A take that is to be played again needs of it: the block at which it came in, its number, and the session and what
    had been turned that it was built from (engine_link.Rebuild, of which assembly.succeeding_rig and rig_change make
    this). Whoever builds from the same rig with the same Rebuild, at any time before that block, gets the same sound,
    since what the two rigs have in common is copied at the tick itself.

    number    of the rig; they only go up. The first is 0
    rig       see Sounding
    tracks    how many tracks a bar has from then on: the first of the routes. The rest are tracks that are gone, or
              whose instrument is: they ring out
    routes    by strip of the new rig
    places    by strip of the present rig: which strip of the new one goes on with it. A strip that rings out counts
              too: what sounds there is ended there
    throughs  MIDI through, from then on; played: inputs that play tracks
    ports     how many outputs the driver has by now
    outputs   the driver's numbers of those that the session has, in the order of its PortPlan
    """

    number: int
    rig: Sounding
    tracks: int
    routes: Sequence[Route]
    places: Sequence[int]
    throughs: Sequence[ThroughRoute] = ()
    ports: int = 0
    outputs: Sequence[int] = ()
    played: Sequence[InputRoute] = ()


class RigWithdrawn(NamedTuple):
    """The rig of this number is not wanted any more, unless it plays already: Engine.rig_number tells."""

    number: int
