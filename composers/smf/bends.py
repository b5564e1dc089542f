"""Notes between the keys as MIDI 1.0 has them: the nearest key, and a pitch bend on a channel that can take it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from composers.piece_edit import chased
from composers.score import Clip, Control, Note, Tick

_CENTRE = 8192
_RANGE = 2.0
"""Semitones that a bend reaches by default (General MIDI)."""
_RPN_HIGH, _RPN_LOW, _DATA, _FINE, _NULL = 101, 100, 6, 38, 127


@dataclass(slots=True)
class _Channel:
    """units: what its notes are bent by, in steps of a bend message; sounding: (key, end) of notes."""

    number: int
    units: int = 0
    sounding: list[tuple[int, Tick]] = field(default_factory=list)


def has_cents(clip: Clip) -> bool:
    return any(n.cents for n in clip.notes)


def bent(clip: Clip, home: int, spare: Callable[[], int | None]) -> tuple[Clip, int]:
    """The clip without cents, and how many notes are out of tune because others bend their channel.

    home   the track's channel
    spare  a channel that nothing else uses, None when there is none left. Asked where notes of different deviation
           sound at once; all controls go to such a channel, too

    The bend range is the one that the clip's own controls set (RPN 0), else 2 semitones, and is told to the receiver.
    """
    told = _range_told(clip)
    reach = told or _RANGE
    pool = [_Channel(home)]
    controls = [] if told else _range_controls(clip.span.start, home)
    notes: list[Note] = []
    base, clashes = 0.0, 0
    events = sorted(
        [(c.tick, 0, i) for i, c in enumerate(clip.controls)] + [(n.start, 1, i) for i, n in enumerate(clip.notes)]
    )
    for tick, is_note, index in events:
        if not is_note:
            control = clip.controls[index]
            if control.kind == "bend":
                base = control.value
                controls += [_bend(tick, channel, base) for channel in pool]
            else:
                controls += [control._replace(channel=channel.number) for channel in pool]
            continue
        note = clip.notes[index]
        shift = int(math.copysign(math.ceil(abs(note.cents) / 100 - 0.5), note.cents))  # a quarter tone keeps its key
        key = min(127, max(0, note.pitch + shift))
        units = round(_CENTRE * (note.pitch - key + note.cents / 100) / reach)
        for channel in pool:
            channel.sounding = [(k, end) for k, end in channel.sounding if end > tick]
        chosen = _free(pool, key, units)
        if chosen is None and (number := spare()) is not None:
            chosen = _Channel(number, units)
            pool.append(chosen)
            state = chased(clip, tick, None)[1]
            controls += [] if told else _range_controls(tick, number)
            controls += [c._replace(tick=tick, channel=number) for c in state if c.kind != "bend"]
            controls += [c._replace(channel=number) for c in clip.controls if c.tick == tick and c.kind != "bend"]
            controls.append(_bend(tick, chosen, base))
        if chosen is None:
            chosen = pool[0]
            clashes += 1
        if chosen.units != units:
            chosen.units = units
            controls.append(_bend(tick, chosen, base))
        chosen.sounding.append((key, note.end))
        notes.append(note._replace(pitch=key, channel=chosen.number, cents=0.0))
    return Clip(clip.span, tuple(sorted(notes)), tuple(controls), clip.ramps), clashes


def _free(pool: list[_Channel], key: int, units: int) -> _Channel | None:
    """A channel on which this note is in tune and harms no other: one that is bent so already, else a silent one."""
    fits = [c for c in pool if c.units == units and all(k != key for k, _ in c.sounding)]
    return next(iter(fits or [c for c in pool if not c.sounding]), None)


def _bend(tick: Tick, channel: _Channel, base: float) -> Control:
    return Control(tick, "bend", 0, max(-1.0, min(1.0, base + channel.units / _CENTRE)), channel.number)


def _range_controls(tick: Tick, channel: int) -> list[Control]:
    whole = int(_RANGE)
    told = ((_RPN_HIGH, 0), (_RPN_LOW, 0), (_DATA, whole), (_FINE, round(100 * (_RANGE - whole))), (_RPN_HIGH, _NULL),
            (_RPN_LOW, _NULL))  # fmt: skip
    return [Control(tick, "cc", number, value, channel) for number, value in told]


def _range_told(clip: Clip) -> float | None:
    """Semitones, of the first RPN 0 in the clip."""
    selected = {_RPN_HIGH: -1.0, _RPN_LOW: -1.0}
    for control in clip.controls:
        if control.kind == "cc" and control.number in selected:
            selected[control.number] = control.value
        elif control.kind == "cc" and control.number == _DATA and set(selected.values()) == {0} and control.value > 0:
            return float(control.value)
    return None
