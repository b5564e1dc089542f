"""The scan looks for plug-ins by folder, name and path, and says where it has looked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from instruments.block import InstrumentError
from instruments.plugins import catalogue, scan
from instruments.plugins.catalogue import Entry
from instruments.plugins.files import stamp_of


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for bundle in ("Echo.vst3/Contents/x86_64-linux", "Vendor/Deep/Hall.vst3/Contents", "Vendor/Not a plug-in"):
        (tmp_path / bundle).mkdir(parents=True)
    (tmp_path / "Windows.vst3").write_bytes(b"MZ")
    (tmp_path / "Echo.vst3/Contents/x86_64-linux/Inner.vst3").write_bytes(b"")
    (tmp_path / "Unit.component").mkdir()
    return tmp_path


def test_lists_bundles_and_files_in_subfolders_but_not_within_bundles(shelf: Path) -> None:
    found = [(plugin.name, plugin.format) for plugin in scan.installed([shelf])]
    assert found == [("Echo", "VST3"), ("Hall", "VST3"), ("Unit", "AU"), ("Windows", "VST3")]


def test_a_missing_or_unreadable_folder_is_passed_over(shelf: Path, tmp_path: Path) -> None:
    assert scan.installed([tmp_path / "nowhere", shelf / "Windows.vst3"]) == ()


@pytest.mark.parametrize("asked", ["Hall", "hALL", "hall.vst3", " Hall "])
def test_finds_by_name_whatever_its_case(shelf: Path, asked: str) -> None:
    assert scan.find(asked, [shelf]).path == shelf / "Vendor/Deep/Hall.vst3"


def test_finds_by_path(shelf: Path) -> None:
    path = shelf / "Echo.vst3"
    assert scan.find(str(path), []) == scan.find(path, []) == ("Echo", path, "VST3", None)


def test_the_first_folder_wins(shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "own"
    (other / "Hall.vst3").mkdir(parents=True)
    assert scan.find("Hall", [other, shelf]).path == other / "Hall.vst3"


def test_an_unknown_name_is_told_with_folders_likely_names_and_remedy(shelf: Path) -> None:
    with pytest.raises(InstrumentError) as error:
        scan.find("Holl", [shelf])
    text = str(error.value)
    assert "'Holl'" in text
    assert str(shelf) in text
    assert "did you mean Hall" in text
    assert "sideman plugins scan FOLDER" in text


def test_a_zam_plugin_is_told_with_its_package() -> None:
    with pytest.raises(InstrumentError, match="apt-get install zam-plugins"):
        scan.find("ZamVerb", [])


@pytest.mark.parametrize(("asked", "reason"), [
    ("/nowhere/Echo.vst3", "does not exist"), ("{}/Vendor", "is no plug-in")])
def test_an_unknown_path_is_told(shelf: Path, asked: str, reason: str) -> None:
    with pytest.raises(InstrumentError, match=reason):
        scan.find(asked.format(shelf), [shelf])


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Echo in three formats; two LV2 plug-ins of the same name; a bundle of two."""
    folder = tmp_path / "mixed"
    (folder / "Echo.vst3").mkdir(parents=True)
    (folder / "Echo-vst.so").write_bytes(b"VSTPluginMain\0")
    for bundle, plugins in {"echo": {"urn:a:echo": "Echo"}, "twin": {"urn:b:twin": "Twin"},
                            "twin2": {"urn:c:twin": "twin"}, "pair": {"urn:p:one": "One", "urn:p:two": "Two"}}.items():
        (folder / f"{bundle}.lv2").mkdir()
        manifest = "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n@prefix doap: <http://usefulinc.com/ns/doap#> .\n"
        manifest += "".join(f'<{uri}> a lv2:Plugin ; doap:name "{name}" .\n' for uri, name in plugins.items())
        (folder / f"{bundle}.lv2/manifest.ttl").write_text(manifest)
    return folder


@pytest.mark.parametrize(("asked", "format_name"), [
    ("Echo", "VST3"), ("LV2:echo", "LV2"), ("vst2: Echo", "VST2"), ("VST3:Echo", "VST3"), ("Echo.lv2", "LV2")])
def test_a_name_may_say_its_format(mixed: Path, asked: str, format_name: str) -> None:
    if asked == "Echo.lv2":
        asked = str(mixed / "echo.lv2")
    assert scan.find(asked, [mixed]).format == format_name


def test_a_hint_or_a_host_says_the_format_too(mixed: Path) -> None:
    assert scan.find("Echo", [mixed], format="VST2").path.suffix == ".so"
    assert scan.find("Echo", [mixed], host="vst2").format == "VST2"
    assert scan.find("Echo", [mixed], host="pedalboard").format == "VST3"


