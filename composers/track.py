"""A track's share of a section: what the hands of its parts play, fitted together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeVar

from composers.parts.humanise import Played
from composers.parts.joined import followed, legato, merged
from composers.parts.shared_bends import apart, unbent
from composers.score import Clip, Control, Note, Ramp, Span, Tick


class Track(NamedTuple):
    """Absolute ticks, sorted; no key is struck while it sounds. `single`: one voice, each note ends before the next."""

    notes: Sequence[Note]
    controls: Sequence[Control] = ()
    ramps: Sequence[Ramp] = ()
    single: bool = False

    @staticmethod
    def of(parts: Sequence[Played], *, single: bool, bend_range: float = 2.0, expressive: bool = False) -> Track:
        """What several hands play on one instrument, whose full bend is `bend_range` semitones. expressive: it bends
        the notes of each channel by themselves."""
        if len(parts) > 1:
            if expressive:
                parts = apart(parts)
            parts = unbent(parts, bend_range)
        notes = merged([note for part in parts for note in part.notes])
        return Track(
            legato(notes) if single else notes,
            sorted(control for part in parts for control in part.controls),
            sorted((ramp for part in parts for ramp in part.ramps), key=lambda ramp: (ramp.start, ramp.path)),
            single,
        )

    def clip(self, span: Span) -> Clip:
        """What begins within `span`. Raises MusicError, see Clip.of."""
        return Clip.of(span, _within(span, self.notes), _within(span, self.controls), _within(span, self.ramps))

    def rings(self, end: Tick) -> Tick:
        """Where the first of its notes begins that sounds at tick `end` or beyond; `end` where none does."""
        return next((note.start for note in self.notes if note.start + note.length >= end), end)

    def before(self, after: Track, end: Tick) -> Track:
        """With what rings over tick `end` cut where the same key comes again in `after`."""
        return self._replace(notes=followed(self.notes, after.notes, end, single=self.single))


Tracks = Mapping[str, Track]
_Timed = TypeVar("_Timed", Note, Control, Ramp)
_tick = itemgetter(0)


def _within(span: Span, values: Sequence[_Timed]) -> Sequence[_Timed]:
    return values[bisect_left(values, span.start, key=_tick) : bisect_left(values, span.end, key=_tick)]
