"""Two-voice species counterpoint judged as soon as a tone is written, by the rules in `rules`.

After Fux, Gradus ad Parnassum; Jeppesen, Counterpoint; Kennan, Counterpoint. Checker and generator use the same
functions: `newly_broken` tells what the newest tone breaks, given all before it. A figure that is still open (a
dissonance that has not gone on yet) is no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from composers.theory.counterpoint.cantus import Cantus, Mode
from composers.theory.counterpoint.lines import BAR, Slot
from composers.theory.pitch import Pitch, PitchName

Key = tuple[int, int]
"""A pitch in numbers: MIDI key, letters above C0."""

PERFECT = {(0, 0): "octave", (4, 7): "fifth"}
CONSONANT = {**PERFECT, (2, 3): "third", (2, 4): "third", (5, 8): "sixth", (5, 9): "sixth"}
"""By letters and semitones without octaves. The fourth is a dissonance in two voices."""
_SUNG = {(1, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 7), (7, 12)}
_SUSPENSIONS_ABOVE, _SUSPENSIONS_BELOW = {6, 3, 1}, {1}
"""Letters (without octaves) between the voices: sevenths, fourths, ninths above the cantus; seconds, ninths below."""
MOST_IN_A_ROW = 3
WIDEST = 19
TENTH = 16
Broken = tuple[str, int]
"""A rule's name and the index of the tone where it is broken."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a line is judged against: the cantus in numbers, the species and the side."""

    cantus: tuple[Key, ...]
    mode: Mode
    species: int
    above: bool

    @staticmethod
    def of(cantus: Cantus, species: int, above: bool) -> Frame:
        return Frame(tuple(key_of(p) for p in cantus.pitches), cantus.mode, species, above)

    def kind(self, bar: int, key: Key) -> str | None:
        """ "octave" (also unison), "fifth", "third", "sixth", or None for a dissonance, over a note of the cantus."""
        midi, diatonic = self.cantus[bar]
        return CONSONANT.get((abs(key[1] - diatonic) % 7, abs(key[0] - midi) % 12))


def key_of(pitch: Pitch) -> Key:
    return pitch.midi, pitch.diatonic


def is_sung(steps: int, semitones: int) -> bool:
    """Whether a voice may go so far: a minor sixth only upwards."""
    return (steps * semitones > 0 and (abs(steps), abs(semitones)) in _SUNG) or (steps, semitones) == (5, 8)


def goes_on_raised(mode: Mode, name: PitchName, following: PitchName, steps: int) -> bool:
    """Whether a raised note goes where it leads: a sixth to the seventh, a seventh to the final, to the raised sixth
    below it, or (in the cadence of quarters) by leap, to come back."""
    if name == mode.raised_sixth:
        return following == mode.leading_tone
    return name == mode.leading_tone and (following in (mode.final, mode.raised_sixth) or abs(steps) > 1)


def _sign(x: int) -> int:
    return (x > 0) - (x < 0)


def newly_broken(frame: Frame, slots: Sequence[Slot], line: Sequence[Key]) -> Iterator[Broken]:
    """Rules that the newest of the line's tones breaks, in it or in a figure that it completes."""
    last = len(line) - 1
    slot, key = slots[last], line[last]
    if last:
        yield from _melody(frame, slots, line, last)
    yield from _vertical(frame, slots, line, last, slot, key)
    if last:
        yield from _dissonances(frame, slots, line, last)
        if slot.at == 0:
            yield from _over_the_bar(frame, slots, line, last, slot.bar)
        yield from _rows(frame, slots, line, last)
    if slot.bar == len(frame.cantus) - 1:
        yield from _ending(frame, slots, line, last)


def _melody(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int) -> Iterator[Broken]:
    before, key = line[last - 1], line[last]
    semitones, steps = key[0] - before[0], key[1] - before[1]
    if not semitones and not steps:
        if frame.species > 1 or (last > 1 and line[last - 2] == key):
            yield "repetition", last
    elif not is_sung(steps, semitones):
        yield "melodic interval", last
    if 1 in (slots[last].length, slots[last - 1].length) and abs(steps) != 1:
        yield "eighths", last
    if last < 2:
        return
    earlier = line[last - 2]
    was_steps = before[1] - earlier[1]
    for rule in after_a_leap(earlier, before, key):
        yield rule, last
    final = slots[last].bar == len(frame.cantus) - 1
    if was_steps * steps < 0 and _spans_tritone(line, last - 1):
        yield "tritone", last - 1
    if final and _spans_tritone(line, last):
        yield "tritone", last


