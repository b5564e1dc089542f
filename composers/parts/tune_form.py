"""A section's tune as it is meant: which ideas, in which order, where each lies, how each ends.

Construction after common teaching: 2 + 2 + 4 and 4 + 4 bars, A A' B A', the rule of three, half and full cadences, one
highest note at 40 to 65 % of eight bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.passage import Passage
from composers.parts.tune_pitch import STRONG, Slot, Span, again, sing, slots
from composers.parts.tune_rhythm import Rhythm, idea_rhythm, picked, pickup
from composers.parts.tune_style import Manner, TuneStyle

_PLANS = {
    1: {"A": 1.0}, 2: {"AB": 0.6, "AA": 0.4}, 3: {"AAB": 0.6, "ABA": 0.4},
}  # fmt: skip
"""Of sections that are shorter than a style's own plans, by their number of ideas."""
_LIKE = 1.7
"""Liking for a plan, for each idea that comes back over the chords of its first time."""
_GROUP = 4
"""Ideas in eight bars."""
_HOMEWARD = frozenset({"chorus", "hook", "drop", "refrain"})
_OPEN = frozenset({"verse", "pre-chorus", "bridge", "build"})
"""Roles that end half-way when one of the others follows."""
_BREATH = STEPS // 2
_SHORT_BAR, _LONG_BAR = 24, 96
_ABOVE, _BELOW = 8.5, 7.0
"""Semitones that a chorus rises above a style's centre, and a verse goes below it."""


class Sung(NamedTuple):
    """A note as it is meant: steps from the passage's beginning, a key around C, whether it is eight bars' highest."""

    step: int
    length: int
    pitch: int
    peak: bool = False

    @property
    def end(self) -> int:
        return self.step + self.length


class Setting(NamedTuple):
    """What all ideas of a section share. centre: the key around which it lies; bars: of an idea."""

    passage: Passage
    style: TuneStyle
    manner: Manner
    span: Span
    centre: float
    bars: int

    @property
    def unit(self) -> int:
        """Steps of an idea."""
        return self.bars * self.passage.bar_steps


class _Idea(NamedTuple):
    """rhythm from the idea's first bar line (a pick-up before it), keys, and which note is the peak (-1: none)."""

    rhythm: Rhythm
    keys: tuple[int, ...]
    peak: int = -1


def setting(passage: Passage, style: TuneStyle, manner: Manner) -> Setting:
    """Where a section's tune lies: within what the instrument can play in every key, the register obeyed."""
    low, high = style.low, style.high
    own = passage.lanes.get("melody")
    if own is not None:
        low, high = max(low, own.low + 5), min(high, own.high - 6)
        if high - low < 12:  # an instrument that lies elsewhere
            low, high = own.low + 5, max(own.high - 6, own.low + 17)
    scale = min(1.0, (high - low) / (_ABOVE + _BELOW))  # all sections move together: choruses stay above verses
    home = min(high - _ABOVE * scale, max(low + _BELOW * scale, style.centre))
    centre = home + manner.lift * scale + passage.register
    reach = min(manner.reach * scale, float(high - low))
    while centre + reach / 2 > high and centre - 12 - reach / 2 >= low:
        centre -= 12
    while centre - reach / 2 < low and centre + 12 + reach / 2 <= high:
        centre += 12
    centre = min(high - reach / 2, max(low + reach / 2, centre))
    peak = min(round(centre + reach / 2), high - 2)
    bars = 4 if passage.bar_steps <= _SHORT_BAR else 1 if passage.bar_steps >= _LONG_BAR else 2
    bottom = round(centre - reach / 2) - 1
    if style.motif is not None:  # what is given is not bent into our span
        keys = _octave(style.motif.pitches, centre)
        bottom, peak = min(bottom, *keys), min(max(peak, max(keys) + 1), high - 2)
    span = Span(max(low, bottom), min(high, peak + 4), peak)
    return Setting(passage, style, manner, span, centre - 0.5, bars)


