"""sideman calibrate"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from bridge.calibrate.loopback import Loopback, Wiring
    from bridge.calibrate.report import Measured
    from bridge.calibrate.tape import Programme, Take

F = TypeVar("F", bound=Callable[..., Any])

_POLL_S = 0.05
_CLOCK_WAIT_S = 60.0
"""The DAW's player has to find the play button."""
_LEVELS = click.FloatRange(-60.0, -3.0)


def _channel(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | int | None:
    """A number (1 the first) or a JACK port's name."""
    if value is None or not value.isdigit():
        return value
    if int(value) == 0:
        raise click.BadParameter("inputs and outputs are numbered from 1", param=parameter)
    return int(value)


_CHANNEL: dict[str, Any] = {"metavar": "PORT|NUMBER", "callback": _channel}
_FIRST: dict[str, Any] = _CHANNEL | {"default": "1", "show_default": True}


def _shared(function: F) -> F:
    """The options that all have."""
    for option in (
        click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Draw a picture (PNG, SVG or PDF by its ending). Needs matplotlib."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else."),
        click.option("--device", help="Audio device of PortAudio: its name, a part of it, or its number."),
        click.option("--system", type=click.Choice(["jack", "portaudio"]),
                     help="Default: JACK if its server answers, else PortAudio."),
    ):
        function = option(function)
    return function


def _writing(function: F) -> F:
    return click.option("--write", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="SESSION.toml",
                        help="Put the offset into this session file; the file as it was stays beside it as .bak."
                        )(function)  # fmt: skip


def _round_trip(function: F) -> F:
    return click.option("--round-trip", type=click.FloatRange(0.0, 2000.0), metavar="MS",
                        help="Of audio, as `sideman calibrate audio` measured it (default: what the driver reports)."
                        )(function)  # fmt: skip


@click.group()
def command() -> None:
    """Measure how late things are, with a cable, and get the offsets that a session needs.

    \b
    sideman calibrate audio            audio out -> cable -> audio in: the round trip
    sideman calibrate synth --out X    a synth on MIDI port X: the track's offset_ms
    sideman calibrate midi --out X --in Y    MIDI out -> cable -> MIDI in
    sideman calibrate clock            a DAW's MIDI clock against its metronome: the clock input's offset_ms

    docs/calibrate.md shows where the cables go. Sounds are sent at -18 dBFS (--level): all the same, turn headphones
    and speakers down first.
    """


@command.command()
@click.option("--audio-out", **_FIRST, help="Where the cable begins.")
@click.option("--audio-in", **_FIRST, help="Where the cable ends.")
@click.option("--repeats", type=click.IntRange(10, 200), default=25, show_default=True)
@click.option("--level", type=_LEVELS, default=-18.0, show_default=True, help="Of the sweeps, peak dBFS.")
@_shared
def audio(audio_out: str | int, audio_in: str | int, repeats: int, level: float, system: str | None,
          device: str | None, as_json: bool, plot: Path | None) -> None:
    """Our audio out, by a cable, to our audio in: the true round trip, and whether the driver reports it rightly.

    \b
    sideman calibrate audio
    sideman calibrate audio --audio-out 3 --audio-in 2
    sideman calibrate audio --audio-out system:playback_3 --plot loop.png
    """
    from bridge.calibrate.calibration import audio_loop
    from bridge.calibrate.loopback import Wiring
    from bridge.calibrate.programmes import audio_programme

    def measure(loop: Loopback) -> tuple[Measured, Take]:
        programme, at = audio_programme(loop.rate, repeats, level)
        take = _run(loop, programme, as_json)
        return audio_loop(take, at, loop.period, level), take

    _session("audio", Wiring(audio_out, audio_in), system, device, measure, as_json, plot)


@command.command()
@click.option("--out", required=True, metavar="PORT", help="MIDI port of the synth: in full, or a part of its name.")
@click.option("--audio-in", **_FIRST, help="Where the synth's sound comes in.")
@click.option("--reference", **_CHANNEL, help="A second input, with a cable from our audio output: measures the "
                                                 "round trip at the same time.")
