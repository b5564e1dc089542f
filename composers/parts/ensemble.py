"""What a band does together: who comes in when, holes before a big section, stops on common accents, kicks on the riff.

Everybody draws the same arrangement from the passage's place, and keeps to it without hearing the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from composers.dice import dice
from composers.harmony import Region
from composers.parts import kit
from composers.parts.passage import Event, Passage, Written
from composers.pulse import STEPS

EIGHTH = STEPS // 2
_BIG = frozenset({"chorus", "solo", "theme"})
_KINDS = {"none": 0.34, "hole": 0.36, "hits": 0.3}
_LAYERS = {"all": 0.34, "guitars": 0.42, "band": 0.24}


class Stop(NamedTuple):
    """From step `start` to the passage's end nobody plays but on `hits`; `start` the passage's end: no stop."""

    start: int
    hits: tuple[int, ...] = ()


def stop_of(passage: Passage) -> Stop | None:
    """The stop at the end of a passage, before a chorus, a solo or a theme; two in three, never in a short one."""
    if passage.after not in _BIG or passage.after == passage.role or passage.bars < 4 or passage.role == "build":
        return None
    draw = dice(passage.seed, "stop", *passage.identity)
    kind = draw.weighted(tuple(_KINDS), tuple(_KINDS.values()))
    last, beats = (passage.bars - 1) * passage.bar_steps, passage.pulse.beats
    if kind == "none":
        return None
    if kind == "hole":
        count = min(len(beats) - 1, draw.weighted((1, 2), (0.6, 0.4)))
        return Stop(last + beats[-count]) if count > 0 else None
    half = len(beats) // 2
    hits = (last, last + beats[half]) if draw.chance(0.4) else (last, *(last + b - EIGHTH for b in beats[1 : half + 1]))
    if len(beats) > 1 and draw.chance(0.4):
        hits = (*hits, last + beats[-1])
    return Stop(last, tuple(sorted(set(hits))))


def stopped(passage: Passage, written: Written) -> Written:
    """A pitched part with the passage's stop: its own chords or notes on the hits, nothing between."""
    stop = stop_of(passage)
    if stop is None or not written.events:
        return written
    before = [
        e if e.end <= stop.start else e._replace(length=stop.start - e.step)
        for e in written.events if e.step < stop.start
    ]  # fmt: skip
    hits = [event for at in stop.hits for event in _restruck(passage, written.events, at)]
    turns = [turn for turn in written.turns if turn.step < stop.start]
    return Written((*before, *hits), turns, written.sweeps)


def _restruck(passage: Passage, events: Sequence[Event], at: int) -> list[Event]:
    """What a part strikes on a hit: its stroke there, or the nearest in the same chord."""
    region = passage.at(at)
    inside = [e.step for e in events if region.start <= e.step < region.end]
    if not inside:
        return []
    step = max((s for s in inside if s <= at), default=inside[0])
    return [e._replace(step=at, length=EIGHTH - 1, velocity=max(e.velocity, 96.0), strokes=1, swell=0.0)
            for e in events if e.step == step]  # fmt: skip


def drums_stopped(passage: Passage, events: Sequence[Event]) -> list[Event]:
    """The kit on the hits of a stop; in a hole it fills, or goes on."""
    stop = stop_of(passage)
    if stop is None or not stop.hits:
        return list(events)
    loud = 100.0 + 20.0 * (passage.energy_end - 0.6)
    hits = [Event(at, 3, key, loud) for at in stop.hits
            for key in (kit.KICK, kit.CRASH if at % STEPS == 0 else kit.SNARE)]  # fmt: skip
    return sorted([e for e in events if e.step < stop.start] + hits)


def entrance(passage: Passage, part: str) -> int:
    """The step at which a part comes in: guitars begin an introduction, bass and drums join, or all at once."""
    if passage.role != "intro" or passage.first_bar > 0 or passage.bars < 4:
        return 0
    guitars = "riff" in passage.sounds or "comp" in passage.sounds
    kind = dice(passage.seed, "entrance").weighted(tuple(_LAYERS), tuple(_LAYERS.values()))
    half = passage.bars // 2 * passage.bar_steps
    if not guitars or kind == "all" or part in ("riff", "melody"):
        return 0
    if part == "comp":
        return half if "riff" in passage.sounds and kind == "band" else 0
    return half if kind == "guitars" or part in ("bass", "pad", "arp") else 0


