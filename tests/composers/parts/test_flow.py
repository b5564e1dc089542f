"""Hooks that push and pull: sixteenths off the beat, bars in triplets, one voice all the same."""

from __future__ import annotations

from statistics import mean

from passages import one_voice, passage

from composers.parts.flow import FLOW_TUNE, SAMPLE_TUNE, in_triplets
from composers.parts.passage import Event
from composers.parts.tune import POP_TUNE, TuneStyle, tune

BAR = 48


def lines(style: TuneStyle, seeds: int = 30) -> list[list[Event]]:
    places = (passage("Im | bVI | bVII | Im", 8, mode="minor", role="hook", seed=seed) for seed in range(seeds))
    return [list(tune(where, {}, style).events) for where in places]


def off_sixteenths(style: TuneStyle) -> float:
    return mean(e.step % 6 == 3 for line in lines(style) for e in line)


def test_hooks_syncopate_more_than_pop_does() -> None:
    """POP909: an eighth of the notes lie between eighths."""
    assert 0.2 < off_sixteenths(FLOW_TUNE) < 0.5 and off_sixteenths(SAMPLE_TUNE) > 0.2
    assert off_sixteenths(POP_TUNE) < 0.15


def test_bars_fall_into_triplets_in_half_the_songs_and_only_there() -> None:
    changed = 0
    for seed, line in enumerate(lines(FLOW_TUNE, 60)):
        where = passage("Im | bVI | bVII | Im", 8, mode="minor", role="hook", seed=seed)
        found = in_triplets(where, line)
        assert one_voice(found) and found == in_triplets(where, line)
        bars = {e.step // BAR % 4 for e in found if e.step % 6 and e.step % 4 == 0}
        if found != line:
            changed += 1
            assert len(bars) <= 1
            (which,) = {e.step // BAR % 4 for e in line if e not in found and e.step % 4} or {None}
            assert all(e.step % 4 == 0 for e in found if e.step // BAR % 4 == which)
            kept = [e.step for e in line if e.step // BAR % 4 != which]
            assert [e.step for e in found if e.step // BAR % 4 != which] == kept
    assert 15 < changed < 45
