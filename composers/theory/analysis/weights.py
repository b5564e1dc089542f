"""The learned numbers of the analysis, read once from weights.npz beside this file.

Learned by tests/composers/theory/analysis/learn_harmony.py from human Roman-numeral analyses: the When in Rome corpus
(Gotham et al.; new content CC BY-SA 4.0; analyses under a non-commercial licence left out), with scores of music21's
corpus and of OpenScore (CC0). What is kept are weights and counts, no notes and no analyses; weights.toml has the
particulars.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from composers.theory.analysis.decoder import Tables, make_tables
from composers.theory.analysis.grid import Floats
from composers.theory.analysis.network import Gate, Network


class Weights(NamedTuple):
    """chord: from features.chord_blocks; key: from key_blocks; boundary: whether a chord begins; phrase: whether a
    phrase ends; tables: how chords and keys follow each other."""

    chord: Network
    key: Network
    boundary: Gate
    phrase: Gate
    tables: Tables


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Read at the first use (some milliseconds), shared by all threads."""
    with resources.files("composers.theory.analysis").joinpath("weights.npz").open("rb") as stream:
        return unpacked(dict(np.load(stream)))


def unpacked(arrays: dict[str, Floats]) -> Weights:
    """From the arrays of the file."""
    real = {name: np.asarray(a, np.float32) for name, a in arrays.items()}

    def part(kind: str) -> tuple[Floats, Floats, Floats, Floats]:
        return tuple(real[f"{kind}_{name}"] for name in ("first", "first_bias", "second", "second_bias"))  # type: ignore[return-value]

    return Weights(
        Network(*part("chord")), Network(*part("key")), Gate(*part("boundary")), Gate(*part("phrase")),
        make_tables(real["moves"], real["starts"], real["keys"]),
    )  # fmt: skip
