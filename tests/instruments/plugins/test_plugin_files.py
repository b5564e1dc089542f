"""Where plug-ins lie on each system, and what changes when one is installed anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from instruments.plugins import files
from instruments.plugins.files import Stamp, folders, is_vst2, plain_stem, preset_files, stamp_of

HOME = Path.home()


def test_linux_folders_of_every_format() -> None:
    found = folders({}, "linux")
    assert [p for p in found if p.name == "vst3" or p.name == ".vst3"] == [
        HOME / ".vst3", Path("/usr/lib/vst3"), Path("/usr/local/lib/vst3"), Path("/usr/lib64/vst3")]
    assert {HOME / ".lv2", Path("/usr/lib/lv2"), HOME / ".vst", HOME / ".lxvst", Path("/usr/lib/lxvst")} <= set(found)
    assert len(set(found)) == len(found)


def test_mac_folders() -> None:
    found = folders({}, "darwin")
    for kind in ("VST3", "Components", "LV2", "VST"):
        assert HOME / "Library/Audio/Plug-Ins" / kind in found and Path("/Library/Audio/Plug-Ins") / kind in found


def test_windows_folders() -> None:
    found = folders({"COMMONPROGRAMFILES": "/c/Common", "LOCALAPPDATA": "/u/Local", "APPDATA": "/u/Roaming",
                     "PROGRAMFILES": "/c/Programs"}, "win32")
    assert found[:2] == (Path("/u/Local/Programs/Common/VST3"), Path("/c/Common/VST3"))
    assert {Path("/u/Roaming/LV2"), Path("/c/Common/LV2"), Path("/c/Programs/VSTPlugins"),
            Path("/c/Programs/Steinberg/VSTPlugins")} <= set(found)
    assert folders({}, "win32") == ()


@pytest.mark.parametrize("variable", ["SIDEMAN_VST3_PATH", "SIDEMAN_PLUGIN_PATH", "VST3_PATH"])
def test_own_folders_come_first(variable: str, tmp_path: Path) -> None:
    found = folders({variable: f"{tmp_path}{os.pathsep}~/plugs"}, "linux")
    assert found[:2] == (tmp_path, HOME / "plugs") and Path("/usr/lib/vst3") in found


@pytest.mark.parametrize(("variable", "replaced"), [("LV2_PATH", "/usr/lib/lv2"), ("VST_PATH", "/usr/lib/vst")])
def test_some_variables_replace_the_standard_folders(variable: str, replaced: str) -> None:
    found = folders({variable: "/own"}, "linux")
    assert Path("/own") in found and Path(replaced) not in found and Path("/usr/lib/vst3") in found


@pytest.mark.parametrize(("file", "name"), [
    ("Dragonfly-vst.so", "Dragonfly"), ("amsynth_vst.so", "amsynth"), ("Zyn.so", "Zyn"), ("A-vst.vst3", "A-vst"),
    ("Two Words.dll", "Two Words"),
])
def test_what_packagers_add_to_a_name_is_left_out(file: str, name: str) -> None:
    assert plain_stem(Path(file)) == name


def test_a_stamp_changes_with_the_binary_within_a_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "A.vst3"
    binary = bundle / "Contents/x86_64-linux/A.so"
    binary.parent.mkdir(parents=True)
    (bundle / "Contents/Resources").mkdir()
    binary.write_bytes(b"123")
    os.utime(binary, ns=(7, 7))
    assert stamp_of(bundle) == Stamp(3, 7)
    (bundle / "Contents/Resources/help.txt").write_text("not looked at")
    assert stamp_of(bundle) == Stamp(3, 7)
    os.utime(binary, ns=(8, 8))
    assert stamp_of(bundle) == Stamp(3, 8)
    assert stamp_of(tmp_path / "gone.vst3") == stamp_of(tmp_path / "gone.so") == Stamp(0, 0)


def test_a_stamp_of_an_lv2_bundle_counts_its_descriptions(tmp_path: Path) -> None:
    bundle = tmp_path / "A.lv2"
    bundle.mkdir()
    (bundle / "a.so").write_bytes(b"1234")
    before = stamp_of(bundle)
    (bundle / "manifest.ttl").write_text("# more")
    assert stamp_of(bundle).size == before.size + 6


@pytest.mark.parametrize("entry", [b"VSTPluginMain\0", b"\0main\0"])
@pytest.mark.parametrize("at", [0, 1000, (1 << 20) - 5, (2 << 20) - 9])
def test_vst2_is_known_by_its_entry_point(tmp_path: Path, entry: bytes, at: int) -> None:
    library = tmp_path / "a.so"
    library.write_bytes(b"x" * at + b"\0" + entry + b"x" * 100)
    assert is_vst2(library)
    library.write_bytes(b"x" * at + b"VSTPlugin" + b"x" * 100)
    assert not is_vst2(library)


def test_a_vst2_bundle_is_known_by_the_library_in_it(tmp_path: Path) -> None:
    (tmp_path / "ProM.vst").mkdir()
    (tmp_path / "ProM.vst/ProM.so").write_bytes(b"..VSTPluginMain\0")
    (tmp_path / "Other.vst").mkdir()
    assert is_vst2(tmp_path / "ProM.vst") and not is_vst2(tmp_path / "Other.vst")


def test_preset_files_by_vendor_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.Path, "home", lambda: tmp_path)
    file = tmp_path / ".vst3/presets/Ann/Alpha/warm/Pad.vstpreset"
    file.parent.mkdir(parents=True)
    file.touch()
    assert preset_files("Ann", "Alpha", {}, "linux") == [file]
    assert preset_files("", "Alpha", {}, "linux") == []
