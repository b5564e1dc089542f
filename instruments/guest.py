"""Somebody else's instrument, contained: what goes wrong in it is named, and another plays on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from instruments.block import AudioBlock, FrameEvent, Instrument, InstrumentError, Transport

FAULTS = 3
"""Blocks in which it may raise before it stays out."""


class GuestStatus(NamedTuple):
    """state: "ok", "rendering: 12 of 60 notes", "out: why; piano plays instead" or "closed"."""

    instrument: str
    state: str
    faults: int
    last_error: str


class Guest:
    """An `Instrument` around one that is made by other people's code.

    Live, whatever it raises (made, prepared or played) is caught: a block that fails is silent, and after FAULTS of
    them, or when it says of itself that it has `failed`, the fallback plays its part, or nobody. status() tells.
    Offline everything raises InstrumentError with its name: a render is right or is not made.

    What cannot be contained: an instrument that is slow or hangs in process() holds up the engine, as it would by
    itself. A function (`FunctionSynth`) cannot: it runs in another process.
    """

    def __init__(self, name: str, make: Callable[[], Instrument], fallback: Callable[[], Instrument] | None = None,
                 *, fallback_name: str = "", offline: bool = False) -> None:
        """make and fallback are called by prepare()."""
        self.name = name
        self.latency = 0
        self.tail = 0
        self.faults = 0
        self.last_error = ""
        self._make = make
        self._make_fallback = fallback
        self._fallback_name = fallback_name
        self._offline = offline
        self._guest: Instrument | None = None
        self._fallback: Instrument | None = None
        self._out = ""
        self._open = False

    def prepare(self, rate: int, max_frames: int) -> None:
        """Make the instrument and prepare it, and the fallback beside it. Raises InstrumentError offline only."""
        self.close()
        self.faults, self.last_error, self._out = 0, "", ""
        self.latency = self.tail = 0
        self._open = True
        if self._make_fallback is not None and not self._offline:
            self._fallback = self._make_fallback()
            self._fallback.prepare(rate, max_frames)
            self.tail = self._fallback.tail
        try:
            self._guest = self._make()
            self._guest.prepare(rate, max_frames)
            self.latency, self.tail = int(self._guest.latency), max(self.tail, int(self._guest.tail))
        except Exception as error:
            self._fault("cannot be prepared", error)
            self._out = self.last_error

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        guest = self._guest
        if guest is not None and not self._out:
            try:
                guest.process(events, out, transport)
                if not (failed := getattr(guest, "failed", "")):
                    return
                self._out = self.last_error = str(failed)
            except Exception as error:
                self._fault("does not play", error)
                if self.faults >= FAULTS:
                    self._out = self.last_error
        if self._out and self._fallback is not None:
            self._fallback.process(events, out, transport)
        else:
            out.fill(0.0)

    def _fault(self, what: str, error: Exception) -> None:
        self.faults += 1
        why = str(error) if isinstance(error, InstrumentError) else f"{type(error).__name__}: {error}"
        self.last_error = why if repr(self.name) in why else f"instrument {self.name!r} {what}: {why}"
        if self._offline:
            raise InstrumentError(self.last_error) from error

    def status(self) -> GuestStatus:
        """Any thread."""
        if not self._open:
            state = "closed"
        elif self._out:
            plays = self._fallback_name if self._fallback is not None else "nobody"
            state = f"out: {self._out}; {plays} plays instead"
        else:
            state = str(getattr(self._guest, "state", "ok"))
        return GuestStatus(self.name, state, self.faults, self.last_error)

    def reset(self) -> None:
        for instrument in (self._guest, self._fallback):
            if instrument is not None:
                try:
                    instrument.reset()
                except Exception as error:
                    self._fault("cannot be reset", error)

    def close(self) -> None:
        self._open = False
        for instrument in (self._guest, self._fallback):
            if instrument is not None:
                try:
                    instrument.close()
                except Exception as error:
                    self.faults += 1
                    self.last_error = f"instrument {self.name!r} cannot be closed: {type(error).__name__}: {error}"
        self._guest = self._fallback = None
