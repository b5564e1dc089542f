"""Sections that stand in another key than their piece: "B/V" is material B in the dominant, "3/i" the third variation
in minor."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from composers.parts.ensemble import lowered, moved, within_key
from composers.parts.passage import Event, Passage, Written

MAJOR_SCALE = 0b101010110101
MINOR_SCALE = 0b010110101101
_DEGREES = {
    "major": {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11},
    "minor": {"i": 0, "ii": 2, "iii": 3, "iv": 5, "v": 7, "vi": 8, "vii": 10},
}
_NAME = re.compile(r"(?P<letter>[A-Z]?)(?P<number>\d*)(?:/(?P<flat>b?)(?P<degree>[ivIV]+))?")


class Place(NamedTuple):
    """Where a section's name says that it stands.

    letter  of its material
    number  of the variation, 0 for none
    up      semitones that its tonic lies above the piece's, -5..6
    minor   its mode
    """

    letter: str
    number: int
    up: int
    minor: bool


@lru_cache(maxsize=512)
def placed(name: str, minor: bool) -> Place:
    """A section's name read in a piece whose mode is minor or not: "B/V", "D/vi", "C/bIII", "2/i", "A"."""
    match = _NAME.fullmatch(name)
    if match is None:
        return Place(name, 0, 0, minor)
    letter, number = match["letter"] or "A", int(match["number"] or 0)
    degree = match["degree"]
    if degree is None:
        return Place(letter, number, 0, minor)
    up = _DEGREES["minor" if minor else "major"][degree.lower()] - (match["flat"] == "b")
    return Place(letter, number, (up + 5) % 12 - 5, degree.islower())


class Local(NamedTuple):
    """A passage in its own key: chords and scales around a tonic of C, the material's name, and where it lies."""

    passage: Passage
    place: Place


def local(passage: Passage) -> Local:
    """A passage as if its own key were C, with that key's scale over every chord."""
    place = placed(passage.name, passage.minor)
    home = lowered(passage, place.up, place.letter)
    scale = MINOR_SCALE if place.minor else MAJOR_SCALE
    return Local(within_key(replace(home, scale=scale, minor=place.minor)), place)


def lane_of(at: Local, part: str, low: int, high: int) -> tuple[int, int]:
    """The keys for a part in its own key's terms, such that it is played in every key that the piece may stand in."""
    own = at.passage.lanes.get(part)
    up = at.place.up
    if own is not None:
        bottom, top = max(low, own.low + 5), min(high, own.high - 6)
        if top - bottom < 12:  # an instrument that lies elsewhere
            bottom, top = own.low + 5, max(own.high - 6, own.low + 17)
        low, high = bottom, top
    return low - up, high - up


def at_home(at: Local, events: list[Event]) -> Written:
    """Events of a section moved to where it stands, sorted."""
    return Written(moved(sorted(events), at.place.up))
