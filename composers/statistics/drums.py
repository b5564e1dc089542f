"""The kit: which drum a key is, hits a bar, how bars repeat, backbeat and ghosts, fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from composers.score import PPQ, Meter, Note
from composers.statistics.grid import contents, place

CLASSES = ("kick", "snare", "rim", "hat", "open hat", "pedal hat", "tom", "crash", "ride", "other")
KICK, SNARE, RIM, HAT, OPEN_HAT, PEDAL_HAT, TOM, CRASH, RIDE, OTHER = range(len(CLASSES))
_CLASS = {
    **dict.fromkeys((35, 36), KICK), **dict.fromkeys((38, 40, 39), SNARE), 37: RIM,
    **dict.fromkeys((42, 22), HAT), **dict.fromkeys((46, 26), OPEN_HAT), 44: PEDAL_HAT,
    **dict.fromkeys((41, 43, 45, 47, 48, 50, 58), TOM), **dict.fromkeys((49, 52, 55, 57), CRASH),
    **dict.fromkeys((51, 53, 59), RIDE),
}  # fmt: skip
"""General MIDI's keys, with the edges of Roland's electronic hats (22, 26) and rims (40, 58); a clap does a snare's
work."""


def class_of(key: int) -> int:
    """An index into CLASSES."""
    return _CLASS.get(key, OTHER)


def of_class(notes: Iterable[Note], *classes: int) -> list[Note]:
    return [note for note in notes if class_of(note.pitch) in classes]


def bars_of(notes: Iterable[Note], meter: Meter, bars: int, fineness: int) -> list[frozenset[tuple[int, int]]]:
    """One set of (step, drum class) a bar."""
    return contents((n._replace(pitch=class_of(n.pitch)) for n in notes), meter, bars, fineness)


def off_backbeat(notes: Iterable[Note], meter: Meter, fineness: int) -> list[Note]:
    """The snare's hits off beats 2 and 4 (off every other quarter in another meter)."""
    found = []
    for note in of_class(notes, SNARE):
        _, step = place(note.start, meter, fineness)
        if step % fineness or (step // fineness) % 2 == 0:
            found.append(note)
    return found


def filled_bars(notes: Iterable[Note], meter: Meter, bars: int) -> list[bool]:
    """Bars with a fill: three toms and more in the second half, or two that follow each other within a quarter."""
    toms: list[list[Note]] = [[] for _ in range(bars)]
    for note in of_class(notes, TOM):
        toms[min(bars - 1, note.start // meter.bar_ticks)].append(note)
    return [
        sum(n.start % meter.bar_ticks >= meter.bar_ticks // 2 for n in found) >= 3
        or any(0 < b.start - a.start <= PPQ for a, b in pairwise(found))
        for found in (sorted(bar) for bar in toms)
    ]


def fill_share(notes: Sequence[Note], meter: Meter, bars: int) -> float | None:
    """Share of bars with a tom fill, 0..1 (rock .15, funk .07, hip-hop .06); None without notes."""
    return sum(filled_bars(notes, meter, bars)) / bars if notes else None
