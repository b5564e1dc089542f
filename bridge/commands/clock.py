"""sideman clock"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bridge.watch.listener import ClockListener
    from bridge.watch.report import Histogram, LogEntry, Report, Tempo
    from bridge.watch.watch import ClockWatch
    from composers.score import Meter

_REFRESH_S = 0.25
_HEIGHT = 4
"""Lines of the histogram."""
_LOG_ROWS = 8
_EIGHTHS = " ▁▂▃▄▅▆▇█"


@click.group()
def command() -> None:
    """Look at MIDI clocks.

    \b
    sideman clock watch            what the master that you connect really sends
    sideman clock watch reaper     what a port sends, by any part of its name
    """


@command.command()
@click.argument("port", required=False)
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Stop after so long (default: at Ctrl-C).")
@click.option("--json", "as_json", is_flag=True, help="At the end print one JSON object, and nothing before.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="At the end draw a picture (PNG, SVG or PDF by its ending). Needs matplotlib.")
@click.option("--bpm", type=click.FloatRange(20, 400), help="What the master is set to, for the drift.")
@click.option("--meter", default="4/4", show_default=True, help="For bars and beats: MIDI clock has none.")
@click.option("--system", type=click.Choice(["jack", "alsa", "core", "winmm"]),
              help="Where the port is (default: JACK if it runs and has the port, else what this machine has).")
def watch(port: str | None, seconds: float | None, as_json: bool, plot: Path | None, bpm: float | None, meter: str,
          system: str | None) -> None:
    """What a MIDI clock master really sends: tempo, jitter, drift, lost clocks, song position and transport.

    PORT is the master's port, in full or a part that fits one only, as `sideman ports` lists it under "in". Without
    it a port opens that you connect the master to. On JACK stamps are exact to the frame; elsewhere an arrival is
    stamped about half a millisecond late, seldom two, which shows as jitter. Ends at Ctrl-C with a summary.

    \b
    sideman clock watch
    sideman clock watch "reaper:MIDI Output 1"
    sideman clock watch IAC --seconds 60 --plot iac.png
    sideman clock watch reaper --seconds 30 --json | jq .drift_ppm
    """
    from bridge.watch.listener import ClockListener
    from bridge.watch.report import as_dict
    from bridge.watch.watch import ClockWatch
    from composers.score import Meter

    bars = Meter.parse(meter)
    if plot is not None:
        from bridge.watch import plot as clock_plot

        clock_plot.require()
    with ClockListener(port, system) as listener:
        clock = ClockWatch(bpm, has_audio_clock=listener.source.audio)
        _watch(listener, clock, seconds, bars, quiet=as_json)
        clock.finish()
        report = clock.report(max(listener.now_ns, clock.heard_ns))
        if plot is not None:
            clock_plot.save(plot, report, clock.grid, bars, listener.source.name)
        if as_json:
            head = {"source": listener.source.name, "stamps": "frames" if listener.source.audio else "arrival"}
            click.echo(json.dumps(head | {"lost": listener.lost} | as_dict(report, bars)))
            return
    from rich.console import Console

    console = Console()
    console.print(_screen(report, bars, listener, log_rows=1000))
    if not report.clocks:
        console.print("No clock has come: does the master send MIDI clock to this port, and is it connected?")
    if plot is not None:
        console.print(f"Picture: {plot}", soft_wrap=True)


def _watch(listener: ClockListener, clock: ClockWatch, seconds: float | None, meter: Meter, *, quiet: bool) -> None:
    """Until the time is up, the port's system is gone, or Ctrl-C; with a live screen where there is a terminal."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    end = None if seconds is None else time.monotonic() + seconds
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal and not quiet else None
    try:
        if live is not None:
            live.start()
        elif not quiet:
            click.echo(f"Watching {listener.source.name}", err=True)
        drawn = took = 0.0
        while listener.lost is None and (end is None or time.monotonic() < end):
            left = _REFRESH_S if end is None else min(_REFRESH_S, max(0.0, end - time.monotonic()))
            for heard in listener.take(left):
                if heard.data:
                    clock.feed(heard.ns, heard.data, heard.machine_ns)
                else:
                    clock.gap()
            now = time.monotonic()
            # After hours a report takes longer; it may take a tenth of the time.
            if live is not None and now - drawn >= max(_REFRESH_S, 10.0 * took):
                live.update(_screen(clock.report(max(listener.now_ns, clock.heard_ns)), meter, listener), refresh=True)
                drawn, took = now, time.monotonic() - now
    except KeyboardInterrupt:
        pass  # the way to end it
    finally:
        if live is not None:
            live.stop()


