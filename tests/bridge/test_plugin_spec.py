from pathlib import Path

import pytest

from bridge import session as sessions
from bridge.errors import InstrumentError, SessionError
from bridge.plugin_spec import PluginSpec, use_of
from bridge.session import plugin_of

BARE = 'name = "x"\n[music]\ngenre = "jazz"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n'


def parsed(lines: str) -> sessions.Session:
    return sessions.parse(BARE + lines, "x.toml")


def test_a_track_names_its_plug_in_in_one_word_or_in_a_table() -> None:
    word = parsed('plugin = "Surge XT"')
    assert plugin_of(word.tracks[0]) == PluginSpec(name="Surge XT")
    table = parsed('plugin = { name = "Surge XT", host = "minihost", params = { cutoff = "1.2 kHz", gain = -3.5 }, '
                   'place = "own", sync = { time = "1/8." } }')
    use = use_of("Surge XT", plugin_of(table.tracks[0]))
    assert (use.plugin, use.host, use.place) == ("Surge XT", "minihost", "own")
    assert use.params == {"cutoff": "1.2 kHz", "gain": -3.5} and use.sync == {"time": "1/8."}
    assert sessions.changed(table, "x.toml", music={"tempo": 90.0}).tracks[0] == table.tracks[0]


def test_an_effect_says_as_much_of_its_plug_in_and_may_hear_a_side_chain() -> None:
    session = parsed('effects = [{ plugin = "ZamComp", key = "drums", host = "minihost", place = "shared" }]\n'
                     '[[tracks]]\nname = "drums"\nparts = ["drums"]\ninstrument = "jazz-kit"')
    spec = session.tracks[0].effects[0]
    assert (spec.plugin, spec.key, spec.host, spec.place) == ("ZamComp", "drums", "minihost", "shared")


@pytest.mark.parametrize(("lines", "words"), [
    ('plugin = { name = "X", host = "carla" }', ["tracks[0].plugin.host", "carla", "minihost"]),
    ('plugin = { name = "X", sync = { time = "3/7" } }', ["tracks[0].plugin.sync.time", "3/7", "1/8."]),
    ('plugin = { name = "X", sync = { time = "1/4" }, params = { time = 3 } }', ["sync", "time", "params"]),
    ('plugin = { name = "X", state = "gone.state" }', ["tracks[0].plugin", "gone.state", "sideman plugins edit"]),
    ('plugin = { name = "X", preset = "gone.vstpreset" }', ["tracks[0].plugin", "gone.vstpreset"]),
    ('plugin = { name = "X", place = "moon" }', ["place", "moon"]),
    ('plugin = { host = "minihost" }', ["plugin", "name"]),
    ('plugin = { name = "No Such Thing", required = true }', ["tracks[0].plugin", "No Such Thing"]),
    ('effects = [{ effect = "eq", state = "x" }]', ["tracks[0].effects[0].state", "eq"]),
    ('effects = [{ effect = "eq", host = "minihost" }]', ["tracks[0].effects[0].host", "eq"]),
    ('effects = [{ plugin = "X", host = "carla" }]', ["tracks[0].effects[0].host", "carla"]),
    ('effects = [{ effect = "chorus", key = "piano" }]', ["tracks[0].effects[0].key", "chorus"]),
])
def test_what_does_not_fit_is_named_with_its_place(lines: str, words: list[str]) -> None:
    with pytest.raises(SessionError) as raised:
        parsed(lines)
    for word in words:
        assert word in str(raised.value), (word, str(raised.value))


def test_paths_of_state_preset_and_plug_in_are_seen_from_the_session_s_file(tmp_path: Path) -> None:
    (tmp_path / "lead.state").write_bytes(b"\1\2")
    (tmp_path / "warm.vstpreset").write_bytes(b"VST3")
    (tmp_path / "own.dsp").write_text("process = _;")
    file = tmp_path / "mine.toml"
    file.write_text(BARE + 'plugin = { name = "own.dsp", state = "lead.state", preset = "warm.vstpreset" }\n'
                    'effects = [{ plugin = "own.dsp" }, { plugin = "ZamComp", state = "lead.state" }, '
                    '{ effect = "eq", name = "own" }]\n')
    track = sessions.load(str(file)).tracks[0]
    use = use_of("own.dsp", plugin_of(track))
    assert use.state == b"\1\2" and use.preset == tmp_path / "warm.vstpreset"
    assert plugin_of(track).name == track.effects[0].plugin == str(tmp_path / "own.dsp")
    assert track.effects[1].plugin == "ZamComp" and track.effects[2].name == "own"


def test_a_state_that_has_gone_since_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"gone.state.*sideman plugins edit"):
        use_of("X", PluginSpec(name="X", state=str(tmp_path / "gone.state")))


def test_the_example_of_the_documentation_is_a_session() -> None:
    text = (Path(__file__).parents[2] / "docs/plugins.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    session = sessions.parse(example, "plugins.md")
    assert plugin_of(session.tracks[0]).name == "ZynAddSubFX"
    assert session.tracks[0].effects[1].sync == {"time": "1/8."} and session.tracks[0].effects[2].key == "drums"
    words = text.split("What more can be said of either:")[1].split("## Where")[0]
    for field in PluginSpec.__struct_fields__:
        assert field == "name" or f"| `{field}` |" in words, f"docs/plugins.md does not explain {field}"
