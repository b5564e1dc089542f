"""Jazz bass lines: walking quarters with approach notes, two-feel, dominant pedal, bossa, around a tonic of C.

Numbers: walking bass lines of the Weimar Jazz Database, as quoted with each table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from composers.dice import Dice, dice
from composers.harmony import STEPS, Region
from composers.parts.improvisation import SoloStyle, solo
from composers.parts.lead import Compass
from composers.parts.passage import Event, Passage

LOW, HIGH = 33, 49
"""MIDI keys of the line before transposition by -5..+6: 28..55 in every key."""

_INTERVAL = (0.45, 1.0, 1.0, 0.75, 0.7, 0.65, 0.25, 0.45, 0.12, 0.1, 0.06, 0.02, 0.2)
"""Liking for a move of 0..12 semitones within a bar."""

_APPROACHES = ((-1, 0.18), (1, 0.21), (2, 0.11), (-2, 0.09), (7, 0.07), (-5, 0.08), (5, 0.05), (0, 0.03))
"""Where beat 4 stands from the coming root: semitone below .18, above .21, tones .09 and .04, the dominant .12."""

_CHORD_MEMBERS = (0.35, 0.18, 0.32, 0.15)
"""Root, third, fifth, seventh on the first beat of a chord's second bar."""


def anchor(region: Region) -> int:
    """The root on which a passage starts: known to the passage before it without composing this one."""
    return LOW + (region.root - LOW) % 12


@dataclass(frozen=True, slots=True)
class BassStyle:
    """How a bassist plays time.

    repeat    liking for the same note twice: 5 makes it 14 % of moves, as at 120 to 180 beats a minute, 32 makes it
              24 %, as above 240 (Weimar Jazz Database)
    skips     share of bars with a muted eighth before a beat
    in_two    share of tunes whose head is in two
    solo_two  energy up to which solos are in two as well
    level     velocity of a beat
    bossa     root and fifth in straight eighths instead: cells of onsets in a bar of four with their weights
    """

    repeat: float = 5.0
    skips: float = 0.15
    in_two: float = 0.55
    solo_two: float = 0.0
    level: float = 80.0
    bossa: Mapping[tuple[int, ...], float] | None = None


MEDIUM = BassStyle()
UP = BassStyle(repeat=32.0, skips=0.04, in_two=0.25, level=82.0)
BALLAD = BassStyle(skips=0.2, in_two=1.0, solo_two=0.74, level=70.0)
WALTZ = BassStyle(skips=0.1, in_two=0.75, solo_two=0.5, level=78.0)
BOSSA = BassStyle(
    level=76.0, bossa={(0, 18, 24, 42): 0.5, (0, 24): 0.16, (0, 18, 24): 0.16, (0, 24, 42): 0.12, (0, 18): 0.06}
)
_SOLO = SoloStyle(
    {
        "line": {"eighths": 0.6, "quarter": 0.2, "off": 0.05, "triplet": 0.1, "tied": 0.05},
        "song": {"eighths": 0.3, "quarter": 0.38, "off": 0.12, "tied": 0.15, "triplet": 0.05},
    },
    ((0.5, 0.6), (0.8, 0.4)), level=(74.0, 14.0),
)  # fmt: skip
_SOLO_COMPASS = Compass(LOW, 50)


