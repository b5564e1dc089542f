"""Substitutions in solo choruses: what a rhythm section agrees on with a glance, more of it with `complexity`.

The chart of a head stays as it is written: nothing clashes with the tune. Choices are drawn by place in the piece and
depend on functions alone, so that another key gives the same ones. What may stand for what: composers.theory's
substitutions (Levine, Nettles & Graf); after a dominant, roots fall by a fifth .60 and a semitone .10 in 2,614 tunes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composers.dice import Dice, dice
from composers.harmony import Bar
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import PitchName
from composers.theory.substitutions import backdoor, coltrane, passing_diminished, related_ii

_TRITONE = 0.14
_RELATED_II = 0.16
_BACKDOOR = 0.07
_PASSING = 0.12
_MINOR_FOUR = 0.15
_ALTERED = 0.2
_COLTRANE_FROM = 0.7
"""Complexity from which a ii-V-I may go by major thirds."""


def reharmonised(bars: Sequence[Bar], complexity: float, *identity: int | str) -> tuple[Bar, ...]:
    """The same bars with some chords replaced: none at complexity 0, the style's own measure at .5, twice that at 1."""
    draw = dice(*identity, "substitutions")
    found = list(bars)
    measure = 2.0 * complexity
    if complexity >= _COLTRANE_FROM:
        _by_thirds(found, complexity, draw)
    for index in range(len(found)):
        following = found[index + 1][0] if index + 1 < len(found) else None
        for change, share in _CHANGES:
            if draw.chance(min(0.9, share * measure)):
                changed = change(found[index], following)
                if changed is not None:
                    found[index] = changed
                    break
    return tuple(found)


Change = Callable[[Bar, Chord | None], Bar | None]


def _tritone(bar: Bar, following: Chord | None) -> Bar | None:
    """The last chord, a dominant that falls a fifth, from a semitone above its goal."""
    if following is None or not _falls(bar[-1], following):
        return None
    return (*bar[:-1], _on(following.root.up(1, 1), "7#11"))


def _with_ii(bar: Bar, following: Chord | None) -> Bar | None:
    """A bar of a dominant as a ii-V."""
    chord = bar[0]
    if len(bar) > 1 or chord.family != "dominant":
        return None
    minor = following is not None and following.family in ("minor", "half-diminished") and _falls(chord, following)
    return (related_ii(chord, minor=minor), chord)


def _by_the_backdoor(bar: Bar, following: Chord | None) -> Bar | None:
    """ii-V home to major, from a whole tone below instead."""
    if following is None or following.family != "major" or not _falls(bar[-1], following):
        return None
    four, flat_seven = backdoor(following)
    return (four, flat_seven) if len(bar) > 1 else (flat_seven,)


def _passing(bar: Bar, following: Chord | None) -> Bar | None:
    """A diminished seventh between roots a whole tone apart."""
    if following is None or len(bar) > 1 or bar[0].family not in ("major", "minor"):
        return None
    between = passing_diminished(bar[0], following)
    return None if between is None else (bar[0], between)


def _minor_four(bar: Bar, following: Chord | None) -> Bar | None:
    """Subdominant, minor subdominant, home: a bar of major whose chord is followed a fifth below or on the third."""
    if following is None or len(bar) > 1 or bar[0].family != "major" or following.family == "dominant":
        return None
    if (bar[0].root.pitch_class - following.root.pitch_class) % 12 not in (5, 1):
        return None
    return (bar[0], _on(bar[0].root, "m6"))


def _altered(bar: Bar, following: Chord | None) -> Bar | None:
    chord = bar[-1]
    if following is None or not _falls(chord, following) or len(chord.intervals) > 4:
        return None
    return (*bar[:-1], _on(chord.root, "7alt"))


_CHANGES: tuple[tuple[Change, float], ...] = (
    (_tritone, _TRITONE), (_with_ii, _RELATED_II), (_by_the_backdoor, _BACKDOOR), (_passing, _PASSING),
    (_minor_four, _MINOR_FOUR), (_altered, _ALTERED),
)  # fmt: skip


def _falls(dominant: Chord, following: Chord) -> bool:
    """Whether a dominant resolves down a fifth."""
    falls = (dominant.root.pitch_class - following.root.pitch_class) % 12
    return dominant.family == "dominant" and falls == 7


def _by_thirds(bars: list[Bar], complexity: float, draw: Dice) -> None:
    """Four bars of ii | V | I | I by tonics a major third apart."""
    for index in range(len(bars) - 3):
        four = bars[index : index + 4]
        if any(len(bar) > 1 for bar in four) or four[2][0].root != four[3][0].root:
            continue
        two, five, one = (bar[0] for bar in four[:3])
        fits = two.family == "minor" and five.family == "dominant" and one.family == "major"
        falls = _falls(five, one) and (two.root.pitch_class - five.root.pitch_class) % 12 == 7
        if fits and falls and draw.chance(2.0 * (complexity - 0.5)):
            a, b, c, d, e, f, home = coltrane(two, five, one)
            bars[index : index + 4] = [(a, b), (c, d), (e, f), (home,)]


def _on(root: PitchName, quality: str) -> Chord:
    return parse_chord(f"{root.plain()}{quality}")
