"""docs/composing.md: its table is what the program offers, its commands and sessions are understood."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from bridge.commands.genres import rows_of
from bridge.commands.modify import _parsed
from bridge.session import Session, check
from composers.composer import genre_names

PAGE = Path(__file__).parents[2] / "docs" / "composing.md"
_START, _END = "checked by tests/bridge/test_composing_doc.py -->\n", "<!-- end -->"


def table() -> str:
    rows = [row for name in genre_names() for row in rows_of(name)]
    return "".join(f"| {r['genre']} | {r['style']} | {r['tempo']} | {r['meters']} | {r['forms']} | {r['band']} |\n"
                   for r in rows)  # fmt: skip


def test_the_table_is_what_is_offered() -> None:
    """To renew it: python tests/bridge/test_composing_doc.py"""
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(_START)[2].partition(_END)[0] == table()


def test_its_commands_are_understood() -> None:
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^sideman modify (\S.*?)(?:\s+#.*)?$", text, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        words = re.findall(r'(\w+)="([^"]*)"|(\w+)=(\S+)', command.replace(" --at beat", ""))
        for a, b, c, d in words:
            _parsed(f"{a or c}={b or d}")


def test_its_session_is_one() -> None:
    text = PAGE.read_text(encoding="utf-8")
    music = next(block for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if block.startswith("[music]"))
    control = next(b for b in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if b.startswith("[[control]]"))
    data = tomllib.loads(f'name = "doc"\n{music}\n{control}')
    data["tracks"] = [{"name": n, "parts": [p], "instrument": i} for n, p, i in (
        ("piano", "comp", "piano"), ("drums", "drums", "jazz-kit"), ("bass", "bass", "bass"))]  # fmt: skip
    check(msgspec.convert(data, Session), "docs/composing.md")


@pytest.mark.parametrize("index", [0, 1, 2])
def test_its_python_is_python(index: int) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    code = blocks[index]
    compile(f"async def f():\n{re.sub('(?m)^', '    ', code)}" if "await" in code else code, "doc", "exec",
            ast.PyCF_ONLY_AST)  # fmt: skip


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_START)
    PAGE.write_text(before + _START + table() + _END + rest.partition(_END)[2], encoding="utf-8")
