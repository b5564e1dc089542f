"""music21 as the oracle of chords: every kind that it knows, on 21 roots, in every inversion.

What we do otherwise, and why:
- 13th chords over a major third leave out the 11th, which music21 stacks in: so do players (Levine: 3 and 11 clash).
- "ob9" is a diminished triad with a flat ninth here; music21 takes a diminished seventh's, ours "o7b9".
- inversions are counted by the notes that a chord has: its second note in the bass is the first inversion also in a
  power chord, a suspended one, a sixth and a 13th, where music21 counts by thirds that are not there.
- the augmented sixths, Tristan, Neapolitan and pedal of music21 are no chord symbols; analysis has them.
"""

from __future__ import annotations

import pytest

from composers.theory.chord_kinds import read_kind
from composers.theory.chords import parse_chord
from composers.theory.pitch import PitchName, parse_pitch_name

NO_SYMBOLS = {"Neapolitan", "Italian", "French", "German", "pedal", "Tristan"}
OTHERWISE = {"power": "5", "seventh-flat-five": "7b5", "diminished-minor-ninth": "o7b9"}
WITHOUT_ELEVENTH = {"major-13th", "dominant-13th", "augmented-major-13th", "augmented-dominant-13th"}
COUNTED_OTHERWISE = {
    *WITHOUT_ELEVENTH, "power", "suspended-second", "suspended-fourth", "suspended-fourth-seventh", "major-sixth",
    "minor-sixth",
}  # fmt: skip
ROOTS = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]


def test_notes_and_inversions_are_music21s() -> None:
    harmony = pytest.importorskip("music21.harmony", reason="pip install music21")
    chords = pytest.importorskip("music21.chord")
    compared = 0
    for kind, (_, abbreviations) in harmony.CHORD_TYPES.items():
        if kind in NO_SYMBOLS:
            continue
        ours = OTHERWISE.get(kind, abbreviations[0])
        for root in ROOTS:
            theirs = harmony.ChordSymbol(root=str(root).replace("b", "-"), kind=kind)
            names = {parse_pitch_name(p.name.replace("-", "b")) for p in theirs.pitches}
            chord = parse_chord(f"{root}{ours}")
            if kind in WITHOUT_ELEVENTH:
                names.remove(root.up(3, 5))
            assert set(chord.notes) == names, (kind, str(root))
            for inversion in range(len(chord.stack)):
                inverted = chord.inverted(inversion)
                notes = inverted.notes_from_bass
                stacked = chords.Chord([f"{n}3".replace("b", "-") for n in notes[:1]]
                                       + [f"{n}4".replace("b", "-") for n in notes[1:]])  # fmt: skip
                stacked.root(str(root).replace("b", "-"))
                assert stacked.bass().name.replace("-", "b") == str(inverted.bass or root)
                if kind not in COUNTED_OTHERWISE:
                    assert stacked.inversion() == inverted.inversion == inversion, (str(inverted), notes)
                compared += 1
            compared += 1
    assert compared > 4000


def test_music21s_abbreviations_are_understood() -> None:
    harmony = pytest.importorskip("music21.harmony", reason="pip install music21")
    unknown = {
        text
        for kind, (_, abbreviations) in harmony.CHORD_TYPES.items()
        if kind not in NO_SYMBOLS
        for text in abbreviations
        if read_kind(text)[0] is None
    }
    assert unknown == {"power", "dom7dim5"}  # words, no symbols
