"""Chords put in place of others: what may stand for a chord, what may come before it, and why.

After Levine (The Jazz Theory Book), Nettles & Graf (The Chord Scale Theory), Kostka & Payne (borrowed chords, secondary
dominants). Functions of values: nothing is changed in place. A Substitution says how many of the following chords it
replaces (a ii-V-I becomes Coltrane's changes whole).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.charts import chord_of
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import PitchName
from composers.theory.progressions import Progression, diatonic_chords
from composers.theory.scales import Key

_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
_FIFTH_UP, _TRITONE_UP = (4, 7), (4, 6)


class Substitution(NamedTuple):
    """What may be played instead.

    name      "tritone", "related ii", "secondary dominant", ...
    chords    the new ones
    replaced  how many of the old ones they stand for, from the one asked about on; 0 where they come before it
    why       in a line
    """

    name: str
    chords: tuple[Chord, ...]
    replaced: int
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {' '.join(map(str, self.chords))}"


def _on(root: PitchName, quality: str) -> Chord:
    return parse_chord(f"{root.plain()}{quality}")


def _is_minor(chord: Chord) -> bool:
    return chord.family in ("minor", "half-diminished", "diminished")


def tritone(dominant: Chord) -> Chord:
    """The dominant a tritone away, with the same third and seventh: Db7 for G7 (spelled a semitone above the goal).

    Raises MusicError for what is no dominant.
    """
    if dominant.family != "dominant":
        raise MusicError(
            f"chord {dominant} has no tritone substitute: give a dominant, with major third and minor seventh"
        )
    return _on(dominant.root.up(*_TRITONE_UP), "7")


def secondary_dominant(target: Chord) -> Chord:
    """The dominant seventh a fifth above: A7 of Dm7; with the flat ninth of a minor goal's key."""
    return _on(target.root.up(*_FIFTH_UP), "7b9" if target.family in ("minor", "half-diminished") else "7")


def related_ii(dominant: Chord, *, minor: bool = False) -> Chord:
    """The supertonic that belongs to a dominant: Dm7 of G7, Dm7b5 where the goal is minor (or the ninth is flat).

    Raises MusicError for what is no dominant.
    """
    if dominant.family not in ("dominant", "suspended"):
        raise MusicError(f"chord {dominant} has no related ii: give a dominant, such as G7")
    dark = minor or 13 in dominant.intervals
    return _on(dominant.root.up(*_FIFTH_UP), "m7b5" if dark else "m7")


def two_five(target: Chord) -> tuple[Chord, Chord]:
    """The ii-V of any chord: Em7b5 A7b9 of Dm7, Dm7 G7 of C."""
    dominant = secondary_dominant(target)
    return related_ii(dominant, minor=_is_minor(target)), dominant


def backdoor(target: Chord) -> tuple[Chord, Chord]:
    """The ii-V from a whole tone below: Fm7 Bb7 of C."""
    dominant = _on(target.root.up(-1, -2), "7")
    return related_ii(dominant), dominant


def leading_diminished(target: Chord) -> Chord:
    """The diminished seventh a semitone below: C#o7 of Dm7."""
    return _on(target.root.up(-1, -1), "o7")


def passing_diminished(before: Chord, after: Chord) -> Chord | None:
    """The diminished seventh between two roots a whole tone apart: C#o7 between C and Dm7, Ebo7 between Em7 and Dm7."""
    gap = (after.root.pitch_class - before.root.pitch_class) % 12
    if gap == 2:
        return _on(after.root.up(-1, -1), "o7")
    if gap == 10:
        return _on(before.root.up(0, -1), "o7")
    return None


def coltrane(two: Chord, five: Chord, one: Chord) -> tuple[Chord, ...]:
    """A ii-V-I by way of tonics a major third apart: Dm7 Eb7 | Abmaj7 B7 | Emaj7 G7 | Cmaj7.

    Raises MusicError where the three are no ii-V-I in major.
    """
    fits = two.family in ("minor", "half-diminished") and five.family == "dominant" and one.family == "major"
    falls = (
        (two.root.pitch_class - five.root.pitch_class) % 12 == 7 == (five.root.pitch_class - one.root.pitch_class) % 12
    )
    if not (fits and falls):
        raise MusicError(f"{two} {five} {one} is no ii-V-I in major: give for example Dm7 G7 Cmaj7")
    tonic = Key(one.root)
    return tuple(chord_of(n, tonic) for n in ("IIm7", "bIII7", "bVImaj7", "VII7", "IIImaj7", "V7", "Imaj7"))


def modal_interchange(key: Key, *, sevenths: bool = True) -> dict[str, tuple[Chord, ...]]:
    """Chords to borrow: by parallel mode, those that the key itself has not."""
    own = set(diatonic_chords(key, sevenths=sevenths))
    found: dict[str, tuple[Chord, ...]] = {}
    for mode in _MODES:
        borrowed = tuple(c for c in diatonic_chords(Key(key.tonic, mode), sevenths=sevenths) if c not in own)
        if borrowed:
            found[mode] = tuple(dict.fromkeys(c.transposed(0, 0) for c in borrowed))
    return found


