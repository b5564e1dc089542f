"""Guitar solos: phrases with rests, chord tones where they count, a climb, bends that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from passages import CHARTS, METERS, POP, passage

from composers.dice import dice
from composers.parts.guitar_solo import guitar_solo, harmony
from composers.parts.passage import Event, Lane, Passage
from composers.pulse import STEPS
from composers.score import Meter

SEEDS = range(40)


def solo(where: Passage) -> Sequence[Event]:
    return guitar_solo(where, {}).events


def place(seed: int = 1, bars: int = 16, chart: str = POP, **more: object) -> Passage:
    found = passage(chart, bars, seed=seed, role="solo", energy=0.75)
    return replace(found, energy_end=0.92, **more)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_it_plays_in_every_meter(meter: Meter) -> None:
    for seed in range(6):
        where = passage(POP, 8, meter=meter, seed=seed, role="solo")
        events = solo(where)
        assert events
        assert all(e.step >= 0 and e.end <= where.steps and e.length >= 1 for e in events)


def test_it_breathes_every_four_bars() -> None:
    for seed in SEEDS:
        where = place(seed)
        sounding = [False] * where.steps
        for e in solo(where):
            sounding[e.step : e.end] = [True] * e.length
        for first in range(0, where.bars, 4):
            part = sounding[first * where.bar_steps : (first + 4) * where.bar_steps]
            rests = "".join("x" if s else "." for s in part).split("x")
            assert max(map(len, rests)) >= STEPS


def test_strong_beats_have_chord_tones() -> None:
    """.70 to .95 on strong beats; a random note of the pentatonic has .45 to .6."""
    hits, noise = [], []
    for seed in SEEDS:
        where = place(seed, chart=CHARTS[seed % 3])
        draw = dice(seed, "noise")
        for e in solo(where):
            if where.strong(e.step):
                tones = where.at(e.step).tones
                hits.append(tones >> e.pitch % 12 & 1)
                noise.append(tones >> draw.one_of((0, 2, 4, 7, 9)) & 1)
    assert 0.7 <= sum(hits) / len(hits) <= 0.97
    assert sum(noise) / len(noise) < 0.65


def test_it_climbs_to_a_peak_in_the_second_half() -> None:
    """Mean pitch by fifths: the fourth is the highest on average, at least 3 semitones above the first."""
    sums, counts = [0.0] * 5, [0] * 5
    for seed in SEEDS:
        where = place(seed)
        for e in solo(where):
            fifth = min(4, 5 * e.step // where.steps)
            sums[fifth] += e.pitch
            counts[fifth] += 1
    means = [a / b for a, b in zip(sums, counts, strict=True)]
    assert max(means) in means[2:4]
    assert max(means) - means[0] >= 3.0


def test_its_first_idea_comes_back() -> None:
    again = 0
    for seed in SEEDS:
        where = place(seed)
        two = 2 * where.bar_steps
        rows = [[(e.step % two, e.length) for e in solo(where) if e.step // two == unit] for unit in range(8)]
        again += any(row == rows[0] for row in rows[1:])
    assert again >= 0.8 * len(SEEDS)


def test_more_energy_more_notes() -> None:
    calm, hot = (
        sum(len(solo(replace(place(seed), energy=level, energy_end=level))) for seed in SEEDS) for level in (0.4, 1.0)
    )
    assert hot > 1.15 * calm


def test_bends_come_back_to_zero_and_only_where_strings_bend() -> None:
    bent = 0
    for seed in SEEDS:
        turns = guitar_solo(place(seed, sounds={"melody": "lead-guitar"}), {}).turns
        assert all(t.kind == "bend" and t.value == 0.0 and t.origin in (-1.0, -2.0) for t in turns)
        bent += len(turns)
        assert not guitar_solo(place(seed, sounds={"melody": "piano"}), {}).turns
    assert bent > len(SEEDS)


def test_one_voice_for_winds_and_double_stops_for_guitars() -> None:
    def doubled(sound: str) -> int:
        found = 0
        for seed in SEEDS:
            events = solo(place(seed, sounds={"melody": sound}))
            found += len(events) - len({e.step for e in events})
        return found

    assert doubled("sax") == 0
    assert doubled("lead-guitar") > 10


def test_it_keeps_to_its_instrument() -> None:
    for low, high, tonic in ((53, 77, 0), (58, 82, -5), (60, 91, 6)):
        for seed in range(12):
            where = place(seed, lanes={"melody": Lane(low, high)}, tonic=tonic)
            assert all(low <= e.pitch + tonic <= high for e in solo(where))


def test_harmony_is_thirds_in_the_scale() -> None:
    where = place(3)
    lead = solo(where)
    second = harmony(where, lead, above=True)
    first = {e.step: e.pitch for e in reversed(lead)}
    assert [e.step for e in second] == sorted(first)
    away = [e.pitch - min(p.pitch for p in lead if p.step == e.step) for e in second]
    assert all(3 <= a <= 9 for a in away)
    assert all(where.at(e.step).scale >> e.pitch % 12 & 1 for e in second)
