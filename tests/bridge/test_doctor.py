"""sideman doctor and sideman ports: every look gives a row, a broken one a remedy, and neither command ever crashes."""

from __future__ import annotations

import json
import os
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bridge.commands import doctor, ports
from bridge.commands.doctor import REQUIRED, Row
from bridge.errors import DeviceError
from instruments import kernel_cache, soundfont_file, warmup
from instruments.fluidsynth import library
from instruments.plugins import catalogue


@pytest.fixture(autouse=True)
def _no_jack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own JACK server, if it has one, stays out of these tests."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "sideman-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")


def checks(*arguments: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    result = CliRunner().invoke(doctor.command, ["--json", *arguments])
    answer = json.loads(result.stdout)
    assert answer["ok"] == (result.exit_code == 0)
    return result.exit_code, {row["name"]: row for row in answer["checks"]}, result.stdout


def test_everything_is_looked_at() -> None:
    code, rows, _ = checks()
    assert code == 0
    for name in ("Python", "JACK", "PortAudio", "Real time", "Compiled kernels", "FluidSynth", "SoundFonts",
                 "Plug-ins", "Web port", *REQUIRED):
        assert name in rows
    assert any(name.startswith("MIDI") for name in rows)
    for row in rows.values():
        assert row["state"] in ("ok", "warning", "missing")
        assert row["detail"]
        assert row["state"] == "ok" or row["remedy"], f"{row['name']} says what is wrong but not what helps"
        assert "could not be looked at" not in row["detail"]


def test_what_is_required_is_what_pyproject_says() -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert {name.partition(">=")[0] for name in pyproject["project"]["dependencies"]} == set(REQUIRED)


def test_as_a_table() -> None:
    result = CliRunner().invoke(doctor.command, [], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for word in ("Python", "JACK", "Real time", "What helps", "ok"):
        assert word in result.output


def test_a_missing_package_is_named_and_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REQUIRED", (*REQUIRED, "hurdy-gurdy"))
    code, rows, _ = checks()
    assert code == 1
    assert rows["hurdy-gurdy"]["remedy"] == "pip install hurdy-gurdy"
    table = CliRunner().invoke(doctor.command, [])
    assert table.exit_code == 1
    assert "Nothing plays without: hurdy-gurdy" in table.output


def test_a_look_that_fails_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Row:
        raise RuntimeError("no such bus")

    monkeypatch.setattr(doctor, "jack_row", broken)
    code, rows, _ = checks()
    assert code == 0, "JACK is not required"
    assert rows["JACK"]["detail"] == "could not be looked at: RuntimeError: no such bus"
    assert rows["JACK"]["state"] == "warning"


def test_without_a_jack_server_it_says_how_to_start_one() -> None:
    row = doctor.jack_row()
    assert row.state == "warning"
    assert row.remedy


def test_a_taken_web_port_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert doctor.port_row(port).state == "warning"
        assert f"{port} cannot be had" in doctor.port_row(port).detail
    assert doctor.port_row(port).state == "ok"


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="Linux only")
def test_real_time_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = os.sched_getscheduler(0)
    doctor.realtime_row()
    assert os.sched_getscheduler(0) == policy, "tried on another thread"

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    row = doctor.realtime_row()
    assert row.state == "warning"
    for part in ("@audio - rtprio 95", "@audio - memlock unlimited", "usermod -aG audio"):
        assert part in row.remedy
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: None)
    assert doctor.realtime_row().state == "ok"


def test_where_compiled_kernels_are_kept_and_whether_they_are_there(monkeypatch: pytest.MonkeyPatch,
                                                                    tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "new"))
    monkeypatch.setattr(warmup, "load", list)
    assert doctor.kernels_row() == Row("Compiled kernels", "ok", f"all {len(warmup.KERNELS)} in {tmp_path / 'new'}")
    monkeypatch.setattr(warmup, "load", lambda: [("voices", 20), ("oscillators", 45)])
    row = doctor.kernels_row()
    assert (row.state, row.remedy) == ("warning", "sideman warmup") and row.detail.startswith("2 of ")
    monkeypatch.setattr(kernel_cache, "_writable", lambda folder: False)
    assert "NUMBA_CACHE_DIR" in doctor.kernels_row().remedy


