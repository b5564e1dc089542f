"""An effect made of one function, which runs in a process of its own: it may be slow, raise, hang or crash there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments.hosted import PIPELINE_FRAMES, HostedEffect
from instruments.hosts.function_host import FunctionSpec, pickled
from instruments.parameter import Choice, Parameter


class FunctionEffect(HostedEffect):
    """A function (audio, rate, **parameters) -> audio, hosted like a plug-in: see HostedEffect for what happens when.

    It is called with blocks of PLUGIN_FRAMES, and heard `pipeline_frames` late (the mixer makes up for it).
    """

    def __init__(self, name: str, function: Callable[..., Any], params: Mapping[str, float | str] | None = None, *,
                 rules: Mapping[str, Parameter | Choice] | None = None, modules: Sequence[str] = (),
                 offline: bool = False, pipeline_frames: int = PIPELINE_FRAMES, tail_s: float = 5.0) -> None:
        """params must fit; rules: what set() checks by. modules: that register the function, for one that pickle
        cannot refer to."""
        module = str(getattr(function, "__module__", "") or "")
        super().__init__(name, params, function=FunctionSpec(name, pickled(function), tuple(modules)),
                         source=Path(module), offline=offline, pipeline_frames=pipeline_frames, tail_s=tail_s)
        self.name = name
        self._rules = dict(rules or {})

    def set(self, name: str, value: float | str, ramp_frames: int | None = None) -> None:
        """Change a parameter from one of the function's blocks to the next. Raises InstrumentError."""
        from instruments.effects.registry import checked

        self.set_params({name: checked(self.name, self._rules, {name: value})[name]})
