"""From the page to the hand: swing, micro-timing that wanders as people's does, velocities that breathe.

A millisecond is one at the plan's tempo. Figures: Groove MIDI (deviation and lag-1 autocorrelation by instrument),
Weimar Jazz Database (soloists lie behind the beat).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.feel import Feel
from composers.parts.drift import drift_ms
from composers.parts.passage import Event, Written
from composers.parts.turns import controls_of, ramp
from composers.pulse import STEPS, Pulse
from composers.score import PPQ, Control, Note, Ramp, Tick

_WANDER = 0.6
"""Lag-1 autocorrelation of human timing (.40 to .73 by style)."""

_BODY = 0.75
"""What is left of a drummer's common wander after an eighth."""

_ROOM = 0.2
"""Of the time between two notes, the most that the wander's deviation takes: fast notes are played more exactly."""

_ROLL_MS = 3.0
"""The most by which the next voice of a chord comes after the one below."""

_DOWN_MS, _UP_MS = (8.0, 25.0), (6.0, 15.0)
_GHOST_BELOW = 60.0
_ARC_BARS = 4
_GRACE_MS, _GRACE_SHARE = 28.0, 0.45


class Place(NamedTuple):
    """Where and when a passage is played.

    first_tick  of the passage
    bar_ticks   of a bar
    feel        what swings, at this tempo
    tempo       quarters a minute
    bend_range  semitones of a full bend
    pulse       the meter's beats, where hands know them: backbeats are steadier, arcs and accents follow them
    seed        of the drift that the whole band shares, see drift.py; None: there is none
    """

    first_tick: Tick
    bar_ticks: Tick
    feel: Feel
    tempo: float
    bend_range: float = 2.0
    pulse: Pulse | None = None
    seed: int | None = None


class Played(NamedTuple):
    """Notes, controls and ramps of a passage, absolute ticks."""

    notes: list[Note]
    controls: list[Control]
    ramps: list[Ramp]


class Hand(NamedTuple):
    """How an instrument is played.

    name        what its generator is named by, so that hands do not tremble alike
    shift_ms    behind (+) or before (-) the beat
    beat_ms     the same, in addition, for notes on the beat
    beat_share  the same in shares of a quarter note: soloists lie behind by about .055 of a beat from 90 to 220 beats a
                minute (Weimar Jazz Database: 28 ms at 115, 20 at 175)
    spread_ms   standard deviation of the wander around that
    velocity    standard deviation of the velocity's wander
    articulate  sounding share of the written length
    swing       how much of the swing it takes: 1 = all
    off16_ms    later than `shift_ms` where a sixteenth lies between eighths: kicks of funk by 20, of hip-hop by 25 to
                40; hats stay even
    ghost_ms    later than `shift_ms` where it is struck softly (below 60)
    steady      share of the wander that is left on backbeats, the steadiest place of a bar
    arc         velocity gained in the middle of four bars and lost at their ends: the arc of a phrase
    accent      share of the meter's accents in the velocity; a part whose velocities are all one has them all
    strum       steps in which the hand goes down and up again: 12 strums eighths, 6 sixteenths; 0: chords are struck
    drift       share of the band's drift that it follows: 0 for machines
    together    of a kit's hands, share of the wander (its variance) that is the drummer's and common to all hands: on
                Groove MIDI hat, kick and snare of one step deviate together, r = .64 to .79
    """

    name: str
    shift_ms: float
    beat_ms: float = 0.0
    spread_ms: float = 7.0
    velocity: float = 5.0
    articulate: float = 0.9
    swing: float = 1.0
    beat_share: float = 0.0
    off16_ms: float = 0.0
    ghost_ms: float = 0.0
    steady: float = 1.0
    arc: float = 0.0
    accent: float = 0.0
    strum: int = 0
    drift: float = 1.0
    together: float = 0.0


LEAD = Hand("lead", 3.0, 14.0, 7.0, 5.0, 0.88, 0.9)
COMP = Hand("comp", 4.0, 0.0, 6.0, 4.0, 0.9)
BASS = Hand("bass", 4.0, 0.0, 5.0, 4.0, 0.92)
RIDE = Hand("ride", 2.0, 0.0, 5.0, 4.0)
SNARE = Hand("snare", 0.0, 0.0, 8.0, 4.0)
KICK = Hand("kick", -2.0, 0.0, 6.0, 3.0)
PEDAL_HAT = Hand("pedal hat", -8.0, 0.0, 4.0, 3.0)


