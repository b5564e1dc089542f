"""Small networks that hear alike in every key: one set of weights, applied from each of the twelve roots.

Each sees its input turned so that the candidate root lies at 0, has one hidden layer, and says how likely that root
carries each of its classes. Transposing the music turns the answer and changes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from composers.theory.analysis.grid import Floats

_CHUNK = 2048


@dataclass(frozen=True)
class Network:
    """first   [blocks * 12 (+ extras), hidden], bias [hidden]; second [hidden, classes], bias [classes]."""

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def scores(self, blocks: Floats, extras: Floats | None = None) -> Floats:
        """[slices, 12 roots, classes] log-probabilities over roots and classes together.

        blocks [slices, blocks, 12] by pitch class, extras [slices, extras] what does not turn.
        """
        parts = [
            self._chunk(blocks[a : a + _CHUNK], None if extras is None else extras[a : a + _CHUNK])
            for a in range(0, len(blocks), _CHUNK)
        ]
        return np.concatenate(parts)

    def _chunk(self, blocks: Floats, extras: Floats | None) -> Floats:
        count, inputs = len(blocks), blocks.shape[1] * 12
        hidden = (blocks.reshape(count, inputs) @ self._from_every_root).reshape(count, 12, -1)
        hidden += self.first_bias
        if extras is not None:
            hidden += (extras @ self.first[inputs:])[:, None]
        np.maximum(hidden, 0, out=hidden)
        raw = np.asarray(hidden.reshape(count * 12, -1) @ self.second + self.second_bias, np.float32)
        return log_softmax(raw.reshape(count, -1)).reshape(count, 12, -1)

    @cached_property
    def _from_every_root(self) -> Floats:
        """[blocks * 12, 12 * hidden] the first layer turned to each root: cheaper than turning the input."""
        size = self.first.shape[1]
        inputs = len(self.first) // 12 * 12
        own = self.first[:inputs].reshape(-1, 12, size)
        above = (np.arange(12)[:, None] - np.arange(12)) % 12  # [pitch class, root]
        return np.ascontiguousarray(own[:, above].reshape(inputs, 12 * size))


@dataclass(frozen=True)
class Gate:
    """One hidden layer and one answer: first [features, hidden], bias [hidden]; second [hidden], bias [1]."""

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def log_odds(self, features: Floats) -> Floats:
        """[slices]"""
        hidden = np.maximum(features @ self.first + self.first_bias, 0)
        return np.asarray(hidden @ self.second + self.second_bias, np.float32)


def log_softmax(raw: Floats) -> Floats:
    """Over the last axis."""
    top = raw - raw.max(axis=-1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(axis=-1, keepdims=True)), np.float32)
