"""Keys by profiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.score import PPQ, Note
from composers.theory.analysis.keys import PROFILES, correlations, find_key, key_course, scale_of
from composers.theory.scales import Key, scale


def scale_notes(key: Key, start: int = 0) -> list[Note]:
    """Up the scale from the tonic and home again, a quarter each."""
    low = 60 + key.tonic.pitch_class
    steps = [*key.scale.intervals, 12, 7, 4 if key.mode == "major" else 3, 0]
    return [Note(start + i * PPQ, PPQ, low + s, 80.0) for i, s in enumerate(steps)]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_finds_scales_that_come_home(profile: str) -> None:
    for tonic in ("C", "D", "Eb", "F#", "A", "Bb"):
        for mode in ("major", "minor"):
            key = Key.parse(tonic, mode)
            guess = find_key(scale_notes(key), profile)[0]
            assert (guess.key.tonic.pitch_class, guess.key.mode) == (key.tonic.pitch_class, mode)
            assert 0.5 < guess.correlation <= 1


@given(st.lists(st.floats(0, 1), min_size=12, max_size=12), st.integers(0, 11))
def test_transposing_turns_the_correlations(weights: list[float], up: int) -> None:
    given_, turned = (np.array([w], np.float32) for w in (weights, np.roll(weights, up)))
    before, after = correlations(given_)[0].reshape(12, 2), correlations(turned)[0].reshape(12, 2)
    assert np.allclose(np.roll(before, up, axis=0), after, atol=1e-4)


def test_profiles_are_those_that_music21_prints() -> None:
    discrete = pytest.importorskip("music21.analysis.discrete", reason="pip install music21")
    for name, theirs in (("krumhansl-kessler", discrete.KrumhanslKessler),
                         ("temperley-kostka-payne", discrete.TemperleyKostkaPayne)):  # fmt: skip
        for mode, ours in zip(("major", "minor"), PROFILES[name], strict=True):
            assert list(ours) == theirs().getWeights(mode)


def test_a_modulation_is_followed() -> None:
    notes = [n for i in range(4) for n in scale_notes(Key.parse("C"), i * 11 * PPQ)]
    notes += [n for i in range(4, 8) for n in scale_notes(Key.parse("E"), i * 11 * PPQ)]
    assert [str(s.key.tonic) for s in key_course(notes)] == ["C", "E"]
    change = key_course(notes)[1].span.start
    assert abs(change - 44 * PPQ) <= 8 * PPQ


@pytest.mark.parametrize(("tonic", "mode", "name"), [
    ("C", "major", "major"), ("G", "major", "mixolydian"), ("F", "major", "lydian"), ("A", "minor", "minor"),
    ("D", "minor", "dorian"), ("E", "minor", "phrygian"), ("A", "minor", "harmonic minor"),
    ("A", "minor", "melodic minor"),
])  # fmt: skip
def test_modes_are_told_by_their_notes(tonic: str, mode: str, name: str) -> None:
    key = Key.parse(tonic, mode)
    weights = np.zeros(12, np.float32)
    weights[list(scale(key.tonic.pitch_class, name).pitch_classes)] = 1
    assert scale_of(weights, key).name == name


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(MusicError, match="krumhansl-kessler"):
        find_key([60], "krumhansl")
