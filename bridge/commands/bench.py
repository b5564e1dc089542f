"""sideman bench"""

from __future__ import annotations

import json
from typing import Any

import click

from bridge.errors import DeviceError


@click.command()
@click.argument("name", type=click.Choice(["sync", "clock", "startup", "render", "patches", "synth"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--runs", type=click.IntRange(1, 100), default=5, show_default=True,
              help="Runs (startup, render, synth); clock takes 40 seeds a run.")
@click.option("--bars", type=click.IntRange(2, 10_000), default=64, show_default=True, help="Bars (sync, render).")
def command(name: str, as_json: bool, runs: int, bars: int) -> None:
    """Measure one promise on this machine, beside a peer in the same run.

    \b
    sideman bench sync       follow jack_midi_clock over JACK: note errors, stuck and lost notes (needs jackd)
    sideman bench clock      the follower in simulation beside the filters of peers; our clock out over JACK
    sideman bench startup    seconds to the first sound, memory of all processes
    sideman bench render     seconds of sound a second, beside fluidsynth
    sideman bench patches    patches and drum kits beside sampled instruments: distances, what is in its range
    sideman bench synth      what a voice costs, beside Faust and FluidSynth; start; ten minutes at random
    sideman bench sync --json --bars 64
    """
    from bridge.bench.figures import machine

    result: dict[str, Any] = {"bench": name, "machine": machine()}
    match name:
        case "sync":
            from bridge.bench import sync

            result |= {"runs": 1, **sync.run(bars=bars, tell=lambda text: click.echo(text, err=True))}
        case "clock":
            from bridge.bench import clock, clock_jack

            def tell(text: str) -> None:
                click.echo(text, err=True)

            result |= clock.run(runs * 40, tell)
            try:
                result |= clock_jack.run()
            except DeviceError as missing:  # without JACK the simulation still holds
                tell(str(missing))
                result |= {"out_interval_error_ms": None}
        case "startup":
            from bridge.bench import startup

            result |= startup.run(runs)
        case "patches":
            from bridge.bench import patches

            result |= patches.run(tell=lambda text: click.echo(text, err=True))
        case "synth":
            from bridge.bench import synth

            result |= synth.run(runs, tell=lambda text: click.echo(text, err=True))
        case _:
            from bridge.bench import render

            result |= render.run(runs, bars)
    if as_json:
        click.echo(json.dumps(result))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False)
    if name == "patches":
        result = patches.brief(result)
    for key, value in result.items():
        table.add_row(key, json.dumps(value))
    Console().print(table)