def after_a_leap(earlier: Key, before: Key, key: Key) -> list[str]:
    """The rules that two intervals in a row break."""
    broken = []
    steps, was_steps, was_semitones = key[1] - before[1], before[1] - earlier[1], before[0] - earlier[0]
    if abs(was_semitones) > 4 and (abs(steps) != 1 or steps * was_steps > 0):
        broken.append("leap recovery")
    if abs(was_steps) > 1 and abs(steps) > 1 and was_steps * steps > 0 and abs(key[0] - earlier[0]) > 12:
        broken.append("two leaps")
    return broken


def _spans_tritone(line: Sequence[Key], end: int) -> bool:
    """Whether the run in one direction that ends there spans an augmented fourth."""
    start = end
    way = _sign(line[end][0] - line[end - 1][0])
    while start and way and _sign(line[start][0] - line[start - 1][0]) == way:
        start -= 1
    return (abs(line[end][1] - line[start][1]), abs(line[end][0] - line[start][0])) == (3, 6)


def _vertical(
    frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int, slot: Slot, key: Key
) -> Iterator[Broken]:
    """The newest tone against the cantus, where it begins and where it is held over a bar line."""
    final_bar = len(frame.cantus) - 1
    for bar in (slot.bar, slot.bar + 1) if slot.tied else (slot.bar,):
        if bar > final_bar:
            return
        midi, diatonic = frame.cantus[bar]
        gap = (key[0] - midi) if frame.above else (midi - key[0])
        if gap < 0:
            yield "crossing", last
        if abs(gap) > WIDEST:
            yield "distance", last
        inside = bar > 0 and bar < final_bar and last > 0
        if gap == 0 and inside and (bar != slot.bar or slot.at == 0) and key[1] == diatonic:
            yield "unison", last
    kind = frame.kind(slot.bar, key)
    if last == 0:
        if kind != "octave" and not (kind == "fifth" and frame.above):
            yield "beginning", 0
    elif slot.at == 0 and kind is None:
        yield "dissonance on the beat", last
    if slot.tied:
        if kind is None:
            yield "suspension", last
        if frame.species < 4:
            yield "rhythm", last
        elif slot.bar < final_bar and frame.kind(slot.bar + 1, key) is None:
            letters = abs(key[1] - frame.cantus[slot.bar + 1][1]) % 7
            known = _SUSPENSIONS_ABOVE if frame.above else _SUSPENSIONS_BELOW
            if letters not in known:
                yield "suspension", last
    if last and slot.bar and slot.at == 0:  # the cantus has just moved
        before, earlier = line[last - 1], frame.cantus[slot.bar - 1]
        now = frame.cantus[slot.bar]
        if (key[0] < earlier[0] or now[0] > before[0]) if frame.above else (key[0] > earlier[0] or now[0] < before[0]):
            yield "overlap", last


def _dissonances(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int) -> Iterator[Broken]:
    """Figures that the newest tone goes on or ends: suspensions, and dissonances off the beat."""
    before = slots[last - 1]
    if before.tied and before.bar + 1 < len(frame.cantus) and frame.kind(before.bar + 1, line[last - 1]) is None:
        step = (line[last][1] - line[last - 1][1], line[last][0] - line[last - 1][0])
        if step not in ((-1, -1), (-1, -2)) or frame.kind(slots[last].bar, line[last]) is None:
            yield "suspension", last
    yield from _decorated(frame, slots, line, last)
    for index in range(max(1, last - 2), last + 1):
        slot = slots[index]
        dissonant = slot.at and not slot.tied and frame.kind(slot.bar, line[index]) is None
        if dissonant and not _allowed(frame, slots, line, index, last):
            yield "dissonance off the beat", index


def _decorated(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int) -> Iterator[Broken]:
    """A suspension that is left after a quarter comes back to its resolution on the half bar."""
    bar = slots[last].bar
    if slots[last].at != 4:
        return
    for at in range(last - 2, -1, -1):
        held = slots[at]
        if held.bar < bar:
            resolved = held.tied and frame.kind(bar, line[at]) is None and held.at + held.length < BAR + 4
            if resolved and line[last] != line[at + 1]:
                yield "suspension", last
            return


def _allowed(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], index: int, last: int) -> bool:
    """Whether a dissonance off the beat is, or may still become, one of the allowed figures."""
    into = line[index][1] - line[index - 1][1]
    consonant_before = slots[index - 1].tied or _is_consonant(frame, slots, line, index - 1)
    length = slots[index].length
    quarters = length <= 2
    if index == last:
        return (abs(into) == 1 and consonant_before) or (quarters and _turning(frame, slots, line, index, last))
    out = line[index + 1][1] - line[index][1]
    if abs(into) == 1 and consonant_before:
        consonant_after = slots[index + 1].at == 0 or _is_consonant(frame, slots, line, index + 1)
        if out == into and consonant_after:
            return True
        if quarters and out == -into and line[index + 1] == line[index - 1] and consonant_after:
            return True
        if quarters and into == -1 and out == -2 and _cambiata(frame, slots, line, index, last):
            return True
    return quarters and _turning(frame, slots, line, index, last)


