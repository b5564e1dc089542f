"""Bends on an instrument that plays chords beside its tune: a channel's bend would bend the chords along.

Where notes of a track's other parts sound, a part's bend is left out, and its own notes are struck at the pitch to
which it would have taken them. An instrument that bends some notes and not others (MPE) keeps the bend of one part.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.parts.humanise import Played
from composers.score import Control, Note, Tick

_Run = tuple[Tick, Tick, list[Control]]
"""From the first bend of a gesture to where the bend is back at 0, and its messages."""


def unbent(parts: Sequence[Played], bend_range: float) -> list[Played]:
    """What the parts of one track play, without bends under which another of them sounds. bend_range: semitones."""
    found = []
    for index, part in enumerate(parts):
        others = [n for k, other in enumerate(parts) if k != index for n in other.notes]
        runs = [run for run in _runs(part.controls) if _heard(run, others)] if others else []
        found.append(_without(part, runs, bend_range) if runs else part)
    return found


BENT_CHANNEL = 1
"""Of the part that bends, on an instrument that bends the notes of each channel by themselves."""


def apart(parts: Sequence[Played]) -> list[Played]:
    """What the parts of one track play, the first that bends while another sounds on a channel of its own."""
    found = list(parts)
    for index, part in enumerate(parts):
        others = [n for k, other in enumerate(parts) if k != index for n in other.notes]
        if any(_heard(run, others) for run in _runs(part.controls)):
            found[index] = Played([n._replace(channel=BENT_CHANNEL) for n in part.notes],
                                  [c._replace(channel=BENT_CHANNEL) for c in part.controls], part.ramps)
            break
    return found


def _runs(controls: Sequence[Control]) -> list[_Run]:
    runs: list[_Run] = []
    current: list[Control] = []
    for control in sorted(c for c in controls if c.kind == "bend"):
        if control.value:
            current.append(control)
        elif current:
            runs.append((current[0].tick, control.tick, current))
            current = []
    if current:
        runs.append((current[0].tick, 1 << 62, current))
    return runs


def _heard(run: _Run, others: Sequence[Note]) -> bool:
    """Whether a note of its channel sounds while it lasts."""
    start, end, bends = run
    return any(n.start < end and n.end > start and n.channel == bends[0].channel for n in others)


def _without(part: Played, runs: Sequence[_Run], bend_range: float) -> Played:
    left_out = {id(control) for _, _, bends in runs for control in bends}
    notes = [_struck(note, runs, bend_range) for note in part.notes]
    return Played(notes, [control for control in part.controls if id(control) not in left_out], part.ramps)


def _struck(note: Note, runs: Sequence[_Run], bend_range: float) -> Note:
    """A note at the pitch at which it would have been heard longest."""
    levels: dict[float, int] = {}
    bent = 0
    for start, end, bends in runs:
        if note.channel != bends[0].channel or start >= note.end or end <= note.start:
            continue
        for control, until in zip(bends, [*(later.tick for later in bends[1:]), end], strict=True):
            held = min(until, note.end) - max(control.tick, note.start)
            if held > 0:
                levels[control.value] = levels.get(control.value, 0) + held
                bent += held
    levels[0.0] = note.length - bent
    cents = 100.0 * bend_range * max(levels, key=lambda level: (levels[level], -abs(level)))
    if not cents:
        return note
    keys = round(cents / 100.0)
    if not 0 <= note.pitch + keys <= 127:
        return note
    return note._replace(pitch=note.pitch + keys, cents=note.cents + round(cents - 100.0 * keys, 3))
