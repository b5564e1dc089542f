"""The notes of a track fitted together: no key struck while it sounds, one voice where an instrument has one."""

from __future__ import annotations

from collections.abc import Sequence

from composers.score import PPQ, Note

_NEAR = PPQ // 16
"""Two onsets of one key nearer than a sixty-fourth are one."""


def merged(notes: Sequence[Note]) -> list[Note]:
    """The notes of a track, sorted, so that no key is struck while it sounds.

    Two onsets of one key within a sixty-fourth become one, the louder.
    """
    last: dict[tuple[int, int], int] = {}
    kept: list[Note] = []
    for note in sorted(notes):
        start, length, pitch, velocity, channel, _ = note
        key = channel, pitch
        index = last.get(key)
        if index is not None:
            earlier = kept[index]
            end = earlier[0] + earlier[1]
            if start - earlier[0] < _NEAR:
                kept[index] = earlier._replace(
                    length=max(end, start + length) - earlier[0], velocity=max(earlier[3], velocity)
                )
                continue
            if end >= start:
                kept[index] = earlier._replace(length=start - earlier[0] - 1)
        last[key] = len(kept)
        kept.append(note)
    return kept


def legato(notes: Sequence[Note]) -> list[Note]:
    """One voice: each note ends before the next begins; the last rings as it is written."""
    kept = list(notes)
    for index in range(len(kept) - 1):
        kept[index] = _cut(kept[index], kept[index + 1].start)
    return kept


def followed(notes: Sequence[Note], after: Sequence[Note], end: int, *, single: bool = False) -> list[Note]:
    """Merged notes of a span that ends at `end`, with what rings over cut where, in `after`, the same key comes again.

    after   what follows, sorted, from `end` on
    single  one voice: the last note ends before any other comes
    """
    kept = list(notes)
    starts: dict[tuple[int, int], int] = {}
    for note in after:
        starts.setdefault((note.channel, note.pitch), note.start)
    for index, note in enumerate(kept):
        if note.start + note.length >= end:
            kept[index] = _cut(note, starts.get((note.channel, note.pitch)))
    if single and kept and after:
        kept[-1] = _cut(kept[-1], after[0].start)
    return kept


def _cut(note: Note, before: int | None) -> Note:
    """Ending before the tick `before`, if it does not."""
    if before is None or note.start + note.length < before:
        return note
    return note._replace(length=max(1, before - note.start - 1))