def _is_consonant(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], index: int) -> bool:
    return frame.kind(slots[index].bar, line[index]) is not None


def _cambiata(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], index: int, last: int) -> bool:
    """Step down to the dissonance on the second quarter, third down to a consonance, step up, step up."""
    if slots[index].at != 2 or not _is_consonant(frame, slots, line, index + 1):
        return False
    return all(line[at][1] - line[at - 1][1] == 1 for at in range(index + 2, min(index + 4, last + 1)))


def _turning(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], index: int, last: int) -> bool:
    """Part of a double neighbour: a consonance on the beat, its two neighbours, itself again, in quarters."""
    slot = slots[index]
    if slot.at not in (2, 4) or slot.length != 2:
        return False
    first = index - slot.at // 2
    if first < 0 or slots[first].at != 0 or slots[first].length != 2:
        return False
    if not _is_consonant(frame, slots, line, first):
        return False
    centre = line[first]
    pattern = [line[at][1] - centre[1] for at in range(first + 1, min(first + 4, last + 1))]
    return any(pattern == shape[: len(pattern)] for shape in ([1, -1, 0], [-1, 1, 0])) and (
        len(pattern) < 3 or line[first + 3] == centre
    )


def _over_the_bar(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int, bar: int) -> Iterator[Broken]:
    """What both voices do together where the cantus moves, and from beat to beat."""
    if not bar:
        return
    before, key = line[last - 1], line[last]
    old, new = frame.cantus[bar - 1], frame.cantus[bar]
    moved, cantus_moved = key[0] - before[0], new[0] - old[0]
    kind = frame.kind(bar, key)
    if kind not in ("fifth", "octave"):
        return
    name = f"{kind}s"
    if moved and cantus_moved:
        if frame.kind(bar - 1, before) == kind:
            yield f"parallel {name}", last
        elif moved * cantus_moved > 0:
            upper = key[1] - before[1] if frame.above else new[1] - old[1]
            if abs(upper) > 1:
                yield f"direct {kind}", last
    at = last - 1
    while at >= 0 and slots[at].bar == bar - 1 and slots[at].at:
        at -= 1
    if at < 0 or at == last - 1 or slots[at].start != (bar - 1) * BAR:
        return
    if cantus_moved and line[at] != key and frame.kind(bar - 1, line[at]) == kind:
        yield f"{name} on the beat", last


def _rows(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int) -> Iterator[Broken]:
    """Too many of one kind in a row: imperfect consonances on the beat, suspensions; octaves after suspensions."""
    slot = slots[last]
    if frame.species == 1 and last >= MOST_IN_A_ROW:
        kinds = [frame.kind(slots[at].bar, line[at]) for at in range(last - MOST_IN_A_ROW, last + 1)]
        if kinds[0] in ("third", "sixth") and len(set(kinds)) == 1:
            yield "imperfect row", last
    if frame.species < 4 or last < 3:
        return
    before = slots[last - 1]
    if before.tied and before.at + before.length == BAR + 4 and slot.bar == before.bar + 1:
        chain = [_suspension(frame, slots, line, at) for at in range(last - 1, max(-1, last - 2 - MOST_IN_A_ROW), -1)]
        if len(chain) > MOST_IN_A_ROW and chain[0] is not None and len(set(chain)) == 1:
            yield "chain", last
        octaves = [frame.kind(slots[at].bar, line[at]) == "octave" for at in (last - 1, last)]
        if None not in chain[:2] and all(octaves):
            yield "octaves off the beat", last


def _suspension(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], at: int) -> int | None:
    """Which suspension a tied tone is, by its letters to the cantus; None where it is none."""
    slot = slots[at]
    if not slot.tied or slot.bar + 1 >= len(frame.cantus) or frame.kind(slot.bar + 1, line[at]) is not None:
        return None
    return abs(line[at][1] - frame.cantus[slot.bar + 1][1]) % 7


def _ending(frame: Frame, slots: Sequence[Slot], line: Sequence[Key], last: int) -> Iterator[Broken]:
    """The last tone, and the one before."""
    if frame.kind(len(frame.cantus) - 1, line[last]) != "octave":
        yield "ending", last
        return
    if not last:
        return
    steps = line[last][1] - line[last - 1][1]
    semitones = line[last][0] - line[last - 1][0]
    cantus = frame.cantus[-1][1] - frame.cantus[-2][1]
    rising = frame.mode.degrees[0].pitch_class - frame.mode.leading_tone.pitch_class
    if abs(steps) != 1 or steps * cantus > 0 or (steps == 1 and semitones != rising % 12):
        yield "ending", last
