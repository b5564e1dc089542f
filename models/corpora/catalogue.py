"""The corpora by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from composers.errors import MusicError
from models.corpora.billboard import billboard
from models.corpora.entry import SPLITS, Entry
from models.corpora.folder import data_folder
from models.corpora.groove import groove_midi
from models.corpora.pop909 import pop909
from models.corpora.scores import folk, lieder, polish, quartets
from models.corpora.when_in_rome import when_in_rome
from models.errors import CorpusError

CORPORA: Mapping[str, Callable[[Path], Iterator[Entry]]] = {
    "pop909": pop909, "groove_midi": groove_midi, "openscore_lieder": lieder, "openscore_quartets": quartets,
    "polish_scores": polish, "folk_abc": folk, "chords_billboard": billboard, "chords_when_in_rome": when_in_rome,
}  # fmt: skip
"""Name (of the folder) -> reader. "pop909" is for research and tests: nothing trained on it, no notes of it ship."""


def read(
    corpus: str, folder: Path | str | None = None, *, split: str | None = None, duplicates: bool = False,
    broken_meter: bool = True,
) -> Iterator[Entry]:
    """The entries of a corpus in its files' order, read as they are asked for.

    split         only one of "train", "validation", "test"
    duplicates    also those that repeat an earlier entry
    broken_meter  also those whose bar lines cannot be trusted

    Raises CorpusError where the data is missing or broken, MusicError for an unknown name.
    """
    if corpus not in CORPORA:
        raise MusicError(f"corpus {corpus!r} is not known: choose one of {', '.join(CORPORA)}")
    if split is not None and split not in SPLITS:
        raise MusicError(f"split {split!r} is not one: choose {', '.join(SPLITS)}")
    entries = _named(corpus, CORPORA[corpus](data_folder(folder)))
    return _filtered(entries, split, duplicates, broken_meter)


def _named(corpus: str, entries: Iterator[Entry]) -> Iterator[Entry]:
    """What is not as its reader expects is told with its corpus and place."""
    last = "the first"
    try:
        for entry in entries:
            last = f"the one after {entry.id}"
            yield entry
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CorpusError(f"{corpus}: a piece ({last}) is not as expected: {type(error).__name__} {error}: "
                          "get the data again") from error  # fmt: skip


def _filtered(entries: Iterator[Entry], split: str | None, duplicates: bool, broken_meter: bool) -> Iterator[Entry]:
    for entry in entries:
        if (split in (None, entry.split)) and (duplicates or not entry.duplicate) and (broken_meter or entry.meter_ok):
            yield entry