def play(written: Written, hand: Hand | Mapping[int, Hand], place: Place, channel: int, *draws: int | str) -> Played:
    """What is written as it is played: each note starts inside the bar it is written in.

    Events of one step are one stroke and share its deviation, rolled from the bottom by a few milliseconds. What is
    drawn depends on the strokes alone, not on how many voices each has. hand: by key where drums have one each; the
    hand of key 0 plays the others.
    """
    notes: list[Note] = []
    if isinstance(hand, Hand):
        notes = _played(written.events, hand, place, channel, dice(*draws))
    else:
        by_hand: dict[Hand, list[Event]] = {}
        for event in written.events:
            by_hand.setdefault(hand.get(event.pitch, hand[0]), []).append(event)
        body = _body(written.events, dice(*draws, "body"))
        for each, events in by_hand.items():
            notes += _played(events, each, place, channel, dice(*draws, each.name), body)
    controls = controls_of(written.turns, place.first_tick, place.feel, place.bend_range, channel)
    ramps = [ramp(sweep, place.first_tick, place.feel) for sweep in written.sweeps]
    return Played(notes, controls, ramps)


def _body(events: Sequence[Event], draw: Dice) -> Mapping[int, float]:
    """How a drummer as a whole wanders: by step, with a deviation of 1, alike for as long as an eighth or two."""
    found: dict[int, float] = {}
    level, before = draw.normal(1.0), 0
    for step in sorted({event.step for event in events}):
        kept = _BODY ** ((step - before) * 2 / STEPS)
        level = kept * level + draw.normal(math.sqrt(1.0 - kept * kept))
        found[step], before = level, step
    return found


def _played(
    events: Sequence[Event], hand: Hand, place: Place, channel: int, draw: Dice, body: Mapping[int, float] | None = None
) -> list[Note]:
    feel, first_tick, bar_ticks = place.feel, place.first_tick, place.bar_ticks
    ticks_per_ms = place.tempo * PPQ / 60_000
    on_beat_ms = hand.beat_ms + hand.beat_share * 60_000 / place.tempo
    accents = 1.0 if len(events) > 7 and len({event.velocity for event in events}) == 1 else hand.accent
    notes: list[Note] = []
    wander = draw.normal(hand.spread_ms)
    loudness = draw.normal(hand.velocity)
    before = -1
    chords = list(_chords(events))
    for index, chord in enumerate(chords):
        step = chord[0].step
        wander = _WANDER * wander + draw.normal(0.8 * hand.spread_ms)
        loudness = _WANDER * loudness + draw.normal(0.8 * hand.velocity)
        written = feel.tick(step, hand.swing)
        swayed = wander
        if body is not None and hand.together:
            own = draw.normal(hand.spread_ms) if hand.together < 1.0 else 0.0
            swayed = math.sqrt(hand.together) * hand.spread_ms * body[step] + math.sqrt(1.0 - hand.together) * own
        gap = min(step - chords[index - 1][0].step if index else STEPS,
                  chords[index + 1][0].step - step if index + 1 < len(chords) else STEPS)  # fmt: skip
        if gap < STEPS // 2 and hand.spread_ms:
            room_ms = _ROOM * gap * 60_000 / STEPS / place.tempo
            swayed *= min(1.0, room_ms / hand.spread_ms)
        late = hand.shift_ms + _at(step, chord[0].velocity, hand, place.pulse, swayed)
        if step % STEPS == 0:
            late += on_beat_ms
        if place.seed is not None and hand.drift:
            late += hand.drift * drift_ms(place.seed, (first_tick + written) / PPQ)
        bar = first_tick + written // bar_ticks * bar_ticks
        earliest, latest = bar, bar + bar_ticks - 1
        if before >= earliest:
            earliest = before + 1  # a hand does not overtake itself
        start = min(latest, max(earliest, first_tick + written + chord[0].late + round(late * ticks_per_ms)))
        before = start
        gap_ms, upward = _roll(len(chord), step, hand, draw)
        lift = loudness + _lift(step, hand, place, accents)
        end_step, whole = -1, 0
        for voice, event in enumerate(chord):
            order = len(chord) - 1 - voice if upward else voice
            begin = min(latest, start + round(order * gap_ms * ticks_per_ms)) if order else start
            if event.step + event.length != end_step:
                end_step = event.step + event.length
                whole = feel.tick(end_step, hand.swing) - written
            velocity = event.velocity + lift - (2.5 * order if upward else 0.0)
            if event.strokes == 1 and event.grace is None:  # by far the most
                length = max(30, round(whole * hand.articulate))
                loud = round(min(126.0, max(8.0, velocity)), 1)
                notes.append(Note(begin, length, event.pitch, loud, channel, event.cents))
                continue
            if event.grace is not None:
                ahead = round(_GRACE_MS * ticks_per_ms)
                light = min(126.0, max(8.0, _GRACE_SHARE * velocity))
                if begin - ahead >= bar:
                    notes.append(Note(begin - ahead, max(30, ahead - 1), event.grace, round(light, 1), channel))
            for stroke in range(event.strokes):
                at = begin + round(whole * stroke / event.strokes)
                if at > latest:
                    break
                length = max(30, round(whole * hand.articulate / event.strokes))
                loud = velocity + (event.swell * stroke / (event.strokes - 1) if event.strokes > 1 else 0.0)
                notes.append(Note(at, length, event.pitch, round(min(126.0, max(8.0, loud)), 1), channel, event.cents))
    return notes


