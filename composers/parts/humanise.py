"""From the page to the hand: swing, micro-timing that wanders as people's does, velocities that breathe.

Timing is in ticks, because clips do not know the tempo: a millisecond is taken at 140 beats a minute. Figures:
Groove MIDI (deviation and lag-1 autocorrelation by instrument), Weimar Jazz Database (soloists lie behind the beat).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from composers.dice import Dice
from composers.harmony import STEPS
from composers.parts.passage import Event
from composers.score import PPQ, Note, Span

TICKS_PER_MS = 140 * PPQ / 60_000
_WANDER = 0.6
"""Lag-1 autocorrelation of human timing (.40 to .73 by style)."""

_ROLL_MS = 3.0
"""The most by which the next voice of a chord comes after the one below."""

_STEP = PPQ // STEPS


class Hand(NamedTuple):
    """How an instrument is played.

    shift_ms    behind (+) or before (-) the beat
    beat_ms     the same, in addition, for notes on the beat
    spread_ms   standard deviation of the wander around that
    velocity    standard deviation of the velocity's wander
    articulate  sounding share of the written length
    swing       how much of the swing it takes: 1 = all
    """

    shift_ms: float
    beat_ms: float = 0.0
    spread_ms: float = 7.0
    velocity: float = 5.0
    articulate: float = 0.9
    swing: float = 1.0


LEAD = Hand(3.0, 14.0, 7.0, 5.0, 0.88, 0.9)
COMP = Hand(4.0, 0.0, 6.0, 4.0, 0.9)
BASS = Hand(4.0, 0.0, 5.0, 4.0, 0.92)
RIDE = Hand(2.0, 0.0, 5.0, 4.0)
SNARE = Hand(0.0, 0.0, 8.0, 4.0)
KICK = Hand(-2.0, 0.0, 6.0, 3.0)
PEDAL_HAT = Hand(-8.0, 0.0, 4.0, 3.0)


def swung(step: int, swing: float) -> int:
    """The tick of a step: off-beat eighths at `swing` of the beat, triplets where they are, sixteenths in between."""
    beat, within = divmod(step, STEPS)
    if within in (0, 4, 8):
        return beat * PPQ + within * _STEP
    half = STEPS // 2
    if within <= half:
        return beat * PPQ + round(PPQ * swing * within / half)
    return beat * PPQ + round(PPQ * (swing + (1.0 - swing) * (within - half) / half))


def play(
    events: Sequence[Event], hand: Hand, first_tick: int, bar_ticks: int, swing: float, channel: int, draw: Dice
) -> list[Note]:
    """Events (sorted, steps from `first_tick`) as notes: each starts inside the bar it is written in.

    Events of one step are one stroke and share its deviation, rolled from the bottom by a few milliseconds. What is
    drawn depends on the strokes alone, not on how many voices each has.
    """
    share = 0.5 + (swing - 0.5) * hand.swing
    notes: list[Note] = []
    wander = draw.normal(hand.spread_ms)
    loudness = draw.normal(hand.velocity)
    step = -1
    for event in events:
        if event.step != step:
            step = event.step
            wander = _WANDER * wander + draw.normal(0.8 * hand.spread_ms)
            loudness = _WANDER * loudness + draw.normal(0.8 * hand.velocity)
            written = swung(step, share)
            late = hand.shift_ms + wander + (hand.beat_ms if step % STEPS == 0 else 0.0)
            bar = first_tick + written // bar_ticks * bar_ticks
            earliest, latest = bar, bar + bar_ticks - 1
            start = first_tick + written + round(late * TICKS_PER_MS)
            roll, voice = draw.random() * _ROLL_MS * TICKS_PER_MS, 0
        else:
            voice += 1
        begin = min(latest, max(earliest, start + round(voice * roll)))
        length = max(30, round((swung(event.end, share) - written) * hand.articulate))
        velocity = min(126.0, max(8.0, event.velocity + loudness))
        notes.append(Note(begin, length, event.pitch, round(velocity, 1), channel))
    return notes


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


def of_bar(notes: Sequence[Note], span: Span) -> list[Note]:
    """The notes that start within a bar."""
    return [note for note in notes if span.start <= note.start < span.end]
