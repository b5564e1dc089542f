"""A second voice against the melody: thirds and sixths, contrary motion, answers in its holes, guide-tone lines.

Around a tonic of C, as the melody is. No parallel fifths or octaves with it on successive notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.harmony import STEPS, Region
from composers.parts.heard_line import HeardLine, clashes, one_voice, parallel
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.tune_pitch import pool, rubbing

KINDS = ("harmony", "contrary", "answer", "guide")


@dataclass(frozen=True, slots=True)
class CounterStyle:
    """How a second voice goes.

    kind       "harmony": with the melody's rhythm, a third or sixth away; "contrary": slower, against its direction;
               "answer": in its rests; "guide": long thirds and sevenths that move by step
    below      whether it lies below the melody
    low, high  keys around C before transposition by -5..+6
    share      of the melody's phrases that "harmony" joins
    silent     roles in which it rests
    """

    kind: str = "harmony"
    below: bool = True
    low: int = 52
    high: int = 79
    share: float = 1.0
    silent: frozenset[str] = frozenset({"intro"})
    velocity: float = 74.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise MusicError(f"counter-line {self.kind!r} is not known: choose one of {', '.join(KINDS)}")


def counter_line(passage: Passage, listening: Listening, style: CounterStyle) -> Written:
    """The second voice of a passage: sorted, nothing overlapping, around C; a guide-tone line without a melody."""
    lead = listening.get("melody", ())
    if passage.role in style.silent:
        return Written()
    kind = style.kind if lead else "guide"
    low, high = _bounds(passage, style)
    if kind == "harmony":
        notes = _harmony(passage, lead, style, low, high)
    elif kind == "contrary":
        notes = _against(passage, lead, _slow(passage), low, high)
    elif kind == "answer":
        notes = _answers(passage, lead, low, high, dice(passage.seed, "answers", *passage.material))
    else:
        notes = _guide(passage, lead, low, high)
    return Written([_loud(passage, note, style) for note in one_voice(notes)])


def _bounds(passage: Passage, style: CounterStyle) -> tuple[int, int]:
    own = passage.lanes.get("counter")
    low, high = style.low, style.high
    if own is not None:
        low, high = max(low, own.low + 5), min(high, own.high - 6)
        if high - low < 10:
            low, high = own.low + 5, max(own.high - 6, own.low + 15)
    return low, high


def _loud(passage: Passage, note: Event, style: CounterStyle) -> Event:
    velocity = style.velocity + 16.0 * (passage.energy_at(note.step // passage.bar_steps) - 0.6)
    return note._replace(velocity=velocity + (3.0 if passage.strong(note.step) else 0.0))


def _allowed(passage: Passage, region: Region) -> int:
    return pool(passage.scale, region.tones, "key", passage.minor)


# Kinds ---------------------------------------------------------------------------------------------------------------


def _harmony(passage: Passage, lead: Sequence[Event], style: CounterStyle, low: int, high: int) -> list[Event]:
    """A third or sixth of the scale away, another consonance where the chord asks for it."""
    draw = dice(passage.seed, "harmony", *passage.material)
    found: list[Event] = []
    pair: tuple[int, int] | None = None
    joins = True
    for index, note in enumerate(lead):
        if index == 0 or note.step - lead[index - 1].end >= STEPS // 2:
            joins = draw.chance(style.share)
        if not joins:
            pair = None
            continue
        previous = found[-1].pitch if found else note.pitch
        key = _second(passage, note, style.below, low, high, pair, previous)
        if key is None:
            pair = None
        else:
            found.append(Event(note.step, note.length, key, 0.0))
            pair = (note.pitch, key)
    return found


def _second(
    passage: Passage, note: Event, below: bool, low: int, high: int, pair: tuple[int, int] | None, previous: int
) -> int | None:
    """The key to sing with a note, after `pair` (melody, second voice) and `previous`; None where nothing fits."""
    region = passage.at(note.step)
    allowed = _allowed(passage, region)
    rubs = rubbing(region.tones, (region.chord.root.pitch_class - passage.tonic) % 12)
    best: tuple[float, int] | None = None
    for away, cost in _DISTANCES:
        key = note.pitch - away if below else note.pitch + away
        if not low <= key <= high or not allowed >> key % 12 & 1 or parallel(pair, (note.pitch, key)):
            continue
        cost += 0.12 * abs(key - previous)
        if not region.tones >> key % 12 & 1:
            cost += 0.4 if note.length < 9 else 3.0 if rubs >> key % 12 & 1 else 1.2
        if best is None or cost < best[0]:
            best = (cost, key)
    return best[1] if best else None


_DISTANCES = ((3, 0.0), (4, 0.0), (8, 0.8), (9, 0.8), (5, 1.4), (7, 1.6), (15, 1.6), (16, 1.6), (12, 2.5), (6, 3.0))
"""Semitones from the melody, and what each costs: thirds, sixths, fourths and fifths, tenths, at last an octave."""


def _slow(passage: Passage) -> list[tuple[int, int]]:
    """Half bars, or where chords change: (step, end)."""
    strong = {bar * passage.bar_steps + beat for bar in range(passage.bars) for beat in passage.pulse.strong}
    steps = sorted(strong.union(region.start for region in passage.regions))
    return list(zip(steps, [*steps[1:], passage.steps], strict=True))


def _against(
    passage: Passage, lead: Sequence[Event], rhythm: Sequence[tuple[int, int]], low: int, high: int
) -> list[Event]:
    """Chord tones on strong beats, against the melody's direction, by small moves."""
    melody = HeardLine(lead)
    found: list[Event] = []
    pair: tuple[int, int] | None = None
    for start, end in rhythm:
        region, sung = passage.at(start), melody.at(start)
        heard = melody.keys(start, end, 9)
        top = min([high, *(pitch - 3 for pitch in heard)])
        top = max(top, low + 7)
        previous = found[-1].pitch if found else None
        rise = 0 if sung is None or pair is None else sung.pitch - pair[0]
        best: tuple[float, int] | None = None
        for key in range(low, top + 1):
            if not region.tones >> key % 12 & 1 or any(clashes(key, pitch) for pitch in heard):
                continue
            if sung is not None and parallel(pair, (sung.pitch, key)):
                continue
            away = 0 if previous is None else key - previous
            cost = abs(away) * 0.5 + 0.08 * abs(key - (low + top) / 2) + (1.0 if away == 0 else 0.0)
            cost += 1.2 if away * rise > 0 else 0.0
            cost += 0.0 if sung is None or (sung.pitch - key) % 12 in (3, 4, 8, 9) else 0.7
            if best is None or cost < best[0]:
                best = (cost, key)
        if best is None:
            pair = None
            continue
        found.append(Event(start, end - start, best[1], 0.0))
        pair = (sung.pitch, best[1]) if sung is not None else None
    return found


