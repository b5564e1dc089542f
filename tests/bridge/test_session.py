"""Sessions: each built-in one loads, and each mistake is named with its place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import SessionError
from bridge.rig import build_rig
from bridge.session import builtin_names, changed, load, parse, tuning_of
from composers.composer import find_genre, genre_names
from instruments import registry
from instruments.guest import Guest
from instruments.patch import find_patch
from instruments.tuned import Tuned

GOOD = """name = "T"
[music]
key = "F"
tempo = 100
[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "piano"
"""


@pytest.mark.parametrize("name", builtin_names())
def test_every_builtin_session_loads(name: str) -> None:
    session = load(name)
    assert session.description
    assert session.plan().parts.keys() == {t.name for t in session.tracks}


def test_a_session_of_ones_own_loads(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(GOOD)
    assert load(str(path)).music.tempo == 100


@pytest.mark.parametrize(("old", "new", "words"), [
    ("tempo = 100", "tempo = 1000", ["line 4", "music.tempo", "1000", "400"]),
    ("tempo = 100", "tempoo = 100", ["line 4", "tempoo", "tempo"]),
    ("tempo = 100", "tempo = ", ["line 4", "not valid TOML"]),
    ('key = "F"', 'key = "H"', ["'H'"]),
    ('key = "F"', 'genre = "polka"', ["polka", "jazz"]),
    ('key = "F"', 'form = "sonata"', ["sonata", "blues"]),
    ('key = "F"', 'meter = "4:4"', ["4:4", "4/4"]),
    ('parts = ["comp"]', 'parts = ["kazoo"]', ["tracks[0].parts", "kazoo", "melody"]),
    ('parts = ["comp"]', "parts = []", ["tracks[0].parts"]),
    ('instrument = "piano"', 'instrument = "kazoo"', ["tracks[0].instrument", "kazoo", "acoustic-piano"]),
    ('instrument = "piano"', "instrument = 3", ["tracks[0].instrument", "3"]),
    ('instrument = "piano"', 'instrument = "none.sf2:4"', ["tracks[0].instrument", "none.sf2"]),
    ('instrument = "piano"', 'instrument = "piano"\ntuning = "rasst"', ["tracks[0].tuning", "did you mean 'rast'"]),
    ('instrument = "piano"', 'instrument = "piano"\ntuning = "none.scl"', ["tracks[0].tuning", "none.scl"]),
    ('instrument = "piano"', 'instrument = "piano"\nbend_range = 0', ["tracks[0].bend_range", "1 to 96"]),
    ('instrument = "piano"', 'instrument = "piano"\nbend_channels = [17]', ["tracks[0].bend_channels", "17"]),
    ('instrument = "piano"', 'instrument = "piano"\nmpe = "left"', ["tracks[0].mpe", "lower"]),
    ('instrument = "piano"', 'instrument = "piano"\nmpe = "lower"\nchannel = 2', ["tracks[0]", "2, not both"]),
    ('instrument = "piano"', 'instrument = "piano"\nbend_channels = [2, 2]', ["tracks[0].bend_channels", "twice"]),
    ('instrument = "piano"', 'instrument = "piano"\nchannel = 3\nbend_channels = [2]', ["tracks[0]", "not both"]),
    ('instrument = "piano"', 'instrument = "piano"\npan = 1.5', ["tracks[0].pan", "1.5"]),
    ('instrument = "piano"', 'instrument = "piano"\npann = 1', ["pann", "pan"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{}]', ["tracks[0].effects[0]", "plugin"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{effect = "fuzzbox"}]', ["fuzzbox", "reverb"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{plugin = "NoSuch", required = true}]', ["NoSuch"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{effect = "eq", key = "piano"}]',
     ["tracks[0].effects[0].key = 'piano'", "'eq'", "no side-chain"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{effect = "eq", params = {low_db = 99}}]',
     ["tracks[0].effects[0]", "low_db = 99", "-24 to 24"]),
    ('instrument = "piano"', 'instrument = "piano"\neffects = [{effect = "eq", name = "a.b"}]',
     ["effects[0].name", "a.b", "without dots"]),
    ('instrument = "piano"',
     'instrument = "piano"\neffects = [{effect = "eq", name = "a"}, {effect = "eq", name = "a"}]',
     ["tracks[0].effects[1].name = 'a'", "twice"]),
    ('instrument = "piano"', 'instrument = "piano"\ngroup = "band"', ["tracks[0].group = 'band'", "[[groups]]"]),
    ('[[tracks]]', '[[groups]]\nname = "band"\n[[tracks]]\ngroup = "bnd"', ["'bnd'", "choose from 'band'"]),
    ('[[tracks]]', '[[groups]]\nname = "piano"\n[[tracks]]', ["groups[0].name = 'piano'", "tracks[0]"]),
    ('[[tracks]]', '[[groups]]\nname = "master"\n[[tracks]]', ["groups[0].name = 'master'", "mix"]),
    ('[[tracks]]', '[[tracks]]\nsends = {hall = -6}', ["tracks[0].sends = 'hall'", "choose from 'room'"]),
    ('[[tracks]]', '[[tracks]]\nsends = {room = 20}', ["tracks[0].sends", "-90 to 12"]),
    ('[[tracks]]', '[[tracks]]\nsends = {room = {level = -6}}', ["tracks[0].sends", "level", "db, pre"]),
    ('[[tracks]]', '[master]\nceiling_db = 3\n[[tracks]]', ["line 6", "master.ceiling_db", "-24 to 0"]),
    ('[[tracks]]', '[[returns]]\n[[tracks]]', ["returns[0].name is missing"]),
    ('[[tracks]]', '[[track]]', ["track"]),
    ('[music]', '[clock]\nsource = "sundial"\n[music]', ["clock.source", "sundial"]),
    ('[music]', '[clock]\nchase = "yes"\n[music]', ["line 3", 'clock.chase = "yes"', "true or false"]),
    ('[music]', '[[clock.out]]\nenabled = 1\n[music]', ["clock.out[0].enabled = 1", "true or false"]),
    ('[music]', '[[clock.in]]\nport = "A"\n[[clock.in]]\n[[clock.in]]\nport = "A"\n[music]',
     ["clock.in[2].port = 'A'", "entry [0]", "leave one"]),
    ('[music]', '[[clock.out]]\nport = "A"\n[[clock.out]]\nport = "A"\n[music]',
     ["clock.out[1].port = 'A'", "entry [0]", "leave one"]),
    ('name = "piano"', "name = 'piano'\nparts = ['bass']\ninstrument = 'bass'\n[[tracks]]\nname = 'piano'", ["twice"]),
])
def test_mistakes_are_named(old: str, new: str, words: list[str]) -> None:
    with pytest.raises(SessionError) as error:
        parse(GOOD.replace(old, new, 1), "my.toml")
    text = str(error.value)
    assert text.startswith("my.toml: ")
    for word in words:
        assert word in text, text


def test_a_clock_output_that_is_switched_off_is_in_nobodys_way() -> None:
    text = '[[clock.out]]\nport = "A"\n[[clock.out]]\nport = "A"\nenabled = false\n[[clock.in]]\nport = "A"\n[music]'
    assert len(parse(GOOD.replace("[music]", text, 1), "my.toml").clock.outputs) == 2


def test_unknown_names_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"did you mean 'jazz-trio'.*blues-trio"):
        load("jaz-trio")
    with pytest.raises(SessionError, match=r"nowhere\.toml cannot be read.*jazz-trio"):
        load("nowhere.toml")
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"name = \"\xff\"")
    with pytest.raises(SessionError, match="not UTF-8"):
        load(str(bad))


def test_changes_from_the_command_line_are_checked_alike() -> None:
    session = load("jazz-trio")
    assert changed(session, "x", music={"tempo": 99.0}).music.tempo == 99
    with pytest.raises(SessionError, match=r"the command line: music\.tempo = 9999"):
        changed(session, "the command line", music={"tempo": 9999.0})


@pytest.mark.parametrize("genre", genre_names())
def test_every_instrument_that_a_genre_knows_has_a_sound(genre: str) -> None:
    for name in find_genre(genre).instruments:
        find_patch(name)


def test_a_tuning_is_built_on_the_key_unless_it_says_otherwise() -> None:
    def tuning(word: str) -> float:
        track = parse(GOOD.replace('parts =', f'tuning = "{word}"\nparts ='), "t.toml").tracks[0]
        found = tuning_of(track, "F")
        assert found is not None
        return found.cents(69)

    assert tuning("rast") == -50 and tuning("rast:C") == 0  # A is the third of F


def test_other_peoples_instruments_and_tunings_reach_the_mixer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})

    def generate(frequency: float, duration: float, context: object) -> object:
        raise RuntimeError("broken")

    registry.register_synthesizer("mine", generate=generate, keys=(60, 60), velocities=(90,), fallback=None)
    text = GOOD.replace('"piano"\nparts', '"mine"\nparts').replace('instrument = "piano"',
                                                                  'instrument = "mine"\ntuning = "just"')
    rig = build_rig(parse(text, "t.toml"), 48_000, 256, offline=True)
    tuned = rig.tracks[0].instrument
    assert isinstance(tuned, Tuned) and isinstance(tuned.instrument, Guest)
    assert [g.instrument for g in rig.guest_status()] == ["mine"]
    rig.close()
