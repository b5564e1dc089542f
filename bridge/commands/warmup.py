"""sideman warmup"""

from __future__ import annotations

import click


@click.command()
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(quiet: bool) -> None:
    """Compile the synth now, so that the first start is as fast as every other.

    \b
    sideman warmup           after an install or an update: up to a minute; nothing to do, and it takes a second
    sideman warmup --quiet   in a script or an image's build

    The compiled code is kept beside the package, or where that cannot be written, in your cache folder, which takes
    over what was compiled at the install; the environment variable NUMBA_CACHE_DIR names another. `sideman doctor`
    says which it is.
    """
    click.echo(f"ready after {warm_up_with_bar(quiet):.1f} s")


def warm_up_with_bar(quiet: bool = False) -> float:
    """Load the synth, for a command that renders; where it must be compiled, with a bar. Returns seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from instruments.warmup import warm_up

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
               TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
    task = bar.add_task("compiling the synth, once on this machine", total=100)

    def tell(percent: int, compiling: bool) -> None:
        if compiling:
            bar.start()
        bar.update(task, completed=percent)

    try:
        return warm_up(tell)
    finally:
        if bar.live.is_started:
            bar.stop()
