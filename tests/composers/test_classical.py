"""Classical, a first set: forms with their keys, in every mode, meter and band offered."""

from __future__ import annotations

from itertools import product

import pytest

from composers import MLComposer
from composers.composer import Plan, find_genre
from composers.genres.classical import CLASSICAL, STYLES
from composers.theory.chords import parse_chord


def test_the_sonata_of_the_seed_has_its_length_and_sections() -> None:
    piece = MLComposer().compose(style="classical", form="sonata", duration=120)
    bar_s = 4 * 60 / piece.time.bpm_at(0)
    assert abs(piece.duration_s - 120) <= bar_s / 2 + 1e-6
    roles = [text.rsplit(" ", 1)[0] for _, text in piece.markers]
    assert roles[:4] == ["theme", "transition", "second theme", "closing"] and roles[-1] == "ending"
    assert "development" in roles and roles.index("theme", 1) > roles.index("development")


@pytest.mark.parametrize("name", STYLES)
def test_it_plays_in_every_mode_meter_and_form(name: str) -> None:
    style = STYLES[name]
    for mode, meter, form, key in product(style.modes, style.meters, style.forms, ("C", "Eb", "F#")):
        parts = dict(CLASSICAL.arrange(style.ensemble))
        band = CLASSICAL.band(Plan(genre="classical", style=name, mode=mode, meter=meter, form=form, key=key, length=64,
                                   parts=parts, sounds={n: n for n in parts}))  # fmt: skip
        bars = [band.compose(bar) for bar in range(64)]
        assert all(sum(len(b[t].notes) for b in bars) > 20 for t in parts), (mode, meter, form)


def test_the_second_theme_is_in_the_dominant_and_comes_back_at_home() -> None:
    """The tune is the same, a fourth lower the first time; the last chord of each is the key's."""
    for seed in range(6):
        plan = Plan(genre="classical", style="chamber", form="sonata", seed=seed,
                    parts={"violin": ("melody",), "piano": ("comp",)})  # fmt: skip
        band = CLASSICAL.band(plan)
        charts = [band.chart(b) for b in range(112)]
        away = [parse_chord(c.chords[-1][1]).root.pitch_class for c in charts if c.section == "second theme B/V"]
        home = [parse_chord(c.chords[-1][1]).root.pitch_class for c in charts if c.section == "second theme B"]
        assert [(root - 7) % 12 for root in away] == home
        assert away[-1] == 7 and home[-1] == 0


def test_it_is_announced() -> None:
    assert find_genre("classical").styles == ("piano", "chamber", "quartet", "strict")
