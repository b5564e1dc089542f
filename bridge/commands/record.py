"""sideman record"""

from __future__ import annotations

import asyncio
import json
import queue
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.client_options import check_stem, client_arguments, client_options, socket_address
from bridge.errors import MessageError, SidemanError
from bridge.signals import stopped

if TYPE_CHECKING:
    from bridge.recording import Recorded, Recording
    from bridge.stream.wire import Audio

_SILENT_S = 5.0
"""Without sound for so long, people are told."""


@click.command()
@client_options
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE",
              help="WAV or FLAC, of 24 bits.")
@click.option("--json", "as_json", is_flag=True, help="What was recorded, as JSON.")
def command(url: str, stem: str | None, audio_format: Any, token_file: Path | None, cert: Path | None,
            duration: float | None, output: Path, as_json: bool) -> None:
    """Record the music of another Sideman, or of a relay, into a file, until Ctrl-C.

    \b
    sideman record -o tonight.wav                         what plays here, the mix
    sideman record ws://studio:3000/music -o mix.flac     over the network
    sideman record studio --stem drums --duration 60 -o drums.wav

    Every frame is at its place: where some did not come there is silence, and you are told. After a loss of the
    connection it goes on by itself.
    """
    from bridge.recording import Recording

    recording = Recording(output, duration)
    done = asyncio.run(_record(socket_address(url), stem, audio_format, client_arguments(token_file, cert), recording))
    if as_json:
        click.echo(json.dumps({"files": done.files, "seconds": done.seconds, "peak": done.peak, "clipped": done.clipped,
                               "gaps": [gap._asdict() for gap in done.gaps]}))
        return
    for gap in done.gaps:
        click.echo(_told(gap), err=True)
    if done.clipped:
        click.echo(f"{done.clipped} samples were beyond full scale, and are clipped", err=True)
    click.echo(f"{', '.join(done.files)}: {done.seconds:.1f} s")


async def _record(url: str, stem: str | None, audio_format: Any, access: dict[str, Any],
                  recording: Recording) -> Recorded:
    from bridge.client import MusicClient

    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    disk = _Disk(recording, lambda: loop.call_soon_threadsafe(over.set))
    heard = 0

    def hear(audio: Audio) -> None:
        nonlocal heard
        heard += 1
        disk.put(audio)

    def connection(state: str) -> None:
        if state == "closed" and not client.closing:
            click.echo(f"{recording.seconds:.1f} s: the connection ended: trying again", err=True)

    try:
        async with MusicClient(url, audio_format=audio_format, block=2048, buffer_ms=1000, stems=[stem] if stem else (),
                               reconnect=True, **access) as client:
            hello = await client.connect()
            check_stem(stem, hello)
            client.on("stem" if stem else "audio", hear)
            client.on("error", lambda error: click.echo(error.message, err=True))
            client.on("connection", connection)
            click.echo(f"recording {stem or hello.session} from {client.url}. Ctrl-C stops.", err=True)
            told = asyncio.create_task(stopped())
            ended = asyncio.create_task(over.wait())
            while not (told.done() or ended.done()):
                before = heard
                await asyncio.wait({told, ended}, timeout=_SILENT_S, return_when=asyncio.FIRST_COMPLETED)
                if before == heard and not (told.done() or ended.done()):
                    click.echo("no sound comes: does it play? (`sideman modify` shows what is on)", err=True)
            for task in (told, ended):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    finally:
        done = disk.close(sys.exc_info()[1] is None)
    if not done.files:
        raise MessageError("nothing was recorded: no sound came")
    return done


class _Disk:
    """A thread that writes, so that a slow disk does not keep the network waiting."""

    def __init__(self, recording: Recording, over: Any) -> None:
        self._recording = recording
        self._over = over
        self._queue: queue.SimpleQueue[Audio | None] = queue.SimpleQueue()
        self._problem: SidemanError | None = None
        self._thread = threading.Thread(target=self._run, name="recording")
        self._thread.start()

    def put(self, audio: Audio) -> None:
        self._queue.put(audio)

    def close(self, raising: bool) -> Recorded:
        """The file is whole. Raises what went wrong with it, if raising."""
        self._queue.put(None)
        self._thread.join()
        done = self._recording.close()
        if self._problem is not None and raising:
            raise self._problem
        return done

    def _run(self) -> None:
        while (audio := self._queue.get()) is not None:
            if self._problem is not None or self._recording.full:
                continue
            try:
                self._recording.write(audio)
            except SidemanError as problem:
                self._problem = problem
            if self._problem is not None or self._recording.full:
                self._over()


def _told(gap: Any) -> str:
    minutes, seconds = divmod(gap.at_s, 60)
    at = f"{int(minutes)}:{seconds:05.2f}"
    if gap.filled:
        return f"{at}: {gap.seconds:.3f} s did not come: there is silence"
    return f"{at}: the stream began anew, and goes on without a pause"
