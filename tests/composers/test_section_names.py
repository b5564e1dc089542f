"""What sections are called."""

from __future__ import annotations

import re

import pytest

from composers.composer import Plan, find_genre, genre_names
from composers.section_names import label_of, letter_of


@pytest.mark.parametrize(
    ("role", "name", "said"),
    [
        ("head", "A", "head A"), ("intro", "intro", "intro"), ("ending", "ending+2", "ending"),
        ("verse", "verse", "verse"), ("chorus", "B+2", "chorus B, a tone up"),
        ("chorus", "B+6", "chorus B, 6 semitones up"),
        ("second theme", "B+-5", "second theme B, a fourth down"), ("variation", "4/i", "variation 4, in the minor"),
        ("second theme", "B/V", "second theme B, in the dominant"), ("exercise", "1.2", "exercise 1.2"),
        ("development", "D/bIII", "development D, in bIII"), ("jam", "(odd)/name", "jam (odd)/name"),
    ],
)  # fmt: skip
def test_labels(role: str, name: str, said: str) -> None:
    assert label_of(role, name) == said
    assert letter_of("B/V") == letter_of("B+2") == "B" and letter_of("1.2") == "1.2"


@pytest.mark.parametrize("genre", genre_names())
def test_no_genre_shows_its_signs(genre: str) -> None:
    """Markers and status speak in words, and a jump understands what they say."""
    found = find_genre(genre)
    for style in found.styles:
        for form in found.style(style).forms:
            own = found.style(style)
            mode = next((m for m in own.modes if form in own.forms_in(m)), None)
            if mode is None:
                continue
            plan = Plan(genre=genre, style=style, form=form, mode=mode, meter=own.meters[0], parts={"piano": ("comp",)})
            band = found.band(plan)
            for bar in range(0, 120, 4):
                section = band.chart(bar).section
                assert re.fullmatch(r"[a-z][\w. '-]*(, (in the [a-z ]+|in [#b]?[IViv]+|[\w ]+ (up|down)))?", section)
