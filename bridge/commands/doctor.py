"""sideman doctor"""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

if TYPE_CHECKING:
    from bridge.ports.midi_systems import MidiApi
    from instruments.plugins.catalogue import Entry

State = Literal["ok", "warning", "missing"]

REQUIRED = (
    "numpy", "numba", "pedalboard", "python-rtmidi", "websockets", "click", "rich", "msgspec",
    "JACK-Client", "sounddevice", "python-osc",
)  # fmt: skip
"""What playing needs: the dependencies of pyproject.toml (a test compares them)."""
PORT = 3000
"""The web page's."""
PRIORITY = 10
"""Of SCHED_FIFO, asked for as a trial; jackd -R runs its clients at 5."""


class Row(NamedTuple):
    """One thing that was looked at.

    required  without it nothing plays: doctor then exits with 1
    """

    name: str
    state: State
    detail: str
    remedy: str = ""
    required: bool = False


def python_row() -> Row:
    version = platform.python_version()
    where = f"{version}, {sys.executable}"
    if sys.version_info[:2] > (3, 12):  # older ones cannot even install the package
        return Row("Python", "warning", where, "3.11 and 3.12 are tested; python-rtmidi has no wheels past 3.12")
    return Row("Python", "ok", where)


def package_rows() -> Iterator[Row]:
    for name in REQUIRED:
        try:
            yield Row(name, "ok", metadata.version(name), required=True)
        except metadata.PackageNotFoundError:
            yield Row(name, "missing", "not installed", f"pip install {name}", required=True)


def midi_rows() -> Iterator[Row]:
    """Which MIDI system is used and why, then each that there is, and whether it answers. None at all is bearable."""
    from bridge.errors import DeviceError
    from bridge.ports.midi_systems import CHOICE, list_ports, midi_apis

    try:
        apis = midi_apis()
    except DeviceError as error:
        yield Row("MIDI", "missing", str(error), "pip install python-rtmidi", required=True)
        return
    wanted = os.environ.get(CHOICE)
    chosen = next((api for api in apis if not api.trouble and api.is_meant(wanted)), None)
    yield _choice(chosen, wanted)
    for api in apis:
        name = f"MIDI: {api.label}"
        reason, _, remedy = api.trouble.partition(": ")
        if not api.trouble:
            names = list_ports(api)
            detail = f"{len(names.outputs)} ports to send to, {len(names.inputs)} to hear"
            yield Row(name, "ok", detail if api == chosen else f"not in use; answers: {detail}")
        elif api.name == "jack":
            yield Row(name, "ok", "not in use: no JACK server (below)")
        else:
            # One that answers is enough: the others are told, not complained of.
            yield Row(name, "ok" if chosen is not None else "warning", f"not in use: {reason}", remedy)
    yield _hot_plug()


def _choice(chosen: MidiApi | None, wanted: str | None) -> Row:
    """What a session's MIDI goes through. With a JACK server that answers it is JACK, whatever else there is."""
    from bridge.ports.midi_systems import CHOICE

    if chosen is not None:
        why = f"{CHOICE}={wanted}" if wanted else "the first that answers"
        other = f"{chosen.label} ({why}), in a process of its own"
    else:
        other = f"{CHOICE}={wanted} does not answer here" if wanted else "no other MIDI system answers"
    if jack_row().detail.startswith("server"):
        return Row("MIDI", "ok", f"JACK by JACK-Client: its server answers. Without it: {other}")
    if chosen is not None:
        return Row("MIDI", "ok", f"{other}; JACK's server does not answer")
    return Row("MIDI", "warning", f"none: JACK's server does not answer, {other}", "see the rows below")


def _hot_plug() -> Row:
    from bridge.ports.midi_systems import libremidi_version

    version = libremidi_version()
    if version is not None:
        return Row("MIDI hot-plug", "ok", f"pylibremidi {version} tells of it at once")
    return Row("MIDI hot-plug", "ok", "ports are looked for once a second; at once by pylibremidi",
               "pip install 'sideman[libremidi]'")


