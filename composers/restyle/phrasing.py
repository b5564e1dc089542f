"""Rhythmic adaptation: a tune sung as a style sings. Its pitches, their order and its phrases stay.

All draws derive from the notes of the bar and the place in it, so that what came back in the tune comes back alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.dice import dice
from composers.lead_sheet import LeadSheet, SheetNote
from composers.practice import Practice
from composers.pulse import STEPS, Pulse, pulse_of

_SNAPPED = 0.4
"""From this strength on triplets that the style does not have are made straight."""
_STRAIGHT = {1: 0, 2: 3, 4: 3, 5: 6, 7: 6, 8: 6, 10: 9, 11: 12}
_LONGEST_HOLD = 4 * STEPS
_TOO_MANY = 0.04
"""Share of syncopation above the style's own that is left alone."""


def phrased(sheet: LeadSheet, practice: Practice, strength: float, seed: int) -> tuple[SheetNote, ...]:
    """The sheet's melody as the style would sing it."""
    pulse = pulse_of(sheet.meter)
    notes, bars = list(sheet.melody), _Bars(sheet)
    if strength >= _SNAPPED and not practice.triplets:
        notes = _straight(notes, practice.grid if strength >= 0.8 else 3)
    notes = _thinned(notes, practice, strength, pulse, bars, seed)
    notes = _syncopated(notes, practice, strength, pulse, bars, seed)
    return tuple(_held(notes, practice.sustain * strength, sheet.steps))


def syncopation(notes: Sequence[SheetNote], pulse: Pulse) -> float:
    """Share of the notes that begin between beats and are held over the next one, 0..1."""
    return sum(_may_come_later(notes, i, pulse) for i in range(len(notes))) / len(notes) if notes else 0.0


def _straight(notes: Sequence[SheetNote], grid: int) -> list[SheetNote]:
    """On the grid; a triplet is short, short, long. Two on one place: the longer one stays."""
    found: list[SheetNote] = []
    for note in notes:
        quarter, within = divmod(note.step, STEPS)
        place = _STRAIGHT.get(within, within)
        if grid > 3 and place % grid:
            place -= place % 3
        step = quarter * STEPS + place
        if found and found[-1].step >= step:
            if note.length > found[-1].length:
                found[-1] = note._replace(step=found[-1].step)
            continue
        found.append(note._replace(step=step, length=max(2, note.end - step)))
    return _apart(found)


def _apart(notes: Sequence[SheetNote]) -> list[SheetNote]:
    """Each ends at the latest where the next begins."""
    return [
        note._replace(length=min(note.length, notes[i + 1].step - note.step)) if i + 1 < len(notes) else note
        for i, note in enumerate(notes)
    ]  # fmt: skip


class _Bars:
    """What a bar's draws are named by: the notes that it begins with, in the source."""

    def __init__(self, sheet: LeadSheet) -> None:
        self._steps = sheet.bar_steps
        found: dict[int, list[str]] = {}
        for note in sheet.melody:
            bar, within = divmod(note.step, self._steps)
            found.setdefault(bar, []).append(f"{within}.{note.pitch % 12}")
        self._names = {bar: " ".join(names) for bar, names in found.items()}

    def place(self, step: int) -> tuple[str, int]:
        bar, within = divmod(step, self._steps)
        return self._names.get(bar, ""), within


