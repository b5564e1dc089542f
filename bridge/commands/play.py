"""sideman play"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bridge import session as sessions
from bridge.commands import completion
from bridge.errors import SessionError
from bridge.serving_options import serving_options, spec_with
from bridge.stream.tokens import ROLES, Role

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.session import Session
    from bridge.stream.front import Front


@click.command()
@click.argument("session", default="jazz-trio", shell_complete=completion.sessions)
@click.option("--port", type=click.IntRange(0, 65535), help="Web port (default: 3000, or the next free one).")
@serving_options
@click.option("--qr", type=click.Choice(["control", "listen"]), is_flag=False, flag_value="listen",
              help="Print a QR code for phones: with the token that may only listen, or with the one that controls.")
@click.option("--audio", type=click.Choice(["auto", "jack", "portaudio", "none"]),
              help="Where the sound goes. none: to the web page only.")
@click.option("--clock", type=click.Choice(["auto", "midi", "internal", "mtc", "jack", "link"]),
              help="What leads. auto: own tempo until a MIDI clock starts; midi: wait for one; internal: ignore "
                   "clocks; mtc: MIDI Time Code; jack: JACK transport; link: Ableton Link.")
@click.option("--clock-port", help="Connect the clock input to this MIDI port (see `sideman ports`).")
@click.option("--input", "keyboard", metavar="PORT",
              help="Play along on this MIDI keyboard: a port's name, or a part of it (see `sideman ports`).")
@click.option("--input-to", "played", metavar="TRACK", multiple=True,
              help="With --input: the track that it plays, several times for several (default: the first that is "
                   "neither bass nor drums).")
@click.option("--control", "controller", metavar="PORT",
              help="Turn knobs and faders of this MIDI controller: a port's name, or a part of it.")
@click.option("--device", metavar="NAME", shell_complete=completion.devices,
              help="With --control: what it is (`sideman params --devices`); default: what its port's name says.")
@click.option("--tempo", type=float, help="Own tempo in BPM.")
@click.option("--key", help="Key, such as Eb.")
@click.option("--seed", type=int, help="Another seed is another piece.")
@click.option("--bars", type=int, help="Stop after so many bars, with an ending.")
@click.option("--piece", type=click.Path(dir_okay=False, path_type=Path),
              help="Play the tune, the chords and the form of this MIDI file.")
@click.option("--to", metavar="GENRE", shell_complete=completion.genres,
              help="With --piece: by the band of this genre.")
@click.option("--strength", type=click.FloatRange(0, 1), default=None,
              help="With --piece: how far from its own chords and rhythm (default: 0.7).")
@click.option("--take/--no-take", default=True, show_default=True,
              help="Keep what is played, to be heard or rendered again: see `sideman takes`.")
@click.option("--quiet", is_flag=True, help="Print only what goes wrong.")
def command(session: str, port: int | None, audio: str | None, clock: str | None, clock_port: str | None,
            tempo: float | None, key: str | None, seed: int | None, bars: int | None, piece: Path | None,
            to: str | None, strength: float | None, take: bool, quiet: bool, keyboard: str | None,
            played: tuple[str, ...], controller: str | None, device: str | None, qr: Role | None,
            **serving: Any) -> None:
    """Play SESSION (a built-in name or a .toml file; default: jazz-trio) until Ctrl-C.

    The sound goes to JACK, else to the default audio device, else to the web page alone. Each track has a virtual
    MIDI port. Send MIDI clock to Sideman's clock port and press play in your DAW: the band falls in on the downbeat.

    \b
    sideman play
    sideman play blues-trio --key Bb --tempo 140
    sideman play my.toml --clock midi --clock-port "IAC Bus 1"
    sideman play --input Keystation            play along on your keyboard, on the piano
    sideman play --control nanoKONTROL2        its faders are the mixer's
    sideman play --audio none --port 8000      on a server: listen in the browser
    sideman play --host 0.0.0.0 --qr listen    for phones in the same network, by the links that it prints
    sideman play --piece song.mid              the tune of a MIDI file, by the session's band
    sideman play --piece song.mid --to edm     by another genre's
    """
    loaded = sessions.load(session)
    if piece is not None:
        from bridge.tunes import played_by

        given = {name for name, value in (("tempo", tempo), ("key", key)) if value is not None}
        loaded = loaded.with_music(**({"tempo": tempo} if tempo is not None else {}))
        loaded = played_by(loaded, piece, to, strength, given)
    elif to is not None or strength is not None:
        raise SessionError("--to and --strength say how a piece is played: give one with --piece song.mid")
    music = {k: v for k, v in {"tempo": tempo, "key": key, "seed": seed, "bars": bars}.items() if v is not None}
    loaded = sessions.changed(loaded, "the command line", music=music,
                              outputs={"audio": audio} if audio else {},
                              clock=_clock(loaded, clock, clock_port))
    if keyboard is not None:
        from bridge.inputs.quick_start import with_keyboard

        loaded = with_keyboard(loaded, keyboard, played)
    elif played:
        raise SessionError("--input-to says what a keyboard plays: give its port with --input")
    if controller is not None:
        from bridge.controllers.quick_start import with_controller

        loaded = with_controller(loaded, controller, device)
    elif device is not None:
        raise SessionError("--device says what a controller is: give its port with --control")
    from bridge import app
    from bridge.stream.front import front_of
    from bridge.takes.tape import Tape

    if qr is not None:
        from bridge.qr_code import qr_lines

        qr_lines("")  # what is missing is told before anything starts
    front = front_of(spec_with(loaded.stream, port=port, **serving), os.environ)
    tape = Tape(loaded) if take else None

    def say(text: str) -> None:
        click.echo(text, err=True)

    running: list[App] = []

    def started(begun: App) -> None:
        running.append(begun)
        if not quiet:
            _welcome(begun, qr)

    asyncio.run(app.play(loaded, front=front, say=say, started=started, file=_own_file(session), tape=tape))
    if running:
        _offer_layers(running[0], _own_file(session))
    if tape is not None and tape.name and not quiet:
        click.echo(f"take {tape.name}: `sideman render last -o take.wav`, `sideman takes keep last`")


def _offer_layers(played: App, file: Path | None) -> None:
    """What was recorded and not kept lies in a folder by now; it may still go into the session's file."""
    folder = played.layers_left
    if folder is None:
        return
    asked = file is not None and sys.stdin.isatty()
    if file is not None and asked and click.confirm(f"Keep the recorded layers with {file}?", default=True):
        from bridge.commands.layers import taken_in

        click.echo(taken_in(folder, file))
        return
    into = file or "SESSION.toml"
    click.echo(f"recorded layers are in {folder}: `sideman layers keep {folder} {into}` takes them into a session")


