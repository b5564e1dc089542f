"""Chords in arrays: the same as one by one, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from composers.errors import MusicError
from composers.theory import batch
from composers.theory.chord_kinds import QUALITIES
from composers.theory.chords import parse_chord
from composers.theory.pitch import KEYS, spell

ROOTS, KINDS = (a.ravel() for a in np.meshgrid(np.arange(12), np.arange(len(QUALITIES)), indexing="ij"))


def test_masks_are_the_chords_pitch_classes() -> None:
    found = batch.masks(ROOTS, KINDS)
    for mask, root, kind in zip(found.tolist(), ROOTS.tolist(), KINDS.tolist(), strict=True):
        chord = parse_chord(f"{spell(root, flats=True)}{QUALITIES[kind]}")
        assert mask == sum(1 << p for p in chord.pitch_classes)
    assert batch.masks([-12, 0, 24], 0).tolist() == [0b10010001] * 3


def test_there_and_back_is_the_same_notes_and_the_bass_decides_the_root() -> None:
    masks = batch.masks(ROOTS, KINDS)
    roots, kinds = batch.chords(masks)
    assert (batch.masks(roots, kinds) == masks).all()
    roots, kinds = batch.chords(masks, ROOTS)
    assert (roots == ROOTS).all() and (batch.masks(roots, kinds) == masks).all()
    assert (kinds <= KINDS).all()  # the more usual of the kinds with these notes


def test_ambiguous_and_unknown_masks() -> None:
    c6 = int(batch.masks(0, batch.kind_index("6")))
    for bass, name in ((0, (0, "6")), (9, (9, "m7")), (4, (9, "m7"))):
        root, kind = batch.chords([c6], [bass])
        assert (int(root[0]), QUALITIES[int(kind[0])]) == name
    assert {(r, QUALITIES[k]) for r, k in batch.every_chord(c6)} == {(0, "6"), (9, "m7")}
    roots, kinds = batch.chords([0, 0b111])
    assert roots.tolist() == kinds.tolist() == [batch.NO_CHORD] * 2
    assert batch.every_chord(0) == ()


def test_spelling_is_the_chords_own() -> None:
    names = [parse_chord(k + "7").root for k in KEYS]
    for kind, quality in enumerate(QUALITIES):
        rows = batch.spelled([n.fifths for n in names], kind)
        for name, row in zip(names, rows, strict=True):
            assert batch.names(row) == parse_chord(f"{name}{quality}").notes
            sounding = batch.pitch_classes_of(row[row != batch.NO_NOTE])
            assert sounding.tolist() == [n.pitch_class for n in batch.names(row)]


def test_symbols_to_arrays() -> None:
    roots, kinds = batch.encode(["Am7", "D-7", parse_chord("G7alt"), "CΔ/E"])
    assert roots.tolist() == [9, 2, 7, 0] and [QUALITIES[k] for k in kinds] == ["m7", "m7", "7alt", "maj7"]
    assert [a.size for a in batch.encode([])] == [0, 0]


def test_errors() -> None:
    for call, words in (
        (lambda: batch.masks(0, len(QUALITIES)), "chord kinds from"),
        (lambda: batch.masks(0, -1), "chord kinds from -1"),
        (lambda: batch.chords([4096]), "masks from 4096 to 4096"),
        (lambda: batch.kind_index("7add6no3"), "'7add6no3' is not in the catalogue"),
        (lambda: batch.kind_index("hm"), "'hm' is not understood from 'hm'"),
    ):
        with pytest.raises(MusicError, match=words):
            call()
