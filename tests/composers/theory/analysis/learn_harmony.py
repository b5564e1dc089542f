"""Learn the networks and tables of composers/theory/analysis from the human analyses of the training split.

    python tests/composers/theory/analysis/learn_harmony.py --all --out weights.npz

Pure numpy. The pieces of the test split (human_analyses.test_split) are never read; of the others, one in eight
(`is_dev`) is held back to choose the sizes and the decoder's weights on, until --all trains the shipped weights with
them.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))
import human_analyses as human

from composers.score import PPQ, Meter, Note
from composers.theory.analysis.decoder import LABELS, Decoding, cut, make_tables, read
from composers.theory.analysis.features import boundary_features, chord_blocks, chord_extras, key_blocks
from composers.theory.analysis.grid import LEVELS, Grid, MeterChange, make_grid
from composers.theory.analysis.network import Gate, Network
from composers.theory.analysis.phrases import phrase_features, phrase_starts
from composers.theory.analysis.weights import unpacked

QUALITY = {name: index for index, name in enumerate(LABELS)}


def is_dev(name: str) -> bool:
    return int(hashlib.sha256(b"dev" + name.encode()).hexdigest(), 16) % 8 == 0


def notes_of(piece: human.Piece) -> list[Note]:
    return [Note(round(s * PPQ), max(1, round(d * PPQ)), p, 80.0, part % 16) for s, d, p, part in piece.notes]


def meters_of(piece: human.Piece) -> list[MeterChange]:
    """Changes of meter, and bars of irregular length as a new beginning."""
    changes: list[MeterChange] = []
    expected = None
    for start, beats, unit in piece.bars:
        if expected is None or abs(start - expected) > 1e-3 or changes[-1].meter != Meter(beats, unit):
            changes.append(MeterChange(round(start * PPQ), Meter(beats, unit)))
        expected = start + beats * 4 / unit
    return changes


def chord_label(label: human.Label) -> tuple[int, int]:
    """(root, index of the quality or -1): the augmented sixths stand on the flat sixth, as they sound."""
    if label.degree == human.AUGMENTED_SIXTH:
        quality = "French sixth" if label.figure.startswith("Fr") else "dominant"
        return (label.tonic + label.applied + 8) % 12, QUALITY[quality]
    return label.root, QUALITY.get(label.quality, -1)


def slice_labels(piece: human.Piece, grid: Grid) -> np.ndarray:
    """[slices, 5] root, quality (-1 = none), tonic, minor, begins-here, by the label at the slice's middle."""
    found = np.full((len(grid), 5), -1)
    middle = (grid.starts[:-1] + grid.starts[1:]) / 2 / PPQ
    starts = np.array([x.start for x in piece.labels])
    at = np.searchsorted(starts, middle, side="right") - 1
    before = -2
    for i, k in enumerate(at):
        if k < 0 or middle[i] >= piece.labels[k].end:
            before = -2
            continue
        label = piece.labels[k]
        root, quality = chord_label(label)
        previous = piece.labels[before] if before >= 0 else None
        new = previous is None or (root, quality) != chord_label(previous)
        found[i] = root, quality, label.tonic, label.mode == "minor", int(new and k != before)
        before = k
    return found


class Set:
    """Features and labels of many pieces, one under the other."""

    def __init__(self, pieces: Iterable[human.Piece]) -> None:
        rows: list[list[np.ndarray]] = []
        self.grids: list[tuple[Grid, np.ndarray]] = []
        for piece in pieces:
            grid = make_grid(notes_of(piece), meters_of(piece))
            labels = slice_labels(piece, grid)
            keep = labels[:, 2] >= 0
            self.grids.append((grid, keep))
            rows.append([x[keep] for x in (chord_blocks(grid), chord_extras(grid), boundary_features(grid), grid.level,
                                           labels)])  # fmt: skip
        self.chord, self.extras, self.boundary, self.level, self.labels = (
            np.concatenate(x) for x in zip(*rows, strict=True))  # fmt: skip

    def key_blocks(self, chord: Network) -> np.ndarray:
        """What the key network sees, with the chords that the chord network hears."""
        rows = [key_blocks(g, chord.scores(chord_blocks(g), chord_extras(g)))[keep] for g, keep in self.grids]
        return np.concatenate(rows)


