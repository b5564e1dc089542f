"""Main's side: a file from the first music on, none without music, and the music goes on where none can be written."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from take_stage import a_session, a_setup

from bridge.engine.inbox import EngineStatus
from bridge.takes import shelf, tape
from bridge.takes.take_file import RecordKind, TakeReader
from bridge.takes.tape import Tape
from bridge.takes.values import Ended, EngineBegun, Notice, PlanMade, decode


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shelf.FOLDER_VARIABLE, str(tmp_path / "takes"))
    return tmp_path / "takes"


def status(frame: int, tick: int = 0, *, playing: bool = True, bpm: float = 120.0) -> EngineStatus:
    return EngineStatus(frame, 0, 1, playing, False, tick, bpm, "own", "", False, False, [], {}, [], [], 0.0)


def begun() -> Tape:
    made = Tape(a_session())
    made.engine(a_setup())
    return made


def test_without_music_there_is_no_take(folder: Path) -> None:
    made = begun()
    made.blocks([b"abc"])
    made.status(status(0, playing=False), 48_000)
    assert made.close() == ""
    assert not folder.exists()


def test_a_long_wait_is_not_held_in_memory_and_is_no_take_either(folder: Path) -> None:
    made = begun()
    for _ in range(30):
        made.blocks([os.urandom(60_000)])
    assert made.name and len(list(folder.iterdir())) == 1
    assert made.close() == ""
    assert list(folder.iterdir()) == []


def test_from_the_first_music_on_everything_is_in_the_file_at_once() -> None:
    made = begun()
    made.blocks([b"before"])
    made.notice("info", "compiling")
    made.status(status(4800), 48_000)
    assert made.name
    made.blocks([b"in ", b"it"])
    deadline = time.monotonic() + 5
    path = shelf.find(made.name)
    while b"in it" not in path.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    found = [r.kind for r in TakeReader(path)]  # nobody has closed it: as after kill -9
    assert found == [RecordKind.ABOUT, RecordKind.ENGINE, RecordKind.BLOCKS, RecordKind.NOTICE, RecordKind.SUMMARY,
                     RecordKind.BLOCKS]
    made.plan(2, a_session().with_music(tempo=99.0))
    assert made.close("it burnt") == path.name.removesuffix(".take")
    records = list(TakeReader(path))
    assert decode(records[1], EngineBegun, "x").setup == a_setup()
    assert decode(records[3], Notice, "x").text == "compiling"
    assert decode(records[-2], PlanMade, "x").music.tempo == 99.0
    assert decode(records[-1], Ended, "x").why == "it burnt"
    assert shelf.look(path).ended == "it burnt"


def test_the_summary_counts_music_and_not_waiting() -> None:
    made = begun()
    made.status(status(0, playing=False), 48_000)
    for i in range(101):
        made.status(status(48_000 + i * 1600, round(i * 64), bpm=120.0 if i < 50 else 126.0), 48_000)
    made.status(status(400_000, playing=False), 48_000)
    made.engine(a_setup())  # another engine, at another frame
    made.status(status(900_000, bpm=90.0), 48_000)
    made.status(status(948_000, bpm=90.0), 48_000)
    name = made.close()
    summary = shelf.look(shelf.find(name)).summary
    assert summary is not None
    assert summary.seconds == pytest.approx(100 / 30 + 1.0, abs=0.01)
    assert summary.bars == pytest.approx((49 / 30 * 120 + 51 / 30 * 126 + 90) / 240, abs=0.02)
    assert (summary.stretches, summary.low_bpm, summary.high_bpm) == (2, 90.0, 126.0)


def test_where_no_file_can_be_made_it_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.touch()
    made = begun()
    made.status(status(0), 48_000)
    assert "no take can be kept" in made.error and "--no-take" in made.error
    made.blocks([b"x"])
    assert made.close() == ""


def test_a_full_disk_ends_the_take_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    made = begun()
    made.status(status(0), 48_000)
    monkeypatch.setattr(tape.os, "write", full)
    made.blocks([b"x" * 10])
    deadline = time.monotonic() + 5
    while not made.error and time.monotonic() < deadline:
        made.status(status(1600), 48_000)
        time.sleep(0.005)
    assert "No space left on device" in made.error
    made.blocks([b"y"])
    made.close()


def test_it_is_made_to_last_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(tape.os, "fsync", synced.append)
    monkeypatch.setattr(tape, "_SYNC_S", 0.01)
    made = begun()
    made.status(status(0), 48_000)
    deadline = time.monotonic() + 5
    while len(synced) < 3 and time.monotonic() < deadline:
        made.blocks([b"x"])
        time.sleep(0.005)
    assert len(synced) >= 3
    made.close()


def test_too_many_takes_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shelf.LIMIT_VARIABLE, "0.001")
    old = begun()
    old.status(status(0), 48_000)
    old.blocks([os.urandom(5000)])
    first = old.close()
    os.utime(shelf.find(first), (time.time() - 99,) * 2)
    new = begun()
    new.status(status(0), 48_000)
    second = new.close()
    assert [row.name for row in shelf.listed()] == [second] and first != second


