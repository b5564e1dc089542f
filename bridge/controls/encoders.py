"""Endless knobs, which send how far they were turned instead of where they stand."""

from __future__ import annotations

from typing import Literal

Relative = Literal["twos_complement", "binary_offset", "sign_magnitude"]


def steps_of(raw: int, relative: Relative) -> int:
    """Detents of one 7-bit value, positive to the right; the three ways in which manuals say "relative".

    twos_complement  1, 2, ... to the right, 127, 126, ... to the left
    binary_offset    64 is none: 65, 66, ... to the right, 63, 62, ... to the left
    sign_magnitude   1, 2, ... to the right, 65, 66, ... to the left (Mackie Control's V-Pots)
    """
    if relative == "binary_offset":
        return raw - 64
    if relative == "twos_complement":
        return raw if raw < 64 else raw - 128
    return raw if raw < 64 else 64 - raw
