"""Real programs for the tests of this folder: a private jackd, a MIDI clock by other hands, a recorder."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from bridge.errors import DeviceError

try:
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.jack.recorder import JackRecorder
except DeviceError as error:  # no libjack: the programs are not there either, and every test is skipped by its marker
    collect_error = error


@pytest.fixture(scope="module")
def jack_server(request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """A jackd on the dummy driver, 128 frames at 48 kHz, fresh for each module: a killed client can wedge a server.

    Synchronous: it waits for its clients in each cycle, so that what they send is never dropped on a loaded machine.
    """
    failed_before = request.session.testsfailed
    with JackServer(sync=True) as server:
        yield server
        if request.session.testsfailed > failed_before:
            print(f"--- log of JACK server {server.name}\n{server.log}")  # noqa: T201 - pytest shows it with the failure


@pytest.fixture(autouse=True)
def _jack_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever looks for JACK in a test finds the private server or none: never the machine's, never a new one."""
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    uses_server = "jack_server" in request.fixturenames
    name = request.getfixturevalue("jack_server").name if uses_server else "sideman-none"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)


@pytest.fixture
def quiet_heap() -> Iterator[None]:
    """No collection of pytest's large heap in the middle of a process callback."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def clock_master(jack_server: JackServer) -> Iterator[ClockMaster]:
    """jack_midi_clock at 120 BPM at the start of the song, stopped."""
    with ClockMaster(jack_server) as master:
        yield master


@pytest.fixture
def record(jack_server: JackServer) -> Iterator[Callable[..., JackRecorder]]:
    """record(midi_ports, audio_ports): a recorder, in its own process, that runs and is connected to all of them."""
    recorders: list[JackRecorder] = []

    def start(midi: list[str], audio: list[str] | None = None) -> JackRecorder:
        recorder = JackRecorder(midi, audio or [], server=jack_server.name)
        recorder.start()
        recorders.append(recorder)
        assert recorder.connected(), f"not all of {midi} {audio} are there"
        return recorder

    yield start
    for recorder in recorders:
        recorder.stop()
