"""The lead: heads made of motifs that return, and choruses of improvisation in phrases with rests between them.

Around a tonic of C. Phrase lengths, rests, contour and densities: Weimar Jazz Database, see MUSIC's melody tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin

from composers.dice import Dice, dice
from composers.harmony import STEPS, Region, mask
from composers.parts.lines import HEAD, HIGH, LOW, SOLO, Moves, groups, line, settle, slots, steps_from
from composers.parts.passage import Event, Passage

CENTRE = 67.5
_EIGHTH = STEPS // 2

Rhythm = list[tuple[int, int]]
"""(step, length) of each note."""

_OPENINGS_4: dict[tuple[int, ...], float] = {
    (0, 3, 4, 6): 1, (0, 2, 3, 5): 1, (1, 2, 3, 5, 7): 1, (0, 3, 6, 7): 1, (2, 3, 4, 5, 7): 1, (0, 1, 2, 3, 5): 1,
    (1, 3, 4, 7): 1, (0, 2, 4, 5, 7): 0.8, (3, 4, 5, 7): 0.8, (0, 3, 5, 7): 1, (0, 1, 3, 4, 6): 0.7,
    (2, 4, 5, 6, 7): 0.7, (0, 4, 5, 7): 0.8, (1, 2, 3, 4, 5, 7): 0.7,
}  # fmt: skip
_ANSWERS_4: dict[tuple[int, ...], float] = {
    (0,): 1, (1,): 0.7, (0, 3): 1, (0, 1, 3): 0.8, (0, 2, 3): 0.9, (1, 3): 0.8, (0, 1): 0.7, (): 0.7, (0, 2, 3, 5): 0.4,
}  # fmt: skip
_OPENINGS_3: dict[tuple[int, ...], float] = {
    (0, 3, 4): 1, (0, 2, 4, 5): 1, (0, 2, 3, 4): 1, (1, 2, 3, 4, 5): 0.8, (2, 3, 4, 5): 0.8, (0, 3, 5): 0.8,
    (0, 1, 2, 4): 1, (0, 2, 4): 0.8,
}  # fmt: skip
_ANSWERS_3: dict[tuple[int, ...], float] = {(0,): 1, (0, 2): 0.8, (0, 3): 0.8, (): 0.5, (0, 1, 2): 0.7, (1,): 0.5}
_UNIT_PLANS = {
    1: ("a",), 2: ("ab",), 3: ("aab", "aba"), 4: ("aabc", "abac", "aaba", "abac"), 5: ("aabac",),
    6: ("ababcd", "aabacd", "abacad"), 7: ("ababacd",), 8: ("aabcaabd",),
}  # fmt: skip
"""Which two-bar ideas a section states and returns to (the rule of three: state, repeat, depart)."""


def melody(passage: Passage) -> list[Event]:
    """The lead of a passage: one voice, sorted, nothing overlapping."""
    if passage.role in ("head", "out"):
        return _head(passage)
    if passage.role == "ending":
        return _ending(passage)
    if passage.role == "intro":
        return []
    return _solo(passage)


# Heads ------------------------------------------------------------------------------------------------------------


def _head(passage: Passage) -> list[Event]:
    """Two-bar ideas by letter. All draws derive from the section's letter, so the tune comes back as it was."""
    units = max(1, passage.written // 2)
    tune = ("tune", passage.name, passage.beats)
    plan = dice(passage.seed, *tune).one_of(_UNIT_PLANS.get(units, ("aabc" * (units // 4 + 1),)))[:units]
    events: list[Event] = []
    home = CENTRE - 2 + dice(passage.seed, *tune, "home").between(-3, 3)
    for index, letter in enumerate(plan):
        draw = dice(passage.seed, *tune, letter)
        start = index * 2 * passage.bar_steps
        if start >= passage.steps:
            break
        closing = index == len(plan) - 1
        rhythm = _unit_rhythm(passage, start, draw, closing=closing)
        climb = 3.5 * sin(pi * min(1.0, (index + 0.5) / len(plan) / 0.9))  # the peak past the middle
        entry = home + {"a": 0.0, "b": 2.0, "c": 4.0, "d": 0.0}[letter]
        events += _sung(passage, rhythm, entry, climb, draw, closing=closing)
    return _voice(events, passage.steps)


def _unit_rhythm(passage: Passage, start: int, draw: Dice, *, closing: bool) -> Rhythm:
    openings, answers = (_OPENINGS_4, _ANSWERS_4) if passage.beats == 4 else (_OPENINGS_3, _ANSWERS_3)
    first = draw.weighted(tuple(openings), tuple(openings.values()))
    second = draw.weighted(tuple(answers), tuple(answers.values()))
    if closing:
        second = (0,)
    at = [start + i * _EIGHTH for i in first] + [start + passage.bar_steps + i * _EIGHTH for i in second]
    at = [step for step in at if step < passage.steps]
    rhythm = []
    for index, step in enumerate(at):
        gap = at[index + 1] - step if index + 1 < len(at) else draw.one_of((12, 18, 24))
        rhythm.append((step, min(gap, 2 * STEPS, passage.steps - step)))
    return rhythm


def _sung(passage: Passage, rhythm: Rhythm, entry: float, climb: float, draw: Dice, *, closing: bool) -> list[Event]:
    found = slots(passage, rhythm)
    gathered = groups(passage, found)
    count = len(gathered)
    contour = [entry + climb * sin(pi * (i + 0.5) / count) for i in range(count)]
    pitches, _ = line(gathered, round(entry), contour, HEAD, draw)
    last = found[-1].region
    if closing and passage.closes:
        pitches[-1] = _cadence(pitches[-1], last)
    elif len(pitches) > 1:
        pitches[-1] = settle(pitches[-1], last, pitches[-2], draw)
    return _dynamics(rhythm, pitches, 84.0, draw)


def _cadence(key: int, region: Region) -> int:
    """Home: the chord tone nearest to where the line was."""
    up, down = steps_from(region.tones)
    if region.tones >> key % 12 & 1:
        return key
    return key - down[key % 12] if key - down[key % 12] >= LOW else key + up[key % 12]


# Solos ------------------------------------------------------------------------------------------------------------

_BEATS: dict[str, tuple[int, ...]] = {
    "eighths": (0, 6), "quarter": (0,), "off": (6,), "triplet": (0, 4, 8), "sixteenths": (0, 3, 6, 9),
    "gallop": (0, 6, 9), "tied": (),
}  # fmt: skip
_TEXTURES: dict[str, tuple[float, ...]] = {
    "line": (0.76, 0.05, 0.05, 0.06, 0.02, 0.02, 0.02),
    "song": (0.42, 0.22, 0.16, 0.06, 0.0, 0.02, 0.1),
    "rhythm": (0.3, 0.16, 0.26, 0.04, 0.02, 0.04, 0.14),
}
_PHRASE_BEATS = ((2, 0.07), (3, 0.11), (4, 0.14), (5, 0.1), (6, 0.18), (8, 0.2), (10, 0.12), (12, 0.08))
_BLUES_SCALE = mask((0, 3, 5, 6, 7, 10))
_BLUE_PHRASES = 0.3
_RESTS = ((9, 0.12), (12, 0.2), (18, 0.25), (24, 0.2), (30, 0.13), (42, 0.1))
"""Silence between phrases in steps: IOI quartiles 1.8, 2.7 and 4.0 beats."""


def _solo(passage: Passage) -> list[Event]:
    draw = dice(passage.seed, "solo", *passage.identity)
    events: list[Event] = []
    at = draw.weighted((0, 6, 12, 18, 24, 30), (0.15, 0.3, 0.12, 0.23, 0.1, 0.1))
    motif: tuple[Rhythm, list[Moves]] | None = None
    before = round(CENTRE + draw.between(-5, 2))
    limit = passage.steps - draw.weighted((0, 6, 12, 24), (0.25, 0.25, 0.3, 0.2))
    while at < limit - STEPS:
        bar = at // passage.bar_steps
        if passage.drums_alone(bar):
            at = (bar // 4 + 1) * 4 * passage.bar_steps
            motif = None
            continue
        end = limit
        if passage.role == "trade":
            end = min(limit, (bar // 4 + 1) * 4 * passage.bar_steps - _EIGHTH)
        energy = passage.energy_at(bar)
        rhythm, shapes = _idea(passage, at, end, energy, motif, draw)
        if not rhythm:
            break
        place = at / passage.steps
        centre = CENTRE + 5.0 * (energy - 0.6) + 2.0 * sin(pi * place)
        if passage.name != "A" or draw.chance(0.7):
            before = _near(before, centre)
        found, used = _improvised(passage, rhythm, shapes, before, centre, energy, draw)
        events += found
        if motif is None or draw.chance(0.6):
            motif = (rhythm, used)
        before = found[-1].pitch
        rest = draw.weighted([r for r, _ in _RESTS], [w for _, w in _RESTS])
        at = rhythm[-1][0] + rhythm[-1][1] + round(rest * (1.35 - 0.6 * energy) / 3) * 3
        at = -(-at // _EIGHTH) * _EIGHTH
    return _voice(events, passage.steps)


def _near(key: int, centre: float) -> int:
    """A new phrase starts part of the way back to the middle."""
    return round(max(LOW + 2.0, min(HIGH - 4.0, key + 0.5 * (centre - key))))


def _idea(
    passage: Passage, at: int, end: int, energy: float, motif: tuple[Rhythm, list[Moves]] | None, draw: Dice
) -> tuple[Rhythm, Sequence[Moves]]:
    """The rhythm of the next phrase: an earlier one again on its place in the beat, or a new one."""
    if motif is not None and draw.chance(0.28):
        old, shapes = motif
        shift = -(-(at - old[0][0]) // (2 * STEPS)) * 2 * STEPS
        again = [(step + shift, length) for step, length in old if step + shift + length <= end][:10]
        if len(again) >= min(3, len(old)):
            return again, shapes
    beats = draw.weighted([b for b, _ in _PHRASE_BEATS], [w * 1.25 ** ((energy - 0.5) * b) for b, w in _PHRASE_BEATS])
    weights = (0.35 + 0.5 * energy, 0.55 - 0.35 * energy, 0.2)
    texture = draw.weighted(tuple(_TEXTURES), weights)
    return _rhythm(at, min(end, at + beats * STEPS), texture, energy, draw), ()


def _rhythm(at: int, end: int, texture: str, energy: float, draw: Dice) -> Rhythm:
    lively = 0.4 + 1.3 * energy
    weights = list(_TEXTURES[texture])
    for index in (3, 4, 5):  # triplets, sixteenths, gallops come with the heat
        weights[index] *= lively
    onsets: list[int] = []
    beat = at // STEPS * STEPS
    while beat < end:
        name = draw.weighted(tuple(_BEATS), weights)
        if name in ("off", "tied") and onsets and onsets[-1] < beat - _EIGHTH:
            name = "eighths"
        onsets += [beat + offset for offset in _BEATS[name] if at <= beat + offset < end]
        beat += STEPS
    rhythm = []
    for index, step in enumerate(onsets):
        gap = onsets[index + 1] - step if index + 1 < len(onsets) else draw.one_of((5, 6, 12, 12, 18))
        rhythm.append((step, min(gap, 2 * STEPS)))
    if rhythm:
        step, length = rhythm[-1]
        rhythm[-1] = (step, max(3, min(length, end + STEPS - step)))
    return rhythm


def _improvised(
    passage: Passage, rhythm: Rhythm, shapes: Sequence[Moves], before: int, centre: float, energy: float, draw: Dice
) -> tuple[list[Event], list[Moves]]:
    found = slots(passage, rhythm)
    if passage.blues and draw.chance(_BLUE_PHRASES):
        blue = {slot.region: slot.region._replace(scale=_BLUES_SCALE | slot.region.tones) for slot in found}
        found = [slot._replace(region=blue[slot.region]) for slot in found]
    gathered = groups(passage, found)
    count = len(gathered)
    rise = 3.0 + 3.0 * energy
    fall = draw.weighted((-3.0, 0.0, 2.0), (0.53, 0.3, 0.17))  # half of all phrases end lower than they began
    contour = [centre + rise * sin(pi * min(1.0, (i + 0.5) / count)) * 0.8 + fall * i / count for i in range(count)]
    pitches, used = line(gathered, before, contour, SOLO, draw, shapes)
    if len(pitches) > 1:
        pitches[-1] = settle(pitches[-1], found[-1].region, pitches[-2], draw)
    return _dynamics(rhythm, pitches, 76.0 + 18.0 * energy, draw), used


# Both -------------------------------------------------------------------------------------------------------------


def _ending(passage: Passage) -> list[Event]:
    """A short cadence into the final note, which is held."""
    draw = dice(passage.seed, "melody", "ending")
    final = passage.regions[-1]
    rhythm: Rhythm = [(step, _EIGHTH) for step in (0, 6, 12, 18) if final.start >= 3 * STEPS]
    pitches: list[int] = []
    if rhythm:
        gathered = groups(passage, slots(passage, rhythm))
        pitches, _ = line(gathered, round(CENTRE) + 3, [CENTRE + 2.0] * len(gathered), HEAD, draw)
    last = _cadence(pitches[-1] if pitches else round(CENTRE), final)
    events = _dynamics([*rhythm, (final.start, final.end - final.start)], [*pitches, last], 84.0, draw)
    return _voice(events, passage.steps)


def _dynamics(rhythm: Rhythm, pitches: Sequence[int], level: float, draw: Dice) -> list[Event]:
    """Velocities: an arc over the phrase, accents on off-beats and on the top of a turn, ghosts at the bottom."""
    events = []
    count = len(pitches)
    for index, ((step, length), pitch) in enumerate(zip(rhythm, pitches, strict=True)):
        velocity = level + 8.0 * sin(pi * (index + 0.5) / count) - 4.0
        if step % STEPS == _EIGHTH:
            velocity += 4.0
        if 0 < index < count - 1:
            left, right = pitches[index - 1], pitches[index + 1]
            if left < pitch > right:
                velocity += 8.0
            elif left > pitch < right and length <= _EIGHTH and draw.chance(0.5):
                velocity -= 18.0
        events.append(Event(step, length, pitch, velocity))
    return events


def _voice(events: list[Event], limit: int) -> list[Event]:
    """One voice: what is past the end goes, and each note ends before the next."""
    kept = sorted(event for event in events if event.step < limit)
    for index in range(len(kept) - 1):
        room = kept[index + 1].step - kept[index].step
        if room <= 0:
            kept[index + 1] = kept[index + 1]._replace(step=kept[index].step + 3)
            room = 3
        if kept[index].length > room:
            kept[index] = kept[index]._replace(length=room)
    return kept
