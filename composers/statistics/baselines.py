"""Random music made from a piece itself: what a statistic has to reject to mean anything.

All draws are seeded (`composers.dice`): the same piece and seed give the same noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from composers.dice import Dice, dice
from composers.score import PPQ, Note
from composers.statistics.grid import contents, steps_in_bar
from composers.statistics.piece import ChordSpan, Piece
from composers.statistics.tonality import windows

_DIATONIC = (0, 2, 4, 5, 7, 9, 11)


def uniform(piece: Piece, seed: int) -> Piece:
    """As many notes a track on random steps, pitches even over the track's range; drums: as many hits of each drum."""
    return _each(piece, seed, "uniform", lambda notes, draw: _on_random_steps(_even_pitches(notes, draw), piece, draw),
                 lambda notes, draw: _on_random_steps(notes, piece, draw))  # fmt: skip


def diatonic(piece: Piece, seed: int) -> Piece:
    """As many notes on random steps, pitches even over the piece's own diatonic set; drums as `uniform`."""
    tonic = diatonic_tonic(piece.of("pitched"))

    def dealt(notes: Sequence[Note], draw: Dice) -> list[Note]:
        low, high = _range(notes)
        scale = [p for p in range(low, high + 1) if (p - tonic) % 12 in _DIATONIC] or [low]
        return _on_random_steps([n._replace(pitch=draw.one_of(scale)) for n in notes], piece, draw)

    return _each(piece, seed, "diatonic", dealt, lambda notes, draw: _on_random_steps(notes, piece, draw))


def uniform_pitches(piece: Piece, seed: int) -> Piece:
    """The real rhythm, pitches even over the track's range; drums as they are."""
    return _each(piece, seed, "uniform pitches", _even_pitches)


def shuffled_pitches(piece: Piece, seed: int) -> Piece:
    """The real rhythm and each track's real pitches in another order; drums as they are."""

    def shuffled(notes: Sequence[Note], draw: Dice) -> list[Note]:
        return [n._replace(pitch=p) for n, p in zip(notes, _shuffle([n.pitch for n in notes], draw), strict=True)]

    return _each(piece, seed, "shuffled pitches", shuffled)


def own_grid(piece: Piece, seed: int) -> Piece:
    """Every bar drawn afresh: each step and pitch as often as the track has it, independent of all others."""

    def drawn(notes: Sequence[Note], draw: Dice) -> list[Note]:
        bars = contents(notes, piece.meter, piece.bars, piece.fineness)
        counts: dict[tuple[int, int], int] = {}
        for content in bars:
            for cell in content:
                counts[cell] = counts.get(cell, 0) + 1
        cells = sorted(counts)
        some = notes[len(notes) // 2] if notes else None
        found = []
        for bar in range(piece.bars):
            for step, pitch in cells:
                if some and draw.chance(counts[step, pitch] / piece.bars):
                    start = bar * piece.meter.bar_ticks + step * PPQ // piece.fineness
                    found.append(some._replace(start=start, length=PPQ // piece.fineness, pitch=pitch))
        return found

    return _each(piece, seed, "own grid", drawn, drawn)


def shuffled_chords(piece: Piece, seed: int) -> Piece:
    """The bars' chords in another order, the notes as they are."""
    bar_ticks = piece.meter.bar_ticks
    pieces: list[list[ChordSpan]] = [[] for _ in range(piece.bars)]
    for span in piece.chords:
        for bar in range(max(0, span.start // bar_ticks), min(piece.bars, -(-span.end // bar_ticks))):
            start, end = bar * bar_ticks, (bar + 1) * bar_ticks
            inside = ChordSpan(max(span.start, start) - start, min(span.end, end) - start, span.chord)
            pieces[bar].append(inside)
    order = _shuffle(range(piece.bars), dice(seed, "shuffled chords", piece.name))
    chords = tuple(
        ChordSpan(c.start + at * bar_ticks, c.end + at * bar_ticks, c.chord)
        for at, bar in enumerate(order) for c in pieces[bar]
    )  # fmt: skip
    return replace(piece, chords=chords, _starts={})


BASELINES: Mapping[str, Callable[[Piece, int], Piece]] = {
    "uniform": uniform, "diatonic": diatonic, "uniform pitches": uniform_pitches,
    "shuffled pitches": shuffled_pitches, "own grid": own_grid, "shuffled chords": shuffled_chords,
}  # fmt: skip
_OF_SCOPE = {
    "chords": ("shuffled chords",),
    "drums": ("uniform", "own grid"),
}


def against(scope: str) -> tuple[str, ...]:
    """The baselines that change what a measure of this scope sees: names in BASELINES."""
    return _OF_SCOPE.get(scope, ("uniform", "diatonic", "uniform pitches", "shuffled pitches", "own grid"))


def diatonic_tonic(notes: Sequence[Note]) -> int:
    """Pitch class of the major scale that holds most of the sounding time."""
    if not notes:
        return 0
    weights = [sum(column) for column in zip(*windows(notes, 1 << 40), strict=True)]
    return max(range(12), key=lambda k: sum(weights[(k + i) % 12] for i in _DIATONIC))


Change = Callable[[Sequence[Note], Dice], list[Note]]


def _each(piece: Piece, seed: int, name: str, pitched: Change, drums: Change | None = None) -> Piece:
    found = {}
    for track, notes in piece.tracks.items():
        change = drums if piece.roles[track] == "drums" else pitched
        draw = dice(seed, name, piece.name, track)
        found[track] = change(notes, draw) if change and notes else list(notes)
    return piece.playing(found)


def _on_random_steps(notes: Sequence[Note], piece: Piece, draw: Dice) -> list[Note]:
    """Each note on a step of its own (as far as there are) of the bar that it is in."""
    steps, step_ticks = steps_in_bar(piece.meter, piece.fineness), PPQ // piece.fineness
    free: dict[tuple[int, int], list[int]] = {}
    found = []
    for note in notes:
        bar = note.start // piece.meter.bar_ticks
        left = free.setdefault((bar, note.pitch), [])
        if not left:
            left += _shuffle(range(steps), draw)
        start = bar * piece.meter.bar_ticks + left.pop() * step_ticks
        found.append(note._replace(start=start))
    return found


def _even_pitches(notes: Sequence[Note], draw: Dice) -> list[Note]:
    low, high = _range(notes)
    return [n._replace(pitch=low + int(draw.random() * (high - low + 1))) for n in notes]


def _range(notes: Sequence[Note]) -> tuple[int, int]:
    return min(n.pitch for n in notes), max(n.pitch for n in notes)


def _shuffle(values: Sequence[int], draw: Dice) -> list[int]:
    """By random() alone, whose sequence Python keeps from version to version."""
    return [value for _, value in sorted((draw.random(), value) for value in values)]
