"""What a build-up does to everybody: how long the last breath is, when the kick leaves, and the roll that speeds up.

Practice of dance music, as its production guides agree: snares in quarters, eighths, sixteenths and 32nds, each a
quarter of the way; kick and bass out before the drop; the last one to four beats empty, or a fill.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.dice import dice
from composers.parts import fills, kit
from composers.parts.passage import Event, Passage

_BREATHS = ((1, 0.45), (2, 0.25), (4, 0.15), (0, 0.15))
"""Felt beats of silence before the drop, with weights; 0: a fill leads into it."""


def breath(passage: Passage) -> int:
    """Steps at a build's end in which nobody plays; 0 in other sections, in short builds and where a fill leads in."""
    if passage.role != "build" or passage.bars < 2:
        return 0
    draw = dice(passage.seed, "breath", passage.name)
    beats = draw.weighted([count for count, _ in _BREATHS], [weight for _, weight in _BREATHS])
    if not beats:
        return 0
    return passage.bar_steps - passage.pulse.beats[max(0, len(passage.pulse.beats) - beats)]


def kick_leaves(passage: Passage) -> int:
    """The step at which kick and bass stop: after half of a build or three quarters of it."""
    quarters = 3 if dice(passage.seed, "kick leaves", passage.name).chance(0.7) else 2
    bars = max(1, passage.bars * quarters // 4)
    return min(bars * passage.bar_steps, passage.steps - max(breath(passage), passage.bar_steps // 2))


def roll(passage: Passage) -> list[Event]:
    """The snares of a build, and claps with them where they are still in quarters."""
    draw = dice(passage.seed, "build roll", passage.name)
    hits = fills.build_up(passage.pulse, passage.bars, breath(passage), draw)
    half = passage.steps // 2
    key = hits[0].pitch if hits else kit.SNARE
    other = kit.CLAP if key == kit.SNARE else kit.SNARE
    doubled = [e._replace(pitch=other, velocity=max(30.0, e.velocity - 8.0)) for e in hits
               if e.strokes == 1 and (e.step >= half or e.step % passage.bar_steps == 0)]  # fmt: skip
    return sorted(hits + doubled)


def shortened(events: Sequence[Event], end: int) -> list[Event]:
    """Those that begin before `end`, and none sounds beyond it."""
    return [e if e.end <= end else e._replace(length=end - e.step) for e in events if e.step < end]
