"""Loops that go round, and what is taken out of them: stops, drums or bass away for a bar, a tape that runs down.

A sample does not think: its bars come again as they were while the chords do. What interrupts it is drawn once for a
kind of section and kept by all parts alike, without hearing each other. Practice: drop-outs at bars 8 and 16 of a verse
and before hooks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from composers.dice import dice
from composers.parts import kit
from composers.parts.passage import Event, Passage, Turn, Written
from composers.pulse import STEPS

_BEFORE = frozenset({"hook", "verse"})
_EVERY = 8
"""Bars between places for a cut."""
_LAST_BARS: Mapping[tuple[str, int], float] = {
    ("", 0): 0.22, ("stop", 2): 0.2, ("stop", 4): 0.16, ("drums", 4): 0.16, ("drums", 8): 0.1, ("bass", 4): 0.16,
}  # fmt: skip
_INTO_HOOKS: Mapping[tuple[str, int], float] = {
    ("", 0): 0.16, ("stop", 2): 0.26, ("stop", 4): 0.2, ("drums", 4): 0.14, ("bass", 4): 0.1, ("tape", 2): 0.14,
}  # fmt: skip
_CALM: Mapping[tuple[str, int], float] = {("", 0): 0.55, ("drums", 2): 0.2, ("stop", 1): 0.1, ("drums", 4): 0.15}
"""Kinds and beats of a cut, with weights."""
_TAPE_MOST = 12.0
"""Semitones that a tape falls at most."""
_ALWAYS = frozenset({"melody", "fx"})
_KIT = frozenset({"drums", "percussion"})


class Cut(NamedTuple):
    """From step `start` to `end` something is missing: by kind "stop" (all but the voice, hats and fx), "drums",
    "bass", or "tape" (as "stop", and the loop runs down in the beat before)."""

    kind: str
    start: int
    end: int

    def silences(self, part: str, key: int = 0) -> bool:
        """Whether a part rests in it; of the kit by key."""
        if self.kind == "bass":
            return part == "bass"
        if self.kind == "drums":
            return part in _KIT
        return part not in _ALWAYS and not (part == "drums" and key in kit.HATS)


@lru_cache(maxsize=512)
def _drawn(seed: int, material: tuple[str, str], into: bool, calm: bool, place: int) -> tuple[str, int]:
    draw = dice(seed, "cuts", *material, place, int(into))
    table = _CALM if calm else _INTO_HOOKS if into else _LAST_BARS
    return draw.weighted(tuple(table), tuple(table.values()))


def cuts(passage: Passage, calm: bool = False) -> tuple[Cut, ...]:
    """The cuts of a passage: in verses at every eighth bar, elsewhere before what begins anew.

    calm  half a bar of the drums at most, now and then: lo-fi
    """
    if passage.role not in ("verse", "hook", "bridge") or passage.bars < 4:
        return ()
    found: list[Cut] = []
    for bar in range(_EVERY - 1, passage.bars, _EVERY):
        last = bar == passage.bars - 1
        into = last and passage.after == "hook"
        if (last and passage.after not in _BEFORE) or (passage.role == "hook" and passage.after == "hook"):
            continue
        kind, beats = _drawn(passage.seed, passage.material, into, calm, bar)
        if kind:
            end = (bar + 1) * passage.bar_steps
            found.append(Cut(kind, end - min(beats * STEPS, beats * passage.bar_steps // 4), end))
    return tuple(found)


def cut(passage: Passage, written: Written, part: str, calm: bool = False) -> Written:
    """A part with the cuts of its passage."""
    places = cuts(passage, calm)
    if not places or not written.events:
        return written
    events = [e for e in written.events
              if not any(c.start <= e.step < c.end and c.silences(part, e.pitch) for c in places)]  # fmt: skip
    if part not in _KIT:
        events = [_shortened(e, places, part) for e in events]
    turns = [t for t in written.turns
             if t.length == 0 or not any(c.start <= t.step < c.end and c.silences(part) for c in places)]  # fmt: skip
    if part in ("comp", "riff"):
        turns += _run_down(passage, events, places, part)
    return Written(events, sorted(turns), written.sweeps)


def _shortened(event: Event, places: Sequence[Cut], part: str) -> Event:
    for each in places:
        if event.step < each.start < event.end and each.silences(part):
            return event._replace(length=each.start - event.step)
    return event


def _run_down(passage: Passage, events: Sequence[Event], places: Sequence[Cut], part: str) -> list[Turn]:
    """The tape stops: what sounds in the beat before falls as far as the receiver bends; taken back in the hole."""
    reach = min(_TAPE_MOST, passage.bends.get(part, 2.0))
    found: list[Turn] = []
    for each in places:
        start = each.start - STEPS
        if each.kind == "tape" and start >= 0 and any(e.step < each.start and e.end > start for e in events):
            found += [Turn(start, STEPS, "bend", 0, -reach, 0.0), Turn(each.end - STEPS // 2, 0, "bend", 0, 0.0)]
    return found


# Round and round --------------------------------------------------------------------------------------------------


def looped(passage: Passage, written: Written) -> Written:
    """The first round of the chords again wherever they are the same; the last time of four it may be left out or
    changed."""
    loop = bars_of_loop(passage)
    if loop is None:
        return written
    length = loop * passage.bar_steps
    events: list[Event] = []
    turns: list[Turn] = []
    for start in range(0, passage.steps, length):
        source = start if start and (start // length) % 4 == 3 else 0
        end = min(length, passage.steps - start)
        events += [e._replace(step=e.step - source + start) for e in written.events if 0 <= e.step - source < end]
        turns += [t._replace(step=t.step - source + start) for t in written.turns if 0 <= t.step - source < end]
    events = [e._replace(length=min(e.length, passage.steps - e.step)) for e in sorted(events)]
    return Written(_without_overlaps(events), turns, written.sweeps)


def bars_of_loop(passage: Passage) -> int | None:
    """Bars after which the chords come again: 2, 4 or 8; None where they do not within the passage."""
    by_bar: list[list[tuple[int, int, int]]] = [[] for _ in range(passage.bars)]
    for region in passage.regions:
        bar, within = divmod(region.start, passage.bar_steps)
        by_bar[bar].append((within, region.root, region.tones))
    for length in (2, 4, 8):
        if length * 2 <= passage.bars and all(bar == by_bar[i % length] for i, bar in enumerate(by_bar)):
            return length
    return None


def _without_overlaps(events: Sequence[Event]) -> list[Event]:
    """A key that is struck again ends first; twice at once it is struck once."""
    found = list(events)
    last: dict[int, int] = {}
    for index, event in enumerate(found):
        before = last.get(event.pitch)
        if before is not None and found[before].end > event.step:
            found[before] = found[before]._replace(length=max(1, event.step - found[before].step))
        last[event.pitch] = index
    return [a for a, b in pairwise([*found, None])
            if a is not None and (b is None or (a.step, a.pitch) != (b.step, b.pitch))]  # fmt: skip
