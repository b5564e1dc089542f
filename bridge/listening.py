"""A rendered sound heard: played once, on JACK or the audio device, or written to a WAV file. For commands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from bridge.errors import DeviceError, SessionError

if TYPE_CHECKING:
    from bridge.driver import Block, Outputs
    from instruments.block import AudioBlock

FILE_RATE = 48_000


def listen(render: Callable[[int], AudioBlock], what: str, output: Path | None = None, audio: str = "auto") -> None:
    """Render at the place's rate, then write it to `output` or play it, and say so. Waits until it is over.

    audio  "auto", "jack" or "portaudio". Raises SessionError for a file that cannot be written, DeviceError where there
    is nothing to play on or it goes away.
    """
    if output is not None:
        _write(render, what, output)
        return
    from bridge.audio_io import PacerDriver, choose_driver

    driver = choose_driver(audio, frames=256, in_ports=())  # type: ignore[arg-type]
    if isinstance(driver, PacerDriver):
        driver.stop()
        raise DeviceError("there is nothing to play on, neither a JACK server nor an audio device (`sideman doctor` "
                          f"says why): write a file with -o {what.replace(' ', '-')}.wav")
    try:
        heard = render(driver.rate)
        click.echo(f"{what}, {heard.shape[1] / driver.rate:.1f} s, to {driver.name}", err=True)
        _sound(driver, heard)
    finally:
        driver.stop()


def _write(render: Callable[[int], AudioBlock], what: str, output: Path) -> None:
    from bridge.offline import WavWriter

    if not output.parent.is_dir():
        raise SessionError(f"{output}: there is no folder {output.parent}: make it, or write somewhere else")
    heard = render(FILE_RATE)
    try:
        writer = WavWriter(output, FILE_RATE)
        writer.write(heard)
        writer.close()
    except OSError as error:
        raise SessionError(f"{output} cannot be written: {error.strerror or error}") from None
    click.echo(f"{output}: {heard.shape[1] / FILE_RATE:.1f} s of {what}")


def _sound(driver: Any, heard: AudioBlock) -> None:
    """Until it is over or Ctrl-C. The callback only copies."""
    from bridge.driver import Outputs

    over = threading.Event()
    at = 0

    def step(block: Block) -> Outputs:
        nonlocal at
        piece = heard[:, at : at + block.frames]
        at += block.frames
        if piece.shape[1] < block.frames:
            over.set()
            piece = np.pad(piece, ((0, 0), (0, block.frames - piece.shape[1])))
        return Outputs((), np.ascontiguousarray(piece))

    driver.start(step)
    while not over.wait(0.1):
        if driver.lost:
            raise DeviceError(f"the sound stopped: {driver.lost}")
    over.clear()
    threading.Event().wait(driver.latency_frames / driver.rate + 0.05)  # what the device still holds
