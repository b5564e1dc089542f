"""Somebody else's effect, contained: what goes wrong in it is named, and the dry sound goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from instruments.block import AudioBlock, Effect, InstrumentError, Transport
from instruments.effects.values import Values
from instruments.guest import FAULTS, GuestStatus
from instruments.parameter import Choice, Parameter


class GuestEffect:
    """An `Effect` around one that is made by other people's code.

    Live, whatever it raises (made, prepared or played) is caught, as is NaN or Inf in what it puts out: that block is
    dry, as late as the effect's own latency, and after FAULTS of them all are. status() tells. Offline everything
    raises InstrumentError with its name: a render is right or is not made.

    What cannot be contained: an effect that is slow or hangs in process() holds up the engine, as it would by itself.
    A function (`FunctionEffect`) cannot: it runs in another process.
    """

    def __init__(self, name: str, make: Callable[[], Any], values: Values | None = None, *,
                 offline: bool = False) -> None:
        """make is called by prepare(). values: what get() and set() go by."""
        self.name = name
        self._values = values or Values(f"effect {name!r}")
        self.latency = 0
        self.tail = 0
        self.faults = 0
        self.last_error = ""
        self._make = make
        self._offline = offline
        self._guest: Effect | None = None
        self._out = ""
        self._open = False

    def prepare(self, rate: int, max_frames: int) -> None:
        """Make the effect and prepare it. Raises InstrumentError offline only."""
        self.close()
        self.faults, self.last_error, self._out = 0, "", ""
        self.latency = self.tail = 0
        self._open = True
        try:
            self._guest = self._make()
            self._guest.prepare(rate, max_frames)
            self.latency, self.tail = max(0, int(self._guest.latency)), max(0, int(self._guest.tail))
        except Exception as error:
            self._fault("cannot be prepared", error)
            self._out = self.last_error
        self._dry: AudioBlock = np.zeros((2, self.latency + max_frames), np.float32)

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        """In the engine's callback. Raises InstrumentError offline only."""
        frames, late, dry = audio.shape[1], self.latency, self._dry
        dry[:, late : late + frames] = audio
        if self._guest is not None and not self._out:
            try:
                if self._guest.process(audio, transport) is not None:  # type: ignore[func-returns-value]
                    raise InstrumentError(f"effect {self.name!r} returns something: it is to change audio in place")
                # The sum of a block is finite where every sample is (full scale is 1), and costs no second array.
                if not np.isfinite(np.add.reduce(audio, axis=None)):
                    self._guest.reset()
                    raise InstrumentError(f"effect {self.name!r} put out NaN or infinity")
            except Exception as error:
                self._fault("does not play", error)
                audio[:] = dry[:, :frames]
                if self.faults >= FAULTS:
                    self._out = self.last_error
        else:
            audio[:] = dry[:, :frames]
        if late:
            dry[:, :late] = dry[:, frames : frames + late].copy()

    @property
    def PARAMETERS(self) -> Mapping[str, Parameter | Choice]:  # noqa: N802 - as built-in effects have it
        return self._values.rules

    def set(self, name: str, value: float | str) -> None:
        """Hand a parameter on, between blocks, to an effect that has set(name, value). Raises InstrumentError: name,
        value and range, or that it has no set()."""
        change = getattr(self._guest, "set", None)
        if self._guest is not None and change is None:
            raise InstrumentError(f"effect {self.name!r}: {name} cannot change while it plays: it has no set()")
        value = self._values.set(name, value)
        if change is not None:
            try:
                change(name, value)
            except Exception as error:
                self._fault(f"does not take {name} = {value!r}", error)

    def get(self, name: str) -> float:
        """Where it stands; a Choice by its index."""
        return self._values.get(name)

    def _fault(self, what: str, error: Exception) -> None:
        self.faults += 1
        why = str(error) if isinstance(error, InstrumentError) else f"{type(error).__name__}: {error}"
        self.last_error = why if repr(self.name) in why else f"effect {self.name!r} {what}: {why}"
        if self._offline:
            raise InstrumentError(self.last_error) from error

    def status(self) -> GuestStatus:
        """Any thread."""
        if not self._open:
            state = "closed"
        elif self._out:
            state = f"out: {self._out}; the dry sound goes on"
        else:
            state = str(getattr(self._guest, "state", "ok"))
        return GuestStatus(self.name, state, self.faults, self.last_error)

    def reset(self) -> None:
        if self._guest is None:
            return
        self._dry[:] = 0
        try:
            self._guest.reset()
        except Exception as error:
            self._fault("cannot be reset", error)

    def close(self) -> None:
        self._open = False
        guest, self._guest = self._guest, None
        if guest is not None:
            try:
                guest.close()
            except Exception as error:
                self.faults += 1
                self.last_error = f"effect {self.name!r} cannot be closed: {type(error).__name__}: {error}"
