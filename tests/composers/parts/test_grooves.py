"""The grooves against what was measured: grids of Groove MIDI and of pattern books."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from passages import passage

from composers.parts import drum_style, grooves, kit
from composers.parts.groove import groove
from composers.parts.meter_cells import cells_a_beat, parse_cells
from composers.statistics import drums

_TABLE = {
    ("rock", drums.KICK): (75, 4, 27, 24, 17, 3, 29, 17, 47, 7, 41, 13, 17, 7, 31, 13),
    ("funk", drums.KICK): (84, 4, 28, 45, 8, 20, 6, 35, 34, 17, 50, 21, 7, 17, 10, 7),
    ("hip-hop", drums.KICK): (80, 2, 41, 35, 4, 19, 40, 35, 46, 25, 41, 10, 16, 19, 21, 31),
    ("soul", drums.KICK): (93, 7, 8, 12, 23, 2, 17, 6, 42, 15, 56, 2, 20, 13, 19, 30),
    ("pop", drums.KICK): (79, 1, 16, 1, 24, 4, 38, 2, 38, 1, 31, 2, 26, 1, 12, 4),
    ("boom-bap", drums.KICK): (94, 0, 41, 12, 12, 6, 12, 53, 59, 24, 35, 41, 18, 18, 12, 29),
    ("drum and bass", drums.KICK): (82, 9, 36, 9, 9, 18, 9, 18, 27, 18, 64, 27, 0, 9, 0, 9),
    ("house", drums.KICK): (96, 0, 4, 0, 96, 0, 9, 0, 96, 0, 4, 0, 96, 0, 4, 4),
    ("disco", drums.KICK): (98, 3, 5, 42, 56, 1, 7, 2, 98, 0, 4, 41, 57, 35, 6, 1),
    ("samba", drums.KICK): (96, 4, 0, 98, 95, 1, 1, 93, 96, 1, 1, 92, 95, 1, 4, 89),
    ("rock", drums.SNARE): (9, 16, 12, 7, 76, 12, 12, 22, 16, 24, 16, 15, 76, 17, 17, 21),
    ("funk", drums.SNARE): (16, 32, 15, 6, 74, 30, 21, 54, 19, 48, 17, 24, 64, 28, 33, 45),
    ("hip-hop", drums.SNARE): (9, 13, 9, 8, 86, 11, 14, 25, 16, 24, 13, 18, 69, 26, 22, 16),
}  # fmt: skip
"""Percent of bars that hit each sixteenth."""


def _percent(style: str, kind: int) -> list[float]:
    counts: Counter[int] = Counter()
    seeds, bars = 40, 4
    for seed in range(seeds):
        for e in groove(passage(bars=bars, seed=seed), {}, grooves.GROOVES[style]).events:
            if drums.class_of(e.pitch) == kind:
                counts[e.step % 48 // 3] += 1
    return [100 * counts[place] / seeds / bars for place in range(16)]


@pytest.mark.parametrize(("style", "kind"), sorted(_TABLE))
def test_what_is_hit_follows_the_measured_grid(style: str, kind: int) -> None:
    """Correlation of our grid with the measured one; of another style's it is lower on the mean (see below)."""
    ours, theirs = _percent(style, kind), _TABLE[style, kind]
    assert _correlation(ours, theirs) > 0.8, ours
    assert sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / 16 < 14


def test_a_style_is_nearer_to_its_own_grid_than_to_others() -> None:
    kicks = [style for style, kind in _TABLE if kind == drums.KICK]
    ours = {style: _percent(style, drums.KICK) for style in kicks}

    def distance(a: str, b: str) -> float:
        return sum(abs(x - y) for x, y in zip(ours[a], _TABLE[b, drums.KICK], strict=True))

    right = sum(min(kicks, key=lambda other: distance(style, other)) == style for style in kicks)
    assert right >= len(kicks) - 2  # rock, soul and pop lie near each other


@pytest.mark.parametrize("name", sorted(grooves.GROOVES))
def test_grooves_are_well_formed(name: str) -> None:
    style = grooves.GROOVES[name]
    assert style.name == name and style.hands in kit.HANDS and style.unit in (1, 2, 4)
    per_beat = {cells_a_beat(text) for layer in (style.kick, style.snare, *style.times) for text, _ in layer.patterns}
    grids = {len(style.ghosts), len(style.pickups), len(style.opens), len(style.pedal)}
    assert grids <= {16, 12} and all(0 <= p <= 100 for grid in (style.ghosts, style.pickups) for p in grid)
    assert per_beat == ({3} if style.swung else {4}) or not style.swung
    for layer in (style.kick, style.snare, *style.times, *style.extras):
        assert layer.low < layer.high and layer.chance > 0 and list(layer.loud) == sorted(layer.loud, reverse=True)
        assert all(weight > 0 and parse_cells(text) for text, weight in layer.patterns)
    for energy in (0.05, 0.3, 0.5, 0.7, 0.95):
        assert any(layer.low <= energy < layer.high for layer in style.times), energy
    assert sum(style.fills.shapes.values()) > 0


def test_a_groove_is_made_from_another() -> None:
    slow = replace(grooves.ROCK, name="slow", snare=drum_style.Layer(kit.RIM, (("....X.......X...", 1.0),)))
    keys = {e.pitch for e in groove(passage(bars=2), {}, slow).events if e.step in (12, 36)}
    assert kit.RIM in keys


def test_trap_rolls_its_hats() -> None:
    events = [e for seed in range(10) for e in groove(passage(bars=4, seed=seed), {}, grooves.TRAP).events]
    rolls = [e for e in events if e.pitch == kit.HAT and e.strokes > 1]
    assert 10 < len(rolls) < 120 and {2, 3, 4, 6} <= {e.strokes for e in rolls}
    assert any(e.swell > 0 for e in rolls) and any(e.swell < 0 for e in rolls)


def _correlation(a: list[float], b: tuple[int, ...]) -> float:
    x, y = sum(a) / len(a), sum(b) / len(b)
    shared = sum((p - x) * (q - y) for p, q in zip(a, b, strict=True))
    return float(shared / (sum((p - x) ** 2 for p in a) * sum((q - y) ** 2 for q in b)) ** 0.5)
