"""What the drivers without JACK share: MIDI by MidiPorts, and the guard around the engine's step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridge.driver import PortState
from bridge.errors import PortError
from bridge.guarded_step import GuardedStep
from bridge.ports.midi_ports import MidiPorts


class PortsDriver:
    """The part of bridge.driver.Driver that PortAudioDriver and PacerDriver answer alike. Any thread may ask."""

    _midi: MidiPorts | None
    _guard: GuardedStep | None

    @property
    def missing(self) -> tuple[str, ...]:
        """MIDI ports that are not open at present."""
        return self._midi.missing if self._midi is not None else ()

    @property
    def port_states(self) -> tuple[PortState, ...]:
        """All MIDI ports of ours, outputs first."""
        return self._midi.port_states if self._midi is not None else ()

    @property
    def compensation_ns(self) -> Mapping[str, int]:
        """None is due: Block.ns0 is when a block is heard."""
        return {}

    @property
    def heard_after_ns(self) -> int:
        return 0

    @property
    def step_errors(self) -> int:
        """Blocks that became silence because step raised."""
        return self._guard.errors if self._guard else 0

    @property
    def last_traceback(self) -> str:
        return self._guard.last_traceback if self._guard else ""

    @property
    def midi(self) -> MidiPorts | None:
        return self._midi

    def open_outputs(self, names: Sequence[str], connect: Mapping[str, str]) -> list[int]:
        """See Driver."""
        if self._midi is None:
            raise PortError(f"{', '.join(names)}: there is no MIDI to open ports by: start Sideman again")
        return self._midi.open_outputs(names, connect)

    def close_outputs(self, numbers: Sequence[int]) -> None:
        """See Driver."""
        if self._midi is not None:
            self._midi.close_outputs(numbers)

    def take_notices(self) -> list[str]:
        """What people should be told of MIDI ports since the last call. One thread, not the audio's."""
        return self._midi.take_notices() if self._midi is not None else []
