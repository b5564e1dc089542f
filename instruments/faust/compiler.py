"""Faust programs by a C compiler: faust -lang c, cc, ctypes; what is compiled is kept in the user's cache.

Runs the programs `faust` and `cc` (or what the environment's CC names), which takes about a second per program and
next to nothing once it is in the cache. In a plug-in's process only: what it loads is somebody's machine code.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from instruments.errors import InstrumentError
from instruments.faust.code import Channels, FaustProgram
from instruments.faust.controls import Control, read_controls, read_meta
from instruments.faust.source import FaustSource

CACHE_VARIABLE = "SIDEMAN_FAUST_CACHE"
"""Environment variable with the folder for what is compiled, in place of the user's cache folder."""

VOICE, EFFECT = "sidemanvoice", "sidemaneffect"
"""Names of the classes in the generated code."""
_FAUST_FLAGS = ("-lang", "c", "-single")
_C_FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-w")
_TIMEOUT_S = 120.0
_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")

_GLUE = r"""
#include <stdlib.h>
#include <stdint.h>
#include <math.h>
#define FAUSTFLOAT float
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
typedef struct {
    void *uiInterface;
    void (*openTabBox)(void *, const char *);
    void (*openHorizontalBox)(void *, const char *);
    void (*openVerticalBox)(void *, const char *);
    void (*closeBox)(void *);
    void (*addButton)(void *, const char *, float *);
    void (*addCheckButton)(void *, const char *, float *);
    void (*addVerticalSlider)(void *, const char *, float *, float, float, float, float);
    void (*addHorizontalSlider)(void *, const char *, float *, float, float, float, float);
    void (*addNumEntry)(void *, const char *, float *, float, float, float, float);
    void (*addHorizontalBargraph)(void *, const char *, float *, float, float);
    void (*addVerticalBargraph)(void *, const char *, float *, float, float);
    void (*addSoundfile)(void *, const char *, const char *, void **);
    void (*declare)(void *, float *, const char *, const char *);
} UIGlue;
typedef struct {
    void *metaInterface;
    void (*declare)(void *, const char *, const char *);
} MetaGlue;
%(includes)s
#if defined(_WIN32)
#define SHOWN __declspec(dllexport)
#else
#define SHOWN
#endif
/* Recursive filters decay into denormal numbers, which are a hundred times slower: they count as zero here. */
#if defined(__SSE__) || defined(__x86_64__)
#include <xmmintrin.h>
#define FLUSH unsigned kept = _mm_getcsr(); _mm_setcsr(kept | 0x8040);
#define UNFLUSH _mm_setcsr(kept);
#elif defined(__aarch64__)
#define FLUSH uint64_t kept; __asm__ volatile("mrs %%0, fpcr" : "=r"(kept)); \
    __asm__ volatile("msr fpcr, %%0" : : "r"(kept | (1ull << 24)));
#define UNFLUSH __asm__ volatile("msr fpcr, %%0" : : "r"(kept));
#else
#define FLUSH
#define UNFLUSH
#endif
typedef void (*compute_t)(void *, int, float **, float **);
SHOWN void sideman_compute(compute_t compute, void *dsp, int frames, float **in, float **out) {
    FLUSH
    compute(dsp, frames, in, out);
    UNFLUSH
}
SHOWN void sideman_mix(compute_t compute, int channels, void **voices, const float *gains, const float *slopes,
                       int count, int frames, float **scratch, float **out, float *peaks) {
    FLUSH
    for (int v = 0; v < count; v++) {
        float peak = 0.0f;
        compute(voices[v], frames, 0, scratch);
        for (int c = 0; c < channels; c++) {
            const float *from = scratch[c];
            float *to = out[c];
            for (int i = 0; i < frames; i++) {
                float x = from[i];
                peak = fmaxf(peak, fabsf(x));
                to[i] += x * (gains[v] + (float)i * slopes[v]);
            }
        }
        peaks[v] = peak;
    }
    UNFLUSH
}
"""


def lacking() -> str:
    """What must be installed before Faust programs can be compiled, or ""."""
    if shutil.which("faust") is None:
        return "faust"
    return "" if _compiler() else "a C compiler (gcc or clang)"


def compile_faust(source: FaustSource) -> FaustProgram:
    """Compile it, or load what has been compiled. Raises InstrumentError: with Faust's own line where it has a fault,
    and where a program is not installed."""
    if what := lacking():
        raise InstrumentError(f"plug-in {source.path} needs {what}: on Debian: apt-get install faust gcc")
    faust, cc = str(shutil.which("faust")), _compiler()
    key = "\0".join((source.digest, _GLUE, *_FAUST_FLAGS, *_C_FLAGS, *cc, _version(faust), platform.machine()))
    folder = _folder()
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_SUFFIX}"
    if not path.exists():
        _build(source, faust, cc, path)
    library = ctypes.CDLL(str(path))
    effect = CompiledCode(library, EFFECT) if source.has_effect else None
    return FaustProgram(CompiledCode(library, VOICE), effect)


