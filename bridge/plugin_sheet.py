"""What is known of a plug-in, for people and for programs: `sideman plugins info`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bridge.errors import InstrumentError
from instruments.hosts.parameter_units import plain_name
from instruments.plugins.catalogue import Entry, ParameterInfo
from instruments.plugins.files import preset_files
from instruments.plugins.hosts import HOSTS, choose_host, installed
from instruments.plugins.scan import find

if TYPE_CHECKING:
    from rich.table import Table

_RATE = 48_000
_WRAPPERS = {"buffer_size", "sample_rate", "current_program", "bypass", "program", "enabled"}
"""What frameworks (DPF, JUCE) add to a plug-in's own parameters: no good examples."""


def as_data(entry: Entry) -> dict[str, Any]:
    """As JSON has it."""
    return {**_fields(entry), "parameters": [_fields(p) for p in entry.parameters],
            "presets": [str(path) for path in preset_files(entry.vendor, entry.name)], "session": session_line(entry)}


def _fields(struct: Entry | ParameterInfo) -> dict[str, Any]:
    """All of them, unlike what is written to the catalogue, which leaves out what is as usual."""
    return {field: getattr(struct, field) for field in struct.__struct_fields__}


def session_line(entry: Entry) -> str:
    """What to paste into a session: of an effect into a track, of an instrument, too."""
    name = json.dumps(shortest_name(entry), ensure_ascii=False)
    params = _example(entry.parameters)
    if entry.kind == "instrument":
        return f"plugin = {{ name = {name}{params} }}" if params else f"plugin = {name}"
    return f"effects = [{{ plugin = {name}{params} }}]"


def shortest_name(entry: Entry) -> str:
    """By which `find` finds just this one: its name, with its format, its URI, its path."""
    for name in (entry.name, f"{entry.format}:{entry.name}", *([entry.which] if entry.which else [])):
        try:
            found = find(name, broken_ok=True)
        except InstrumentError:
            continue
        if (str(found.path), found.which) == entry.key:
            return name
    return entry.path


def show(entry: Entry) -> None:
    """Print it."""
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    by = f" by {entry.vendor}" if entry.vendor else ""
    version = f" {entry.version}" if entry.version else ""
    console.print(f"[bold]{escape(entry.name)}[/]{escape(version + by)}", highlight=False)
    for label, text in _facts(entry):
        console.print(f"  {label:<11}{escape(text)}", soft_wrap=True, highlight=False)
    if entry.trouble is None and entry.host:
        console.print()
        if entry.parameters:
            console.print(_table(entry.parameters))
        console.print("\nIn a session, under a \\[\\[tracks]]:", highlight=False)
        console.print(f"  {escape(session_line(entry))}", soft_wrap=True, highlight=False)


def _facts(entry: Entry) -> list[tuple[str, str]]:
    facts = [("format", f"{entry.format}, {entry.path}")]
    if entry.which:
        facts.append(("URI", entry.which))
    if entry.trouble is not None:
        return [*facts, ("trouble", f"it {entry.reason}; it is left alone until it changes. To try it again: sideman "
                                    f"plugins forget {json.dumps(entry.name, ensure_ascii=False)}")]
    if not entry.host:
        return [*facts, ("host", _no_host(entry.format))]
    channels = "" if entry.inputs is None else f", {entry.inputs} in, {entry.outputs} out"
    more = (", side-chain" if entry.side_chain else "") + (", sends MIDI" if entry.midi_out else "")
    facts.append(("kind", f"{entry.kind}{channels}{more}"))
    facts.append(("latency", f"{entry.latency_frames} frames ({1000 * entry.latency_frames / _RATE:.1f} ms at 48 kHz)"))
    facts.append(("loads in", f"{entry.load_s:.2f} s"))
    facts.append(("host", _host(entry)))
    if entry.programs:
        shown = ", ".join(entry.programs[:12]) + (", ..." if len(entry.programs) > 12 else "")
        facts.append(("programs", f"{len(entry.programs)}: {shown}"))
    presets = preset_files(entry.vendor, entry.name)
    if presets:
        shown = ", ".join(path.stem for path in presets[:12]) + (", ..." if len(presets) > 12 else "")
        facts.append(("presets", f"{len(presets)} in {presets[0].parent}: {shown}"))
    return facts


def _host(entry: Entry) -> str:
    traits = HOSTS.get(entry.host)
    if traits is None:
        return f"{entry.host}, which is no more: sideman plugins scan"
    others = [name for name, t in HOSTS.items() if entry.format in t.formats and name != entry.host]
    also = f"; also possible: {', '.join(map(_way_to, others))}" if others else ""
    if not traits.live:
        return f"{entry.host}, in bounces only{also}"
    return f"{entry.host}, which {'gives it tempo' if traits.tempo else 'gives it no tempo: use sync'}{also}"


def _way_to(host: str) -> str:
    """A host, and what it takes to have it."""
    traits = HOSTS[host]
    if not installed(host):
        return f"{host} (not installed: {traits.install})"
    if traits.opt_in:
        return f"{host} (host = \"{host}\", or {traits.opt_in}=1)"
    return host if traits.live else f"{host} (in bounces)"


def _no_host(format_name: str) -> str:
    """Why it cannot be played live, with the remedy, if it still cannot."""
    try:
        return f"{choose_host(format_name)}, since the last scan: sideman plugins scan"
    except InstrumentError as error:
        return str(error)


def _table(parameters: tuple[ParameterInfo, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Parameter", "From", "To", "Default", "Unit", "Values"):
        table.add_column(heading, justify="left" if heading in ("Parameter", "Unit") else "right", overflow="fold")
    for p in parameters:
        table.add_row(escape(plain_name(p.name) or p.name), *(escape(_shown(v)) for v in (p.low, p.high, p.default)),
                      escape(p.unit), str(p.steps) if 0 < p.steps < 1000 else "")
    return table


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _example(parameters: tuple[ParameterInfo, ...]) -> str:
    """One parameter at its default, best one with a unit; "" where it has none."""
    named = [p for p in parameters if plain_name(p.name) and plain_name(p.name) not in _WRAPPERS]
    for p in sorted(named, key=lambda p: (isinstance(p.default, str), not p.unit)):
        value = json.dumps(p.default, ensure_ascii=False) if isinstance(p.default, str) else f"{p.default:g}"
        return f", params = {{ {plain_name(p.name)} = {value} }}"
    return ""
