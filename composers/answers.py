"""Answers: what a lead plays back to a phrase that it has heard, of the same motif, on the chords of its own place.

Call and response as jazz and blues musicians are taught it (Berliner, Thinking in Jazz, 1994, ch. 8): the rhythm comes
back, the melody is moved by step, turned over, or goes on otherwise at its end, and comes to rest on a chord tone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.score import PPQ, Note, Tick
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key

WAYS = ("step up", "step down", "turned", "other end", "echo")
_WEIGHTS = (3.0, 3.0, 1.5, 3.0, 1.0)
_NEAR = 2
"""Semitones by which a note goes to a chord tone at most, so that the line keeps its shape."""


def answer(
    call: Sequence[Note], start: Tick, chords: Sequence[tuple[Tick, str]], key: Key, lowest: int, highest: int,
    *identity: int | str, way: str | None = None,
) -> tuple[Note, ...]:  # fmt: skip
    """A phrase in answer to `call` (one voice, sorted, at least one note), from tick `start` on.

    chords  (tick, symbol) of where it is played, sorted; may be empty
    way     one of WAYS; None: drawn, as `identity` has it

    The onsets and lengths are the call's. Pure. Raises MusicError for a call without notes.
    """
    if not call:
        raise MusicError("there is nothing to answer: give a phrase of one note or more")
    draw = dice("answer", *identity)
    way = way or draw.weighted(WAYS, _WEIGHTS)
    first = call[0].start
    scale = sorted(key.scale.pitch_classes)
    steps = [_step(note.pitch, scale) for note in call]
    moved = _varied(steps, way, draw)
    parsed = [(tick, parse_chord(symbol)) for tick, symbol in chords]
    pitches = _fitted([_pitch(step, scale) for step in moved], lowest, highest)
    found: list[Note] = []
    for at, (note, pitch) in enumerate(zip(call, pitches, strict=True)):
        tick = start + note.start - first
        chord = next((chord for begin, chord in reversed(parsed) if begin <= tick), None)
        last = at == len(call) - 1
        if chord is not None and (last or _strong(tick, note.length)):
            pitch = _on_chord(pitch, chord, scale, rest=last)
        found.append(note._replace(start=tick, pitch=min(highest, max(lowest, pitch)), channel=0,
                                   velocity=max(1.0, min(127.0, note.velocity * 0.95))))  # fmt: skip
    return tuple(found)


def similarity(call: Sequence[Note], reply: Sequence[Note]) -> float:
    """0..1, how much of a phrase is in another: half the rhythm (onsets, of all in either, that both have within a
    32nd), half the contour (of the steps in time, how many go the same way; turned over, all the other)."""
    if not call or not reply:
        return 0.0
    ours, theirs = ([n.start - notes[0].start for n in notes] for notes in (call, reply))
    both = sum(any(abs(a - b) <= PPQ // 8 for b in theirs) for a in ours)
    rhythm = both / (len(ours) + len(theirs) - both)
    ways = [[_sign(b.pitch - a.pitch) for a, b in pairwise(notes)] for notes in (call, reply)]
    count = max(map(len, ways))
    same = sum(a == b for a, b in zip(*ways, strict=False))
    other = sum(a == -b for a, b in zip(*ways, strict=False))
    return 0.5 * rhythm + 0.5 * (max(same, other) / count if count else float(len(call) == len(reply)))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _step(pitch: int, scale: Sequence[int]) -> float:
    """The place on the scale, counted from the lowest; a note between two degrees lies half way."""
    octave, within = divmod(pitch, 12)
    below = [i for i, p in enumerate(scale) if p <= within]
    at = below[-1] if below else -1
    base = scale[at] if below else scale[-1] - 12
    return octave * len(scale) + at + (0.5 if within != base else 0.0)


def _pitch(step: float, scale: Sequence[int]) -> int:
    whole = int(step // 1)
    octave, at = divmod(whole, len(scale))
    return 12 * octave + scale[at] + (1 if step != whole else 0)


def _varied(steps: Sequence[float], way: str, draw: Dice) -> list[float]:
    count = draw.one_of((1, 2, 2))
    if way == "step up":
        return [s + count for s in steps]
    if way == "step down":
        return [s - count for s in steps]
    if way == "turned":
        return [2 * steps[0] - s for s in steps]
    if way == "other end" and len(steps) > 2:
        head = max(1, (len(steps) + 1) // 2)
        pivot = steps[head - 1]
        return [*steps[:head], *(2 * pivot - s for s in steps[head:])]
    return list(steps)


def _fitted(pitches: Sequence[int], lowest: int, highest: int) -> list[int]:
    """The whole phrase in the octave where most of it lies within the compass, the nearest to where it was."""
    def outside(by: int) -> tuple[int, int]:
        return sum(max(0, lowest - p - by) + max(0, p + by - highest) for p in pitches), abs(by)

    by = min((12 * octave for octave in range(-8, 9)), key=outside)
    return [p + by for p in pitches]


def _strong(tick: Tick, length: Tick) -> bool:
    """On a beat, and not a passing one."""
    return min(tick % PPQ, PPQ - tick % PPQ) <= PPQ // 12 and length >= PPQ // 2


def _on_chord(pitch: int, chord: Chord, scale: Sequence[int], *, rest: bool) -> int:
    """The nearest note of the chord that is no further than a whole tone; at rest, of its triad, however far."""
    tones = {(chord.root.pitch_class + i) % 12 for i in (chord.tones[:3] if rest else chord.intervals)}
    near = sorted(range(pitch - 6, pitch + 7), key=lambda p: (abs(p - pitch), p % 12 not in scale))
    found = next((p for p in near if p % 12 in tones), pitch)
    return found if rest or abs(found - pitch) <= _NEAR else pitch
