"""Tunes as they are sung and played: ideas stated, repeated and left, phrases that breathe, cadences, one highest note.

Everything that makes the tune is drawn from the section's material, so that it comes back as it was; how it is played
this time (ornaments, what is added or left out when all play more or less) from the place. Around a tonic of C.
Construction: common teaching (2 + 2 + 4 bars, A A' B A', the rule of three, gap-fill) with the measures of POP909, tune
books and Lieder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import pi, sin
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.tune_pitch import STRONG, Slot, Span, again, pool, sing, slots
from composers.parts.tune_rhythm import Rhythm, idea_rhythm, picked, pickup
from composers.parts.tune_style import BLUES_TUNE as BLUES_TUNE
from composers.parts.tune_style import FOLK_TUNE as FOLK_TUNE
from composers.parts.tune_style import HOOK_TUNE as HOOK_TUNE
from composers.parts.tune_style import POP_TUNE as POP_TUNE
from composers.parts.tune_style import ROCK_TUNE as ROCK_TUNE
from composers.parts.tune_style import SONG_TUNE as SONG_TUNE
from composers.parts.tune_style import SPARSE_TUNE as SPARSE_TUNE
from composers.parts.tune_style import Manner as Manner
from composers.parts.tune_style import Motif as Motif
from composers.parts.tune_style import TuneStyle as TuneStyle
from composers.parts.tune_style import motif_of as motif_of

_PLANS = {
    1: (("A", 1.0),), 2: (("AB", 0.6), ("AA", 0.4)), 3: (("AAB", 0.6), ("ABA", 0.4)),
    4: (("AABA", 0.34), ("AABC", 0.3), ("ABAC", 0.28), ("ABCA", 0.08)),
}  # fmt: skip
"""Ideas of eight bars by letter: state, repeat, depart on the third time."""
_GROUP = 4
_HOMEWARD = frozenset({"chorus", "hook", "outro", "theme", "head", "drop", "ending", "refrain"})


class _Idea(NamedTuple):
    """rhythm from the idea's first bar line (a pick-up before it), keys, and which note is the peak (-1: none)."""

    rhythm: Rhythm
    keys: tuple[int, ...]
    peak: int = -1


def tune(passage: Passage, listening: Listening, style: TuneStyle) -> Written:
    """The tune of a passage: one voice, sorted, nothing overlapping, around a tonic of C."""
    if passage.role in style.silent or not passage.bars:
        return Written()
    if passage.role == "ending":
        return Written(_ending(passage, style))
    manner = style.manners.get(passage.role, Manner())
    span, centre = _span(passage, style, manner)
    notes = _units(passage, style, manner, span, centre)
    notes = _reworded(passage, notes)
    notes = _more_or_less(passage, notes, style, span)
    return Written(_played(passage, notes, style))


# Where it lies ------------------------------------------------------------------------------------------------------


def _span(passage: Passage, style: TuneStyle, manner: Manner) -> tuple[Span, float]:
    """The range, within what the instrument can play in every key, and its usual centre."""
    low, high = style.low, style.high
    own = passage.lanes.get("melody")
    if own is not None:
        low, high = max(low, own.low + 5), min(high, own.high - 6)
        if high - low < 12:  # another octave: an instrument that lies elsewhere
            low, high = own.low + 5, max(own.high - 6, own.low + 17)
    centre = style.centre + manner.lift + passage.register
    reach = min(manner.reach, float(high - low))
    while centre + reach / 2 > high and centre - 12 - reach / 2 >= low:
        centre -= 12
    while centre - reach / 2 < low and centre + 12 + reach / 2 <= high:
        centre += 12
    centre = min(high - reach / 2, max(low + reach / 2, centre))
    bottom, top = round(centre - reach / 2), round(centre + reach / 2)
    peak = min(top, high - 2)
    return Span(max(low, bottom - 1), min(high, peak + 4), peak), centre - 0.5


# Ideas ----------------------------------------------------------------------------------------------------------------


def _unit_bars(passage: Passage) -> int:
    """Bars of an idea: two, four of short ones, one of long ones."""
    return 4 if passage.bar_steps <= 24 else 1 if passage.bar_steps >= 96 else 2


