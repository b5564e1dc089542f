"""Harmonic translation: other chords under a tune that stays, as the target style would have it.

A Viterbi search over the places where chords may change, as in composers.harmonise. What a chord earns: that the tune's
notes belong to it, that it is near the source's own chord (the less, the stronger the transfer), that the style goes
there from the chord before, and, where the style plays rounds, that it is the chord of the round chosen for all
sections of the same letter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log
from typing import NamedTuple

from composers.harmony import Bar, splits
from composers.lead_sheet import LeadSheet, SheetNote
from composers.pulse import Pulse, pulse_of
from composers.restyle.chord_fit import nearness, worth
from composers.restyle.habits import Habits, Kind, chord_in, kind_of
from composers.restyle.reading import changes, key_at, minor
from composers.theory.chords import Chord
from composers.theory.scales import Key

_FIT = 5.0
"""How much the tune's fit weighs."""
_NEAR_LEAST, _NEAR_MOST, _NEAR_FALLS = 0.6, 9.0, 1.3
"""How much nearness to the source's chord weighs at strength 1 and 0, and how fast that falls between."""
_MOVE, _RARE = 0.7, 0.5
_SELDOM = 0.012
"""Share below which a chord of the style is no candidate where the source does not have it."""
_AT_HOME, _FOREIGN = 0.1, 0.5
"""Shares of foreign chords at which a source has nothing to change, and all."""
_PINNED, _SAME_BASS = 14.0, 0.05
"""What it is worth to keep a chord that is the style's own in a source with nothing to change; its bass, of that."""
_ROUND = 3.2
"""What the chord of the round is worth at strength 1, in a style that plays nothing else."""
_OWN_RHYTHM = 0.4
"""Of foreignness, below which chords change as they did."""
_KEPT = 0.3
"""Below this strength chords stay; up to _DRESSED they are the source's in the style's dress."""
_DRESSED = 0.5
_FREE = 0.9
"""As which a tune is treated that has no chords."""
_ELSEWHERE = -1.0
"""What a chord earns that begins another key."""


class Slot(NamedTuple):
    """A stretch with one chord: where, in which key, what the source has there and what keeping that is worth, the
    tune's notes by weight."""

    start: int
    end: int
    key: Key
    source: Chord | None
    pinned: float
    weights: tuple[tuple[int, float], ...]


def reharmonised(sheet: LeadSheet, habits: Mapping[bool, Habits], strength: float) -> tuple[Bar, ...]:
    """The chords by bar. A tune without chords gets some at any strength.

    habits  of the target, by whether the key is minor
    """
    own = changes(sheet)
    if not sheet.chords:
        strength = _FREE
    if strength < _KEPT:
        return own
    if strength < _DRESSED:
        return tuple(_dressed(bar, key_at(sheet, index), habits) for index, bar in enumerate(own))
    foreign = foreignness(sheet, own, habits) if sheet.chords else 1.0
    pulse = pulse_of(sheet.meter)
    slots = _slots(sheet, own, habits, pulse, foreign)
    rounds = _rounds(sheet, slots, habits, strength) if foreign else {}
    row = _best(slots, habits, rounds, sheet, strength, foreign, pulse)
    return _bars(row, slots, sheet.bars, pulse)


def foreignness(sheet: LeadSheet, bars: Sequence[Bar], habits: Mapping[bool, Habits]) -> float:
    """0..1: how far a style has reason to change these chords. 0 where nearly all of them are its own, and go round as
    its own do."""
    strange = count = again = 0
    for index, bar in enumerate(bars):
        key = key_at(sheet, index)
        known = habits[minor(key)]
        count += len(bar)
        strange += sum(kind_of(chord, key) not in known.shares for chord in bar)
        again += index >= 4 and bar == bars[index - 4]
    looped = habits[minor(key_at(sheet, 0))].looped
    steady = max(0.0, looped - 1.3 * again / max(1, len(bars) - 4))
    return max(min(1.0, max(0.0, strange / count - _AT_HOME) / (_FOREIGN - _AT_HOME)), min(1.0, 2.0 * steady))


def _dressed(bar: Bar, key: Key, habits: Mapping[bool, Habits]) -> Bar:
    return tuple(worn(chord, key, habits[minor(key)]) for chord in bar)


def worn(chord: Chord, key: Key, habits: Habits) -> Chord:
    """The chord as the style writes it, over its own bass if the style has such."""
    kind = kind_of(chord, key)
    quality = habits.worn(kind[0], chord)
    bass = chord.bass if habits.inverted >= _SELDOM else None
    if quality == chord.quality:
        return chord if bass == chord.bass else Chord(chord.root, chord.quality, chord.intervals)
    new = chord_in((kind[0], quality), key)
    fits = bass is not None and (bass.pitch_class - new.root.pitch_class) % 12 in new.tones
    return Chord(chord.root, new.quality, new.intervals, bass if fits else None)