def _own_file(session: str) -> Path | None:
    """As sessions.load() takes it."""
    path = Path(session)
    return path.absolute() if path.suffix == ".toml" or path.exists() else None


def _clock(session: Session, source: str | None, port: str | None) -> dict[str, Any]:
    """What the command line changes of the session's [clock]: the port is the first input's."""
    changes: dict[str, Any] = {} if source is None else {"source": source}
    if port is not None:
        first, *others = msgspec.to_builtins(session.clock.inputs)
        changes["in"] = [first | {"port": port}, *others]
    return changes


def _welcome(running: App, qr: Role | None) -> None:
    session, ready = running.session, running.ready
    music = session.music
    click.echo(f"Sideman plays {session.name}: {music.genre} in {music.key} {music.mode}, {music.tempo:g} BPM, "
               f"{', '.join(t.name for t in session.tracks)}")
    if ready is not None:
        sound, _, midi = ready.driver.partition("; MIDI: ")
        click.echo(f"  sound   {_short(sound, 'no audio device', 'listen on the page')}")
        if midi:
            click.echo(f"  MIDI    {_short(midi, 'no MIDI', 'no ports of its own')}")
    click.echo(f"  page    {running.server.url}")
    click.echo(f"  socket  {running.server.socket_url}")
    _say_who_may(running.front, running.server.port, qr)
    waits = {"auto": "follows a MIDI clock as soon as one starts", "midi": "waits for a MIDI clock",
             "internal": "keeps its own tempo", "mtc": "waits for MIDI Time Code",
             "jack": "waits for JACK transport to roll", "link": "plays in an Ableton Link session"}
    click.echo(f"  clock   {waits[session.clock.source]}")
    click.echo("Ctrl-C stops.")


def _say_who_may(front: Front, port: int, qr: Role | None) -> None:
    """Links with tokens go to a terminal alone: what else reads our output may keep it."""
    for text in front.warnings:
        click.echo(f"  note    {text}")
    if front.tokens is not None and not sys.stdout.isatty():
        click.echo("  tokens  are wanted: `sideman token show` shows them, and links with them")
    elif front.tokens is not None:
        for role in ROLES:
            if (link := front.page(port, role, far=front.open)) != front.page(port, far=front.open):
                click.echo(f"  {role:7} {link}")
    if qr is not None and sys.stdout.isatty():
        from bridge.qr_code import qr_lines

        click.echo(qr_lines(front.page(port, qr, far=True)))


def _short(name: str, without: str, instead: str) -> str:
    """A driver's name as a line; the reasons why there is none fill a page, which is doctor's to print."""
    return f"{without}: {instead} (`sideman doctor` says why)" if name.startswith(without) else name
