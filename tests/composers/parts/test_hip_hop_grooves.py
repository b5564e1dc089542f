"""Hip-hop's drums against what was counted in Groove MIDI's train split, and drill against what is taught."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from passages import passage

from composers.parts import hip_hop_grooves as grooves
from composers.parts import kit
from composers.parts.drum_style import Groove
from composers.parts.groove import groove
from composers.parts.passage import Event
from composers.statistics import drums

COUNTED = {
    "hip-hop": ((71, 2, 43, 35, 5, 28, 44, 27, 40, 25, 29, 16, 17, 14, 22, 22),
                (19, 17, 12, 19, 69, 21, 19, 34, 24, 29, 15, 27, 71, 42, 26, 26)),
    "rock": ((82, 3, 17, 25, 20, 5, 24, 16, 45, 8, 33, 13, 21, 7, 25, 12),
             (11, 15, 14, 10, 74, 14, 16, 25, 20, 26, 21, 17, 75, 19, 21, 22)),
    "funk": ((84, 2, 41, 36, 7, 21, 8, 30, 35, 14, 57, 19, 5, 17, 11, 6),
             (26, 41, 17, 8, 83, 39, 29, 76, 33, 60, 17, 29, 73, 38, 34, 73)),
}  # fmt: skip
"""Percent of bars with kick and snare on each sixteenth: mean of the takes of 8 bars and more, of the train split."""
LIVE = (grooves.HIP_HOP, grooves.BREAK, grooves.DENSE, grooves.BOUNCE, grooves.LO_FI_BREAK)
SEEDS = range(24)


def played(style: Groove, seed: int, bars: int = 8) -> list[Event]:
    return list(groove(passage(bars=bars, seed=seed), {}, style).events)


def percent(styles: tuple[Groove, ...], kind: int) -> list[float]:
    counts: Counter[int] = Counter()
    bars = 0
    for style in styles:
        for seed in SEEDS:
            hits = {(e.step // 48, e.step % 48 // 3) for e in played(style, seed) if drums.class_of(e.pitch) == kind}
            counts.update(place for _, place in hits)
            bars += 8
    return [100 * counts[place] / bars for place in range(16)]


def apart(ours: list[float], style: str, kind: int) -> float:
    return sum(abs(a - b) for a, b in zip(ours, COUNTED[style][kind], strict=True)) / 16


def test_live_grooves_lie_nearer_to_hip_hop_than_to_rock_or_funk() -> None:
    ours = [percent(LIVE, drums.KICK), percent(LIVE, drums.SNARE)]
    total = {style: apart(ours[0], style, 0) + apart(ours[1], style, 1) for style in COUNTED}
    assert min(total, key=total.__getitem__) == "hip-hop", total
    assert total["hip-hop"] < 0.8 * min(total["rock"], total["funk"]), total
    shuffled = [Random(1).sample(grid, 16) for grid in ours]
    assert sum(apart(grid, "hip-hop", kind) for kind, grid in enumerate(shuffled)) > 2 * total["hip-hop"]


@pytest.mark.parametrize("style", [grooves.BREAK, grooves.DENSE, grooves.HIP_HOP], ids=lambda style: style.name)
def test_snares_off_the_backbeat_are_ghosts_or_accents(style: Groove) -> None:
    """Counted: .61 below 60, .33 at 90 and more, little between."""
    loud = [e.velocity for seed in SEEDS for e in played(style, seed, 4)
            if e.pitch == kit.SNARE and e.step % 48 not in (12, 36)]  # fmt: skip
    between = sum(60 <= v < 90 for v in loud) / len(loud)
    assert sum(v < 60 for v in loud) / len(loud) > 0.5 and between < 0.25
    assert 0.6 < len(loud) / (4 * len(SEEDS)) < 5.5


def test_bounce_has_loud_open_hats_off_the_beat_alone() -> None:
    """Three takes: open hats on .75 to .95 of the off-beat eighths at a velocity of 118."""
    hits = [e for seed in SEEDS for e in played(grooves.BOUNCE, seed) if e.pitch == kit.OPEN_HAT]
    assert all(e.step % 12 == 6 for e in hits)
    assert len(hits) / (8 * 4 * len(SEEDS)) > 0.7 and sum(e.velocity for e in hits) / len(hits) > 100


# Drill ------------------------------------------------------------------------------------------------------------


def bars_of(style: Groove, *keys: int) -> list[tuple[int, set[int]]]:
    """(bar of two, sixteenths hit), fills left out: the first three bars of each section."""
    found = []
    for seed in SEEDS:
        for bar in range(3):
            hits = {e.step % 48 // 3 for e in played(style, seed, 4) if e.step // 48 == bar and e.pitch in keys}
            found.append((bar % 2, hits))
    return found


def test_drill_hats_go_three_three_two() -> None:
    """Most of what the hat plays lies on 0, 3 and 6 of half a bar, and nearly all of those are played; eighths with
    rolls, as in trap, do neither."""

    def share(style: Groove) -> tuple[float, float]:
        bars = [hits for _, hits in bars_of(style, kit.HAT, kit.OPEN_HAT)]
        on = sum(step % 8 in (0, 3, 6) for hits in bars for step in hits)
        return on / sum(map(len, bars)), on / (6 * len(bars))

    inside, played_of = share(grooves.DRILL)
    assert inside > 0.78 and played_of > 0.85
    assert share(grooves.TRAP)[0] < 0.6


def test_drill_snares_fall_on_three_and_a_bar_later_on_four_or_behind() -> None:
    def right(style: Groove) -> float:
        rows = bars_of(style, kit.SNARE)
        return sum(8 in hits if not second else bool(hits & {12, 13, 14, 15}) for second, hits in rows) / len(rows)

    assert right(grooves.DRILL) > 0.95
    assert right(grooves.TRAP) < 0.75
    assert not any(8 in hits for second, hits in bars_of(grooves.DRILL, kit.CLAP) if second)


def test_drill_kicks_keep_out_of_the_snares_way() -> None:
    snares, kicks = bars_of(grooves.DRILL, kit.SNARE, kit.CLAP), bars_of(grooves.DRILL, kit.KICK)
    count = sum(len(hits) for _, hits in kicks)
    together = sum(len(hits & struck) for (_, hits), (_, struck) in zip(kicks, snares, strict=True))
    draw = Random(2)
    chance = sum(len(set(draw.sample(range(16), len(hits))) & struck)
                 for (_, hits), (_, struck) in zip(kicks, snares, strict=True))  # fmt: skip
    assert together / count < 0.02 < chance / count
    off_beat = sum(step % 4 != 0 for _, hits in kicks for step in hits) / count
    assert off_beat > 0.5


def test_drill_hats_roll() -> None:
    rolls = sum(e.strokes > 1 and e.pitch == kit.HAT for seed in SEEDS for e in played(grooves.DRILL, seed))
    assert 0.3 < rolls / (8 * len(SEEDS)) < 2.5
