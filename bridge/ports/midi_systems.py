"""Which MIDI systems there are outside JACK-Client, by which library each is reached, and which port a name means."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bridge.errors import DeviceError, PortError
from bridge.ports.midi_port_system import PortNames, PortObserver, PortSystem

CHOICE = "SIDEMAN_MIDI"
"""Environment variable: the MIDI system to use, as for choose_api()."""
RTMIDI, LIBREMIDI = "rtmidi", "libremidi"


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
    """A MIDI system that a library offers.

    library  "rtmidi" (python-rtmidi) or "libremidi" (pylibremidi)
    name     "alsa", "jack", "core", "winmm", "pipewire": the same by either library
    label    for people: "ALSA by python-rtmidi"
    trouble  why it does not answer; "" if it does
    number   rtmidi's own
    """

    library: str
    name: str
    label: str
    trouble: str
    number: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.library}:{self.name}"

    def is_meant(self, wanted: str | None) -> bool:
        """wanted: as for choose_api()."""
        return _meant(wanted, self.library, self.name)


def midi_apis() -> list[MidiApi]:
    """All that there are, the preferred first: python-rtmidi names our client and is tried on the most machines.

    Blocks for some 0.1 s: each is opened. Raises DeviceError where there is neither library.
    """
    return list(_probed(None))


def choose_api(name: str | None = None) -> MidiApi:
    """The first MIDI system that answers, or the one named: "alsa", "libremidi:alsa", "libremidi".

    name None: the environment's SIDEMAN_MIDI, if that is set. Raises DeviceError that says why not and what helps.
    """
    name = name or os.environ.get(CHOICE) or None
    tried = []
    for api in _probed(name):
        if not api.trouble:
            return api
        tried.append(api)
    if not tried:
        there = ", ".join(api.full_name for api in midi_apis())
        raise DeviceError(f"MIDI system {name!r} is not known here: {there}{_libremidi_hint(name)}")
    raise DeviceError("no MIDI: " + "; ".join(f"{api.label}: {api.trouble}" for api in tried))


def open_system(api: MidiApi, client: str = "Sideman") -> PortSystem:
    """The ports of a system that answers. client: our name, where the system has clients."""
    if api.library == LIBREMIDI:
        from bridge.ports.libremidi_ports import LibreMidiSystem

        return LibreMidiSystem(api.name, client)
    from bridge.ports.rtmidi_ports import RtMidiSystem

    return RtMidiSystem(api.number, api.label, client)


def open_ears(api: MidiApi, client: str = "Sideman") -> PortSystem | None:
    """pylibremidi for the inputs, where it is installed and knows when the driver had a message; None elsewhere."""
    from bridge.ports.libremidi_ports import DRIVER_STAMPS, LibreMidiSystem, libremidi_systems

    try:
        if api.library != LIBREMIDI and api.name in DRIVER_STAMPS and api.name in libremidi_systems():
            return LibreMidiSystem(api.name, client)
    except DeviceError:
        pass  # not installed
    return None


def open_observer(api: MidiApi) -> PortObserver | None:
    """Who tells when ports come and go on a system that answers, by pylibremidi; None without it."""
    from bridge.ports.libremidi_ports import LibreMidiObserver, libremidi_systems

    try:
        return LibreMidiObserver(api.name) if api.name in libremidi_systems() else None
    except DeviceError:
        return None


def names_library(wanted: str | None) -> bool:
    """Does `wanted`, as for choose_api(), or else the environment, insist on one of the libraries?"""
    return (wanted or os.environ.get(CHOICE) or "").partition(":")[0] in (RTMIDI, LIBREMIDI)


def list_ports(api: MidiApi) -> PortNames:
    """What a MIDI system that answers offers. Blocks for some ms."""
    system = open_system(api)
    try:
        return system.names()
    finally:
        system.close()


def libremidi_version() -> str | None:
    """pylibremidi's, or None where it is not installed."""
    from bridge.ports.libremidi_ports import libremidi_module

    try:
        return str(libremidi_module().get_version())
    except DeviceError:
        return None


def _probed(wanted: str | None) -> Iterator[MidiApi]:
    """Each system that is meant, opened only when it is asked for: most are never tried."""
    missing = []
    for probe in (_rtmidi_apis, _libremidi_apis):
        try:
            yield from probe(wanted)
        except DeviceError as error:
            missing.append(str(error))
    if len(missing) == 2:
        raise DeviceError(missing[0])


def _meant(wanted: str | None, library: str, name: str) -> bool:
    return not wanted or wanted in (library, name, f"{library}:{name}")


def _rtmidi_apis(wanted: str | None) -> Iterator[MidiApi]:
    from bridge.ports.rtmidi_ports import LIBRARY, rtmidi_module

    rtmidi = rtmidi_module()
    for number in rtmidi.get_compiled_api():
        name = rtmidi.get_api_name(number)
        if _meant(wanted, RTMIDI, name):
            label = f"{rtmidi.get_api_display_name(number)} by {LIBRARY}"
            yield MidiApi(RTMIDI, name, label, _rtmidi_trouble(rtmidi, number), number)


def _rtmidi_trouble(rtmidi: Any, number: int) -> str:
    """Why an API does not answer; "" if it does. Looks before it leaps: the C libraries print when they fail."""
    from bridge.ports.rtmidi_ports import rtmidi_trouble

    if number == rtmidi.API_LINUX_ALSA and not Path("/dev/snd/seq").exists():
        return "there is no /dev/snd/seq: load the kernel's sequencer (modprobe snd-seq), or use JACK"
    if number == rtmidi.API_UNIX_JACK and (trouble := _jack_trouble()):
        return trouble
    return rtmidi_trouble(number)


def _libremidi_apis(wanted: str | None) -> Iterator[MidiApi]:
    from bridge.ports.libremidi_ports import LibreMidiSystem, libremidi_systems, libremidi_trouble

    for name in libremidi_systems():
        if _meant(wanted, LIBREMIDI, name):
            trouble = _jack_trouble() if name == "jack" else ""
            label = LibreMidiSystem(name, "Sideman").label
            yield MidiApi(LIBREMIDI, name, label, trouble or libremidi_trouble(name))


def _jack_trouble() -> str:
    try:
        from bridge.jack.client import close_client, open_client

        close_client(open_client("sideman-look"))
    except DeviceError as error:
        return str(error)
    return ""


def _libremidi_hint(name: str | None) -> str:
    asked = name is not None and name.startswith(LIBREMIDI)
    return "; pip install 'sideman[libremidi]' for pylibremidi" if asked and libremidi_version() is None else ""