def _tonic_for(chord: Chord, key: Key) -> list[Substitution]:
    """What has the tonic's third and fifth or root and third."""
    above = (chord.root.pitch_class - key.tonic.pitch_class) % 12
    if above or chord.family not in ("major", "minor"):
        return []
    if chord.family == "major":
        names: tuple[tuple[str, str], ...] = (
            ("IIIm7", "has 3 5 7 9 of the tonic"),
            ("VIm7", "the relative minor"),
            ("I6/9", "a colour"),
            ("#IVm7b5", "opens a turnaround"),
        )
    else:
        names = (("bIIImaj7", "the relative major"), ("bVImaj7", "has 1 b3 of the tonic"), ("Im6/9", "a colour"))
    found = []
    for numeral, why in names:
        other = chord_of(numeral, key)
        if other.quality != chord.quality or other.root != chord.root:
            found.append(Substitution("tonic substitute", (other,), 1, f"{why}; not at the final cadence"))
    return found


def substitutions(chord: Chord, following: Chord | None = None, key: Key | None = None) -> list[Substitution]:
    """What may stand for a chord, or before it, the usual first. `following` and `key` tell more of them.

    Nothing is said about the melody: a tritone substitute clashes with the natural fifth of the dominant above it.
    """
    found: list[Substitution] = []
    if chord.family == "dominant":
        to_minor = following is not None and _is_minor(following)
        found.append(
            Substitution("tritone", (tritone(chord),), 1, "third and seventh stay, the bass falls by semitone")
        )
        found.append(
            Substitution("related ii", (related_ii(chord, minor=to_minor), chord), 1, "the dominant as a ii-V")
        )
        sub = tritone(chord)
        found.append(Substitution("tritone ii-V", (related_ii(sub), sub), 1, "the substitute with a ii of its own"))
        found.append(
            Substitution(
                "altered", (_on(chord.root, "7alt"),), 1, "flat and sharp ninth, sharp eleventh, flat thirteenth"
            )
        )
        found.append(Substitution("suspended", (_on(chord.root, "9sus4"),), 1, "the third is held back"))
        found.append(
            Substitution(
                "leading diminished",
                (_on(chord.root.up(2, 4), "o7"),),
                1,
                "the same chord with a flat ninth, without its root",
            )
        )
        if following is not None and (chord.root.pitch_class - following.root.pitch_class) % 12 == 7 and not to_minor:
            found.append(Substitution("backdoor", backdoor(following), 1, "to the goal from a whole tone below"))
    if chord.family == "minor" and following is not None and following.family == "dominant":
        found.append(
            Substitution("dominant for ii", (_on(chord.root, "7"),), 1, "a secondary dominant of the dominant")
        )
        found.append(Substitution("half-diminished", (_on(chord.root, "m7b5"),), 1, "borrowed from minor"))
    if key is not None:
        found += _tonic_for(chord, key)
        if (chord.root.pitch_class - key.tonic.pitch_class) % 12 == 5 and chord.family == "major":
            found.append(Substitution("minor subdominant", (_on(chord.root, "m6"),), 1, "borrowed from minor"))
            found.append(Substitution("relative", (chord_of("IIm7", key),), 1, "the other subdominant"))
    if chord.family in ("major", "minor", "half-diminished"):
        found.append(Substitution("secondary dominant", (secondary_dominant(chord),), 0, "before it"))
        found.append(Substitution("secondary ii-V", two_five(chord), 0, "before it"))
        found.append(Substitution("leading diminished", (leading_diminished(chord),), 0, "before it"))
    if following is not None and (passing := passing_diminished(chord, following)) is not None:
        found.append(Substitution("passing diminished", (chord, passing), 1, f"on the way to {following}"))
    return found


def reharmonised(progression: Progression, index: int, name: str) -> Progression:
    """The progression with the named substitution at a place; "coltrane" takes a ii-V-I from there on.

    Raises MusicError for a place that there is none, and a name that does not apply there, with those that do.
    """
    chords = progression.chords
    if not 0 <= index < len(chords):
        raise MusicError(f"chord {index} of {len(chords)} does not exist: count from 0")
    if name == "coltrane":
        three: Sequence[Chord] = chords[index : index + 3]
        if len(three) < 3:
            raise MusicError(f"coltrane changes take a ii-V-I: only {len(three)} chords are left from place {index} on")
        end = index + 3 + (chords[index + 3 : index + 4] == chords[index + 2 : index + 3])  # a tonic of two bars
        return progression.replaced(index, coltrane(*three), end)
    following = chords[index + 1] if index + 1 < len(chords) else None
    options = substitutions(chords[index], following, progression.key)
    for option in options:
        if option.name == name:
            new = option.chords if option.replaced else (*option.chords, chords[index])
            return progression.replaced(index, new)
    known = ", ".join(dict.fromkeys(o.name for o in options)) or "none"
    raise MusicError(f"substitution {name!r} does not apply to {chords[index]} at place {index}: choose one of {known}")
