"""Faust programs by the just-in-time compiler that DawDreamer's library holds: no compiler need be installed.

DawDreamer's own Faust processor knows neither blocks that follow one another nor bends; but its library also has
libfaust's C interface (faust/dsp/llvm-dsp-c.h) for everybody to call, and that knows no blocks at all. In a plug-in's
process only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from instruments.errors import InstrumentError
from instruments.faust.code import Channels, FaustProgram
from instruments.faust.compiler import faults
from instruments.faust.controls import Control, read_controls, read_meta
from instruments.faust.source import FaustSource

_ERROR_BYTES = 4096
"""What libfaust may write, by its documentation."""


def installed() -> bool:
    """Whether there is a DawDreamer; whether its library shows libfaust, load() tells."""
    return find_spec("dawdreamer") is not None


def jit_faust(source: FaustSource) -> FaustProgram:
    """Compile it, in 0.1 s to seconds; nothing is kept. Raises InstrumentError with Faust's own line."""
    process = _factory(source, "process")
    return FaustProgram(process, _factory(source, "effect") if source.has_effect else None)


@cache
def _library() -> tuple[ctypes.CDLL, Path]:
    """The library and the folder of Faust's own .lib files. Raises InstrumentError."""
    spec = find_spec("dawdreamer")
    if spec is None or spec.origin is None:
        raise InstrumentError("Faust's just-in-time compiler needs DawDreamer: pip install 'sideman[dawdreamer]'")
    folder = Path(spec.origin).parent
    names = sorted(p for p in folder.iterdir() if p.name.startswith("dawdreamer") and p.suffix in (".so", ".pyd"))
    try:
        library = ctypes.CDLL(str(names[0]))
        create = library.createCDSPFactoryFromFile
    except (IndexError, OSError, AttributeError):
        raise InstrumentError("this DawDreamer does not show libfaust's interface: install faust and a C compiler "
                              "instead (on Debian: apt-get install faust gcc)") from None
    create.restype = ctypes.c_void_p
    return library, folder / "faustlibraries"


def _factory(source: FaustSource, process: str) -> JitCode:
    library, libraries = _library()
    words = ["-single", "-ftz", "2", "-pn", process, "-I", str(source.path.parent), "-I", str(libraries)]
    arguments = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
    error = ctypes.create_string_buffer(_ERROR_BYTES)
    factory = library.createCDSPFactoryFromFile(str(source.path).encode(), len(words), arguments, b"", error, -1)
    if not factory:
        raise InstrumentError(f"plug-in {source.path} does not compile: {faults(error.value.decode(errors='replace'))}")
    return JitCode(library, factory)


class JitCode:
    """A `FaustCode` in the memory of libfaust."""

    made_by = "Faust's just-in-time compiler in DawDreamer"

    def __init__(self, library: ctypes.CDLL, factory: int) -> None:
        p, i = ctypes.c_void_p, ctypes.c_int

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found

        self._factory = factory
        self._new, self._init = function("createCDSPInstance", p, p), function("initCDSPInstance", None, p, i)
        self._delete, self._clear = (function("deleteCDSPInstance", None, p),
                                     function("instanceClearCDSPInstance", None, p))
        self._build = function("buildUserInterfaceCDSPInstance", None, p, p)
        self._compute = function("computeCDSPInstance", None, p, i, p, p)
        instance = self.new(48000)
        metadata = function("metadataCDSPInstance", None, p, p)
        self.meta = read_meta(lambda glue: metadata(instance, glue))
        self.inputs = int(function("getNumInputsCDSPInstance", i, p)(instance))
        self.outputs = int(function("getNumOutputsCDSPInstance", i, p)(instance))
        self.delete(instance)
        self._scratch = Channels(self.outputs, 1)

    def new(self, rate: int) -> int:
        instance = int(self._new(self._factory))
        self._init(instance, rate)
        return instance

    def delete(self, instance: int) -> None:
        self._delete(instance)

    def clear(self, instance: int) -> None:
        self._clear(instance)

    def controls(self, instance: int) -> list[Control]:
        return read_controls(lambda glue: self._build(instance, glue))

    def compute(self, instance: int, frames: int, inputs: Any, outputs: Any) -> None:
        self._compute(instance, frames, inputs, outputs)

    def mix(self, voices: Sequence[int], gains: Sequence[float], slopes: Sequence[float], frames: int,
            out: Channels) -> list[float]:
        if self._scratch.audio.shape[1] < frames:
            self._scratch = Channels(self.outputs, out.audio.shape[1])
        start = out.start
        made, mixed = self._scratch.audio[:, :frames], out.audio[:, start : start + frames]
        peaks = []
        for voice, gain, slope in zip(voices, gains, slopes, strict=True):
            self._compute(voice, frames, None, self._scratch.pointers)
            peaks.append(float(np.abs(made).max()))
            mixed += made * (gain + np.arange(frames, dtype=np.float32) * np.float32(slope)) if slope else made * gain
        return peaks
