"""The hosting libraries: what each can do, whether it is installed, and which one plays a plug-in."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from instruments.block import InstrumentError


class HostTraits(NamedTuple):
    """What a host can do with a plug-in, live.

    module   "module:class" of its adapter (instruments/hosts), called with (path, which, load_timeout_s)
    package  what must be installed, and how: the remedy of an error
    formats  "VST3", "AU", "LV2", "VST2", "Faust"
    opt_in   only used where it is named, or where this environment variable is set to 1
    beat     formats in which the plug-in is told the beat's position; with tempo, all are told tempo and frame
    programs formats in which program changes reach the plug-in
    notices  formats in which parameters that the plug-in changes by itself are seen
    """

    module: str
    package: str
    install: str
    formats: tuple[str, ...]
    live: bool = True
    tempo: bool = False
    side_chain: bool = False
    midi_out: bool = False
    state: bool = True
    presets: tuple[str, ...] = ()
    editor: bool = False
    beat: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    opt_in: str = ""


HOSTS: dict[str, HostTraits] = {
    "minihost": HostTraits("instruments.hosts.minihost_host:MinihostHost", "minihost",
                           "pip install 'sideman[minihost]'", ("VST3", "AU", "LV2"), tempo=True, side_chain=True,
                           midi_out=True, presets=(".vstpreset",), beat=("VST3", "AU"), programs=("LV2", "AU"),
                           notices=("VST3", "AU")),
    "pedalboard": HostTraits("instruments.hosts.pedalboard_host:PedalboardHost", "pedalboard",
                             "pip install sideman", ("VST3", "AU"), presets=(".vstpreset",), editor=True),
    "vst2": HostTraits("instruments.hosts.vst2_host:Vst2Host", "ctypes", "nothing to install", ("VST2",), tempo=True,
                       side_chain=True, midi_out=True, presets=(".fxp", ".fxb"), beat=("VST2",), programs=("VST2",),
                       notices=("VST2",), opt_in="SIDEMAN_VST2"),
    "faust": HostTraits("instruments.hosts.faust_host:FaustHost", "ctypes", "apt-get install faust gcc", ("Faust",),
                        tempo=True, side_chain=True, presets=(".json",), beat=("Faust",), notices=("Faust",)),
    "dawdreamer": HostTraits("instruments.hosts.dawdreamer_host:DawDreamerHost", "dawdreamer",
                             "pip install 'sideman[dawdreamer]'", ("VST3", "VST2"), live=False, tempo=True,
                             presets=(".vstpreset", ".fxp", ".fxb"), beat=("VST3", "VST2"), programs=("VST2",)),
}
"""In order of preference, live."""


def installed(host: str) -> bool:
    return find_spec(HOSTS[host].package) is not None


def choose_host(format_name: str, named: str | None = None, *, live: bool = True,
                is_there: Callable[[str], bool] = installed) -> str:
    """The host for a plug-in of this format: the one that is named, or the first that can and is installed.

    Raises InstrumentError that names what would do, and how to install it.
    """
    if named is not None and named not in HOSTS:
        raise InstrumentError(f"host = {named!r} is not known: choose from {', '.join(HOSTS)}")
    able = [name for name, traits in HOSTS.items()
            if format_name in traits.formats and (traits.live or not live) and named in (None, name)
            and (named == name or not traits.opt_in or os.environ.get(traits.opt_in) == "1")]
    for name in able:
        if is_there(name):
            return name
    if not able:
        others = [f"host = {name!r}" + (f" (or {traits.opt_in}=1)" if traits.opt_in else "") if traits.live or not live
                  else f"`sideman render --engine {name}`"
                  for name, traits in HOSTS.items() if format_name in traits.formats and (name != named or live)]
        who = f"host {named!r} plays no" if named else "no host plays"
        raise InstrumentError(f"{who} {format_name} plug-ins{' live' if live else ''}: "
                              + (f"use {' or '.join(others)}" if others else "use the plug-in in another format"))
    raise InstrumentError(f"{format_name} plug-ins need {able[0]}, which is not installed: {HOSTS[able[0]].install}")


def preferred(formats: Sequence[str]) -> list[str]:
    """The formats in which one plug-in is installed, best first."""
    order = ("VST3", "AU", "LV2", "VST2")
    return sorted(formats, key=lambda f: order.index(f) if f in order else len(order))


def adapter_path(host: str) -> tuple[str, str]:
    """Module and class of a host's adapter, to be imported in a plug-in's process only."""
    module, _, name = HOSTS[host].module.partition(":")
    return module, name


def is_bundle(path: Path) -> bool:
    """Whether a path looks like a plug-in of any format."""
    return path.suffix.lower() in (".vst3", ".component", ".lv2", ".so", ".dll", ".vst", ".dsp")
