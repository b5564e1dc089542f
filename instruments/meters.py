"""What the console's meters read: levels of channels since the last look, loudness and correlation of the mix."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.loudness import k_weighting, lufs

Numbers = NDArray[np.float64]


class Level(NamedTuple):
    """Of a channel behind its fader, since the last look; left and right, linear, full scale 1."""

    peak: tuple[float, float]
    rms: tuple[float, float]


class MixLevel(NamedTuple):
    """Of what goes out. peak, rms, true_peak (4 times the rate, the larger side), correlation: since the last look.

    momentary_lufs   of the last 400 ms, short_term_lufs of the last 3 s, new every 100 ms; -inf before there is so much
    integrated_lufs  gated, since the start or clear_loudness(); -inf if nothing has sounded
    correlation      of left and right, -1..1; 1 where there is silence
    """

    peak: tuple[float, float]
    rms: tuple[float, float]
    true_peak: float
    momentary_lufs: float
    short_term_lufs: float
    integrated_lufs: float
    correlation: float


def loudness_coefs(rate: int) -> list[float]:
    """What the kernel of the loudness meter is given: the K weighting, frames of 100 ms."""
    return [*k_weighting(rate).ravel().tolist(), float(round(rate / 10))]


def read_level(numbers: Numbers) -> Level:
    """And begin anew."""
    from instruments.kernels import metering as m

    level = _level(numbers, m.FRAMES)
    numbers[:] = 0
    return level


def _level(numbers: Numbers, frames_at: int) -> Level:
    peak_l, peak_r, power_l, power_r = numbers[:4].tolist()
    frames = max(1.0, float(numbers[frames_at]))
    return Level((peak_l, peak_r), (math.sqrt(power_l / frames), math.sqrt(power_r / frames)))


def read_mix(state: Numbers) -> MixLevel:
    """And begin peaks, powers and correlation anew."""
    from instruments.kernels import metering as m

    level = _level(state, m.FRAMES)
    both = math.sqrt(float(state[m.POWER_L]) * float(state[m.POWER_R]))
    correlation = max(-1.0, min(1.0, float(state[m.BOTH]) / both)) if both > 0 else 1.0
    found = MixLevel(*level, float(state[m.TRUE_PEAK]), _recent(state, 4), _recent(state, 30), _integrated(state),
                     correlation)
    state[: m.BOTH + 1] = 0
    return found


def clear_loudness(state: Numbers) -> None:
    """Begin the integrated loudness anew."""
    from instruments.kernels import metering as m

    state[m.COUNTS : m.PAST] = 0


def _recent(state: Numbers, hops: int) -> float:
    """Loudness of the last tenths of a second."""
    from instruments.kernels import metering as m

    count = int(state[m.HOPS])
    if count < hops:
        return -math.inf
    ring = state[m.HOP_RING : m.HOP_RING + m.HOPS_KEPT]
    return float(lufs(float(np.mean([ring[(count - 1 - i) % m.HOPS_KEPT] for i in range(hops)]))))


def _integrated(state: Numbers) -> float:
    """As BS.1770-4 gates it; the relative gate to 0.1 LU, the width of the histogram's bins."""
    from instruments.kernels import metering as m

    counts, powers = state[m.COUNTS : m.POWERS], state[m.POWERS : m.PAST]
    total = float(counts.sum())
    if not total:
        return -math.inf
    gate = float(lufs(float(powers.sum()) / total)) - 10
    first = max(0, math.ceil((gate + 70) * 10))
    return float(lufs(float(powers[first:].sum()) / max(1.0, float(counts[first:].sum()))))
