"""sideman effects"""

from __future__ import annotations

import json
from typing import Any

import click

from bridge.errors import InstrumentError
from instruments.effects.registry import EffectInfo, effect_names, effects
from instruments.parameter import Choice, Parameter


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(name: str | None, as_json: bool) -> None:
    """List the effects, built in and of others; with NAME, its parameters.

    \b
    sideman effects
    sideman effects compressor
    In a session:  effects = [{ effect = "compressor", params = { threshold_db = -20 } }]
    """
    found = effects()
    if name is not None:
        found = [info for info in found if info.name == name][:1]
        if not found:
            raise InstrumentError(f"effect {name!r} is not known: choose one of {', '.join(effect_names())}")
    if as_json:
        rows = [_as_data(info) for info in found]
        click.echo(json.dumps(rows if name is None else rows[0], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    headings = ("Effect", "From", "What it is") if name is None else ("Parameter", "From", "To", "Default", "Unit")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in ("From", "To", "Default") and name else "left")
    if name is None:
        for info in found:
            table.add_row(info.name, info.source, info.problem or info.description)
    else:
        for word, rule in (found[0].parameters or {}).items():
            if isinstance(rule, Parameter):
                table.add_row(word, f"{rule.low:g}", f"{rule.high:g}", f"{rule.default:g}", rule.unit)
            else:
                table.add_row(word, "", "", rule.default, ", ".join(rule.words))
    console = Console()
    if name is not None:
        console.print(f"{name} ({found[0].source}): {found[0].problem or found[0].description}", soft_wrap=True)
    console.print(table)


def _as_data(info: EffectInfo) -> dict[str, Any]:
    def rule(given: Parameter | Choice) -> dict[str, Any]:
        if isinstance(given, Choice):
            return {"words": list(given.words), "default": given.default}
        return {"unit": given.unit, "low": given.low, "high": given.high, "default": given.default,
                "whole": given.whole, "log": given.log}

    return {"name": info.name, "source": info.source, "description": info.description, "problem": info.problem,
            "parameters": {word: rule(r) for word, r in (info.parameters or {}).items()}}
