"""Against human analyses of the test split, and beside music21 on the same pieces (a part of evaluate.py).

Needs the shared data ($SIDEMAN_DATA, default ../shared/data beside the checkout) and music21; skipped where they are
not there. The floors lie a little under what was measured.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("music21", reason="pip install music21")

import evaluate
import human_analyses as human
from learn_harmony import is_dev

PIECES = 10
"""Chorales of the test split that music21 analyses too: it takes a second each."""


def _pieces(corpus: str, count: int) -> list[human.Piece]:
    try:
        return evaluate.selected(corpus, limit=count)
    except human.DataMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def chorales() -> list[human.Piece]:
    return _pieces("chorales", PIECES)


def scored(pieces: list[human.Piece]) -> evaluate.Score:
    score = evaluate.Score()
    for piece in pieces:
        score.add(piece.labels, evaluate.ours(piece))
    return score


def test_chorales_are_read_as_people_read_them_and_far_better_than_music21_does(chorales: list[human.Piece]) -> None:
    own, theirs = scored(chorales), evaluate.Score()
    for piece in chorales:
        theirs.add(piece.labels, evaluate.music21s(piece))
    assert own.pieces == PIECES
    for measure, floor in FLOORS.items():
        assert own[measure] >= floor, (measure, own[measure])
        assert own[measure] > theirs[measure], (measure, own[measure], theirs[measure])
    assert own["deg+qual"] >= theirs["deg+qual"] + 0.25
    assert own["key"] >= theirs["key"] + 0.15


FLOORS = {"root": 0.93, "quality": 0.92, "bass": 0.93, "key": 0.84, "degree": 0.79, "deg+qual": 0.78, "roman": 0.76}


def test_phrases_end_where_the_fermatas_are(chorales: list[human.Piece]) -> None:
    score = evaluate.PhraseScore()
    for piece in chorales:
        score.add(piece, evaluate.analyze_harmony(evaluate.notes_of(piece), evaluate.meters_of(piece)))
    assert score.wanted > 30
    assert score.hits / score.found >= 0.85
    assert score.hits / score.wanted >= 0.65


def test_keys_are_found_better_than_by_any_profile(chorales: list[human.Piece]) -> None:
    keys = evaluate.KeyScore()
    for piece in chorales:
        analysis = evaluate.analyze_harmony(evaluate.notes_of(piece), evaluate.meters_of(piece))
        keys.add(piece, evaluate.claims_of(analysis), (analysis.key.tonic.pitch_class, analysis.key.mode))
    best = max(share for name, share in keys.time.items() if name != "analyze_harmony")
    assert keys.time["analyze_harmony"] > best + 0.1 * keys.total
    assert keys.home["analyze_harmony"] >= 0.8 * keys.pieces


@pytest.mark.parametrize(("corpus", "root", "numeral"), [("lieder", 0.83, 0.68), ("quartets", 0.83, 0.63)])
def test_piano_songs_and_quartets(corpus: str, root: float, numeral: float) -> None:
    score = scored(_pieces(corpus, 12))
    assert score["root"] >= root
    assert score["deg+qual"] >= numeral


def test_the_split_is_as_it_was_chosen_and_nothing_of_it_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        names = [name for corpus in human.CORPORA for name, _ in human.sources(corpus)]
    except human.DataMissing as missing:
        pytest.skip(str(missing))
    assert {n for n in names if human.chosen(n)} == human.test_split()
    assert len(human.test_split()) > 100
    read: list[str] = []
    monkeypatch.setattr(human, "load", lambda corpus, name, source: read.append(name))
    for corpus in human.CORPORA:
        assert not list(human.pieces(corpus, test=False))
    assert set(read) == set(names) - human.test_split()
    assert 0.05 < sum(map(is_dev, read)) / len(read) < 0.25


def test_what_counts_as_right() -> None:
    label = human.Label(0, 2, 0, "major", "V7/V", 2, 0b000001000100 | 1 << 9 | 1, 2, 7, 7)
    same = evaluate.Claim(0, 2, 0, "major", 2, label.pitch_classes, 2, 7, 7)
    assert evaluate.right(label, same) == (True,) * 7
    as_two = same._replace(degree=2, applied=0)
    assert evaluate.right(label, as_two) == (True, True, True, True, False, False, False)
    inverted = same._replace(bass=6)
    assert evaluate.right(label, inverted) == (True, True, False, True, True, True, False)
    minor = same._replace(mode="minor")
    assert evaluate.right(label, minor) == (True, True, True, False, True, True, False)
    total, good = evaluate.shares([label], [same._replace(end=0.5), as_two._replace(start=0.5, end=3)])
    assert total == 2
    assert good[evaluate.MEASURES.index("degree")] == 0.5
    assert good[0] == 2


def test_missing_data_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_DATA", str(tmp_path))
    with pytest.raises(human.DataMissing, match="set SIDEMAN_DATA"):
        human.data_folder()