def turn(blocks: np.ndarray) -> np.ndarray:
    """[slices, blocks, 12] -> [slices, 12 roots, blocks, 12] with each root at 0."""
    turns = (np.arange(12)[:, None] + np.arange(12)) % 12
    return np.ascontiguousarray(blocks[:, :, turns].transpose(0, 2, 1, 3))


def adam(parameters: list[np.ndarray]):
    state = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    step = 0

    def update(gradients: list[np.ndarray], rate: float) -> None:
        nonlocal step
        step += 1
        for p, g, (m, v) in zip(parameters, gradients, state, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)

    return update


def train_network(blocks, extras, target, classes, hidden, epochs, rng, dev=None, decay=1e-5, drop=0.1, log=print):
    """Softmax over 12 roots x classes. `target` = root * classes + class, -1 = not counted."""
    keep = np.flatnonzero(target >= 0)
    inputs = blocks.shape[1] * 12
    extra = 0 if extras is None else extras.shape[1]
    first = rng.normal(0, np.sqrt(2 / inputs), (inputs + extra, hidden)).astype(np.float32)
    second = rng.normal(0, np.sqrt(1 / hidden), (hidden, classes)).astype(np.float32)
    parameters = [first, np.zeros(hidden, np.float32), second, np.zeros(classes, np.float32)]
    update = adam(parameters)
    size, total = 256, epochs * (len(keep) // 256)
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(keep)
        loss = right = seen = 0.0
        for a in range(0, len(order) - size + 1, size):
            rows = order[a : a + size]
            x = turn(blocks[rows]).reshape(size * 12, inputs)
            pre = x @ parameters[0][:inputs] + parameters[1]
            if extra:
                pre += np.repeat(extras[rows] @ parameters[0][inputs:], 12, axis=0)
            mask = (pre > 0) * np.repeat(rng.random((size, hidden)) >= drop, 12, axis=0) / np.float32(1 - drop)
            h = (pre * mask).astype(np.float32)
            raw = (h @ parameters[2] + parameters[3]).reshape(size, 12 * classes)
            raw -= raw.max(1, keepdims=True)
            p = np.exp(raw)
            p /= p.sum(1, keepdims=True)
            goal = target[rows]
            loss -= np.log(p[np.arange(size), goal] + 1e-12).sum()
            right += (p.argmax(1) == goal).sum()
            seen += size
            p[np.arange(size), goal] -= 1
            out = (p / size).astype(np.float32).reshape(size * 12, classes)
            back = ((out @ parameters[2].T) * mask).astype(np.float32)
            g1 = np.empty_like(parameters[0])
            g1[:inputs] = x.T @ back
            if extra:
                g1[inputs:] = extras[rows].T @ back.reshape(size, 12, hidden).sum(1)
            step += 1
            rate = 2e-3 * min(1.0, step / 100) * 0.5 * (1 + np.cos(np.pi * step / total))
            update([g1 + decay * parameters[0], back.sum(0), h.T @ out + decay * parameters[2], out.sum(0)], rate)
        text = f"epoch {epoch}: loss {loss / seen:.3f} right {right / seen:.3f}"
        if dev is not None and (epoch % 4 == 3 or epoch == epochs - 1):
            scores = Network(*parameters).scores(dev[0], dev[1]).reshape(len(dev[2]), -1)
            good = dev[2] >= 0
            text += f"  dev right {(scores[good].argmax(1) == dev[2][good]).mean():.3f}"
            text += f" loss {-scores[good, dev[2][good]].mean():.3f}"
        log(text)
    return parameters


def train_boundary(x, y, epochs, rng, hidden=24):
    """One hidden layer, one probability: [features, hidden], [hidden], [hidden], [1]."""
    w1 = rng.normal(0, 0.3, (x.shape[1], hidden)).astype(np.float32)
    w2 = rng.normal(0, 0.2, hidden).astype(np.float32)
    parameters = [w1, np.zeros(hidden, np.float32), w2, np.zeros(1, np.float32)]
    update = adam(parameters)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), max(1, len(x) // 256)):
            pre = x[rows] @ parameters[0] + parameters[1]
            h = np.maximum(pre, 0)
            p = 1 / (1 + np.exp(-(h @ parameters[2] + parameters[3])))
            d = ((p - y[rows]) / len(rows)).astype(np.float32)
            back = np.outer(d, parameters[2]) * (pre > 0)
            update([x[rows].T @ back, back.sum(0), h.T @ d, d.sum(keepdims=True)], 2e-3)
    return parameters


def count_moves(pieces: Iterable[human.Piece]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """moves [2, 12Q, 12Q] chord to chord within a key, relative to its tonic; first [2, 12Q] chords that begin a key;
    keys [2, 12, 2] from a key of a mode to one that lies so far above it, of a mode."""
    n = 12 * len(LABELS)
    moves, first, keys = np.zeros((2, n, n)), np.zeros((2, n)), np.zeros((2, 12, 2))
    for piece in pieces:
        previous = None
        for label in piece.labels:
            root, quality = chord_label(label)
            if quality < 0:
                continue
            minor = int(label.mode == "minor")
            code = (root - label.tonic) % 12 * len(LABELS) + quality
            key = (label.tonic, minor)
            if previous is None or previous[0] != key:
                first[minor, code] += 1
                if previous:
                    keys[previous[0][1], (label.tonic - previous[0][0]) % 12, minor] += 1
                    old = (previous[1] - label.tonic) % 12 * len(LABELS) + previous[2]
                    moves[minor, old, code] += 0.5  # the pivot, heard in the new key
            elif (previous[1], previous[2]) != (root, quality):
                old = (previous[1] - label.tonic) % 12 * len(LABELS) + previous[2]
                moves[minor, old, code] += 1
            previous = (key, root, quality)
    return moves, first, keys


def count_profiles(pieces: Iterable[human.Piece]) -> np.ndarray:
    """[2, 12] share of the sounding time of each degree in major and minor passages, above the tonic."""
    found = np.zeros((2, 12))
    for piece in pieces:
        grid = make_grid(notes_of(piece), meters_of(piece))
        labels = slice_labels(piece, grid)
        for row, label in zip(grid.sounding, labels, strict=True):
            if label[2] >= 0:
                found[label[3]] += np.roll(row, -label[2])
    return found / found.sum(1, keepdims=True)


def phrase_rows(piece: human.Piece, nets: tuple) -> tuple[Grid, np.ndarray, np.ndarray]:
    """Features of every slice, and 1 where a phrase of the human begins."""
    chord, key, boundary, tables = nets
    grid = make_grid(notes_of(piece), meters_of(piece))
    heard = chord.scores(chord_blocks(grid), chord_extras(grid))
    keys = key.scores(key_blocks(grid, heard)).reshape(len(grid), -1)
    heard, weights = heard.reshape(len(grid), -1), Decoding()
    spans = read(cut(heard, boundary.log_odds(boundary_features(grid)), weights), heard, keys, tables, weights)
    begins = np.zeros(len(grid))
    for at in piece.phrase_starts:
        place = int(np.searchsorted(grid.starts, round(at * PPQ), side="right")) - 1
        if 0 < place < len(grid):
            begins[place] = 1
    return grid, phrase_features(grid, spans), begins


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="/tmp/weights.npz")
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--all", action="store_true", help="train on the held-back pieces too")
    parser.add_argument("--phrases-of", metavar="FILE", help="only train the phrase network of such a file anew")
    given = parser.parse_args()
    began = time.monotonic()

    def log(text: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:5.0f} s] {text}\n")
        sys.stdout.flush()

    pool = [p for corpus in human.CORPORA for p in human.pieces(corpus, test=False)]
    learn = [p for p in pool if given.all or not is_dev(p.name)]
    if given.phrases_of:
        arrays = dict(np.load(given.phrases_of))
        old = unpacked(arrays)
        nets = old.chord, old.key, old.boundary, old.tables
        phrase = train_phrase(learn, [p for p in pool if is_dev(p.name)], nets, log)
        for name, part in zip(("first", "first_bias", "second", "second_bias"), phrase, strict=True):
            arrays[f"phrase_{name}"] = part.astype(np.float16)
        np.savez_compressed(given.out, **arrays)
        return
    train, dev = Set(learn), Set([p for p in pool if is_dev(p.name)])
    log(f"{len(learn)} pieces of {len(pool)}, {len(train.labels)} slices")
    rng = np.random.default_rng(1)
    n = len(LABELS)

    def chord_target(s: Set) -> np.ndarray:
        return np.where(s.labels[:, 1] >= 0, s.labels[:, 0] * n + s.labels[:, 1], -1)

    def key_target(s: Set) -> np.ndarray:
        return s.labels[:, 2] * 2 + s.labels[:, 3]

    chord = train_network(train.chord, train.extras, chord_target(train), n, given.hidden, given.epochs, rng,
                          (dev.chord, dev.extras, chord_target(dev)), log=log)  # fmt: skip
    heard = Network(*chord)
    key = train_network(train.key_blocks(heard), None, key_target(train), 2, 48, 6, rng,
                        (dev.key_blocks(heard), None, key_target(dev)), log=log, drop=0.3, decay=3e-4)  # fmt: skip
    boundary = train_boundary(train.boundary, train.labels[:, 4].astype(np.float32), 10, rng)
    h = np.maximum(dev.boundary @ boundary[0] + boundary[1], 0) @ boundary[2] + boundary[3]
    truth = dev.labels[:, 4]
    log(f"boundary dev right {((h > 0) == truth).mean():.3f}, of new chords {(h[truth == 1] > 0).mean():.3f}")
    moves, first, keys = count_moves(learn)
    log(f"profiles {count_profiles(learn).round(4).tolist()}")
    levels = np.array([train.labels[train.level == k, 4].mean() for k in range(LEVELS)])
    log(f"new chord by level {levels}")
    tables = make_tables(moves * 2, first, keys)
    nets = Network(*chord), Network(*key), Gate(*boundary), tables
    phrase = train_phrase(learn, [p for p in pool if is_dev(p.name)], nets, log)
    names = ("first", "first_bias", "second", "second_bias")
    parts = (("chord", chord), ("key", key), ("boundary", boundary), ("phrase", phrase))
    arrays = {f"{kind}_{name}": p.astype(np.float16) for kind, ps in parts for name, p in zip(names, ps, strict=True)}
    np.savez_compressed(given.out, **arrays, moves=np.round(moves * 2).astype(np.uint16),
                        starts=first.astype(np.uint16), keys=keys.astype(np.uint16))  # fmt: skip
    log(f"{given.out}: {Path(given.out).stat().st_size} bytes")


