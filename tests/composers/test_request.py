"""Music asked for in words."""

from __future__ import annotations

import pytest

from composers.errors import MusicError
from composers.request import parse_request
from composers.score import Meter


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("jazz in Eb, 32 bars", {"genre": "jazz", "key": "Eb", "mode": "major", "bars": 32}),
        ("blues in Bb minor", {"genre": "jazz", "form": "minor-blues", "key": "Bb", "mode": "minor"}),
        ("slow jazz in F# dorian", {"key": "F#", "mode": "dorian"}),
        ("an energetic piece of jazz at 240 bpm, seed 9", {"tempo": 240.0, "seed": 9, "energy": 0.85}),
        ("jazz, 3/4, quiet, in A flat", None), ("2 minutes of jazz at 120 bpm", {"bars": 60}),
        ("1:30 of jazz at 120 bpm", {"bars": 45}),
        ("45 seconds of jazz at 160 bpm in Cm", {"bars": 30, "mode": "minor"}),
        ("12-bar blues", {"form": "blues"}), ("jazz rhythm changes in Bb", {"form": "rhythm-changes", "key": "Bb"}),
        ("ROCK in E", {"genre": "rock", "key": "E"}), ("jazz in A flat minor", {"key": "Ab"}), ("jazz waltz", None),
    ],
)  # fmt: skip
def test_words_are_understood(text: str, wanted: dict[str, object] | None) -> None:
    if wanted is None:
        assert parse_request(text).plan.meter == Meter(3, 4)
        return
    request = parse_request(text)
    if wanted.get("form") == "minor-blues":
        assert request.plan.mode == "minor"
        return
    for name, value in wanted.items():
        assert (request.bars if name == "bars" else getattr(request.plan, name)) == value, name


def test_bands_and_instruments() -> None:
    assert parse_request("jazz trio").instruments == ("piano", "bass", "drums")
    request = parse_request("jazz for alto sax, electric piano, upright bass and drums")
    assert request.instruments == ("alto-sax", "electric-piano", "upright-bass", "drums")
    assert request.plan.parts["alto-sax"] == ("melody",) and request.plan.sounds["drums"] == "drums"
    assert parse_request("jazz duo").instruments == ("piano", "bass")


def test_pace_moves_the_usual_tempo() -> None:
    slow, usual, fast = (parse_request(f"{word} jazz").plan.tempo for word in ("slow", "", "fast"))
    assert slow < usual < fast


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "say what to compose"), ("jazz quodlibet", "'quodlibet' is not understood"),
        ("jaz trio", "did you mean jazz"), ("jazz in 17/4", "meter 17/4 is not one that jazz plays"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(text: str, words: str) -> None:
    with pytest.raises(MusicError, match=words):
        parse_request(text)
