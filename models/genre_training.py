"""Training of the classifier of genres, and how it fares on what it has not seen.

    SIDEMAN_DATA=/path/to/data python -m models.genre_training

writes models/weights/genre_style.npz and .toml; about three minutes on a quiet machine.

Trials, from strict to weak. Pieces of two corpora that nothing is trained on (POP909 as rock, Polish scores as
classical). Real pieces of the training corpora's held-out splits. Pieces by our rules in a style that was left out of
training. Pieces by our rules of other seeds: the same code, so no more than a check that it has learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from composers.composer import find_genre
from models.genre_references import Example, polish, pop909, real, registered, rules
from models.genre_style import WEIGHTS, GenreStyle, Seen

TRAINED_SEEDS = range(120)
HELD_OUT_SEEDS = range(5000, 5040)
REAL_SHARE = {"classical": 0.6, "jazz": 0.3, "rock": 0.3, "hip-hop": 0.3}
"""Of a genre's weight in training, where there is anything real: all of a classical piece, of the others the drums."""
_DECAY, _STEP, _STEPS = 1e-2, 0.02, 300
_FOLDS = 4
TRIALS = ("pop909", "polish_scores", "held_out", "unseen_styles", "other_seeds")
"""From strict to weak, as the manifest lists them."""


def train(given: Sequence[Example]) -> GenreStyle:
    """Every genre counts alike, every piece of a source alike, REAL_SHARE of a genre its real pieces. Adam, L2."""
    genres = tuple(g for g in registered() if any(example.genre == g for example in given))
    rows = np.array([example.seen.row() for example in given])
    share = np.array(shares(given))
    known = ~np.isnan(rows)
    weight = share[:, None] * known
    total = weight.sum(0) + 1e-12
    mean = (weight * np.nan_to_num(rows)).sum(0) / total
    scale = np.sqrt((weight * (np.nan_to_num(rows) - mean) ** 2).sum(0) / total) + 0.05
    rows = np.nan_to_num((rows - mean) / scale)
    wanted = np.eye(len(genres))[[genres.index(example.genre) for example in given]]
    weights, bias = np.zeros((rows.shape[1], len(genres))), np.zeros(len(genres))
    moments = [np.zeros_like(v) for v in (weights, weights, bias, bias)]
    for step in range(1, _STEPS + 1):
        logits = rows @ weights + bias
        raised = np.exp(logits - logits.max(1, keepdims=True))
        error = (raised / raised.sum(1, keepdims=True) - wanted) * share[:, None]
        slopes = (rows.T @ error + _DECAY * weights, error.sum(0))
        for at, (value, slope) in enumerate(zip((weights, bias), slopes, strict=True)):
            moments[2 * at] = 0.9 * moments[2 * at] + 0.1 * slope
            moments[2 * at + 1] = 0.999 * moments[2 * at + 1] + 0.001 * slope**2
            ahead = moments[2 * at] / (1 - 0.9**step)
            value -= _STEP * ahead / (np.sqrt(moments[2 * at + 1] / (1 - 0.999**step)) + 1e-8)
    return GenreStyle(genres, mean, scale, weights, bias)


def shares(given: Sequence[Example]) -> list[float]:
    """The weight of each example, 1 in all."""
    pieces: Counter[tuple[str, str, str]] = Counter()
    for e in given:
        pieces[e.genre, e.source, e.piece] += 1
    own = [e.share / pieces[e.genre, e.source, e.piece] for e in given]
    sums: Counter[tuple[str, bool]] = Counter()
    for e, weight in zip(given, own, strict=True):
        sums[e.genre, e.real] += weight  # type: ignore[assignment]  # counters hold any number
    found = []
    for e, weight in zip(given, own, strict=True):
        both = sums[e.genre, True] and sums[e.genre, False]
        part = 1.0 if not both else REAL_SHARE[e.genre] if e.real else 1.0 - REAL_SHARE[e.genre]
        found.append(part * weight / sums[e.genre, e.real])
    total = sum(found)
    return [weight / total for weight in found]


def tried(classifier: GenreStyle, given: Iterable[Example]) -> dict[str, Any]:
    """By genre: pieces, the share that is called it, and what pieces are called; `right`: the mean over genres."""
    pieces: dict[tuple[str, str, str], list[Seen]] = {}
    for example in given:
        pieces.setdefault((example.genre, example.source, example.piece), []).append(example.seen)
    called: dict[str, Counter[str]] = {}
    for (genre, _, _), found in pieces.items():
        chances = classifier.of_windows(found)
        called.setdefault(genre, Counter())[max(chances, key=chances.__getitem__)] += 1
    by_genre = {
        genre: {"pieces": counts.total(), "right": round(counts[genre] / counts.total(), 3),
                "called": dict(counts.most_common())}
        for genre, counts in called.items()
    }  # fmt: skip
    rights = [counts[genre] / counts.total() for genre, counts in called.items()]
    return {"right": round(float(np.mean(rights)), 3) if rights else None, "genres": by_genre}


def whole(given: Iterable[Example]) -> list[Example]:
    """Only pieces as they are, not the views of them without drums or with nothing else."""
    return [e for e in given if e.whole]


