"""What plug-ins are set to while a session plays, kept with its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bridge.errors import SessionError
from bridge.knobs import Knobs
from bridge.parameter_paths import path_of
from bridge.plugin_spec import plugin_place
from bridge.plugin_state import Kept, PluginPlace, keep, places
from bridge.session import Session
from instruments.hosts.parameter_units import plain_name
from instruments.routing import MASTER


def keep_states(session: Session, file: Path | None, states: Mapping[str, bytes], knobs: Knobs) -> list[str]:
    """Write the states by place (Rig.plugin_states) to files beside the session's, and name them in it.

    Returns the plug-ins that were kept. Raises SessionError: a session without a file, or without plug-ins; one that
    cannot be edited.
    """
    there = list(places(session))
    if not there:
        raise SessionError("this session has no plug-ins: there is nothing to keep")
    if file is None:
        raise SessionError("this session comes with Sideman and is not changed: copy its file (`sideman sessions` says "
                           "where it is), and play the copy")
    kept = [Kept(place, state, _turned(session, place, knobs)) for place in there
            if (state := states.get(_key(place))) is not None]
    if not kept:
        raise SessionError("no plug-in has given its state yet: try again when they have loaded")
    keep(file, kept)
    return [f"{place.plugin} of {place.channel}" for place, _, _ in kept]


def _key(place: PluginPlace) -> str:
    number = place.path[-1]
    return plugin_place(place.channel, number if isinstance(number, int) else -1)


def _turned(session: Session, place: PluginPlace, knobs: Knobs) -> dict[str, float | str | None]:
    """Those of the session's own parameters that were turned since, as they stand."""
    start = path_of(_kind(session, place.channel), place.channel, place.stage, "")
    turned = knobs.turned
    found: dict[str, float | str | None] = {}
    for info in knobs.listed(None):
        name = info.path.removeprefix(start)
        if info.path in turned and info.path.startswith(start) and name in map(plain_name, place.keys.params):
            found[name] = info.words[round(info.value)] if info.words else info.value
    return found


def _kind(session: Session, channel: str) -> str:
    if channel == MASTER:
        return "master"
    groups = {g.name for g in session.groups}
    return "group" if channel in groups else "return" if channel in {r.name for r in session.returns} else "track"
