"""One value of a TOML text is put in, changed or taken out, and no other byte is touched."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.toml_places import NoPlaceError, drop, node_at, put

TEXT = '''# a session
name = "x"   # "quoted" # twice

[[tracks]]
  name = "a"
  effects = [
    { plugin = "One" , params = { mix = 50 } },   # the first
    {plugin="Two",state="old"}
  ]

[tracks.plugin]
name = 'literal # no comment'
params.gain = -3.5

[[tracks]]
name = "b"
plugin = "Surge XT"  # why
[[tracks.effects]]
plugin = "Three"
description = """
[[tracks]]
"""

[music]
tempo = 120'''


@pytest.mark.parametrize(("path", "old", "new"), [
    (("tracks", 0, "effects", 0), "{ mix = 50 } }", '{ mix = 50 }, state = "s" }'),
    (("tracks", 0, "effects", 1), 'state="old"', 'state="s"'),
    (("tracks", 0, "plugin"), "params.gain = -3.5\n", 'params.gain = -3.5\nstate = "s"\n'),
    (("tracks", 0), "  ]\n", '  ]\n  state = "s"\n'),
    (("tracks", 1, "effects", 0), '"""\n\n[music]', '"""\nstate = "s"\n\n[music]'),
    (("music",), "tempo = 120", 'tempo = 120\nstate = "s"\n'),
    ((), 'twice\n', 'twice\nstate = "s"\n'),
])
def test_a_key_is_put_where_it_belongs(path: tuple[str | int, ...], old: str, new: str) -> None:
    changed = put(TEXT, path, "state", '"s"')
    assert TEXT.count(old) == 1 and changed == TEXT.replace(old, new)
    wanted = tomllib.loads(TEXT)
    _at(wanted, path)["state"] = "s"
    assert tomllib.loads(changed) == wanted


def test_a_key_that_is_dotted_stays_so() -> None:
    changed = put(TEXT, ("tracks", 0, "plugin", "params"), "mix", "7")
    assert changed == TEXT.replace("params.gain = -3.5\n", "params.gain = -3.5\nparams.mix = 7\n")


@pytest.mark.parametrize(("path", "key", "old", "new"), [
    (("tracks", 0, "effects", 0), "params", ' , params = { mix = 50 }', ""),
    (("tracks", 0, "effects", 1), "plugin", 'plugin="Two",', ""),
    (("tracks", 0, "effects", 0, "params"), "mix", "{ mix = 50 }", "{}"),
    (("tracks", 1), "plugin", 'plugin = "Surge XT"  # why\n', ""),
    (("music",), "tempo", "tempo = 120", ""),
    (("music",), "key", "tempo = 120", "tempo = 120"),
])
def test_a_key_is_taken_out(path: tuple[str | int, ...], key: str, old: str, new: str) -> None:
    changed = drop(TEXT, path, key)
    assert changed == TEXT.replace(old, new)
    wanted = tomllib.loads(TEXT)
    _at(wanted, path).pop(key, None)
    assert tomllib.loads(changed) == wanted


def test_line_ends_of_windows_stay() -> None:
    assert put("[a]\r\nb = 1\r\n[c]\r\n", ("a",), "d", "2") == "[a]\r\nb = 1\r\nd = 2\r\n[c]\r\n"


def test_what_is_no_table_is_refused() -> None:
    for path in (("name",), ("tracks",), ("tracks", 5), ("nothing",), ("tracks", 0, "effects")):
        with pytest.raises(NoPlaceError):
            put(TEXT, path, "state", "1")


def test_a_value_is_found() -> None:
    node = node_at(TEXT, ("tracks", 1, "plugin"))
    assert node is not None and TEXT[node.start : node.end] == '"Surge XT"'
    assert node_at(TEXT, ("tracks", 9, "plugin")) is None


KEYS = st.sampled_from(["a", "b-c", "d_1"])
SCALARS = st.one_of(st.integers(-99, 99).map(str), st.sampled_from(['"x # y"', "'[a]'", "true", '"\\""', "1e3"]))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(
    st.lists(inner, max_size=3).map(lambda items: "[ " + " ,\n# c, ]\n ".join(items) + " ]"),
    st.dictionaries(KEYS, inner, max_size=3).map(lambda d: "{" + ", ".join(f"{k} = {v}" for k, v in d.items()) + "}"),
), max_leaves=6)
TEXTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=3).map(
    lambda tables: "\n".join(f"[[t]] # {n}\n" + "".join(f" {k}={v} # end\n" for k, v in table.items())
                             for n, table in enumerate(tables)))


@given(TEXTS, st.data())
def test_any_text_is_changed_there_and_nowhere_else(text: str, data: st.DataObject) -> None:
    wanted = tomllib.loads(text)
    path: list[str | int] = ["t", data.draw(st.integers(0, len(wanted["t"]) - 1))]
    table = _at(wanted, path)
    inner = [key for key, value in table.items() if isinstance(value, dict)]
    if inner and data.draw(st.booleans()):
        path.append(data.draw(st.sampled_from(inner)))
        table = _at(wanted, path)
    key = data.draw(KEYS)
    if data.draw(st.booleans()):
        changed, table[key] = put(text, path, key, '"new"'), "new"
    else:
        changed = drop(text, path, key)
        table.pop(key, None)
    assert tomllib.loads(changed) == wanted


def _at(data: Any, path: Any) -> Any:
    for step in path:
        data = data[step]
    return data
