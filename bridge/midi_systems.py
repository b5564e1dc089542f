"""Which MIDI systems there are outside JACK-Client, what ports they offer, and which port a name means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bridge.errors import DeviceError, PortError


def find_port(pattern: str, names: Sequence[str], what: str) -> str:
    """The one port that is meant: its exact name, else the only one that contains the pattern (in any case).

    what  for the message: "MIDI output port". Raises PortError that lists what there is.
    """
    if pattern in names:
        return pattern
    hits = [name for name in names if pattern.lower() in name.lower()]
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise PortError(f"{what} {pattern!r} is not clear: it fits {', '.join(map(repr, hits))}; give the full name")
    there = ", ".join(map(repr, names)) if names else "none"
    raise PortError(f"{what} {pattern!r} does not exist. There are: {there}")


class MidiApi(NamedTuple):
    """A MIDI system that python-rtmidi was built for.

    number   rtmidi's own
    name     "alsa", "jack", "core", "winmm"
    label    for people
    trouble  why it does not answer; "" if it does
    """

    number: int
    name: str
    label: str
    trouble: str


def midi_apis() -> list[MidiApi]:
    """All that are compiled in, the preferred first. Blocks for some ms. DeviceError without python-rtmidi."""
    rtmidi = rtmidi_module()
    apis = []
    for number in rtmidi.get_compiled_api():
        label = rtmidi.get_api_display_name(number)
        apis.append(MidiApi(number, rtmidi.get_api_name(number), label, _probe(rtmidi, number)))
    return apis


def choose_api(name: str | None = None) -> MidiApi:
    """The first MIDI system that answers, or the one named. Raises DeviceError that says why not and what helps."""
    apis = [api for api in midi_apis() if name is None or api.name == name]
    for api in apis:
        if not api.trouble:
            return api
    if not apis:
        raise DeviceError(f"MIDI system {name!r} is not known here: {', '.join(api.name for api in midi_apis())}")
    raise DeviceError("no MIDI: " + "; ".join(f"{api.label}: {api.trouble}" for api in apis))


class PortNames(NamedTuple):
    """Ports of other programs and devices: those that we can send to, and those that we can receive from."""

    outputs: list[str]
    inputs: list[str]


def list_ports(api: MidiApi) -> PortNames:
    """What a MIDI system that answers offers. Blocks for some ms."""
    rtmidi = rtmidi_module()
    out, inn = rtmidi.MidiOut(api.number, name="Sideman look"), rtmidi.MidiIn(api.number, name="Sideman look")
    try:
        return PortNames(list(out.get_ports()), list(inn.get_ports()))
    finally:
        out.delete()
        inn.delete()


def rtmidi_module() -> Any:
    """The rtmidi module. Raises DeviceError that says what to install."""
    try:
        import rtmidi
    except ImportError as error:
        raise DeviceError("the Python package python-rtmidi is missing: pip install python-rtmidi") from error
    return rtmidi


def _probe(rtmidi: Any, number: int) -> str:
    """Why an API does not answer; "" if it does. Looks before it leaps: the C libraries print when they fail."""
    if number == rtmidi.API_LINUX_ALSA and not Path("/dev/snd/seq").exists():
        return "there is no /dev/snd/seq: load the kernel's sequencer (modprobe snd-seq), or use JACK"
    if number == rtmidi.API_UNIX_JACK:
        try:
            from bridge.jack_client import close_client, open_client

            close_client(open_client("sideman-look"))
        except DeviceError as error:
            return str(error)
    try:
        rtmidi.MidiOut(number, name="Sideman look").delete()
    except rtmidi.RtMidiError as error:
        return str(error)
    return ""
