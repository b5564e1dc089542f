"""A function (audio, rate) -> audio of other people's as an effect, in the process of its own that a plug-in has."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts.host import Parameter, ParamValue


class FunctionSpec(NamedTuple):
    """Where the process finds the function.

    pickled  its pickle (a reference by module and name), or b"" to look `name` up in the registry of effects once
             `modules` are imported
    """

    name: str
    pickled: bytes
    modules: tuple[str, ...]


def pickled(function: Callable[..., Any]) -> bytes:
    """The function's pickle, or b"" for one (a lambda, say) that only its registration leads to."""
    try:
        return pickle.dumps(function)
    except Exception:
        return b""


class FunctionHost:
    """A `PluginHost` of one function. It is called with blocks of a fixed length and keeps no more than it likes to."""

    vendor = ""
    version = ""
    latency = 0
    is_instrument = takes_key = sends_midi = follows_tempo = False

    def __init__(self, spec: FunctionSpec) -> None:
        """Raises InstrumentError where the function is not to be found."""
        self.name = spec.name
        self._values: dict[str, ParamValue] = {}
        self._rate = 0
        try:
            self._function = _function(spec)
        except Exception as error:
            raise InstrumentError(f"effect {spec.name!r} cannot be loaded: {type(error).__name__}: {error}") from error

    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    def raws(self) -> tuple[float, ...]:
        return ()

    def text_of(self, index: int, raw: float) -> str:
        raise self._none("parameters with an index")

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """The near side has checked them."""
        self._values.update(params)

    def prepare(self, rate: int, frames: int) -> None:
        self._rate = rate

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        raise InstrumentError(f"effect {self.name!r} is a function: its parameters are set by name, not along a ramp")

    def set_raw(self, index: int, raw: float) -> None:
        raise InstrumentError(f"effect {self.name!r} is a function: its parameters are set by name, not along a ramp")

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        try:
            given = self._function(audio.copy(), self._rate, **self._values)
        except Exception as error:
            why = f"{type(error).__name__}: {error}{_line(error)}"
            raise InstrumentError(f"effect {self.name!r} raised {why}") from error
        if not isinstance(given, np.ndarray) or given.shape != audio.shape or given.dtype.kind != "f":
            what = (f"{given.dtype} of shape {given.shape}" if isinstance(given, np.ndarray)
                    else f"{type(given).__name__} {given!r:.40}")
            raise InstrumentError(f"effect {self.name!r} returned {what}: return floats of shape {audio.shape}")
        audio[:] = given
        return ()

    def reset(self) -> None:
        """An object that is called instead of a function may have reset()."""
        forget = getattr(self._function, "reset", None)
        if callable(forget):
            forget()

    def state(self) -> bytes:
        raise self._none("state")

    def load_state(self, state: bytes) -> None:
        raise self._none("state")

    def load_preset(self, path: Path) -> None:
        raise self._none("presets")

    def save_preset(self, path: Path) -> None:
        raise self._none("presets")

    def edit(self) -> None:
        raise self._none("window")

    def _none(self, what: str) -> InstrumentError:
        return InstrumentError(f"effect {self.name!r} is a function: it has no {what}")


def _function(spec: FunctionSpec) -> Callable[..., Any]:
    if spec.pickled:
        found: Callable[..., Any] = pickle.loads(spec.pickled)
        return found
    for module in spec.modules:
        if module not in ("__main__", "__mp_main__"):
            importlib.import_module(module)
    from instruments.effects.registry import function_named

    return function_named(spec.name)


def _line(error: BaseException) -> str:
    """Where in their file it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})" if trace is not None else ""
