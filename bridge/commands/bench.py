"""sideman bench"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bridge.errors import DeviceError

_LATENESS_S = 6.0
"""Of each of eight cases: enough for a 99th percentile."""


@click.command()
@click.argument("name", type=click.Choice(["sync", "clock", "startup", "render", "patches", "synth", "effects",
                                          "theory", "hosting", "music", "compose", "restyle", "stream", "stream-sync",
                                          "input", "playing", "relay"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--runs", type=click.IntRange(1, 100), default=5, show_default=True,
              help="Runs (startup, render, synth, theory); clock takes 40 seeds a run.")
@click.option("--bars", type=click.IntRange(2, 10_000), default=None,
              help="Bars (sync, render: 64; music: 32).")
@click.option("--minutes", type=click.FloatRange(0.1, 600), default=1.0, show_default=True,
              help="Length of the soak (hosting), of playing in sync (stream, stream-sync), of the flood (input).")
@click.option("--genre", "genres", multiple=True,
              help="Only this genre, several times for several (music, compose; restyle: to these).")
@click.option("--seeds", type=click.IntRange(2, 10_000), default=None,
              help="Pieces of each genre (music: 100; compose: 60), or in all (restyle: 50).")
@click.option("--markdown", is_flag=True, help="Print the tables as Markdown (music, restyle).")
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the tables between their marks in this file, docs/music.md for one (music, restyle).")
@click.option("--choices", is_flag=True, help="Beside other ways to build the server: uvloop, picows (stream).")
@click.option("--clients", type=click.IntRange(1, 2000), default=20, show_default=True,
              help="At the engine's server, and at each relay (relay).")
@click.option("--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the gates (music).")
def command(
    name: str, as_json: bool, runs: int, bars: int | None, minutes: float, genres: tuple[str, ...], seeds: int | None,
    markdown: bool, choices: bool, clients: int, picture: Path | None, into: Path | None,
) -> None:
    """Measure one promise on this machine, beside a peer in the same run.

    \b
    sideman bench sync       follow jack_midi_clock over JACK: note errors, stuck and lost notes (needs jackd)
    sideman bench clock      the follower in simulation beside the filters of peers; our clock out over JACK
    sideman bench startup    seconds to the first sound, memory of all processes
    sideman bench render     seconds of sound a second, beside fluidsynth
    sideman bench patches    patches and drum kits beside sampled instruments: distances, what is in its range
    sideman bench synth      what a voice costs, beside Faust and FluidSynth; start; ten minutes at random
    sideman bench effects    what effects and mixing cost, beside pedalboard; deadlines of a whole engine under load
    sideman bench hosting    plug-ins in processes of their own: round trips, late blocks, crashes, a soak
    sideman bench theory     chords, numerals, progressions, voice leading, imports, beside music21
    sideman bench compose    what composing costs: a melody, a band, a bar after a jump or a change
    sideman bench stream     WebSocket: latency and CPU with 1, 200, 400 clients, beside websockets and a bare socket
    sideman bench input      a key to MIDI through and to the first sample, by JACK; a flood of messages: what is lost
    sideman bench stream-sync --minutes 10     how far apart two clients play, one with a clock 100 ppm off
    sideman bench playing    how well players are understood: chords from what hands do, answers to a phrase
    sideman bench relay      two relays double the audience: what they add, by WebSocket and by NATS
    sideman bench music      is it music: statistics of every genre beside real data's and random music's
    sideman bench restyle    real pieces in other genres: what is kept of them, and whether they come over
    sideman bench sync --json --bars 64

    Keys of `bench clock`: a key is the median over the seeds, KEY_p95 beside it; `peers` has the same of others.

    \b
    tempo_sd_bpm, tempo_bias_bpm    1 ms of one-sided jitter at 120 BPM, after 8 s
    lock_clocks                     clocks until within 1 BPM for good, from an unknown tempo
    settle_s                        120 to 126 BPM: until within 0.2 BPM for good
    phase_median_ms                 late (> 0) or early against the true clock: constant, for the port's offset
    phase_error_ms                  99th percentile around that
    ramp_phase_error_ms             10 BPM a second: 99th percentile, offset and all
    drift_ms                        over a simulated hour
    lost_beats                      beats half a clock off: 5 ms of jitter, 1 % of clocks lost, 1 % doubled
    us_per_clock                    what a clock costs here
    out_interval_error_ms           our clock out over JACK, 128 frames; out_dropped_by_jack apart
    note_error_ms                   our notes against jack_midi_clock's grid, likewise
    lateness_fifo_ms, lateness_ms   MIDI outside JACK, from due to handed over, beside a Python thread that computes,
                                    with SCHED_FIFO and without; lateness_in_process_*, lateness_sleep_*: baselines
    """
    from bridge.bench.figures import machine

    result: dict[str, Any] = {"bench": name, "machine": machine()}
    match name:
        case "sync":
            from bridge.bench import sync

            result |= {"runs": 1, **sync.run(bars=bars or 64, tell=lambda text: click.echo(text, err=True))}
        case "clock":
            result |= _clock(runs)
        case "startup":
            from bridge.bench import startup

            result |= startup.run(runs)
        case "patches":
            from bridge.bench import patches

            result |= patches.run(tell=lambda text: click.echo(text, err=True))
        case "synth":
            from bridge.bench import synth

            result |= synth.run(runs, tell=lambda text: click.echo(text, err=True))
        case "effects":
            from bridge.bench import effects

            result |= effects.run(tell=lambda text: click.echo(text, err=True))
        case "hosting":
            from bridge.bench import hosting

            result |= hosting.run(soak_s=60 * minutes, tell=lambda text: click.echo(text, err=True))
        case "theory":
            from bridge.bench import theory

            result |= theory.run(runs, tell=lambda text: click.echo(text, err=True))
        case "compose":
            from bridge.bench import compose

            result |= compose.run(seeds or 60, genres, tell=lambda text: click.echo(text, err=True))
        case "stream":
            from bridge.bench import stream

            result |= stream.run(choices=choices, tell=lambda text: click.echo(text, err=True), sync_s=60 * minutes)
        case "stream-sync":
            from bridge.bench import stream_sync

            result |= stream_sync.run(60 * minutes, lambda text: click.echo(text, err=True))
        case "input":
            from bridge.bench import input as playing_in

            result |= playing_in.run(60 * minutes, tell=lambda text: click.echo(text, err=True))
        case "playing":
            from bridge.bench import playing

            result |= playing.run()
        case "relay":
            from bridge.bench import relay

            result |= relay.run(clients, tell=lambda text: click.echo(text, err=True))
        case "music":
            result |= _music(genres, seeds or 100, bars or 32)
            if picture is not None:
                from bridge.bench import music_plot

                music_plot.plot(result, picture)
            from bridge.bench import music_report

            if into is not None:
                music_report.write_into(into, result)
            if markdown and not as_json:
                click.echo(music_report.markdown(result))
                return
            if not as_json:
                music_report.show(result)
                return
        case "restyle":
            from bridge.bench import restyle_report

            result |= _restyle(genres, seeds or 50)
            if into is not None:
                restyle_report.write_into(into, result)
            if markdown and not as_json:
                click.echo(restyle_report.markdown(result))
                return
            if not as_json:
                restyle_report.show(result)
                return
        case _:
            from bridge.bench import render

            result |= render.run(runs, bars or 64)
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


def _music(genres: tuple[str, ...], seeds: int, bars: int) -> dict[str, Any]:
    """With a bar of progress where somebody looks."""
    from rich.console import Console
    from rich.progress import Progress

    from bridge.bench import music

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("music", total=music.count(genres, seeds))
        return music.run(genres, seeds, bars, tell=lambda text: bar.console.print(text, highlight=False),
                         advance=lambda: bar.advance(task))  # fmt: skip


def _restyle(genres: tuple[str, ...], pieces: int) -> dict[str, Any]:
    """With a bar of progress where somebody looks."""
    from rich.console import Console
    from rich.progress import Progress

    from bridge.bench import restyle

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("restyle", total=pieces * len(restyle.targets(genres)))
        return restyle.run(genres, pieces, tell=lambda text: bar.console.print(text, highlight=False),
                           advance=lambda: bar.advance(task))  # fmt: skip


def _clock(runs: int) -> dict[str, Any]:
    """Simulation and real programs; what cannot run here is said, is None in the result, and costs nothing else."""
    from bridge.bench import clock, clock_jack, lateness

    def tell(text: str) -> None:
        click.echo(text, err=True)

    result = clock.run(runs * 40, tell)
    parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("out_interval_error_ms", lambda: clock_jack.out(tell=tell)),
        ("note_error_ms", lambda: clock_jack.notes(tell=tell)),
        ("lateness_fifo_ms", lambda: _lateness(lateness.run(_LATENESS_S, tell))),
    ]
    for key, measure in parts:
        try:
            result |= measure()
        except DeviceError as missing:
            tell(f"{key} is not measured: {missing}")
            result[key] = None
    return result


def _lateness(figures: dict[str, Any]) -> dict[str, Any]:
    """All keys told apart from the bench's other ones."""
    return {key if key.startswith("lateness_") else f"lateness_{key}": value for key, value in figures.items()}
