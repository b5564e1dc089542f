"""A lead sheet as bands read it: its chords by bar, its keys."""

from __future__ import annotations

from itertools import pairwise

from composers.harmony import Bar, splits
from composers.lead_sheet import LeadSheet
from composers.pulse import Pulse, pulse_of
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key


def key_at(sheet: LeadSheet, bar: int) -> Key:
    """The key in force."""
    found = next((key for key in reversed(sheet.keys) if key.bar <= bar), sheet.keys[0])
    return Key.parse(found.tonic, found.mode)


def minor(key: Key) -> bool:
    """Whether the tonic chord is minor."""
    return (key.tonic.pitch_class + 3) % 12 in key.scale.pitch_classes


def tonic_chord(key: Key) -> Chord:
    """The triad on the tonic."""
    return parse_chord(f"{key.tonic}{'m' if minor(key) else ''}")


def changes(sheet: LeadSheet) -> tuple[Bar, ...]:
    """The chords by bar: what changes within a bar shares it by its beats, chords that have no beat go.

    Bars before the first chord have the first; a sheet without chords has its tonic. Raises MusicError for a symbol
    that is none.
    """
    if not sheet.chords:
        return tuple((tonic_chord(key_at(sheet, bar)),) for bar in range(sheet.bars))
    pulse = pulse_of(sheet.meter)
    found: list[Bar] = []
    at, current = 0, sheet.chords[0].symbol
    for bar in range(sheet.bars):
        start = bar * pulse.steps
        inside = [(0, current)]
        while at < len(sheet.chords) and sheet.chords[at].step < start + pulse.steps:
            inside.append((max(0, sheet.chords[at].step - start), sheet.chords[at].symbol))
            at += 1
        current = inside[-1][1]
        found.append(tuple(parse_chord(symbol) for symbol in shared(inside, pulse)))
    return tuple(found)


def shared(inside: list[tuple[int, str]], pulse: Pulse) -> tuple[str, ...]:
    """Chords of a bar, (step, symbol) from its first step on, as so few equal shares as tell them in time."""
    by_beat = [next(s for at, s in reversed(inside) if at <= beat) for beat in pulse.beats]
    wanted = [by_beat[0], *(b for a, b in pairwise(by_beat) if a != b)]
    changed = [0, *(beat for beat, (a, b) in zip(pulse.beats[1:], pairwise(by_beat), strict=True) if a != b)]
    if len(wanted) == 1 or tuple(changed) == splits(len(wanted), pulse):
        return tuple(wanted)
    return tuple(by_beat)
