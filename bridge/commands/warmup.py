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

    The compiled code is kept beside the package, or where that cannot be written, in your cache folder; the environment
    variable NUMBA_CACHE_DIR names another. `sideman doctor` says which it is.
    """
    from rich.console import Console
    from rich.progress import Progress

    from instruments.warmup import SHARES, warm_up

    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("compiling the synth", total=sum(SHARES))
        seconds = warm_up(lambda _name, share: bar.advance(task, share))
    click.echo(f"ready after {seconds:.1f} s")
