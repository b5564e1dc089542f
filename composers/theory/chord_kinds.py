"""The kinds of chords that have a name, in the order of their use: what analysis and batch work look for."""

from __future__ import annotations

import re

from composers.errors import MusicError
from composers.theory.chord_suffixes import ChordKind, read_kind, steps_of

__all__ = ["NAMES", "QUALITIES", "ChordKind", "kind_of", "read_kind", "steps_of"]


def _catalogue() -> dict[str, str]:
    """Quality -> name in words."""
    named = {
        "": "major triad", "m": "minor triad", "o": "diminished triad", "+": "augmented triad",
        "sus4": "suspended fourth", "sus2": "suspended second", "5": "power chord",
        "(b5)": "major triad with flat fifth", "7": "dominant seventh",
        "maj7": "major seventh", "m7": "minor seventh", "m7b5": "half-diminished seventh", "o7": "diminished seventh",
        "m(maj7)": "minor-major seventh", "7#5": "augmented seventh", "maj7#5": "augmented major seventh",
        "7b5": "dominant seventh with flat fifth", "maj7b5": "major seventh with flat fifth",
        "o(maj7)": "diminished major seventh", "7sus4": "suspended seventh",
        "7sus2": "dominant seventh suspended second",
        "maj7sus4": "major seventh suspended fourth", "6": "major sixth", "m6": "minor sixth", "6/9": "six-nine",
        "m6/9": "minor six-nine", "add9": "added ninth", "madd9": "minor added ninth", "add2": "added second",
        "madd2": "minor added second", "add4": "added fourth", "madd4": "minor added fourth", "add11": "added eleventh",
        "madd11": "minor added eleventh", "add#11": "added sharp eleventh", "sus24": "suspended second and fourth",
        "9": "dominant ninth", "maj9": "major ninth", "m9": "minor ninth", "m9b5": "half-diminished ninth",
        "m7b5b9": "half-diminished minor ninth", "o9": "diminished ninth", "m(maj9)": "minor-major ninth",
        "9#5": "augmented ninth", "maj9#5": "augmented major ninth", "9sus4": "suspended ninth",
        "7b9": "dominant minor ninth", "7#9": "dominant sharp ninth", "7#11": "lydian dominant seventh",
        "7b13": "dominant seventh flat thirteenth", "7sus4b9": "phrygian suspended seventh",
        "maj7#11": "lydian major seventh", "9#11": "lydian dominant ninth", "maj9#11": "lydian major ninth",
        "9b5": "dominant ninth with flat fifth", "11": "dominant eleventh", "maj11": "major eleventh",
        "m11": "minor eleventh", "m11b5": "half-diminished eleventh", "o11": "diminished eleventh",
        "m(maj11)": "minor-major eleventh", "11#5": "augmented eleventh", "maj11#5": "augmented major eleventh",
        "m7add11": "minor seventh with added eleventh", "13": "dominant thirteenth", "maj13": "major thirteenth",
        "m13": "minor thirteenth", "m13b5": "half-diminished thirteenth", "m(maj13)": "minor-major thirteenth",
        "13#5": "augmented thirteenth", "maj13#5": "augmented major thirteenth", "13#11": "lydian dominant thirteenth",
        "maj13#11": "lydian major thirteenth", "13sus4": "suspended thirteenth",
        "13b9": "dominant thirteenth flat ninth",
        "13#9": "dominant thirteenth sharp ninth", "7alt": "altered dominant",
        "13b9#11": "dominant thirteenth flat ninth sharp eleventh",
        "13#9#11": "dominant thirteenth sharp ninth sharp eleventh",
    }  # fmt: skip
    for fifth in ("", "b5", "#5"):  # whatever else can be altered together
        for nine in ("", "b9", "#9", "b9#9"):
            for eleven in ("", "#11"):
                for thirteen in ("", "b13"):
                    signs = fifth + nine + eleven + thirteen
                    named.setdefault("7" + signs, " ".join(["dominant seventh", *_words(signs)]))
    return named


def _words(signs: str) -> list[str]:
    ordinal = {"5": "fifth", "9": "ninth", "11": "eleventh", "13": "thirteenth"}
    return [("flat " if s == "b" else "sharp ") + ordinal[d] for s, d in re.findall(r"([b#])(\d+)", signs)]


NAMES: dict[str, str] = _catalogue()
"""Canonical quality -> its name in words, the more usual first: every kind that analysis and batch work look for.

The parser knows more: whatever the tokens can say together."""
QUALITIES: tuple[str, ...] = tuple(NAMES)
"""The kinds by number, as batch work counts them. New ones go to the end."""
_BY_NAME = {name: quality for quality, name in NAMES.items()}


def kind_of(text: str) -> ChordKind:
    """A kind by any spelling of its suffix ("m7b5", "ø", "-7b5") or by its name ("half-diminished seventh").

    Raises MusicError that says where it stopped understanding.
    """
    suffix = _BY_NAME.get(text.strip().lower(), text)
    kind, end = read_kind(suffix)
    if kind is None or end < len(suffix):
        where = f"from {text[end:]!r} (character {end + 1})" if end < len(text) else "to its end"
        raise MusicError(f"chord quality {text!r} is not understood {where}: write for example m7b5 or minor ninth")
    return kind
