"""What was changed in a plug-in's window is kept with its session, and nothing else of its text changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.plugin_spec import use_of
from bridge.plugin_state import Kept, keep, kept_text, place_of, places, state_file

HEAD = 'name = "x"\n[music]\ngenre = "jazz"\n'
TRACK = '[[tracks]]\nname = "piano"   # mine\nparts = ["comp"]\ninstrument = "piano"\n'
DRUMS = '[[tracks]]\nname = "drums.kit"\nparts = ["drums"]\ninstrument = "jazz-kit"\n'
EFFECTS = '''effects = [
    { effect = "eq" },
    { plugin = "ZamComp", params = { "Makeup Gain" = 3, ratio = "4:1" }, preset = "warm.vstpreset" },  # glue
    { plugin = "ZamComp", name = "second", state = "own/b.state" },
]
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "warm.vstpreset").write_bytes(b"VST3")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/b.state").write_bytes(b"old")
    return tmp_path / "my.toml"


def written(file: Path, lines: str, after: str = "") -> sessions.Session:
    file.write_text(HEAD + TRACK + lines + after)
    return sessions.load(str(file))


def test_all_plug_ins_of_a_session_are_listed(file: Path) -> None:
    session = written(file, 'plugin = "Zyn"\n' + EFFECTS, DRUMS + 'effects = [{ plugin = "A" }, { plugin = "B" }]\n'
                      '[[groups]]\nname = "all"\neffects = [{ plugin = "C" }]\n'
                      '[master]\neffects = [{ plugin = "D", name = "last" }]\n')
    assert [(p.channel, p.stage, p.plugin) for p in places(session)] == [
        ("piano", "synth", "Zyn"), ("piano", "plugin", "ZamComp"), ("piano", "second", "ZamComp"),
        ("drums.kit", "plugin", "A"), ("drums.kit", "plugin2", "B"), ("all", "plugin", "C"), ("master", "last", "D")]
    for asked, plugin in {"piano": "Zyn", "piano.second": "ZamComp", "drums.kit.plugin2": "B", "drums.kit.b": "B",
                          "all": "C", "master.last": "D", "piano.zyn": "Zyn"}.items():
        assert place_of(session, asked, "my.toml").plugin == plugin, asked


@pytest.mark.parametrize("asked", ["drums.kit", "drums.kit.C", "piano.ZamComp", "nobody", "pian"])
def test_what_is_not_clear_is_told_with_what_there_is(file: Path, asked: str) -> None:
    session = written(file, EFFECTS, DRUMS + 'effects = [{ plugin = "A" }, { plugin = "B" }]\n')
    with pytest.raises(SessionError) as error:
        place_of(session, asked, "my.toml")
    for word in (asked, "drums.kit.plugin2 (B)", "piano.second (ZamComp)"):
        assert word in str(error.value)


def test_a_name_becomes_a_table(file: Path) -> None:
    session = written(file, 'plugin = "Surge XT"  # lead\n')
    text = file.read_text()
    [found] = keep(file, [Kept(place_of(session, "piano", "x"), b"\0state", {})])
    assert found == file.parent / "my.states/piano.synth.state" and found.read_bytes() == b"\0state"
    assert file.read_text() == text.replace(
        '"Surge XT"', '{ name = "Surge XT", state = "my.states/piano.synth.state" }')
    assert (file.parent / "my.toml.bak").read_text() == text
    place = place_of(sessions.load(str(file)), "piano", "x")
    assert use_of("Surge XT", place.keys).state == b"\0state"


@pytest.mark.parametrize("lines", ["[tracks.plugin]\nname = 'Surge XT' # so\n", "plugin.name = 'Surge XT'\n",
                                   "plugin = { name = 'Surge XT' }\n", "plugin = {name='Surge XT', host='minihost'}\n"])
def test_a_table_gets_a_state_and_keeps_it(file: Path, lines: str) -> None:
    session = written(file, lines, DRUMS)
    keep(file, [Kept(place_of(session, "piano", "x"), b"1", {})])
    text = file.read_text()
    assert text.count("state = ") == 1
    again = sessions.load(str(file))
    keep(file, [Kept(place_of(again, "piano", "x"), b"2", {})])
    assert file.read_text() == text
    assert use_of("x", place_of(again, "piano", "x").keys).state == b"2"
    assert (file.parent / "my.states/piano.synth.state.bak").read_bytes() == b"1"


def test_a_state_of_ones_own_is_kept_where_it_is(file: Path) -> None:
    session = written(file, EFFECTS)
    text = file.read_text()
    place = place_of(session, "piano.second", "x")
    assert keep(file, [Kept(place, b"new", {})]) == [file.parent / "own/b.state"] == [state_file(file, place)]
    assert file.read_text() == text and (file.parent / "own/b.state").read_bytes() == b"new"


def test_what_would_undo_the_change_is_put_right(file: Path) -> None:
    session = written(file, EFFECTS)
    text = file.read_text()
    changed = {"makeup_gain": 6.5, "ratio": None, "attack": 2.0}
    keep(file, [Kept(place_of(session, "piano.plugin", "x"), b"1", changed)])
    assert file.read_text() == text.replace('{ "Makeup Gain" = 3, ratio = "4:1" }, preset = "warm.vstpreset" }',
                                            '{ "Makeup Gain" = 6.5 }, state = "my.states/piano.plugin.state" }')


def test_several_are_kept_in_one_step(file: Path) -> None:
    session = written(file, 'plugin = "Zyn"\n' + EFFECTS)
    text = file.read_text()
    files = keep(file, [Kept(place, str(n).encode(), {}) for n, place in enumerate(places(session))])
    assert [f.name for f in files] == ["piano.synth.state", "piano.plugin.state", "b.state"]
    assert [f.read_bytes() for f in files] == [b"0", b"1", b"2"]
    assert (file.parent / "my.toml.bak").read_text() == text
    assert [use_of(p.plugin, p.keys).state for p in places(sessions.load(str(file)))] == [b"0", b"1", b"2"]


def test_a_text_that_is_not_understood_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = written(file, 'plugin = "Zyn"\n')
    text = file.read_text()
    monkeypatch.setattr("bridge.plugin_state._edited", lambda text, *_: text.replace("comp", "melody"))
    with pytest.raises(SessionError, match='put state = "s" to plug-in'):
        kept_text(text, "x", place_of(session, "piano", "x"), "s", {})
    with pytest.raises(SessionError):
        keep(file, [Kept(place_of(session, "piano", "x"), b"1", {})])
    assert file.read_text() == text and not (file.parent / "my.states").exists()


def test_odd_names_make_plain_files(file: Path) -> None:
    session = written(file, "", DRUMS.replace("drums.kit", "big/drums ü") + 'plugin = "Zyn"\n')
    assert state_file(file, place_of(session, "big/drums ü", "x")).name == "big_drums_ü.synth.state"
