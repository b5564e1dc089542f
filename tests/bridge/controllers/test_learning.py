"""A control gives itself away by what it sends, and what was learnt stands in the file and in nothing else."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest
from desk_stage import MIXER, Stage, session

from bridge.controllers.desk import Desk
from bridge.controllers.learning import Learning, described
from bridge.controllers.lesson import Lesson
from bridge.controllers.map_edit import added, lines, removed
from bridge.controls.gestures import Gestures
from bridge.controls.mapping import Control, Mapped
from bridge.errors import MessageError, SessionError
from bridge.parameter_paths import ParameterInfo
from bridge.session import load

CUTOFF = ParameterInfo("master.filter.cutoff_hz", 1000.0, "Hz", 20.0, 20_000.0, 20_000.0, log=True)
MUTE = ParameterInfo("mixer.bass.mute", 0.0, "", 0.0, 1.0, 0.0, True)


def learnt(data: bytes, info: ParameterInfo | None = CUTOFF, path: str = "") -> Mapped | None:
    learning, now_s = Learning(path or (info.path if info else "x"), info), 0.0
    gestures = Gestures()
    for at in range(0, len(data), 3):
        for gesture in gestures.feed(data[at : at + 3]):
            learning.hear(0, gesture, now_s)
        now_s += 0.01
    found = learning.result(now_s + 1)
    return None if found is None else found.mapped


def sweep(status: int, number: int, values: range) -> bytes:
    return b"".join(bytes((status, number, value)) for value in values)


@pytest.mark.parametrize(("data", "words"), [
    (sweep(0xB0, 21, range(40, 60)), "CC 21 on channel 1"),
    (sweep(0xB4, 7, range(127, 60, -9)), "CC 7 on channel 5"),
    (b"".join(bytes((0xB0, 3, v, 0xB0, 35, 5 * v % 128)) for v in range(20, 30)), "CC 3 in 14 bits on channel 1"),
    (b"".join(bytes((0xE2, v, v)) for v in range(60, 80)), "bend on channel 3"),
    (b"\x90\x24\x50\x90\x24\x00", "note 36 on channel 1"),
    (b"".join(bytes((0xB0, 99, 1, 0xB0, 98, 2, 0xB0, 6, v)) for v in range(10)), "NRPN 130 on channel 1"),
    (b"\xb0\x40\x7f\xb0\x40\x00", "CC 64 on channel 1"),
])
def test_which_control_it_was(data: bytes, words: str) -> None:
    mapped = learnt(data)
    assert mapped is not None and described(mapped) == words


@pytest.mark.parametrize(("values", "relative"), [
    ([1, 1, 2, 1, 127, 127, 126], "twos_complement"),
    ([65, 65, 66, 63, 63], "binary_offset"),
    ([1, 1, 1, 65, 66, 65], "sign_magnitude"),
    ([10, 11, 12, 13], None),
    ([0, 127, 0], None),
    ([60, 61, 62, 63, 65, 66], None),
])
def test_endless_knobs_are_known_by_their_steps(values: list[int], relative: str | None) -> None:
    mapped = learnt(b"".join(bytes((0xB0, 10, v)) for v in values))
    assert mapped is not None and mapped.relative == relative


def test_a_brush_is_no_choice() -> None:
    assert learnt(sweep(0xB0, 21, range(40, 42))) is None
    found = learnt(sweep(0xB0, 21, range(40, 42)) + sweep(0xB0, 30, range(20)))
    assert found is not None and found.cc == 30, "what was turned most"


def test_buttons_turn_switches_on_and_off() -> None:
    for data in (b"\x90\x24\x50\x90\x24\x00", b"\xb0\x40\x7f\xb0\x40\x00"):
        mapped = learnt(data, MUTE)
        assert mapped is not None and mapped.latch
    action = learnt(b"\x90\x24\x50\x90\x24\x00", None, "transport.play")
    assert action is not None and not action.latch and action.path == "transport.play"


FILE = f'''# mine
name = "Mine"   # a comment

{MIXER}
[[control]]            # the little one
port = "nano"
  [[control.map]]
  cc = 1   # first knob
  path = "music.energy"

[[control.map]]
cc = 2
path = "music.density"

[[control]]
name = "big in"
map = [ {{ cc = 5, path = "music.swing" }} ]  # inline

# the end
'''


def test_a_mapping_more_and_not_a_byte_besides() -> None:
    control = Control(name="control in", port="nano")
    new = Mapped("filter.cutoff", cc=3, low=20.0, high=2e4, curve="log", channel=2)
    text = added(FILE, "t", 0, control, new, lambda _: False)
    block = ('\n[[control.map]]\ncc = 3\nchannel = 2\npath = "filter.cutoff"\nlow = 20.0\nhigh = 20000.0\n'
             'curve = "log"\n')
    assert text == FILE.replace('path = "music.density"\n', f'path = "music.density"\n{block}')
    assert lines(new) == block[1:]
    inline = added(FILE, "t", 1, control, Mapped("music.seed", note=3), lambda _: False)
    assert inline == FILE.replace('"music.swing" }', '"music.swing" }, { note = 3, path = "music.seed" }')


def test_what_the_control_had_goes_and_comments_stay() -> None:
    new = Mapped("music.seed", cc=1)
    text = added(FILE, "t", 0, Control(), new, lambda m: m.cc == 1)
    assert [m["path"] for m in tomllib.loads(text)["control"][0]["map"]] == ["music.density", "music.seed"]
    assert "# mine" in text and "# the little one" in text and "# inline" in text and "# the end" in text
    without, count = removed(FILE, "t", "music.swing")
    assert count == 1 and "map" not in str(tomllib.loads(without)["control"][1].get("map") or "")
    assert removed(FILE, "t", "nothing") == (FILE, 0)


def test_a_file_without_controllers_gets_one() -> None:
    bare = f'name = "Bare"\n{MIXER}'.rstrip("\n")
    text = added(bare, "t", 0, Control(port="My \"Knobs\""), Mapped("music.energy", cc=1), lambda _: False)
    assert text.startswith(bare) and tomllib.loads(text)["control"] == [
        {"port": 'My "Knobs"', "map": [{"cc": 1, "path": "music.energy"}]}]
    windows = bare.replace("\n", "\r\n")
    text = added(windows, "t", 0, Control(), Mapped("music.energy", cc=1), lambda _: False)
    assert "\n" not in text.replace("\r\n", "")


def test_what_is_not_understood_is_left_alone() -> None:
    odd = f'name = "Odd"\ncontrol = [ {{ port = "x", map = [] }} ]\n{MIXER}'
    with pytest.raises(SessionError, match=r"put this in yourself:\n\[\[control.map\]\]\ncc = 1"):
        added(odd, "t", 0, Control(), Mapped("music.energy", cc=1), lambda _: False)


def test_a_lesson_is_kept_and_undone(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FILE, encoding="utf-8")
    lesson = Lesson(load(str(file)).control, file)
    found = learnt(sweep(0xB0, 1, range(30)))
    assert found is not None
    from bridge.controllers.learning import Learned

    assert lesson.add(Learned(0, found)) == "mine.toml"
    assert {m.path for m in load(str(file)).control[0].map} == {"music.density", "master.filter.cutoff_hz"}
    assert load(str(file)).control == lesson.controls
    assert lesson.remove("music.density") == 1 and lesson.undo() == 1 and lesson.undo() == 1
    assert file.read_text(encoding="utf-8") == FILE
    with pytest.raises(MessageError, match="nothing to undo"):
        lesson.undo()
    lesson.add(Learned(0, found))
    file.write_text(FILE + "# by hand\n", encoding="utf-8")
    with pytest.raises(SessionError, match="changed since"):
        lesson.undo()


def test_a_desk_learns_while_it_plays(tmp_path: Path) -> None:
    async def work() -> None:
        file = tmp_path / "mine.toml"
        file.write_text(f'name = "Desk"\n{MIXER}\n[[control]]\n[[control.map]]\ncc = 1\npath = "music.energy"\n')
        stage = Stage('[[control]]\n[[control.map]]\ncc = 1\npath = "music.energy"\n')
        stage.desk = Desk(stage, file, say=stage.said.append, clock=lambda: stage.now_s)
        told: list[str] = []
        stage.desk.learned = lambda _learned, words: told.append(words)
        with pytest.raises(MessageError, match="did you mean"):
            stage.desk.learn("mixer.bas.gain_db")
        stage.desk.learn("filter.cutoff")
        assert stage.desk.learning == "master.filter.cutoff_hz"
        stage.desk.hear(0, sweep(0xB0, 1, range(100, 127)))
        await stage.heed()
        assert stage.value("music.energy") == 0.6, "while it learns it turns nothing"
        await stage.heed(1.0)
        assert stage.desk.learning is None
        assert told == ["CC 1 on channel 1 turns master.filter.cutoff_hz, and no longer music.energy; kept in "
                        "mine.toml"]
        stage.desk.hear(0, b"\xb0\x01\x40")
        await stage.heed()
        assert stage.value("master.filter.cutoff_hz") == pytest.approx(632.46, abs=0.01)
        assert "cutoff" in file.read_text() and "energy" not in file.read_text()
        stage.desk.forget(None)
        stage.desk.hear(0, b"\xb0\x01\x7f")
        await stage.heed()
        assert stage.value("music.energy") == 1.0 and "energy" in file.read_text()

    asyncio.run(work())


def test_it_is_told_what_else_turns_it() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\n[[control.map]]\ncc = 1\npath = "music.energy"\n')
        told: list[str] = []
        stage.desk.learned = lambda _learned, words: told.append(words)
        stage.desk.learn("music.energy")
        stage.desk.hear(0, sweep(0xB1, 9, range(30)))
        await stage.heed(1.0)
        assert told == ["CC 9 on channel 2 turns music.energy; so does CC 1; until the end: it is not kept in a file"]

    asyncio.run(work())


def test_without_controllers_nothing_is_learnt() -> None:
    with pytest.raises(MessageError, match=r"\[\[control\]\]"):
        Stage("").desk.learn("music.energy")
    assert session("").control == []
