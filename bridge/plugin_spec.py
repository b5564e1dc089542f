"""What a session says of a hosted plug-in: by which host, from which state and preset, in which process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bridge.errors import InstrumentError, SessionError
from instruments.note_values import beats_of
from instruments.plugins.hosts import HOSTS, is_bundle
from instruments.plugins.scan import find as find_plugin
from instruments.plugins.use import PluginUse

PluginName = Annotated[str, Meta(min_length=1, max_length=1024, description="the name or the path of a plug-in")]
PathName = Annotated[str, Meta(min_length=1, max_length=4096, description="the path of a file")]
Flag = Annotated[bool, Meta(description="true or false")]


class PluginKeys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What can be said of a plug-in wherever it stands. Paths are seen from the session's file.

    params    by the plug-in's own parameter names, in their own units: 3.5, "-20 dB", "Hall", true
    preset    a file in the plug-in's own format (.vstpreset, ...), loaded before params
    state     a file that `sideman plugins edit` wrote, loaded before the preset
    which     the name of one of several plug-ins in one file
    host      "pedalboard", "minihost", ...: `sideman plugins info` shows which can; default: the best there is
    place     its process: "chain" (one for all plug-ins of this channel), "own", "shared" (with all others that say
              so), "here" (the engine's own: only for what never crashes)
    sync      parameters that follow the tempo in note values, for a plug-in that is told none: { time = "1/8." }
    required  a missing plug-in stops the session from loading, instead of another sound with a notice
    """

    params: dict[str, float | int | bool | str] = {}
    preset: PathName | None = None
    state: PathName | None = None
    which: PluginName | None = None
    host: str | None = None
    place: Annotated[Literal["chain", "own", "shared", "here"], Meta(
        description='"chain", "own", "shared" or "here"')] = "chain"
    sync: dict[str, str] = {}
    required: Flag = False


class PluginSpec(PluginKeys, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A track's hosted instrument: `plugin = "NAME"`, or a table of these."""

    name: PluginName


def plugin_place(channel: str, effect: int = -1) -> str:
    """Where a plug-in is in a session: the channel's n-th effect, or its instrument (-1)."""
    return f"{channel}/{'synth' if effect < 0 else effect}"


def use_of(plugin: str, keys: PluginKeys, taken: bytes | None = None) -> PluginUse:
    """As the hosting has it; reads the state's file. taken: the state that an engine before this one has taken, which
    goes before all that the session says. Raises InstrumentError that names what is not there."""
    if taken is not None:
        return PluginUse(plugin, keys.which, keys.host, taken, sync=dict(keys.sync), place=keys.place)
    state = None
    if keys.state is not None:
        try:
            state = Path(keys.state).expanduser().read_bytes()
        except OSError as error:
            raise InstrumentError(f"state {keys.state!r} of plug-in {plugin!r} cannot be read ({error.strerror}): "
                                  f"leave `state` out, or make one with `sideman plugins edit`") from None
    preset = None if keys.preset is None else Path(keys.preset).expanduser()
    if preset is not None and not preset.is_file():
        raise InstrumentError(f"preset {keys.preset!r} of plug-in {plugin!r} is no file: give the path of one")
    return PluginUse(plugin, keys.which, keys.host, state, preset, dict(keys.params), dict(keys.sync), keys.place)


def check_plugin(plugin: str, keys: PluginKeys, where: str) -> None:
    """Whether a session may say so. Whether the plug-in has these parameters shows when it has loaded.

    Raises SessionError.
    """
    if keys.host is not None and keys.host not in HOSTS:
        raise SessionError(f"{where}.host = {keys.host!r} is not known: choose from {', '.join(HOSTS)}")
    try:
        for name, note_value in keys.sync.items():
            if name in keys.params:
                raise SessionError(f"{where}.sync: {name!r} is in params, too: leave one of them out")
            beats_of(note_value, f"{where}.sync.{name}")
        use_of(plugin, keys)
        if keys.required:
            find_plugin(plugin, which=keys.which, host=keys.host)
    except InstrumentError as error:
        raise SessionError(f"{where}: {error}" if where not in str(error) else str(error)) from None


def seen_from(keys: PluginKeys, folder: Path) -> PluginKeys:
    """The same with paths that do not depend on where Sideman was started."""
    named = "name" if isinstance(keys, PluginSpec) else "plugin"
    paths = {field: value for field in ("preset", "state") if (value := getattr(keys, field)) is not None}
    plugin = getattr(keys, named, None)
    if plugin is not None and is_bundle(Path(plugin)) and (folder / plugin).exists():
        paths[named] = plugin
    return msgspec.structs.replace(keys, **{field: str(folder / Path(path).expanduser())
                                            for field, path in paths.items()})
