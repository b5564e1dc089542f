"""Controllers and parameters of the sound on their way, from steps to ticks."""

from __future__ import annotations

from composers.feel import Feel
from composers.parts.passage import Sweep, Turn
from composers.score import Control, Ramp, Tick

_TURN_TICKS = 20
"""A moving controller is told so often: half a MIDI clock, 10 ms at 120 beats a minute."""


def turned(turn: Turn, first_tick: Tick, feel: Feel, bend_range: float, channel: int) -> list[Control]:
    """A controller's way, told every _TURN_TICKS; bends in shares of the receiver's range (semitones)."""
    start = first_tick + feel.tick(turn.step)
    length = max(0, first_tick + feel.tick(turn.step + turn.length) - start)
    count = max(1, length // _TURN_TICKS) if turn.length else 0
    found = []
    for k in range(count + 1):
        value = turn.value if count == 0 else turn.origin + (turn.value - turn.origin) * k / count
        if turn.kind == "bend":
            value = min(1.0, max(-1.0, value / bend_range))
        found.append(Control(start + (length * k // count if count else 0), turn.kind, turn.number, value, channel))
    return found


def ramp(sweep: Sweep, first_tick: Tick, feel: Feel) -> Ramp:
    """A parameter's way, in ticks."""
    start = first_tick + feel.tick(sweep.step)
    end = first_tick + feel.tick(sweep.step + sweep.length)
    return Ramp(start, max(0, end - start), sweep.path, sweep.value, sweep.origin)
