"""Events as rows of numbers, the shape in which the kernels take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent
from instruments.kernels.layout import EVENT_FIELDS, EVENTS


class EventRows:
    """A fixed array of event rows. A block with more events than fit is cut into spans at event offsets."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = np.zeros((EVENTS, EVENT_FIELDS))

    def spans(self, events: Sequence[FrameEvent], frames: int) -> Iterator[tuple[int, int, int]]:
        """(start, stop, events): the stretches of a block; fills `rows` for each. Out-of-range numbers are clipped."""
        total = len(events)
        if not total:
            yield 0, frames, 0
            return
        rows, first, start = self.rows, 0, 0
        while first < total or start < frames:
            last = min(total, first + EVENTS)
            for i in range(first, last):
                offset, kind, channel, number, value, cents = events[i]
                rows[i - first] = min(max(offset, start), frames - 1), kind, channel & 15, number & 127, value, cents
            stop = frames if last == total else max(start, min(events[last].offset, frames - 1))
            yield start, stop, last - first
            first, start = last, stop


def silent(out: AudioBlock) -> None:
    """Overwrite with silence."""
    out.fill(0.0)


def gain(db: float) -> float:
    """Linear gain; -90 dB and less is none at all."""
    return 0.0 if db <= -90 else float(10 ** (db / 20))
