"""Layers: what was recorded over a band's music. They are part of the plan, and each bar has its share of them.

A layer plays where it was recorded, and, if it repeats, again and again from there on: a function of the bar alone, so
that seeks, loops, exports and takes have the same of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from composers.errors import MusicError
from composers.parts.joined import merged
from composers.score import PPQ, Clip, Control, Note, Span, Tick

LayerMode = Literal["merge", "replace"]
_SHORTEST = PPQ // 4


@dataclass(frozen=True, slots=True)
class Layer:
    """What somebody played over a track.

    track   its name; where the plan has none of it the layer rests
    clip    notes and controllers, absolute ticks; its span is what was recorded, and may begin and end anywhere
    repeat  ticks after which it begins again, and again; 0: it plays once
    mode    "merge": beside what is composed, and layers before it; "replace": within its span in place of them

    Raises MusicError for a span that is empty or before the piece, or a repetition shorter than a sixteenth.
    """

    track: str
    clip: Clip
    repeat: Tick = 0
    mode: LayerMode = "merge"

    def __post_init__(self) -> None:
        span = self.clip.span
        if not 0 <= span.start < span.end:
            raise MusicError(f"a layer of {self.track!r} spans ticks {span.start} to {span.end}: give it a beginning "
                             "from 0 on, and a later end")  # fmt: skip
        if self.repeat and self.repeat < _SHORTEST:
            raise MusicError(f"a layer of {self.track!r} repeats every {self.repeat} ticks: give {_SHORTEST} (a "
                             "sixteenth) or more, or 0 for once")  # fmt: skip

    def times(self, span: Span, reach: Span) -> range:
        """Which repetitions (0: the first) of what spans `reach` in the layer begin or sound in `span`."""
        if not self.repeat:
            return range(int(reach.start < span.end and reach.end > span.start))
        first = max(0, (span.start - reach.end) // self.repeat + 1)
        return range(first, max(first, -((reach.start - span.end) // self.repeat)))

    def notes(self, span: Span) -> list[Note]:
        """What begins within `span`."""
        return [note._replace(start=at) for note in self.clip.notes for at in self._begins(note.start, span)]

    def controls(self, span: Span) -> list[Control]:
        return [control._replace(tick=at) for control in self.clip.controls for at in self._begins(control.tick, span)]

    def replaced(self, span: Span) -> list[Span]:
        """Where within `span` nothing but this layer is heard."""
        if self.mode == "merge":
            return []
        own = self.clip.span
        return [Span(max(span.start, own.start + by), min(span.end, own.end + by))
                for by in (k * self.repeat for k in self.times(span, own))]  # fmt: skip

    def _begins(self, tick: Tick, span: Span) -> Iterable[Tick]:
        return [tick + k * self.repeat for k in self.times(span, Span(tick, tick + 1))]


def with_layers(clip: Clip, layers: Sequence[Layer]) -> Clip:
    """A bar of a track with what its layers have there, the later over the earlier."""
    span = clip.span
    notes, controls = list(clip.notes), list(clip.controls)
    for layer in layers:
        if layer.mode == "replace":
            longest = max((n.end for n in notes), default=span.end)
            gone = layer.replaced(Span(span.start, max(span.end, longest)))
            notes = [cut for n in notes if (cut := _outside(n, gone)) is not None]
            controls = [c for c in controls if not any(c.tick in each for each in gone)]
        notes += layer.notes(span)
        controls += layer.controls(span)
    return Clip.of(span, merged(notes), controls, clip.ramps)


def _outside(note: Note, gone: Sequence[Span]) -> Note | None:
    """What is left of a note that is not to sound in these spans: it ends before the first that it meets."""
    for span in gone:
        if note.start in span:
            return None
    first = min((span.start for span in gone if note.start < span.start < note.end), default=note.end)
    return note._replace(length=max(1, first - note.start))
