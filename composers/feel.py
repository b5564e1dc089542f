"""How time is divided when music is played: what swings, how far, and how that depends on the tempo."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from composers.pulse import STEPS
from composers.score import PPQ

_TICKS = PPQ // STEPS
_SHORTEST_MS = 95.0
"""The short note of a swung pair is about as long at every fast tempo, so that swing flattens above 150 beats a minute
(Friberg & Sundström 2002; ride cymbals of Groove MIDI's jazz: 214 ms at 93 to 87 ms at 215)."""


class Feel(NamedTuple):
    """What swings.

    pair   steps of the pair whose second half comes late: 12 = eighths in a quarter, 6 = sixteenths in an eighth
    share  of the pair that the first half takes at an easy tempo: 0.5 straight, 0.667 triplets, 0.75 the most
    tempo  whether fast tempi flatten it, as they do a ride cymbal's; a drum machine's swing stays
    """

    pair: int = STEPS
    share: float = 0.5
    tempo: bool = True

    def at(self, bpm: float) -> Feel:
        """The feel at a tempo: ratio = min(own ratio, beat_ms / 95 - 1), never below straight."""
        if not self.tempo or self.share <= 0.5:
            return self
        pair_ms = 60_000.0 / bpm * self.pair / STEPS
        ratio = max(1.0, min(self.share / (1.0 - self.share), pair_ms / _SHORTEST_MS - 1.0))
        return self._replace(share=ratio / (1.0 + ratio))

    def tick(self, step: float, part: float = 1.0) -> int:
        """The tick of a step; `part`: how much of the swing is taken. Triplets stay where they are, what lies between
        the halves of a pair is stretched with them."""
        pair = self.pair
        if (self.share == 0.5 or not part) and step == int(step):
            return int(step) * _TICKS
        whole, within = divmod(step, pair)
        start = round(whole * pair * _TICKS)
        share = 0.5 + (self.share - 0.5) * part
        if share == 0.5 or within * 3 in (0.0, pair, 2.0 * pair):
            return start + round(within * _TICKS)
        half, length = pair / 2, pair * _TICKS
        if within <= half:
            return start + round(length * share * within / half)
        return start + round(length * (share + (1.0 - share) * (within - half) / half))

    @property
    def pair_ticks(self) -> int:
        """Of a pair, however it is divided."""
        return self.pair * _TICKS

    def within(self, part: float = 1.0) -> tuple[int, ...]:
        """The ticks of a pair's steps from its beginning: tick(step, part) for step = 0..pair - 1."""
        return _within(self, part)


@lru_cache(maxsize=256)
def _within(feel: Feel, part: float) -> tuple[int, ...]:
    return tuple(feel.tick(step, part) for step in range(feel.pair))


STRAIGHT = Feel()
