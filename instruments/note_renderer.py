"""Notes rendered ahead, in a process of its own: a synth function may be slow, raise, hang or crash there.

`NoteRenderer` is the near end, with a thread that sleeps until notes arrive; `run` is what the child executes.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import struct
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from instruments.block import AudioBlock, InstrumentError
from instruments.note_audio import Generate, render_note

_HEAD = struct.Struct("<BBBxI")
"""kind, key, layer, frames (of a note) or nothing."""
_MONO, _STEREO, _ERROR, _BEGUN = range(4)
_WANT = struct.Struct("<BB")
_CHUNK = 1 << 16
"""Audio comes in pieces: the interpreter's lock, which the audio thread needs, is then held for tens of us, not 200."""
_ERRORS_IN_A_ROW = 6
_GONE_S = 0.5


class RenderSpec(NamedTuple):
    """What a child renders.

    function    where it finds the function: its pickle (a reference by module and name), or b"" to look `name` up in
                the registry once `modules` are imported
    notes       (key, layer) in the order in which they are rendered; layer counts `velocities`
    """

    name: str
    function: bytes
    modules: tuple[str, ...]
    rate: int
    tempo: float
    duration_s: float
    velocities: tuple[float, ...]
    notes: tuple[tuple[int, int], ...]


def reference(generate: Generate) -> bytes:
    """The function's pickle, or b"" for one (a lambda, say) that only its registration leads to."""
    try:
        return pickle.dumps(generate)
    except Exception:
        return b""


class NoteRenderer:
    """The child and the thread that hears from it.

    state   "rendering", "done", or "out: why" when no more notes will come; error: the last that a note gave
    first   set when the first `urgent` notes are settled (rendered or failed), or no more will come
    """

    def __init__(self, spec: RenderSpec, urgent: int, on_note: Callable[[int, int, AudioBlock], bool],
                 hang_s: float = 20.0) -> None:
        """on_note(key, layer, audio) is called in the thread with each note; False: no room for more, stop.

        hang_s: a note that takes longer counts as hung, and the child is killed.
        """
        self.state = "rendering"
        self.error = ""
        self.settled = 0
        self.first = threading.Event()
        self._urgent = urgent
        self.total = len(spec.notes)
        self._on_note = on_note
        self._hang_s = hang_s
        self._closing = False
        context = multiprocessing.get_context("spawn")
        if multiprocessing.current_process().daemon:
            # Daemonic processes are refused children, lest those be orphaned; this one ends with its pipe.
            multiprocessing.current_process().daemon = False
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(spec, theirs), daemon=True, name=f"sideman notes {spec.name}")
        try:
            self._process.start()
        finally:
            theirs.close()
        self._thread = threading.Thread(target=self._hear, name=f"notes of {spec.name}", daemon=True)
        self._thread.start()

    def want(self, key: int, layer: int) -> None:
        """Render this note next. For the audio thread: a few bytes down a pipe."""
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(_WANT.pack(key, layer))

    def close(self) -> None:
        """End the child; idempotent."""
        self._closing = True
        self._process.kill()
        self._thread.join(_GONE_S)

    def _hear(self) -> None:
        try:
            self._receive()
        except (EOFError, OSError, struct.error):
            self._process.join(_GONE_S)
            if self.settled < self.total and self.state == "rendering":
                self.state = f"out: its process ended early (exit code {self._process.exitcode})"
        finally:
            if self.state == "rendering":
                self.state = "done"
            self.first.set()
            self._process.kill()
            self._process.join()
            self._pipe.close()

    def _receive(self) -> None:
        bad = 0
        while self.settled < self.total and not self._closing:
            if not self._pipe.poll(self._hang_s):
                self.state = f"out: a note took more than {self._hang_s:g} s"
                return
            kind, key, layer, length = _HEAD.unpack(self._pipe.recv_bytes())
            if kind == _BEGUN:
                continue
            if kind == _ERROR:
                self.error = self._pipe.recv_bytes().decode(errors="replace")
                bad += 1
                if bad >= _ERRORS_IN_A_ROW or length:
                    self.state = f"out: {self.error}"
                    return
            else:
                bad = 0
                audio = np.empty((1 + (kind == _STEREO), length), np.float32)
                rest = audio.reshape(-1).view(np.uint8)
                while len(rest):
                    rest = rest[self._pipe.recv_bytes_into(rest):]
                if not self._on_note(key, layer, audio):
                    self.state = "done"
                    return
            self.settled += 1
            if self.settled >= self._urgent:
                self.first.set()


def run(spec: RenderSpec, pipe: Connection[Any, Any]) -> None:
    """The child: render the notes in order, what is wanted first, until all are done or the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
        os.nice(5)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(_HEAD.pack(_BEGUN, 0, 0, 0))
        try:
            generate = _function(spec)
        except Exception as error:
            pipe.send_bytes(_HEAD.pack(_ERROR, 0, 0, 1))
            pipe.send_bytes(f"synth {spec.name!r} cannot be loaded: {type(error).__name__}: {error}".encode())
            return
        _render_all(spec, generate, pipe)


def _function(spec: RenderSpec) -> Generate:
    if spec.function:
        found: Generate = pickle.loads(spec.function)
        return found
    for module in spec.modules:
        if module not in ("__main__", "__mp_main__"):
            importlib.import_module(module)
    from instruments.registry import synthesizer_named

    generate = synthesizer_named(spec.name).generate
    if generate is None:
        raise InstrumentError("it is registered without a function")
    return generate


def _render_all(spec: RenderSpec, generate: Generate, pipe: Connection[Any, Any]) -> None:
    left = dict.fromkeys(spec.notes)
    wanted: list[tuple[int, int]] = []
    while left:
        while pipe.poll(0):
            wanted.append(_WANT.unpack(pipe.recv_bytes()))
        note = wanted.pop() if wanted else next(iter(left))
        if note not in left:
            continue
        del left[note]
        _send(spec, generate, pipe, *note)


def _send(spec: RenderSpec, generate: Generate, pipe: Connection[Any, Any], key: int, layer: int) -> None:
    try:
        audio = render_note(generate, spec.name, key, spec.velocities[layer], spec.duration_s, spec.rate, spec.tempo)
    except InstrumentError as error:
        pipe.send_bytes(_HEAD.pack(_ERROR, key, layer, 0))
        pipe.send_bytes(str(error).encode())
        return
    pipe.send_bytes(_HEAD.pack(_STEREO if len(audio) == 2 else _MONO, key, layer, audio.shape[1]))
    data = memoryview(audio.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    for at in range(0, len(data), _CHUNK):
        pipe.send_bytes(data[at : at + _CHUNK])
        time.sleep(0)