def jack_row() -> Row:
    from bridge.errors import DeviceError

    try:
        from bridge.jack.client import close_client, open_client, server_name

        client = open_client("sideman-doctor")
    except DeviceError as error:
        reason, _, remedy = str(error).partition(": ")
        return Row("JACK", "warning", reason, remedy or "only needed to play by JACK")
    try:
        detail = f"server {server_name(None)!r}, {client.blocksize} frames at {client.samplerate} Hz"
        if client.realtime:
            return Row("JACK", "ok", detail)
        return Row("JACK", "warning", f"{detail}, without real-time scheduling", "start jackd with -R")
    finally:
        close_client(client)


def portaudio_row() -> Row:
    from bridge.audio_io import output_devices
    from bridge.errors import DeviceError

    try:
        devices = output_devices()
    except DeviceError as error:
        reason, _, remedy = str(error).partition(": ")
        return Row("PortAudio", "missing", reason, remedy)
    if not devices:
        return Row("PortAudio", "warning", "no output device", "plug one in, or listen on the web page")
    return Row("PortAudio", "ok", "; ".join(devices))


def key_row() -> Row:
    """From a key of a MIDI keyboard to its sound, on the device that a session would play on."""
    from bridge import key_to_sound
    from bridge.errors import DeviceError

    for name, look in (("JACK", key_to_sound.over_jack), ("audio device", key_to_sound.over_portaudio)):
        try:
            return Row("Key to sound", "ok", f"{name}: {look()}", "a smaller block is faster: `block` of the session, "
                                                                  "or jackd's -p")
        except DeviceError:
            continue
    return Row("Key to sound", "warning", "no audio device: keys are heard on the web page, late",
               "start JACK or plug in a device")


def realtime_row() -> Row:
    """May a thread of ours have SCHED_FIFO? Tried on a thread that ends at once."""
    if not hasattr(os, "sched_setscheduler"):
        return Row("Real time", "ok", f"{platform.system()} gives audio threads their priority itself")
    import resource

    results: list[OSError | None] = []

    def trial() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))  # 0 is the calling thread
            results.append(None)
        except OSError as error:
            results.append(error)

    thread = threading.Thread(target=trial)
    thread.start()
    thread.join()
    priority = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    memory = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    limits = f"rtprio {priority}, memlock {'unlimited' if memory < 0 else f'{memory // 1024} KiB'}"
    if results == [None]:
        return Row("Real time", "ok", f"SCHED_FIFO allowed ({limits})")
    return Row(
        "Real time",
        "warning",
        f"SCHED_FIFO is not allowed ({limits}): expect late blocks of some ms on a busy machine",
        "printf '@audio - rtprio 95\\n@audio - memlock unlimited\\n' | sudo tee /etc/security/limits.d/audio.conf; "
        "sudo usermod -aG audio $USER; then log in anew",
    )


def kernels_row() -> Row:
    """Where compiled kernels are kept, and whether they are there, as far as this can be told without compiling."""
    from instruments.kernel_cache import VARIABLE, find_folder
    from instruments.warmup import KERNELS, load

    folder = find_folder()
    missing = len(load())
    if folder is None:
        detail = "no folder can be written where they would last: they are kept with temporary files"
        return Row("Compiled kernels", "warning", detail, f"set {VARIABLE} to a folder of yours")
    if missing:
        detail = f"{missing} of {len(KERNELS)} are not in {folder}: the next start takes half a minute to compile them"
        return Row("Compiled kernels", "warning", detail, "sideman warmup")
    return Row("Compiled kernels", "ok", f"all {len(KERNELS)} in {folder}")


def fluidsynth_row() -> Row:
    from bridge.errors import InstrumentError
    from instruments.fluidsynth import library, remedy

    try:
        found = library()
    except InstrumentError as error:
        reason = str(error).removesuffix(f": {remedy()}")
        return Row("FluidSynth", "warning", reason, remedy())
    return Row("FluidSynth", "ok", f"{'.'.join(map(str, found.version))} plays SoundFonts ({found.name})")


def fonts_row() -> Row:
    from instruments.soundfont_file import HOW_TO_GET, font_folders, fonts

    found = fonts()
    if not found:
        return Row("SoundFonts", "warning", f"none in {', '.join(map(str, font_folders()[1:]))}", HOW_TO_GET)
    names = [path.name for path in found]
    return Row("SoundFonts", "ok", f"{len(names)}: {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}")


