"""Layers in a session's text: put in and taken out, and every other byte stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bridge import session as sessions
from bridge.commands.layers import described, taken_in
from bridge.errors import SessionError
from bridge.offline import clips_of
from bridge.playing.layer_files import rescue, with_tables
from bridge.playing.spec import LayerSpec
from bridge.stream import wire
from composers.layers import Layer
from composers.score import PPQ, Clip, Control, Note, Span

BAR = 4 * PPQ
TEXT = 'name = "x" # mine\n\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n'
ONE = LayerSpec("piano", 4.0, 8.0, "x.layers/piano-1.mid", 4.0, "replace")


def layer(*notes: Note, repeat: int = 0) -> LayerSpec:
    return LayerSpec.of(Layer("piano", Clip.of(Span(BAR, 2 * BAR), notes, [Control(BAR + 5, "bend", 0, 0.5)]), repeat))


def test_tables_are_put_at_the_end_replaced_and_taken_out() -> None:
    with_one = with_tables(TEXT, [ONE], "x")
    assert with_one.startswith(TEXT)
    assert tomllib.loads(with_one)["layers"] == [{"track": "piano", "file": "x.layers/piano-1.mid", "start": 4.0,
                                                  "end": 8.0, "repeat": 4.0, "mode": "replace"}]
    assert with_tables(with_one, [ONE], "x") == with_one
    assert with_tables(with_one, [], "x") == TEXT
    assert with_tables(with_one.replace("\n", "\r\n"), [ONE, ONE], "x").count("\r\n[[layers]]\r\n") == 2


def test_layers_in_the_middle_of_a_file_go_and_comments_stay() -> None:
    old = '[[layers]]\ntrack = "piano" # old\nfile = "a.mid"\nstart = 0.0\nend = 4.0\n'
    text = f"{TEXT}\n{old}# a remark\n[music]\nseed = 3\n"
    new = with_tables(text, [], "x")
    assert "layers" not in new and "# a remark" in new and tomllib.loads(new)["music"] == {"seed": 3}


def test_layers_that_are_written_inline_are_left_to_their_writer() -> None:
    text = 'layers = [{ track = "piano", file = "a.mid", start = 0.0, end = 4.0 }]\n' + TEXT
    with pytest.raises(SessionError, match=r"put this in it yourself:\n\[\[layers\]\]"):
        with_tables(text, [ONE], "x")


def test_a_rescued_folder_goes_into_a_session_and_is_in_what_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_TAKES", str(tmp_path / "takes"))
    mine = layer(Note(BAR + 480, 300, 101, 90.0), repeat=BAR)
    session = sessions.load("jazz-trio")
    folder = rescue("jazz/trio", [mine], session.meter, 97.0)
    assert folder != rescue("jazz/trio", [mine], session.meter, 97.0)
    file = tmp_path / "my.toml"
    file.write_text(Path(sessions.builtin_folder(), "jazz-trio.toml").read_text())
    assert "1 layer" in taken_in(folder, file)
    loaded = sessions.load(str(file))
    assert loaded.layers[0].layer == mine.layer
    notes = clips_of(loaded, 6)["piano"].notes
    assert [n.start for n in notes if n.pitch == 101] == [bar * BAR + 480 for bar in range(1, 6)]
    with pytest.raises(SessionError, match="holds no layers"):
        taken_in(tmp_path, file)


def test_what_a_session_says_of_layers_is_checked(tmp_path: Path) -> None:
    def refused(rows: str, match: str) -> None:
        with pytest.raises(SessionError, match=match):
            sessions.parse(f"{TEXT}\n{rows}\n", "x.toml", tmp_path)

    refused('[[layers]]\ntrack = "sax"\nfile = "a.mid"\nstart = 0\nend = 4', "no track: choose from piano")
    refused('[[layers]]\ntrack = "piano"\nstart = 0\nend = 4', "has no file")
    refused('[[layers]]\ntrack = "piano"\nfile = "a.mid"\nstart = 0\nend = 4', r"layers\[0\].*a.mid")
    refused('[playing]\nquantise = "1/7"', "quantise")
    refused('[playing]\nquantise = "1/8t"\nswing = 0.6', "does not swing")


def test_the_list_of_layers_reads_as_musicians_count() -> None:
    told = wire.PlayingStatus(armed=("piano",), recording="on", loop=2, follow=("chords",), understood="Dm7", layers=(
        wire.LayerInfo(1, "piano", 4.0, 12.0, 8.0, "merge", 5, False),))
    assert described(told, (4, 4)) == [
        "armed      piano", "recording  on, a loop of 2 bars, quantise off, merge",
        "layer 1    piano: 5 notes, bars 2 to 3, and on and on, not kept yet",
        "following  chords, last heard Dm7"]
