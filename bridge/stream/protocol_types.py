"""The messages as types of TypeScript, for the editors of those who write against bridge/web/client.js.

`python -m bridge.stream.protocol_doc docs/protocol.md` writes bridge/web/protocol.d.ts anew, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
from msgspec import inspect as types

from bridge.stream import wire
from bridge.stream.protocol_doc import collect

DECLARATIONS = Path(__file__).resolve().parents[1] / "web" / "protocol.d.ts"
_NAMES = {"int": "number", "float": "number", "bool": "boolean", "str": "string", "none": "null"}
_TAKEN = ("Error", "Record", "Set")
"""Names that JavaScript itself has given away."""
_WIDTH = 120


def structs_of(kinds: tuple[type, ...]) -> dict[str, type]:
    """The structs that these and their fields are made of, with them, by name."""
    found: dict[str, type] = {}
    for kind in kinds:
        collect(types.type_info(kind), found)
    return found


def name_of(kind: type) -> str:
    """Of the interface."""
    return f"{kind.__name__}Message" if kind.__name__ in _TAKEN else kind.__name__


def declarations() -> str:
    """The text of protocol.d.ts."""
    kinds = (*get_args(wire.ClientMessage), *get_args(wire.ServerMessage))
    lines = ["// Made from bridge/stream/wire.py: python -m bridge.stream.protocol_doc docs/protocol.md", ""]
    for _, kind in sorted(structs_of(kinds).items()):
        lines += [*_about(kind), f"export interface {name_of(kind)} {{", *_fields(kind), "}", ""]
    for name, union in (("ClientMessage", wire.ClientMessage), ("ServerMessage", wire.ServerMessage)):
        lines += [f"export type {name} =", *(f"  | {name_of(kind)}" for kind in get_args(union))]
        lines[-1] += ";"
    return "\n".join(lines) + "\n"


def write() -> None:
    """Renew the file in the package."""
    DECLARATIONS.write_text(declarations(), encoding="utf-8")


def _about(kind: type) -> Iterator[str]:
    """The docstring as a comment that editors show."""
    lines = (inspect.getdoc(kind) or "").replace("*/", "* /").splitlines()
    if len(lines) == 1 and len(lines[0]) + 7 <= _WIDTH:
        yield f"/** {lines[0]} */"
        return
    yield "/**"
    yield from (f" * {line}".rstrip() for line in lines)
    yield " */"


def _fields(kind: type) -> Iterator[str]:
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    if info.tag is not None:
        yield f'  type: "{info.tag}";'
    asked = issubclass(kind, wire._Value)  # what the server sends is complete, what it is sent need not be
    for field in info.fields:
        yield f"  {field.encode_name}{'?' if asked and not field.required else ''}: {_type(field.type)};"


def _type(kind: types.Type) -> str:
    match kind:
        case types.Metadata():
            return _type(kind.type)
        case types.UnionType():
            return " | ".join(dict.fromkeys(_type(one) for one in kind.types))
        case types.StructType():
            return name_of(kind.cls)
        case types.DictType():
            return f"{{ [name: {_type(kind.key_type)}]: {_type(kind.value_type)} }}"
        case types.ListType() | types.VarTupleType():
            item = _type(kind.item_type)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case types.TupleType():
            return "[" + ", ".join(_type(one) for one in kind.item_types) + "]"
        case types.LiteralType():
            return " | ".join(msgspec.json.encode(value).decode() for value in kind.values)
    return _NAMES[type(kind).__name__.removesuffix("Type").lower()]
