"""What a plug-in's process asks of a hosting library, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from instruments.block import AudioBlock, FrameEvent, Transport

ParamValue: TypeAlias = float | str | bool | Mapping[str, float]
"""A number or text in the parameter's own units ("-20", -20.0, "-20 dB", "Hall"), a switch, or ``{"raw": 0..1}``."""


class Parameter(NamedTuple):
    """A parameter as the plug-in shows it: raw is 0..1, text is raw in its own units, label names the unit.

    low, high  the texts at raw 0 and 1; steps: how many values it has, 0 where it is continuous or does not tell
    """

    name: str
    label: str
    raw: float
    text: str
    low: str = ""
    high: str = ""
    steps: int = 0


class PluginHost(Protocol):
    """One loaded plug-in. All of it is called from the main thread of the plug-in's own process and may block.

    What a hosting library cannot do (state of one, side-chain of another) raises InstrumentError that says so and
    names the host that can; instruments/plugins/hosts.py has the table.
    """

    name: str
    vendor: str
    version: str
    is_instrument: bool
    """Notes in, sound out; else sound in, sound out."""
    takes_key: bool
    """It has a side-chain input, and this host feeds it."""
    sends_midi: bool
    """It may put out MIDI, and this host hands it on."""
    follows_tempo: bool
    """The plug-in is told tempo, meter, position and whether it plays, with each block."""

    @property
    def latency(self) -> int:
        """Frames by which the output of process() lags its input; known after a first block, and may change."""
        ...

    def parameters(self) -> tuple[Parameter, ...]:
        """As they stand now, also where the plug-in has changed them itself."""
        ...

    def raws(self) -> Sequence[float]:
        """The raw values of parameters(), in its order: cheap, asked for while playing to notice changes."""
        ...

    def text_of(self, index: int, raw: float) -> str:
        """What the parameter with this index (as raw_of() gives it) shows at a raw value."""
        ...

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Raises InstrumentError that names the parameter, the value and what is allowed; nothing is then changed."""
        ...

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        """The parameter's index and the raw value 0..1 at which it shows `value`. Raises InstrumentError."""
        ...

    def set_raw(self, index: int, raw: float) -> None:
        """For automation, between blocks: cheap, and never asks for a text."""
        ...

    def prepare(self, rate: int, frames: int) -> None:
        """Blocks will have exactly `frames` frames."""
        ...

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        """Change audio, shape (2, frames), in place (an instrument overwrites it); the stream goes on where the last
        block ended. events: sorted by offset. key: the side-chain, shape (2, frames). Returns the plug-in's own MIDI.
        """
        ...

    def reset(self) -> None:
        """Forget all sound and all held notes; parameters and state stay."""
        ...

    def state(self) -> bytes:
        """All that the plug-in keeps, as load_state() takes it. Opaque, and of this format and host only."""
        ...

    def load_state(self, state: bytes) -> None:
        """Raises InstrumentError for what is no state of this plug-in."""
        ...

    def load_preset(self, path: Path) -> None:
        """A preset file of the plug-in's format (.vstpreset, .fxp ...). Raises InstrumentError."""
        ...

    def save_preset(self, path: Path) -> None:
        """Raises InstrumentError."""
        ...

    def edit(self) -> None:
        """Open the plug-in's own window and return when it is closed. Raises InstrumentError where there is none, or
        no display."""
        ...
