"""Puts what was learnt into a user's session file, and takes it out, and leaves every other byte as it is. Pure."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from bridge import toml_places
from bridge.controls.mapping import Control, Mapped
from bridge.errors import SessionError

_FIRST = ("cc", "cc14", "nrpn", "rpn", "note", "program", "key_pressure", "bend", "pressure", "channel", "path")


def pairs(mapped: Mapped) -> dict[str, Any]:
    """The keys of its [[control.map]], the control before what it turns."""
    data: dict[str, Any] = msgspec.to_builtins(mapped)
    return {key: data[key] for key in sorted(data, key=lambda k: _FIRST.index(k) if k in _FIRST else len(_FIRST))}


def lines(mapped: Mapped) -> str:
    """What to paste."""
    return "[[control.map]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in pairs(mapped).items())


def added(text: str, place: str, index: int, control: Control, mapped: Mapped,
          replaced: Callable[[Mapped], bool]) -> str:
    """The session's text with one mapping more, of its [[control]] number `index` (from 0), which is made like
    `control` where the file has none. Mappings that `replaced` says are gone are taken out.

    Raises SessionError, with what to paste, where the file is written in a way that this does not understand.
    """
    wanted = _read(text, place)
    controls = wanted.setdefault("control", [])
    if index > len(controls):
        raise _refused(place, mapped)
    changed = text
    try:
        if index == len(controls):
            bare: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(control, map=[]))
            controls.append({**bare, "map": [pairs(mapped)]})
            changed = _ended(text) + _newline(text) + "[[control]]" + _newline(text) + "".join(
                f"{key} = {_toml(value)}{_newline(text)}" for key, value in bare.items()) + _block(mapped, text)
        else:
            maps = controls[index].setdefault("map", [])
            gone = [k for k, each in enumerate(maps) if replaced(msgspec.convert(each, Mapped))]
            for k in reversed(gone):
                changed = _without(changed, index, k)
                del maps[k]
            maps.append(pairs(mapped))
            changed = _with(changed, index, mapped)
    except (toml_places.NoPlaceError, msgspec.ValidationError):
        raise _refused(place, mapped) from None
    if _plain(tomllib.loads(changed)) != _plain(wanted):
        raise _refused(place, mapped)
    return changed


def removed(text: str, place: str, path: str) -> tuple[str, int]:
    """The session's text without the mappings of a parameter, and how many there were. Raises SessionError."""
    wanted = _read(text, place)
    changed, count = text, 0
    try:
        for index, control in enumerate(wanted.get("control", [])):
            maps = control.get("map", [])
            for k in range(len(maps) - 1, -1, -1):
                if maps[k].get("path") == path:
                    changed = _without(changed, index, k)
                    del maps[k]
                    count += 1
    except toml_places.NoPlaceError:
        raise SessionError(f"{place}: cannot be edited safely: take the [[control.map]] of {path!r} out "
                           f"yourself") from None
    if _plain(tomllib.loads(changed)) != _plain(wanted):
        raise SessionError(f"{place}: cannot be edited safely: take the [[control.map]] of {path!r} out yourself")
    return changed, count


def _refused(place: str, mapped: Mapped) -> SessionError:
    return SessionError(f"{place}: cannot be edited safely ([[control]] is not written as a table of its own); put "
                        f"this in yourself:\n{lines(mapped)}")


def _read(text: str, place: str) -> dict[str, Any]:
    try:
        return copy.deepcopy(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SessionError(f"{place}: not valid TOML: {error}") from None


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without lists of mappings that are empty, which may be left out."""
    found = dict(data)
    controls = [{k: v for k, v in control.items() if k != "map" or v} for control in data.get("control", [])]
    found.pop("control", None)
    return {**found, "control": controls} if controls else found


def _with(text: str, index: int, mapped: Mapped) -> str:
    """One mapping more at the end of those that the [[control]] has."""
    home = toml_places.node_at(text, ("control", index))
    if home is None or home.kind != "table":
        raise toml_places.NoPlaceError
    maps = home.entries.get("map")
    if maps is not None and maps.kind == "array":  # map = [{...}, ...]
        inline = "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in pairs(mapped).items()) + " }"
        if not maps.items:
            return text[: maps.start] + f"[{inline}]" + text[maps.end :]
        last = maps.items[-1].end
        return f"{text[:last]}, {inline}{text[last:]}"
    end = max([home.end, *(item.end for item in maps.items)]) if maps is not None else home.end
    before = text[:end]
    glue = "" if not before or before.endswith("\n") else _newline(text)
    return before + glue + _block(mapped, text) + text[end:]


def _without(text: str, index: int, k: int) -> str:
    maps = toml_places.node_at(text, ("control", index, "map"))
    if maps is None or k >= len(maps.items):
        raise toml_places.NoPlaceError
    item = maps.items[k]
    if maps.kind == "array":
        if k:
            return text[: maps.items[k - 1].end] + text[item.end :]
        after = maps.items[1].start if len(maps.items) > 1 else item.end
        return text[: item.start] + text[after:]
    if maps.kind != "tables":
        raise toml_places.NoPlaceError
    start = text.rfind("\n", 0, item.start) + 1
    blank = text[:start].endswith(("\n\n", "\r\n\r\n"))  # the empty line that stood before it goes with it
    return (text[:start].rstrip("\r\n") + _newline(text) if blank else text[:start]) + text[item.end :]


def _block(mapped: Mapped, text: str) -> str:
    newline = _newline(text)
    return newline + lines(mapped).replace("\n", newline)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + _newline(text)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return repr(value)
