"""The listener to drums: what it sees, that it learns, and how it fares on takes that it has not seen."""

from __future__ import annotations

import random

import numpy as np
import pytest

from composers.score import PPQ, Note
from models.corpora import data_folder
from models.drum_styles import STYLES, Examples, examples, feature_names, style_of, train, trial, window, windows
from models.errors import CorpusError

try:
    DATA = data_folder()
except CorpusError:
    DATA = None
BAR = 4 * PPQ
LATE = 12


def swing(seed: int, bars: int = 4) -> list[Note]:
    draw = random.Random(seed)
    ride = (0, PPQ, PPQ * 5 // 3, 2 * PPQ, 3 * PPQ, PPQ * 11 // 3)
    hits = [(at, 51) for at in ride] + [(PPQ, 44), (3 * PPQ, 44)]
    return sorted(Note(b * BAR + t + LATE + draw.randint(-8, 8), 60, k, draw.randint(50, 100), 9)
                  for b in range(bars) for t, k in hits)  # fmt: skip


def backbeat(seed: int, bars: int = 4) -> list[Note]:
    draw = random.Random(seed)
    hits = [(t * PPQ // 2, 42) for t in range(8)] + [(0, 36), (2 * PPQ, 36), (PPQ, 38), (3 * PPQ, 38)]
    return sorted(Note(b * BAR + t + LATE + draw.randint(-8, 8), 60, k, draw.randint(50, 100), 9)
                  for b in range(bars) for t, k in hits)  # fmt: skip


def learned(count: int = 12) -> Examples:
    rows = [(windows(make(seed), 4)[0], style, f"{style} {seed}")
            for seed in range(count) for style, make in ((0, swing), (1, backbeat))]  # fmt: skip
    return Examples(tuple(w for w, _, _ in rows), np.array([s for _, s, _ in rows]), tuple(t for _, _, t in rows))


def test_a_window_says_what_is_hit_where() -> None:
    seen = window(swing(1))
    assert seen is not None
    by_name = dict(zip(feature_names(), seen.features(timing=True), strict=True))
    assert by_name["ride 2+2/3"] == by_name["pedal hat 4"] == 1 and by_name["ride 2+1/2"] == by_name["snare 2"] == 0
    assert by_name["likeness"] == 1 and by_name["ride density"] == pytest.approx(6 / 8)
    assert 0.3 < by_name["ride velocity"] < 0.9 and by_name["ride lateness"] == pytest.approx(4 * LATE / PPQ, abs=0.02)


def test_the_pattern_knows_neither_force_nor_timing() -> None:
    exact = [n._replace(start=round((n.start - LATE) / 320) * 320, velocity=100.0) for n in swing(1)]
    a, b = window(swing(1)), window(exact)
    assert a is not None and b is not None
    assert (a.pattern == b.pattern).all() and not (a.played == b.played).all()
    assert len(feature_names()) == len(a.pattern) + len(a.played)


def test_windows_follow_each_other_and_need_hits() -> None:
    assert len(windows(swing(1, bars=13), 13)) == 3
    assert windows(swing(1)[:10], 4) == [] and window([]) is None


def test_what_is_played_early_on_the_bar_line_belongs_to_the_bar() -> None:
    early = [n._replace(start=n.start + 4 * BAR - 60) for n in backbeat(1)]
    (seen,) = windows(early, 8)[-1:]
    by_name = dict(zip(feature_names(), seen.pattern, strict=False))
    assert by_name["kick 1"] == 1


def test_it_learns_what_it_is_shown_and_says_why() -> None:
    for timing in (False, True):
        listener = train(learned(), timing=timing)
        unseen = learned(20)
        fared = trial(listener, Examples(unseen.windows[24:], unseen.styles[24:], unseen.takes[24:]))
        assert fared.windows == fared.takes == fared.mean_of_styles == 1
        assert fared.confusion["jazz"] == dict.fromkeys(STYLES, 0) | {"jazz": 8}
        assert listener.name(windows(swing(99), 4)) == "jazz"
        assert listener.name(windows(swing(99), 4), ("rock", "latin")) in ("rock", "latin")
        assert any("ride" in feature or "pedal" in feature
                   for feature, _ in listener.deciding(windows(swing(99), 4), "jazz"))  # fmt: skip
        assert listener.probabilities(windows(swing(99), 4)).sum() == pytest.approx(1)


@pytest.mark.parametrize(("label", "style"), [
    ("jazz/swing", "jazz"), ("jazz/funk", None), ("rock/halftime", "rock"), ("hiphop", "hip-hop"), ("rock fill", None),
    ("middleeastern", None), ("latin/brazilian-bossa", "latin"), ("soul/motown", "funk/soul"),
])  # fmt: skip
def test_styles_of_labels(label: str, style: str | None) -> None:
    assert style_of(label) == style


@pytest.mark.skipif(DATA is None, reason="set SIDEMAN_DATA to the folder that holds groove_midi")
def test_real_takes_are_told_apart_better_than_by_chance() -> None:
    """Learned from the small validation split only: chance is .2."""
    listener = train(examples(("validation",)), timing=False)
    fared = trial(listener, examples(("test",)))
    assert fared.mean_of_styles > 0.4
