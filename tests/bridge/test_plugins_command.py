"""`sideman plugins`: scan, list, info and forget, on plug-ins of our own in a folder of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.commands import cli
from bridge.commands.plugins import command
from bridge.errors import InstrumentError, SessionError
from instruments.plugins import catalogue, survey
from instruments.plugins.catalogue import Entry, ParameterInfo
from instruments.plugins.files import stamp_of
from instruments.plugins.scan import FoundPlugin

PARAMETERS = (ParameterInfo("Bypass", "Off", "On", "Off", "", 2), ParameterInfo("Room Size", 0, 100, 12.5, "%"),
              ParameterInfo("Mode", "Hall", "Plate", "Hall", "", 2))


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is really loaded: Bad crashes, Synth is an instrument, the others are effects."""
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("instruments.plugins.scan.folders", lambda *_: (tmp_path / "shelf",))
    for name in ("Hall", "Synth", "Bad"):
        put(tmp_path / "shelf", name)

    def probe(found: FoundPlugin, host: str, timeout_s: float, **_: Any) -> Entry:
        stamp = stamp_of(found.path)
        entry = Entry(str(found.path), found.format, found.name, stamp.size, stamp.mtime_ns, found.which, host)
        more: dict[str, Any] = {"trouble": "crashed", "reason": "crashed with SIGSEGV"} if found.name == "Bad" else {
            "vendor": "Ann & Sons", "version": "2.0", "kind": "instrument" if found.name == "Synth" else "effect",
            "inputs": 2, "outputs": 2, "latency_frames": 48, "load_s": 0.25, "parameters": PARAMETERS,
            "programs": ("warm", "cold"), "side_chain": True}
        return Entry(**{field: getattr(entry, field) for field in entry.__struct_fields__} | more)

    monkeypatch.setattr(survey, "probe", probe)
    return tmp_path / "shelf"


def put(folder: Path, name: str) -> Path:
    binary = folder / f"{name}.vst3/Contents/x86_64-linux/{name}.so"
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_bytes(b"x")
    return folder / f"{name}.vst3"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", *arguments])


