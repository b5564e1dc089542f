"""What a scan looks at, what it leaves alone, and what it keeps."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.block import InstrumentError
from instruments.plugins import catalogue, survey
from instruments.plugins import scan as shelves
from instruments.plugins.catalogue import Entry
from instruments.plugins.files import stamp_of
from instruments.plugins.scan import FoundPlugin
from instruments.plugins.survey import plan, scan

BAD = {"Crasher": "crashed", "Hanger": "hung"}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))
    for name in ("Alpha", "Crasher", "Hanger"):
        put(tmp_path / "shelf", name)
    return tmp_path / "shelf"


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is loaded; nothing really is."""
    names: list[str] = []

    def probe(found: FoundPlugin, host: str, timeout_s: float, **_: Any) -> Entry:
        names.append(found.name)
        stamp = stamp_of(found.path)
        trouble: Any = BAD.get(found.name)
        return Entry(str(found.path), found.format, found.name, stamp.size, stamp.mtime_ns, found.which, host,
                     trouble=trouble, reason=f"{trouble} badly" if trouble else "", kind="effect")

    monkeypatch.setattr(survey, "probe", probe)
    return names


def put(folder: Path, name: str, size: int = 3) -> Path:
    binary = folder / f"{name}.vst3/Contents/x86_64-linux/{name}.so"
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_bytes(b"x" * size)
    return folder / f"{name}.vst3"


def scanned(shelf: Path, **options: bool) -> set[str]:
    return {entry.name for entry in scan(plan([shelf], **options))}


def test_everything_is_looked_at_once(shelf: Path, probed: list[str]) -> None:
    assert scanned(shelf) == {"Alpha", "Crasher", "Hanger"} == set(probed)
    assert scanned(shelf) == set() and len(probed) == 3
    assert len(plan([shelf]).kept) == 3


def test_what_has_changed_is_looked_at_again_also_a_crasher(shelf: Path, probed: list[str]) -> None:
    scanned(shelf)
    put(shelf, "Crasher", 4)
    os.utime(shelf / "Alpha.vst3/Contents/x86_64-linux/Alpha.so", ns=(5, 5))
    assert scanned(shelf) == {"Crasher", "Alpha"}


def test_again_means_everything(shelf: Path, probed: list[str]) -> None:
    scanned(shelf)
    assert scanned(shelf, again=True) == {"Alpha", "Crasher", "Hanger"}


def test_what_is_gone_is_forgotten_but_not_what_lies_elsewhere(shelf: Path, probed: list[str], tmp_path: Path) -> None:
    put(tmp_path / "other", "Beta")
    scanned(shelf)
    scanned(tmp_path / "other")
    (shelf / "Alpha.vst3").rename(tmp_path / "away")
    wanted = plan([shelf])
    assert [Path(path).name for path, _ in wanted.gone] == ["Alpha.vst3"]
    list(scan(wanted))
    assert {e.name for e in catalogue.read().entries.values()} == {"Crasher", "Hanger", "Beta"}


def test_another_host_looks_at_it_anew(shelf: Path, probed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(shelf)
    monkeypatch.setattr(survey, "choose_host", lambda *_, **__: "another")
    assert scanned(shelf) == {"Alpha", "Crasher", "Hanger"}


def test_a_format_without_a_host_is_listed_by_its_files(shelf: Path, probed: list[str],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> str:
        raise InstrumentError("none")

    monkeypatch.setattr(survey, "choose_host", none)
    assert scanned(shelf) == {"Alpha", "Crasher", "Hanger"} and probed == []
    assert all(e.host == "" and e.trouble is None for e in catalogue.read().entries.values())
    assert scanned(shelf) == set()


def test_libraries_that_are_no_vst2_are_not_looked_at(tmp_path: Path, shelf: Path, probed: list[str]) -> None:
    (tmp_path / "vst").mkdir()
    (tmp_path / "vst/helper.so").write_bytes(b"no entry")
    (tmp_path / "vst/Real-vst.so").write_bytes(b"..VSTPluginMain\0")
    assert {due.found.name for due in plan([tmp_path / "vst"]).due} == {"Real"}


def test_a_scan_that_is_broken_off_keeps_what_it_has(tmp_path: Path, shelf: Path, probed: list[str]) -> None:
    for n in range(20):
        put(shelf, f"P{n}")
    going = scan(plan([shelf]))
    seen = {next(going).name for _ in range(5)}
    going.close()
    kept = {e.name for e in catalogue.read().entries.values()}
    assert seen <= kept and len(kept) < 23
    assert scanned(shelf) == {"Alpha", "Crasher", "Hanger", *(f"P{n}" for n in range(20))} - kept


def test_no_process_to_be_had_is_told(shelf: Path, probed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> Entry:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(survey, "probe", none)
    with pytest.raises(InstrumentError, match="Resource temporarily unavailable"):
        scanned(shelf)


def test_two_load_at_a_time_and_no_more(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        put(shelf, f"P{n}")
    lock, now, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2, timeout=10.0)

    def probe(found: FoundPlugin, host: str, timeout_s: float, **_: Any) -> Entry:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if found.name in ("Alpha", "Crasher"):
            both.wait()  # the first two meet, or the barrier breaks
        with lock:
            now[0] -= 1
        return Entry(str(found.path), "VST3", found.name, 0, 0)

    monkeypatch.setattr(survey, "probe", probe)
    assert len(list(scan(plan([shelf]), workers=2))) == 9
    assert most[0] == 2


def test_a_damaged_catalogue_is_told_once_and_made_anew(shelf: Path, probed: list[str]) -> None:
    file = catalogue.file()
    file.parent.mkdir(parents=True)
    file.write_text("{")
    notices: list[str] = []
    assert len(list(scan(plan([shelf]), notices=notices.append))) == 3
    assert len(notices) == 1 and "set aside" in notices[0]
    assert len(catalogue.read().entries) == 3


@pytest.fixture
def find(shelf: Path, probed: list[str]) -> Callable[..., FoundPlugin]:
    scanned(shelf)
    return lambda name, **options: shelves.find(name, [shelf], **options)


@pytest.mark.parametrize(("name", "what"), [("Crasher", "crashed badly"), ("hanger", "hung badly")])
def test_what_crashed_is_refused_with_reason_and_remedy(find: Callable[..., FoundPlugin], name: str, what: str) -> None:
    with pytest.raises(InstrumentError) as error:
        find(name)
    assert what in str(error.value) and f'sideman plugins forget "{name.title()}"' in str(error.value)
    assert find(name, broken_ok=True).name == name.title()


def test_what_crashed_is_refused_by_path_too_until_it_changes(find: Callable[..., FoundPlugin], shelf: Path) -> None:
    path = shelf / "Crasher.vst3"
    with pytest.raises(InstrumentError, match="crashed badly"):
        find(str(path))
    put(shelf, "Crasher", 9)
    assert find(str(path)).path == path == find("Crasher").path


def test_another_format_that_works_is_taken_instead(find: Callable[..., FoundPlugin], shelf: Path) -> None:
    (shelf / "Crasher-vst.so").write_bytes(b"..VSTPluginMain\0")
    assert find("Crasher").format == "VST2"
    with pytest.raises(InstrumentError, match="crashed badly"):
        find("VST3:Crasher")
