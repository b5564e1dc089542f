"""Loads one plug-in in a process of its own, to see what it is. A crash, a hang or a flood of words stays there.

`probe` is the near end, for any thread that may wait; `python -m instruments.plugins.probe` is the far one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

import msgspec

from instruments.errors import InstrumentError
from instruments.hosts.parameter_units import number_in
from instruments.plugins.catalogue import Entry, ParameterInfo
from instruments.plugins.files import stamp_of
from instruments.plugins.hosts import adapter_path
from instruments.plugins.scan import FoundPlugin

_RATE, _FRAMES = 48_000, 128
_WORDS = 4096
_LOOK_S = 0.2
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_PROGRAMS = 1024
MOST_MEMORY = 0.5
"""Share of the machine's memory that a plug-in may take for itself while it is looked at (Linux, macOS)."""


class _Question(msgspec.Struct, frozen=True):
    path: str
    which: str | None
    host: str
    timeout_s: float
    memory_bytes: int


class _Answer(msgspec.Struct, frozen=True):
    """entry: what was found; refused: what the host said instead."""

    entry: Entry | None = None
    refused: str = ""


def probe(found: FoundPlugin, host: str, timeout_s: float = 30.0, memory_bytes: int | None = None,
          stop: threading.Event | None = None) -> Entry:
    """Load it through `host` and describe it; what it did instead of loading is in the entry's trouble and reason.

    Blocks for timeout_s and a little at most, or until `stop` is set: the entry is then of no use. memory_bytes: the
    most that it may take; None: MOST_MEMORY. Raises OSError where no process can be started.
    """
    stamp = stamp_of(found.path)
    question = _Question(str(found.path), found.which, host, timeout_s,
                         _half_of_memory() if memory_bytes is None else memory_bytes)
    with tempfile.TemporaryDirectory(prefix="sideman-probe-") as folder:
        answer_file = Path(folder) / "answer.json"
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, msgspec.json.encode(question).decode(), str(answer_file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env=_environment(host), cwd=folder,
        )
        words = bytearray()
        reader = threading.Thread(target=listen, args=(child.stdout, words), daemon=True)
        reader.start()
        try:
            hung = not _ended(child, timeout_s, stop)
        finally:
            _end(child)
            reader.join(1.0)
            if child.stdin is not None:
                child.stdin.close()
        answer = _read(answer_file)
    if answer is not None and answer.entry is not None:
        own = answer.entry.name
        return msgspec.structs.replace(answer.entry, path=str(found.path), which=found.which, format=found.format,
                                       name=found.name if own in ("", found.path.stem) else own, size=stamp.size,
                                       mtime_ns=stamp.mtime_ns, host=host)
    bad = Entry(str(found.path), found.format, found.name, stamp.size, stamp.mtime_ns, found.which, host)
    if answer is not None:
        why = answer.refused.rpartition("cannot be loaded: ")[2]
        return msgspec.structs.replace(bad, trouble="failed", reason=f"could not be loaded ({why})")
    if hung:
        return msgspec.structs.replace(bad, trouble="hung", reason=f"did not load within {timeout_s:g} s")
    return msgspec.structs.replace(bad, trouble="crashed", reason=how_it_ended(child.returncode, words))


def _ended(child: subprocess.Popen[bytes], timeout_s: float, stop: threading.Event | None) -> bool:
    """Whether it has ended in time."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0.0:
        try:
            child.wait(min(left, _LOOK_S))
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                return False
            continue
        return True
    return False


def _environment(host: str) -> dict[str, str]:
    """The child's: it imports what we can; where the host opens windows unasked, it has nowhere to."""
    root = str(Path(__file__).resolve().parent.parent)
    hidden = _DISPLAYS if host == "dawdreamer" else ()
    return {name: value for name, value in os.environ.items() if name not in hidden} | {
        "PYTHONPATH": os.pathsep.join(p for p in (root, *sys.path) if p)}


def listen(pipe: IO[bytes] | None, words: bytearray) -> None:
    """Take what the plug-in prints, lest it waits for that; keep the last of it. A thread of its own, until the end."""
    assert pipe is not None
    with pipe, contextlib.suppress(OSError, ValueError):
        while block := os.read(pipe.fileno(), 1 << 16):
            words += block
            del words[:-_WORDS]


def _end(child: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _read(path: Path) -> _Answer | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Answer)
    except (OSError, msgspec.DecodeError):
        return None


def how_it_ended(code: int, words: bytearray) -> str:
    """"crashed with SIGSEGV (what it said)"."""
    if code < 0:
        try:
            how = f"crashed with {signal.Signals(-code).name}"
        except ValueError:
            how = f"crashed with signal {-code}"
    else:
        how = f"ended its process with exit status {code}"
    lines = [line.strip() for line in words.decode(errors="replace").splitlines()]
    said = next((line for line in lines if line and not line.startswith(("Fatal Python", "Current thread"))), "")
    return f"{how} ({said[:160]})" if said else how


def _half_of_memory() -> int:
    """0 where it is not told."""
    try:
        return int(MOST_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return 0


def _main(arguments: list[str]) -> None:
    """The child."""
    question = msgspec.json.decode(arguments[0], type=_Question)
    faulthandler.enable(2)
    faulthandler.dump_traceback_later(question.timeout_s + 5.0, exit=True, file=2)  # if the parent has died
    threading.Thread(target=end_with_parent, daemon=True).start()
    _limit(question.memory_bytes)
    try:
        answer = _Answer(_describe(question))
    except InstrumentError as error:
        answer = _Answer(refused=str(error))
    except Exception as error:
        answer = _Answer(refused=f"{type(error).__name__}: {error}")
    path = Path(arguments[1])
    partial = path.with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(answer))
    partial.replace(path)
    # Without the plug-in's destructors, which are where plug-ins crash most and hang.
    os._exit(0)


def _describe(question: _Question) -> Entry:
    module, name = adapter_path(question.host)
    adapter = getattr(importlib.import_module(module), name)
    began = time.perf_counter()
    host: Any = adapter(Path(question.path), question.which, question.timeout_s)
    load_s = time.perf_counter() - began
    host.prepare(_RATE, _FRAMES)
    inputs, outputs = getattr(host, "channels", (None, None))
    return Entry(
        question.path, "", host.name.strip(), 0, 0, host=question.host, vendor=host.vendor, version=host.version,
        kind="instrument" if host.is_instrument else "effect", inputs=inputs, outputs=outputs,
        side_chain=host.takes_key, midi_out=host.sends_midi, latency_frames=host.latency, load_s=round(load_s, 3),
        programs=tuple(getattr(host, "programs", ()))[:_PROGRAMS],
        parameters=tuple(ParameterInfo(p.name, _value(p.low), _value(p.high), _value(p.text), p.label, p.steps)
                         for p in host.parameters()),
    )


def _value(text: str) -> float | str:
    """A number where the plug-in shows one."""
    number = number_in(text)
    return number if number is not None and math.isfinite(number) else text.strip()


def _limit(memory_bytes: int) -> None:
    """No core dumps, and an end to what allocates without end."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def end_with_parent() -> None:
    """In a child's thread: until who started it closes its end of standard input, by dying or otherwise."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(1)


if __name__ == "__main__":
    _main(sys.argv[1:])
