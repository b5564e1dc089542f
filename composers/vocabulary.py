"""Words that people say for a genre's music, each with what it says in the genre's own terms.

Every genre brings its own (StyledGenre.words); what reads requests knows none of them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from composers.composer import find_genre, genre_names
from composers.instrumentation import plain

LONGEST = 4
"""Words of a phrase, at most."""

Words = Mapping[str, str]
"""Phrases as people write them, with hyphens between their words ("power-ballad"), and what they stand for: words of a
request ("ballad powerful", "up", "trance 142 bpm"); "" where they only name the genre."""


@runtime_checkable
class Worded(Protocol):
    """A genre that has words of its own."""

    @property
    def words(self) -> Words: ...


def words_of(genre: str) -> dict[str, str]:
    """A genre's own words; none where it has none. Raises MusicError for a genre that is not known."""
    found = find_genre(genre)
    return dict(found.words) if isinstance(found, Worded) else {}


def speaking(said: Sequence[str]) -> str | None:
    """The genre of whose phrases the longest is said, of two the first by name; None: nothing is."""
    best: tuple[int, str] | None = None
    for name in genre_names():
        for phrase in words_of(name):
            at = place_of(phrase, said)
            if at is not None and (best is None or at[1] - at[0] > best[0]):
                best = at[1] - at[0], name
    return best[1] if best else None


def translated(said: Sequence[str], words: Words) -> tuple[list[str], list[str]]:
    """What is said without a genre's phrases, the longest first, and what these stand for, word by word."""
    left = list(said)
    meant: list[str] = []
    for phrase in sorted(words, key=lambda phrase: (-phrase.count("-"), -len(phrase))):
        at = place_of(phrase, left)
        if at is not None:
            del left[at[0] : at[1]]
            meant += [word for word in words[phrase].split() if word not in (*left, *meant)]
    return left, meant


def place_of(phrase: str, said: Sequence[str]) -> tuple[int, int] | None:
    """Where among the words a phrase is said, from and to, with hyphens, spaces or neither; the longest way first."""
    wanted = plain(phrase).replace("-", "")
    for size in range(LONGEST, 0, -1):
        for start in range(len(said) - size + 1):
            if "".join(said[start : start + size]).replace("-", "") == wanted:
                return start, start + size
    return None
