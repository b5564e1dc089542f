"""Names for what was heard as pitch classes: keys with few signs, chords as their key spells them."""

from __future__ import annotations

from functools import lru_cache

from composers.theory.analysis.decoder import LABELS
from composers.theory.chord_kinds import kind_of
from composers.theory.chords import Chord
from composers.theory.pitch import PitchName, of_fifths
from composers.theory.scales import Key

QUALITIES = ("", "m", "o", "+", "7", "maj7", "m7", "m7b5", "o7", "m(maj7)", "7b5", "7#5")
"""The suffix of each of decoder.LABELS."""
_DIMINISHED = frozenset({"diminished", "half-diminished", "fully diminished"})
_FIFTHS = {0: 0, 1: -5, 2: 2, 3: -3, 4: 4, 5: -1, 6: 6, 7: 1, 8: -4, 9: 3, 10: -2, 11: 5}
"""Where a degree lies on the line of fifths above its tonic: mixture is written with flats, the fourth is raised."""
_RAISED = {1: 7, 3: 9, 8: 8}
"""The same for diminished chords, which lead up: #i to ii, #ii to iii, #v to vi."""
_MOST_SIGNS = 7


def home_key(tonic: int, minor: bool, signs: int | None = None) -> Key:
    """The key on a pitch class with the fewest signs (Gb major and Eb minor of the pairs with six), or nearest to a
    signature of `signs` sharps (flats below 0)."""
    offset = 3 if minor else 0
    options = [f for f in range(-_MOST_SIGNS, _MOST_SIGNS + 1) if of_fifths(f + offset).pitch_class == tonic % 12]
    place = min(options, key=lambda f: (abs(f - signs) if signs is not None else abs(f), f))
    return Key(of_fifths(place + offset), "minor" if minor else "major")


@lru_cache(maxsize=4096)
def chord_in(key: Key, root: int, label: int) -> Chord:
    """The chord of decoder.LABELS on a pitch class, spelled as the key spells it."""
    above = (root - key.tonic.pitch_class) % 12
    diminished = LABELS[label] in _DIMINISHED
    if key.mode == "major":
        place = _RAISED.get(above, _FIFTHS[above]) if diminished else _FIFTHS[above]
    else:
        place = _RAISED[1] if diminished and above == 1 else _FIFTHS[above]
    kind = kind_of(QUALITIES[label])
    return Chord(of_fifths(key.tonic.fifths + place), kind.quality, kind.intervals)


def spelled_in(key: Key, pitch_class: int) -> PitchName:
    """The usual name of a pitch class in a key, chromatic notes as leading notes up to 2, 5, 6 and as flats else."""
    above = (pitch_class - key.tonic.pitch_class) % 12
    place = {1: 7, 8: 8}.get(above, _FIFTHS[above]) if key.mode == "major" else _FIFTHS[above]
    return of_fifths(key.tonic.fifths + place)
