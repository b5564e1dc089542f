"""A hand's strokes: where each of them falls and how loud it is, note by note.

This is the composers' innermost loop, every note of a piece passes it: tables are made once a passage, and a note costs
about two microseconds. What is drawn, and in which order, is part of the music: another order is another piece.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from composers.dice import Dice
from composers.parts.drift import drift_line
from composers.parts.hand import Hand, Place
from composers.parts.passage import Event
from composers.pulse import STEPS, Pulse
from composers.score import PPQ, Note, Tick

_WANDER = 0.6
"""Lag-1 autocorrelation of human timing (.40 to .73 by style; Groove MIDI)."""

_ROOM = 0.2
"""Of the time between two notes, the most that the wander's deviation takes: fast notes are played more exactly."""

_ROLL_MS = 3.0
"""The most by which the next voice of a chord comes after the one below."""

_DOWN_MS, _UP_MS = (8.0, 25.0), (6.0, 15.0)
"""Strummed strings, from the lowest to the highest going down, and back."""

_CLOSE = STEPS // 2
_GHOST_BELOW = 60.0
_ARC_BARS = 4
_GRACE_MS, _GRACE_SHARE = 28.0, 0.45
_SHORTEST = 30
"""Ticks."""
_SOFTEST, _LOUDEST = 8.0, 126.0


def strokes(
    events: Sequence[Event], hand: Hand, place: Place, channel: int, draw: Dice,
    body: Mapping[int, float] | None = None, until: Tick | None = None,
) -> list[Note]:  # fmt: skip
    """What one hand plays of `events` (sorted by step), absolute ticks.

    body   how the player as a whole wanders, by step with a deviation of 1, where the hand follows it (Hand.together)
    until  bars that begin after this tick are left out
    """
    if not events:
        return []
    first_tick, bar_ticks, pulse, up = place.first_tick, place.bar_ticks, place.pulse, place.up
    random, new = draw.random, tuple.__new__
    pair_ticks, within_pair = place.feel.pair_ticks, place.feel.within(hand.swing)
    pair = len(within_pair)
    shift_ms, spread_ms, articulate, strum, drift = (
        hand.shift_ms, hand.spread_ms, hand.articulate, hand.strum, hand.drift
    )  # fmt: skip
    off16_ms, ghost_ms, tempo = hand.off16_ms, hand.ghost_ms, place.tempo
    ticks_per_ms = tempo * PPQ / 60_000
    on_beat_ms = hand.beat_ms + hand.beat_share * 60_000 / tempo
    wander_ms, wander_loud = 0.8 * spread_ms, 0.8 * hand.velocity
    flat = len(events) > 7 and len({event.velocity for event in events}) == 1
    bar_steps, lifts, steadies = _bar(pulse, 1.0 if flat else hand.accent, hand.steady)
    arc, first_bar = hand.arc if pulse is not None else 0.0, first_tick // bar_ticks
    common, own_share = math.sqrt(hand.together) * spread_ms, math.sqrt(1.0 - hand.together)
    drifts, drift_from = _drifts(events, place) if hand.drift else ((), 0)
    wander = (random() + random() + random() - 1.5) * 2.0 * spread_ms
    loudness = (random() + random() + random() - 1.5) * 2.0 * hand.velocity
    notes: list[Note] = []
    append = notes.append
    before = -1
    previous = events[0].step - STEPS
    for chord, following in _chords(events):
        step = chord[0].step
        wander = _WANDER * wander + (random() + random() + random() - 1.5) * 2.0 * wander_ms
        loudness = _WANDER * loudness + (random() + random() + random() - 1.5) * 2.0 * wander_loud
        whole, within = divmod(step, pair)
        written = whole * pair_ticks + within_pair[within]
        place_in_bar = step % bar_steps
        swayed = wander
        if body is not None and hand.together:
            own = (random() + random() + random() - 1.5) * 2.0 * spread_ms if hand.together < 1.0 else 0.0
            swayed = common * body[step] + own_share * own
        gap, ahead = step - previous, following - step
        if ahead < gap:
            gap = ahead
        if gap < _CLOSE and spread_ms:
            room = _ROOM * gap * 60_000 / STEPS / tempo / spread_ms
            if room < 1.0:
                swayed *= room
        previous = step
        late = off16_ms if step % _CLOSE == STEPS // 4 else 0.0
        if chord[0].velocity < _GHOST_BELOW:
            late += ghost_ms
        late = shift_ms + (late + swayed * steadies[place_in_bar])
        if step % STEPS == 0:
            late += on_beat_ms
        if drifts:
            beat = (first_tick + written) / PPQ
            index = int(beat)
            now = drifts[index - drift_from]
            late += drift * (now + (drifts[index - drift_from + 1] - now) * (beat - index))
        bar = first_tick + written // bar_ticks * bar_ticks
        if until is not None and bar > until:
            break
        latest = bar + bar_ticks - 1
        # Inside the bar it is written in; a hand does not overtake itself.
        start = first_tick + written + chord[0].late + round(late * ticks_per_ms)
        earliest = before + 1 if before >= bar else bar
        if start < earliest:
            start = earliest
        if start > latest:
            start = latest
        before = start
        voices, roll = len(chord), random()  # one draw, however many voices there are
        upward = False
        if strum:
            upward = step % strum >= strum // 2
            low, high = _UP_MS if upward else _DOWN_MS
            gap_ms = (low + (high - low) * roll) / max(1, voices - 1)
        else:
            gap_ms = roll * _ROLL_MS
        lift = lifts[place_in_bar]
        if arc:
            at = first_bar + step / bar_steps
            lift = arc * (2.0 * math.sin(math.pi * (at % _ARC_BARS) / _ARC_BARS) - 1.0) + lift
        lift = loudness + lift
        end_step, sounding, length, bare, loud = -1, 0, 0, math.nan, 0.0
        for voice, event in enumerate(chord):
            event_step, event_length, pitch, velocity, count, swell, grace, cents, _ = event
            order = voices - 1 - voice if upward else voice
            begin = min(latest, start + round(order * gap_ms * ticks_per_ms)) if order else start
            if event_step + event_length != end_step:
                end_step = event_step + event_length
                whole, within = divmod(end_step, pair)
                sounding = whole * pair_ticks + within_pair[within] - written
                length = max(_SHORTEST, round(sounding * articulate))
            velocity += lift
            if upward:
                velocity -= 2.5 * order
            if count == 1 and grace is None:  # by far the most
                if velocity != bare:
                    bare = velocity
                    loud = round(
                        _SOFTEST if velocity < _SOFTEST else _LOUDEST if velocity > _LOUDEST else velocity, 1
                    )
                append(new(Note, (begin, length, pitch + up, loud, channel, cents)))
                continue
            if grace is not None:
                crush = round(_GRACE_MS * ticks_per_ms)
                light = min(_LOUDEST, max(_SOFTEST, _GRACE_SHARE * velocity))
                if begin - crush >= bar:
                    append(Note(begin - crush, max(_SHORTEST, crush - 1), grace + up, round(light, 1), channel))
            for stroke in range(count):
                tick = begin + round(sounding * stroke / count)
                if tick > latest:
                    break
                swollen = velocity + (swell * stroke / (count - 1) if count > 1 else 0.0)
                append(Note(tick, max(_SHORTEST, round(sounding * articulate / count)), pitch + up,
                            round(min(_LOUDEST, max(_SOFTEST, swollen)), 1), channel, cents))  # fmt: skip
    return notes


