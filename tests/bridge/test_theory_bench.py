"""The benchmark of theory: small runs of each part, and what it counts as missed."""

from __future__ import annotations

import sys

import pytest

from bridge.bench import theory


def test_rates_are_measured() -> None:
    found = theory.chord_rate(1)
    assert all(rate > 1000 for rate in found.values())
    assert theory.roman_rate(1) > 1000


def test_one_by_one_every_symbol_is_new() -> None:
    assert len(set(theory.chord_symbols())) == len(theory.chord_symbols())
    found = theory.one_by_one(1)
    assert set(found) == {"chord_us", "roman_us", "roman_reading_us"}
    assert all(us > 0.05 for us in found.values())


def test_the_peer_reads_all_that_it_is_given_and_is_slower() -> None:
    pytest.importorskip("music21", reason="pip install music21")
    theirs, ours = theory.peer(1, most=20), theory.one_by_one(1)
    for name, us in ours.items():
        assert theirs[f"music21_{name}"] > 5 * us


def test_without_music21_its_figures_are_none_and_count_as_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "music21", None)
    assert set(theory.peer(1).values()) == {None}
    assert "chords_vs_music21" in theory.missed({"chords_vs_music21": None})


def test_targets_are_at_least_or_at_most() -> None:
    met = dict(theory.TARGETS)
    assert not theory.missed(met)
    assert list(theory.missed(met | {"import_s": 0.2})) == ["import_s"]
    assert list(theory.missed(met | {"chords_per_s": 1})) == ["chords_per_s"]


def test_imports_are_measured_in_fresh_processes() -> None:
    assert 0 <= theory.import_s("pass", 1) < 1
