"""The command line: one command a file, imported only when it is called, so that each starts fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from composers.errors import SidemanError

_COMMANDS = {
    "play": "Play a session live: to your DAW, your speakers and the web page.",
    "render": "Render a session to a WAV (and MIDI) file, faster than real time.",
    "takes": "What was played before: list it, hear what happened when, keep it, export it as MIDI.",
    "compose": "Compose a piece from words, into a MIDI file: jazz ballad in Eb, 32 bars.",
    "restyle": "Give a MIDI file to another genre's band: its tune stays, the rest is new.",
    "modify": "Change the music that plays: key, chords, energy, style, section, who rests.",
    "layers": "Record what you play in over the session that plays; let the band follow you.",
    "set": "Turn a parameter of what plays: a fader, an effect, a synth; or list them all.",
    "params": "What of a session can be turned: paths, units, ranges; the controllers that are known.",
    "learn": "Turn a knob of a MIDI controller, and it turns a parameter of a session from now on.",
    "listen": "Hear another Sideman here, in sync with everybody else who does.",
    "record": "Record what another Sideman plays, or this one, into a WAV or FLAC file.",
    "analyze": "What a mix measures: loudness, peaks, spectrum, stereo; with a picture.",
    "theory": "Look up scales, chords, voicings, progressions; analyse the harmony of a file.",
    "relay": "Serve the music of another Sideman to more listeners, in sync.",
    "sessions": "List the built-in sessions.",
    "genres": "List the genres, their styles, forms and bands.",
    "patches": "List the instruments, hear one, draw them.",
    "effects": "List the effects, and the parameters of one.",
    "plugins": "Scan your plug-ins, list them, see one's parameters, open its window.",
    "ports": "List MIDI and JACK ports.",
    "clock": "Watch what a MIDI clock master really sends.",
    "token": "Make, show or change the tokens by which other machines may talk to Sideman.",
    "calibrate": "Measure, with a cable, how late synths, MIDI and clocks are; get the offsets.",
    "doctor": "Check this machine: what works, what is missing, how to get it.",
    "warmup": "Compile the synth now, so that the first start is fast.",
    "bench": "Measure Sideman on this machine, beside a peer.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bridge.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(
                f"there is no command {args[0]!r}: choose one of {', '.join(_COMMANDS)}", ctx
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sideman", prog_name="sideman")
def cli() -> None:
    """Sideman composes live, in time with your DAW, and plays what it composes.

    \b
    sideman play                 the jazz trio, now; open the page it prints
    sideman play blues-trio      another session
    sideman render jazz-trio --bars 32 -o trio.wav --midi trio.mid
    sideman COMMAND --help       examples of each command
    """


def main() -> Any:
    """The entry point: what people can mend is told in one line, without a traceback."""
    try:
        return cli()
    except SidemanError as error:
        click.echo(f"sideman: {error}", err=True)
        sys.exit(1)