def told(*arguments: str) -> str:
    done = run(*arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


@pytest.mark.parametrize("name", sorted(command.commands))
def test_help_shows_examples(name: str) -> None:
    assert f"sideman plugins {name}" in told(name, "--help")


def test_a_scan_tells_what_it_found_and_what_is_broken(shelf: Path) -> None:
    output = told("scan")
    assert "3 plug-ins: 3 VST3" in output and "3 looked at, 0 known" in output
    assert f"VST3 Bad crashed with SIGSEGV: {shelf / 'Bad.vst3'}" in output
    assert "0 looked at, 3 known" in told("scan")
    assert "3 looked at" in told("scan", "--again")
    (shelf / "Hall.vst3").rename(shelf / "Hall.away")
    assert "1 gone" in told("scan")


def test_a_scan_as_json(shelf: Path) -> None:
    data = json.loads(told("scan", "--json"))
    assert (data["plugins"], data["loaded"], data["known"]) == (3, 3, 0) and data["formats"] == {"VST3": 3}
    assert [b["name"] for b in data["broken"]] == ["Bad"] and data["broken"][0]["trouble"] == "crashed"


def test_a_folder_is_remembered_until_all_is_forgotten(shelf: Path, tmp_path: Path) -> None:
    put(tmp_path / "other", "Mine")
    assert "1 plug-ins" in told("scan", str(tmp_path / "other"))
    assert [e["name"] for e in json.loads(told("list", "--json"))] == ["Mine"]
    assert "4 plug-ins" in told("scan")
    assert "forgotten: 4" in told("forget", "--all")
    assert catalogue.read().folders == () and json.loads(told("list", "--json")) == []


def test_what_is_no_folder_is_refused(shelf: Path) -> None:
    assert "no folder" in str(run("scan", str(shelf / "nowhere")).exception)


def test_a_damaged_catalogue_is_told(shelf: Path) -> None:
    told("scan")
    catalogue.file().write_text("{")
    assert "damaged" in told("list") and "3 more are new" in told("list")
    output = told("scan")
    assert "set aside" in output and "3 looked at" in output


def test_list_chooses() -> None:
    told("scan")
    assert [e["name"] for e in json.loads(told("list", "--json"))] == ["Bad", "Hall", "Synth"]

    def names(*arguments: str) -> list[str]:
        return [e["name"] for e in json.loads(told("list", "--json", *arguments))]

    assert names("--kind", "instrument") == ["Synth"] and names("--broken") == ["Bad"]
    assert names("ann & s") == ["Hall", "Synth"] and names("--format", "lv2") == []
    output = told("list")
    assert "Hall" in output and "crashed with SIGSEGV" in output
    assert told("list", "nothing like it").startswith("none with 'nothing like it'")


def test_list_says_what_is_new(shelf: Path) -> None:
    told("scan")
    put(shelf, "New")
    assert "1 more are new or have changed" in told("list")


def test_info_shows_parameters_and_a_line_for_a_session(shelf: Path) -> None:
    output = told("info", "hall")
    for word in ("Hall 2.0 by Ann & Sons", "effect, 2 in, 2 out, side-chain", "48 frames (1.0 ms", "room_size", "12.5",
                 "2: warm, cold", 'effects = [{ plugin = "Hall", params = { room_size = 12.5 } }]'):
        assert word in output, (word, output)
    data = json.loads(told("info", "Synth", "--json"))
    assert data["kind"] == "instrument" and data["parameters"][1] == {
        "name": "Room Size", "low": 0, "high": 100, "default": 12.5, "unit": "%", "steps": 0}
    assert data["session"] == 'plugin = { name = "Synth", params = { room_size = 12.5 } }'


def test_info_s_line_is_a_session_s(shelf: Path) -> None:
    from bridge import session

    line = json.loads(told("info", "Hall", "--json"))["session"]
    parsed = session.parse(f'name = "x"\n[[tracks]]\nname = "p"\nparts = ["comp"]\ninstrument = "piano"\n{line}', "x")
    assert parsed.tracks[0].effects[0].plugin == "Hall"


def test_info_of_what_is_broken_or_has_not_been_scanned(shelf: Path) -> None:
    told("scan")
    assert "crashed with SIGSEGV" in told("info", "Bad") and "plugins forget \"Bad\"" in told("info", "Bad")
    put(shelf.parent / "elsewhere", "Later")
    assert "Later 2.0" in told("info", str(shelf.parent / "elsewhere/Later.vst3"))


def test_info_of_an_unknown_name_suggests() -> None:
    assert "did you mean Hall" in str(run("info", "Hal").exception)


@pytest.mark.parametrize("name", ["Bad", "bad", "VST3:Bad"])
def test_what_is_forgotten_is_tried_again(name: str) -> None:
    told("scan")
    assert "forgotten: 1" in told("forget", name)
    assert "1 looked at, 2 known" in told("scan")


def test_forget_wants_a_name_that_is_known() -> None:
    told("scan")
    error = run("forget", "Hale").exception
    assert isinstance(error, InstrumentError) and "did you mean Hall" in str(error)
    assert run("forget").exit_code == 2 and run("forget", "Bad", "--all").exit_code == 2


@pytest.mark.parametrize(("arguments", "word"), [
    (["nowhere.toml", "piano"], "no file"), (["{}", "drums"], "piano.plugin (Hall)")])
def test_edit_tells_what_it_cannot_open(tmp_path: Path, arguments: list[str], word: str) -> None:
    session = tmp_path / "my.toml"
    session.write_text('name = "x"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n'
                       'effects = [{ plugin = "Hall" }]\n')
    error = run("edit", *(a.format(session) for a in arguments)).exception
    assert isinstance(error, SessionError) and word in str(error)


def test_edit_without_a_display_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    session = tmp_path / "my.toml"
    session.write_text('name = "x"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\ninstrument = "piano"\n'
                       'effects = [{ plugin = "Hall" }]\n')
    error = run("edit", str(session), "piano").exception
    assert isinstance(error, InstrumentError) and "no display" in str(error)


def test_a_scan_that_is_not_on_a_terminal_prints_one_line_and_no_bar(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "plugins", "scan", str(tmp_path / "empty")], capture_output=True, text=True,
        check=True, env=os.environ | {"SIDEMAN_CACHE": str(tmp_path / "c")})
    assert done.stdout.startswith("0 plug-ins; 0 looked at") and done.stderr == ""