def test_fluidsynth_and_its_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library.cache_clear()
    monkeypatch.setenv("SIDEMAN_FLUIDSYNTH", str(tmp_path / "none.so"))
    missing = doctor.fluidsynth_row()
    assert missing.state == "warning" and "none.so" in missing.detail and "fluid" in missing.remedy
    monkeypatch.delenv("SIDEMAN_FLUIDSYNTH")
    library.cache_clear()
    found = doctor.fluidsynth_row()
    assert found.state == "warning" or "plays SoundFonts" in found.detail
    monkeypatch.setattr(soundfont_file, "font_folders", lambda: [Path(), tmp_path])
    assert doctor.fonts_row().state == "warning" and "apt-get install" in doctor.fonts_row().remedy
    (tmp_path / "Mine.sf3").touch()
    assert doctor.fonts_row() == Row("SoundFonts", "ok", "1: Mine.sf3")


def test_plug_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path / "cache"))
    for name in ("Alpha.vst3", "Beta.component"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("instruments.plugins.scan.folders", lambda *_: (tmp_path,))
    row, *hosts = doctor.plugin_rows()
    assert (row.state, row.detail) == ("ok", "2: 1 AU, 1 VST3; 2 not scanned yet")
    assert row.remedy == "sideman plugins scan"
    pedalboard = next(host for host in hosts if host.name.endswith("pedalboard"))
    assert "VST3" in pedalboard.detail and "no tempo" in pedalboard.detail
    catalogue.change([catalogue.Entry(str(tmp_path / "Alpha.vst3"), "VST3", "Alpha", 0, 0,
                                                    trouble="crashed", reason="crashed with SIGSEGV")])
    row = next(doctor.plugin_rows())
    assert row.state == "warning" and "1 not scanned" in row.detail
    assert "Alpha (VST3) crashed with SIGSEGV" in row.detail
    assert "forget" in row.remedy
    monkeypatch.setattr("instruments.plugins.scan.folders", lambda *_: (tmp_path / "empty",))
    assert next(doctor.plugin_rows()).state == "warning"


def test_a_host_that_is_not_installed_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_CACHE", str(tmp_path))
    monkeypatch.setattr("instruments.plugins.hosts.installed", lambda _name: False)
    minihost = next(row for row in doctor.plugin_rows() if row.name.endswith("minihost"))
    assert "not installed" in minihost.detail and "sideman[minihost]" in minihost.remedy


def test_midi_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.ports.midi_systems import MidiApi, PortNames

    def apis() -> list[MidiApi]:
        return [MidiApi("rtmidi", "winmm", "WinMM by A", "is asleep: wake it"),
                MidiApi("rtmidi", "alsa", "ALSA by A", ""), MidiApi("libremidi", "alsa", "ALSA by B", "")]

    monkeypatch.setattr("bridge.ports.midi_systems.midi_apis", apis)
    monkeypatch.setattr("bridge.ports.midi_systems.list_ports", lambda _api: PortNames(["a", "b"], ["c"]))
    monkeypatch.setattr("bridge.ports.midi_systems.libremidi_version", lambda: None)
    monkeypatch.setattr(doctor, "jack_row", lambda: Row("JACK", "warning", "does not run", "start it"))
    monkeypatch.delenv("SIDEMAN_MIDI", raising=False)
    choice, winmm, alsa, second, hot_plug = doctor.midi_rows()
    assert choice == Row(
        "MIDI", "ok", "ALSA by A (the first that answers), in a process of its own; JACK's server does not answer"
    )
    assert winmm == Row("MIDI: WinMM by A", "ok", "not in use: is asleep", "wake it")
    assert alsa == Row("MIDI: ALSA by A", "ok", "2 ports to send to, 1 to hear")
    assert second.detail == "not in use; answers: 2 ports to send to, 1 to hear"
    assert hot_plug.remedy == "pip install 'sideman[libremidi]'"
    monkeypatch.setenv("SIDEMAN_MIDI", "libremidi")
    assert next(doctor.midi_rows()).detail.startswith("ALSA by B (SIDEMAN_MIDI=libremidi)")
    monkeypatch.setattr(doctor, "jack_row", lambda: Row("JACK", "ok", "server 'default', 64 frames"))
    assert next(doctor.midi_rows()).detail.startswith("JACK by JACK-Client: its server answers. Without it: ALSA by B")
    monkeypatch.setattr(doctor, "jack_row", lambda: Row("JACK", "warning", "does not run", "start it"))
    monkeypatch.setenv("SIDEMAN_MIDI", "winmm")
    choice, winmm, *_ = doctor.midi_rows()
    assert (choice.state, winmm.state) == ("warning", "warning")
    assert "SIDEMAN_MIDI=winmm does not answer here" in choice.detail


def test_ports_lists_a_system_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.ports.midi_systems import MidiApi, PortNames

    monkeypatch.setattr("bridge.ports.midi_systems.midi_apis", lambda: [
        MidiApi("rtmidi", "alsa", "ALSA by A", "is asleep"), MidiApi("libremidi", "alsa", "ALSA by B", ""),
        MidiApi("libremidi", "core", "Core by B", ""), MidiApi("rtmidi", "core", "Core by A", ""),
    ])  # fmt: skip
    monkeypatch.setattr("bridge.ports.midi_systems.list_ports", lambda _api: PortNames(["a"], []))
    assert [(row["label"], row["outputs"]) for row in ports._midi()] == [("ALSA by B", ["a"]), ("Core by B", ["a"])]


@pytest.fixture
def port_systems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ports, "_midi", lambda: [
        {"api": "alsa", "label": "ALSA", "trouble": "", "outputs": ["Piano [1]"], "inputs": []},
        {"api": "jack", "label": "Jack", "trouble": "", "outputs": ["hidden:here"], "inputs": []},
    ])  # fmt: skip
    monkeypatch.setattr(ports, "_jack", lambda: {
        "server": "studio", "rate": 48_000, "frames": 64, "trouble": "", "midi_outputs": ["synth:in"],
        "midi_inputs": ["daw:clock"], "audio_outputs": ["system:playback_1"], "audio_inputs": [],
    })  # fmt: skip
    yield


def test_ports_as_a_table(port_systems: None) -> None:
    text = CliRunner().invoke(ports.command, [], env={"COLUMNS": "120"}).output
    for word in ("MIDI: ALSA", "Piano [1]", "JACK (studio)", "synth:in", "daw:clock", "system:playback_1", "none"):
        assert word in text
    assert "hidden:here" not in text, "JACK's ports are not listed twice"


def test_ports_as_json(port_systems: None) -> None:
    answer = json.loads(CliRunner().invoke(ports.command, ["--json"]).stdout)
    assert answer["jack"]["midi_inputs"] == ["daw:clock"]
    assert answer["midi"][0]["outputs"] == ["Piano [1]"]


def test_ports_where_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> Any:
        raise DeviceError("nothing here: buy a synth")

    monkeypatch.setattr(ports, "_midi", nothing)
    monkeypatch.setattr(ports, "_jack", nothing)
    result = CliRunner().invoke(ports.command, [], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "buy a synth" in result.output
    answer = json.loads(CliRunner().invoke(ports.command, ["--json"]).stdout)
    assert answer["jack"]["trouble"] == answer["midi"][0]["trouble"] == "nothing here: buy a synth"
