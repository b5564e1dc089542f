"""Modes: each on twelve keys, with the cents of its scale, by any of its names."""

from __future__ import annotations

from itertools import pairwise

import pytest

from composers.errors import MusicError
from composers.theory.modes import ALIASES, MODES, find_mode, plain_mode
from composers.theory.scale_types import find_scale_type
from composers.theory.scales import Key


def heights(name: str) -> list[float]:
    """Cents of a mode's rising degrees above the tonic."""
    mode = find_mode(name)
    return [mode.height(key) for key in mode.rising]


@pytest.mark.parametrize(("name", "cents"), [
    ("rast", (0, 200, 350, 500, 700, 900, 1050)), ("bayati", (0, 150, 300, 500, 700, 800, 1000)),
    ("saba", (0, 150, 300, 400, 700, 800, 1000)), ("sikah", (0, 150, 350, 550, 700, 850, 1050)),
    ("hijaz", (0, 113.2, 384.9, 498.1, 701.9, 792.5, 996.2)),
    ("rast-turkish", (0, 203.8, 384.9, 498.1, 701.9, 905.7, 1086.8)),
    ("bhairav", (0, 90.2, 386.3, 498.0, 702.0, 792.2, 1088.3)),
    ("yaman", (0, 203.9, 386.3, 590.2, 905.9, 1088.3)), ("malkauns", (0, 315.6, 498.0, 813.7, 1017.6)),
    ("hirajoshi", (0, 203.9, 294.1, 702.0, 792.2)), ("iwato", (0, 90.2, 498.0, 588.3, 996.1)),
    ("slendro", (0, 228, 484, 728, 960)), ("pelog", (0, 137, 446, 575, 687, 820, 1098)),
    ("just-major", (0, 203.9, 386.3, 498.0, 702.0, 884.4, 1088.3)),
    ("pythagorean-major", (0, 203.9, 407.8, 498.0, 702.0, 905.9, 1109.8)),
    ("lydian", (0, 200, 400, 600, 700, 900, 1100)),
])
def test_cents_are_those_of_the_literature(name: str, cents: tuple[float, ...]) -> None:
    assert heights(name) == pytest.approx(cents, abs=0.06)


@pytest.mark.parametrize("name", MODES)
def test_each_is_sound(name: str) -> None:
    mode = MODES[name]
    assert mode.rising[0] == mode.falling[0] == 0 and mode.cents[0] == 0
    for keys in (mode.rising, mode.falling):
        assert all(b > a for a, b in pairwise(keys)) and keys[-1] < 12
        assert all(mode.height(b) > mode.height(a) + 40 for a, b in pairwise(keys)), "degrees are apart, also in cents"
    assert all(abs(c) <= 50 for c in mode.cents)
    assert all(c == 0 or key in mode.keys for key, c in enumerate(mode.cents)), "other keys stay where they are"
    assert set(mode.strong) <= set(mode.keys) and 0 in mode.strong and mode.drone in mode.keys
    assert mode.source or mode.tempered
    assert plain_mode(name) == name == find_mode(name.upper().replace("-", " ")).name


def test_cents_do_not_depend_on_the_tonic() -> None:
    mode = find_mode("rast")
    for tonic in range(12):
        for key in range(24, 96):
            assert mode.off(key, tonic) == mode.cents[(key - tonic) % 12]
    assert mode.off(62 + 4, 2) == -50 and mode.off(62 + 5, 2) == 0


def test_a_measured_gamelan_has_wide_octaves() -> None:
    mode = find_mode("slendro kanyutmesem")
    assert [mode.off(62 + 12 * octave, 2) for octave in (-1, 0, 1, 2)] == [-20, 0, 20, 40]


@pytest.mark.parametrize(("said", "name"), [
    ("Maqam Rast", "rast"), ("maqam-hijaz", "hijaz"), ("raga_yaman", "yaman"), ("in", "miyako-bushi"),
    ("Aeolian", "minor"), ("min'yo", "minyo"), ("just intonation", "just-major"), ("HIJAZ KAR", "hijazkar"),
])
def test_names_as_people_write_them(said: str, name: str) -> None:
    assert find_mode(said).name == name


def test_an_unknown_mode_is_told_what_is_near() -> None:
    with pytest.raises(MusicError, match=r"mode 'hijas' is not known: did you mean .*hijaz"):
        find_mode("hijas")
    assert all(name in MODES for name in ALIASES.values())
    assert not set(ALIASES) & set(MODES)


def test_some_rise_one_way_and_fall_another() -> None:
    rast, todi, desh = map(find_mode, ("rast", "todi", "desh"))
    assert 11 in rast.rising and 10 in rast.falling and 11 not in rast.falling
    assert 7 not in todi.rising and 7 in todi.falling
    assert set(desh.rising) == {0, 2, 5, 7, 11} and set(desh.falling) == {0, 2, 4, 5, 7, 9, 10}


def test_a_key_may_stand_in_a_mode() -> None:
    assert Key.parse("D", "Maqam Hijaz") == Key.parse("D", "hijaz")
    assert Key.parse("D", "hijaz").scale.pitch_classes == {2, 3, 6, 7, 9, 10, 0}
    assert Key.parse("D", "hijaz").fifths in (-2, -1, 0) and Key.parse("C", "ajam").fifths == 0
    assert Key.parse("E", "kurd").fifths == 0, "its notes are E phrygian's"
    assert str(find_scale_type("sikah").on("E")) == "[E, F#-50c, G#-50c, A#-50c, B, C#-50c, D#-50c]"
    with pytest.raises(MusicError, match="mode 'sad' is not known"):
        Key.parse("C", "sad")