def test_what_no_host_here_plays_comes_last(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(format_name: str, *_: object, **__: object) -> str:
        if format_name != "VST2":
            raise InstrumentError("none")
        return "some"

    monkeypatch.setattr(scan, "choose_host", choose)
    assert scan.find("Echo", [mixed]).format == "VST2"


def test_lv2_is_found_by_uri_and_by_a_bundle_of_one(mixed: Path) -> None:
    assert scan.find("urn:p:two", [mixed]) == ("Two", mixed / "pair.lv2", "LV2", "urn:p:two")
    assert scan.find(mixed / "echo.lv2", []).which == "urn:a:echo"
    assert scan.find("Two", [mixed]).which == "urn:p:two"


def test_a_bundle_of_several_wants_one_named(mixed: Path) -> None:
    for asked in (str(mixed / "pair.lv2"), "pair"):
        with pytest.raises(InstrumentError, match=r"holds 2 plug-ins.*One, Two"):
            scan.find(asked, [mixed])
        assert scan.find(asked, [mixed], which="two").which == "urn:p:two"
        assert scan.find(asked, [mixed], which="urn:p:one").name == "One"
        with pytest.raises(InstrumentError, match="holds no 'three': choose from One, Two"):
            scan.find(asked, [mixed], which="three")


def test_which_of_another_format_is_for_its_host_to_know(mixed: Path) -> None:
    assert scan.find("Echo", [mixed], which="Inner").which == "Inner"


def test_an_ambiguous_name_is_told_with_what_it_may_be(mixed: Path) -> None:
    with pytest.raises(InstrumentError) as error:
        scan.find("Twin", [mixed])
    assert "urn:b:twin" in str(error.value) and "urn:c:twin" in str(error.value)


def test_the_same_plug_in_in_a_later_folder_is_no_ambiguity(mixed: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/my.lv2").mkdir()
    (tmp_path / "own/my.lv2/manifest.ttl").write_text((mixed / "echo.lv2/manifest.ttl").read_text())
    assert scan.find("LV2:Echo", [tmp_path / "own", mixed]).path == tmp_path / "own/my.lv2"


def test_a_format_that_is_not_there_names_those_that_are(mixed: Path) -> None:
    with pytest.raises(InstrumentError, match='it is there as LV2: ask for "LV2:Twin"'):
        scan.find("VST3:Twin", [mixed])


def test_an_unknown_uri_and_a_bundle_without_manifest_are_told(mixed: Path) -> None:
    with pytest.raises(InstrumentError, match="urn:none"):
        scan.find("urn:none", [mixed])
    (mixed / "empty.lv2").mkdir()
    with pytest.raises(InstrumentError, match="needs a manifest"):
        scan.find(mixed / "empty.lv2", [])


@pytest.mark.skipif(sys.platform == "darwin", reason="there it is a bundle")
def test_a_vst_folder_means_the_library_in_it(tmp_path: Path) -> None:
    (tmp_path / "ProM.vst").mkdir()
    (tmp_path / "ProM.vst/ProM.so").write_bytes(b"VSTPluginMain\0")
    inner = ("ProM", tmp_path / "ProM.vst/ProM.so", "VST2", None)
    assert scan.find("ProM", [tmp_path]) == scan.find(tmp_path / "ProM.vst", []) == inner


def test_a_library_that_is_no_vst2_is_not_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "helper.so").write_bytes(b"nothing")
    with pytest.raises(InstrumentError, match="no plug-in named"):
        scan.find("helper", [tmp_path])


def test_faust_is_found_by_path(tmp_path: Path) -> None:
    (tmp_path / "own.dsp").write_text("process = _;")
    assert scan.find(str(tmp_path / "own.dsp"), []).format == "Faust"


def test_a_scanned_plug_in_has_its_own_name(shelf: Path) -> None:
    path = shelf / "Echo.vst3"
    stamp = stamp_of(path)
    catalogue.change([Entry(str(path), "VST3", "Big Echo Pro", stamp.size, stamp.mtime_ns)])
    assert scan.find("big echo pro", [shelf]).path == path == scan.find("Echo", [shelf]).path


def test_folders_that_were_scanned_once_are_searched_from_then_on(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "folders", lambda: (shelf / "nowhere",))
    with pytest.raises(InstrumentError):
        scan.find("Hall")
    catalogue.change(folders=[shelf])
    assert scan.find("Hall").path == shelf / "Vendor/Deep/Hall.vst3"


def test_a_catalogued_lv2_plug_in_is_found_without_reading_manifests(mixed: Path, monkeypatch: pytest.MonkeyPatch
                                                                     ) -> None:
    path = mixed / "pair.lv2"
    stamp = stamp_of(path)
    catalogue.change([Entry(str(path), "LV2", "Two", stamp.size, stamp.mtime_ns, "urn:p:two")])

    def unread(_path: Path) -> tuple[()]:
        raise AssertionError("a manifest was read")

    monkeypatch.setattr(scan, "plugins_in", unread)
    assert scan.find("Two", [mixed]).which == scan.find("urn:p:two", [mixed]).which == "urn:p:two"


def test_finding_loads_no_plug_in_library() -> None:
    code = ("import sys; from instruments.plugins.scan import find, installed; installed();"
            "assert not {'pedalboard', 'minihost', 'dawdreamer', 'numba'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)
