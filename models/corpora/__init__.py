"""Readers of the data folder: every corpus as the same values, lazily, for statistics, training and tests.

    from models.corpora import read
    for entry in read("groove_midi", split="train"):
        entry.piece.of("drums"), entry.style, entry.licence

The folder is given, or SIDEMAN_DATA, or ../shared/data beside the checkout. Nothing of it is part of Sideman.
"""

from __future__ import annotations

from models.corpora.catalogue import CORPORA, read
from models.corpora.entry import Entry
from models.corpora.folder import data_folder

__all__ = ["CORPORA", "Entry", "data_folder", "read"]