def _screen(report: Report, meter: Meter, listener: ClockListener, log_rows: int = _LOG_ROWS) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from bridge.watch.report import position

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()

    def row(name: str, text: str, style: str = "") -> None:
        table.add_row(name, Text(text, style))

    row("port", listener.source.name)
    if listener.lost:
        row("", listener.lost, "red")
    elif listener.missing:
        row("", "the port has gone; it is connected again when it comes back", "yellow")
    row("watched", f"{report.seconds:.1f} s, {report.clocks} clocks")
    silent = report.silent_s is not None and report.silent_s > 1.0
    now = "none" if report.bpm_now is None else f"{report.bpm_now:.2f}"
    beats = " ".join(f"{bpm:.2f}" for bpm in report.bpm_beats)
    spread = "" if report.bpm_min is None else f"   min {report.bpm_min:.2f}  max {report.bpm_max:.2f}"
    pause = f"   no clock for {report.silent_s:.0f} s" if silent else ""
    row("BPM", f"{now}   last beats {beats or 'none'}{spread}{pause}", "bold yellow" if silent else "bold")
    for tempo in report.tempos[-4:]:
        row("steady" if tempo is report.tempos[-4:][0] else "", _steady(tempo))
    if report.jitter_p50_ms is not None:
        row("jitter", f"p50 {report.jitter_p50_ms:.3f} ms  p99 {report.jitter_p99_ms:.3f} ms  "
                      f"max {report.jitter_max_ms:.3f} ms")
    if report.histogram is not None:
        table.add_row("", _bars(report.histogram))
    faults = report.dropped + report.doubled + report.bunched
    row("clocks", f"{report.dropped} dropped  {report.doubled} doubled  {report.bunched} bunched  "
                  f"{report.pauses} pauses", "yellow" if faults else "")
    if report.cuts:
        row("", f"{report.cuts} times messages may have been lost on our side (not counted above)", "yellow")
    row("position", f"{position(report.position_tick, meter)}  {report.state}  "
                    f"(bar:beat:sixteenth in {meter.beats}/{meter.unit})")
    if report.others or report.stray_bytes:
        stray = {"stray bytes": report.stray_bytes} if report.stray_bytes else {}
        row("others", ", ".join(f"{count} {name}" for name, count in (report.others | stray).items()))
    entries = report.log[-log_rows:]
    for number, entry in enumerate(entries):
        row("log" if number == 0 else "", _logged(entry, report, meter))
    return Group(table)


def _steady(tempo: Tempo) -> str:
    seconds = (tempo.end_ns - tempo.start_ns) / 1e9
    text = f"{tempo.bpm:.4f} ± {tempo.error_bpm:.4f} BPM over {seconds:.1f} s"
    if tempo.drift_ppm is not None:
        text += (f"   drift {tempo.drift_ppm:+.1f} ± {tempo.drift_error_ppm:.1f} ppm of {tempo.nominal_bpm:g} "
                 "by this machine's clock")
    if tempo.audio_drift_ppm is not None:
        text += f", {tempo.audio_drift_ppm:+.1f} by the sound card's"
    return text


def _logged(entry: LogEntry, report: Report, meter: Meter) -> str:
    from bridge.watch.report import position

    first = "" if entry.first_clock_ms is None else f"first clock {entry.first_clock_ms:.2f} ms later"
    at_s = (entry.ns - report.start_ns) / 1e9
    return f"{at_s:9.3f} s  {entry.kind:<13}  {position(entry.tick, meter):>9}  {entry.detail or first}".rstrip()


def _bars(spread: Histogram) -> Any:
    """The histogram in eighths of a line; what has been at all is seen."""
    from rich.text import Text

    most = max(spread.counts) or 1
    eighths = [max(1, round(count / most * _HEIGHT * 8)) if count else 0 for count in spread.counts]
    lines = []
    for level in reversed(range(_HEIGHT)):
        lines.append("".join(_EIGHTHS[min(8, max(0, height - 8 * level))] for height in eighths))
    width = len(spread.counts)
    left, right = f"-{spread.range_ms:g}", f"+{spread.range_ms:g} ms"
    axis = left + "0".center(width - 2 * len(left)) + right
    text = Text("\n".join(lines), "cyan")
    text.append(f"\n{axis}", "dim")
    if spread.below or spread.above:
        text.append(f"   {spread.below} below, {spread.above} above", "yellow")
    return text
