"""Where the values of a TOML text stand, so that one can be put in, changed or taken out and no other byte is touched.

Follows TOML 1.0, for texts that tomllib reads: what it checks is not checked again. Every change is to be checked by
reading both texts, as bridge.session_edit and bridge.plugin_state do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Path: TypeAlias = Sequence[str | int]

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]*[^,\]}#\s]")
_QUOTED = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_REST_OF_LINE = re.compile(r"[^\n]*\n?")


class NoPlaceError(ValueError):
    """The text is not written in a way that this understands. Never reaches users."""


@dataclass(slots=True)
class Node:
    """A value; from start to end in the text. key_start: where its own key begins.

    kind  "table" (under a header, or the file itself), "dotted" (made by keys like a.b = 1), "inline", "array",
          "tables" (an array of tables) or "value"
    end   of a table: behind the last line with a key of its own, or behind its header
    """

    kind: Literal["table", "dotted", "inline", "array", "tables", "value"]
    start: int
    end: int
    key_start: int = 0
    entries: dict[str, Node] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    prefix: str = ""
    owner: Node | None = None


def node_at(text: str, path: Path) -> Node | None:
    """The value at ("tracks", 0, "effects", 1), say. Raises NoPlaceError."""
    node: Node | None = _Scanner(text).read()
    for step in path:
        if node is None:
            return None
        if isinstance(step, int):
            node = node.items[step] if -len(node.items) <= step < len(node.items) else None
        else:
            node = node.entries.get(step)
    return node


def put(text: str, path: Path, key: str, value: str) -> str:
    """The text with `key = value` in the table at `path`, changed or new. value: as TOML. Raises NoPlaceError."""
    table = _table(text, path)
    old = table.entries.get(key)
    if old is not None:
        if old.kind in ("table", "tables", "dotted"):
            raise NoPlaceError
        return text[: old.start] + value + text[old.end :]
    line = f"{key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)} = {value}"
    if table.kind == "inline":
        last = max((node.end for node in table.entries.values()), default=0)
        return (text[:last] + f", {line}" + text[last:] if last
                else text[: table.start] + f"{{ {line} }}" + text[table.end :])
    home = table
    if table.kind == "dotted":
        if table.owner is None:
            raise NoPlaceError
        home, line = table.owner, f"{table.prefix}.{line}"
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[: home.end]
    own = [node.key_start for node in home.entries.values() if node.kind not in ("table", "tables")]
    indent = ""
    if own:
        start = text.rfind("\n", 0, max(own)) + 1
        indent = text[start : max(own)] if not text[start : max(own)].strip() else ""
    glue = "" if not before or before.endswith("\n") else newline
    return f"{before}{glue}{indent}{line}{newline}{text[home.end :]}"


def drop(text: str, path: Path, key: str) -> str:
    """The text without `key` in the table at `path`, if it is there. Raises NoPlaceError."""
    table = _table(text, path)
    old = table.entries.get(key)
    if old is None:
        return text
    if old.kind in ("table", "tables", "dotted"):
        raise NoPlaceError
    if table.kind != "inline":
        start = text.rfind("\n", 0, old.key_start) + 1
        found = _REST_OF_LINE.match(text, old.end)
        assert found is not None
        return text[:start] + text[found.end() :]
    nodes = sorted(table.entries.values(), key=lambda node: node.start)
    at = nodes.index(old)
    if at:
        return text[: nodes[at - 1].end] + text[old.end :]
    if len(nodes) > 1:
        return text[: old.key_start] + text[nodes[1].key_start :]
    return text[: table.start] + "{}" + text[table.end :]


def _table(text: str, path: Path) -> Node:
    table = node_at(text, path)
    if table is None or table.kind not in ("table", "dotted", "inline"):
        raise NoPlaceError
    return table


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def read(self) -> Node:
        root = Node("table", 0, 0)
        current = root
        while self._skip() < len(self._text):
            if self._text.startswith("[", self._at):
                current = self._header(root)
            else:
                self._pair(current)
                current.end = self._line_end()
        return root

    def _header(self, root: Node) -> Node:
        start = self._at
        double = self._text.startswith("[[", start)
        self._at += 2 if double else 1
        *outer, last = self._key()
        self._at = self._text.index("]", self._at) + (2 if double else 1)
        end = self._line_end()
        node = root
        for part in outer:
            node = node.entries.setdefault(part, Node("table", start, end, start))
            if node.kind == "tables":
                node = node.items[-1]
        table = Node("table", start, end, start)
        if double:
            tables = node.entries.setdefault(last, Node("tables", start, end, start))
            tables.items.append(table)
            return table
        return node.entries.setdefault(last, table)

    def _pair(self, table: Node) -> None:
        start = self._at
        *outer, last = self._key()
        self._skip()
        if not self._text.startswith("=", self._at):
            raise NoPlaceError
        self._at += 1
        self._skip()
        value = self._value()
        value.key_start = start
        node, prefix = table, ""
        for part in outer:
            prefix = f"{prefix}.{part}".lstrip(".")
            node = node.entries.setdefault(part, Node("dotted", start, start, start, prefix=prefix, owner=table))
        node.entries[last] = value

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._blank()
            if found := _BARE.match(self._text, self._at):
                parts.append(found[0])
            elif found := _QUOTED.match(self._text, self._at):
                parts.append(found[0][1:-1])
            else:
                raise NoPlaceError
            self._at = found.end()
            self._blank()
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self) -> Node:
        start = self._at
        if self._text.startswith("[", start):
            return self._array(start)
        if self._text.startswith("{", start):
            return self._inline(start)
        found = _QUOTED.match(self._text, start) or _SCALAR.match(self._text, start)
        if found is None:
            raise NoPlaceError
        self._at = found.end()
        return Node("value", start, self._at)

    def _array(self, start: int) -> Node:
        node = Node("array", start, start)
        self._at += 1
        while not self._ends("]"):
            node.items.append(self._value())
        node.end = self._at
        return node

    def _inline(self, start: int) -> Node:
        node = Node("inline", start, start)
        self._at += 1
        while not self._ends("}"):
            self._pair(node)
        node.end = self._at
        return node

    def _ends(self, mark: str) -> bool:
        """Over a comma, to the next item; True over the closing mark."""
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip()
        if self._text.startswith(mark, self._at):
            self._at += 1
            return True
        if self._at >= len(self._text):
            raise NoPlaceError
        return False

    def _skip(self) -> int:
        """Over white space, line ends and comments."""
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._at

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _line_end(self) -> int:
        found = _REST_OF_LINE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._at
