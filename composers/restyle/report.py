"""What was kept, measured on the piece that came out: nothing is taken from how it was made but where its bars lie."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from composers.lead_sheet import LeadSheet, SheetNote
from composers.pulse import pulse_of
from composers.restyle.chord_fit import nearness
from composers.restyle.hearing import Heard
from composers.restyle.timing import Fit
from composers.score import PPQ, Note, Tick
from composers.statistics.phrases import phrases
from composers.theory.chords import Chord, parse_chord

_STEP = PPQ // 12
_NEAR = 4
"""Steps by which an onset may come early or late (swing, anticipation by a sixteenth) and be the same rhythm."""
_PHRASE_NEAR = 12
_ARTICULATED = 0.8
"""Of its written length, what a hand lets a note sound at least (humanise.Hand.articulate: .85 and more, rounded)."""
_EARLY = 7
"""Steps before a bar line from which a note belongs to the bar to come: an anticipated eighth, and a hand's haste."""
_LETTERS_UP = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
_SAMPLE = 3


@dataclass(frozen=True, slots=True)
class Report:
    """How a piece was restyled, and how much of it was kept. Shares are 0..1; None where there was nothing to keep.

    to, style        the genre and style it was given to
    strength, seed   as asked
    melody_kept      correlation of the tune's contour before and after: pitch sampled every sixteenth, -1..1
    notes_kept       share of the tune's notes that are there, in their order, at their pitch (octaves aside)
    rhythm_kept      share of the tune's onsets that are there within a triplet sixteenth of their place
    phrases_kept     F-measure of phrase ends, within a quarter
    harmony_kept     nearness of the chords, beat by beat: the same root and third .8, common notes the rest
    form_kept        agreement on which bars of the tune are alike: 1, no bar that came back comes otherwise
    melody_track     where the tune was; melody_now: where it is
    key, meter, tempo   before and after, in words and quarters a minute
    bars             before and after
    sections         (what it was, what it is, first bar after, bars after)
    tracks           instrument by track
    notices          what people should know
    """

    to: str
    style: str
    strength: float
    seed: int
    melody_kept: float | None
    notes_kept: float | None
    rhythm_kept: float | None
    phrases_kept: float | None
    harmony_kept: float | None
    form_kept: float | None
    melody_track: str
    melody_now: str
    key: tuple[str, str]
    meter: tuple[str, str]
    tempo: tuple[float, float]
    bars: tuple[int, int]
    sections: tuple[tuple[str, str, int, int], ...]
    tracks: dict[str, str]
    notices: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def mapped(sheet: LeadSheet, fit: Fit) -> list[SheetNote]:
    """The source's tune where its bars lie now, untouched otherwise: what the output is compared with."""
    found = []
    for note in sheet.melody:
        step = round(fit.step(note.step))
        found.append(note._replace(step=step, length=max(1, round(fit.step(note.end - 0.01)) - step)))
    return found


def sung(notes: Sequence[Note]) -> list[SheetNote]:
    """A melody track as steps, unrounded swing and all: each note on the nearest step."""
    found: list[SheetNote] = []
    for note in sorted(notes):
        step = round(note.start / _STEP)
        if found and note.start - found[-1].step * _STEP < _STEP:
            if note.length > found[-1].length * _STEP:  # what came before was a grace note
                found[-1] = found[-1]._replace(pitch=note.pitch, length=max(1, round(note.length / _STEP)))
            continue
        found.append(SheetNote(step, max(1, round(note.length / _STEP)), note.pitch, note.velocity))
    return found


def contour(before: Sequence[SheetNote], after: Sequence[SheetNote]) -> float | None:
    """Pearson correlation of two lines' pitches, sampled every sixteenth from where both have begun to the end of the
    shorter; a pitch holds until the next. None where one does not move."""
    if not before or not after:
        return None
    start = max(before[0].step, after[0].step)
    end = max(n.end for n in (before[-1], after[-1]))
    mine, theirs = ([n.step for n in line] for line in (before, after))
    x, y = [], []
    for step in range(start, end, _SAMPLE):
        x.append(before[bisect_right(mine, step + 1) - 1].pitch)
        y.append(after[bisect_right(theirs, step + 1) - 1].pitch)
    return correlation(x, y)


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's r; None without variance."""
    if len(x) < 3:
        return None
    a, b = sum(x) / len(x), sum(y) / len(y)
    sxy = sum((p - a) * (q - b) for p, q in zip(x, y, strict=True))
    sxx, syy = sum((p - a) ** 2 for p in x), sum((q - b) ** 2 for q in y)
    return sxy / sqrt(sxx * syy) if sxx > 0 and syy > 0 else 1.0 if sxx == syy else None


def notes_kept(before: Sequence[SheetNote], after: Sequence[SheetNote]) -> float | None:
    """Longest common subsequence of pitch classes within windows that move with the music, over the longer line."""
    if not before or not after:
        return None
    low = 0
    kept = 0
    for note in before:  # greedy in time: notes stay near their places
        while low < len(after) and after[low].step < note.step - 2 * _PHRASE_NEAR:
            low += 1
        index = low
        while index < len(after) and after[index].step <= note.step + 2 * _PHRASE_NEAR:
            if (after[index].pitch - note.pitch) % 12 == 0:
                kept += 1
                low = index + 1
                break
            index += 1
    return kept / max(len(before), len(after))


