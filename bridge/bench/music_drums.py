"""What a classifier that learned Groove MIDI's styles calls our drums, and by which features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from composers.score import Note
from models.drum_styles import DrumStyles, Window, examples, train, trial, windows

STYLE_OF_GENRE: Mapping[str, str] = {"jazz": "jazz", "rock": "rock", "hiphop": "hip-hop", "hip-hop": "hip-hop"}
"""Genres that Groove MIDI has."""
FILED: Mapping[str, str] = {"bossa": "latin", "funk-rock": "funk/soul"}
"""Our styles that Groove MIDI files under another name: its two bossas are latin/brazilian-bossa, its funk-rock is
funk/rock. To the classifier that learned these, a bossa called jazz is a mistake."""
_RIVALS = ("jazz", "rock", "hip-hop")
LEAST_RIGHT = 0.8


class Listeners(NamedTuple):
    """Trained on the official train split: `pattern` hears which drum is hit when, `played` how hard and how exactly
    too. trials: by the official validation and test splits."""

    pattern: DrumStyles
    played: DrumStyles
    trials: Mapping[str, Any]


def listeners(folder: Path | None = None) -> Listeners:
    """About 25 s. Raises CorpusError where the data is missing."""
    learned, held_out = examples(("train",), folder), examples(("validation", "test"), folder)
    both = {"pattern": train(learned, timing=False), "played": train(learned, timing=True)}
    trials: dict[str, Any] = {
        "train_takes": len(set(learned.takes)), "held_out_takes": len(set(held_out.takes)),
        "train_windows": len(learned.windows), "held_out_windows": len(held_out.windows),
    }  # fmt: skip
    for name, each in both.items():
        found = trial(each, held_out)
        trials[name] = {"windows_right": round(found.windows, 3), "takes_right": round(found.takes, 3),
                        "mean_of_styles": round(found.mean_of_styles, 3), "confusion": found.confusion}  # fmt: skip
    return Listeners(both["pattern"], both["played"], trials)


def heard(
    parts: Sequence[tuple[str, Sequence[Note]]], bars: int, genre: str, by: Listeners
) -> dict[str, Any] | None:
    """What kits in 4/4 (style, its notes) are called; None where there are none.

    right           share of pieces called what Groove MIDI files their style under (FILED, else the genre's name)
    right_by_genre  share called by their genre's name, whatever the style
    right_of_three  the same where only jazz, rock and hip-hop may be named
    by_style        share of each of our styles that is called what it is filed under: by the pattern alone, by all
    """
    heard_of = [(style, found) for style, notes in parts if (found := windows(notes, bars))]
    if not heard_of:
        return None
    wanted = STYLE_OF_GENRE[genre]
    result: dict[str, Any] = {"wanted": wanted, "pieces": len(heard_of), "filed": {}, "by_style": {}}
    for style in dict.fromkeys(style for style, _ in heard_of):
        result["filed"][style] = FILED.get(style, wanted)
    for name, listener in (("pattern", by.pattern), ("played", by.played)):
        names = [(style, listener.name(found)) for style, found in heard_of]
        named = Counter(called for _, called in names)
        three = [listener.name(found, _RIVALS) == wanted for _, found in heard_of]
        every = [window for _, found in heard_of for window in found]
        result[name] = {
            "right": _share([called == result["filed"][style] for style, called in names]),
            "right_by_genre": _share([called == wanted for _, called in names]),
            "right_of_three": _share(three),
            "named": dict(named.most_common()), "because": listener.deciding(every, wanted),
            "against": _against(listener, every, wanted, named),
        }  # fmt: skip
        for style, filed in result["filed"].items():
            shares = result["by_style"].setdefault(style, {})
            shares[name] = _share([called == filed for each, called in names if each == style])
    return result


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 3)


def _against(listener: DrumStyles, every: Sequence[Window], wanted: str, named: Counter[str]) -> dict[str, Any] | None:
    """What speaks for the name that is given most by mistake."""
    wrong = next((style for style, _ in named.most_common() if style != wanted), None)
    return {"style": wrong, "because": listener.deciding(every, wrong)} if wrong else None


def missed(genre: str, found: dict[str, Any] | None) -> list[str]:
    return [] if found is None or found["played"]["right"] >= LEAST_RIGHT else [f"{genre}: drums called {genre}"]
