"""`sideman calibrate` on a real jackd: cables of known length, jack_iodelay, fluidsynth, jack_midi_clock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.errors import DeviceError

try:
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.jack.recorder import JackRecorder
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

from jack_cable import Cable

from bridge.calibrate.programmes import synth_programme
from bridge.session import load

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(120)]

PERIOD = 128
"""Of the fixture's server. A loop back into the same client takes one: JACK has to cut the circle somewhere."""
FRAME_MS = 1000.0 / 48_000
CALIBRATE = [sys.executable, "-c", "from bridge.commands import main; main()", "calibrate"]
FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
SESSION = Path(__file__).resolve().parents[2] / "sessions" / "jazz-trio.toml"
LOOP = ("--audio-out", "cable:in", "--audio-in", "cable:out")


class Calibrate:
    """The command, started; end() gives its status, its JSON and what it printed."""

    def __init__(self, server: JackServer, *arguments: str) -> None:
        self.process = subprocess.Popen([*CALIBRATE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=server.environment)

    def end(self) -> tuple[int, Any, str]:
        out, err = self.process.communicate(timeout=90)
        return self.process.returncode, json.loads(out) if out.startswith("{") else None, out + err


def measured(server: JackServer, *arguments: str) -> dict[str, Any]:
    status, told, text = Calibrate(server, *arguments, "--json").end()
    assert status == 0 and told is not None, text
    assert told["trusted"] is True and told["doubt"] == "", text
    return dict(told)


# --- audio


@pytest.mark.parametrize(("frames", "gain", "noise"), [(1, 1.0, 0.0), (4321, -0.03, 0.0005)])
def test_the_round_trip_is_right_to_the_frame(jack_server: JackServer, frames: int, gain: float, noise: float) -> None:
    with Cable(jack_server.environment, frames=frames, gain=gain, noise=noise):
        told = measured(jack_server, "audio", *LOOP, "--repeats", "10")
    assert told["round_trip_frames"] == pytest.approx(frames + PERIOD, abs=0.1)
    assert told["gain_db"] == pytest.approx(20 * np.log10(abs(gain)), abs=0.5) and told["inverted"] == (gain < 0)
    assert told["reported_ms"] == 0.0


def test_as_jack_iodelay_measures_it(jack_server: JackServer) -> None:
    """On the same cable, one after the other: the period that the circle costs is the same for both."""
    with Cable(jack_server.environment, frames=1234, gain=0.25):
        told = measured(jack_server, "audio", *LOOP, "--repeats", "10")
        peer = subprocess.Popen(["jack_iodelay"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                env=jack_server.environment)
        try:
            for ends in (["jack_delay:out", "cable:in"], ["cable:out", "jack_delay:in"]):
                connect(jack_server, *ends)
            assert peer.stdout is not None
            lines = (line for line in iter(peer.stdout.readline, "") if "total roundtrip" in line)
            frames = [float(match[1]) for _ in range(3) if (match := re.search(r"([\d.]+) frames", next(lines)))]
        finally:
            peer.kill()
            peer.communicate()
    assert told["round_trip_frames"] == pytest.approx(np.median(frames), abs=0.1)


def test_what_the_ports_report_is_compared(jack_server: JackServer) -> None:
    with Cable(jack_server.environment, frames=1000, physical=[300, 400]):
        status, _, text = Calibrate(jack_server, "audio", *LOOP, "--repeats", "10").end()
    assert status == 0
    assert "driver reports    14.583 ms: 8.917 ms (428.0 frames) too little" in text
    assert "add 214" in text and "--round-trip 23.500" in text


def test_nothing_connected_and_too_loud_are_told(jack_server: JackServer) -> None:
    status, _, text = Calibrate(jack_server, "audio", "--repeats", "10").end()  # dummy ports: no cable
    assert status == 1 and "our sweeps do not come back: the input's peak is -140 dBFS" in text
    assert "Traceback" not in text
    with Cable(jack_server.environment, noise=0.02):
        status, told, _ = Calibrate(jack_server, "audio", *LOOP, "--repeats", "10", "--level", "-60", "--json").end()
    assert status == 1 and told["trusted"] is False and "sweeps do not come back" in told["doubt"]
    status, _, text = Calibrate(jack_server, "audio", "--audio-in", "nowhere").end()
    assert status == 1 and "JACK audio output port 'nowhere' does not exist. There are:" in text
    status, _, text = Calibrate(jack_server, "audio", "--audio-in", "7").end()
    assert status == 1 and "audio in 7: the sound card has 2" in text


# --- MIDI


def test_a_midi_cable_with_jitter(jack_server: JackServer, tmp_path: Path) -> None:
    """333 frames, a period for the circle, and 0 to 96 frames of jitter."""
    path = tmp_path / "my.toml"
    path.write_text(SESSION.read_text())
    with Cable(jack_server.environment, midi_frames=333, midi_jitter=96):
        told = measured(jack_server, "midi", "--out", "cable:midi_in", "--in", "cable:midi_out", "--write", str(path),
                        "--repeats", "60")
    for series in told["series"].values():
        frames = np.array(series["delays_ms"]) / FRAME_MS
        assert series["heard"] == series["sent"] >= 60
        assert frames.min() >= 333 + PERIOD - 0.1 and frames.max() <= 333 + PERIOD + 96 + 0.1
        assert np.median(frames) == pytest.approx(333 + PERIOD + 48, abs=12)
    assert told["out_ms"] == told["in_ms"] == pytest.approx(0.5 * told["series"]["clock bytes there and back"]
                                                            ["median_ms"], abs=1e-3)
    session = load(str(path))
    by_table = {each["table"]: each["offset_ms"] for each in told["settings"]}
    assert session.clock.outputs[0].offset_ms == by_table["clock.out"] == pytest.approx(
        told["lead_ms"] - told["out_ms"], abs=0.006)
    assert session.clock.inputs[0].offset_ms == by_table["clock.in"]
    assert (tmp_path / "my.toml.bak").read_text() == SESSION.read_text()


def test_a_midi_cable_that_is_not_there(jack_server: JackServer) -> None:
    with Cable(jack_server.environment, midi_frames=200_000):
        status, _, text = Calibrate(jack_server, "midi", "--out", "cable:midi_in", "--in", "cable:midi_out",
                                    "--repeats", "20").end()
    assert status == 1 and "nothing came back of 60 MIDI messages" in text


# --- synths


@pytest.fixture
def fluidsynth(jack_server: JackServer) -> Iterator[None]:
    """A real synth: ports fluid:midi_00, fluid:left."""
    options = ["audio.jack.id=fluid", "midi.jack.id=fluid", "synth.reverb.active=0", "synth.chorus.active=0",
               "synth.sample-rate=48000"]
    command = ["fluidsynth", "-a", "jack", "-m", "jack", "-i", "-s"]
    command += [word for each in options for word in ("-o", each)] + [str(FONT)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=jack_server.environment)
    deadline = time.monotonic() + 20
    while "fluid:left" not in port_names(jack_server):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    yield
    process.kill()
    process.communicate()


@pytest.mark.peer("fluidsynth")
@pytest.mark.skipif(not FONT.exists(), reason="apt-get install -y --no-install-recommends timgm6mb-soundfont")
def test_fluidsynth_is_as_late_as_a_recording_of_it_says(
    jack_server: JackServer, fluidsynth: None, tmp_path: Path
) -> None:
    path = tmp_path / "my.toml"
    path.write_text(SESSION.read_text())
    name = load(str(path)).tracks[1].name
    plot = ["--plot", str(tmp_path / "synth.png")] if find_spec("matplotlib") else []  # an extra
    run = Calibrate(jack_server, "synth", "--out", "fluid:midi", "--audio-in", "fluid:left", "--repeats", "16",
                    "--json", "--write", str(path), "--track", name, *plot)
    recorder = JackRecorder(["sideman-calibrate:midi_out"], ["fluid:left"], server=jack_server.name)
    with recorder:
        assert recorder.connected(15.0)
        status, told, text = run.end()
    assert status == 0 and told["trusted"], text
    tape = recorder.recording
    assert tape is not None
    notes = tape.frames_of("sideman-calibrate:midi_out", 0x90)
    start = int(notes[-1]) - int(synth_programme(48_000, 16, channel=1, note=60, velocity=100)[1][-1])
    series, apart = told["series"]["note sent to sound heard"], []
    for at, delay in zip(series["at_s"], series["delays_ms"], strict=True):
        frame = start + round(at * 48_000)
        assert frame in notes or frame < notes[0], "sent at the frame that it says"
        # By another way than ours: where the energy of the note's first 80 ms begins, its hundredth part being there.
        part = tape.audio[0, max(0, frame - tape.frame0) : frame - tape.frame0 + 4_000].astype(float)
        energy = np.cumsum(part**2)
        if frame >= tape.frame0:
            apart.append(delay - float(np.searchsorted(energy, 0.01 * energy[-1])) * FRAME_MS)
    assert len(apart) >= 12, "the recorder may come after the first, and xruns cost some"
    assert np.abs(apart).max() < 1.5, "one by one, within the attack"
    assert np.std(apart) < 0.3
    assert told["settings"] == [{"table": "tracks", "entry": 1, "track": name,
                                 "offset_ms": pytest.approx(-series["median_ms"], abs=0.006)}]
    session, before = load(str(path)), load(str(SESSION))
    assert session.tracks[1].offset_ms == told["settings"][0]["offset_ms"]
    assert [t for i, t in enumerate(session.tracks) if i != 1] == [t for i, t in enumerate(before.tracks) if i != 1]
    if plot:
        assert (tmp_path / "synth.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.peer("fluidsynth")
@pytest.mark.skipif(not FONT.exists(), reason="apt-get install -y --no-install-recommends timgm6mb-soundfont")
def test_a_reference_cable_and_a_synth_that_does_not_sound(jack_server: JackServer, fluidsynth: None) -> None:
    with Cable(jack_server.environment, frames=2000):
        told = measured(jack_server, "synth", "--out", "fluid:midi", "--audio-in", "fluid:left", "--repeats", "12",
                        "--reference", "cable:out", "--audio-out", "cable:in")
        assert told["round_trip"] == "measured"
        assert told["round_trip_ms"] == pytest.approx((2000 + PERIOD) * FRAME_MS, abs=0.005)
        late = told["series"]["note sent to sound heard"]["median_ms"]
        assert told["settings"][0]["offset_ms"] == pytest.approx(told["round_trip_ms"] - late, abs=0.006)
    status, _, text = Calibrate(jack_server, "synth", "--out", "fluid:midi", "--audio-in", "fluid:left", "--note", "0",
                                "--velocity", "1", "--channel", "10", "--repeats", "10").end()
    assert status == 1 and "no sound answers the notes" in text


# --- clocks


@pytest.mark.peer("jack_midi_clock")
@pytest.mark.parametrize(("clicks", "midi"), [(480, 0), (96, 700)])
def test_a_clock_against_its_clicks(
    jack_server: JackServer, clock_master: ClockMaster, clicks: int, midi: int
) -> None:
    """jack_midi_clock's clock comes `midi` frames late, and a click on each of its beats `clicks` frames."""
    with Cable(jack_server.environment, clicks=clicks, midi_frames=midi, noise=0.0003):
        connect(jack_server, ClockMaster.PORT, "cable:midi_in")
        run = Calibrate(jack_server, "clock", "--in", "cable:midi_out", "--audio-in", "cable:out", "--beats", "10",
                        "--json")
        wait_for(jack_server, "sideman-calibrate:midi_in")
        clock_master.play()
        status, told, text = run.end()
        clock_master.halt()
    assert status == 0 and told["trusted"], text
    # The click passes its threshold in its first frames.
    assert told["settings"][0]["offset_ms"] == pytest.approx((clicks - midi) * FRAME_MS, abs=2 * FRAME_MS + 0.005)
    assert told["bpm"] == pytest.approx(120.0, abs=0.01) and told["round_trip"] == "none"


@pytest.mark.peer("jack_midi_clock")
def test_a_clock_without_clicks(jack_server: JackServer, clock_master: ClockMaster) -> None:
    run = Calibrate(jack_server, "clock", "--in", "midi_clock", "--beats", "10")
    wait_for(jack_server, "sideman-calibrate:midi_in")
    clock_master.play()
    status, _, text = run.end()
    clock_master.halt()
    assert status == 1 and "turn the DAW's metronome on" in text and "Traceback" not in text


# --- the command line


def test_a_session_that_cannot_be_edited_is_told_before_anything_sounds(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(SESSION.read_text().replace("[clock]\n", "[clock]\nout = []\n") if "[clock]" in SESSION.read_text()
                    else SESSION.read_text() + "\n[clock]\nout = []\n")
    done = subprocess.run([*CALIBRATE, "midi", "--out", "a", "--in", "b", "--write", str(path)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1 and "cannot be edited safely" in done.stderr
    done = subprocess.run([*CALIBRATE, "synth", "--out", "a", "--write", str(path), "--track", "kazoo"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "there is no track 'kazoo'" in done.stderr


def test_without_a_server_the_message_says_what_to_do() -> None:
    done = subprocess.run([*CALIBRATE, "audio", "--system", "jack"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "JACK server 'sideman-none' does not run: start it" in done.stderr


def connect(server: JackServer, source: str, target: str) -> None:
    wait_for(server, source)
    subprocess.run(["jack_connect", "-s", server.name, source, target], check=True, capture_output=True)


def port_names(server: JackServer) -> str:
    return subprocess.run(["jack_lsp", "-s", server.name], capture_output=True, text=True, check=False).stdout


def wait_for(server: JackServer, port: str) -> None:
    deadline = time.monotonic() + 20
    while port not in port_names(server):
        assert time.monotonic() < deadline, port
        time.sleep(0.1)
    time.sleep(0.3)  # a port is there shortly before it is connected