def bass_line(passage: Passage, style: BassStyle) -> list[Event]:
    """The bass part of a passage: one voice, sorted, each note at most until the next."""
    draw = dice(passage.seed, "bass", *passage.identity)
    if passage.role == "ending":
        return _ending(passage, style, draw)
    if passage.role == "bass-solo":
        return solo(passage, _SOLO, _SOLO_COMPASS)
    if style.bossa is not None and passage.beats == 4:
        return _bossa(passage, style, style.bossa, draw)
    if passage.role == "intro" and passage.bars >= 4 and draw.chance(0.5):
        return _pedal(passage, style, draw)
    two_feel = _is_two_feel(passage, style)
    events: list[Event] = []
    pitch = anchor(passage.regions[0])
    for region in passage.regions:
        following = passage.next_to(region)
        beats = (region.end - region.start) // STEPS
        target = anchor(following) if region.end >= passage.steps else _target(pitch, region, following, draw)
        if passage.drums_alone(region.start // passage.bar_steps):
            pitch = target
            continue
        if two_feel and not (region.end == passage.steps and draw.chance(0.5)):
            events.extend(_in_two(region, pitch, target, beats, style, draw))
        else:
            line = _line(region, pitch, target, beats, style, draw)
            events.extend(_played(region.start, line, style, draw))
        pitch = target
    return events


def _is_two_feel(passage: Passage, style: BassStyle) -> bool:
    """Heads are often played in two, with the bridge in four; solos walk, at least when they are hot."""
    if passage.role in ("head", "out", "intro", "tag"):
        in_two = dice(passage.seed, "two-feel").chance(style.in_two)
        return in_two and passage.energy < 0.75 and (passage.name != "B" or style.solo_two > 0.5)
    return passage.energy < style.solo_two


def _target(pitch: int, region: Region, following: Region, draw: Dice) -> int:
    """The first note of the next chord: its root mostly; another chord tone where the harmony stands still."""
    stays = following.root == region.root and following.tones == region.tones
    classes = [following.root]
    if stays or draw.chance(0.12):
        members = [p for p in range(12) if following.tones >> ((following.root + p) % 12) & 1][:4]
        weights = _CHORD_MEMBERS[: len(members)]
        classes = [following.root + draw.weighted(members, weights)]
    choices = [p for p in range(LOW, HIGH + 1) if (p - classes[0]) % 12 == 0]
    middle = (LOW + HIGH) / 2
    weights_ = [2.0 ** (-abs(p - pitch) / 4) * 2.0 ** (-abs(p - middle) / 7) for p in choices]
    return draw.weighted(choices, weights_)


def _line(region: Region, first: int, target: int, beats: int, style: BassStyle, draw: Dice) -> list[int]:
    """`beats` quarters from `first` that lead to `target`."""
    if beats == 1:
        return [first]
    last = _approach(region, first, target, draw, after_root=beats == 2)
    line = [first]
    for beat in range(1, beats - 1):
        line.append(_between(region, line, last, beats - 1 - beat, style, draw, strong=beat == 2))
    return [*line, last]


def _approach(region: Region, first: int, target: int, draw: Dice, *, after_root: bool) -> int:
    choices, weights = [], []
    for offset, weight in _APPROACHES:
        pitch = target + offset
        if not LOW - 1 <= pitch <= HIGH + 1 or (after_root and pitch == first):
            continue
        inside = 2.0 if region.scale >> pitch % 12 & 1 else 1.0
        if after_root:
            weight *= _INTERVAL[min(12, abs(pitch - first))] + 0.1
        choices.append(pitch)
        weights.append(weight * inside)
    for pitch in range(max(LOW, target - 5), min(HIGH, target + 5) + 1):  # a chord tone that leads on
        if abs(pitch - target) > 2 and region.tones >> pitch % 12 & 1 and pitch != first:
            choices.append(pitch)
            weights.append(0.09)
    return draw.weighted(choices, weights)


def _between(
    region: Region, line: list[int], last: int, left: int, style: BassStyle, draw: Dice, *, strong: bool
) -> int:
    """A note after line[-1] with `left` moves to go to `last`: a chord tone on beat 3, scale or chord on beat 2."""
    before = line[-1]
    rising = (last > before) - (last < before)
    if len(line) > 1 and line[-1] != line[-2]:
        rising = 1 if line[-1] > line[-2] else -1
    weights = []
    for pitch in range(LOW, HIGH + 1):
        if pitch == last and left == 1:
            weights.append(0.02)
            continue
        bit = pitch % 12
        if region.tones >> bit & 1:
            weight = 3.0 if strong else 1.9
        else:
            weight = (0.7 if strong else 1.0) if region.scale >> bit & 1 else (0.1 if strong else 0.25)
        away = abs(last - pitch)
        weight *= _INTERVAL[min(12, abs(pitch - before))] * (style.repeat if pitch == before else 1.0)
        weight *= _INTERVAL[min(12, away)] if left == 1 else 1.0 / (1.0 + max(0, away - 7))
        if (pitch - before) * rising > 0:
            weight *= 1.5
        if pitch in line[:-1] and pitch != before:
            weight *= 0.3
        weights.append(weight)
    return draw.weighted(range(LOW, HIGH + 1), weights)


def _played(start: int, line: list[int], style: BassStyle, draw: Dice) -> list[Event]:
    """Quarters at their velocities, with a skip (a muted eighth before the next beat) in some bars."""
    skip = draw.one_of((1, 3)) if len(line) >= 3 and draw.chance(style.skips) else -1
    events = []
    for beat, pitch in enumerate(line):
        at = start + beat * STEPS
        velocity = style.level + (4.0 if (at // STEPS) % 2 else 0.0)
        if beat == skip and beat < len(line):
            events.append(Event(at, 6, pitch, velocity))
            events.append(Event(at + 6, 5, pitch, 42.0))
        else:
            events.append(Event(at, STEPS, pitch, velocity))
    return events


def _in_two(region: Region, first: int, target: int, beats: int, style: BassStyle, draw: Dice) -> list[Event]:
    """Root and fifth in half notes (a dotted half in three), with a pick-up before some changes."""
    start, level = region.start, style.level
    if beats < 3:
        return [Event(start, beats * STEPS, first, level)]
    if beats == 3:
        if draw.chance(0.35):
            last = _approach(region, first, target, draw, after_root=True)
            return [Event(start, 2 * STEPS, first, level + 2), Event(start + 2 * STEPS, STEPS, last, level - 6)]
        return [Event(start, 3 * STEPS, first, level + 2)]
    members = [p for p in range(LOW, HIGH + 1) if region.tones >> p % 12 & 1 and p != first and abs(p - first) <= 8]
    fifths = [3.0 if (p - region.root) % 12 in (6, 7, 8) else 1.0 for p in members]
    liking = [fifth * _INTERVAL[min(12, abs(p - target))] for p, fifth in zip(members, fifths, strict=True)]
    second = draw.weighted(members, liking)
    half = (beats + 1) // 2 * STEPS
    end, at = region.end, start + half
    if draw.chance(0.2):  # the second half walks into the change
        last = _approach(region, second, target, draw, after_root=True)
        tail = [Event(at, end - STEPS - at, second, level - 2), Event(end - STEPS, STEPS, last, level)]
    elif draw.chance(0.25):  # a pick-up eighth
        tail = [Event(at, end - 6 - at, second, level - 2), Event(end - 6, 6, second, level - 20)]
    else:
        tail = [Event(at, end - at, second, level - 2)]
    return [Event(start, half, first, level + 2), *tail]


def _bossa(passage: Passage, style: BassStyle, cells: Mapping[tuple[int, ...], float], draw: Dice) -> list[Event]:
    """Root on 1 and before 3, fifth on 3 and before 1; now and then the last eighth is the coming root already."""
    events: list[Event] = []
    kept = dice(passage.seed, "bossa bass", *passage.material).weighted(tuple(cells), tuple(cells.values()))
    for region in passage.regions:
        if passage.drums_alone(region.start // passage.bar_steps):
            continue
        following = passage.next_to(region)
        root = anchor(region)
        fifth = next((p for p in (root + 7, root - 5, root + 6, root - 6) if LOW <= p <= HIGH
                      and region.tones >> p % 12 & 1), root)  # fmt: skip
        length = region.end - region.start
        cell = kept if draw.chance(0.75) else draw.weighted(tuple(cells), tuple(cells.values()))
        if length < passage.bar_steps:
            cell = (0, 18) if draw.chance(0.7) else (0,)
        for index, at in enumerate(cell):
            until = cell[index + 1] if index + 1 < len(cell) else length
            pitch = root if at < 24 else fifth
            if at >= 36 and following.root != region.root and draw.chance(0.35):
                pitch = anchor(following)
            light = -8.0 if at % STEPS else 0.0
            events.append(Event(region.start + at, until - at, pitch, style.level + light))
    return events


def _pedal(passage: Passage, style: BassStyle, draw: Dice) -> list[Event]:
    """The dominant, held under the turnaround; the last bar walks home."""
    events = []
    bar_steps, pitch = passage.bar_steps, 43
    syncopated = draw.chance(0.5)
    for bar in range(passage.bars - 1):
        start = bar * bar_steps
        cut = start + (18 if syncopated else bar_steps - STEPS)
        level = style.level
        events += [Event(start, cut - start, pitch, level), Event(cut, start + bar_steps - cut, pitch, level - 8)]
    last = (passage.bars - 1) * bar_steps
    for region in passage.regions:
        if region.start >= last:
            target = anchor(passage.following) if region.end >= passage.steps else anchor(passage.next_to(region))
            line = _line(region, anchor(region), target, (region.end - region.start) // STEPS, style, draw)
            events += _played(region.start, line, style, draw)
    return events


def _ending(passage: Passage, style: BassStyle, draw: Dice) -> list[Event]:
    """A walk into the final chord, then its root, low and held."""
    final = passage.regions[-1]
    low = anchor(final)
    events: list[Event] = []
    pitch = anchor(passage.regions[0])
    for region in passage.regions[:-1]:
        following = passage.next_to(region)
        target = low if following is final else _target(pitch, region, following, draw)
        line = _line(region, pitch, target, (region.end - region.start) // STEPS, style, draw)
        events += _played(region.start, line, style, draw)
        pitch = target
    return [*events, Event(final.start, final.end - final.start, low, style.level + 8.0)]
