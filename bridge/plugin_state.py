"""Keeps what was changed in a plug-in's window with its session: a state file beside it, and one edit of its text."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.plugin_spec import PluginKeys
from bridge.session import Session, plugin_of
from bridge.session_edit import exchange, read
from bridge.toml_places import NoPlaceError, drop, node_at, put
from instruments.channel import INSTRUMENT
from instruments.hosts.parameter_units import plain_name
from instruments.routing import MASTER


class PluginPlace(NamedTuple):
    """A plug-in in a session. keys: what the session says of it; path: where, in the text (bridge.toml_places)."""

    channel: str
    stage: str
    plugin: str
    keys: PluginKeys
    path: tuple[str | int, ...]


def places(session: Session) -> Iterator[PluginPlace]:
    """All hosted plug-ins of a session: instruments of tracks, effects of every channel."""
    for i, track in enumerate(session.tracks):
        if track.plugin is not None:
            spec = plugin_of(track)
            yield PluginPlace(track.name, INSTRUMENT, spec.name, spec, ("tracks", i, "plugin"))
    channels: list[tuple[str, Any, tuple[str | int, ...]]] = [
        (c.name, c, (table, i)) for table in ("tracks", "groups", "returns")
        for i, c in enumerate(getattr(session, table))]
    for name, channel, path in [*channels, (MASTER, session.master, (MASTER,))]:
        taken: list[str] = []
        for j, effect in enumerate(channel.effects):
            bare = effect.name or effect.effect or "plugin"
            number = next(n for n in range(1, len(taken) + 2) if f"{bare}{n if n > 1 else ''}" not in taken)
            taken.append(f"{bare}{number if number > 1 else ''}")
            if effect.plugin is not None:
                yield PluginPlace(name, taken[-1], effect.plugin, effect, (*path, "effects", j))


def place_of(session: Session, asked: str, where: str) -> PluginPlace:
    """The plug-in at TRACK, its instrument or else its only effect, or at TRACK.EFFECT, by the effect's name or the
    plug-in's. Raises SessionError that lists what there is."""
    there = list(places(session))
    channels = sorted({p.channel for p in there}, key=len, reverse=True)
    for channel in channels:
        if asked != channel and not asked.startswith(f"{channel}."):
            continue
        stage = asked[len(channel) + 1 :].casefold()
        of = [p for p in there if p.channel == channel]
        if not stage:
            of = [p for p in of if p.stage == INSTRUMENT] or of
        else:
            of = [p for p in of if p.stage.casefold() == stage] or [
                p for p in of if stage in (p.plugin.casefold(), Path(p.plugin).stem.casefold())]
        if len(of) == 1:
            return of[0]
    listed = ", ".join(f"{p.channel}.{p.stage} ({p.plugin})" for p in there) or "none: no track or effect has a plug-in"
    raise SessionError(f"{where}: which plug-in is {asked!r}? Give one of {listed}")


def state_file(session_file: Path, place: PluginPlace) -> Path:
    """Where its state is kept: in the file that the session names, else in NAME.states beside it."""
    if place.keys.state is not None:
        return Path(place.keys.state).expanduser()
    name = re.sub(r"[^\w.-]+", "_", f"{place.channel}.{place.stage}")
    return session_file.with_name(f"{session_file.stem}.states") / f"{name}.state"


def kept_text(text: str, where: str, place: PluginPlace, state: str,
              changed: Mapping[str, float | str | None]) -> str:
    """The session's text, naming the state file, and without what would undo the changes when it is loaded: parameters
    that were turned have their new values (None: are left to the state), and a preset is left to the state.

    Raises SessionError, with what to put in by hand, where the text is written in a way that is not understood.
    """
    try:
        edited = _edited(text, place, state, changed)
        if tomllib.loads(edited) != _wanted(tomllib.loads(text), place, state, changed):
            raise NoPlaceError
    except (NoPlaceError, tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
        raise SessionError(f"{where}: cannot be edited safely; put state = {_toml(state)} to plug-in {place.plugin!r} "
                           f"of {place.channel!r} yourself, and take its preset out") from None
    return edited


class Kept(NamedTuple):
    """A plug-in's state, and which of its parameters were turned; see kept_text."""

    place: PluginPlace
    state: bytes
    changed: Mapping[str, float | str | None]


def keep(session_file: Path, kept: Sequence[Kept]) -> list[Path]:
    """Write the states, and name them in the session, in one step (what files were stays beside them as FILE.bak). The
    states' files, in order.

    Raises SessionError; the session has then not changed.
    """
    session_file = session_file.resolve()
    files = [state_file(session_file, one.place) for one in kept]
    before = text = read(session_file)
    for one, file in zip(kept, files, strict=True):
        named = _named(text, one.place) or _relative(file, session_file.parent)
        text = kept_text(text, str(session_file), one.place, named, one.changed)
    try:
        for one, file in zip(kept, files, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            exchange(file, one.state, session_file)
        if text != before:
            exchange(session_file, text.encode("utf-8"), session_file)
    except OSError as error:
        raise SessionError(f"{error.filename or session_file} cannot be written ({error.strerror}): what was changed "
                           f"is lost") from None
    sessions.parse(text, str(session_file), session_file.parent)
    return files


def _edited(text: str, place: PluginPlace, state: str, changed: Mapping[str, float | str | None]) -> str:
    node = node_at(text, place.path)
    if node is not None and node.kind == "value":  # plugin = "NAME"
        name = text[node.start : node.end]
        return f"{text[: node.start]}{{ name = {name}, state = {_toml(state)} }}{text[node.end :]}"
    if _named(text, place) != state:
        text = put(text, place.path, "state", _toml(state))
    text = drop(text, place.path, "preset")
    for said, value in _turned(place, changed):
        params = (*place.path, "params")
        text = drop(text, params, said) if value is None else put(text, params, said, _toml(value))
    return text


def _wanted(data: dict[str, Any], place: PluginPlace, state: str, changed: Mapping[str, float | str | None]) -> Any:
    """What the edited text is to be read as."""
    at: Any = data
    for step in place.path[:-1]:
        at = at[step]
    last: Any = place.path[-1]
    if isinstance(at[last], str):
        at[last] = {"name": at[last]}
    table = at[last]
    table["state"] = state
    table.pop("preset", None)
    for said, value in _turned(place, changed):
        if value is None:
            del table["params"][said]
        else:
            table["params"][said] = value
    return data


def _turned(place: PluginPlace, changed: Mapping[str, float | str | None]) -> list[tuple[str, float | str | None]]:
    """The session's own parameters, as it spells them, that were turned."""
    return [(said, changed[plain_name(said)]) for said in place.keys.params if plain_name(said) in changed]


def _named(text: str, place: PluginPlace) -> str | None:
    """The state's file as the text itself spells it."""
    data: Any = tomllib.loads(text)
    for step in place.path:
        data = data[step]
    return data.get("state") if isinstance(data, dict) else None


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _toml(value: float | str) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if value % 1 else str(int(value))
