"""Biquad coefficients after the Audio EQ Cookbook (R. Bristow-Johnson): b0 b1 b2 a1 a2 with a0 = 1."""

from __future__ import annotations

import math

from instruments.block import InstrumentError


def biquad(kind: str, hz: float, rate: int, gain_db: float = 0.0, q: float = 0.7) -> tuple[float, ...]:
    """kind: peak, low-shelf, high-shelf, high-pass, low-pass. hz is held below 0.49 of the rate."""
    w = 2 * math.pi * min(hz, 0.49 * rate) / rate
    cos, alpha, a = math.cos(w), math.sin(w) / (2 * q), 10 ** (gain_db / 40)
    root = 2 * math.sqrt(a) * alpha
    match kind:
        case "peak":
            b = (1 + alpha * a, -2 * cos, 1 - alpha * a)
            d = (1 + alpha / a, -2 * cos, 1 - alpha / a)
        case "low-pass":
            b = ((1 - cos) / 2, 1 - cos, (1 - cos) / 2)
            d = (1 + alpha, -2 * cos, 1 - alpha)
        case "high-pass":
            b = ((1 + cos) / 2, -1 - cos, (1 + cos) / 2)
            d = (1 + alpha, -2 * cos, 1 - alpha)
        case "low-shelf":
            b = (a * (a + 1 - (a - 1) * cos + root), 2 * a * (a - 1 - (a + 1) * cos),
                 a * (a + 1 - (a - 1) * cos - root))
            d = (a + 1 + (a - 1) * cos + root, -2 * (a - 1 + (a + 1) * cos), a + 1 + (a - 1) * cos - root)
        case "high-shelf":
            b = (a * (a + 1 + (a - 1) * cos + root), -2 * a * (a - 1 + (a + 1) * cos),
                 a * (a + 1 + (a - 1) * cos - root))
            d = (a + 1 - (a - 1) * cos + root, 2 * (a - 1 - (a + 1) * cos), a + 1 - (a - 1) * cos - root)
        case _:
            raise InstrumentError(
                f"equalizer kind {kind!r} is not known: peak, low-shelf, high-shelf, high-pass, low-pass"
            )
    return (b[0] / d[0], b[1] / d[0], b[2] / d[0], d[1] / d[0], d[2] / d[0])
