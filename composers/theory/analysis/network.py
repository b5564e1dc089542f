"""Small networks that hear alike in every key: one set of weights, applied from each of the twelve roots.

Each sees its input turned so that the candidate root lies at 0, has one hidden layer, and says how likely that root
carries each of its classes. Transposing the music turns the answer and changes nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from composers.theory.analysis.grid import Floats

_CHUNK = 2048
_TURNS = (np.arange(12)[:, None] + np.arange(12)) % 12


class Network(NamedTuple):
    """first   [blocks * 12 (+ extras), hidden], bias [hidden]; second [hidden, classes], bias [classes]."""

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def scores(self, blocks: Floats, extras: Floats | None = None) -> Floats:
        """[slices, 12 roots, classes] log-probabilities over roots and classes together."""
        parts = [
            self._chunk(blocks[a : a + _CHUNK], None if extras is None else extras[a : a + _CHUNK])
            for a in range(0, len(blocks), _CHUNK)
        ]
        return np.concatenate(parts)

    def _chunk(self, blocks: Floats, extras: Floats | None) -> Floats:
        count = len(blocks)
        turned = turn(blocks).reshape(count * 12, -1)
        inputs = turned.shape[1]
        hidden = turned @ self.first[:inputs] + self.first_bias
        if extras is not None:
            hidden += np.repeat(extras @ self.first[inputs:], 12, axis=0)
        np.maximum(hidden, 0, out=hidden)
        raw = hidden @ self.second + self.second_bias
        return log_softmax(np.asarray(raw.reshape(count, -1), np.float32)).reshape(count, 12, -1)


def turn(blocks: Floats) -> Floats:
    """[slices, blocks, 12] -> [slices, 12 roots, blocks, 12] with each root at 0."""
    return np.ascontiguousarray(blocks[:, :, _TURNS].transpose(0, 2, 1, 3))


def log_softmax(raw: Floats) -> Floats:
    """Over the last axis."""
    top = raw - raw.max(axis=-1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(axis=-1, keepdims=True)), np.float32)


class Gate(NamedTuple):
    """One hidden layer and one answer: first [features, hidden], bias [hidden]; second [hidden], bias [1]."""

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def log_odds(self, features: Floats) -> Floats:
        """[slices]"""
        hidden = np.maximum(features @ self.first + self.first_bias, 0)
        return np.asarray(hidden @ self.second + self.second_bias, np.float32)
