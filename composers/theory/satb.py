"""What part-writing knows of a chord where it stands: which notes must sound, which move where, which to double.

After Kostka & Payne, Tonal Harmony (part-writing chapters), and Aldwell & Schachter, Harmony and Voice Leading. Pure
functions of chord, following chord and key; the search (`voice_leading`) and the checker (`voice_rules`) both ask here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.theory.chord_shapes import available
from composers.theory.chords import Chord
from composers.theory.intervals import Interval
from composers.theory.pitch import KEYS, PitchName, parse_pitch_name
from composers.theory.scales import Key

_TENSION_STEPS = (0, 1, 1, 1, 2, 3, 3, 4, 5, 5, 6, 6)
"""Letters of b9 9 #9 3 11 #11 5 b13 13 b7 7 above the root, for colours that a symbol does not name."""
_DOMINANT, _LEADING = 7, 11
_TELLING = (20, 21, 15, 13, 18, 17, 14)
"""Tensions by what they tell of a chord that has more of them than voices: thirteenths, altered ninths, the rest."""
_UP: tuple[Interval, ...] = (Interval(1, 1), Interval(0, 0), Interval(0, -1))
_DOWN: tuple[Interval, ...] = (Interval(-1, -1), Interval(-1, -2), Interval(0, 0), Interval(0, -1))


class Member(NamedTuple):
    """A note that a chord may sound with.

    role      "root", "third" (or suspension), "fifth", "seventh" (or sixth), "tension", "bass" (foreign) or "colour"
    doubling  what a second one costs, 0 for the best; None where it may not be doubled
    """

    name: PitchName
    role: str
    doubling: int | None


class Duty(NamedTuple):
    """A note that must move somewhere: the voice which has it takes one of these intervals (none: it is free)."""

    name: PitchName
    kind: str
    ways: tuple[Interval, ...]


class Members(NamedTuple):
    """All that may sound in a chord, by importance, and how many of the first are needed."""

    notes: tuple[Member, ...]
    needed: frozenset[PitchName]
    bass: PitchName


def intervals_with_steps(chord: Chord) -> tuple[tuple[PitchName, int, int], ...]:
    """(name, semitones above the root, letters above the root) of each note."""
    return tuple(zip(chord.notes, chord.intervals, chord.steps, strict=True))


def _role(steps: int, semitones: int, chord: Chord) -> str:
    if steps == 0:
        return "root"
    if steps == 2 or (chord.family == "suspended" and semitones in (2, 5)):
        return "third"
    if steps == 4 and semitones < 12:
        return "fifth"
    if (steps == 6 or steps == 5) and semitones < 12:
        return "seventh"
    return "tension"


def seventh_of(chord: Chord) -> PitchName | None:
    """The note that is dissonant as a seventh over the root; a sixth chord has none."""
    return next((n for n, semitones, steps in intervals_with_steps(chord) if steps == 6 and semitones < 12), None)


@lru_cache(maxsize=4096)
def leading_tones(chord: Chord, key: Key | None) -> frozenset[PitchName]:
    """The notes of a chord that lead up a semitone.

    The key's own in V and VII (in minor in every chord that has it); the third of a dominant seventh; a major third
    that the key does not have (an applied dominant); the root of a diminished chord but on the second degree.
    """
    found: set[PitchName] = set()
    tonic = key.tonic if key else None
    degree = (chord.root.pitch_class - tonic.pitch_class) % 12 if tonic else None
    diatonic = key.scale.pitch_classes if key else frozenset(range(12))
    for name, semitones, steps in intervals_with_steps(chord):
        if tonic is not None and name == tonic.up(-1, -1):
            if degree in (_DOMINANT, _LEADING) or (name.pitch_class not in diatonic):
                found.add(name)
        elif steps == 2 and semitones == 4:
            if 10 in chord.intervals or name.pitch_class not in diatonic:
                found.add(name)
        elif steps == 0 and chord.family in ("diminished", "half-diminished") and degree != 2:
            found.add(name)
    return frozenset(found)


@lru_cache(maxsize=4096)
def duties(chord: Chord, following: Chord, key: Key | None) -> tuple[Duty, ...]:
    """What the tendency notes of `chord` must do before `following`.

    A leading tone rises a semitone, a seventh (ninth, suspended fourth) falls a step; each may stay where the next
    chord has it, and sink or rise a chromatic semitone under the same letter. Where the next chord offers none of
    these, or is the same harmony in another position with the note still in it, the note is free.
    """
    after = set(following.notes) | ({following.bass} if following.bass else set())
    same = following.root == chord.root and following.family == chord.family
    found: list[Duty] = []
    leads = leading_tones(chord, key)
    notes = intervals_with_steps(chord)
    low = chord.root.interval_to(chord.bass) if chord.bass else None
    if chord.bass and low and chord.bass not in chord.notes and low.steps == 6:  # C/Bb is C7 with its seventh below
        notes = (*notes, (chord.bass, low.semitones, low.steps))
    for name, semitones, steps in notes:
        if name in leads:
            kind, wishes = "leading tone", _UP
        elif (steps == 6 and semitones < 12) or steps == 8 or (steps == 3 and chord.family == "suspended"):
            kind, wishes = "seventh", _DOWN
        else:
            continue
        if same and name in after:
            continue
        ways = tuple(w for w in wishes if name.up(w.steps, w.semitones) in after)
        if ways:
            found.append(Duty(name, kind, ways))
    return tuple(found)


