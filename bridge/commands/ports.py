"""sideman ports"""

from __future__ import annotations

import json
from typing import Any

import click

from bridge.errors import DeviceError


def _midi() -> list[dict[str, Any]]:
    """Each MIDI system, by the library that it is used by, with its ports or with why it does not answer."""
    from bridge.ports.midi_systems import MidiApi, list_ports, midi_apis

    best: dict[str, MidiApi] = {}
    for api in midi_apis():
        if api.name not in best or (best[api.name].trouble and not api.trouble):
            best[api.name] = api
    rows: list[dict[str, Any]] = []
    for api in best.values():
        names = None if api.trouble else list_ports(api)
        rows.append(
            {
                "api": api.name,
                "library": api.library,
                "label": api.label,
                "trouble": api.trouble,
                "outputs": names.outputs if names else [],
                "inputs": names.inputs if names else [],
            }
        )
    return rows


def _jack() -> dict[str, Any]:
    """The JACK server's ports, as JackDriver sees them."""
    from bridge.jack.client import close_client, midi_ports, names, open_client, server_name

    client = open_client("sideman-look")
    try:
        senders, receivers = midi_ports(client)
        return {
            "server": server_name(None),
            "rate": client.samplerate,
            "frames": client.blocksize,
            "trouble": "",
            "midi_outputs": receivers,
            "midi_inputs": senders,
            "audio_outputs": names(client, is_audio=True, is_input=True),
            "audio_inputs": names(client, is_audio=True, is_output=True),
        }
    finally:
        close_client(client)


def _or_trouble(look: Any, empty: Any) -> Any:
    try:
        return look()
    except DeviceError as error:
        return empty(str(error))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def command(as_json: bool) -> None:
    """List the MIDI ports of other programs and devices, by system, and the ports of a JACK server.

    A session names a port in full or by a part that fits one port only. "Out" is what Sideman can send to, "in" what
    it can hear: put the DAW's clock under [clock], a track's synth under its port.

    \b
    sideman ports
    sideman ports --json | jq .jack.midi_inputs
    """
    midi = _or_trouble(
        _midi,
        lambda why: [{"api": "", "library": "", "label": "MIDI", "trouble": why, "outputs": [], "inputs": []}],
    )
    jack = _or_trouble(_jack, lambda why: {"trouble": why})
    if as_json:
        click.echo(json.dumps({"midi": midi, "jack": jack}, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for heading in ("System", "Way", "Port"):
        table.add_column(heading, overflow="fold")

    def add(system: str, ways: dict[str, list[str]]) -> None:
        for way, ports in ways.items():
            for port in ports or [""]:
                table.add_row(system, way, Text(port) if port else Text("none", style="dim"))
                system = ""

    # JACK by RtMidi would show JACK's MIDI ports a second time: Sideman uses a client of its own there.
    for row in midi:
        if row["trouble"]:
            if not (row["api"] == "jack" and jack["trouble"]):
                table.add_row(row["label"], "-", Text(row["trouble"], style="yellow"))
        elif row["api"] != "jack":
            add(f"MIDI: {row['label']}", {"out": row["outputs"], "in": row["inputs"]})
    if jack["trouble"]:
        table.add_row("JACK", "-", Text(jack["trouble"], style="yellow"))
    else:
        add(
            f"JACK ({jack['server']})",
            {
                "MIDI out": jack["midi_outputs"],
                "MIDI in": jack["midi_inputs"],
                "audio out": jack["audio_outputs"],
                "audio in": jack["audio_inputs"],
            },
        )
    Console().print(table)
