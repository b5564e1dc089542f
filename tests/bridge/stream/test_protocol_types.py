"""protocol.d.ts is made from the messages, and says all of them."""

import re
from typing import get_args

import pytest

from bridge.stream import protocol_types, wire

TEXT = protocol_types.DECLARATIONS.read_text(encoding="utf-8")


def body(name: str) -> dict[str, str]:
    """Fields of an interface as they are written: name (with ? where it may be absent) -> type."""
    (found,) = re.findall(rf"^export interface {name} {{\n(.*?)^}}", TEXT, re.M | re.S)
    return dict(line.strip().removesuffix(";").split(": ", 1) for line in found.splitlines())


def test_the_file_is_of_these_messages() -> None:
    assert protocol_types.declarations() == TEXT, (
        "bridge/web/protocol.d.ts is of other messages: python -m bridge.stream.protocol_doc docs/protocol.md")


@pytest.mark.parametrize("kind", protocol_types.structs_of(
    (*get_args(wire.ClientMessage), *get_args(wire.ServerMessage))).values(), ids=lambda kind: kind.__name__)
def test_every_field_is_there_and_only_what_is_asked_may_be_absent(kind: type) -> None:
    fields = body(protocol_types.name_of(kind))
    tag = kind.__struct_config__.tag  # type: ignore[attr-defined]
    names = [*(["type"] if tag else []), *kind.__struct_encode_fields__]  # type: ignore[attr-defined]
    assert [name.removesuffix("?") for name in fields] == names
    if tag:
        assert fields["type"] == f'"{tag}"'
    if not issubclass(kind, wire._Value):
        assert not [name for name in fields if name.endswith("?")]


def test_types_are_those_of_the_wire() -> None:
    assert body("MidiEvent") == {"time": "number", "note": "number", "velocity": "number", "duration": "number",
                                 "track": "string", "channel": "number", "beat": "number"}
    modify = body("ModifyParams")
    assert modify["mute?"] == "string[] | null"
    assert modify["swing?"] == 'number | "auto" | null'
    assert modify["instruments?"] == "{ [name: string]: string } | string[] | null"
    assert body("Status")["chart"] == "ChartChord[]" and body("Status")["levels"] == "Levels | null"
    assert body("Subscribe")["block?"] == "64 | 128 | 256 | 512 | 1024 | 2048 | null"