def _answers(passage: Passage, lead: Sequence[Event], low: int, high: int, draw: Dice) -> list[Event]:
    """Short figures that begin half a beat to a beat after a phrase ends, and end before the next begins."""
    found: list[Event] = []
    figure = draw.one_of(
        (((0, 6), (6, 6), (12, 12)), ((0, 6), (6, 12)), ((0, 3), (3, 3), (6, 12)), ((0, 12), (12, 12)))
    )
    turn = draw.one_of(((1, 1), (-1, -1), (2, -1), (-1, 2), (1, -1)))
    holes = [(a.end, b.step, a) for a, b in pairwise(lead)]
    holes.append((lead[-1].end, passage.steps, lead[-1]))
    for start, end, last in holes:
        if end - start < 15:
            continue
        first = -(-(start + 6) // 6) * 6
        key = last.pitch
        for place, (offset, length) in enumerate(figure):
            step = first + offset
            if step + min(length, 6) > end - 3:
                break
            allowed = _allowed(passage, passage.at(step))
            key = _fit(key, 0, passage.at(step).tones, low, high) if place == 0 else _fit(
                key, turn[(place - 1) % 2], allowed, low, high)  # fmt: skip
            found.append(Event(step, min(length, end - 3 - step), key, 0.0))
    return found


@lru_cache(maxsize=4096)
def _fit(key: int, steps: int, mask: int, low: int, high: int) -> int:
    """A key so many notes of a mask further, brought into low..high by octaves; 0: the nearest."""
    if steps == 0:
        away = next(k for k in range(12) if mask >> (key - k) % 12 & 1 or mask >> (key + k) % 12 & 1)
        key = key - away if mask >> (key - away) % 12 & 1 else key + away
    one = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        key += one
        while not mask >> key % 12 & 1:
            key += one
    while key > high:
        key -= 12
    while key < low:
        key += 12
    return key


_CROSSING = 5
"""Semitones that a guide tone rather moves than to lie above the melody."""
_GUIDES = frozenset((3, 4, 9, 10, 11))
"""Semitones of thirds, sixths and sevenths above a root."""


def _guide(passage: Passage, lead: Sequence[Event], low: int, high: int) -> list[Event]:
    """Thirds and sevenths of the chords, each by the smallest move, struck once for as long as they stay."""
    melody = HeardLine(lead)
    found: list[Event] = []
    pair: tuple[int, int] | None = None
    for region in passage.regions:
        sung = melody.at(region.start)
        heard = melody.keys(region.start, region.end, STEPS)
        free = [
            k for k in range(low, high + 1)
            if region.tones >> k % 12 & 1 and not any(clashes(k, other) for other in heard)
            and not (sung is not None and parallel(pair, (sung.pitch, k)))
        ]  # fmt: skip
        root = region.chord.root.pitch_class - passage.tonic
        choices = [k for k in free if (k - root) % 12 in _GUIDES] or free
        if not choices:
            pair = None
            continue
        previous = found[-1].pitch if found else (low + high) // 2
        ceiling = min(heard, default=127)
        key = min(choices, key=lambda k: (abs(k - previous) + _CROSSING * (k >= ceiling), k))
        if found and found[-1].pitch == key and found[-1].end == region.start:
            found[-1] = found[-1]._replace(length=region.end - found[-1].step)
        else:
            found.append(Event(region.start, region.end - region.start, key, 0.0))
        pair = (sung.pitch, key) if sung is not None else None
    return found