def rhythm_kept(before: Sequence[SheetNote], after: Sequence[SheetNote]) -> float | None:
    """F-measure of onsets within _NEAR steps."""
    return matched([n.step for n in before], [n.step for n in after], _NEAR)


def matched(before: Sequence[int], after: Sequence[int], near: int) -> float | None:
    """F-measure of two rows of places, each matched once; None where there were none."""
    if not before:
        return None
    hits, j = 0, 0
    for place in before:
        while j < len(after) and after[j] < place - near:
            j += 1
        if j < len(after) and after[j] <= place + near:
            hits += 1
            j += 1
    return 2 * hits / (len(before) + len(after))


def phrases_kept(before: Sequence[SheetNote], after: Sequence[SheetNote]) -> float | None:
    """F-measure of where phrases begin, as statistics.phrases hears them in both, notes played short taken as whole.

    None for a tune in one breath.
    """
    rows = []
    for line in (before, after):
        notes = []
        for index, n in enumerate(line):
            room = line[index + 1].step - n.step if index + 1 < len(line) else n.length
            length = max(n.length, min(room, round(n.length / _ARTICULATED)))
            notes.append(Note(n.step * _STEP, length * _STEP, n.pitch, 80.0))
        rows.append([phrase[0].start // _STEP for phrase in phrases(notes)])
    return matched(rows[0][1:], rows[1][1:], _PHRASE_NEAR)


def harmony_kept(
    sheet: LeadSheet, fit: Fit, chords: Sequence[tuple[int, str]], end: Tick, up: int = 0
) -> float | None:
    """chords: of the output, (tick, symbol); end: its last tick. Mean nearness over the source's beats."""
    if not sheet.chords or not chords:
        return None
    pulse = pulse_of(sheet.meter)
    ticks = [tick for tick, _ in chords]
    total = count = 0.0
    for bar in range(sheet.bars):
        for beat in pulse.beats:
            step = bar * pulse.steps + beat
            if step < sheet.chords[0].step:
                continue
            before = sheet.chord_at(step)
            tick = round(fit.step(step)) * _STEP
            if before is None or tick >= end:
                continue
            after = chords[max(0, bisect_right(ticks, tick) - 1)][1]
            total += nearness(_plain(before, up), _plain(after))
            count += 1
    return total / count if count else None


def _plain(symbol: str, up: int = 0) -> Chord:
    """Without its bass, so many semitones higher."""
    chord = parse_chord(symbol)
    if up:
        chord = chord.transposed(_LETTERS_UP[up % 12], up % 12)
    return Chord(chord.root, chord.quality, chord.intervals)


def form_kept(before: Sequence[SheetNote], after: Sequence[SheetNote], bar_steps: int, bars: int) -> float | None:
    """Of pairs of bars with a tune that were the same (their notes within a sixteenth), the share that still is."""
    old, new = _by_bar(before, bar_steps, bars), _by_bar(after, bar_steps, bars)
    first: dict[tuple[tuple[int, int], ...], int] = {}
    kept = count = 0
    for bar, content in enumerate(old):
        if not content:
            continue
        if content in first:
            count += 1
            kept += _alike(new[bar], new[first[content]])
        else:
            first[content] = bar
    return kept / count if count else None


def _by_bar(notes: Sequence[SheetNote], steps: int, bars: int) -> list[tuple[tuple[int, int], ...]]:
    found: list[list[tuple[int, int]]] = [[] for _ in range(bars)]
    for note in notes:
        bar, within = divmod(note.step + _EARLY, steps)
        if 0 <= bar < bars:
            found[bar].append((within - _EARLY, note.pitch))
    return [tuple(row) for row in found]


def _alike(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> bool:
    """The same keys in the same order, nine of ten, near their places."""
    if not a and not b:
        return True
    same = sum(
        1 for (s, p) in a if any(p == q and abs(s - t) <= _NEAR for t, q in b)
    )  # fmt: skip
    return same >= 0.8 * max(len(a), len(b))


def of_output(
    heard: Heard, fit: Fit, melody: Sequence[Note], chords: Sequence[tuple[int, str]], bars: int, up: int = 0
) -> dict[str, float | None]:
    """All measures of what came out: the notes of its melody track, its chords, how many bars it has.

    up  semitones by which another key was asked for
    """
    before = mapped(heard.sheet, fit)
    after = [n._replace(pitch=n.pitch - up) for n in sung(melody)]
    steps = pulse_of(fit.meter).steps
    return {
        "melody_kept": contour(before, after),
        "notes_kept": notes_kept(before, after),
        "rhythm_kept": rhythm_kept(before, after),
        "phrases_kept": phrases_kept(before, after),
        "harmony_kept": None if heard.alone else harmony_kept(
            heard.sheet, fit, chords, bars * fit.meter.bar_ticks, up
        ),
        "form_kept": form_kept(before, after, steps, bars),
    }  # fmt: skip
