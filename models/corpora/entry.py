"""A piece of a corpus, with all that training and its manifest need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from composers.score import Tick
from composers.statistics.piece import Piece
from composers.theory.scales import Key

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece.

    id         stable and unique within the corpus
    licence    as the corpus gives it for this piece
    split      one of SPLITS: the official one, where there is one, else by the id's hash, 8 : 1 : 1
    style      the corpus' own word: "jazz/swing", "Secular; Mazurka", "reel"; "" where it has none
    key        where the corpus names one; fifths: the signature's sharps (> 0) or flats, where known
    keys       (tick, key) where the corpus marks changes
    duplicate  the same music as an earlier entry
    meter_ok   bars and notes agree with one meter throughout, as far as can be told: bar lines can be trusted
    """

    id: str
    corpus: str
    title: str
    licence: str
    piece: Piece
    split: str
    style: str = ""
    key: Key | None = None
    fifths: int | None = None
    keys: tuple[tuple[Tick, Key], ...] = ()
    duplicate: bool = False
    meter_ok: bool = True


def split_of(name: str) -> str:
    """Train, validation or test, 8 : 1 : 1, by the hash of a piece's name: the same for ever."""
    place = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32
    return "train" if place < 0.8 else "validation" if place < 0.9 else "test"
