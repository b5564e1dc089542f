"""Who plays when: layers that enter with every eight bars of an introduction and leave again at the end, so that a DJ
can mix; what a breakdown keeps, and what a build takes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composers.parts.build_up import breath, kick_leaves, shortened
from composers.parts.passage import Event, Passage, Written

Layers = Mapping[str, Mapping[str, int]]
"""By role and layer, the level (0 from the beginning, 3 in the last quarter alone) at which it comes in; what is not
named rests."""

LAYERS: Layers = {
    "intro": {"kick": 0, "hats": 1, "clap": 2, "percussion": 2, "pad": 3, "bass": 3, "arp": 3, "fx": 0},
    "verse": {"kick": 0, "hats": 0, "clap": 0, "percussion": 2, "bass": 0, "comp": 1, "riff": 1, "pad": 2, "arp": 3,
              "fx": 0},
    "breakdown": {"pad": 0, "melody": 1, "arp": 2, "comp": 3, "riff": 3, "percussion": 3, "fx": 0},
    "build": {"kick": 0, "hats": 0, "percussion": 2, "bass": 0, "comp": 0, "riff": 0, "pad": 0, "arp": 0, "melody": 2,
              "fx": 0},
    "drop": {"kick": 0, "hats": 0, "clap": 0, "percussion": 0, "bass": 0, "comp": 0, "riff": 0, "pad": 0, "melody": 0,
             "arp": 2, "counter": 2, "fx": 0},
    "outro": {"kick": 0, "hats": 0, "clap": 2, "percussion": 2, "pad": 3, "bass": 2, "comp": 3, "arp": 3, "fx": 0},
}  # fmt: skip
"""House's; the other styles differ in some."""


def layered(own: Layers) -> Layers:
    """House's layers with what a style has otherwise; a level below 0 takes a layer out."""
    roles = {*LAYERS, *own}
    return {role: {layer: level for layer, level in {**LAYERS.get(role, {}), **own.get(role, {})}.items() if level >= 0}
            for role in roles}  # fmt: skip


def level(passage: Passage, bar: int) -> int:
    """0..3: how far a section has come, in blocks of eight bars (four in short ones, two in the shortest). An outro
    counts down."""
    size = 8 if passage.bars >= 16 else 4 if passage.bars >= 8 else 2 if passage.bars >= 4 else max(1, passage.bars)
    blocks = max(1, passage.bars // size)
    block = min(blocks - 1, bar // size)
    if passage.role == "outro":
        block = blocks - 1 - block
    return (block + 1) * 4 // blocks - 1


def plays(passage: Passage, layers: Layers, layer: str, bar: int) -> bool:
    """Whether a layer sounds in a bar. In the second drop of a round, and in endings, all that can play does."""
    if passage.role == "ending":
        return True
    own = layers.get(passage.role, layers["verse"])
    if layer not in own:
        return False
    if passage.role == "drop" and passage.turn:
        return True
    return level(passage, bar) >= own[layer]


def bars_of(passage: Passage, layers: Layers, layer: str) -> list[tuple[int, int]]:
    """The stretches, in steps, in which a layer sounds."""
    found: list[tuple[int, int]] = []
    for bar in range(passage.bars):
        if not plays(passage, layers, layer, bar):
            continue
        start, end = bar * passage.bar_steps, (bar + 1) * passage.bar_steps
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    if passage.role == "build":
        end = passage.steps - breath(passage)
        if layer in ("kick", "bass"):
            end = min(end, kick_leaves(passage))
        found = [(a, min(b, end)) for a, b in found if a < end]
    return found


def within(passage: Passage, layers: Layers, layer: str, written: Written) -> Written:
    """What a part has written, where its layer sounds; notes end where it leaves."""
    stretches = bars_of(passage, layers, layer)
    if stretches == [(0, passage.steps)]:
        return written
    turns = [turn for turn in written.turns if not turn.length or any(a <= turn.step < b for a, b in stretches)]
    return Written(inside(written.events, stretches), turns, written.sweeps)


def inside(events: Sequence[Event], stretches: Sequence[tuple[int, int]]) -> list[Event]:
    """Notes that begin in one of the stretches, and end with it; a held one that began before enters with it."""
    found: list[Event] = []
    for start, end in stretches:
        mine = [e if e.step >= start else e._replace(step=start, length=e.end - start) for e in events
                if e.step < end and e.end > start and (e.step >= start or e.length > 24)]  # fmt: skip
        found += shortened(mine, end)
    return sorted(found)
