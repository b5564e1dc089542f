"""How two voices move from one moment to the next: the kinds of motion, consecutive and direct intervals, overlaps.

Terms as in Aldwell & Schachter, Harmony and Voice Leading, and Kostka & Payne, Tonal Harmony. Pure functions.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from composers.theory.intervals import Interval
from composers.theory.pitch import Pitch


class Move(NamedTuple):
    """A lower and an upper voice (as written: they may cross), before and after."""

    low: Pitch
    high: Pitch
    next_low: Pitch
    next_high: Pitch

    @property
    def before(self) -> Interval:
        return self.low.interval_to(self.high)

    @property
    def after(self) -> Interval:
        return self.next_low.interval_to(self.next_high)

    @property
    def motion(self) -> str:
        """ "none", "oblique" (one voice stays), "contrary", "parallel" (same interval number) or "similar"."""
        below, above = _direction(self.low, self.next_low), _direction(self.high, self.next_high)
        if not below and not above:
            return "none"
        if not below or not above:
            return "oblique"
        if below != above:
            return "contrary"
        return "parallel" if self.before.steps == self.after.steps else "similar"

    def consecutive(self) -> str | None:
        """ "P5", "P8" or "P1", where both voices move from one to the same (in whatever octave); else None.

        By contrary motion (a fifth to a twelfth) they count, too. A unison that becomes an octave, or the other way
        round, is "P8": only unison to unison is "P1".
        """
        if self.low == self.next_low or self.high == self.next_high or self.motion in ("none", "oblique"):
            return None
        first, second = perfect(self.before), perfect(self.after)
        if first is None or second is None or (first == "P5") != (second == "P5"):
            return None
        return first if first == second else "P8"

    def direct(self) -> str | None:
        """ "P5", "P8" or "P1", where both voices go the same way into one from another interval (hidden, exposed)."""
        if self.motion not in ("similar", "parallel") or self.consecutive():
            return None
        return perfect(self.after)

    def unequal_fifths(self) -> bool:
        """A diminished fifth that moves in similar motion to a perfect one."""
        return (
            self.motion in ("similar", "parallel")
            and (self.before.steps % 7, self.before.semitones % 12) == (4, 6)
            and perfect(self.after) == "P5"
        )

    def overlap(self) -> bool:
        """The lower voice goes above where the upper one was, or the upper one below where the lower one was."""
        return self.next_low.midi > self.high.midi or self.next_high.midi < self.low.midi

    def crossing(self) -> bool:
        """The lower voice sounds above the upper one, before or after."""
        return self.low.midi > self.high.midi or self.next_low.midi > self.next_high.midi


def _direction(before: Pitch, after: Pitch) -> int:
    """1 up, -1 down, 0 where nothing but perhaps the spelling changes."""
    return (after.midi > before.midi) - (after.midi < before.midi)


def perfect(interval: Interval) -> str | None:
    """ "P1", "P5" or "P8" without octaves ("P8" for two as well), as spelled; None for any other interval."""
    spelled = (abs(interval.steps) % 7, abs(interval.semitones) % 12)
    if spelled == (4, 7):
        return "P5"
    if spelled == (0, 0):
        return "P8" if interval.steps else "P1"
    return None


def melodic(before: Pitch, after: Pitch) -> Interval:
    """What one voice sings."""
    return before.interval_to(after)


def is_augmented(interval: Interval) -> bool:
    """Augmented second, fourth, fifth ...; a chromatic semitone (A1) is none of the forbidden ones."""
    if interval.steps == 0:
        return abs(interval.semitones) > 1
    return interval.quality.startswith("A")


def is_diminished(interval: Interval) -> bool:
    return interval.steps != 0 and interval.quality.startswith("d")


def moves(before: tuple[Pitch, ...], after: tuple[Pitch, ...]) -> tuple[tuple[int, int, Move], ...]:
    """Every pair of voices (their indices, the lower first) of two voicings, lowest voice first."""
    return tuple(
        (i, j, Move(before[i], before[j], after[i], after[j]))
        for i in range(len(before))
        for j in range(i + 1, len(before))
    )


def total_motion(voicings: tuple[tuple[Pitch, ...], ...]) -> int:
    """Semitones that all voices move together over a passage."""
    return sum(abs(b.midi - a.midi) for one, two in pairwise(voicings) for a, b in zip(one, two, strict=True))
