"""What changes in a part when a piece is cut or transposed: controllers in force, keys and chords spelled anew."""

from __future__ import annotations

from composers.score import Clip, Control, Tick
from composers.theory.chords import parse_symbol
from composers.theory.intervals import Interval
from composers.theory.scales import Key

_STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""Letters that an interval of so many semitones spans where no key says more."""
_SELECTS = (98, 99, 100, 101)
"""NRPN and RPN numbers, low byte first."""
_DATA = (6, 38)
_MODES = 120
"""Controllers from here on are channel mode messages: events, not states."""


def chased(clip: Clip, start: Tick, program: int | None) -> tuple[int | None, list[Control]]:
    """What holds at a tick: the program, and the controls that tell a receiver the rest, at tick 0 in playing order.

    Registered parameters (the bend range is one) are selected and set again, then the last selection is restored.
    """
    held: dict[tuple[str, int, int], Control] = {}
    chosen: dict[int, tuple[Control, ...]] = {}
    data: dict[tuple[int, tuple[tuple[int, float], ...], int], tuple[tuple[Control, ...], Control]] = {}
    for control in clip.controls:
        if control.tick >= start:
            break
        channel, number = control.channel, control.number
        if control.kind == "program":
            program = int(control.value)
        elif control.kind == "cc" and number in _SELECTS:
            pair = (98, 99) if number < 100 else (100, 101)
            before = chosen.get(channel, ())
            kept = tuple(c for c in before if c.number in pair and c.number != number)
            chosen[channel] = (*kept, control._replace(tick=0))
        elif control.kind == "cc" and number in _DATA:
            selected = chosen.get(channel, ())
            key = (channel, tuple(sorted((c.number, c.value) for c in selected)), number)
            data[key] = (selected, control._replace(tick=0))
        elif control.kind != "cc" or number < _MODES:
            held[control.kind, number, channel] = control._replace(tick=0)
    found = [c for selected, value in data.values() for c in (*selected, value)]
    if data:
        found += [c for selected in chosen.values() for c in selected]
    return program, [*found, *held.values()]


def interval_of(by: int | Interval, key: Key | None) -> Interval:
    """Semitones as an interval: the spelling that gives the key the fewest signs (flats for a tie downwards)."""
    if isinstance(by, Interval):
        return by
    octaves, rest = divmod(by, 12)
    plain = Interval(_STEPS[rest] + 7 * octaves, by)
    if key is None:
        return plain
    near = [Interval(plain.steps + more, by) for more in (0, 1, -1)]
    return min(near, key=lambda i: (abs(key_up(key, i).fifths), -i.steps if by < 0 else 0))


def key_up(key: Key, interval: Interval) -> Key:
    return Key(key.tonic.transposed(interval), key.mode)


def chord_up(symbol: str, interval: Interval) -> str:
    """A chord symbol transposed. Raises MusicError for what is none."""
    return str(parse_symbol(symbol).transposed(interval.steps, interval.semitones))


def clip_up(clip: Clip, semitones: int) -> Clip:
    """The notes moved; one that would leave 0..127 stands in the nearest octave that is inside."""
    return Clip(
        clip.span,
        tuple(sorted(n._replace(pitch=_inside(n.pitch + semitones)) for n in clip.notes)),
        clip.controls,
        clip.ramps,
    )


def _inside(pitch: int) -> int:
    if pitch < 0:
        return pitch % 12
    return pitch if pitch <= 127 else 116 + (pitch - 116) % 12
