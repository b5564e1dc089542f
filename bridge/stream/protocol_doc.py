"""The protocol as a document and as JSON Schema, both made from the message types, so that neither can be wrong.

    python -m bridge.stream.protocol_doc docs/protocol.md      writes the messages anew between their marks, and
                                                               bridge/web/protocol.d.ts
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import inspect as types

from bridge.stream import wire

BEGIN, END = "<!-- made from bridge/stream/wire.py: begin -->", "<!-- made from bridge/stream/wire.py: end -->"
_NAMES = {"int": "whole number", "float": "number", "bool": "true or false", "str": "text"}


@functools.cache
def schema() -> bytes:
    """What /protocol.json answers: JSON Schema (2020-12) of all messages, `client` and `server` apart."""
    (client, server), parts = msgspec.json.schema_components(
        (wire.ClientMessage, wire.ServerMessage), ref_template="#/$defs/{name}")
    return msgspec.json.encode({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Sideman's messages",
        "version": wire.PROTOCOL_VERSION, "oneOf": [{"$ref": "#/$defs/client"}, {"$ref": "#/$defs/server"}],
        "$defs": {"client": client, "server": server, **parts},
    })


def markdown() -> str:
    """All messages with their fields, and the audio message."""
    return "\n".join([
        "## From a client", "", *_messages(wire.ClientMessage),
        "## From the server", "", *_messages(wire.ServerMessage),
        "## Values in messages", "", *_values(),
        "## Audio", "", "A binary message. " + _audio(),
    ])


def write_into(path: Path) -> None:
    """Between the marks of a document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{path} has no lines {BEGIN!r} and {END!r}: put them where the messages belong")
    path.write_text(f"{before}{BEGIN}\n\n{markdown()}\n{END}{after}", encoding="utf-8")


def _messages(union: Any) -> Iterator[str]:
    for kind in get_args(union):
        yield f"### {kind.__struct_config__.tag}"
        yield ""
        yield from _about(kind)
        yield from _fields(kind)


def _values() -> Iterator[str]:
    """The structs that messages hold, by their names, each once."""
    found: dict[str, type] = {}
    for message in (*get_args(wire.ClientMessage), *get_args(wire.ServerMessage)):
        for field in types.type_info(message).fields:  # type: ignore[attr-defined]
            collect(field.type, found)
    for name in sorted(found):
        yield f"### {name}"
        yield ""
        yield from _about(found[name])
        yield from _fields(found[name])


def collect(kind: types.Type, found: dict[str, type]) -> None:
    """The structs in a type, and in those, by their names."""
    match kind:
        case types.StructType() if kind.cls.__name__ not in found:
            found[kind.cls.__name__] = kind.cls
            inner: tuple[types.Type, ...] = tuple(field.type for field in kind.fields)
        case types.Metadata():
            inner = (kind.type,)
        case types.UnionType():
            inner = kind.types
        case types.DictType():
            inner = (kind.key_type, kind.value_type)
        case types.ListType() | types.VarTupleType():
            inner = (kind.item_type,)
        case types.TupleType():
            inner = kind.item_types
        case _:
            return
    for one in inner:
        collect(one, found)


def _about(kind: type) -> Iterator[str]:
    """The docstring: its first paragraph as text, what is set in columns as it stands."""
    first, _, rest = (inspect.getdoc(kind) or "").partition("\n\n")
    yield " ".join(first.split())
    yield ""
    if rest:
        yield from ("```text", rest.rstrip(), "```", "")


def _fields(kind: Any) -> Iterator[str]:
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    if not info.fields:
        return
    yield "| field | value | if absent |"
    yield "|---|---|---|"
    for field in info.fields:
        if field.required:
            absent = "refused" if issubclass(kind, wire._Value) else "always there"
        elif field.default is msgspec.NODEFAULT or isinstance(field.default, msgspec.Struct):
            absent = "all defaults"
        else:
            absent = f"`{msgspec.json.encode(field.default).decode()}`"
        yield f"| `{field.encode_name}` | {_words(field.type)} | {absent} |"
    yield ""


def _words(kind: types.Type) -> str:
    """A type in words; where the type says so itself, in its own."""
    match kind:
        case types.Metadata(extra_json_schema={"description": str(said)}):
            return said.replace("|", "\\|")
        case types.Metadata():
            return _words(kind.type)
        case types.UnionType():
            parts = [_words(one) for one in kind.types if not isinstance(one, types.NoneType)]
            return " or ".join(dict.fromkeys(parts)) + (" or null" if kind.includes_none else "")
        case types.StructType():
            name = kind.cls.__name__
            return f"[{name}](#{name.lower()})"
        case types.DictType():
            return f"object: {_words(kind.key_type)} -> {_words(kind.value_type)}"
        case types.ListType() | types.VarTupleType():
            return f"list of: {_words(kind.item_type)}"
        case types.TupleType():
            return "[" + ", ".join(_words(one) for one in kind.item_types) + "]"
        case types.LiteralType():
            return ", ".join(f"`{msgspec.json.encode(value).decode()}`" for value in kind.values)
    name = type(kind).__name__.removesuffix("Type").lower()
    return _NAMES.get(name, name)


def _audio() -> str:
    """The layout as the module of the messages has it."""
    doc = inspect.getdoc(wire) or ""
    table = doc[doc.index("Audio frame, little-endian") :]
    first, _, rest = table.partition("\n\n")
    return f"{' '.join(first.split())}\n\n```text\n{inspect.cleandoc(rest)}\n```\n"


if __name__ == "__main__":
    from bridge.stream import protocol_types

    write_into(Path(sys.argv[1]))
    protocol_types.write()
