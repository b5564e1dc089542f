"""What a scan found out lasts, and is made anew where its file cannot be understood."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest

from instruments.plugins import catalogue
from instruments.plugins.catalogue import Entry, ParameterInfo, change, read


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/plugins.json"


def entry(name: str, **more: object) -> Entry:
    return Entry(f"/p/{name}.vst3", "VST3", name, 10, 20, **more)  # type: ignore[arg-type]


FULL = entry("Full", which=None, host="minihost", vendor="Ann", version="1.2", kind="effect", inputs=2, outputs=1,
             side_chain=True, midi_out=True, latency_frames=64, load_s=0.25, programs=("a", "b"),
             parameters=(ParameterInfo("Mode", "Play", "Stop", "Play", "", 2),
                         ParameterInfo("Gain", -60, 12.5, 0, "dB")))


def test_nothing_is_known_at_first() -> None:
    assert read().entries == {} and read().notice == ""


def test_all_of_an_entry_comes_back(cache: Path) -> None:
    assert change([FULL], folders=[Path("/own")]) == ""
    assert read().entries == {FULL.key: FULL} and read().folders == ("/own",)
    assert json.loads(cache.read_text())["version"] == catalogue.VERSION


def test_entries_are_added_replaced_and_removed() -> None:
    change([entry("A"), entry("B")], folders=[Path("/own")])
    change([entry("A", vendor="new"), entry("C")], [entry("B").key, ("/nowhere", None)])
    assert {e.name: e.vendor for e in read().entries.values()} == {"A": "new", "C": ""}
    assert read().folders == ("/own",)


def test_one_file_may_hold_several() -> None:
    change([entry("A", which="urn:1"), entry("A", which="urn:2")])
    assert len(read().entries) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"version": 99, "plugins": []}', "\0\1\2",
                                    '{"version": 1, "plugins": [{"path": 3}]}'])
def test_what_is_damaged_or_old_is_set_aside_with_a_notice(cache: Path, damage: str) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(damage)
    assert read().entries == {} and str(cache) in read().notice
    notice = change([entry("A")])
    assert str(cache) in notice and "plugins.json.old" in notice
    assert cache.with_name("plugins.json.old").read_text() == damage
    assert len(read().entries) == 1 and read().notice == "" and change([entry("B")]) == ""


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "file"))
    assert "cannot be written" in change([entry("A")])
    assert read().entries == {}


def test_readers_never_see_half_a_file() -> None:
    change([entry(str(n)) for n in range(50)])
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(len(read().entries))

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(50, 80):
        assert change([entry(str(n))]) == ""
    done.set()
    reader.join()
    assert seen == sorted(seen) and set(seen) <= set(range(50, 81)) and read().notice == ""


@pytest.mark.parametrize(("system", "place"), [
    ("linux", ".cache/sideman"), ("darwin", "Library/Caches/sideman"), ("win32", "AppData/Local/sideman/Cache")])
def test_each_system_has_its_cache_folder(monkeypatch: pytest.MonkeyPatch, system: str, place: str) -> None:
    for variable in ("SIDEMAN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    assert catalogue.folder() == Path.home() / place