def _thinned(
    notes: Sequence[SheetNote], practice: Practice, strength: float, pulse: Pulse, bars: _Bars, seed: int
) -> list[SheetNote]:
    """Passing notes go: short, off the beat, between a note a step above and one a step below, or where a quarter has
    more notes than the style sings. The note before is held instead."""
    crowd: dict[int, int] = {}
    for note in notes:
        crowd[note.step // STEPS] = crowd.get(note.step // STEPS, 0) + 1
    found: list[SheetNote] = []
    for index, note in enumerate(notes):
        last = index + 1 == len(notes)
        if found and not last and note.length < STEPS // 2 and note.step % pulse.steps not in pulse.beats:
            before, after = found[-1].pitch, notes[index + 1].pitch
            passing = min(before, after) <= note.pitch <= max(before, after) and abs(before - after) <= 5
            chance = practice.thin * strength if passing else 0.0
            if crowd[note.step // STEPS] > practice.most * (2.0 - strength) and strength >= _SNAPPED:
                chance = 1.0
            near = notes[index - 1].end >= note.step - 1
            if near and chance and dice(seed, "thinned", *bars.place(note.step)).chance(chance):
                crowd[note.step // STEPS] -= 1
                found[-1] = found[-1]._replace(length=note.end - found[-1].step)
                continue
        found.append(note)
    return found


def _syncopated(
    notes: Sequence[SheetNote], practice: Practice, strength: float, pulse: Pulse, bars: _Bars, seed: int
) -> list[SheetNote]:
    """Notes on beats come early where the tune is straighter than the style, early notes come on the beat where it is
    less straight; so many that the style's share is reached at full strength."""
    if practice.syncopation is None:
        return list(notes)
    lacking = practice.syncopation - syncopation(notes, pulse)
    if lacking > 0:
        free = [i for i in range(len(notes)) if _may_come_early(notes, i, practice.anticipate, pulse)]
        share = min(0.8, lacking * len(notes) / max(1, len(free))) * strength
        return _shifted(notes, free, -practice.anticipate, share, bars, seed)
    if lacking < -_TOO_MANY:
        late = [i for i in range(len(notes)) if _may_come_later(notes, i, pulse)]
        share = min(0.9, (-lacking - _TOO_MANY) * len(notes) / max(1, len(late))) * strength
        return _shifted(notes, late, 0, share, bars, seed, pulse)
    return list(notes)


def _may_come_early(notes: Sequence[SheetNote], index: int, steps: int, pulse: Pulse) -> bool:
    """A note of a beat and more on a beat, where there is room before it."""
    note = notes[index]
    if note.step % pulse.steps not in pulse.beats or note.length < STEPS - 2 or note.step < steps:
        return False
    return index == 0 or note.step - notes[index - 1].step >= 2 * steps


def _may_come_later(notes: Sequence[SheetNote], index: int, pulse: Pulse) -> bool:
    """A note before a beat that is held over it."""
    note = notes[index]
    beat = _next_beat(note.step, pulse)
    if note.step % pulse.steps in pulse.beats or beat - note.step > STEPS // 2 or note.end - beat < STEPS // 2 - 1:
        return False
    return index + 1 == len(notes) or notes[index + 1].step > beat


def _next_beat(step: int, pulse: Pulse) -> int:
    bar, within = divmod(step, pulse.steps)
    return bar * pulse.steps + next((beat for beat in pulse.beats if beat >= within), pulse.steps)


def _shifted(
    notes: Sequence[SheetNote], places: Sequence[int], by: int, share: float, bars: _Bars, seed: int,
    pulse: Pulse | None = None,
) -> list[SheetNote]:  # fmt: skip
    """Some of the notes earlier (by < 0), or with a pulse on the next beat; their ends stay."""
    found = list(notes)
    for index in places:
        note = found[index]
        if not dice(seed, "syncopated", *bars.place(note.step)).chance(share):
            continue
        step = note.step + by if pulse is None else _next_beat(note.step, pulse)
        if index and found[index - 1].end > step:
            found[index - 1] = found[index - 1]._replace(length=step - found[index - 1].step)
        found[index] = note._replace(step=step, length=max(2, note.end - step))
    return found


def _held(notes: Sequence[SheetNote], share: float, end: int) -> list[SheetNote]:
    """Longer, by a share of the silence after them, up to four quarters; phrases keep a breath."""
    if not share:
        return _apart(notes)
    found = []
    for index, note in enumerate(notes):
        until = notes[index + 1].step if index + 1 < len(notes) else end
        gap = until - note.end
        more = gap if gap < STEPS // 2 else max(0, gap - STEPS // 2)
        found.append(note._replace(length=min(max(note.length, _LONGEST_HOLD), note.length + round(more * share))))
    return _apart(found)
