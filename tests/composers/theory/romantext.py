"""A reader of RomanText, the format of the human analyses in When in Rome (github.com/MarkGotham/When-in-Rome).

After Tymoczko, Gotham, Cuthbert & Ariza, "The RomanText Format" (ISMIR 2019). Figures stay text: reading them is what
is tested. The archive lies at SIDEMAN_DATA/chords_when_in_rome (by default ../shared/data beside the checkout).
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from composers.theory.pitch import parse_pitch_name
from composers.theory.scales import Key

ROOT = Path(__file__).resolve().parents[3]
ARCHIVE = Path("chords_when_in_rome/analyses_human.tar.xz")

_MEASURE = re.compile(r"m(?P<first>\d+)(?P<variant>[a-z]+\d*)?(?:-m?(?P<last>\d+))?(?=\s|=|:|$):?\s*(?P<rest>.*)")
_SAME = re.compile(r"=\s*m?\s*(?P<first>\d+)\b")
_KEY = re.compile(r"(?P<tonic>[A-Ga-g])(?P<signs>#*|b*|-*):$")
_BEAT = re.compile(r"b(?P<beat>\d+(?:\.\d+)*)$")
_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z \-]*):\s*(?P<value>.*)")
_LABEL = re.compile(r"\[[b#]*[IiVv]+o?[0-9]*\]")
"""What the converter leaves of a second reading: IV/V[I]. It is no part of the figure."""
_BARS = frozenset({"||", "||:", ":||", ":||:", "|", "|:", ":|"})


class Event(NamedTuple):
    """One figure where it begins. Two in one place are a pivot: the second is in the new key."""

    measure: int
    beat: Fraction
    key: Key
    figure: str
    variant: bool = False


class PhraseEnd(NamedTuple):
    """A double bar in the analysis."""

    measure: int
    beat: Fraction


class Analysis(NamedTuple):
    """One file. name is its path in the archive; headers by lower-case name; signatures (measure, "3/4")."""

    name: str
    headers: dict[str, str]
    signatures: tuple[tuple[int, str], ...]
    events: tuple[Event, ...]
    phrase_ends: tuple[PhraseEnd, ...]
    not_read: tuple[str, ...]

    @property
    def non_commercial(self) -> bool:
        return any("-NC" in value for value in self.headers.values())


class _Reading:
    def __init__(self) -> None:
        self.key = Key(parse_pitch_name("C"))
        self.events: list[Event] = []
        self.ends: list[PhraseEnd] = []
        self.not_read: list[str] = []

    def measure(self, number: int, text: str, *, variant: bool) -> None:
        beat = Fraction(1)
        for token in text.split():
            if found := _KEY.match(token):
                name = found["tonic"].upper() + found["signs"].replace("-", "b")
                self.key = Key(parse_pitch_name(name), "major" if found["tonic"].isupper() else "minor")
            elif found := _BEAT.match(token):
                beat = _beat(found["beat"])
            elif token in _BARS:
                if token == "||" and not variant:
                    self.ends.append(PhraseEnd(number, beat))
            elif token != "NC":
                self.events.append(Event(number, beat, self.key, _LABEL.sub("", token), variant))

    def same(self, first: int, last: int, source: int) -> None:
        count = last - first + 1
        copied = [e for e in self.events if source <= e.measure < source + count and not e.variant]
        self.events += [e._replace(measure=e.measure - source + first) for e in copied]
        ends = [e for e in self.ends if source <= e.measure < source + count]
        self.ends += [e._replace(measure=e.measure - source + first) for e in ends]
        if copied:
            self.key = copied[-1].key


def _beat(text: str) -> Fraction:
    """ "2.5" is 5/2, "1.67" 5/3, "1.66.5" half of a third further."""
    whole, *parts = text.split(".")
    beat, unit = Fraction(int(whole)), Fraction(1)
    for part in parts:
        size = Fraction(f"0.{part}")
        near = size.limit_denominator(12)
        size = near if abs(near - size) < Fraction(1, 60) else size
        beat += size * unit
        unit = Fraction(1, 3) if part[0] in "36" else Fraction(1, 2)
    return beat


def read(text: str, name: str = "") -> Analysis:
    """A file. What is neither a measure nor a header is kept in not_read."""
    reading = _Reading()
    headers: dict[str, str] = {}
    signatures: list[tuple[int, str]] = []
    number = 0
    for line in text.splitlines():
        line = line.strip().lstrip("\ufeff")
        if measure := _MEASURE.match(line):
            first = number = int(measure["first"])
            last = int(measure["last"] or first)
            if same := _SAME.match(measure["rest"]):
                reading.same(first, last, int(same["first"]))
                number = last
            elif measure["rest"]:
                reading.measure(first, measure["rest"], variant=bool(measure["variant"]))
        elif header := _HEADER.match(line):
            key = header["name"].strip().lower()
            if key == "time signature":
                signatures.append((number + 1 if reading.events else 0, header["value"].strip()))
            headers.setdefault(key, header["value"].strip())
        elif line:
            reading.not_read.append(line)
    return Analysis(name, headers, tuple(signatures), tuple(reading.events), tuple(reading.ends),
                    tuple(reading.not_read))  # fmt: skip


def archive() -> Path:
    """Where the analyses lie; skips the test where they do not."""
    path = Path(os.environ.get("SIDEMAN_DATA", ROOT / "../shared/data")) / ARCHIVE
    if not path.exists():
        pytest.skip(f"no {path}: set SIDEMAN_DATA to the folder that holds {ARCHIVE.parent}")
    return path


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(path in the archive, text) of every human analysis."""
    with tarfile.open(path) as files:
        for member in files:
            if member.name.endswith((".txt", ".rntxt")) and "/analysis" in member.name:
                file = files.extractfile(member)
                if file is not None:
                    yield member.name, file.read().decode("utf8", "replace")


@lru_cache(maxsize=1)
def analyses() -> tuple[Analysis, ...]:
    """All human analyses, a few seconds."""
    return tuple(read(text, name) for name, text in texts(archive()))
