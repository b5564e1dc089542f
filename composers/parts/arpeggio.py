"""Arpeggios and sequences: a chord's notes one by one in a pattern, at a rate, over octaves. Writes sounding keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from composers.dice import dice
from composers.errors import MusicError
from composers.parts.hands import Keys, led
from composers.parts.passage import Event, Listening, Passage, Written

PATTERNS = ("up", "down", "up-down", "down-up", "alberti", "broken", "played", "converge", "random", "gate")


@dataclass(frozen=True, slots=True)
class ArpeggioStyle:
    """How an arpeggio runs.

    pattern    one of PATTERNS: "alberti" low high middle high, "broken" 1 3 2 3, "played" as it lies under the hand,
               "converge" from outside in, "gate" the whole chord at every onset
    rate       steps from onset to onset: 3 sixteenths, 6 eighths, 4 triplets, 2 sixteenth triplets
    octaves    over which it climbs
    gate       sounding share of the rate
    cell       length of the pattern in onsets before it begins again (3, 5, 7 against sixteen); 0: its own
    pulses     onsets among so many of `euclid` (Bjorklund's even spread), 0: every one
    euclid     steps of that spread
    mutes      every so many onsets one is left out (a trance gate has 4 or 3), 0: none
    accents    onsets in sixteenths of the bar that are louder; () strong beats
    rotate     onsets by which the even spread begins later
    low, high  keys as sounding; voices: of the chord that is broken
    restart    whether the pattern begins anew with each chord
    """

    pattern: str = "up"
    rate: int = 3
    octaves: int = 1
    gate: float = 0.7
    cell: int = 0
    pulses: int = 0
    euclid: int = 16
    rotate: int = 0
    mutes: int = 0
    accents: tuple[int, ...] = ()
    low: int = 55
    high: int = 86
    voices: int = 3
    restart: bool = True
    velocity: float = 72.0

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise MusicError(f"arpeggio pattern {self.pattern!r} is not known: choose one of {', '.join(PATTERNS)}")


def arpeggio(passage: Passage, listening: Listening, style: ArpeggioStyle) -> Written:
    """The arpeggio of a passage, sorted; keys as they sound."""
    lane = passage.lane("arp", style.low, style.high)
    top = min(lane.high, max(lane.low + 12, lane.high - 12 * (style.octaves - 1)))
    mask = _spread(style.pulses, style.euclid, style.rotate)
    draw = dice(passage.seed, "arpeggio", *passage.material)
    shuffled = [int(draw.random() * 64) for _ in range(32)]
    events: list[Event] = []
    previous: Keys | None = None
    count = 0
    if passage.role == "ending":
        return Written(_final(passage, style, lane.low, top))
    regions = passage.regions
    rate = _rate(passage, style)
    for region in regions:
        previous = led(region.chord, previous, lane.low, top, "close", style.voices, (lane.low + top) // 2)
        row = _row(previous, style.pattern, style.octaves, lane.high)
        if style.restart:
            count = 0
        first = -(-region.start // rate) * rate
        for step in range(first, region.end, rate):
            onset = step // rate
            within = step % passage.bar_steps
            place = count
            count += 1
            if not mask[onset % len(mask)] or (style.mutes and onset % style.mutes == style.mutes - 1):
                continue
            if style.cell:
                place %= style.cell
            length = max(1, round(rate * style.gate))
            loud = within // 3 in style.accents and within % 3 == 0 if style.accents else passage.strong(step)
            velocity = style.velocity + 20.0 * (passage.energy_at(step // passage.bar_steps) - 0.6)
            velocity += 10.0 if loud else 2.0 if passage.pulse.is_beat(within) else -4.0
            if style.pattern == "gate":
                events += [Event(step, length, key, velocity) for key in previous]
                continue
            index = shuffled[place % 32] if style.pattern == "random" else place
            events.append(Event(step, length, row[index % len(row)], velocity))
    return Written(events)


def _rate(passage: Passage, style: ArpeggioStyle) -> int:
    """The style's, half as fast where everybody plays little."""
    return style.rate * 2 if passage.lively(0) < 0.6 and passage.bar_steps % (style.rate * 2) == 0 else style.rate


def _row(keys: Keys, pattern: str, octaves: int, high: int) -> Sequence[int]:
    """The keys in the order in which they are played."""
    climbing = [key + 12 * octave for octave in range(octaves) for key in keys if key + 12 * octave <= high]
    match pattern:
        case "down":
            return climbing[::-1]
        case "up-down":
            return climbing + climbing[-2:0:-1]
        case "down-up":
            return climbing[::-1] + climbing[1:-1]
        case "alberti" if len(climbing) > 2:
            return [climbing[0], climbing[-1], climbing[len(climbing) // 2], climbing[-1]]
        case "broken" if len(climbing) > 2:
            return [climbing[0], climbing[2], climbing[1], climbing[2]]
        case "played":
            return [climbing[0], *climbing[:0:-1]]
        case "converge":
            return [climbing[k // 2] if k % 2 == 0 else climbing[-1 - k // 2] for k in range(len(climbing))]
    return climbing


@lru_cache(maxsize=256)
def _spread(pulses: int, steps: int, rotate: int) -> tuple[bool, ...]:
    """So many onsets as evenly as can be over the steps (Bjorklund; Toussaint 2005)."""
    if not 0 < pulses < steps:
        return (True,)
    return tuple(((k - rotate) * pulses) % steps < pulses for k in range(steps))


def _final(passage: Passage, style: ArpeggioStyle, low: int, high: int) -> list[Event]:
    """Upwards once, and held."""
    events: list[Event] = []
    for region in passage.regions:
        last = region is passage.regions[-1]
        keys = led(region.chord, None, low, high, "close", style.voices, (low + high) // 2)
        for place, key in enumerate(keys):
            step = region.start + place * style.rate
            if step < region.end:
                events.append(
                    Event(step, (region.end if last else min(region.end, step + 12)) - step, key, style.velocity)
                )
    return sorted(events)