# Places -----------------------------------------------------------------------------------------------------------


def _slots(
    sheet: LeadSheet, own: Sequence[Bar], habits: Mapping[bool, Habits], pulse: Pulse, foreign: float
) -> list[Slot]:
    """One a bar, or two where the source has two and the style is used to it, or the style itself has many; one for
    several bars where it stands on fields; the source's own where it is at home."""
    starts = [note.step for note in sheet.melody]
    slots: list[Slot] = []
    while (bar := slots[-1].end // pulse.steps if slots else 0) < sheet.bars:
        key = key_at(sheet, bar)
        first = bar * pulse.steps
        known = habits[minor(key)]
        two = len(pulse.beats) > 1 and (len(own[bar]) > 1 or known.a_bar > 1.45)
        count = 2 if two and (known.a_bar > 1.05 or known.looped < 0.3) else 1
        if foreign < _OWN_RHYTHM:
            count = len(own[bar])
        end = first + pulse.steps
        if known.field > 1 and foreign >= _OWN_RHYTHM:
            count, end = 1, _field_end(sheet, bar, known.field) * pulse.steps
        places = [first + at for at in splits(count, pulse)]
        for index, (a, b) in enumerate(pairwise([*places, end])):
            source = own[bar][index * len(own[bar]) // count] if sheet.chords else None
            pinned = 0.0
            if source is not None and kind_of(source, key) in known.shares:
                pinned = _PINNED * (1.0 - foreign)
            slots.append(Slot(a, b, key, source, pinned, _weights(sheet.melody, starts, a, b, pulse)))
    return slots


def _field_end(sheet: LeadSheet, bar: int, length: int) -> int:
    """The bar before which a field ends at the latest: the section's end, another key."""
    keys = [key.bar for key in sheet.keys if key.bar > bar]
    return min(sheet.section_at(bar).end_bar, bar + length, *keys)


def _weights(
    melody: Sequence[SheetNote], starts: Sequence[int], start: int, end: int, pulse: Pulse
) -> tuple[tuple[int, float], ...]:
    found: list[tuple[int, float]] = []
    index = max(0, bisect_left(starts, start) - 1)
    while index < len(melody) and melody[index].step < end:
        note = melody[index]
        index += 1
        overlap = min(note.end, end) - max(note.step, start)
        if overlap <= 0:
            continue
        within = note.step % pulse.steps
        accent = 2.0 if within == 0 else 1.4 if within in pulse.beats else 1.0
        found.append((note.pitch % 12, overlap**0.5 * (accent if note.step >= start else 0.8)))
    total = sum(weight for _, weight in found)
    return tuple((p, w / total) for p, w in found)


# Scores -----------------------------------------------------------------------------------------------------------


def _fit(slot: Slot, chord: Chord) -> float:
    return sum(weight * worth(pitch, chord) for pitch, weight in slot.weights)


# Rounds -----------------------------------------------------------------------------------------------------------


def _rounds(
    sheet: LeadSheet, slots: Sequence[Slot], habits: Mapping[bool, Habits], strength: float
) -> Mapping[str, tuple[tuple[Kind, ...], ...]]:
    """By letter of the sections, the round that suits their tune, their chords and the style best."""
    by_letter: dict[str, list[tuple[int, Slot]]] = {}
    for slot in slots:
        bar = slot.start // sheet.bar_steps
        section = sheet.section_at(bar)
        by_letter.setdefault(section.letter, []).append((bar - section.first_bar, slot))
    found: dict[str, tuple[tuple[Kind, ...], ...]] = {}
    for letter, places in by_letter.items():
        known = habits[minor(places[0][1].key)]
        if not known.loops:
            continue
        found[letter] = max(
            known.loops, key=lambda row: (_round_score(row[0], places, strength) + 0.3 * log(row[1]), row[0])
        )[0]
    return found


def _round_score(
    loop: tuple[tuple[Kind, ...], ...], places: Sequence[tuple[int, Slot]], strength: float
) -> float:
    """Mean over the places of what its chords earn there."""
    near = _nearness_weight(strength)
    total = 0.0
    for bar, slot in places:
        chord = _of_round(loop, bar, slot)
        total += _FIT * _fit(slot, chord)
        if slot.source is not None:
            total += near * nearness(slot.source, chord)
    return total / len(places)


def _of_round(loop: tuple[tuple[Kind, ...], ...], bar: int, slot: Slot) -> Chord:
    """slot: its length tells which of two chords of a bar it has, bars being alike."""
    row = loop[bar % len(loop)]
    late = slot.start % (slot.end - slot.start) == 0 and slot.start // (slot.end - slot.start) % 2 == 1
    return chord_in(row[-1] if late and len(row) > 1 else row[0], slot.key)


# The search -------------------------------------------------------------------------------------------------------


def _best(
    slots: Sequence[Slot], habits: Mapping[bool, Habits], rounds: Mapping[str, tuple[tuple[Kind, ...], ...]],
    sheet: LeadSheet, strength: float, foreign: float, pulse: Pulse,
) -> list[Chord]:  # fmt: skip
    near = _nearness_weight(strength)
    push = foreign * (strength - _DRESSED) / (1.0 - _DRESSED)
    scores: dict[Chord, float] = {}
    back: list[dict[Chord, Chord]] = []
    tails = {section.end_bar * pulse.steps for section in sheet.sections}
    memory: dict[tuple[int, str], dict[tuple[Kind, Kind], float]] = {}
    before: Slot | None = None
    for slot in slots:
        known = habits[minor(slot.key)]
        bar = slot.start // pulse.steps
        section = sheet.section_at(bar)
        loop = rounds.get(section.letter)
        wanted = _of_round(loop, bar - section.first_bar, slot) if loop else None
        candidates = _candidates(slot, known, wanted)
        own = {chord: _earned(slot, chord, known, near, push, wanted) for chord in candidates}
        if slot.end in tails and known.closes > 0.2 and strength >= _DRESSED:
            for chord in own:
                if (chord.root.pitch_class - slot.key.tonic.pitch_class) % 12 == 0:
                    own[chord] += 1.5 * push * known.closes
        if before is None:
            scores = own
            before = slot
            continue
        same_key = before.key == slot.key
        where = "inner" if slot.start % pulse.steps else "field" if slot.end - slot.start > pulse.steps else "bar"
        weight = _MOVE * (0.4 + push)
        moves = memory.setdefault((id(known), where), {})
        fresh: dict[Chord, float] = {}
        nearest: dict[Chord, Chord] = {}
        kinds = {chord: kind_of(chord, slot.key) for chord in own}
        previous = [(chord, score, kind_of(chord, slot.key)) for chord, score in scores.items()]
        for chord, earned in own.items():
            best, best_score = previous[0][0], -1e9
            for old, score, kind in previous:
                if same_key or old == chord:
                    pair = kind, kinds[chord]
                    move = moves.get(pair)
                    if move is None:
                        move = moves[pair] = known.move(*pair, where)
                    cost = weight * move
                else:
                    cost = _ELSEWHERE
                if score + cost > best_score:
                    best, best_score = old, score + cost
            fresh[chord] = best_score + earned
            nearest[chord] = best
        scores = fresh
        back.append(nearest)
        before = slot
    last = max(scores, key=lambda chord: scores[chord])
    row = [last]
    for nearest in reversed(back):
        row.append(nearest[row[-1]])
    return row[::-1]


def _candidates(slot: Slot, known: Habits, wanted: Chord | None) -> list[Chord]:
    found = {chord_in(kind, slot.key): None for kind, share in known.shares.items() if share >= _SELDOM}
    if slot.source is not None:
        found[worn(slot.source, slot.key, known)] = None
    if wanted is not None:
        found[wanted] = None
    return list(found)


def _earned(
    slot: Slot, chord: Chord, known: Habits, near: float, push: float, wanted: Chord | None
) -> float:
    kind = kind_of(chord, slot.key)
    score = _FIT * _fit(slot, chord) + _RARE * (0.5 + push) * log(max(0.004, known.shares.get(kind, 0.0)))
    if slot.source is not None:
        score += (near + slot.pinned) * nearness(slot.source, chord)
        score += _SAME_BASS * slot.pinned if chord.bass is not None and chord.bass == slot.source.bass else 0.0
    if wanted is not None and chord == wanted:
        score += _ROUND * push * (0.3 + known.looped)
    return score


def _nearness_weight(strength: float) -> float:
    return _NEAR_LEAST + (_NEAR_MOST - _NEAR_LEAST) * float((1.0 - strength) ** _NEAR_FALLS)


def _bars(row: Sequence[Chord], slots: Sequence[Slot], bars: int, pulse: Pulse) -> tuple[Bar, ...]:
    found: list[list[Chord]] = [[] for _ in range(bars)]
    for chord, slot in zip(row, slots, strict=True):
        for bar in range(slot.start // pulse.steps, -(-slot.end // pulse.steps)):
            found[bar].append(chord)
    return tuple(tuple(bar[:1] if all(chord == bar[0] for chord in bar) else bar) for bar in found)
