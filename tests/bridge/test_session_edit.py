"""One value changes in the user's file, and not a byte besides."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SessionError
from bridge.session import parse
from bridge.session_edit import Place, edited, number, track_place, write

TRACKS = '''# My trio
name = "Trio"   # a comment

[clock]
source = "auto"

[[tracks]]
name = "piano"
parts = ["comp"]     # chords
instrument = "piano"

  [[ tracks ]]   # the bass
  name = "bass"
  parts = [
    "bass",
  ]
  instrument = "upright-bass"

  # below
[[tracks]]
name = "drums"
parts = ["drums"]
offset_ms = +3   # measured in May
instrument = "jazz-kit"
'''


def inserted(text: str, before: str, after: str) -> None:
    """`after` is `before` with lines put in, and nothing else."""
    rows = iter(after.splitlines(keepends=True))
    assert all(any(row == other for other in rows) for row in before.splitlines(keepends=True)), text


@pytest.mark.parametrize(("entry", "old", "new"), [
    (0, 'instrument = "piano"\n', 'instrument = "piano"\noffset_ms = -12.5\n'),
    (1, '  instrument = "upright-bass"\n', '  instrument = "upright-bass"\n  offset_ms = -12.5\n'),
    (2, "offset_ms = +3   # measured in May", "offset_ms = -12.5   # measured in May"),
])
def test_a_tracks_offset_is_put_in_or_replaced(entry: int, old: str, new: str) -> None:
    changed = edited(TRACKS, "t.toml", Place("tracks", entry), -12.5)
    assert changed == TRACKS.replace(old, new)
    assert [t.offset_ms for t in parse(changed, "t").tracks][entry] == -12.5


@given(st.sampled_from([0, 1, 2]), st.floats(-500, 500), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_value_any_line_end(entry: int, offset: float, end: str, final: bool) -> None:
    text = TRACKS.replace("\n", end)
    text = text if final else text.rstrip()
    changed = edited(text, "t.toml", Place("tracks", entry), offset)
    read = [t.offset_ms for t in parse(changed, "t").tracks]
    assert read[entry] == pytest.approx(offset, abs=0.005001)
    assert [v for i, v in enumerate(read) if i != entry] == [v for i, v in enumerate([0, 0, 3]) if i != entry]
    assert changed.count("\n") - changed.count(end) == 0
    # A second time only replaces what the first has written.
    assert edited(changed, "t.toml", Place("tracks", entry), 1.0) == re.sub(
        rf"offset_ms = {re.escape(number(offset))}(?=\s)", "offset_ms = 1", changed + " ", count=1)[:-1]


def test_a_list_that_is_left_out_is_added_at_the_end() -> None:
    for table in ("clock.in", "clock.out"):
        changed = edited(TRACKS, "t.toml", Place(table, 0), 4.0)  # type: ignore[arg-type]
        assert changed == f"{TRACKS}\n[[{table}]]\noffset_ms = 4\n"
    both = edited(changed, "t.toml", Place("clock.in", 0), -7.25)
    session = parse(both, "t")
    assert (session.clock.outputs[0].offset_ms, session.clock.inputs[0].offset_ms) == (4.0, -7.25)


def test_the_second_clock_input_is_found() -> None:
    text = TRACKS + '\n[[clock.in]]\nport = "a"\n\n[[ clock . in ]]\nport = "b"\n\n[[clock.out]]\n'
    changed = edited(text, "t.toml", Place("clock.in", 1), 2.0)
    assert changed == text.replace('port = "b"\n', 'port = "b"\noffset_ms = 2\n')
    changed = edited(text, "t.toml", Place("clock.out", 0), 2.0)
    assert changed == text + "offset_ms = 2\n"


@pytest.mark.parametrize(("text", "place"), [
    (TRACKS.replace("[clock]\n", '[clock]\nin = [{ port = "a" }]\n'), Place("clock.in", 0)),
    (TRACKS, Place("clock.in", 1)),
    ('name = "x"\ntracks = [{ name = "a", parts = ["comp"], instrument = "piano" }]\n', Place("tracks", 0)),
    (TRACKS.replace('name = "Trio"', "description = '''\n[[tracks]]\n'''\nname = \"Trio\""), Place("tracks", 1)),
    (TRACKS.replace("offset_ms = +3", '"offset_ms" = +3'), Place("tracks", 2)),
])
def test_what_is_not_understood_is_left_alone_and_told(text: str, place: Place) -> None:
    parse(text, "t.toml")
    with pytest.raises(SessionError, match=r"(?s)t\.toml: cannot be edited safely.*offset_ms = 5"):
        edited(text, "t.toml", place, 5.0)


def test_out_of_range_and_a_wrong_file_are_told() -> None:
    with pytest.raises(SessionError, match="-500 to 500"):
        edited(TRACKS, "t.toml", Place("tracks", 0), 900.0)
    with pytest.raises(SessionError, match="not valid TOML"):
        edited(TRACKS + "\n[[", "t.toml", Place("tracks", 0), 9.0)


def test_tracks_are_found_by_name() -> None:
    assert track_place(TRACKS, "t.toml", "bass") == Place("tracks", 1)
    with pytest.raises(SessionError, match="no track 'flute': choose from 'piano', 'bass', 'drums'"):
        track_place(TRACKS, "t.toml", "flute")


def test_the_file_is_replaced_in_one_step_and_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "my.toml", tmp_path / "link.toml"
    path.write_bytes(TRACKS.encode())
    path.chmod(0o640)
    link.symlink_to(path)
    backup = write(link, [(Place("clock.out", 0), 1.5), (Place("clock.in", 0), -2.5)])
    assert backup == tmp_path / "my.toml.bak" and backup.read_bytes() == TRACKS.encode()
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640
    inserted("", TRACKS, path.read_text())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.toml", "my.toml", "my.toml.bak"]
    before = path.read_bytes()
    with pytest.raises(SessionError):
        write(path, [(Place("clock.in", 0), 3.0), (Place("clock.in", 5), 3.0)])
    assert path.read_bytes() == before, "all or nothing"


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-0.001, "0"), (12.0, "12"), (-3.456, "-3.46"), (0.1, "0.1")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
