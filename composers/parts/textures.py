"""What is hardly notes: clouds of grains, a heart's beat under the music, a shaker far away."""

from __future__ import annotations

from dataclasses import dataclass

from composers.dice import dice
from composers.parts import kit
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.settled import calm, reach, settled
from composers.pulse import STEPS

_QUIET = frozenset({"intro", "ending", "stillness"})


@dataclass(frozen=True, slots=True)
class CloudStyle:
    """Clouds of grains.

    grains   of a cloud, fewest and most; span: steps that a cloud lasts, fewest and most
    apart    steps from cloud to cloud, fewest and most
    low, high  keys as sounding; length: steps of a grain
    """

    grains: tuple[int, int] = (4, 10)
    span: tuple[int, int] = (12, 40)
    apart: tuple[int, int] = (144, 320)
    low: int = 79
    high: int = 100
    length: int = 6
    velocity: float = 36.0


def clouds(passage: Passage, listening: Listening, style: CloudStyle, part: str = "fx") -> Written:
    """Short soft notes in swarms, over what may ring. Around C."""
    low, high = reach(passage, part, style.low, style.high)
    draw = dice(passage.seed, "clouds", part, *passage.identity)
    events: dict[tuple[int, int], Event] = {}
    at = round(draw.between(0.2, 1.0) * style.apart[0])
    last = passage.steps - (2 * passage.bar_steps if passage.role == "ending" else 0)
    while at < last:
        centre = draw.between(low + 5, high - 4)
        span, count = draw.between(*style.span), round(draw.between(*style.grains))
        for _ in range(count):
            step = at + round(span * (0.5 + draw.normal(0.2)))
            if 0 <= step < last:
                key = settled(round(centre + draw.normal(4.0)), calm(passage, passage.at(step)), low, high)
                loud = max(10.0, style.velocity + draw.normal(7.0))
                events[step, key] = Event(step, style.length, key, loud)
        at += round(span + draw.between(*style.apart) / max(0.4, passage.lively(min(passage.bars - 1,
                                                                                    at // passage.bar_steps))))
    return Written(sorted(events.values()))


def heartbeat(passage: Passage, listening: Listening) -> Written:
    """A soft double stroke every two to four bars, and where there is energy a shaker so soft that it is felt; nothing
    at the beginning, the end and in stillness (common craft: kick at 30 to 45, shaker at 15 to 35)."""
    if passage.role in _QUIET:
        return Written()
    draw = dice(passage.seed, "heartbeat", passage.name)
    every = draw.one_of((2, 3, 4))
    second = draw.one_of((8, 9, 10))
    events: list[Event] = []
    for bar in range(passage.bars):
        start = bar * passage.bar_steps
        if (passage.first_bar + bar) % every == 0:
            events += [Event(start, 6, kit.KICK, 42.0), Event(start + second, 6, kit.KICK, 33.0)]
        if passage.energy_at(bar) > 0.56:
            events += [Event(start + beat + STEPS // 2, 3, kit.SHAKER, 20.0 + 4.0 * (beat % (2 * STEPS) == 0))
                       for beat in passage.pulse.beats if beat + STEPS // 2 < passage.bar_steps]
    return Written(sorted(events))
