"""Keyboards that accompany: rhythm cells in chords, broken chords, stabs and off-beats, led smoothly, out of the
melody's way. Writes keys as they sound.

Grid, shares of single notes and chords, voice motion: POP909's piano and written accompaniments (MMA); holes and
onset budget are common teaching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.bass_groove import KICKS
from composers.parts.cells import Cell, Cells, drawn, fitted, varied
from composers.parts.hands import Keys, led
from composers.parts.heard_line import HeardLine, clashes
from composers.parts.passage import Event, Listening, Passage, Turn, Written

POP_CELLS: Cells = {
    (0,): 0.18, (0, 8): 0.2, (0, 4, 8, 12): 0.16, (0, 6, 8, 14): 0.1, (0, 6, 12): 0.12, (0, 6, 10): 0.08,
    (0, 6, 8): 0.08, (0, 3, 6, 10, 12): 0.06, (0, 2, 4, 6, 8, 10, 12, 14): 0.06,
}  # fmt: skip
ROCK_CELLS: Cells = {
    (0,): 0.19, (0, 4, 8, 12): 0.16, (0, 8): 0.12, (0, 2, 4, 6, 8, 10, 12, 14): 0.2, (0, 6, 8, 14): 0.1,
    (0, 6, 10): 0.1, (0, 6, 12): 0.1,
}  # fmt: skip
STAB_CELLS: Cells = {(3, 11): 0.3, (0, 7, 9): 0.2, (2, 7, 12, 14): 0.2, (0, 3, 6, 10, 13): 0.15, (0, 3, 6): 0.15}
OFF_BEAT_CELLS: Cells = {(2, 6, 10, 14): 0.8, (2, 6, 10, 14, 15): 0.2}
LO_FI_CELLS: Cells = {(0,): 0.3, (0, 8): 0.15, (0, 7): 0.15, (0, 6): 0.1, (0, 10): 0.1, (0, 3, 10): 0.1, (2, 8): 0.1}
FUNK_CELLS: Cells = {
    (2, 6, 11, 14): 0.2, (4, 7, 10, 12): 0.15, (0, 3, 6, 10): 0.2, (3, 6, 11): 0.2, (4, 12): 0.1, (0, 7, 10, 15): 0.15,
}  # fmt: skip
"""Shares of bars in written accompaniments where there are any, else weights as taught."""

_PIANO_GRID = (93, 14, 71, 20, 85, 18, 74, 24, 86, 17, 73, 21, 78, 20, 67, 18)
"""Percent of bars of recorded pop piano with an onset on each sixteenth."""
_RUBS = 7
"""Steps for which a key may rub against the melody; one that would for longer is left out."""
_EIGHTH = STEPS // 2
_BUSY = 8
"""Onsets of a lead in a bar from which the comp halves its own."""
_ROOM = 12
"""Semitones that a hand needs, and `_DOWN`: how far it goes below its lane for them."""
_DOWN = 5
_UNDER = 3
"""Semitones that the hand's top stays below the melody."""


@dataclass(frozen=True, slots=True)
class CompStyle:
    """How a keyboard accompanies.

    cells       onsets of a bar of "block" chords, see cells.Cell; the other textures have the piano's own grid
    texture     "block" chords; "broken": their notes one by one on the eighths; "piano": both, as pop pianists do
    shape       see hands.placings; `voices` of the right hand
    low, high   of the right hand, keys as sounding
    left        the left hand: "none", "root", "octave", "fifth" (root, then fifth); it rests where a bass plays, unless
                `always`
    short       share of chords played short (a third of a beat); others last until the next
    length      steps of a short one
    anticipate  chance that a chord comes an eighth before its beat
    vary        chance that the second bar of a pair differs
    budget      most onsets of lead and comp in a bar; a lead with more than 8 halves the comp
    answer      chance to fill a hole that the melody leaves
    under       whether the top stays below the melody where there is room
    pedal       whether the sustain pedal (CC 64) joins the chords
    """

    cells: Cells = field(default_factory=lambda: POP_CELLS)
    texture: str = "block"
    shape: str = "close"
    voices: int = 3
    low: int = 50
    high: int = 69
    left: str = "root"
    always: bool = False
    short: float = 0.3
    length: int = 4
    anticipate: float = 0.15
    vary: float = 0.4
    budget: int = 12
    answer: float = 0.3
    under: bool = True
    pedal: bool = False
    velocity: float = 66.0


Hit = tuple[int, str]
"""A step, and what is played: "all", "top" (all but the lowest), or the place of a voice from below, as a digit."""


