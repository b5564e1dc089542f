"""Events as rows of numbers, the shape in which the kernels take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent
from instruments.kernels.layout import EVENT_FIELDS, EVENTS
from instruments.live_numbers import LiveNumbers


class EventRows:
    """A fixed array of event rows. A block with more events than fit is cut into spans at event offsets."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = np.zeros((EVENTS, EVENT_FIELDS))

    def spans(self, events: Sequence[FrameEvent], frames: int, begin: int = 0) -> Iterator[tuple[int, int, int]]:
        """(start, stop, events): the stretches of begin..frames; fills `rows` for each. Out-of-range numbers are
        clipped."""
        total = len(events)
        if not total:
            yield begin, frames, 0
            return
        rows, first, start = self.rows, 0, begin
        while first < total or start < frames:
            last = min(total, first + EVENTS)
            for i in range(first, last):
                offset, kind, channel, number, value, cents = events[i]
                rows[i - first] = min(max(offset, start), frames - 1), kind, channel & 15, number & 127, value, cents
            stop = frames if last == total else max(start, min(events[last].offset, frames - 1))
            yield start, stop, last - first
            first, start = last, stop

    def stretches(
        self, events: Sequence[FrameEvent], frames: int, live: LiveNumbers, frame: int
    ) -> Iterator[tuple[int, int, int]]:
        """As spans(), in a block that begins at absolute `frame`, cut where numbers of the sound change on the way."""
        if not live.moving:
            yield from self.spans(events, frames)
            return
        first, total = 0, len(events)
        for start, stop in live.stretches(frame, frames):
            last = first
            while last < total and (events[last].offset < stop or stop == frames):
                last += 1
            yield from self.spans(events[first:last], stop, start)
            first = last


def silent(out: AudioBlock) -> None:
    """Overwrite with silence."""
    out.fill(0.0)


def gain(db: float) -> float:
    """Linear gain; -90 dB and less is none at all."""
    return 0.0 if db <= -90 else float(10 ** (db / 20))
