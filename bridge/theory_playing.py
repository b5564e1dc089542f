"""Theory heard: scales, chords and progressions as notes that an instrument can play (see audition.render)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.audition import Played
from composers.theory.chords import Chord
from composers.theory.progressions import Progression
from composers.theory.scale_types import ScaleNote, SpelledScale
from composers.theory.scales import Key

_LOUD, _SOFT = 88.0, 72.0
_CHORD_BEATS = 2.0
_JAZZY = frozenset({"7", "9", "11", "13", "alt"})


def scale_notes(scale: SpelledScale, lowest: int = 60) -> list[Played]:
    """Up to the octave and down again, as the scale goes down, in eighths; the last note long. Cents are kept."""
    up = [*scale, scale[0]]
    down = list(scale.descending)
    keys = _rising(up, lowest)
    back = list(reversed(_rising(list(reversed(down)), lowest)))
    line = [*zip(keys, up, strict=True), *zip(back, down, strict=True)]
    return [Played(i / 2, 2.0 if i == len(line) - 1 else 0.48, key, _LOUD if i == 0 else _SOFT, note.cents)
            for i, (key, note) in enumerate(line)]


def _rising(notes: Sequence[ScaleNote], lowest: int) -> list[int]:
    keys: list[int] = []
    for note in notes:
        floor = keys[-1] + 1 if keys else lowest
        keys.append(floor + (note.name.pitch_class - floor) % 12)
    return keys


def chord_notes(keys: Sequence[int]) -> list[Played]:
    """One note after the other, then together."""
    arpeggio = [Played(i / 2, 0.48, key, _SOFT) for i, key in enumerate(keys)]
    start = (len(keys) + 1) // 2
    return arpeggio + [Played(start, 3.0, key, _LOUD) for key in keys]


def voiced(chords: Sequence[Chord], key: Key | None) -> list[tuple[int, ...]]:
    """Keys for chords of any kind: a bass and voices that move little, jazz voicings where there are sevenths."""
    from composers.theory.voice_leading import lead

    if not chords:
        return []
    jazzy = sum(any(n in c.quality for n in _JAZZY) for c in chords) > len(chords) / 2
    return list(lead(chords, style="jazz with bass" if jazzy else "pop", key=key, strict=False).keys)


def progression_notes(progression: Progression, beats_a_bar: float = 4.0) -> list[Played]:
    """The chords in their bars (of two beats where every bar has one chord), each held to the next."""
    bar = _CHORD_BEATS if all(count == 1 for count in progression.bars) else beats_a_bar
    lengths = [share * bar for share in progression.lengths_bars]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return held(zip(starts, lengths, voiced(progression.chords, progression.key), strict=True))


def held(chords: Iterable[tuple[float, float, Sequence[int]]]) -> list[Played]:
    """(start, length in beats, keys) as notes that end a little before the next ones."""
    return [Played(start, max(0.1, length - 0.05), key, _LOUD if i == 0 else _SOFT)
            for start, length, keys in chords for i, key in enumerate(keys)]
