"""The record: hiss all along, scratches once a turn across sections, stray pops that come at random."""

from __future__ import annotations

from itertools import pairwise

from passages import passage

from composers.parts.vinyl import HISS, POPS, vinyl


def test_hiss_lies_under_the_whole_section() -> None:
    where = passage(bars=8)
    hiss = [e for e in vinyl(where).events if e.pitch == HISS]
    assert [(e.step, e.length) for e in hiss] == [(0, where.steps)]


def test_scratches_come_round_once_a_turn_through_the_piece() -> None:
    steps = []
    for first in (0, 8, 16):
        where = passage(bars=8, first_bar=first, role="hook")
        steps += [first * 48 + e.step for e in vinyl(where).events if e.pitch == POPS[0]]
    gaps = [b - a for a, b in pairwise(sorted(steps))]
    assert all(a + b == 29 for a, b in pairwise(gaps)) or set(gaps) == {29}


def test_worn_records_crackle_more_and_no_tempo_decides_a_note() -> None:
    counts = [len(vinyl(passage(bars=16), worn).events) for worn in (0.0, 0.5, 1.0)]
    assert counts[0] < counts[1] < counts[2]
    assert vinyl(passage(tempo=70.0)) == vinyl(passage(tempo=140.0))
    assert vinyl(passage(first_bar=8)) != vinyl(passage(first_bar=16))