def _chords(events: Sequence[Event]) -> Iterator[tuple[list[Event], int]]:
    """Events of one step together, in their order, and the step of those that follow: after the last, a quarter."""
    step, chord = events[0].step, [events[0]]
    for event in events[1:]:
        if event.step != step:
            yield chord, event.step
            step, chord = event.step, []
        chord.append(event)
    yield chord, step + STEPS


def _drifts(events: Sequence[Event], place: Place) -> tuple[Sequence[float], int]:
    """The band's drift from beat to beat where `events` lie, and its first beat; empty where there is none."""
    if place.seed is None:
        return (), 0
    steps = [event.step for event in events]
    first, last = ((place.first_tick + place.feel.tick(step)) // PPQ for step in (min(steps), max(steps)))
    return drift_line(place.seed, first - 1, last + 3), first - 1


@lru_cache(maxsize=256)
def _bar(pulse: Pulse | None, accent: float, steady: float) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """A bar's steps; by step the velocity gained by the meter's accents, and the share of the wander that is left."""
    if pulse is None:
        return 1, (0.0,), (1.0,)
    backbeats = pulse.backbeats
    lifts: list[float] = []
    for step in range(pulse.steps):
        weight = 0.0
        if accent and step == 0:
            weight = 8.0
        elif accent and step in pulse.beats:
            weight = 4.0 if step in pulse.strong else 0.0
        elif accent:
            weight = -4.5 if step % (STEPS // 2) == 0 else -13.0
        lifts.append(weight * accent)
    return pulse.steps, tuple(lifts), tuple(steady if step in backbeats else 1.0 for step in range(pulse.steps))