def composed(where: Setting) -> list[Sung]:
    """The tune, sorted, one voice, with a breath in every four bars."""
    passage = where.passage
    count = max(1, -(-max(passage.written, passage.bars) // where.bars))
    letters = _letters(where, count, dice(passage.seed, "tune plan", *passage.material))
    ideas: dict[str, _Idea] = {}
    sung: list[Sung] = []
    for index, letter in enumerate(letters):
        start = index * where.unit
        if start >= passage.steps:
            break
        cadence = _cadence(passage, index, count)
        idea = ideas.get(letter)
        if idea is None:
            idea = ideas[letter] = _stated(where, letters, index, cadence, ideas, sung)
            keys: Sequence[int] = idea.keys
        else:
            keys = _returned(where, idea, index, cadence, index == count - 1)
        for place, ((offset, length), key) in enumerate(zip(idea.rhythm, keys, strict=True)):
            step = start + offset
            if 0 <= step < passage.steps:
                sung.append(Sung(step, min(length, passage.steps - step), key, place == idea.peak))
    return _breathing(one_voice(sung), passage)


def one_voice(sung: Sequence[Sung]) -> list[Sung]:
    """Sorted, each note ending before the next."""
    kept: list[Sung] = []
    for note in sorted(sung):
        if kept and note.step == kept[-1].step:
            continue
        if kept and kept[-1].end > note.step:
            kept[-1] = kept[-1]._replace(length=note.step - kept[-1].step)
        kept.append(note)
    return kept


def _breathing(sung: list[Sung], passage: Passage) -> list[Sung]:
    """Half a beat of silence at least in every four bars: where there is none the longest note gives it."""
    span = 4 * passage.bar_steps
    for start in range(0, passage.steps - span // 2, span):
        inside = [k for k, note in enumerate(sung) if start <= note.step < start + span]
        ends = [start, *(sung[k].end for k in inside)]
        begins = [*(sung[k].step for k in inside), min(start + span, passage.steps)]
        if inside and max(b - e for e, b in zip(ends, begins, strict=True)) < _BREATH:
            k = max(inside, key=lambda k: (sung[k].length, k))
            left = sung[k].length - _BREATH
            sung[k] = sung[k]._replace(length=left if left >= 3 else max(2, sung[k].length // 2))
    return sung


# The plan ---------------------------------------------------------------------------------------------------------


def _letters(where: Setting, count: int, draw: Dice) -> list[str]:
    """The ideas of a section; its second eight bars are the first again, from the third eight on something new.

    Plans in which ideas come back with the chords they were first sung over are preferred.
    """
    found: list[str] = []
    patterns: dict[str, str] = {}
    groups = -(-count // _GROUP)
    order = {1: "X", 2: "XX", 3: "XXY", 4: "XXYX"}.get(groups, "XXYX" * groups)
    for index in range(groups):
        letter, size = order[index], min(_GROUP, count - len(found))
        chords = [_chords(where, len(found) + k) for k in range(size)]
        plans = where.style.plans if size == _GROUP else _PLANS[size]
        fits = [sum(chords[k] == chords[plan.index(idea)] for k, idea in enumerate(plan)) for plan in plans]
        weights = [weight * _LIKE**fit for weight, fit in zip(plans.values(), fits, strict=True)]
        plan = picked(tuple(plans), weights, where.style.temperature, draw)
        found += [letter + idea for idea in patterns.setdefault(f"{letter}{size}", plan)]
    return found


def _chords(where: Setting, index: int) -> list[tuple[int, int]]:
    """What an idea is sung over: where in it chords begin, and their tones."""
    start, end = index * where.unit, (index + 1) * where.unit
    return [(region.start - start, region.tones) for region in where.passage.regions if start <= region.start < end]


def _cadence(passage: Passage, index: int, count: int) -> str:
    """Home at the end of a section that comes home, half-way in its middle."""
    if index == count - 1:
        return "half" if passage.role in _OPEN and passage.after in _HOMEWARD else "full"
    return "half" if index % _GROUP in (1, 3) else ""


def _has_peak(letters: Sequence[str], index: int) -> bool:
    """Whether the eight bars' highest note, at 40 to 65 % of them, lies in this idea."""
    first = index // _GROUP * _GROUP
    group = letters[first : first + _GROUP]
    if len(group) < 3:
        return index - first == len(group) - 1
    single = [k for k in (2, 1) if group.count(group[k]) == 1]
    return group[index - first] == group[single[0] if single else 2]


# Ideas ------------------------------------------------------------------------------------------------------------


def _stated(
    where: Setting, letters: Sequence[str], index: int, cadence: str, ideas: dict[str, _Idea], sung: Sequence[Sung]
) -> _Idea:
    """An idea for the first time; `sung` is what came before it."""
    passage, style = where.passage, where.style
    start = index * where.unit
    if style.motif is not None and index == 0:
        found = slots(passage, start, style.motif.rhythm)
        keys = _octave(style.motif.pitches, where.centre)
        return _Idea(style.motif.rhythm, tuple(again(passage, found, keys, style, where.span)))
    draw = dice(passage.seed, "tune", *passage.material, letters[index])
    rhythm = _rhythm(where, letters, index, draw, ideas)
    found = slots(passage, start, rhythm)
    group = min(_GROUP, len(letters) - index // _GROUP * _GROUP)
    peak = _peak(where, found, index, group, draw) if _has_peak(letters, index) else -1
    contour = _contour(where, found, index, group, peak)
    before = [note.pitch for note in sung[-3:]]
    keys = sing(passage, found, style, where.span, contour, before, draw, peak=peak, cadence=cadence)
    return _Idea(rhythm, tuple(keys), peak)


def _returned(where: Setting, idea: _Idea, index: int, cadence: str, last: bool) -> list[int]:
    """The keys of an idea that comes again; as the section's last its end leads to the cadence."""
    passage, style = where.passage, where.style
    found = slots(passage, index * where.unit, idea.rhythm)
    keys = again(passage, found, idea.keys, style, where.span, idea.peak)
    if not last:
        return keys
    draw = dice(passage.seed, "tune close", *passage.material, index)
    kept = max(1, len(keys) - 3, idea.peak + 1)
    if kept >= len(keys):
        return keys
    home = [where.centre + (keys[kept - 1] - where.centre) * 0.5] * (len(keys) - kept - 1) + [where.centre - 2]
    closing = sing(passage, found[kept:], style, where.span, home, keys[:kept], draw, cadence=cadence)
    return [*keys[:kept], *closing]


def _octave(keys: Sequence[int], centre: float) -> list[int]:
    """A given idea in the octave nearest to where we sing."""
    away = round((centre - sum(keys) / len(keys)) / 12) * 12
    return [key + away for key in keys]


def _rhythm(where: Setting, letters: Sequence[str], index: int, draw: Dice, ideas: dict[str, _Idea]) -> Rhythm:
    style, passage = where.style, where.passage
    breathes = index % 2 == 1 or letters.count(letters[index]) > 1
    breath = style.rest if breathes else style.rest // 2
    breath = max(_BREATH, min(where.unit - 24, breath + draw.one_of((-3, 0, 0, 6))))
    like = next(iter(ideas.values()), None)
    if like is not None and draw.chance(style.same_rhythm):
        return like.rhythm
    manner = where.manner
    rhythm = idea_rhythm(passage.pulse, where.bars, style, style.notes * manner.notes, manner.hook, breath, draw)
    if index and draw.chance(style.pickups):
        ahead = pickup(style, draw)
        if rhythm[0][0] > STEPS:
            rhythm = ((0, STEPS), *rhythm)
        rhythm = (*ahead, *rhythm)
    return rhythm


def _peak(where: Setting, found: Sequence[Slot], index: int, ideas: int, draw: Dice) -> int:
    """Of an idea's notes the strong one nearest to where the climax is wanted; never its last; -1 for one note."""
    wanted = draw.between(0.42, 0.6) * where.unit * ideas + (index - index % _GROUP) * where.unit
    ranked = [(slot.place != STRONG, abs(slot.step - wanted), k) for k, slot in enumerate(found[:-1])]
    return min(ranked)[2] if ranked else -1


def _contour(where: Setting, found: Sequence[Slot], index: int, ideas: int, peak: int) -> list[float]:
    """Where each note is wanted: an arch over the eight bars, a larger one over each idea, falling at its end."""
    start, reach, count = index * where.unit, where.manner.reach, len(found)
    contour = []
    for k, slot in enumerate(found):
        at = (slot.step - start + index % _GROUP * where.unit) / (where.unit * ideas)
        arch = sin(pi * min(1.0, max(0.0, at)) ** 0.9)
        inner = sin(pi * (k + 0.5) / count)
        fall = 2.8 * (k / max(1, count - 1) - 0.5)
        contour.append(where.centre + reach * (0.24 * arch + 0.46 * inner - 0.33) - fall)
    if peak >= 0:
        for k in range(max(0, peak - 2), min(count, peak + 2)):
            contour[k] = (contour[k] + where.span.peak - 2 * abs(k - peak)) / 2
    return contour
