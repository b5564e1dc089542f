"""sideman learn"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from bridge.commands import completion
from bridge.errors import MessageError, SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.controllers.learning import Learned
    from bridge.parameter_paths import ParameterInfo

_LIVE = "-"
_LOOK_S = 0.05


@click.command()
@click.argument("session", shell_complete=completion.sessions)
@click.argument("path", required=False, shell_complete=completion.paths)
@click.option("--port", help="Listen to this MIDI port (see `sideman ports`); default: the session's [[control]].")
@click.option("--name", help="Which [[control]] of the session, by its name; default: the first.")
@click.option("--timeout", type=click.FloatRange(0.1), default=60.0, show_default=True, metavar="SECONDS",
              help="Give up after so long.")
@click.option("--remove", is_flag=True, help="Take out what turns PATH.")
@click.option("--undo", is_flag=True, help="With SESSION -: undo what was learnt last.")
@click.option("--url", default="ws://localhost:3000/music", show_default=True, help="With SESSION -: the socket that "
                                                                                    "`play` printed.")
def command(session: str, path: str | None, port: str | None, name: str | None, timeout: float, remove: bool,
            undo: bool, url: str) -> None:
    """Wait for a control of a MIDI controller to be turned, and let it turn PATH of SESSION from now on.

    SESSION is your own file, in which a [[control.map]] is put and nothing else changed (what it was is kept as
    FILE.bak); or - for the session that plays, which learns from its own controllers and keeps it, too.

    \b
    sideman learn my.toml filter.cutoff --port nanoKONTROL2
    sideman learn my.toml music.density                    by the [[control]] that it has
    sideman learn my.toml filter.cutoff --remove
    sideman learn - mixer.bass.gain_db                     of what plays
    """
    if path is None and not undo:
        raise click.UsageError("name the parameter that is to be learnt: `sideman params SESSION` lists them")
    if session == _LIVE:
        asyncio.run(_live(url, path, timeout, remove, undo))
        return
    if undo:
        raise click.UsageError("--undo is for the session that plays (SESSION -); of a file, FILE.bak is what it was")
    file = Path(session)
    if not file.is_file():
        raise SessionError(f"{session!r} is no session file of yours: copy a built-in one (`sideman sessions` says "
                           f"where they are) and give its path, or - for the session that plays")
    assert path is not None
    if remove:
        _remove(file, path)
    else:
        _learn(file, path, port, name, timeout)


def _remove(file: Path, path: str) -> None:
    from bridge.controllers.lesson import Lesson
    from bridge.session import load

    count = Lesson(load(str(file)).control, file).remove(path)
    click.echo(f"{file}: {count} taken out")


class _Wanted(NamedTuple):
    path: str
    info: ParameterInfo | None


def _wanted(file: Path, path: str) -> _Wanted:
    """Raises MessageError with what is near."""
    from bridge import music_paths
    from bridge.controllers.listing import session_parameters
    from bridge.controls.mapping import ACTIONS
    from bridge.parameter_paths import find
    from bridge.session import load

    if path in ACTIONS or music_paths.takes_words(path):
        return _Wanted(path, None)
    info = find(path, {each.path: each for each in session_parameters(load(str(file)))})
    return _Wanted(info.path, info)


def _learn(file: Path, path: str, port: str | None, name: str | None, timeout_s: float) -> None:
    from bridge.controllers.learning import described, others, replaced
    from bridge.controllers.lesson import Lesson
    from bridge.controls.mapping import Control
    from bridge.session import load, parse

    controls = load(str(file)).control
    names = [control.name for control in controls]
    if name is not None and name not in names:
        raise SessionError(f"{file} has no [[control]] {name!r}: there are {', '.join(map(repr, names)) or 'none'}")
    index = names.index(name) if name is not None else next(
        (i for i, control in enumerate(controls) if port is not None and control.port == port), 0)
    if not controls:
        controls = [Control(port=port)]
        index = 0
    port = port or controls[index].port
    wanted = _wanted(file, path)
    learned = _heard(wanted, port, timeout_s)._replace(input=index)
    lesson = Lesson(controls, file)
    gone = [m.path for m in replaced(controls[index].map, learned.mapped) if m.path != wanted.path]
    also = others(controls, learned)
    lesson.add(learned)
    parse(file.read_text(encoding="utf-8"), str(file), file.absolute().parent)
    click.echo(f"{described(learned.mapped)} turns {wanted.path} in {file}")
    if gone:
        click.echo(f"It turned {' and '.join(gone)}, which it does no longer.")
    if also:
        click.echo(f"So does {' and '.join(also)}.")


def _heard(wanted: _Wanted, port: str | None, timeout_s: float) -> Learned:
    """Raises MessageError when nothing was turned in time, PortError for a port that is not there."""
    from bridge.controllers.learning import Learning
    from bridge.controls.gestures import Gestures
    from bridge.watch.listener import ClockListener

    learning, gestures = Learning(wanted.path, wanted.info), Gestures()
    with ClockListener(port) as listener:
        click.echo(f"Turn the control that is to turn {wanted.path} ({listener.source.name}) ...", err=True)
        for now_s in _ticks(timeout_s):
            for heard in listener.take(_LOOK_S):
                for gesture in gestures.feed(heard.data):
                    learning.hear(0, gesture, now_s)
            learned = learning.result(time.monotonic())
            if learned is not None:
                return learned
            if listener.lost:
                raise MessageError(f"{listener.source.name}: {listener.lost}")
    raise MessageError(f"nothing was turned within {timeout_s:g} s on {listener.source.name}: is it the right port? "
                       f"`sideman ports` lists them")


def _ticks(timeout_s: float) -> Iterator[float]:
    end_s = time.monotonic() + timeout_s
    while (now_s := time.monotonic()) < end_s:
        yield now_s


async def _live(url: str, path: str | None, timeout_s: float, remove: bool, undo: bool) -> None:
    from bridge.client import MusicClient
    from bridge.stream import wire

    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear(news: wire.Learning) -> None:
        if news.learned is not None and not done.done():
            done.set_result(news.text)

    async with MusicClient(url) as client:
        if undo or remove:
            await client.unlearn(None if undo else path)
            click.echo("Undone." if undo else f"{path}: taken out")
            return
        client.on("learning", hear)
        await client.learn(path)
        click.echo(f"Turn the control that is to turn {path} ...", err=True)
        try:
            click.echo(await asyncio.wait_for(done, timeout_s))
        except TimeoutError:
            await client.learn(None)
            raise MessageError(f"nothing was turned within {timeout_s:g} s: is the controller connected to the "
                               f"session's control input?") from None
