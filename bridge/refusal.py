"""Why a client's message or a session was refused, in words: the field, its value, and what it may have.

Sans I/O. Reads the message types' own annotations, so that the words cannot drift from the rules.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Meta

_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NAMED = re.compile(r"(?:unknown|required) field `(?P<name>.*)`", re.DOTALL)


def show(value: object) -> str:
    """A value as JSON in at most 60 ASCII characters, so that a log line or terminal can take it."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else text[:57] + "..."


def fields_known(kind: type[msgspec.Struct]) -> str:
    """The names of a message's fields, as they are written in JSON."""
    return ", ".join(kind.__struct_encode_fields__)


def malformed(data: str | bytes, problem: Exception) -> str:
    """Of JSON that is none. Python's own reader takes NaN and Infinity, so it can name the field with one."""
    try:
        raw = json.loads(data)
        path, number = next(_not_finite(raw, ""))
    except (ValueError, RecursionError, StopIteration):
        if isinstance(problem, RecursionError):
            return "the message is nested too deeply: parameters are at most three levels deep"
        if isinstance(problem, UnicodeError):
            return "the message is not UTF-8: send JSON in UTF-8"
        return f'the message is not JSON ({problem}): send an object such as {{"type": "play"}}'
    return f"{path.lstrip('.') or 'the message'} = {number} is not possible: give a finite number"


def _not_finite(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _not_finite(inner, f"{path}.{show(name)[1:-1]}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _not_finite(inner, f"{path}[{index}]")


def invalid(raw: object, kind: type[msgspec.Struct], problem: str) -> str:
    """msgspec's words (`problem`, with the path of the place) turned into ours."""
    match = _PATH.match(problem)
    what, path = (match["what"], match["path"] or "") if match else (problem, "")
    owner: type[msgspec.Struct] | None = kind
    value, allowed = raw, ""
    for name, index in _STEP.findall(path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
            hint = _hints(owner).get(name) if owner else None
            allowed, owner = _described(hint), _struct_of(hint)
        else:  # an item of a list: `owner` and `allowed` are those of the list's type
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    place = path.lstrip(".") or "the message"
    if named := _NAMED.search(what):
        field = f"{place}.{show(named['name'])[1:-1]}" if path else show(named["name"])[1:-1]
        missing = "required" in what
        remedy = f"give {_described(_hints(owner).get(named['name']))}" if missing and owner else ""
        return f"{field} is missing: {remedy}" if missing else (
            f"{field} is not known: the fields are {fields_known(owner) if owner else 'others'}"
        )
    return f"{place} = {show(value)} is not possible: give {allowed or what.lower()}"


def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {f.encode_name: hints[f.name] for f in msgspec.structs.fields(kind)}


def _described(hint: Any) -> str:
    """The description in a type's Meta (also one alternative of a union), or the fields of a struct."""
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    if (inner := _struct_of(hint)) is not None:
        return f"an object with {fields_known(inner)}"
    return next((text for part in get_args(hint) if (text := _described(part))), "")


def _struct_of(hint: Any) -> type[msgspec.Struct] | None:
    """The struct that a type holds: itself, an alternative of a union, or the item of a list."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct_of(part)) is not None), None)
