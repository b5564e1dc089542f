"""What the classifier of genres learns from: real scores and drummers, and pieces by our rules where there are none.

Real: string quartets and Lieder are classical; Groove MIDI's drums are jazz, rock and hip-hop, without the notes of the
others. By rule: every style of every registered genre, in all keys, from anywhere in the piece. Beside
the whole piece its kit alone and all but its kit are learned too, so that having no drums is not all there is to
classical music.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from composers.composer import Plan, find_genre, genre_names
from composers.dice import dice
from composers.statistics.piece import Piece, of_band
from models.corpora import read
from models.drum_styles import style_of
from models.errors import CorpusError
from models.genre_style import Seen, seen

GENRES = ("jazz", "rock", "hip-hop", "edm", "classical", "ambient")
_BARS = 32
_MOST_AHEAD = 64
_WINDOWS_A_PIECE = 4
_KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")


@dataclass(frozen=True)
class Example:
    """A window. source: a corpus or "rules"; style: of a genre of ours; share: of its window's weight.

    whole: not a view without drums, or of drums alone, of a piece that has both.
    """

    seen: Seen
    genre: str
    source: str
    piece: str
    style: str = ""
    share: float = 1.0
    whole: bool = True

    @property
    def real(self) -> bool:
        return self.source != "rules"


def plan_of(genre: str, seed: int) -> Plan:
    """Another style, key, mode, meter and energy each time, on the style's usual instruments at its usual tempo."""
    found, draw = find_genre(genre), dice(seed, "reference", genre)
    style = found.styles[seed % len(found.styles)]
    own = getattr(found, "style", lambda _: found)(style)
    return found.resolve(Plan(
        genre=genre, style=style, seed=seed, key=draw.one_of(_KEYS), meter=own.meters[0],
        mode=own.modes[0] if draw.chance(0.6) else draw.one_of(own.modes),
        parts=found.arrange(found.ensemble(style)), tempo=found.usual_tempo(style),
        energy=draw.between(0.3, 0.8), density=draw.between(0.35, 0.65),
    ))  # fmt: skip


def by_rule(genre: str, seed: int, bars: int = _BARS) -> Piece:
    """Bars of a piece, from anywhere in its first 64."""
    plan = plan_of(genre, seed)
    first = int(dice(seed, "reference from", genre).random() * _MOST_AHEAD)
    return of_band(find_genre(genre).band(plan), plan, bars, first, plan.tempo)


def rules(genre: str, seeds: range) -> Iterator[Example]:
    """Whole, without drums, and the drums alone: 4, 2 and 1 parts of the weight."""
    for seed in seeds:
        style = plan_of(genre, seed).style or ""
        for each in seen(by_rule(genre, seed)):
            both = each.drums is not None and each.pitched is not None
            yield Example(each, genre, "rules", f"{genre} {seed}", style, 4 / 7 if both else 1.0)
            if both:
                for view, share in ((Seen(None, each.pitched), 2 / 7), (Seen(each.drums, None), 1 / 7)):
                    yield Example(view, genre, "rules", f"{genre} {seed}", style, share, whole=False)


def quartets(split: str, folder: Path | None = None) -> Iterator[Example]:
    yield from _scores("openscore_quartets", split, folder, every=1)


def lieder(split: str, folder: Path | None = None) -> Iterator[Example]:
    yield from _scores("openscore_lieder", split, folder, every=3)


def _scores(corpus: str, split: str, folder: Path | None, every: int) -> Iterator[Example]:
    for entry in islice(read(corpus, folder, split=split), 0, None, every):
        found = seen(entry.piece)
        step = max(1, len(found) // _WINDOWS_A_PIECE)
        for each in found[::step][:_WINDOWS_A_PIECE]:
            yield Example(each, "classical", corpus, entry.id)


def drummers(split: str, folder: Path | None = None) -> Iterator[Example]:
    """Groove MIDI's takes of jazz, rock and hip-hop, as `drum_styles` files them."""
    for entry in read("groove_midi", folder, split=split):
        genre = style_of(entry.style)
        if genre in GENRES and entry.piece.bars >= 4:
            for each in seen(entry.piece)[:_WINDOWS_A_PIECE]:
                yield Example(each, genre, "groove_midi", entry.id)


REAL: Mapping[str, Callable[[str, Path | None], Iterator[Example]]] = {
    "openscore_quartets": quartets, "openscore_lieder": lieder, "groove_midi": drummers,
}  # fmt: skip
"""Corpora that may be trained on, as examples of a split."""


def real(split: str, folder: Path | None = None) -> list[Example]:
    """All of REAL. Raises CorpusError where data is missing."""
    return [example for source in REAL.values() for example in source(split, folder)]


def pop909(count: int, folder: Path | None = None) -> list[Example]:
    """Songs that nothing is trained on: pop, which of our genres is rock's. Melody and piano, without drums."""
    entries = islice(read("pop909", folder), 0, None, max(1, 909 // count))
    return [Example(each, "rock", "pop909", entry.id) for entry in entries for each in seen(entry.piece)[:2]]


def polish(count: int, folder: Path | None = None) -> list[Example]:
    """Scores that nothing is trained on, of the first 1000: masses, piano pieces, songs."""
    entries = islice(read("polish_scores", folder), 0, 1000, max(1, 1000 // count))
    return [Example(each, "classical", "polish_scores", e.id) for e in entries for each in seen(e.piece)[:2]]


def registered() -> tuple[str, ...]:
    """Those of GENRES that there are here. Raises CorpusError for none."""
    found = tuple(genre for genre in GENRES if genre in genre_names())
    if not found:
        raise CorpusError("no genre is registered: install Sideman, so that its entry points are found")
    return found
