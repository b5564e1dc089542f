"""Note values as musicians write them: "1/4", "1/8." (dotted), "1/8t" (triplet), "2/1"."""

from __future__ import annotations

import re

from instruments.errors import InstrumentError

_VALUE = re.compile(r"\s*(\d{1,2})\s*/\s*(\d{1,3})\s*(\.{0,2}|[tTdD])\s*")
_FACTORS = {"": 1.0, ".": 1.5, "..": 1.75, "t": 2 / 3, "d": 1.5}


def beats_of(value: str, place: str) -> float:
    """In quarter notes. Raises InstrumentError that names `place`, the value and what would do."""
    match = _VALUE.fullmatch(value)
    if match is None or not int(match[1]) or int(match[2]) not in (1, 2, 4, 8, 16, 32, 64):
        raise InstrumentError(f"{place} = {value!r} is no note value: give one like \"1/4\", \"1/8.\" (dotted) or "
                              f"\"1/8t\" (triplet)")
    return 4 * int(match[1]) / int(match[2]) * _FACTORS[match[3].lower()]