def train_phrase(learn: list[human.Piece], dev: list[human.Piece], nets: tuple, log: Callable[[str], None]) -> list:
    """On the chorales, where || stands at every fermata; elsewhere it marks sections, if anything."""
    closes = [phrase_rows(p, nets) for p in learn if p.corpus == "chorales"]
    x, y = (np.concatenate(z) for z in zip(*[c[1:] for c in closes], strict=True))
    phrase = train_boundary(x, y.astype(np.float32), 12, np.random.default_rng(2))
    dev_rows = [phrase_rows(p, nets) for p in dev if p.corpus == "chorales"]
    for ready in (0.0, 0.5, 1.0, 1.5, 2.0):
        found = wanted = hits = 0
        for grid, x, y in dev_rows:
            starts = set(phrase_starts(grid, Gate(*phrase).log_odds(x) + ready)) - {0}
            truth = set(np.flatnonzero(y)) - {0}
            hits, found, wanted = hits + len(starts & truth), found + len(starts), wanted + len(truth)
        log(f"phrases, {ready} readier: precision {hits / max(found, 1):.3f} recall {hits / max(wanted, 1):.3f}"
            f" F {2 * hits / (found + wanted):.3f}")  # fmt: skip
    return phrase


if __name__ == "__main__":
    main()