def chord_cells(passage: Passage, listening: Listening, style: CompStyle) -> Written:
    """The accompaniment of a passage, sorted; keys as they sound. listening["melody"] is around C."""
    lead = HeardLine(listening.get("melody", ()), passage.tonic)
    if passage.role == "ending":
        hits: list[Hit] = [(region.start, "all") for region in passage.regions]
    else:
        kicks = {event.step for event in listening.get("drums", ()) if event.pitch in KICKS}
        hits = _hits(passage, lead, kicks, style)
    events = _voiced(passage, hits, lead, style)
    if style.left != "none" and (style.always or "bass" not in listening):
        events = _one_stroke_a_key(events + _left(passage, style))
    return Written(events, _pedal(passage) if style.pedal else ())


# Rhythm -----------------------------------------------------------------------------------------------------------


def _hits(passage: Passage, lead: HeardLine, kicks: set[int], style: CompStyle) -> list[Hit]:
    draw = dice(passage.seed, "chord cells", *passage.material)
    plan = _plan(passage, passage.lively(0) / 1.08, style, draw)
    found: dict[int, str] = {}
    for bar in range(passage.bars):
        start = bar * passage.bar_steps
        hits = [(start + at, what) for at, what in plan[bar % 4]]
        sung = lead.onsets(start, start + passage.bar_steps)
        most = max(2, style.budget - sung)
        if sung > _BUSY:
            most = min(most, max(1, len(hits) // 2))
        found.update(_thinned(passage, hits, most))
    _anticipate(passage, found, kicks, style)
    if style.texture == "block" and lead:
        _answer(passage, found, lead, style)
    for region in passage.regions:  # each chord is heard where it begins, or just before, or at least somewhere
        near = range(region.start - _EIGHTH, region.start + _EIGHTH + 1)
        whole = near if style.texture != "block" else range(region.start - _EIGHTH, region.end)
        if not any(step in found for step in whole):
            found[region.start] = "all"
    return sorted(found.items())


def _answer(passage: Passage, found: dict[int, str], lead: HeardLine, style: CompStyle) -> None:
    """Something in the holes that the melody leaves, half a beat to a beat after it has ended."""
    draw = dice(passage.seed, "chord answers", *passage.identity)
    for start, end in lead.holes(0, passage.steps, 3 * _EIGHTH):
        step = -(-(start + _EIGHTH) // _EIGHTH) * _EIGHTH
        wanted = draw.chance(style.answer)
        if wanted and step < end - 3 and not any(near in found for near in range(step - 5, step + 6)):
            found[step] = "all"


def _plan(passage: Passage, lively: float, style: CompStyle, draw: Dice) -> list[list[Hit]]:
    """Two bars, said twice (a cell of a meter of two beats lasts for two), kept for the section."""
    if style.texture == "block":
        first = drawn(style.cells, lively, draw)
        second: Cell = varied(first, draw) if draw.chance(style.vary * (0.6 + 0.8 * passage.complexity)) else first
        return [[(at, "all") for at in fitted((first, second)[bar % 2], passage.pulse, bar)] for bar in range(4)]
    level = min(1.25, max(0.5, round(lively * 4) / 4))
    bars: list[list[Hit]] = []
    order = draw.one_of(("0121", "0212", "2101", "0122", "1021"))
    for bar in range(2):
        if bar and not draw.chance(style.vary + 0.2):
            bars.append(bars[0])
            break
        cell = [at for at in range(16) if at == 0 or draw.chance(_chance_on_grid(at, level, style.texture))]
        hits: list[Hit] = []
        for count, at in enumerate(fitted(tuple(cell), passage.pulse, 0)):
            whole = at == 0 or (style.texture == "piano" and draw.chance(0.08))
            two = style.texture == "piano" and draw.chance(0.14)
            hits.append((at, "all" if whole and style.texture == "piano" else "top" if two else order[count % 4]))
        bars.append(hits)
    return [*bars, *bars]


def _chance_on_grid(at: int, level: float, texture: str) -> float:
    share = _PIANO_GRID[at] / 100
    if at % 2:
        return 0.0 if texture == "broken" else share * 0.6 * level
    return min(0.97, (share + (0.15 if texture == "broken" else 0.0)) * level)


def _thinned(passage: Passage, hits: Sequence[Hit], most: int) -> list[Hit]:
    """At most so many hits: those on strong beats stay, then beats, then the rest in order."""
    if len(hits) <= most:
        return list(hits)
    pulse = passage.pulse
    ranked = sorted(hits, key=lambda hit: (not pulse.is_strong(hit[0]), not pulse.is_beat(hit[0]), hit[0] % 6, hit[0]))
    return sorted(ranked[:most])


def _anticipate(passage: Passage, found: dict[int, str], kicks: set[int], style: CompStyle) -> None:
    """New chords an eighth ahead of their beat, now and then: rather where the kick comes with them, never at the start
    of a passage."""
    draw = dice(passage.seed, "anticipations", *passage.material)
    for region in passage.regions[1:]:
        step, ahead = region.start, region.start - _EIGHTH
        likely = style.anticipate * (1.0 if not kicks else 2.0 if ahead in kicks else 0.5)
        if draw.chance(likely) and found.get(step) == "all" and ahead not in found:
            found[ahead] = found.pop(step)


# Voices -----------------------------------------------------------------------------------------------------------


def _voiced(passage: Passage, hits: Sequence[Hit], lead: HeardLine, style: CompStyle) -> list[Event]:
    draw = dice(passage.seed, "comp touch", *passage.identity)
    lane = passage.lane("comp", style.low, style.high)
    voicings = _voicings(passage, lead, style, lane.low, lane.high)
    events: list[Event] = []
    for (step, what), (then, _) in pairwise((*hits, (passage.steps, ""))):
        region = passage.at(step)
        if step % STEPS and region.end - step <= _EIGHTH and then >= region.end:
            region = passage.at(region.end)
        keys, until = voicings[region.start], min(then, passage.steps, max(region.end, step + _EIGHTH))
        short = draw.chance(style.short)
        if what.isdigit():
            keys = (keys[min(int(what), len(keys) - 1)],)
            if style.texture == "broken" or style.pedal:
                until = max(until, min(passage.steps, region.end, step + 2 * STEPS))
            short = False
        elif what == "top":
            keys = keys[-2:]
        length = max(2, until - step)
        if short and passage.role != "ending":
            length = min(length, style.length)
        keys = _unrubbed(keys, voicings[region.start], lead.keys(step, step + length, _RUBS))
        if not keys:
            continue
        velocity = style.velocity + 22.0 * (passage.energy_at(step // passage.bar_steps) - 0.6)
        velocity += 4.0 if passage.strong(step) else 0.0 if step % STEPS == 0 else -4.0
        events += [Event(step, length, key, velocity - 4.0) for key in keys[:-1]]
        events.append(Event(step, length, keys[-1], velocity + 3.0))
    return _one_stroke_a_key(events)


def _unrubbed(keys: Keys, voicing: Keys, long: Sequence[int]) -> Keys:
    """Those that no long note of the melody rubs against; where all do, another of the hand's, or none."""
    if not long:
        return keys
    free = [key for key in voicing if not any(clashes(key, other) for other in long)]
    return tuple(key for key in keys if key in free) or tuple(free[:1])


def _voicings(passage: Passage, lead: HeardLine, style: CompStyle, low: int, high: int) -> dict[int, Keys]:
    """The hand's keys for each region by its start (also the one after the passage), led from chord to chord."""
    found: dict[int, Keys] = {}
    previous: Keys | None = None
    for region in (*passage.regions, passage.following):
        bottom, top = low, high
        if style.under:
            under = min(lead.keys(region.start, region.end, _EIGHTH), default=127) - _UNDER
            if under >= low + _ROOM - _DOWN:  # a low melody takes the hand down with it
                top = min(high, under)
                bottom = min(low, top - _ROOM)
        previous = led(region.chord, previous, bottom, top, style.shape, style.voices, min(66, top))
        found[region.start] = previous
    return found


def _one_stroke_a_key(events: list[Event]) -> list[Event]:
    """No key is struck while it sounds: what rings is cut where it comes again."""
    events.sort()
    last: dict[int, int] = {}
    for index, event in enumerate(events):
        before = last.get(event.pitch)
        if before is not None and events[before].end > event.step:
            events[before] = events[before]._replace(length=event.step - events[before].step)
        last[event.pitch] = index
    return [event for event in events if event.length > 0]


def _left(passage: Passage, style: CompStyle) -> list[Event]:
    """Roots below the right hand: where a chord begins, and on strong beats within it."""
    found: list[Event] = []
    for region in passage.regions:
        steps = [s for s in range(region.start, region.end) if s == region.start or passage.strong(s)]
        for place, (step, until) in enumerate(pairwise([*steps, region.end])):
            key = 36 + (region.chord.bass_pitch_class) % 12
            if style.left == "fifth" and place % 2 and key + 7 <= 52 and region.tones >> (region.root + 7) % 12 & 1:
                key += 7
            velocity = style.velocity + 22.0 * (passage.energy_at(step // passage.bar_steps) - 0.6)
            found.append(Event(step, until - step, key, velocity + 2.0))
            if style.left == "octave" and key + 12 < style.low:
                found.append(Event(step, until - step, key + 12, velocity - 4.0))
    return found


def _pedal(passage: Passage) -> list[Turn]:
    """Up where a chord begins, down again just after (syncopated pedalling)."""
    turns: list[Turn] = []
    for region in passage.regions:
        turns += [Turn(region.start, 0, "cc", 64, 0.0), Turn(region.start + 1, 0, "cc", 64, 127.0)]
    turns.append(Turn(passage.steps, 0, "cc", 64, 0.0))
    return turns
