"""Bouncing: hosted plug-ins of whole parts, each chain in a fresh process, as many at once as there are cores.

A process for each render, because synths do not begin anew as they began (two renders on one DawDreamer engine differ),
and because plug-ins crash. Called by `sideman render`, in its main thread; it blocks until all are done.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError
from instruments.plugins.hosts import adapter_path
from instruments.plugins.messages import PLUGIN_FRAMES
from instruments.plugins.use import PluginUse
from instruments.system_clock import clock_ns
from instruments.tempo_curve import TempoCurve

HANG_S = 120.0
"""A process that has rendered nothing for so long is hung."""
_WORDS_BYTES = 2000


@dataclass(frozen=True, slots=True)
class BounceStage:
    """A plug-in of a chain. host: "dawdreamer" or "faust"; result: the .npy file that its sound is written to."""

    use: PluginUse
    path: Path
    host: str
    result: Path


@dataclass(frozen=True, slots=True)
class BounceJob:
    """A chain of plug-ins to be rendered, one behind another.

    name    for people: "bass"
    events  for a chain that begins with an instrument: offsets are frames from the start
    audio   for one that begins with an effect: the .npy file of what it is fed, shape (2, frames)
    """

    name: str
    stages: Sequence[BounceStage]
    frames: int
    tempo: TempoCurve
    events: Sequence[FrameEvent] = ()
    audio: Path | None = None
    load_timeout_s: float = 60.0


@dataclass(slots=True)
class _Running:
    job: BounceJob
    process: BaseProcess
    news: Connection[Any, Any]
    words: Path
    heard_s: float
    done: bool = False


def cores() -> int:
    """How many processes are worth while."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bounce(jobs: Sequence[BounceJob], progress: Callable[[str, float], None] = lambda name, share: None,
           processes: int | None = None, hang_s: float = HANG_S) -> None:
    """Render all; their files are then there. progress: told a job's name and 0..1, as it goes.

    Raises InstrumentError that names the plug-in, of the first that fails; the others are then stopped.
    """
    context = multiprocessing.get_context("spawn")
    waiting, running = list(reversed(jobs)), list[_Running]()
    with tempfile.TemporaryDirectory(prefix="sideman-bounce-") as folder:
        try:
            while waiting or running:
                while waiting and len(running) < (processes or cores()):
                    running.append(_start(context, waiting.pop(), Path(folder) / f"{len(waiting)}.txt"))
                wait([r.news for r in running], 1.0)
                for each in list(running):
                    _hear(each, progress, hang_s)
                    if each.done:
                        running.remove(each)
                        _end(each)
        finally:
            for each in running:
                each.process.kill()
                _end(each)


def _start(context: Any, job: BounceJob, words: Path) -> _Running:
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(job, there, str(words)), daemon=True,
                              name=f"sideman bounce {job.name}")
    process.start()
    there.close()
    return _Running(job, process, here, words, _now_s())


def _now_s() -> float:
    return clock_ns() / 1e9


def _hear(running: _Running, progress: Callable[[str, float], None], hang_s: float) -> None:
    """Raises InstrumentError for one that has failed."""
    job, limit_s = running.job, max(hang_s, running.job.load_timeout_s)
    try:
        while running.news.poll():
            running.heard_s = _now_s()
            word, value = running.news.recv()
            if word == "failed":
                raise InstrumentError(value)
            progress(job.name, float(value))
            running.done = word == "done"
    except (EOFError, OSError):
        if not running.done:
            running.process.join(5.0)
            code = running.process.exitcode or 0
            how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"
            raise InstrumentError(f"{_who(job)} {how} while it was rendered{_said(running.words)}") from None
    if not running.done and _now_s() - running.heard_s > limit_s:
        raise InstrumentError(f"{_who(job)} hung while it was rendered: nothing in {limit_s:g} s{_said(running.words)}")


def _who(job: BounceJob) -> str:
    names = " or ".join(stage.use.plugin for stage in job.stages)
    return f"plug-in {names} of {job.name!r}"


