"""Long chords: common tones held, few voices moving, swells. Writes keys as they sound.

Open below the middle, close above it; one chord per region or longer where it stays; 4 to 6 voices between 48 and 76
are common teaching for pads and strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise, product

from composers.dice import dice
from composers.harmony import STEPS, Region
from composers.parts.hands import Keys, classes, clear
from composers.parts.heard_line import HeardLine, clashes
from composers.parts.passage import Event, Listening, Passage, Turn, Written
from composers.theory.chords import Chord

_SPLIT = 60
"""Below it voices stand a fourth and more apart."""


@dataclass(frozen=True, slots=True)
class PadStyle:
    """How pads lie.

    voices     3..6
    low, high  keys as sounding
    hold       whether a note that the next chord has too is held and not struck again
    restrike   bars after which a held note is struck anew, 0: never within the passage
    swell      controller (11 expression, 1 modulation, 0 none) that rises and falls over `swell_bars`
    depth      of the swell, 0..127, down from `top`
    overlap    steps that a note rings into the next chord
    under      whether the highest voice stays below the melody where there is room
    """

    voices: int = 4
    low: int = 48
    high: int = 74
    hold: bool = True
    restrike: int = 0
    swell: int = 11
    swell_bars: int = 4
    depth: float = 35.0
    top: float = 110.0
    overlap: int = 0
    under: bool = True
    velocity: float = 62.0


def pads(passage: Passage, listening: Listening, style: PadStyle) -> Written:
    """The pad of a passage, sorted; keys as they sound. listening["melody"] is around C."""
    lane = passage.lane("pad", style.low, style.high)
    chords = _merged(passage.regions)
    lead = HeardLine(listening.get("melody", ()), passage.tonic)
    voiced: list[tuple[int, int, Keys]] = []
    previous: Keys | None = None
    for region in chords:
        ceiling = lane.high
        over = lead.keys(region.start, region.end)
        if style.under and over and min(over) - 2 >= lane.low + 14:
            ceiling = min(ceiling, min(over) - 2)
        previous = laid(region.chord, previous, lane.low, ceiling, style.voices)
        keys = _unrubbed(previous, lead.keys(region.start, region.end, STEPS))
        voiced.append((region.start, region.end, keys))
    events = _held(passage, voiced, style)
    return Written(events, _swells(passage, style) if style.swell else ())


def _merged(regions: Sequence[Region]) -> list[Region]:
    """Neighbours of one chord as one."""
    found: list[Region] = []
    for region in regions:
        if found and found[-1].chord == region.chord:
            found[-1] = found[-1]._replace(end=region.end)
        else:
            found.append(region)
    return found


@lru_cache(maxsize=8192)
def laid(chord: Chord, previous: Keys | None, low: int, high: int, voices: int) -> Keys:
    """So many voices within low..high, each as near as can be to where one was: open below, close above."""
    placings = _layouts(chord, low, high, voices)
    if previous is None:
        middle = (low + high) / 2
        return min(placings, key=lambda keys: (abs(sum(keys) / len(keys) - middle), keys))
    held = set(previous)

    def cost(keys: Keys) -> tuple[float, Keys]:
        moved = sum(min(abs(key - other) for other in previous) for key in keys)
        return moved - 0.7 * len(held & set(keys)) + 0.4 * abs(keys[-1] - previous[-1]), keys

    return min(placings, key=cost)


@lru_cache(maxsize=2048)
def _layouts(chord: Chord, low: int, high: int, voices: int) -> tuple[Keys, ...]:
    tones = classes(chord, 4 if voices > 3 else 3)
    root = chord.root.pitch_class
    keys = [k for k in range(low, high + 1) if (k - root) % 12 in tones]
    found: list[Keys] = []
    wanted = min(voices, len(tones))
    for gaps in product((1, 2), repeat=voices - 1):  # each voice takes the next tone above, or skips one
        places = (0, *accumulate(gaps))
        for bottom in range(len(keys) - places[-1]):
            if keys[bottom] > low + 12:
                break
            chosen = tuple([keys[bottom + place] for place in places])
            if _well_spaced(chosen) and len({k % 12 for k in chosen}) >= wanted:
                found.append(chosen)
    if found:
        return tuple(found)
    return (tuple(keys[:voices]),) if keys else ((low,),)


def _well_spaced(keys: Sequence[int]) -> bool:
    pairs = list(pairwise(keys))
    return clear(keys) and all(b - a <= 12 for a, b in pairs) and all(b - a >= 5 for a, b in pairs if b < _SPLIT)


def _unrubbed(keys: Keys, long: Sequence[int]) -> Keys:
    """Without the voices that a long note of the melody rubs against."""
    kept = tuple(key for key in keys if not any(clashes(key, other) for other in long))
    return kept if len(kept) >= 2 else keys[:2]


def _held(passage: Passage, voiced: Sequence[tuple[int, int, Keys]], style: PadStyle) -> list[Event]:
    events: list[Event] = []
    open_: dict[int, tuple[int, float]] = {}
    longest = style.restrike * passage.bar_steps
    ending = 0
    for start, end, keys in voiced:
        for key in list(open_):
            since, velocity = open_[key]
            if key not in keys or not style.hold or (longest and start - since >= longest):
                events.append(Event(since, start - since + (style.overlap if key not in keys else 0), key, velocity))
                del open_[key]
        loud = style.velocity + 16.0 * (passage.energy_at(start // passage.bar_steps) - 0.6)
        for place, key in enumerate(keys):
            open_.setdefault(key, (start, loud + (3.0 if place == len(keys) - 1 else 0.0)))
        ending = end
    events += [Event(since, ending - since, key, velocity) for key, (since, velocity) in open_.items()]
    return sorted(events)


def _swells(passage: Passage, style: PadStyle) -> list[Turn]:
    """Up to the top and down again, over and over; where the energy grows the last swell stays up."""
    draw = dice(passage.seed, "swell", *passage.material)
    period = max(2, style.swell_bars) * passage.bar_steps
    low = max(0.0, style.top - style.depth)
    turns: list[Turn] = []
    peak = draw.between(0.45, 0.65)
    for start in range(0, passage.steps, period):
        end = min(start + period, passage.steps)
        crest = start + int((end - start) * peak)
        turns.append(Turn(start, crest - start, "cc", style.swell, style.top, low))
        goes_on = end == passage.steps and passage.energy_end > passage.energy + 0.1
        if not goes_on:
            turns.append(Turn(crest, end - crest, "cc", style.swell, low, style.top))
    return turns
