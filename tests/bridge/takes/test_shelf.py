"""Where takes lie: names, the list, what is kept and what goes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bridge.errors import TakeError
from bridge.takes import shelf
from bridge.takes.take_file import RecordKind, encode_record, header
from bridge.takes.values import About, Ended, Summary, encode

NINE = 1_795_424_400_000_000_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shelf.FOLDER_VARIABLE, str(tmp_path / "takes"))
    monkeypatch.delenv(shelf.LIMIT_VARIABLE, raising=False)
    return tmp_path / "takes"


def made(session: str = "Jazz trio", wall_ns: int = NINE, size: int = 0, *, ended: bool = True, old: bool = True
         ) -> str:
    name, descriptor = shelf.create(session, wall_ns)
    parts = [header(), encode_record(RecordKind.ABOUT, encode(About(wall_ns, session, {"sideman": "1"}))),
             encode_record(RecordKind.SUMMARY, encode(Summary(9, 61.0, 30.5, 2, 119.6, 131.0)))]
    if ended:
        parts.append(encode_record(RecordKind.END, encode(Ended("", Summary(9, 62.0, 31.0, 2, 119.6, 131.0)))))
    os.write(descriptor, b"".join(parts) + bytes(size))
    os.close(descriptor)
    if old:
        os.utime(shelf.find(name), (time.time() - 60,) * 2)
    return name


def test_names_tell_when_and_what_and_are_given_once() -> None:
    first, second = made(), made()
    assert first.endswith("-jazz-trio") and second == f"{first}-2"
    assert first[:4] == "2026" and len(first.split("-")) == 6
    assert shelf.plain_name("Träume, Vol. 2!") == "tr-ume-vol-2"
    assert shelf.plain_name("???") == "take"


def test_a_take_is_found_by_its_beginning_and_by_last(folder: Path) -> None:
    with pytest.raises(TakeError, match=r"there is no take 'last', nor any other in .*sideman play"):
        shelf.find("last")
    late, early = made("Blues", NINE + 10**12), made("Jazz", NINE - 10**13)
    assert shelf.find("last").name == f"{late}.take"
    assert shelf.find(early[:14]) == folder / f"{early}.take"
    assert shelf.find(str(folder / f"{early}.take")).name == f"{early}.take"
    with pytest.raises(TakeError, match=r"2 takes begin with '2026'.*give more"):
        shelf.find("2026")
    with pytest.raises(TakeError, match=rf"no take 'x'.*{late}"):
        shelf.find("x")
    assert shelf.is_take("last") and not shelf.is_take("nope")


def test_the_tenth_of_a_minute_is_the_last(folder: Path) -> None:
    names = [made() for _ in range(11)]
    assert shelf.find("last").name == f"{names[-1]}.take"
    assert [row.name for row in shelf.listed()] == names


def test_the_list_tells_what_each_is(folder: Path) -> None:
    made("Done")
    made("Cut", NINE + 1, ended=False)
    made("Live", NINE + 2, ended=False, old=False)
    (folder / "broken.take").write_bytes(b"nonsense, all of it")
    os.utime(folder / "broken.take", (1, 1))
    broken, done, cut, live = shelf.listed()
    assert "no take" in broken.trouble and broken.about is None
    assert (done.ended, done.live, done.kept) == ("", False, False)
    assert done.summary is not None and done.summary.bars == 31.0
    assert (cut.ended, cut.live) == (None, False) and cut.summary is not None and cut.summary.seconds == 61.0
    assert live.live


def test_kept_takes_stay_and_the_oldest_go_first() -> None:
    names = [made(f"S{i}", NINE + i * 10**11, 100_000) for i in range(5)]
    shelf.keep(names[0])
    assert shelf.prune(250_000) == [names[1], names[2]]
    assert [row.name for row in shelf.listed()] == [names[0], names[3], names[4]]
    assert shelf.prune(0, spare=names[4]) == [names[3]]
    shelf.keep(names[0], False)
    assert shelf.prune(0, spare=names[4]) == [names[0]]


def test_what_plays_is_not_pruned_removed_or_renamed() -> None:
    name = made(ended=False, old=False)
    assert shelf.prune(0) == []
    for act in (lambda: shelf.remove(name), lambda: shelf.rename(name, "x")):
        with pytest.raises(TakeError, match="being played"):
            act()


def test_a_take_gets_another_name_and_stays_kept() -> None:
    name, other = made(), made("Other")
    shelf.keep(name)
    shelf.rename(name, "Blues for Anna")
    assert shelf.find("Blues").name == "Blues for Anna.take" and shelf.kept("Blues for Anna") and not shelf.kept(name)
    for bad in ("last", "a/b", "", "x.take", "..", "nul\0", "x" * 200, " x"):
        with pytest.raises(TakeError, match="cannot be the name"):
            shelf.rename(other, bad)
    with pytest.raises(TakeError, match="already"):
        shelf.rename(other, "Blues for Anna")
    shelf.remove("Blues for Anna")
    assert not shelf.kept("Blues for Anna") and not shelf.is_take("Blues")


def test_where_nothing_can_be_written_the_remedy_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.joinpath("file").touch()
    monkeypatch.setenv(shelf.FOLDER_VARIABLE, str(folder.parent / "file" / "takes"))
    with pytest.raises(TakeError, match=r"SIDEMAN_TAKES.*--no-take"):
        shelf.create("x", NINE)
    monkeypatch.setenv(shelf.LIMIT_VARIABLE, "plenty")
    with pytest.raises(TakeError, match="SIDEMAN_TAKES_MB = 'plenty'"):
        shelf.limit_bytes()


@pytest.mark.parametrize(("platform", "variables", "wanted"), [
    ("linux", {"XDG_DATA_HOME": "/data"}, "/data/sideman/takes"), ("linux", {}, ".local/share/sideman/takes"),
    ("darwin", {}, "Library/Application Support/sideman/takes"),
    ("win32", {"LOCALAPPDATA": "/local"}, "/local/sideman/takes"),
])
def test_takes_lie_where_each_system_has_data(monkeypatch: pytest.MonkeyPatch, platform: str,
                                              variables: dict[str, str], wanted: str) -> None:
    for variable in (shelf.FOLDER_VARIABLE, "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr("sys.platform", platform)
    assert shelf.folder().as_posix().endswith(wanted)