def plugin_rows() -> Iterator[Row]:
    """Plug-ins by format, those that the scan could not load, and which hosts there are to play them."""
    from instruments.plugins.hosts import HOSTS
    from instruments.plugins.hosts import installed as host_is_there
    from instruments.plugins.scan import entry_of, installed, places

    found = list(installed())
    if not found:
        where = ", ".join(map(str, places()))
        yield Row("Plug-ins", "warning", f"none in {where}", "apt-get install zam-plugins (VST3 effects), or your own")
    else:
        entries = [entry_of(plugin) for plugin in found]
        formats = Counter(plugin.format for plugin in found)
        listed = ", ".join(f"{count} {name}" for name, count in sorted(formats.items()))
        unknown = entries.count(None)
        state, detail, remedy = _plugins_state([e for e in entries if e is not None and e.trouble], unknown)
        yield Row("Plug-ins", state, f"{len(found)}: {listed}{detail}", remedy)
    for name, traits in HOSTS.items():
        plays = ", ".join(traits.formats) + ("" if traits.live else " in bounces")
        if host_is_there(name):
            tempo = "" if traits.tempo else "; gives them no tempo"
            yield Row(f"Plug-in host {name}", "ok", f"plays {plays}{tempo}")
        else:
            yield Row(f"Plug-in host {name}", "ok", f"not installed; would play {plays}", traits.install)


def _plugins_state(broken: Sequence[Entry], unknown: int) -> tuple[State, str, str]:
    new = f"; {unknown} not scanned yet" if unknown else ""
    if not broken:
        return "ok", new, "sideman plugins scan" if unknown else ""
    named = ", ".join(f"{e.name} ({e.format}) {e.reason}" for e in broken[:4]) + (", ..." if len(broken) > 4 else "")
    return "warning", f"{new}; left alone: {named}", "install them anew, then sideman plugins forget NAME"


def port_row(port: int = PORT) -> Row:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return Row("Web port", "ok", f"{port} is free")
    except OSError as error:
        detail = f"{port} cannot be had ({error.strerror or error}): the next free one is taken"
        return Row("Web port", "warning", detail, "play --port N to choose one")


def rows() -> Iterator[Row]:
    """Everything, in the order in which it is printed. A look that fails itself is a row too: doctor never crashes."""
    looks: list[tuple[str, Callable[[], Row | Iterator[Row]]]] = [
        ("Python", python_row),
        ("Packages", package_rows),
        ("MIDI", midi_rows),
        ("JACK", jack_row),
        ("PortAudio", portaudio_row),
        ("Key to sound", key_row),
        ("Real time", realtime_row),
        ("Compiled kernels", kernels_row),
        ("FluidSynth", fluidsynth_row),
        ("SoundFonts", fonts_row),
        ("Plug-ins", plugin_rows),
        ("Web port", port_row),
    ]
    for name, look in looks:
        try:
            found = look()
            yield from [found] if isinstance(found, Row) else found
        except Exception as error:
            yield Row(name, "warning", f"could not be looked at: {type(error).__name__}: {error}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(as_json: bool) -> None:
    """Check this machine: what works, what is missing, how to get it.

    Exits with 1 only if something is broken without which nothing plays.

    \b
    sideman doctor
    sideman doctor --json | jq '.checks[] | select(.state != "ok")'
    """
    checks = list(rows())
    broken = [row.name for row in checks if row.required and row.state != "ok"]
    if as_json:
        click.echo(json.dumps({"ok": not broken, "checks": [row._asdict() for row in checks]}, indent=2))
    else:
        _print(checks)
    if broken:
        if not as_json:
            click.echo(f"\nNothing plays without: {', '.join(broken)}", err=True)
        sys.exit(1)


def _print(checks: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"ok": "green", "warning": "yellow", "missing": "red"}
    table = Table(box=None, header_style="bold")
    for heading in ("", "Check", "Found", "What helps"):
        table.add_column(heading, overflow="fold")
    for row in checks:
        table.add_row(Text(row.state, style=styles[row.state]), row.name, Text(row.detail), Text(row.remedy))
    Console().print(table)