def entered(passage: Passage, part: str, written: Written) -> Written:
    """Without what comes before the part's entrance."""
    start = entrance(passage, part)
    if not start:
        return written
    return Written([e for e in written.events if e.step >= start], [t for t in written.turns if t.step >= start],
                   [s for s in written.sweeps if s.step >= start])  # fmt: skip


def kicked(passage: Passage, drums: Sequence[Event], accents: Sequence[int]) -> list[Event]:
    """The drums with the kick on a riff's accents, where the riff plays; not on the backbeats, not in fills."""
    if not accents:
        return list(drums)
    bars = {step // passage.bar_steps for step in accents}
    fills: dict[int, int] = {}
    for event in drums:
        if event.pitch in kit.TOMS:
            fills.setdefault(event.step // passage.bar_steps, event.step)
    backbeats = set(passage.pulse.backbeats)

    def ours(step: int) -> bool:
        bar, within = divmod(step, passage.bar_steps)
        return bar in bars and within > 0 and step < fills.get(bar, passage.steps)

    kept = [e for e in drums if e.pitch != kit.KICK or not ours(e.step) or e.step in accents]
    have = {e.step for e in kept if e.pitch == kit.KICK}
    kicks = [e.velocity for e in drums if e.pitch == kit.KICK]
    loud = sum(kicks) / len(kicks) if kicks else 88.0
    added = [
        Event(step, 3, kit.KICK, loud) for step in accents
        if ours(step) and step not in have and step % passage.bar_steps not in backbeats
    ]  # fmt: skip
    return sorted([*kept, *added])


# Keys -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def bent_scale(scale: int, tones: int) -> int:
    """The key's scale as a chord bends it: each foreign tone of the chord takes the place of a neighbour.

    Of two neighbours, of the one without which no three notes lie within a tone; else not of the tonic or the fifth.
    """
    for tone in range(12):
        if (tones & ~scale) >> tone & 1:
            beside = [n for n in ((tone + 1) % 12, (tone - 1) % 12) if (scale & ~tones) >> n & 1]
            scale |= 1 << tone
            if beside:
                scale &= ~(1 << min(beside, key=lambda n: (_crowded(scale & ~(1 << n)), n in (0, 7))))
    return scale | tones


def _crowded(scale: int) -> bool:
    """Whether three notes of a scale lie within a whole tone."""
    return bool(scale & (scale >> 1 | scale << 11) & (scale >> 2 | scale << 10) & 0xFFF)


def within_key(passage: Passage) -> Passage:
    """The passage with the key's own scale over every chord, as songs are sung: bVII in C has a Bb, and no lydian."""

    def of(region: Region) -> Region:
        return region._replace(scale=bent_scale(passage.scale, region.tones))

    return replace(passage, regions=tuple(map(of, passage.regions)), following=of(passage.following))


def lowered(passage: Passage, semitones: int, name: str) -> Passage:
    """A passage that stands higher than its material as if it did not: chords moved down, the tonic up."""

    def of(region: Region) -> Region:
        return region._replace(
            root=(region.root - semitones) % 12, tones=_turned(region.tones, semitones),
            scale=_turned(region.scale, semitones),
        )  # fmt: skip

    return replace(passage, regions=tuple(map(of, passage.regions)), following=of(passage.following), name=name,
                   tonic=passage.tonic + semitones)  # fmt: skip


def _turned(mask: int, down: int) -> int:
    down %= 12
    return (mask >> down | mask << (12 - down)) & 0xFFF


def moved(events: Sequence[Event], semitones: int) -> list[Event]:
    """Events so many semitones higher."""
    return [
        e._replace(pitch=e.pitch + semitones, grace=None if e.grace is None else e.grace + semitones) for e in events
    ]