def _letters(passage: Passage, count: int, style: TuneStyle, draw: Dice) -> list[str]:
    """The ideas of a section; its second eight bars are the first again, from the third eight on something new."""
    found: list[str] = []
    patterns: dict[str, str] = {}
    groups = -(-count // _GROUP)
    order = {1: "X", 2: "XX", 3: "XXY", 4: "XXYX"}.get(groups, "XXYX" * groups)
    for index in range(groups):
        letter, size = order[index], min(_GROUP, count - len(found))
        plans = _PLANS[size]
        pattern = patterns.setdefault(
            f"{letter}{size}", picked([p for p, _ in plans], [w for _, w in plans], style.temperature, draw)
        )
        found += [letter + idea for idea in pattern]
    return found


def _units(passage: Passage, style: TuneStyle, manner: Manner, span: Span, centre: float) -> list[Event]:
    """All ideas in their places. Events have no velocity yet but 1 for the peak, else 0."""
    bars = _unit_bars(passage)
    count = max(1, -(-max(passage.written, passage.bars) // bars))
    letters = _letters(passage, count, style, dice(passage.seed, "tune plan", *passage.material))
    ideas: dict[str, _Idea] = {}
    events: list[Event] = []
    for index, letter in enumerate(letters):
        start = index * bars * passage.bar_steps
        if start >= passage.steps:
            break
        cadence = _cadence(passage, index, count)
        if letter not in ideas:
            ideas[letter] = _stated(passage, style, manner, span, centre, letters, index, start, cadence, ideas, events)
            idea = ideas[letter]
            keys: Sequence[int] = idea.keys
        else:
            idea = ideas[letter]
            found = slots(passage, start, idea.rhythm)
            keys = again(passage, found, idea.keys, style, span, idea.peak)
            if cadence == "full" and keys:
                draw = dice(passage.seed, "tune close", *passage.material, index)
                tail = min(3, len(keys) - 1)
                middle = [centre + (keys[-tail - 1] - centre) * 0.5] * tail + [centre - 2]
                keys = [*keys[: -tail - 1], *sing(passage, found[-tail - 1 :], style, span, middle[-tail - 1 :],
                                                 keys[: -tail - 1], draw, cadence="full")]  # fmt: skip
        for place, ((offset, length), key) in enumerate(zip(idea.rhythm, keys, strict=True)):
            step = start + offset
            if 0 <= step < passage.steps:
                events.append(Event(step, min(length, passage.steps - step), key, float(place == idea.peak)))
    return _one_voice(events)


def _cadence(passage: Passage, index: int, count: int) -> str:
    """Home at the end of a section that comes home, half-way in its middle."""
    if index == count - 1:
        return (
            "half"
            if passage.role in ("verse", "pre-chorus", "bridge", "build") and passage.after in _HOMEWARD
            else "full"
        )
    return "half" if index % _GROUP == 1 or index % _GROUP == 3 else ""


def _peak_unit(letters: Sequence[str], index: int) -> bool:
    """Whether the eight bars' highest note, at 40 to 65 % of them, lies in this idea."""
    first = index // _GROUP * _GROUP
    group = letters[first : first + _GROUP]
    if len(group) < 3:
        return index - first == len(group) - 1
    single = [k for k in (2, 1) if group.count(group[k]) == 1]
    wanted = single[0] if single else 2
    return group[index - first] == group[wanted] and letters.index(letters[index]) == index


def _stated(
    passage: Passage,
    style: TuneStyle,
    manner: Manner,
    span: Span,
    centre: float,
    letters: Sequence[str],
    index: int,
    start: int,
    cadence: str,
    ideas: dict[str, _Idea],
    events: Sequence[Event],
) -> _Idea:
    """An idea, for the first time."""
    letter, bars = letters[index], _unit_bars(passage)
    draw = dice(passage.seed, "tune", *passage.material, letter)
    before = [event.pitch for event in events[-3:]]
    if style.motif is not None and index == 0:
        found = slots(passage, start, style.motif.rhythm)
        home = _octave(style.motif.pitches, centre)
        return _Idea(style.motif.rhythm, tuple(again(passage, found, home, style, span)))
    rhythm = _rhythm(passage, style, manner, letters, index, bars, draw, ideas)
    found = slots(passage, start, rhythm)
    peaks = _peak_unit(letters, index)
    group = letters[index // _GROUP * _GROUP :][:_GROUP]
    peak = _peak_slot(found, passage, start, index, len(group), bars, draw) if peaks else -1
    contour = _contour(passage, found, start, index, len(group), bars, centre, manner, span, peak)
    keys = sing(passage, found, style, span, contour, before, draw, peak=peak, cadence=cadence)
    return _Idea(rhythm, tuple(keys), peak)


def _octave(keys: Sequence[int], centre: float) -> list[int]:
    """A given idea in the octave nearest to where we sing."""
    away = round((centre - sum(keys) / len(keys)) / 12) * 12
    return [key + away for key in keys]


def _rhythm(
    passage: Passage,
    style: TuneStyle,
    manner: Manner,
    letters: Sequence[str],
    index: int,
    bars: int,
    draw: Dice,
    ideas: dict[str, _Idea],
) -> Rhythm:
    breathes = index % 2 == 1 or letters.count(letters[index]) > 1
    breath = style.rest if breathes else style.rest // 2
    breath = max(6, min(passage.bar_steps * bars - 24, breath + draw.one_of((-3, 0, 0, 6))))
    like = next(iter(ideas.values()), None)
    if like is not None and draw.chance(style.same_rhythm):
        return like.rhythm
    rhythm = idea_rhythm(passage.pulse, bars, style, style.notes * manner.notes, manner.hook, breath, draw)
    if index and draw.chance(style.pickups):
        ahead = pickup(style, draw)
        if rhythm[0][0] > STEPS:
            rhythm = ((0, min(rhythm[0][0], STEPS)), *rhythm)
        rhythm = (*ahead, *rhythm)
    return rhythm


def _peak_slot(
    found: Sequence[Slot], passage: Passage, start: int, index: int, ideas: int, bars: int, draw: Dice
) -> int:
    """Of an idea's notes the strong one nearest to where the eight bars' climax is wanted; never its last."""
    unit = passage.bar_steps * bars
    wanted = draw.between(0.42, 0.6) * unit * ideas + start - index % _GROUP * unit
    best = sorted((slot.place != STRONG, abs(slot.step - wanted), k) for k, slot in enumerate(found[:-1]))
    return best[0][2] if best else -1


def _contour(
    passage: Passage,
    found: Sequence[Slot],
    start: int,
    index: int,
    ideas: int,
    bars: int,
    centre: float,
    manner: Manner,
    span: Span,
    peak: int,
) -> list[float]:
    """Where each note is wanted: an arch over the eight bars, a smaller one over each idea, falling at its end."""
    unit = passage.bar_steps * bars
    where = []
    count = len(found)
    for k, slot in enumerate(found):
        at = (slot.step - start + index % _GROUP * unit) / (unit * ideas)
        arch = sin(pi * min(1.0, max(0.0, at)) ** 0.9)
        inner = sin(pi * (k + 0.5) / count)
        fall = 2.4 * (k / max(1, count - 1) - 0.5)
        where.append(centre - 0.3 * manner.reach + 0.24 * manner.reach * arch + 0.4 * manner.reach * inner - fall)
    if peak >= 0:
        for k in range(max(0, peak - 2), min(count, peak + 2)):
            where[k] = (where[k] + span.peak - 2 * abs(k - peak)) / 2
    return where


def _one_voice(events: list[Event]) -> list[Event]:
    """Sorted, each note ending before the next; a pick-up leaves the note before it a breath."""
    kept: list[Event] = []
    for event in sorted(events):
        if kept and event.step == kept[-1].step:
            continue
        if kept and kept[-1].end > event.step:
            kept[-1] = kept[-1]._replace(length=event.step - kept[-1].step)
        kept.append(event)
    return kept


# Again, more, less, ornaments ----------------------------------------------------------------------------------------------

_REWORDED = {"verse": 0.3, "pre-chorus": 0.15, "bridge": 0.15}
"""Chance a bar that a section sung before has other words: a note more, a note less, a note early; choruses stay."""
_DEAD = (0.78, 1.32)
"""Between these shares of the usual liveliness the tune is played as it is."""


def _reworded(passage: Passage, notes: list[Event]) -> list[Event]:
    """The tune with another verse's syllables, where this is not the first."""
    chance = _REWORDED.get(passage.role, 0.0) * (0.5 + passage.complexity)
    if not chance or (passage.chorus <= 0 and passage.turn == 0):
        return notes
    draw = dice(passage.seed, "tune words", *passage.identity)
    found = list(notes)
    for bar in range(passage.bars):
        if not draw.chance(chance):
            continue
        inside = [k for k in range(1, len(found) - 1) if found[k].step // passage.bar_steps == bar]
        kind, which = draw.random(), draw.random()
        inside = [k for k in inside if not found[k].velocity and found[k + 1].step == found[k].end]
        if not inside:
            continue
        k = inside[int(which * len(inside))]
        note, last = found[k], found[k - 1]
        if kind < 0.4 and note.length >= 6:  # a syllable more
            half = note.length // 2 // 3 * 3
            found[k : k + 1] = [
                note._replace(length=half),
                Event(note.step + half, note.length - half, note.pitch, 0.0),
            ]
        elif kind < 0.7 and last.end == note.step and last.length + note.length <= 2 * STEPS:  # one less
            found[k - 1 : k + 1] = [last._replace(length=last.length + note.length)]
        elif note.step % STEPS == 0 and last.length >= 9 and passage.at(note.step).start != note.step:  # early
            found[k - 1] = last._replace(length=note.step - 6 - last.step if last.end >= note.step - 6 else last.length)
            found[k] = note._replace(step=note.step - 6, length=note.length + 6)
    return [note for note in found if note.length > 0]


def _more_or_less(passage: Passage, notes: list[Event], style: TuneStyle, span: Span) -> list[Event]:
    """Fewer notes when all play less: the light ones go; more when all play more: steps between, notes struck again.

    In quarters of liveliness, so that a chorus a little hotter than the last is the same chorus.
    """
    lively = passage.lively(0) / 1.08
    if _DEAD[0] <= lively <= _DEAD[1] or len(notes) < 3:
        return notes
    level = round(lively * 4) / 4
    draw = dice(passage.seed, "tune density", *passage.material)
    if level < 1.0:
        gone = int(len(notes) * (1.0 - level) * 0.8)
        light = sorted(
            (
                (_weight(passage, e) + 0.5 * draw.random(), k)
                for k, e in enumerate(notes[1:-1], 1)
                if not e.velocity and notes[k + 1].step - e.end < STEPS // 2
            ),
        )[:gone]
        left_out = {k for _, k in light}
        kept: list[Event] = []
        for k, event in enumerate(notes):
            if k in left_out:
                if kept and kept[-1].end == event.step:
                    kept[-1] = kept[-1]._replace(length=min(event.end - kept[-1].step, 2 * STEPS))
                continue
            kept.append(event)
        return kept
    return _divided(passage, notes, level, style, draw)


def _weight(passage: Passage, event: Event) -> float:
    within = event.step % passage.bar_steps
    place = (
        3.0
        if within in passage.pulse.strong
        else 2.0
        if within in passage.pulse.beats
        else 1.0
        if within % 6 == 0
        else 0.0
    )
    return place + event.length / 12


def _divided(passage: Passage, notes: list[Event], level: float, style: TuneStyle, draw: Dice) -> list[Event]:
    share = min(0.6, (level - 1.0) * 0.7)
    found: list[Event] = []
    for event, then in zip(notes, [*notes[1:], None], strict=True):
        half = event.length // 2 // 3 * 3
        if then is None or half < 3 or then.step > event.end or not draw.chance(share):
            found.append(event)
            continue
        mask = pool(passage.scale, passage.at(event.step).tones, style.scale, passage.minor)
        between = [
            k for k in range(min(event.pitch, then.pitch) + 1, max(event.pitch, then.pitch)) if mask >> k % 12 & 1
        ]
        key = between[len(between) // 2] if between else event.pitch
        found += [event._replace(length=half), Event(event.step + half, event.length - half, key, 0.0)]
    return found


def _played(passage: Passage, notes: Sequence[Event], style: TuneStyle) -> list[Event]:
    """Velocities: an arc over each phrase, the peak and long notes a little louder; ornaments by complexity."""
    draw = dice(passage.seed, "tune touch", *passage.identity)
    chance = style.ornaments * passage.complexity * 2
    found: list[Event] = []
    phrase = 0
    for index, note in enumerate(notes):
        opens = index == 0 or note.step - notes[index - 1].end >= STEPS // 2
        if opens:
            phrase = index
        end = index
        while end + 1 < len(notes) and notes[end + 1].step - notes[end].end < STEPS // 2:
            end += 1
        arc = sin(pi * (index - phrase + 0.5) / (end - phrase + 1))
        velocity = style.velocity - 5.0 + 7.0 * arc + 18.0 * (passage.energy_at(note.step // passage.bar_steps) - 0.6)
        velocity += (
            5.0 * note.velocity + (3.0 if passage.strong(note.step) else 0.0) - (3.0 if note.length <= 3 else 0.0)
        )
        grace = None
        if draw.chance(chance) and note.length >= 9:
            mask = pool(passage.scale, passage.at(note.step).tones, style.scale, passage.minor)
            grace = next((note.pitch - k for k in (1, 2, 3) if mask >> (note.pitch - k) % 12 & 1), None)
        found.append(Event(note.step, note.length, note.pitch, velocity, grace=grace))
    return found


# Ending -------------------------------------------------------------------------------------------------------------


def _ending(passage: Passage, style: TuneStyle) -> list[Event]:
    """A short way home and the last note, held."""
    span, centre = _span(passage, style, Manner())
    final = passage.regions[-1]
    draw = dice(passage.seed, "tune ending", passage.name)
    rhythm: list[tuple[int, int]] = []
    if final.start >= 2 * STEPS:
        rhythm = [(0, 12), (12, 12)] if final.start < 4 * STEPS else [(0, 12), (12, 6), (18, 6), (24, 18)]
        rhythm = [(s, n) for s, n in rhythm if s + n <= final.start]
    rhythm.append((final.start, passage.steps - final.start))
    found = slots(passage, 0, tuple(rhythm))
    contour = [centre + 2 - 4 * k / len(found) for k in range(len(found))]
    keys = sing(passage, found, replace(style, temperature=min(1.0, style.temperature)), span, contour, [], draw,
                cadence="full")  # fmt: skip
    return _played(passage, [Event(s, n, key, 0.0) for (s, n), key in zip(rhythm, keys, strict=True)], style)
