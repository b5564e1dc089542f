"""What genre a piece sounds like to one who knows scores, drummers and our own bands: six probabilities.

    from models.genre_style import classify
    classify(piece)        # {"jazz": 0.93, "rock": 0.04, ...}

Multinomial logistic regression over `genre_features`, in windows of 16 bars, whose log odds are averaged. A piece may
lack drums or have nothing else: the model has learned from both. Weights are part of Sideman; what they were trained on
stands in weights/genre_style.toml, and `python -m models.genre_training` makes them again.

It is an instrument to measure with. What it learned of EDM, ambient, hip-hop and jazz beyond their drums are pieces by
the rules of this program, so that it tells whether music is like these rules' music, not whether it is like a record.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composers import piece as whole
from composers.statistics.piece import Piece
from models import genre_features as features
from models.errors import WeightsError

Floats = NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "weights" / "genre_style.npz"


@dataclass(frozen=True)
class Seen:
    """Features of a window; None for what it lacks."""

    drums: Floats | None
    pitched: Floats | None

    def row(self) -> Floats:
        """NaN where nothing was measured. That there are no drums is no evidence: scores of any genre may lack them."""
        parts = (self.drums, len(features.drum_names())), (self.pitched, len(features.pitched_names()))
        return np.concatenate([np.full(size, np.nan) if found is None else found for found, size in parts])


def names() -> list[str]:
    """What each number of a row is."""
    return [*features.drum_names(), *features.pitched_names()]


def seen(piece: Piece | whole.Piece) -> list[Seen]:
    """The windows of a piece in which there is something."""
    found = [Seen(features.drums(each), features.pitched(each)) for each in features.windows(features.frame(piece))]
    return [each for each in found if each.drums is not None or each.pitched is not None]


@dataclass(frozen=True)
class GenreStyle:
    """A trained classifier: weights [features, genres]; a feature less its mean, over its scale, 0 where missing."""

    genres: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats

    def classify(self, piece: Piece | whole.Piece) -> dict[str, float]:
        """Probability of each genre, 1 in all; all alike for a piece without notes."""
        return self.of_windows(seen(piece))

    def of_windows(self, given: Sequence[Seen]) -> dict[str, float]:
        if not given:
            return dict.fromkeys(self.genres, 1 / len(self.genres))
        logits = (self.rows(given) @ self.weights + self.bias).mean(0)
        raised = np.exp(logits - logits.max())
        return {g: float(p) for g, p in zip(self.genres, raised / raised.sum(), strict=True)}

    def rows(self, given: Sequence[Seen]) -> Floats:
        return np.asarray(np.nan_to_num((np.array([each.row() for each in given]) - self.mean) / self.scale))

    def deciding(self, given: Sequence[Seen], genre: str, count: int = 5) -> list[tuple[str, float]]:
        """The features that speak most for a genre, with their mean contribution (log odds)."""
        speaks = self.rows(given).mean(0) * (self.weights[:, self.genres.index(genre)] - self.weights.mean(1))
        features_by_place = names()
        return [(features_by_place[i], round(float(speaks[i]), 3)) for i in np.argsort(-speaks)[:count]]

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, genres=np.array(self.genres), names=np.array(names()),
            **{name: getattr(self, name).astype(np.float32) for name in ("mean", "scale", "weights", "bias")},
        )  # fmt: skip


def load(path: Path = WEIGHTS) -> GenreStyle:
    """Raises WeightsError for a file that is missing, or was made for other features."""
    remedy = "make it again with `python -m models.genre_training`"
    try:
        with np.load(path) as file:
            arrays: Mapping[str, NDArray[np.generic]] = dict(file)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read ({error}): install Sideman again, or {remedy}") from error
    if [str(name) for name in arrays.get("names", ())] != names():
        raise WeightsError(f"{path} was made for other features than these: {remedy}")
    return GenreStyle(tuple(str(g) for g in arrays["genres"]),
                      *(arrays[n].astype(np.float64) for n in ("mean", "scale", "weights", "bias")))  # fmt: skip


def told(path: Path = WEIGHTS) -> dict[str, Any]:
    """What the weights were trained on and how they fared: their manifest. Raises WeightsError."""
    manifest = path.with_suffix(".toml")
    try:
        return tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{manifest} cannot be read ({error}): install Sideman again") from error


@cache
def shipped() -> GenreStyle:
    """The classifier that comes with Sideman, loaded once. Raises WeightsError."""
    return load()


def classify(piece: Piece | whole.Piece) -> dict[str, float]:
    """Probability of each genre, 1 in all. Raises WeightsError where the weights are missing."""
    return shipped().classify(piece)