@click.option("--audio-out", **_FIRST, help="For --reference.")
@_round_trip
@click.option("--channel", type=click.IntRange(1, 16), default=1, show_default=True, help="MIDI channel.")
@click.option("--note", type=click.IntRange(0, 127), default=60, show_default=True, help="MIDI note number.")
@click.option("--velocity", type=click.IntRange(1, 127), default=100, show_default=True)
@click.option("--repeats", type=click.IntRange(10, 200), default=25, show_default=True)
@click.option("--level", type=_LEVELS, default=-18.0, show_default=True, help="Of the reference's sweeps, peak dBFS.")
@_writing
@click.option("--track", metavar="NAME", help="The track to write it to.")
@_shared
def synth(out: str, audio_in: str | int, reference: str | int | None, audio_out: str | int, round_trip: float | None,
          channel: int, note: int, velocity: int, repeats: int, level: float, write: Path | None, track: str | None,
          system: str | None, device: str | None, as_json: bool, plot: Path | None) -> None:
    """Notes to a synth on a MIDI port, its sound back into our input: the track's offset_ms.

    \b
    sideman calibrate synth --out "MIDI 1" --audio-in 2
    sideman calibrate synth --out "MIDI 1" --round-trip 11.43 --write my.toml --track bass
    sideman calibrate synth --out fluidsynth --audio-in fluidsynth:left     a program on JACK: no cable
    """
    from bridge.calibrate.calibration import synth_delay
    from bridge.calibrate.loopback import Wiring
    from bridge.calibrate.programmes import synth_programme

    if reference is not None and round_trip is not None:
        raise click.UsageError("--reference measures what --round-trip gives: leave one out")
    if write is not None and track is None:
        raise click.UsageError("--write needs --track NAME")
    entry = _track_entry(write, track)
    sweeps = None if reference is None else level

    def measure(loop: Loopback) -> tuple[Measured, Take]:
        programme, at = synth_programme(loop.rate, repeats, channel=channel, note=note, velocity=velocity,
                                        level_dbfs=sweeps)
        take = _run(loop, programme, as_json)
        return synth_delay(take, at, loop.period, level_dbfs=sweeps, round_trip_ms=round_trip), take

    wiring = Wiring(None if reference is None else audio_out, audio_in, reference, midi_out=out)
    _session("synth", wiring, system, device, measure, as_json, plot, write, track or "",
             entry)


@command.command()
@click.option("--out", required=True, metavar="PORT", help="MIDI output: in full, or a part of its name.")
@click.option("--in", "into", required=True, metavar="PORT", help="MIDI input, at the other end of the cable.")
@click.option("--out-ms", type=click.FloatRange(0.0, 1000.0), metavar="MS",
              help="The output's part of the round trip, if it is known (default: half).")
@click.option("--repeats", type=click.IntRange(20, 2000), default=150, show_default=True,
              help="Of notes, and of clock bytes.")
@click.option("--entry", type=click.IntRange(1, 16), default=1, show_default=True,
              help="Which [[clock.out]] and [[clock.in]] to write to.")
@_writing
@_shared
def midi(out: str, into: str, out_ms: float | None, repeats: int, entry: int, write: Path | None, system: str | None,
         device: str | None, as_json: bool, plot: Path | None) -> None:
    """Our MIDI out, by a cable, to our MIDI in: round trip and jitter of notes and of clock bytes.

    A loop shows the sum of the way out and the way in: each counts as half, unless --out-ms says otherwise.

    \b
    sideman calibrate midi --out "MIDI 1" --in "MIDI 1"
    sideman calibrate midi --out IAC --in IAC --json | jq .series
    """
    from bridge.calibrate.loopback import Wiring
    from bridge.calibrate.midi_loop import midi_loop
    from bridge.calibrate.programmes import midi_programme

    def measure(loop: Loopback) -> tuple[Measured, Take]:
        take = _run(loop, midi_programme(loop.rate, repeats), as_json)
        return midi_loop(take, loop.period, out_ms), take

    _session("midi", Wiring(midi_out=out, midi_in=into), system, device, measure, as_json, plot, write, entry=entry - 1)


@command.command()
@click.option("--in", "into", metavar="PORT", default="", help="The MIDI port that the DAW sends its clock by "
                                                               "(default: open one, for you to connect).")
@click.option("--audio-in", **_FIRST, help="Where the DAW's metronome comes in.")
@_round_trip
@click.option("--beats", type=click.IntRange(10, 500), default=32, show_default=True, help="How many to listen to.")
@click.option("--entry", type=click.IntRange(1, 8), default=1, show_default=True, help="Which [[clock.in]] to write.")
@_writing
@_shared
def clock(into: str, audio_in: str | int, round_trip: float | None, beats: int, entry: int, write: Path | None,
          system: str | None, device: str | None, as_json: bool, plot: Path | None) -> None:
    """A DAW's MIDI clock against its own metronome: the clock input's offset_ms.

    Turn the DAW's metronome on (any click on the beats does) and let it play while this listens.

    \b
    sideman calibrate clock --in reaper --audio-in reaper:out1
    sideman calibrate clock --in "IAC Bus 1" --audio-in 2 --round-trip 11.43 --write my.toml
    """
    from bridge.calibrate.clock_offset import clock_offset
    from bridge.calibrate.loopback import Wiring

    def measure(loop: Loopback) -> tuple[Measured, Take]:
        take = _listen(loop, beats, as_json)
        return clock_offset(take, loop.period, round_trip), take

    wiring = Wiring(audio_in=audio_in, midi_in=into)
    _session("clock", wiring, system, device, measure, as_json, plot, write, entry=entry - 1)