def _said(words: Path) -> str:
    with contextlib.suppress(OSError):
        last = words.read_bytes()[-_WORDS_BYTES:].decode(errors="replace").strip().splitlines()
        if last:
            return f"; its last words: {last[-1]}"
    return ""


def _end(running: _Running) -> None:
    running.process.join(5.0)
    if running.process.exitcode is None:
        running.process.kill()
        running.process.join()
    running.process.close()
    running.news.close()


def _work(job: BounceJob, news: Connection[Any, Any], words: str) -> None:
    """The process: load, render, write, for one stage after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(variable, None)  # no window is to open
    said = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for standard in (1, 2):
        os.dup2(said, standard)
    faulthandler.enable(2)
    try:
        _render(job, lambda share: news.send(("at", share)))
        news.send(("done", 1.0))
    except BaseException as error:
        why = str(error) if isinstance(error, InstrumentError) else f"{type(error).__name__}: {error}"
        news.send(("failed", f"track {job.name!r}: {why}"))
    # Without the plug-ins' destructors, which are where plug-ins crash most and hang.
    os._exit(0)


def _render(job: BounceJob, progress: Callable[[float], None]) -> None:
    audio: AudioBlock | None = None if job.audio is None else np.load(job.audio, mmap_mode="r")
    last_s = 0.0
    for i, stage in enumerate(job.stages):

        def told(share: float, i: int = i) -> None:
            nonlocal last_s
            if (now_s := time.monotonic()) - last_s > 0.1:
                last_s = now_s
                progress((i + share) / len(job.stages))

        told(0.0)
        audio = _rendered(stage, job, audio, told)
        if not np.isfinite(audio).all():
            raise InstrumentError(f"plug-in {stage.use.plugin} put out NaN or infinity: a render of that is no use")
        np.save(stage.result, audio)


def _rendered(stage: BounceStage, job: BounceJob, audio: AudioBlock | None,
              progress: Callable[[float], None]) -> AudioBlock:
    import importlib

    module, name = adapter_path(stage.host)
    use, rate = stage.use, job.tempo.rate
    host: Any = getattr(importlib.import_module(module), name)(stage.path, use.which, job.load_timeout_s)
    if use.state is not None:
        host.load_state(use.state)
    if use.preset is not None:
        host.load_preset(use.preset)
    host.set_params(use.params)
    if host.is_instrument != (audio is None):
        is_, wanted = ("an instrument", "an effect") if host.is_instrument else ("an effect", "an instrument")
        raise InstrumentError(f"plug-in {use.plugin} is {is_}, not {wanted}: use it as that")
    host.prepare(rate, PLUGIN_FRAMES)
    if hasattr(host, "render"):
        made: AudioBlock = host.render(job.frames, job.tempo, job.events if audio is None else (), audio, progress)
        return made
    return _streamed(host, job, audio, progress)


def _streamed(host: Any, job: BounceJob, audio: AudioBlock | None, progress: Callable[[float], None]) -> AudioBlock:
    """By a host that plays block by block, as live."""
    late = host.latency
    total = -(-(job.frames + late) // PLUGIN_FRAMES) * PLUGIN_FRAMES
    out: AudioBlock = np.zeros((2, total), np.float32)
    if audio is not None:
        out[:, : audio.shape[1]] = audio[:, :total]
    events = job.events if audio is None else ()
    block: AudioBlock = np.zeros((2, PLUGIN_FRAMES), np.float32)
    at = 0
    for start in range(0, total, PLUGIN_FRAMES):
        end, first = start + PLUGIN_FRAMES, at
        while at < len(events) and events[at].offset < end:
            at += 1
        block[:] = out[:, start:end]
        host.process(block, job.tempo.at(start), [e._replace(offset=e.offset - start) for e in events[first:at]])
        out[:, start:end] = block
        progress(start / total)
    return out[:, late : late + job.frames]
