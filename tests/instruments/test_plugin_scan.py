"""The scan looks for plug-ins by folder, name and path, and says where it has looked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from instruments import plugin_scan
from instruments.block import InstrumentError


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for bundle in ("Echo.vst3/Contents/x86_64-linux", "Vendor/Deep/Hall.vst3/Contents", "Vendor/Not a plug-in"):
        (tmp_path / bundle).mkdir(parents=True)
    (tmp_path / "Windows.vst3").write_bytes(b"MZ")
    (tmp_path / "Echo.vst3/Contents/x86_64-linux/Inner.vst3").write_bytes(b"")
    (tmp_path / "Unit.component").mkdir()
    return tmp_path


def test_lists_bundles_and_files_in_subfolders_but_not_within_bundles(shelf: Path) -> None:
    found = [(plugin.name, plugin.format) for plugin in plugin_scan.installed([shelf])]
    assert found == [("Echo", "VST3"), ("Hall", "VST3"), ("Unit", "AU"), ("Windows", "VST3")]


def test_a_missing_or_unreadable_folder_is_passed_over(shelf: Path, tmp_path: Path) -> None:
    assert plugin_scan.installed([tmp_path / "nowhere", shelf / "Windows.vst3"]) == ()


@pytest.mark.parametrize("asked", ["Hall", "hALL", "hall.vst3", " Hall "])
def test_finds_by_name_whatever_its_case(shelf: Path, asked: str) -> None:
    assert plugin_scan.find(asked, [shelf]).path == shelf / "Vendor/Deep/Hall.vst3"


def test_finds_by_path(shelf: Path) -> None:
    path = shelf / "Echo.vst3"
    assert plugin_scan.find(str(path), []) == plugin_scan.find(path, []) == ("Echo", path, "VST3", None)


def test_the_first_folder_wins(shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "own"
    (other / "Hall.vst3").mkdir(parents=True)
    assert plugin_scan.find("Hall", [other, shelf]).path == other / "Hall.vst3"


def test_an_unknown_name_is_told_with_folders_likely_names_and_remedy(shelf: Path) -> None:
    with pytest.raises(InstrumentError) as error:
        plugin_scan.find("Holl", [shelf])
    text = str(error.value)
    assert "'Holl'" in text
    assert str(shelf) in text
    assert "did you mean Hall" in text
    assert plugin_scan.PATH_VARIABLE in text


def test_a_zam_plugin_is_told_with_its_package() -> None:
    with pytest.raises(InstrumentError, match="apt-get install zam-plugins"):
        plugin_scan.find("ZamVerb", [])


@pytest.mark.parametrize(("asked", "reason"), [("/nowhere/Echo.vst3", "does not exist"), ("{}/Vendor", "is no plug-in")])
def test_an_unknown_path_is_told(shelf: Path, asked: str, reason: str) -> None:
    with pytest.raises(InstrumentError, match=reason):
        plugin_scan.find(asked.format(shelf), [shelf])


def test_own_folders_come_first(tmp_path: Path) -> None:
    env = {plugin_scan.PATH_VARIABLE: f"{tmp_path}{os.pathsep}~/plugs"}
    searched = plugin_scan.folders(env, "linux")
    assert searched[:2] == (tmp_path, Path.home() / "plugs")
    assert Path("/usr/lib/vst3") in searched


def test_each_system_has_its_folders() -> None:
    mac = [str(folder) for folder in plugin_scan.folders({}, "darwin")]
    assert any(folder.endswith("Components") for folder in mac)
    assert any(folder.endswith("VST3") for folder in mac)
    windows = plugin_scan.folders({"COMMONPROGRAMFILES": "/c/Common Files", "LOCALAPPDATA": "/u/Local"}, "win32")
    assert windows[:2] == (Path("/u/Local/Programs/Common/VST3"), Path("/c/Common Files/VST3"))
