"""What a plug-in's process asks of a hosting library, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

from instruments.block import AudioBlock, Transport

ParamValue: TypeAlias = float | str | bool | Mapping[str, float]
"""A number or text in the parameter's own units ("-20", -20.0, "-20 dB", "Hall"), a switch, or ``{"raw": 0..1}``."""


class Parameter(NamedTuple):
    """A parameter as the plug-in shows it: raw is 0..1, text is raw in its own units, label names the unit."""

    name: str
    label: str
    raw: float
    text: str


class PluginHost(Protocol):
    """One loaded effect. All of it is called from the main thread of the plug-in's own process and may block."""

    name: str
    vendor: str
    version: str

    @property
    def latency(self) -> int:
        """Frames by which the output of process() lags its input; known after a first block."""
        ...

    def parameters(self) -> tuple[Parameter, ...]: ...

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Raises InstrumentError that names the parameter, the value and what is allowed; nothing is then changed."""
        ...

    def prepare(self, rate: int, frames: int) -> None:
        """Blocks will have exactly `frames` frames."""
        ...

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        """Change audio, shape (2, frames), in place; the stream goes on where the last block ended."""
        ...

    def reset(self) -> None:
        """Forget all sound; parameters stay."""
        ...