def generate(source: FaustSource, faust: str, name: str, process: str) -> str:
    """C code of one of the file's definitions, as class `name`. Raises InstrumentError with Faust's own words."""
    command = [faust, *_FAUST_FLAGS, "-cn", name, "-pn", process, "-I", str(source.path.parent), str(source.path)]
    done = _run(command, source.path)
    if done.returncode:
        raise InstrumentError(f"plug-in {source.path} does not compile: {faults(done.stderr or done.stdout)}")
    if "Soundfile" in done.stdout:
        raise InstrumentError(f"plug-in {source.path} uses soundfile(), for which there is no place here: leave it out")
    return done.stdout


def faults(words: str) -> str:
    """What Faust says is wrong, in one line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line.upper()] or lines
    return telling[0] if telling else "faust says nothing"


def _build(source: FaustSource, faust: str, cc: Sequence[str], path: Path) -> None:
    names = [(VOICE, "process"), *([(EFFECT, "effect")] if source.has_effect else [])]
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        folder = Path(temporary)
        for name, process in names:
            (folder / f"{name}.h").write_text(generate(source, faust, name, process), encoding="utf-8")
        includes = "\n".join(f'#include "{name}.h"' for name, _ in names)
        (folder / "glue.c").write_text(_GLUE % {"includes": includes}, encoding="utf-8")
        made = folder / f"made{_SUFFIX}"
        done = _run([*cc, *_C_FLAGS, "-o", str(made), "-I", str(source.path.parent), str(folder / "glue.c"), "-lm"],
                    source.path)
        if done.returncode:
            raise InstrumentError(f"plug-in {source.path}: {cc[0]} refuses what faust made of it: "
                                  f"{faults(done.stderr)}")
        made.replace(path)


def _run(command: Sequence[str], path: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S,
                              stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        raise InstrumentError(f"plug-in {path}: {Path(command[0]).name} has not finished in {_TIMEOUT_S:g} s: make the "
                              f"program simpler") from None
    except OSError as error:
        raise InstrumentError(f"plug-in {path}: {command[0]} cannot be run: {error.strerror}") from None


def _compiler() -> list[str]:
    named = shlex.split(os.environ.get("CC", ""))
    if named and shutil.which(named[0]):
        return named
    return next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])


def _version(faust: str) -> str:
    done = _run([faust, "--version"], Path(faust))
    return done.stdout.partition("\n")[0]


def _folder() -> Path:
    """Where compiled programs are kept, made if need be; a temporary one where none can be written."""
    named = os.environ.get(CACHE_VARIABLE)
    home = Path.home()
    users = {
        "darwin": home / "Library/Caches",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local"),
    }.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache"))
    folder = Path(named) if named else users / "sideman" / "faust"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="sideman-faust-"))


class CompiledCode:
    """A `FaustCode` in a library that faust and a C compiler made."""

    made_by = "faust and a C compiler"

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        def function(verb: str, result: Any, *arguments: Any) -> Any:
            found = getattr(library, f"{verb}{name}")
            found.restype, found.argtypes = result, arguments
            return found

        p, i = ctypes.c_void_p, ctypes.c_int
        self._new, self._init = function("new", p), function("init", None, p, i)
        self._delete, self._clear = function("delete", None, p), function("instanceClear", None, p)
        self._build = function("buildUserInterface", None, p, p)
        self._address = ctypes.cast(getattr(library, f"compute{name}"), p)
        self._run, self._mix = library.sideman_compute, library.sideman_mix
        self._run.restype = self._mix.restype = None
        self._run.argtypes = (p, p, i, p, p)
        self._mix.argtypes = (p, i, p, p, p, i, i, p, p, p)
        self.meta = read_meta(function("metadata", None, p))
        instance = self.new(48000)
        self.inputs = int(function("getNumInputs", i, p)(instance))
        self.outputs = int(function("getNumOutputs", i, p)(instance))
        self.delete(instance)
        self._scratch = Channels(self.outputs, 1)
        self._lists: dict[int, tuple[Any, Any, Any, Any]] = {}

    def new(self, rate: int) -> int:
        instance = int(self._new())
        self._init(instance, rate)
        return instance

    def delete(self, instance: int) -> None:
        self._delete(instance)

    def clear(self, instance: int) -> None:
        self._clear(instance)

    def controls(self, instance: int) -> list[Control]:
        return read_controls(lambda glue: self._build(instance, glue))

    def compute(self, instance: int, frames: int, inputs: Any, outputs: Any) -> None:
        self._run(self._address, instance, frames, inputs, outputs)

    def mix(self, voices: Sequence[int], gains: Sequence[float], slopes: Sequence[float], frames: int,
            out: Channels) -> list[float]:
        if self._scratch.audio.shape[1] < frames:
            self._scratch = Channels(self.outputs, out.audio.shape[1])
        count = len(voices)
        if count not in self._lists:
            floats = ctypes.c_float * count
            self._lists[count] = (ctypes.c_void_p * count)(), floats(), floats(), floats()
        instances, levels, ramps, peaks = self._lists[count]
        instances[:], levels[:], ramps[:] = voices, gains, slopes
        self._mix(self._address, self.outputs, instances, levels, ramps, count, frames, self._scratch.pointers,
                  out.pointers, peaks)
        return np.frombuffer(peaks, np.float32).tolist() if count else []
