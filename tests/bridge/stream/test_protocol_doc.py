"""The document and the schema are made from the messages: they say what the code does."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from bridge.stream import protocol_doc, wire

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"


def test_the_document_is_that_of_these_messages() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    made = text.partition(protocol_doc.BEGIN)[2].partition(protocol_doc.END)[0]
    assert made.strip() == protocol_doc.markdown().strip(), (
        "docs/protocol.md is of other messages: python -m bridge.stream.protocol_doc docs/protocol.md")


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "other.md"
    document.write_text("text")
    with pytest.raises(ValueError, match="has no lines"):
        protocol_doc.write_into(document)
    assert document.read_text() == "text"


def test_writing_again_changes_nothing_around_it(tmp_path: Path) -> None:
    document = tmp_path / "protocol.md"
    document.write_text(f"before\n{protocol_doc.BEGIN}\nold\n{protocol_doc.END}\nafter\n")
    protocol_doc.write_into(document)
    once = document.read_text()
    protocol_doc.write_into(document)
    assert document.read_text() == once
    assert once.startswith("before\n") and once.endswith(f"{protocol_doc.END}\nafter\n") and "old\n" not in once


def test_every_message_and_field_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    client, _, server = text.partition("## From the server")
    for side, union in ((client, wire.ClientMessage), (server, wire.ServerMessage)):
        for kind in get_args(union):
            section = side.partition(f"### {kind.__struct_config__.tag}\n")[2].partition("\n### ")[0]
            assert section, kind
            for name in kind.__struct_encode_fields__:
                assert f"| `{name}` |" in section, (kind, name)


def test_links_lead_to_headings() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    headings = {line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")}
    targets = {part.partition(")")[0] for part in text.split("](#")[1:]}
    assert targets and targets <= headings


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        place: Any = schema
        for name in part["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        part = place
    return part


def test_the_schema_knows_every_message_and_refuses_unknown_fields_of_clients_alone() -> None:
    schema = json.loads(protocol_doc.schema())
    assert schema["version"] == wire.PROTOCOL_VERSION
    for side, union, strict in (("client", wire.ClientMessage, True), ("server", wire.ServerMessage, False)):
        messages = [resolved(schema, one) for one in schema["$defs"][side]["anyOf"]]
        tags = {message["properties"]["type"]["enum"][0]: message for message in messages}
        assert set(tags) == {kind.__struct_config__.tag for kind in get_args(union)}
        for kind in get_args(union):
            message = tags[kind.__struct_config__.tag]
            assert set(message["properties"]) == {"type", *kind.__struct_encode_fields__}
            assert (message.get("additionalProperties") is False) == strict


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        inner = set().union(*(references(one) for one in value.values()))
        return inner | ({value["$ref"]} if "$ref" in value else set())
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


def test_nothing_in_the_schema_points_nowhere() -> None:
    schema = json.loads(protocol_doc.schema())
    for reference in references(schema):
        assert resolved(schema, {"$ref": reference})


def test_what_the_schema_says_of_a_tempo_is_what_the_server_takes() -> None:
    schema = json.loads(protocol_doc.schema())
    tempo = next(one for one in schema["$defs"]["ModifyParams"]["properties"]["tempo"]["anyOf"] if "minimum" in one)
    for value, good in ((tempo["minimum"], True), (tempo["maximum"], True), (tempo["minimum"] - 1, False)):
        text = msgspec.json.encode({"type": "modify", "params": {"tempo": value}})
        if good:
            wire.decode_client(text)
        else:
            with pytest.raises(Exception, match="tempo"):
                wire.decode_client(text)
