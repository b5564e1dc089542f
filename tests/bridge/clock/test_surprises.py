"""Arrivals that keep surprising: when a port is judged anew, and when it is not."""

from __future__ import annotations

import numpy as np

from bridge.clock.regression import Arrival, Regression
from bridge.clock.surprises import Surprises

I = 20_833_333  # noqa: E741 - an interval, at 120 BPM
SD = 25_000.0


def heard(stamps: list[float], slipped: int = 0, since: int = 0) -> tuple[Surprises, bool]:
    """All of them surprises but the first eight; after the tenth the count, and that of the last `since` arrivals, was
    corrected by `slipped`."""
    surprises, rule = Surprises(), False
    for clock, ns in enumerate(stamps):
        if clock == 10:
            surprises.slipped(slipped, since)
        surprises.heard(Arrival(clock + (slipped if clock >= 10 else 0), round(ns)), float(I))
        if clock >= 8:
            rule = surprises.surprise()
    return surprises, rule


def line() -> Regression:
    return Regression.through([Arrival(k, k * I) for k in range(8)], float(I))


def test_noise_is_found_and_the_corrections_made_meanwhile_are_taken_back() -> None:
    noise = np.abs(np.random.default_rng(1).normal(0.0, 2e6, 16))
    surprises, rule = heard([k * I + (noise[k] if k >= 8 else 0.0) for k in range(16)], slipped=-1)
    assert rule
    found = surprises.misjudged(line(), SD)
    assert found is not None
    points, slip = found
    assert slip == 1 and [p.clock for p in points] == [*range(8, 16)]


def test_a_correction_holds_for_those_that_it_was_made_for() -> None:
    """A clock was lost before the eighth arrival, which was seen two later."""
    noise = np.abs(np.random.default_rng(1).normal(0.0, 2e6, 16))
    stamps = [(k + (k >= 8)) * I + (noise[k] if k >= 8 else 0.0) for k in range(16)]
    surprises, rule = heard(stamps, slipped=1, since=2)
    assert rule
    found = surprises.misjudged(line(), SD)
    assert found is not None
    points, slip = found
    assert slip == 0 and [p.clock for p in points] == [*range(9, 17)]


def test_a_ramp_and_a_burst_and_another_tempo_are_no_noise() -> None:
    ramp, _ = heard([k * I + (max(0, k - 7) ** 2 * 4e4) for k in range(20)])
    assert ramp.misjudged(line(), SD) is None
    burst, _ = heard([k * I if k < 8 else 17.0 * I for k in range(18)])
    assert burst.misjudged(line(), SD) is None
    noise = np.abs(np.random.default_rng(1).normal(0.0, 2e6, 40))
    other, _ = heard([k * I if k < 20 else 20 * I + (k - 20) * I * 1.2 + noise[k] for k in range(40)])
    assert other.misjudged(line(), SD) is None


def test_packets_are_known_when_they_recur() -> None:
    packed = [float(k * I if k < 8 else (k // 3 * 3 + 2) * I) for k in range(24)]
    surprises, rule = heard(packed)
    assert rule
    found = surprises.misjudged(line(), SD)
    assert found is not None and len(found[0]) == 16 and found[1] == 0


def test_after_a_restart_four_clocks_on_a_line_are_a_tempo() -> None:
    surprises = Surprises()
    surprises.restart()
    for clock in range(4):
        assert surprises.anew(SD) is None
        surprises.heard(Arrival(clock, clock * I * 3 // 2), float(I))
    found = surprises.anew(SD)
    assert found is not None and len(found[0]) == 4
