"""When in Rome: Roman-numeral analyses of classical works by humans, in RomanText.

RomanText: Tymoczko, Gotham, Cuthbert & Ariza, "The RomanText Format" (ISMIR 2019).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from composers.errors import MusicError
from composers.score import Meter, Tick
from composers.statistics.meter_places import tactus
from composers.statistics.piece import ChordSpan, Piece
from composers.theory.chords import Chord
from composers.theory.romans import parse_roman
from composers.theory.scales import Key
from models.corpora.entry import Entry, split_of
from models.corpora.folder import texts

_SIGNATURE = re.compile(r"time signature\s*:?\s*(?:(fast|slow)\s+)?(c\b|cut|\d+/\d+)", re.IGNORECASE)
_MEASURE = re.compile(r"m(\d+)(?:-m?(\d+))?(var\w*|[a-z]\w*)?(?=\s|=|:|$):?\s*(.*)")
_SAME = re.compile(r"=\s*m?\s*(\d+)\b")
_KEY = re.compile(r"([A-Ga-g])(#*|b*|-*):+")
_BEAT = re.compile(r"b(\d+(?:\.\d+)*)")
_HEADER = re.compile(r"([A-Za-z][A-Za-z \-]*):\s*(.*)")
_SECOND_READING = re.compile(r"\[[b#]*[IiVv]+o?[0-9]*\]")
_BARS = frozenset({"||", "||:", ":||", ":||:", "|", "|:", ":|", "NC"})
_NON_COMMERCIAL = re.compile(r"BY-NC|non-?commercial", re.IGNORECASE)


@dataclass(slots=True)
class _Bar:
    meter: Meter
    beat: Tick
    words: list[tuple[Fraction, str]] = field(default_factory=list)
    form: str = ""


def when_in_rome(folder: Path, *, non_commercial: bool = False) -> Iterator[Entry]:
    """Works without notes: chords and keys by bar. Numerals that we cannot read are left out and the chord before
    goes on. Analyses whose own text says non-commercial are left out, unless asked for."""
    for path, text in texts(folder, "chords_when_in_rome/analyses_human.tar.xz", "analysis.txt"):
        restricted = bool(_NON_COMMERCIAL.search(text))
        if restricted and not non_commercial:
            continue
        entry = _entry(path.removeprefix("Corpus/").rpartition("/")[0], text, restricted=restricted)
        if entry is not None:
            yield entry


def _entry(name: str, text: str, *, restricted: bool) -> Entry | None:
    headers, bars = _read(text)
    if not bars:
        return None
    numbers = sorted(bars)
    key = Key.parse("C")
    keys: list[tuple[Tick, Key]] = []
    marks: list[tuple[Tick, Chord | None]] = []
    at, meter = 0, bars[numbers[0]].meter
    current = bars[numbers[0]]
    sections = []
    for number in range(numbers[0], numbers[-1] + 1):
        current = bars.get(number, _Bar(current.meter, current.beat, form=current.form))
        sections.append(current.form)
        for beat, word in current.words:
            tick = at + round((beat - 1) * current.beat)
            if found := _KEY.fullmatch(word):
                named = found[1].upper() + found[2].replace("-", "b")
                key = Key.parse(named, "major" if found[1].isupper() else "minor")
                if not keys or keys[-1][1] != key:
                    keys.append((tick, key))
            elif (chord := _chord(word, key)) is not None:
                marks.append((tick, chord))
        at += current.meter.bar_ticks
    ends = [tick for tick, _ in marks[1:]] + [at]
    spans = tuple(ChordSpan(a, b, chord) for (a, chord), b in zip(marks, ends, strict=True) if chord and b > a)
    one_meter = all(bar.meter == meter for bar in bars.values())
    piece = Piece(meter, max(1, at // meter.bar_ticks), {}, {}, spans,
                  tuple(sections) if one_meter else (), name=name)  # fmt: skip
    title = f"{headers.get('composer', '')}: {headers.get('title', name)}"
    licence = "non-commercial (see the file)" if restricted else "CC BY-SA 4.0"
    return Entry(name, "chords_when_in_rome", title, licence, piece, split_of(name), name.partition("/")[0],
                 keys[0][1] if keys else None, keys=tuple(keys), meter_ok=one_meter)  # fmt: skip


def _read(text: str) -> tuple[dict[str, str], dict[int, _Bar]]:
    headers: dict[str, str] = {}
    bars: dict[int, _Bar] = {}
    meter, beat, form = Meter(), Meter().beat_ticks, ""
    for line in text.splitlines():
        line = line.strip().lstrip("\ufeff")
        if found := _SIGNATURE.match(line):
            with suppress(MusicError):  # one work has a bar of 39/8
                meter, beat = _meter(found[1], found[2])
        elif found := _MEASURE.match(line):
            if not found[3]:
                _measure(bars, int(found[1]), int(found[2] or found[1]), found[4], _Bar(meter, beat, form=form))
        elif found := _HEADER.match(line):
            if found[1].strip().lower() == "form":
                form = found[2].strip()
            headers.setdefault(found[1].strip().lower(), found[2].strip())
    return headers, bars


def _measure(bars: dict[int, _Bar], first: int, last: int, rest: str, empty: _Bar) -> None:
    if same := _SAME.match(rest):
        for number in range(first, last + 1):
            source = bars.get(int(same[1]) + number - first)
            if source is not None:
                bars[number] = _Bar(source.meter, source.beat, list(source.words), empty.form)
        return
    at = Fraction(1)
    for word in rest.split():
        if mark := _BEAT.fullmatch(word):
            at = _beat(mark[1])
        elif word not in _BARS:
            empty.words.append((at, word))
    bars[first] = empty


def _meter(speed: str | None, text: str) -> tuple[Meter, Tick]:
    """The meter and its beat: dotted where it is compound ("slow" counts the units, "fast" one in a bar of 3)."""
    meter = {"c": Meter(4, 4), "cut": Meter(2, 2)}.get(text.lower()) or Meter.parse(text)
    if (speed or "").lower() == "slow":
        return meter, meter.beat_ticks
    if (speed or "").lower() == "fast" and meter.beats == 3:
        return meter, meter.bar_ticks
    if meter.beats % 3 == 0 and meter.beats > 3:
        return meter, meter.beat_ticks * 3
    return meter, tactus(meter)


def _beat(text: str) -> Fraction:
    """ "2.5" is 5/2, "1.67" 5/3, "1.66.5" half of a third further."""
    whole, *parts = text.split(".")
    beat, unit = Fraction(int(whole)), Fraction(1)
    for part in parts:
        size = Fraction(f"0.{part}")
        near = size.limit_denominator(12)
        beat += (near if abs(near - size) < Fraction(1, 60) else size) * unit
        unit = Fraction(1, 3) if part[0] in "36" else Fraction(1, 2)
    return beat


@lru_cache(maxsize=65536)
def _chord(word: str, key: Key) -> Chord | None:
    try:
        return parse_roman(_SECOND_READING.sub("", word)).chord(key)
    except (MusicError, ValueError):
        return None
