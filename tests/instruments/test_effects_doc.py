"""docs/effects.md has every effect with every parameter as the code has it.

`python tests/instruments/test_effects_doc.py` writes the tables anew.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from instruments.effects import registry
from instruments.effects.registry import parameters_of
from instruments.parameter import Parameter

PAGE = Path(__file__).resolve().parents[2] / "docs" / "effects.md"
BEGIN = "| parameter | range | default | unit |\n|---|---|---|---|\n"


def table(name: str) -> str:
    """As the page is to have it."""
    rows = []
    for word, rule in parameters_of(name).items():
        if isinstance(rule, Parameter):
            rows.append(f"| `{word}` | {rule.low:g} to {rule.high:g} | {rule.default:g} | {rule.unit} |\n")
        else:
            rows.append(f"| `{word}` | {', '.join(rule.words)} | {rule.default} | |\n")
    return BEGIN + "".join(rows)


SECTION = re.compile(r"^(### `([\w-]+)`\n(?:(?!#|\|).*\n)*)(" + re.escape(BEGIN) + r"(?:\|.*\n)*)", re.M)
"""Heading and prose, name, table."""


def test_every_effect_has_its_table_and_a_word_on_what_it_is_for() -> None:
    found = {name: (prose, parameters) for prose, name, parameters in SECTION.findall(PAGE.read_text("utf-8"))}
    assert set(found) == set(registry._BUILT_IN)
    for name, (prose, parameters) in found.items():
        assert parameters == table(name), f"docs/effects.md, {name}: run python {Path(__file__).name}"
        assert len(prose.split()) > 10, name


def test_every_effect_has_a_summary() -> None:
    assert set(registry._BUILT_IN) <= set(registry._SUMMARIES)


def test_the_examples_are_toml_and_python() -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert {kind for kind, _ in blocks} == {"toml", "python"}
    for kind, block in blocks:
        if kind == "toml":
            tomllib.loads(block)
        else:
            compile(block, "effects.md", "exec")


def write() -> None:
    PAGE.write_text(SECTION.sub(lambda found: found[1] + table(found[2]), PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
