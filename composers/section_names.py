"""What sections are called: by bands, in one word that says which material it is; and for readers.

A section's name is its letter; behind it may stand the degree in whose key it is ("B/V", as classical forms have it) or
the semitones by which it stands higher than its material ("B+2", the last chorus of a song).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_STANDING = re.compile(r"(?P<letter>[^/+]*)(?:/(?P<degree>[#b]*[ivIV]+))?(?:\+(?P<up>-?\d+))?")
_DEGREES: Mapping[str, str] = {
    "i": "in the minor", "I": "in the major", "ii": "in the supertonic", "iii": "in the mediant",
    "III": "in the relative major", "IV": "in the subdominant", "iv": "in the subdominant", "V": "in the dominant",
    "v": "in the dominant", "vi": "in the relative minor", "VI": "in the submediant", "bVI": "in the flat submediant",
    "VII": "in the subtonic",
}  # fmt: skip
_STEPS = {1: "a semitone", 2: "a tone", 3: "a minor third", 4: "a major third", 5: "a fourth", 7: "a fifth"}


def letter_of(name: str) -> str:
    """A section's letter without the key in which it stands: "B/V" and "B+2" are B."""
    found = _STANDING.fullmatch(name)
    return name if found is None else found["letter"]


def label_of(role: str, name: str) -> str:
    """"head A", "verse", "chorus B, a tone up", "second theme B, in the dominant"; of intro and ending the role."""
    if role == name or role in ("intro", "ending"):
        return role
    found = _STANDING.fullmatch(name)
    if found is None:
        return f"{role} {name}"
    words = f"{role} {found['letter']}".rstrip()
    if found["degree"]:
        words += f", {_DEGREES.get(found['degree'], 'in ' + found['degree'])}"
    if found["up"] and (up := int(found["up"])):
        words += f", {_STEPS.get(abs(up), f'{abs(up)} semitones')} {'up' if up > 0 else 'down'}"
    return words