@lru_cache(maxsize=4096)
def members(chord: Chord, key: Key | None, voices: int, *, bass: bool = True, colours: bool = False) -> Members:
    """The notes of a chord for so many voices, most important first, and those of them that must be there.

    The third and the seventh tell what it is, a diminished or augmented fifth, too; then the tensions that it names,
    most telling first, then the root, last a perfect fifth: that is left out first. An inverted triad or seventh has
    all its notes. With `colours` a pianist's additions may stand for root and fifth.
    """
    low = chord.bass or chord.root
    leads, seventh = leading_tones(chord, key), seventh_of(chord)
    six_four = chord.inversion == 2 and seventh is None
    diminished = chord.family in ("diminished", "half-diminished")
    found: list[tuple[int, Member]] = []
    for name, semitones, steps in intervals_with_steps(chord):
        role = _role(steps, semitones, chord)
        if name in leads or name == seventh or role == "tension" or (role == "third" and chord.family == "suspended"):
            doubling = None
        elif six_four:
            doubling = 0 if role == "fifth" else 2
        elif diminished:
            doubling = 0 if role == "third" else 2
        else:
            doubling = {"root": 0, "fifth": 1, "third": 2}.get(role, 1)
        altered = role == "fifth" and semitones != 7
        rank = {"third": 0, "seventh": 1, "fifth": 2 if altered else 5, "tension": 3, "root": 2}[role]
        if role == "root" and (colours or len(chord.intervals) > 4):
            rank = 4
        told = _TELLING.index(semitones) if semitones in _TELLING else len(_TELLING)
        found.append((rank * 100 + (told if role == "tension" else 0), Member(name, role, doubling)))
    notes = [m for _, m in sorted(found, key=lambda one: one[0])]
    names = {m.name for m in notes}
    whole = len(chord.intervals) <= min(4, voices) and chord.inversion and not colours
    needed: list[PitchName] = []
    if bass:
        needed.append(low)
        if low not in names:
            notes.append(Member(low, "bass", None))
    for member in notes:
        optional = member.role == "fifth" and member.name.pitch_class == (chord.root.pitch_class + 7) % 12
        same = any(name.pitch_class == member.name.pitch_class for name in needed)  # itself, or #5 beside b13
        if same or (optional and not whole) or (colours and member.role == "root"):
            continue
        if len(needed) < voices and (voices > 2 or not bass):  # over a bass one voice cannot have both
            needed.append(member.name)
    if colours:
        notes += _colours(chord)
    return Members(tuple(notes), frozenset(needed), low)


def _colours(chord: Chord) -> list[Member]:
    """Tensions that the symbol does not name but takes without a clash (Nettles & Graf)."""
    named = {n.pitch_class for n in chord.notes}
    return [
        Member(chord.root.up(_TENSION_STEPS[above], above), "colour", None)
        for above in sorted(available(chord))
        if (chord.root.pitch_class + above) % 12 not in named
    ]


@lru_cache(maxsize=1)
def _all_keys() -> tuple[tuple[Key, frozenset[int]], ...]:
    found = []
    for tonic in KEYS:
        name = parse_pitch_name(tonic)
        for mode in ("major", "minor"):
            key = Key(name, mode)
            if abs(key.fifths) <= 7:
                raised = {(name.pitch_class + 11) % 12} if mode == "minor" else set()
                found.append((key, frozenset(key.scale.pitch_classes | raised)))
    return tuple(found)


def likely_key(chords: Sequence[Chord]) -> Key | None:
    """The major or minor key that names most of the chords' notes; of equals the one whose tonic closes, or opens.

    A guess for those who name no key, from the symbols alone (analysis finds keys that change). None for no chords.
    """
    if not chords:
        return None
    notes = Counter(n for chord in chords for n in chord.notes)

    def fit(one: tuple[Key, frozenset[int]]) -> tuple[int, int, int]:
        key, scale = one
        inside = sum(times for n, times in notes.items() if n.pitch_class in scale)
        minor = key.mode == "minor"
        tonics = sum(c.root == key.tonic and (c.family == "minor") == minor for c in (chords[0], chords[-1]))
        spelled = -sum(times * abs(n.fifths - key.fifths - 2) for n, times in notes.items())
        return inside + tonics, spelled, -abs(key.fifths)

    return max(_all_keys(), key=fit)[0]
