"""Loops come round as they were; cuts take the same out of every part at once, and only where they should."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from passages import kit as plain_kit
from passages import passage

from composers.parts import kit
from composers.parts.passage import Event, Passage, Written
from composers.parts.sampling import bars_of_loop, cut, cuts, looped
from composers.pulse import STEPS

SEEDS = range(60)
BAR = 4 * STEPS


def verse(seed: int, bars: int = 16, after: str = "hook", role: str = "verse") -> Passage:
    return passage("Im9 | bVImaj7", bars, mode="minor", role=role, seed=seed, after=after)


def chords(where: Passage) -> Written:
    return Written([Event(bar * BAR, BAR - 1, 60 + k, 70.0) for bar in range(where.bars) for k in (0, 3, 7)])


def test_cuts_are_at_every_eighth_bar_and_leave_most_of_it() -> None:
    kinds = set()
    for seed in SEEDS:
        where = verse(seed)
        found = cuts(where)
        assert found == cuts(where)
        for each in found:
            kinds.add(each.kind)
            assert each.end in (8 * BAR, 16 * BAR) and 0 < each.end - each.start <= 2 * BAR
    assert kinds == {"stop", "drums", "bass", "tape"}
    share = sum(len(cuts(verse(seed))) for seed in SEEDS) / (2 * len(SEEDS))
    assert 0.6 < share < 0.95


@pytest.mark.parametrize("role", ["intro", "breakdown", "ending", "outro"])
def test_nothing_is_cut_elsewhere(role: str) -> None:
    assert not any(cuts(verse(seed, role=role)) for seed in SEEDS)


def test_calm_cuts_are_rarer_and_shorter() -> None:
    calm = [each for seed in SEEDS for each in cuts(verse(seed), calm=True)]
    assert len(calm) < 0.7 * sum(len(cuts(verse(seed))) for seed in SEEDS)
    assert all(each.end - each.start <= BAR and each.kind in ("stop", "drums") for each in calm)


def test_a_cut_silences_whom_it_should() -> None:
    """A stop leaves the voice and the hats, a drop of the drums the loop and the bass, the bass's alone all others."""
    for seed in SEEDS:
        where = verse(seed)
        drums = cut(where, Written(plain_kit(where)), "drums").events
        loop, bass = cut(where, chords(where), "comp").events, cut(where, chords(where), "bass").events
        assert cut(where, chords(where), "melody").events == chords(where).events
        for kind, start, end in cuts(where):
            struck = {e.pitch for e in drums if start <= e.step < end}
            sounding = {name: any(e.end > start and e.step < end for e in events)
                        for name, events in (("comp", loop), ("bass", bass))}  # fmt: skip
            match kind:
                case "drums":
                    assert not struck and sounding == {"comp": True, "bass": True}
                case "bass":
                    assert kit.KICK in struck and sounding == {"comp": True, "bass": False}
                case _:
                    assert struck <= kit.HATS and not any(sounding.values())


def test_a_tape_runs_down_and_is_back_before_the_next_section() -> None:
    stopped = 0
    for seed in range(200):
        where = replace(verse(seed), bends={"comp": 12.0})
        tape = [each for each in cuts(where) if each.kind == "tape"]
        turns = cut(where, chords(where), "comp").turns
        assert bool(turns) == bool(tape)
        for each, (down, back) in zip(tape, zip(turns[::2], turns[1::2], strict=True), strict=True):
            stopped += 1
            assert down.step + down.length == each.start and down.value == -12.0
            assert each.start < back.step < each.end and back.value == 0.0
    assert stopped > 5


def test_a_loop_comes_round_as_it_was() -> None:
    """Of bars that were never alike three rounds of four are the first one; what rang over the end is cut there."""
    where = verse(1, after="")
    written = Written([Event(bar * BAR + bar % 5, 20, 60 + bar, 70.0) for bar in range(16)])
    assert bars_of_loop(where) == 2
    bars = [[(e.step - bar * BAR, e.pitch) for e in looped(where, written).events if e.step // BAR == bar]
            for bar in range(16)]  # fmt: skip
    same = [bars[bar] == bars[bar % 2] for bar in range(16)]
    assert sum(same) == 12 and not any(same[6:8] + same[14:])
    through = passage("I | ii | iii | IV | V | vi | I | ii", 8)
    assert bars_of_loop(through) is None and looped(through, written) == written


def test_looped_keys_are_never_struck_while_they_sound() -> None:
    where = verse(3, 8)
    written = Written([Event(bar * BAR + 36, BAR, 60, 70.0) for bar in range(8)])
    events = looped(where, written).events
    assert all(a.end <= b.step for a, b in pairwise(events))
    assert events[-1].end <= where.steps
