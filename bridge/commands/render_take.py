"""`sideman render TAKE` and `sideman takes export TAKE`: a take to files."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from bridge.errors import TakeError

if TYPE_CHECKING:
    from bridge.offline import WavWriter
    from bridge.takes.rendering import Rendering


_GATHERED = 1 << 14
"""Frames that are written at once: a block of 64 would cost more to write than to make."""


class Done(NamedTuple):
    """What came of it: files by name, and what people should know."""

    wavs: list[str]
    seconds: float
    messages: int
    peak: float
    wall_s: float
    notices: list[str]

    def told(self) -> str:
        return "".join(f"\n  {text}" for text in self.notices)


def render_take(path: Path, wav: Path | None, midi: Path | None, *, stretch: int | None = None,
                to_damage: bool = False) -> Done:
    """Play a take again into files, with a progress bar. Where the device's rate changed in the middle of it, each
    rate has a file of its own: take.wav, take-2.wav. Raises TakeError, InstrumentError."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from bridge.takes.midi_file import MidiTape
    from bridge.takes.rendering import Rendering

    if wav is not None:
        from bridge.commands.warmup import warm_up_with_bar

        warm_up_with_bar()
    began = time.perf_counter()
    rendering = Rendering(path, stretch=stretch, sound=wav is not None, to_damage=to_damage)
    tape = MidiTape()
    seconds, told = 0.0, 0.0
    with ExitStack() as stack:
        bar = stack.enter_context(Progress(TextColumn("{task.description}"), BarColumn(), TextColumn(
            "{task.percentage:>3.0f}%"), TimeRemainingColumn(), console=Console(stderr=True), transient=True))
        task = bar.add_task(f"playing {path.name.removesuffix('.take')} again", total=1.0)
        files = _Files(wav) if wav is not None else None
        if files is not None:
            stack.callback(files.give_up)
        for again, gap, skip in rendering.pieces():
            replay = rendering.replay
            engine = replay.engine
            assert engine is not None
            tape.hear(again, replay.port_names, engine.line, engine.position, engine.timeline.meter, gap=gap, skip=skip)
            seconds += (gap + again.block.frames - skip) / again.rate
            if files is not None:
                if gap:
                    files.write(again.rate, np.zeros((2, gap), np.float32))
                files.write(again.rate, again.audio[:, skip:])
            if rendering.done - told >= 0.002:
                told = rendering.done
                bar.update(task, completed=told)
        wavs = files.finish() if files is not None else []
        peak = files.peak if files is not None else 0.0
    if midi is not None:
        tape.write(midi)
    return Done(wavs, seconds, tape.messages, peak, time.perf_counter() - began, _notices(rendering))


def render_command(path: Path, output: Path, midi: Path | None, stretch: int | None, to_damage: bool,
                   as_json: bool) -> None:
    """The end of `sideman render TAKE`."""
    for file in (output, midi):
        if file is not None and not file.parent.is_dir():
            raise TakeError(f"{file}: there is no folder {file.parent}: make it, or write somewhere else")
    done = render_take(path, output, midi, stretch=stretch, to_damage=to_damage)
    if as_json:
        click.echo(json.dumps({
            "take": path.name.removesuffix(".take"), "wav": done.wavs[0] if done.wavs else None, "wavs": done.wavs,
            "midi": str(midi) if midi else None, "seconds": done.seconds, "messages": done.messages,
            "peak": done.peak, "wall_s": done.wall_s, "realtime_factor": done.seconds / done.wall_s,
            "notices": done.notices}))
        return
    for text in done.notices:
        click.echo(text, err=True)
    click.echo(f"{', '.join(done.wavs)}: {done.seconds:.1f} s of sound in {done.wall_s:.1f} s "
               f"({done.seconds / done.wall_s:.0f} times real time)" + (f"; {midi}" if midi else ""))


def _notices(rendering: Rendering) -> list[str]:
    """What people should know of what they got."""
    from bridge.takes.values import made_here

    found, replay = rendering.outline, rendering.replay
    told = []
    if found.damage:
        told.append(f"{found.damage}: this is what came before")
    elif found.ended is None:
        told.append(f"the take was cut off, or plays still: this is all that there is of it ({found.seconds:.1f} s)")
    if replay.lost or found.lost:
        told.append("part of the take found no room in the journal, and is missing")
    if found.about is not None and replay.sound:
        here = made_here()
        other = {key: value for key, value in found.about.made_by.items() if here.get(key, value) != value}
        if other:
            was = ", ".join(f"{key} {value} (here {here[key]})" for key, value in other.items())
            told.append(f"played with {was}: it may not sound exactly the same")
    return told + replay.plugin_notices


class _Files:
    """The WAV files, each under another name until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: list[tuple[Path, Path]] = []
        self._rate = 0
        self._writer: WavWriter | None = None
        self._waiting: list[NDArray[np.float32]] = []
        self._frames = 0
        self.peak = 0.0

    def write(self, rate: int, audio: NDArray[np.float32]) -> None:
        """The audio is copied: it is valid until the next block only."""
        if rate != self._rate or self._writer is None:
            self._end()
            self._writer, self._rate = self._begin(rate), rate
        self._waiting.append(audio.copy())
        self._frames += audio.shape[1]
        if self._frames >= _GATHERED:
            self._flush()

    def _flush(self) -> None:
        if self._waiting and self._writer is not None:
            audio = np.concatenate(self._waiting, axis=1)
            self.peak = max(self.peak, float(np.abs(audio).max(initial=0.0)))
            self._writer.write(audio)
        self._waiting.clear()
        self._frames = 0

    def _begin(self, rate: int) -> WavWriter:
        from bridge.offline import WavWriter  # compiled kernels come with it: `export` needs none

        number = len(self._files) + 1
        final = self._path if number == 1 else self._path.with_stem(f"{self._path.stem}-{number}")
        partial = final.with_name(final.name + ".part")
        self._files.append((partial, final))
        return WavWriter(partial, rate)

    def _end(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def finish(self) -> list[str]:
        self._end()
        for partial, final in self._files:
            partial.replace(final)
        return [str(final) for _, final in self._files]

    def give_up(self) -> None:
        """What was not finished goes."""
        self._end()
        for partial, _ in self._files:
            partial.unlink(missing_ok=True)
