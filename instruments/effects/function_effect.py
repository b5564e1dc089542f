"""An effect made of one function, which runs in a process of its own: it may be slow, raise, hang or crash there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments.effects.values import Values
from instruments.hosted import PIPELINE_FRAMES as PIPELINE_FRAMES
from instruments.hosted import HostedEffect
from instruments.hosts.function_host import FunctionSpec, pickled
from instruments.hosts.host import ParamValue
from instruments.parameter import Choice, Parameter
from instruments.plugins.use import PluginUse


class FunctionEffect(HostedEffect):
    """A function (audio, rate, **parameters) -> audio, hosted like a plug-in: see HostedEffect for what happens when.

    It is called with blocks of PLUGIN_FRAMES, and heard `pipeline_frames` late (the console makes up for it). A
    parameter changes from one of these blocks to the next.
    """

    def __init__(self, name: str, function: Callable[..., Any], values: Values | None = None, *,
                 modules: Sequence[str] = (), offline: bool = False, pipeline_frames: int = PIPELINE_FRAMES) -> None:
        """modules: that register the function, for one that pickle cannot refer to."""
        self.name = name
        self._values = values or Values(f"effect {name!r}")
        super().__init__(PluginUse(name, params=self._values.now),
                         function=FunctionSpec(name, pickled(function), tuple(modules)),
                         source=Path(str(getattr(function, "__module__", "") or "")), offline=offline,
                         pipeline_frames=pipeline_frames)

    @property
    def rules(self) -> Mapping[str, Parameter | Choice]:
        return self._values.rules

    @property
    def PARAMETERS(self) -> Mapping[str, Parameter | Choice]:  # noqa: N802 - as built-in effects have it
        return self._values.rules

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Raises InstrumentError: name, value, range."""
        super().set_params({name: self._values.set(name, value) for name, value in params.items()})

    def set(self, name: str, value: float | str, frames: int | None = None, *, delay_frames: int = 0) -> None:
        """At once, whatever `frames` says: a function has no ramps. Raises InstrumentError: name, value, range."""
        self.set_params({name: value})

    def get(self, name: str) -> float:
        """Where it stands; a Choice by its index."""
        return self._values.get(name)