def of_rules(seeds: range) -> list[Example]:
    return [example for genre in registered() for example in rules(genre, seeds)]


def unseen_styles(given: Sequence[Example], folds: int = _FOLDS) -> dict[str, Any]:
    """Each style of ours named by a classifier that was trained without it: `right`, and the share by style."""
    place = {(genre, style): index % folds for genre in registered()
             for index, style in enumerate(find_genre(genre).styles)}  # fmt: skip
    named: dict[str, dict[str, float]] = {}
    for fold in range(folds):
        out = [e for e in given if not e.real and place[e.genre, e.style] == fold and e.whole]
        learned = train([e for e in given if e.real or place[e.genre, e.style] != fold])
        if not set(learned.genres).issuperset(e.genre for e in out):
            continue
        for genre in registered():
            for style in find_genre(genre).styles:
                mine = [e for e in out if (e.genre, e.style) == (genre, style)]
                if mine:
                    found = tried(learned, mine)["genres"][genre]["right"]
                    named.setdefault(genre, {})[style] = found
    means = [float(np.mean(list(styles.values()))) for styles in named.values()]
    return {"right": round(float(np.mean(means)), 3) if means else None, "styles": named}


def composition(given: Sequence[Example]) -> dict[str, Any]:
    """Per genre that there is: pieces by source, and the share of the weight that is real."""
    found: dict[str, Any] = {}
    weights = shares(given)
    for genre in dict.fromkeys(e.genre for e in given):
        mine = [(e, w) for e, w in zip(given, weights, strict=True) if e.genre == genre]
        total = sum(w for _, w in mine)
        sources = Counter(source for source, _ in {(e.source, e.piece) for e, _ in mine})
        found[genre] = {"pieces": dict(sources), "real_share": round(sum(w for e, w in mine if e.real) / total, 3)}
    return found


def real_trials(classifier: GenreStyle, folder: Path | None = None) -> dict[str, Any]:
    """On real pieces that it was not trained on: `held_out` (the other splits of its corpora), `pop909` and
    `polish_scores` (nothing of which it knows). Raises CorpusError where data is missing."""
    held_out = [e for split in ("validation", "test") for e in real(split, folder)]
    return {
        "held_out": tried(classifier, held_out), "pop909": tried(classifier, pop909(100, folder)),
        "polish_scores": tried(classifier, polish(100, folder)),
    }  # fmt: skip


def manifest(made_of: dict[str, Any], fared: dict[str, Any]) -> str:
    """weights/genre_style.toml."""
    lines = [
        "# What genre_style.npz is, where it comes from and what may be done with it.", "",
        "[weights]", 'file = "genre_style.npz"', 'made_by = "python -m models.genre_training"',
        'holds = "a mean, a scale and a weight a genre for each feature of models/genre_features.py; no notes"', "",
    ]  # fmt: skip
    for name, what, url, licence, attribution in _SOURCES:
        lines += ["[[source]]", f'name = "{name}"', f'what = "{what}"', f'url = "{url}"', f'licence = "{licence}"',
                  f'attribution = "{attribution}"', ""]  # fmt: skip
    lines += ["[[source]]", 'name = "rules"', 'what = "pieces by the genres of this program"', ""]
    for genre, found in made_of.items():
        counts = ", ".join(f'"{source}" = {count}' for source, count in found["pieces"].items())
        lines += [f'[trained."{genre}"]', f"real_share = {found['real_share']}", f"pieces = {{ {counts} }}", ""]
    lines += ["[right]", "# Share of pieces named right, mean over genres. Other seeds of the same rules are no",
              "# independent test."]  # fmt: skip
    lines += [f"{name} = {fared[name]['right']}" for name in TRIALS]
    return "\n".join(lines) + "\n"


_SOURCES = (
    ("OpenScore String Quartets", "scores, classical", "https://github.com/OpenScore/StringQuartets", "CC0 1.0",
     "the OpenScore editors"),
    ("OpenScore Lieder", "scores, classical", "https://github.com/OpenScore/Lieder", "CC0 1.0",
     "the OpenScore editors"),
    ("Groove MIDI Dataset", "drums of jazz, rock and hip-hop", "https://magenta.tensorflow.org/datasets/groove",
     "CC BY 4.0", "Gillick, Roberts, Engel, Eck and Bamman 2019; Google LLC"),
)  # fmt: skip


def main(tell: Callable[[str], None] = print) -> None:
    """Train, try, write. Raises CorpusError where the data is missing."""
    tell("reading the corpora")
    given = real("train")
    tell(f"{len(given)} windows; composing references for {', '.join(registered())}")
    given += of_rules(TRAINED_SEEDS)
    made = train(given)
    tell("trying it on what it has not seen")
    fared = {**real_trials(made), "unseen_styles": unseen_styles(given),
             "other_seeds": tried(made, whole(of_rules(HELD_OUT_SEEDS)))}  # fmt: skip
    for name, found in fared.items():
        tell(f"{name}: {found}")
    WEIGHTS.parent.mkdir(exist_ok=True)
    made.save(WEIGHTS)
    WEIGHTS.with_suffix(".toml").write_text(manifest(composition(given), fared), encoding="utf-8")
    tell(f"{WEIGHTS}, {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
