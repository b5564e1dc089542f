"""What a classifier that learned Groove MIDI's styles calls our drums, and by which features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from composers.statistics.piece import Piece
from models.drum_styles import DrumStyles, Window, examples, train, trial, windows

STYLE_OF_GENRE: Mapping[str, str] = {"jazz": "jazz", "rock": "rock", "hiphop": "hip-hop", "hip-hop": "hip-hop"}
"""Genres that Groove MIDI has."""
LABELLED: Mapping[str, str] = {"bossa": "latin", "funk-rock": "funk/soul"}
"""Our styles that Groove MIDI files elsewhere (latin/brazilian-bossa, funk/rock)."""
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


def heard(pieces: Sequence[tuple[str, Piece]], genre: str, by: Listeners) -> dict[str, Any] | None:
    """What the drums of pieces (style, piece) are called; None where nothing in 4/4 has drums.

    right              share of pieces called by their genre's name, of five styles
    right_as_labelled  the same where a style that Groove MIDI files under another name is right by that name too
    right_of_three     the same where only jazz, rock and hip-hop may be named
    by_style           the same for each of our styles, by the pattern alone
    """
    parts = [(style, windows(p.of("drums"), p.bars)) for style, p in pieces if str(p.meter) == "4/4"]
    parts = [(style, found) for style, found in parts if found]
    if not parts:
        return None
    wanted = STYLE_OF_GENRE[genre]
    result: dict[str, Any] = {"wanted": wanted, "pieces": len(parts)}
    for name, listener in (("pattern", by.pattern), ("played", by.played)):
        named = Counter(listener.name(found) for _, found in parts)
        three = [listener.name(found, _RIVALS) == wanted for _, found in parts]
        labelled = [listener.name(found) in (wanted, LABELLED.get(style)) for style, found in parts]
        every = [window for _, found in parts for window in found]
        result[name] = {
            "right": round(named[wanted] / len(parts), 3), "right_as_labelled": round(sum(labelled) / len(parts), 3),
            "right_of_three": round(sum(three) / len(parts), 3),
            "named": dict(named.most_common()), "because": listener.deciding(every, wanted),
            "against": _against(listener, every, wanted, named),
        }  # fmt: skip
    styles: dict[str, list[bool]] = {}
    for style, found in parts:
        styles.setdefault(style, []).append(by.pattern.name(found) == wanted)
    result["by_style"] = {style: round(sum(right) / len(right), 2) for style, right in styles.items()}
    return result


def _against(listener: DrumStyles, every: Sequence[Window], wanted: str, named: Counter[str]) -> dict[str, Any] | None:
    """What speaks for the name that is given most by mistake."""
    wrong = next((style for style, _ in named.most_common() if style != wanted), None)
    return {"style": wrong, "because": listener.deciding(every, wrong)} if wrong else None


def missed(genre: str, found: dict[str, Any] | None) -> list[str]:
    return [] if found is None or found["played"]["right"] >= LEAST_RIGHT else [f"{genre}: drums called {genre}"]
