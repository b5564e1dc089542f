"""Harmonic fields: chords that last for bars, taken from the mode's own notes, each with tones of the one before.

Sevenths, ninths, suspensions and bare fifths without any pull to a tonic (common craft: two to four of them, linked by
common tones, no dominants). In a mode with notes between the keys only chords whose intervals are near enough to true
ones are taken; maqamat and ragas have no chords at all, but a drone (Marcus 2007; Bor 1999).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.forms import Section
from composers.harmony import Bar
from composers.theory.chords import Chord, parse_chord
from composers.theory.modes import Mode, find_mode
from composers.theory.pitch import PitchName
from composers.theory.scales import Key

_KINDS = {"maj9": 3.0, "6/9": 2.5, "add9": 2.0, "maj7": 1.5, "maj7#11": 2.0, "m9": 3.0, "m11": 2.5, "m7": 1.5,
          "m(add9)": 1.0, "sus2": 2.0, "7sus4": 1.5, "9sus4": 1.5, "sus4": 1.5, "5": 0.6,
          "add9(no5)": 0.4, "(no5)": 0.2, "m(no5)": 0.2}  # fmt: skip
_QUARTAL = frozenset({"sus2", "sus4", "7sus4", "9sus4", "m11", "5", "6/9"})
_LETTERS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
_UNTRUE = 35.0
"""Cents by which an interval of a chord may be off its tempered size: a Pythagorean third is, a neutral one is not."""
_DRONING = frozenset({"arabic", "indian"})
_COMMON = 2
"""Tones that neighbouring fields share, where there are such."""


class FieldStyle(NamedTuple):
    """How the harmony moves.

    bars     by length of a field in bars, its weight
    fields   how many a section goes through at most
    quartal  how much likelier stacks of fourths, seconds and fifths are than stacks of thirds
    pedal    share of the sections whose bass stays on the tonic under all fields
    """

    bars: tuple[tuple[int, float], ...] = ((2, 0.2), (4, 0.55), (8, 0.25))
    fields: int = 4
    quartal: float = 1.0
    pedal: float = 0.25


def changes(seed: int, key: Key, style: FieldStyle, section: Section) -> tuple[Bar, ...]:
    """One chord for each of a section's bars. A letter has its own path, which every second round replaces."""
    path = _path(seed, key, style, section.name if section.role != "ending" else "A", max(0, section.chorus) // 2)
    if section.role == "ending":
        return ((home(key),),) * section.bars
    found: list[Bar] = []
    index = 0
    there_and_back = (*path, *path[-2:0:-1])
    while len(found) < section.bars:
        chord, bars = there_and_back[index % len(there_and_back)]
        found += [(chord,)] * bars
        index += 1
    return tuple(found[: section.bars])


@lru_cache(maxsize=256)
def _path(seed: int, key: Key, style: FieldStyle, name: str, round_: int) -> tuple[tuple[Chord, int], ...]:
    draw = dice(seed, "fields", name, round_)
    mode = find_mode(key.mode)
    offered = _offered(key)
    count = 1 + int(draw.random() * style.fields)
    lengths, weights = [b for b, _ in style.bars], [w for _, w in style.bars]
    now = home(key) if name == "A" and not round_ else _next(draw, key, home(key), offered, style)
    found = [(now, draw.weighted(lengths, weights))]
    while len(found) < count and len(offered) > 1:
        now = _next(draw, key, now, offered, style)
        found.append((now, draw.weighted(lengths, weights)))
    if mode.drone and draw.chance(style.pedal):
        found = [(_over(chord, key.tonic), bars) for chord, bars in found]
    return tuple(found)


def _next(draw: Dice, key: Key, now: Chord, offered: tuple[tuple[Chord, float], ...], style: FieldStyle) -> Chord:
    """One with common tones and another root, or the same where there is no other."""
    held = {(now.root.pitch_class + i) % 12 for i in now.tones}
    rows: list[tuple[Chord, float]] = []
    for least in (_COMMON, 1, 0):
        rows = [(c, w * (style.quartal if c.quality in _QUARTAL else 1.0)) for c, w in offered
                if c.root != now.root and len(held & {(c.root.pitch_class + i) % 12 for i in c.tones}) >= least
                and {(c.root.pitch_class + i) % 12 for i in c.tones} != held]  # fmt: skip
        if rows:
            break
    if not rows:
        return now
    return draw.weighted([chord for chord, _ in rows], [weight for _, weight in rows])


def home(key: Key) -> Chord:
    """The field of the tonic: in a droning mode the tonic with its companion, else a chord that holds the tonic open
    (a pad leaves out the root under a major seventh)."""
    mode = find_mode(key.mode)
    if mode.family in _DRONING:
        return _drone(key, mode)
    rows = [(chord, weight) for chord, weight in _offered(key) if chord.root == key.tonic]
    return max(rows, key=lambda row: (11 not in row[0].intervals, row[1]))[0] if rows else _drone(key, mode)


def _drone(key: Key, mode: Mode) -> Chord:
    if mode.drone == 5:
        return parse_chord(f"{_named(key, 5)}5/{key.tonic.plain()}")
    kind = {0: "(no3no5)", 9: "6(no3no5)"}.get(mode.drone, "5")
    return parse_chord(f"{key.tonic.plain()}{kind}")


def _over(chord: Chord, tonic: PitchName) -> Chord:
    """The same over the tonic, where that is one of its tones or rubs against none."""
    above = {(chord.root.pitch_class + i - tonic.pitch_class) % 12 for i in chord.tones}
    if chord.root == tonic or above & {1, 11}:
        return chord
    return Chord(chord.root, chord.quality, chord.intervals, tonic.plain())


@lru_cache(maxsize=1024)
def _offered(key: Key) -> tuple[tuple[Chord, float], ...]:
    """Chords on the mode's notes that hold nothing else and sound true, with their weights."""
    mode = find_mode(key.mode)
    if mode.family in _DRONING:
        return _places(key, mode)
    keys = set(mode.keys)
    found: list[tuple[Chord, float]] = []
    for root in mode.keys:
        for kind, weight in _KINDS.items():
            try:
                chord = parse_chord(f"{_named(key, root)}{kind}")
            except MusicError:  # a root that no symbol spells
                continue
            tones = sorted({(root + i) % 12 for i in chord.intervals})
            if set(tones) <= keys and _true(mode, root, chord.intervals):
                found.append((chord, weight * (2.0 if root in (0, mode.drone) else 1.0)))
    return tuple(found) or ((_drone(key, mode), 1.0),)


def _places(key: Key, mode: Mode) -> tuple[tuple[Chord, float], ...]:
    """The drone of a maqam or raga; a maqam goes to its ghammaz, too, where a fifth or fourth stands on it."""
    found = [(_drone(key, mode), 3.0)]
    if mode.family == "arabic":
        for key_ in mode.strong:
            fifth = (key_ + 7) % 12
            if key_ and fifth in mode.keys and _true(mode, key_, (0, 7)):
                found.append((parse_chord(f"{_named(key, key_)}5"), 1.0))
    return tuple(found)


def _true(mode: Mode, root: int, intervals: tuple[int, ...]) -> bool:
    off = [mode.cents[(root + i) % 12] for i in intervals]
    return max(off) - min(off) <= _UNTRUE or mode.family == "gamelan"


def _named(key: Key, semitones: int) -> PitchName:
    return key.tonic.up(_LETTERS[semitones], semitones).plain()