def _chords(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Events of one step together, in their order."""
    chord: list[Event] = []
    for event in events:
        if chord and chord[0].step != event.step:
            yield chord
            chord = []
        chord.append(event)
    if chord:
        yield chord


def _at(step: int, velocity: float, hand: Hand, pulse: Pulse | None, wander: float) -> float:
    """How late a stroke is by its place in the bar and its strength, wander and all, in ms."""
    late = hand.off16_ms if step % (STEPS // 2) == STEPS // 4 else 0.0
    if velocity < _GHOST_BELOW:
        late += hand.ghost_ms
    steady = pulse is not None and hand.steady != 1.0 and step % pulse.steps in pulse.backbeats
    return late + wander * (hand.steady if steady else 1.0)


def _roll(voices: int, step: int, hand: Hand, draw: Dice) -> tuple[float, bool]:
    """ms from voice to voice, and whether the top one comes first. One draw, however many voices there are.

    Strummed strings: 8 to 25 ms from the lowest to the highest going down, 6 to 15 ms coming up.
    """
    roll = draw.random()
    if not hand.strum:
        return roll * _ROLL_MS, False
    upward = step % hand.strum >= hand.strum // 2
    low, high = _UP_MS if upward else _DOWN_MS
    return (low + (high - low) * roll) / max(1, voices - 1), upward


def _lift(step: int, hand: Hand, place: Place, accents: float) -> float:
    """Velocity gained by the phrase's arc and the meter's accents."""
    pulse = place.pulse
    if pulse is None:
        return 0.0
    lift = 0.0
    if hand.arc:
        bar = place.first_tick // place.bar_ticks + step / pulse.steps
        lift += hand.arc * (2.0 * math.sin(math.pi * (bar % _ARC_BARS) / _ARC_BARS) - 1.0)
    if accents:
        within = step % pulse.steps
        if within == 0:
            lift += 8.0 * accents
        elif within in pulse.beats:
            lift += 4.0 * accents if within in pulse.strong else 0.0
        else:
            lift -= (4.5 if within % (STEPS // 2) == 0 else 13.0) * accents
    return lift


def merged(notes: Sequence[Note], end: int | None, after: Sequence[Note] = ()) -> list[Note]:
    """The notes of a track, sorted, so that no key is struck while it sounds.

    Two onsets of one key within a sixty-fourth become one, the louder. `after` are the notes that follow the span
    whose end is `end` (None: nothing follows): what rings over is cut where the same key comes again.
    """
    first_after: dict[tuple[int, int], int] = {}
    if end is not None:
        for note in after:
            first_after.setdefault((note.channel, note.pitch), note.start)
    last: dict[tuple[int, int], int] = {}
    kept: list[Note] = []
    for note in sorted(notes):
        key = (note.channel, note.pitch)
        index = last.get(key)
        if index is not None:
            earlier = kept[index]
            if note.start - earlier.start < PPQ // 16:
                kept[index] = earlier._replace(
                    length=max(earlier.end, note.end) - earlier.start, velocity=max(earlier.velocity, note.velocity)
                )
                continue
            if earlier.end >= note.start:
                kept[index] = earlier._replace(length=note.start - earlier.start - 1)
        last[key] = len(kept)
        kept.append(note)
    for key, index in last.items():
        following = first_after.get(key)
        if following is not None and kept[index].end >= following:
            kept[index] = kept[index]._replace(length=max(1, following - kept[index].start - 1))
    return kept


def legato(notes: Sequence[Note], before: int | None) -> list[Note]:
    """One voice: each note ends before the next begins, the last before tick `before` (None: it may ring)."""
    kept = list(notes)
    for index, note in enumerate(kept):
        limit = kept[index + 1].start if index + 1 < len(kept) else before
        if limit is not None and note.end >= limit:
            kept[index] = note._replace(length=max(1, limit - note.start - 1))
    return kept
