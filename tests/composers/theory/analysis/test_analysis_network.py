"""The networks hear alike in every key; the searches find the best course."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.theory.analysis.decoder import CHORDS, KEYS, Decoding, Tables, cut, make_tables, read
from composers.theory.analysis.network import Network
from composers.theory.analysis.phrases import LEAST_BEATS, phrase_starts
from composers.theory.analysis.weights import weights


def network(seed: int, blocks: int = 3, extras: int = 2, hidden: int = 5, classes: int = 4) -> Network:
    rng = np.random.default_rng(seed)
    sizes = ((blocks * 12 + extras, hidden), (hidden,), (hidden, classes), (classes,))
    return Network(*(rng.normal(size=s).astype(np.float32) for s in sizes))


@given(st.integers(0, 999), st.integers(0, 11))
def test_transposing_the_input_turns_the_answer(seed: int, up: int) -> None:
    rng = np.random.default_rng(seed)
    blocks, extras = rng.random((7, 3, 12), np.float32), rng.random((7, 2), np.float32)
    net = network(seed)
    here, there = net.scores(blocks, extras), net.scores(np.roll(blocks, up, axis=2), extras)
    assert np.allclose(np.roll(here, up, axis=1), there, atol=1e-4)
    assert np.allclose(np.exp(here).sum((1, 2)), 1, atol=1e-4)


def test_turning_the_weights_is_turning_the_input() -> None:
    rng = np.random.default_rng(5)
    blocks = rng.random((4, 3, 12), np.float32)
    net = network(5, extras=0)
    turned = np.stack([np.roll(blocks, -root, axis=2).reshape(4, -1) for root in range(12)], axis=1)
    hidden = np.maximum(turned @ net.first + net.first_bias, 0)
    raw = (hidden @ net.second + net.second_bias).reshape(4, -1)
    wanted = raw - np.log(np.exp(raw).sum(1, keepdims=True))
    assert np.allclose(net.scores(blocks).reshape(4, -1), wanted, atol=1e-4)


def test_the_shipped_weights_are_whole() -> None:
    learned = weights()
    for net in (learned.chord, learned.key, learned.boundary, learned.phrase):
        assert all(np.isfinite(part).all() for part in (net.first, net.first_bias, net.second, net.second_bias))
    assert np.allclose(np.exp(learned.tables.moves).sum(2), 1, atol=1e-3)
    assert np.allclose(np.exp(learned.tables.starts).sum(1), 1, atol=1e-3)
    assert (np.diag(learned.tables.keys) == 0).all()


def random_tables(rng: np.random.Generator) -> Tables:
    return make_tables(rng.integers(0, 5, (2, CHORDS, CHORDS)).astype(np.float32),
                       rng.integers(0, 5, (2, CHORDS)).astype(np.float32),
                       rng.integers(0, 5, (2, 12, 2)).astype(np.float32))  # fmt: skip


@settings(max_examples=10)
@given(st.integers(0, 999))
def test_reading_is_the_best_of_all_courses(seed: int) -> None:
    """Against brute force over two spans, the second of two slices, with three candidates each."""
    rng = np.random.default_rng(seed)
    heard, keys = (np.log(rng.dirichlet(np.ones(n), 3)).astype(np.float32) for n in (CHORDS, KEYS))
    tables, settings_ = random_tables(rng), Decoding(candidates=3, modulation=0.5)
    spans = read([(0, 1), (1, 3)], heard, keys, tables, settings_)
    found = [(s.key, s.chord) for s in spans]
    found = found * (3 - len(found)) if len(found) == 1 else found  # one span is twice the same
    heard, keys = (np.stack([x[0], x[1] + x[2]]) for x in (heard, keys))
    labels = CHORDS // 12

    def relative(chord: int, key: int) -> int:
        return (chord // labels - key // 2) % 12 * labels + chord % labels

    def value(course: tuple[tuple[int, int], ...]) -> float:
        total = settings_.moves * float(tables.starts[course[0][0] % 2, relative(course[0][1], course[0][0])])
        for t, (key, chord) in enumerate(course):
            total += settings_.span_heard * float(heard[t, chord]) + settings_.key_heard * float(keys[t, key])
            if t:
                old, before = course[t - 1]
                total += settings_.moves * float(tables.moves[key % 2, relative(before, key), relative(chord, key)])
                total += float(tables.keys[old, key]) - settings_.modulation if old != key else 0.0
        return total

    tops = [np.argsort(-heard[t])[:3] for t in range(2)]
    best = max(
        value(tuple(zip(ks, map(int, cs), strict=True)))
        for cs in product(*tops)
        for ks in product(range(KEYS), repeat=2)
    )
    assert abs(value(tuple(found)) - best) < 1e-3


def test_cutting_follows_what_is_heard_and_the_boundaries() -> None:
    heard = np.full((8, CHORDS), -9.0, np.float32)
    heard[:4, 5], heard[4:, 70] = -0.01, -0.01
    assert cut(heard, np.array([0, -3, -3, -3, 3, -3, -3, -3], np.float32), Decoding()) == [(0, 4), (4, 8)]
    flicker = heard.copy()
    flicker[2, 5], flicker[2, 9] = -0.9, -0.7  # for one slice another chord is a little likelier
    assert cut(flicker, np.array([0, -3, -3, -3, 3, -3, -3, -3], np.float32), Decoding()) == [(0, 4), (4, 8)]


class Beats:
    """A grid's beats, two slices each."""

    def __init__(self, count: int) -> None:
        self.beat = np.arange(count) // 2
        self._count = count

    def __len__(self) -> int:
        return self._count


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=14))
def test_phrase_starts_are_the_best_set_that_is_far_enough_apart(odds: list[float]) -> None:
    grid = Beats(len(odds))
    found = phrase_starts(grid, np.array(odds))  # type: ignore[arg-type]
    assert found[0] == 0
    beats = [int(grid.beat[t]) for t in found]
    assert all(b - a >= LEAST_BEATS for a, b in pairwise(beats))
    able = [t for t in range(1, len(odds)) if odds[t] > 0 and grid.beat[t] >= LEAST_BEATS]
    best = 0.0
    for choice in product((False, True), repeat=len(able)):
        places = [t for t, take in zip(able, choice, strict=True) if take]
        if all(grid.beat[b] - grid.beat[a] >= LEAST_BEATS for a, b in pairwise(places)):
            best = max(best, sum(odds[t] for t in places))
    assert abs(sum(odds[t] for t in found[1:]) - best) < 1e-9
