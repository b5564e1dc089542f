"""Scala's files: scales (.scl) and keyboard mappings (.kbm), read whole and strictly.

Formats: https://www.huygens-fokker.org/scala/scl_format.html and .../help.htm#mappings (Manuel Op de Coul).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from instruments.block import InstrumentError

_CENTS = re.compile(r"[ \t]*(-?(?:\d+\.\d*|\.\d+))(?![\w./]|,\d)")
_RATIO = re.compile(r"[ \t]*(-?\d+)(?:[ \t]*/[ \t]*(-?\d+))?(?![\w./]|,\d)")
_WHOLE = re.compile(r"[ \t]*(-?\d+)(?![\w./]|,\d)")
_NUMBER = re.compile(r"[ \t]*(-?(?:\d+\.?\d*|\.\d+))(?![\w./]|,\d)")
_MOST_NOTES = 4096
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Scale:
    """cents: of each degree above the first note, which is implied; the last is the interval of repetition."""

    description: str
    cents: tuple[float, ...]

    def at(self, degree: int) -> float:
        """Cents of any degree (negative too) above degree 0, repeating."""
        times, rest = divmod(degree, len(self.cents))
        return times * self.cents[-1] + (self.cents[rest - 1] if rest else 0.0)


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Which key plays which degree.

    first, last     keys (0..127) outside of which nothing is retuned
    middle          the key of the mapping's first entry
    reference_key   this key sounds at reference_hz
    period_degree   the degree that the mapping goes up by when it repeats
    degrees         of each key from `middle` on, None where a key is not mapped; empty: every key is the next degree
    """

    first: int
    last: int
    middle: int
    reference_key: int
    reference_hz: float
    period_degree: int
    degrees: tuple[int | None, ...]


def parse_scl(text: str, place: str) -> Scale:
    """A scale. Raises InstrumentError: place, line, value and what is allowed."""
    lines = _lines(text)
    description = next(lines, (0, ""))[1].strip()
    row, line = next(lines, (0, ""))
    where = f"{place}: line {row}" if row else f"{place} ends early"
    count = _whole(line, where, "the number of notes", 1, _MOST_NOTES)
    cents: list[float] = []
    for row, line in lines:
        if len(cents) == count:
            break  # text after the last note belongs to nothing
        if not line.strip():
            continue
        cents.append(_pitch(line, f"{place}: line {row}"))
    if len(cents) < count:
        raise InstrumentError(f"{place}: {len(cents)} pitches, where {count} are announced: give one a line")
    return Scale(description, tuple(cents))


def parse_kbm(text: str, place: str) -> KeyMap:
    """A keyboard mapping. Raises InstrumentError: place, line, value and what is allowed."""
    lines = _lines(text)

    def take(what: str, low: int, high: int) -> int:
        row, line = next(lines, (0, ""))
        return _whole(line, f"{place}: line {row}" if row else f"{place} ends early", what, low, high)

    size = take("the size of the map", 0, _MOST_NOTES)
    first = take("the first key to retune", 0, 127)
    last = take("the last key to retune", 0, 127)
    middle = take("the key of the first entry", 0, 127)
    reference_key = take("the key of the reference", 0, 127)
    row, line = next(lines, (0, ""))
    found = _NUMBER.match(line)
    if found is None or not 1 <= float(found[1]) <= 20_000:
        raise InstrumentError(f"{place}: line {row}: {_shown(line)} does not fit: give the frequency of the "
                              "reference key, 1 to 20000 Hz")
    hz = float(found[1])
    period = take("the degree of the octave", 0, _MOST_NOTES)
    degrees: list[int | None] = []
    for row, line in lines:
        if not line.strip():
            continue
        if len(degrees) == size:
            raise InstrumentError(f"{place}: line {row}: {_shown(line)} is one entry too many: line 1 says {size}")
        if re.match(r"\s*[xX](?!\w)", line):
            degrees.append(None)
        else:
            degrees.append(_whole(line, f"{place}: line {row}", "a degree of the scale, or x", -_MOST_NOTES,
                                  _MOST_NOTES))
    degrees += [None] * (size - len(degrees))  # unmapped keys at the end may be left out
    return KeyMap(first, last, middle, reference_key, hz, period, tuple(degrees))


def cents_by_key(scale: Scale, keys: KeyMap, place: str) -> tuple[float | None, ...]:
    """For keys 0 to 127 the pitch in cents above key 0 of 440 Hz equal temperament; None: not mapped.

    Raises InstrumentError where the reference key itself is not mapped.
    """
    period = scale.at(keys.period_degree or len(scale.cents))

    def above_middle(key: int) -> float | None:
        if not keys.degrees:
            return scale.at(key - keys.middle)
        times, entry = divmod(key - keys.middle, len(keys.degrees))
        degree = keys.degrees[entry]
        return None if degree is None else times * period + scale.at(degree)

    reference = above_middle(keys.reference_key)
    if reference is None:
        raise InstrumentError(f"{place}: key {keys.reference_key} has the reference frequency, but is not mapped: "
                              "choose one that is")
    shift = 6900 + 1200 * math.log2(keys.reference_hz / 440) - reference
    found: list[float | None] = []
    for key in range(128):
        inside = keys.first <= key <= keys.last
        above = above_middle(key)
        found.append(100.0 * key if not inside else None if above is None else above + shift)
    return tuple(found)


def read_text(path: Path) -> str:
    """A small text file: UTF-8, or the Latin-1 of Scala's archive. Raises InstrumentError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        kind = ".kbm" if path.suffix.lower() == ".kbm" else ".scl"
        raise InstrumentError(f"tuning {path} cannot be read ({reason}): give the path of a {kind} file") from None
    if len(data) > _MOST_BYTES:
        raise InstrumentError(f"tuning {path} is longer than 1 MB: that is no Scala file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments. Only real line ends count: Latin-1 texts hold \\x85 and the like."""
    for row, line in enumerate(re.split(r"\r\n|\n|\r", text.removesuffix("\n")), 1):
        if not line.startswith("!"):
            yield row, line


def _shown(line: str) -> str:
    text = line.strip()
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _whole(line: str, place: str, what: str, low: int, high: int) -> int:
    found = _WHOLE.match(line)
    if found is None or len(found[1]) > 9 or not low <= int(found[1]) <= high:
        raise InstrumentError(f"{place}: {_shown(line)} does not fit: give {what}, {low} to {high}")
    return int(found[1])


def _pitch(line: str, place: str) -> float:
    """A pitch in cents: with a point it is cents, else a ratio. What follows it on the line is a remark."""
    if found := _CENTS.match(line):
        cents = float(found[1])
        if abs(cents) > 120_000:
            raise InstrumentError(f"{place}: {found[1]} cents are out of range: give -120000. to 120000.")
        return cents
    if found := _RATIO.match(line):
        above, below = int(found[1]), int(found[2] or 1)
        if above > 0 and below > 0:
            return 1200 * (math.log2(above) - math.log2(below))
    raise InstrumentError(f"{place}: {_shown(line)} is no pitch: give cents with a point (701.955) or a positive "
                          "ratio (3/2)")