# --- measuring


def _session(what: str, wiring: Wiring, system: str | None, device: str | None,
             measure: Callable[[Loopback], tuple[Measured, Take]], as_json: bool, plot: Path | None,
             write: Path | None = None, track: str = "", entry: int = 0) -> None:
    """Open, measure, tell, draw, write. Exit status 1 where there is nothing to trust."""
    from bridge import session_edit
    from bridge.calibrate import report
    from bridge.calibrate.loopback import open_loopback
    from bridge.errors import CalibrationError

    if plot is not None:
        from bridge.calibrate import plot as calibration_plot

        calibration_plot.require()
    if write is not None:  # before anything is measured: a file that cannot be edited says so now
        text = session_edit.read(write)
        for place in report.places(what, entry):
            text = session_edit.edited(text, str(write), place, 0.0)
    loop = open_loopback(wiring, system, device)
    try:
        with loop:
            if not as_json:
                for line in (loop.name, *loop.ports):
                    click.echo(line, err=True)
            measured, take = measure(loop)
    except CalibrationError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"trusted": False, "doubt": str(error), "source": loop.name, "ports": loop.ports,
                               "settings": []}))
        raise SystemExit(1) from None
    settings = report.settings(measured, track, entry)
    written = ""
    if write is not None and settings:
        backup = session_edit.write(write, [(each.place, each.offset_ms) for each in settings])
        written = f"Written to {write}; as it was before: {backup}"
    if as_json:
        head = {"source": loop.name, "ports": loop.ports, "gaps": len(take.gaps)}
        click.echo(json.dumps(head | report.as_dict(measured, settings)))
    else:
        from bridge.calibrate import screen as calibration_screen

        calibration_screen.show(measured, take, [each.lines for each in settings], written)
    if plot is not None:
        calibration_plot.save(plot, measured, take, loop.name)
        if not as_json:
            click.echo(f"Picture: {plot}")
    if measured.doubt:
        raise SystemExit(1)


def _run(loop: Loopback, programme: Programme, quiet: bool) -> Take:
    """Play a programme to its end, with a bar."""
    from bridge.errors import CalibrationError

    loop.play(programme)
    with _bar(quiet) as bar:
        task = bar.add_task("Measuring", total=programme.frames)
        while not loop.tape.done and not loop.tape.howled:
            if loop.lost is not None:
                raise CalibrationError(f"the device went away while measuring: {loop.lost}")
            time.sleep(_POLL_S)
            bar.update(task, completed=loop.tape.position)
    return loop.take()


def _listen(loop: Loopback, beats: int, quiet: bool) -> Take:
    """Record until so many beats of a clock have gone by, with a bar."""
    from bridge.calibrate.clock_offset import Progress
    from bridge.calibrate.tape import Programme
    from bridge.errors import CalibrationError

    # At 20 BPM a beat takes 3 s; the recording ends long before, as a rule.
    loop.play(Programme(round((_CLOCK_WAIT_S + 3.0 * (beats + 3)) * loop.rate)))
    progress, fed = Progress(loop.rate), 0
    give_up = time.monotonic() + _CLOCK_WAIT_S
    with _bar(quiet) as bar:
        task = bar.add_task("Press play in the DAW", total=beats)
        while progress.beats < beats and not loop.tape.done:
            if loop.lost is not None:
                raise CalibrationError(f"the device went away while measuring: {loop.lost}")
            time.sleep(_POLL_S)
            heard = loop.tape.heard[fed:]
            fed += len(heard)
            progress.feed(heard)
            if heard:
                give_up = time.monotonic() + 5.0 if progress.started else give_up
            if time.monotonic() > give_up:
                break
            what = "Press play in the DAW"
            if progress.started:
                what = "Listening"
            elif progress.clocks > 24:
                what = "Clock comes, but no Start: press stop in the DAW, then play"
            bar.update(task, completed=progress.beats, description=what)
        time.sleep(0.3)  # the last click
    return loop.take()


def _bar(quiet: bool) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=quiet or not console.is_terminal, refresh_per_second=8)


def _track_entry(path: Path | None, track: str | None) -> int:
    from bridge.session_edit import read, track_place

    return 0 if path is None or track is None else track_place(read(path), str(path), track).entry
