"""Hands: accents, arcs, strums, the band's drift, and what no hand may do."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.feel import STRAIGHT, Feel
from composers.parts import kit
from composers.parts.drift import PULL, STEP_MS, drift_ms
from composers.parts.humanise import Hand, Place, play
from composers.parts.joined import merged
from composers.parts.passage import Event, Written
from composers.pulse import STEPS, pulse_of
from composers.score import PPQ, Meter
from composers.statistics.timing import autocorrelation

_STEADY = Hand("steady", 0.0, spread_ms=0.0, velocity=0.0)


def _place(meter: Meter | None = None, seed: int | None = None, tempo: float = 120.0) -> Place:
    pulse = pulse_of(meter or Meter())
    return Place(0, pulse.meter.bar_ticks, STRAIGHT, tempo, 2.0, pulse, seed)


# Drift ------------------------------------------------------------------------------------------------------------


def test_the_drift_is_a_walk_that_is_pulled_back() -> None:
    """A walk of s a beat pulled back by p spreads to s / sqrt(1 - (1 - p)^2) and keeps 1 - p from beat to beat."""
    levels = [drift_ms(seed, beat) for seed in range(6) for beat in range(500)]
    expected = STEP_MS / (1 - (1 - PULL) ** 2) ** 0.5
    assert abs(fmean(levels)) < 0.8
    assert 0.85 * expected < pstdev(levels) < 1.15 * expected
    found = autocorrelation([drift_ms(1, beat) for beat in range(2000)])
    assert found is not None and abs(found - (1 - PULL)) < 0.04


def test_any_beat_can_be_asked_first() -> None:
    beats = [3.5, 1000.25, 0.0, 31.0, 32.0, 63.75]
    assert [drift_ms(9, beat) for beat in beats] == [drift_ms(9, beat) for beat in reversed(beats)][::-1]
    steps = [abs(drift_ms(9, k / 4) - drift_ms(9, (k + 1) / 4)) for k in range(4000)]
    assert max(steps) < 2.0  # no jump anywhere, at a block's end neither


def test_a_band_drifts_as_one_and_machines_do_not() -> None:
    events = Written([Event(step, 6, 60, 80.0) for step in range(1, 40 * 48, 12)])
    a = play(events, _STEADY, _place(seed=5), 0, "a").notes
    b = play(events, _STEADY._replace(name="other"), _place(seed=5), 0, "b").notes
    machine = play(events, _STEADY._replace(drift=0.0), _place(seed=5), 0, "c").notes
    assert [n.start for n in a] == [n.start for n in b]
    assert all(n.start == e.step * PPQ // STEPS for n, e in zip(machine, events.events, strict=True))
    assert pstdev(x.start - y.start for x, y in zip(a, machine, strict=True)) > 2


# Velocity -----------------------------------------------------------------------------------------------------------


def test_a_part_without_dynamics_gets_the_meters_accents() -> None:
    flat = Written([Event(step, 3, 60, 80.0) for step in range(0, 8 * 48, 3)])
    notes = play(flat, _STEADY, _place(), 0, "x").notes
    by_step = {step: notes[step // 3].velocity for step in (0, 12, 24, 6, 3)}
    assert by_step[0] > by_step[24] > by_step[12] > by_step[6] > by_step[3]
    shaped = Written([Event(step, 3, 60, 80.0 + step % 5) for step in range(0, 8 * 48, 3)])
    told = play(shaped, _STEADY, _place(), 0, "x").notes
    assert all(n.velocity == e.velocity for n, e in zip(told, shaped.events, strict=True))


def test_a_phrase_rises_to_its_middle() -> None:
    events = Written([Event(step, 12, 60 + step % 7, 70.0 + step % 2) for step in range(0, 4 * 48, 12)])
    notes = play(events, _STEADY._replace(arc=8.0), _place(), 0, "x").notes
    middle, ends = fmean(n.velocity for n in notes[6:10]), fmean(n.velocity for n in (*notes[:2], *notes[-2:]))
    assert 10 < middle - ends < 17


# Strums -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "upward", "low", "high"), [(12, False, 8, 25), (18, True, 6, 15)])
def test_strums_go_down_on_beats_and_up_between(step: int, upward: bool, low: float, high: float) -> None:
    hand = _STEADY._replace(strum=12)
    spreads = []
    for seed in range(40):
        chord = [Event(step, 6, key, 80.0) for key in (40, 47, 52, 56, 59, 64)]
        notes = sorted(play(Written(chord), hand, _place(), 0, seed).notes)
        assert [n.pitch for n in notes] == sorted((n.pitch for n in notes), reverse=upward)
        spreads.append((notes[-1].start - notes[0].start) * 60_000 / 120 / PPQ)
    assert low - 1 < min(spreads) and max(spreads) < high + 1


def test_a_struck_chord_is_together() -> None:
    chord = [Event(12, 6, key, 80.0) for key in (48, 55, 60, 64)]
    starts = [n.start for n in play(Written(chord), _STEADY, _place(), 0, 1).notes]
    assert (max(starts) - min(starts)) * 60_000 / 120 / PPQ < 10


# What no hand may do ------------------------------------------------------------------------------------------------

_METERS = [Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8)]


@given(
    st.lists(st.tuples(st.integers(0, 95), st.integers(1, 12), st.sampled_from((36, 38, 42, 46, 44, 51))), max_size=40),
    st.sampled_from(sorted(kit.HANDS)), st.sampled_from(_METERS), st.integers(0, 9), st.floats(40, 300),
    st.floats(0.5, 0.7),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_note_stays_in_its_bar_and_in_order(
    hits: list[tuple[int, int, int]], feel: str, meter: Meter, seed: int, tempo: float, swing: float
) -> None:
    pulse = pulse_of(meter)
    events = sorted({(step, key): Event(step, length, key, 80.0) for step, length, key in hits}.values())
    place = Place(5 * meter.bar_ticks, meter.bar_ticks, Feel(6, swing, False), tempo, 2.0, pulse, seed)
    notes = play(Written(events), kit.HANDS[feel], place, 9, seed).notes
    assert len(notes) == len(events)
    for key in {event.pitch for event in events}:
        mine = [n for n in notes if n.pitch == key]
        bars = [(n.start - place.first_tick) // meter.bar_ticks for n in mine]
        assert bars == [e.step // pulse.steps for e in events if e.pitch == key]
        assert all(a.start < b.start for a, b in pairwise(mine))


@pytest.mark.parametrize("feel", ["live", "lo-fi", "hip-hop"])
def test_fast_rolls_keep_every_hit(feel: str) -> None:
    """Sextuplets at 180: none comes within the sixty-fourth (31 ms) in which two would be taken for one."""
    events = [Event(step, 2, kit.SNARE, 80.0) for step in range(0, 40 * 48, 2)]
    notes = play(Written(events), kit.HANDS[feel], _place(tempo=180.0), 9, 1).notes
    assert len(merged(notes)) > 0.97 * len(events)
