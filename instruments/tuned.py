"""An instrument that plays in a tuning."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.block import AudioBlock, FrameEvent, Instrument, Kind, Transport
from instruments.tuning import Tuning


def tuned(event: FrameEvent, tuning: Tuning) -> FrameEvent | None:
    """A note-on with the tuning's cents on top of its own, or None for a key that is not mapped; others unchanged."""
    if event.kind is not Kind.ON:
        return event
    offset = tuning.offsets[event.number]
    return None if offset is None else event._replace(cents=event.cents + offset)


class Tuned:
    """An `Instrument` in front of another that understands cents: gives each note those of the tuning.

    Works in the engine's callback: a lookup a note.
    """

    def __init__(self, instrument: Instrument, tuning: Tuning) -> None:
        self.instrument = instrument
        self.tuning = tuning
        self.tail = instrument.tail

    @property
    def latency(self) -> int:
        return self.instrument.latency

    @property
    def live(self) -> object:
        """What may change of it while it plays: see live_numbers.py. None where it has none."""
        return getattr(self.instrument, "live", None)

    def prepare(self, rate: int, max_frames: int) -> None:
        self.instrument.prepare(rate, max_frames)
        self.tail = self.instrument.tail

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        if events:
            events = [e for e in (tuned(event, self.tuning) for event in events) if e is not None]
        self.instrument.process(events, out, transport)

    def reset(self) -> None:
        self.instrument.reset()

    def close(self) -> None:
        self.instrument.close()
