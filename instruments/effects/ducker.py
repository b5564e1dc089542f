"""The ducker: the side-chain of dance music without a detector.

Its key is no sound but the note-ons of another track: it is exact to the frame and adds no latency. Who runs it (the
console) gives each Ducker a key of its own, silence but for the notes: before each block it calls
`ducker.hear(events, key, transport.frame)` with the key track's events of the block, also where there are none, and
passes `key` to the kernel as it would a side-chain's sound. `ducker.late` is by how many frames the sound that reaches
the ducker lags the events (latency of the chain before it, alignment included): notes are written as much later. It
must not sleep while its input is silent, or it misses notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.effects.dynamics import Dynamics
from instruments.parameter import Choice, Parameter


class Ducker(Dynamics):
    """Each note-on of the key track from low_key to high_key draws one dip of the gain: down by depth_db in an S of
    attack_ms, hold_ms there, and back in an S of release_ms. A note within the dip starts the next from where it is."""

    NAME = "duck"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "depth_db": Parameter("dB", 0, 60, 12),
        "attack_ms": Parameter("ms", 0.1, 200, 1, log=True),
        "hold_ms": Parameter("ms", 0, 1000, 20),
        "release_ms": Parameter("ms", 5, 4000, 330, log=True),
        "length_beats": Parameter("quarter notes from the note to the end of the release; 0 = by release_ms", 0, 8, 0),
        "curve": Parameter("-1 comes back early .. 1 late", -1, 1, 0),
        "velocity": Parameter("how much less softer notes duck: 0 all alike .. 1 in proportion", 0, 1, 0),
        "low_key": Parameter("MIDI key, the lowest that ducks; 35 and 36 are kicks", 0, 127, 35, whole=True),
        "high_key": Parameter("MIDI key, the highest that ducks", 0, 127, 36, whole=True),
    }
    KERNEL = "duckers:duck"
    STATE = 6
    KEYED = True
    BY_NOTES: ClassVar[bool] = True
    """The key is what hear() writes, not sound."""
    late = 0
    """Frames by which the sound here lags the events of the key track."""
    _STEEPEST = 6.0

    def __init__(self, params: Mapping[str, float | str] | None = None) -> None:
        super().__init__(params)
        self._due: list[tuple[int, float]] = []

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        v = values
        per_ms = rate / 1000
        attack, hold, release = v["attack_ms"] * per_ms, v["hold_ms"] * per_ms, v["release_ms"] * per_ms
        if v["length_beats"] > 0:
            release = max(v["length_beats"] * 60 / max(bpm, 1) * rate - attack - hold, 5 * per_ms)
        return (v["depth_db"], 1 / max(attack, 1), 1 / max(hold, 1), 1 / release, self._STEEPEST ** v["curve"],
                v["velocity"])

    def hear(self, events: Sequence[FrameEvent], key: AudioBlock, frame: int) -> None:
        """Write the key of a block: its shape is (2, frames), `frame` the absolute index of its first frame. In the
        thread that runs the rack; allocates nothing that lasts."""
        key.fill(0)
        if events:
            low, high = self.get("low_key"), self.get("high_key")
            at = frame + self.late
            self._due += [(at + e.offset, e.value / 127) for e in events
                          if e.kind is Kind.ON and low <= e.number <= high]
        if self._due:
            end, row = frame + key.shape[1], key[0]
            for at, velocity in self._due:
                if frame <= at < end:
                    row[at - frame] = max(row[at - frame], velocity)
            self._due = [due for due in self._due if due[0] >= end]

    def reset(self) -> None:
        self._due.clear()
        super().reset()

    def process(self, audio: AudioBlock, transport: Transport, key: AudioBlock | None = None) -> None:
        super().process(audio, transport, np.zeros_like(audio) if key is None else key)
