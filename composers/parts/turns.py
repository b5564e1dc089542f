"""Controllers and parameters of the sound on their way, from steps to ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from composers.feel import Feel
from composers.parts.passage import Sweep, Turn
from composers.score import Control, Ramp, Tick

_TURN_TICKS = 20
"""A moving controller is told so often: half a MIDI clock, 10 ms at 120 beats a minute."""


_RPN = ((101, 0.0), (100, 0.0))
_DATA_HIGH, _DATA_LOW = 6, 38
USUAL_RANGE = 2.0
"""Semitones of a full bend where nothing else has been said (General MIDI)."""


def controls_of(
    turns: Sequence[Turn], first_tick: Tick, feel: Feel, bend_range: float, channel: int
) -> list[Control]:
    """All of a passage's; before its first bend the receiver is told the range (RPN 0), if it is not the usual one.

    One message a tick, for those of one tick would be sorted by number, and the data would come before what it is of.
    """
    found = [control for turn in turns for control in turned(turn, first_tick, feel, bend_range, channel)]
    bends = [control.tick for control in found if control.kind == "bend"]
    if bends and bend_range != USUAL_RANGE:
        whole = int(bend_range)
        rows = (*_RPN, (_DATA_HIGH, float(whole)), (_DATA_LOW, float(round(100 * (bend_range - whole)))))
        start = max(first_tick, min(bends) - len(rows))
        found += [Control(start + i, "cc", number, value, channel) for i, (number, value) in enumerate(rows)]
    return found


def turned(turn: Turn, first_tick: Tick, feel: Feel, bend_range: float, channel: int) -> list[Control]:
    """A controller's way, told every _TURN_TICKS; bends in shares of the receiver's range (semitones)."""
    start = first_tick + feel.tick(turn.step)
    length = max(0, first_tick + feel.tick(turn.step + turn.length) - start)
    count = max(1, length // _TURN_TICKS) if turn.length else 0
    if turn.kind != "bend":  # half a step of seven bits is as fine as anybody hears: swells of half a minute
        count = min(count, max(1, math.ceil(2 * abs(turn.value - turn.origin))))
    kind, number, origin, change = turn.kind, turn.number, turn.origin, turn.value - turn.origin
    if not count:  # at once
        origin, change = turn.value, 0.0
    share = max(1, count)
    if kind == "bend":
        ways = [min(1.0, max(-1.0, (origin + change * k / share) / bend_range)) for k in range(count + 1)]
    else:
        ways = [origin + change * k / share for k in range(count + 1)]
    return [Control(start + length * k // share, kind, number, value, channel) for k, value in enumerate(ways)]


def ramp(sweep: Sweep, first_tick: Tick, feel: Feel) -> Ramp:
    """A parameter's way, in ticks."""
    start = first_tick + feel.tick(sweep.step)
    end = first_tick + feel.tick(sweep.step + sweep.length)
    return Ramp(start, max(0, end - start), sweep.path, sweep.value, sweep.origin)
