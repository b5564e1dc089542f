"""Private JACK servers and a third-party MIDI clock master, for tests and for `sideman bench`."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from bridge.errors import DeviceError
from bridge.jack.client import close_client, open_client

PACKAGES = {"jackd": "jackd2", "jack_transport": "jackd2", "jack_midi_clock": "jack-midi-clock"}
"""The Debian package of each program that is run here."""


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise DeviceError(f"{name} is not installed: apt-get install -y --no-install-recommends {PACKAGES[name]}")
    return path


def _environment(server: str) -> dict[str, str]:
    """For programs that are to use one server and start none."""
    return os.environ | {"JACK_DEFAULT_SERVER": server, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}


def _end(process: subprocess.Popen[bytes] | None, ask: signal.Signals, seconds: float) -> None:
    """Ask a process to end, and kill it when it does not."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(ask)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5.0)


_NAMES = tuple(f"sideman-{letter}" for letter in "abcdef")
"""JACK's registry of servers (shared memory of the user's) has room for eight, and a server that was killed keeps its
place until another of the same name starts: so a few names, used again and again, instead of a new one each time."""


class JackServer:
    """A private jackd on the dummy driver (real time without a sound card).

    with JackServer(frames=128) as server: JackDriver(server=server.name)

    sync: the server waits for all clients in each cycle, so that none of their output is ever dropped on a loaded
    machine; otherwise it goes on without a late one, as jackd does by default.
    """

    def __init__(self, frames: int = 128, rate: int = 48_000, *, sync: bool = False) -> None:
        self.name = ""
        """Once it runs."""
        self.frames = frames
        self.rate = rate
        self._sync = sync
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to join this server."""
        return _environment(self.name)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What jackd has printed so far."""
        return "" if self._log is None else Path(self._log.name).read_text("utf-8", "replace")

    def __enter__(self) -> JackServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Blocks until a client can join, well under a second. Raises DeviceError with jackd's log."""
        # From a random one on: processes that start servers at a time seldom meet, and the loser takes the next name.
        first = random.randrange(len(_NAMES))
        for attempt in range(len(_NAMES)):
            self.name = _NAMES[(first + attempt) % len(_NAMES)]
            trouble = self._try()
            if not trouble:
                return
            self.stop()
            if "already active" not in trouble:
                break
        raise DeviceError(f"jackd does not come up: {trouble}")

    def _try(self) -> str:
        """Start jackd under the name chosen; what went wrong, or "" once a client can join."""
        command = [_program("jackd"), "-n", self.name, "-R", *(["-S"] if self._sync else [])]
        command += ["-d", "dummy", "-r", str(self.rate), "-p", str(self.frames)]
        self._log = tempfile.NamedTemporaryFile(prefix=f"{self.name}-", suffix=".log")  # noqa: SIM115 - until stop()
        # A session of its own: Ctrl-C at the terminal is for us to handle, not for the server.
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, env=self.environment, start_new_session=True
        )
        deadline = time.monotonic() + 10.0
        while True:
            # Asked only of a jackd that runs: a server of this name that another process started is not ours.
            answer = ""
            try:
                close_client(open_client("sideman-probe", self.name))
            except DeviceError as error:
                answer = str(error)
            if self._process.poll() is not None or time.monotonic() > deadline:
                return f"{' '.join(command)}: {answer}\n{self.log}"
            if not answer:
                return ""
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server; idempotent."""
        _end(self._process, signal.SIGTERM, 3.0)
        if self._log is not None:
            self._log.close()
            self._log = None

    def kill(self) -> None:
        """As a crash would: no goodbye to the clients."""
        _end(self._process, signal.SIGKILL, 3.0)


class ClockMaster:
    """jack_midi_clock (x42), a MIDI clock by other hands, made to play, change tempo and locate by jack_transport.

    The transport's tempo is exact: clocks fall at rate * 60 / bpm / 24 frames. After a locate jack_midi_clock sends
    song position, waits a second (its -d 1), and continues.
    """

    PORT = "jack_midi_clock:mclk_out"

    def __init__(self, server: JackServer, bpm: float = 120.0) -> None:
        self._server = server
        self._bpm = bpm
        self._clock: subprocess.Popen[bytes] | None = None
        self._transport: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ClockMaster:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """At the start of the song, stopped. Blocks for about half a second. Raises DeviceError."""
        self._clock = self._run([_program("jack_midi_clock"), "-d", "1"])
        self._transport = self._run([_program("jack_transport")])
        self._wait_for_port()
        self.say("master")
        time.sleep(0.2)  # it becomes master in the server's next cycles, and only then takes a tempo
        self.tempo(self._bpm)
        self.say("stop")
        self.locate(0)
        time.sleep(0.2)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._server.environment,
            start_new_session=True,
        )

    def _wait_for_port(self) -> None:
        client = open_client("sideman-probe", self._server.name)
        try:
            deadline = time.monotonic() + 5.0
            while not client.get_ports("jack_midi_clock:mclk_out"):
                if time.monotonic() > deadline:
                    raise DeviceError(f"jack_midi_clock does not join JACK server {self._server.name!r}")
                time.sleep(0.02)
        finally:
            close_client(client)

    def say(self, line: str) -> None:
        """A command of jack_transport's. Takes effect within some cycles."""
        assert self._transport is not None and self._transport.stdin is not None
        self._transport.stdin.write(line.encode() + b"\n")
        self._transport.stdin.flush()

    def play(self) -> None:
        self.say("play")

    def halt(self) -> None:
        """Stop the transport where it is."""
        self.say("stop")

    def tempo(self, bpm: float) -> None:
        self._bpm = bpm
        self.say(f"tempo {bpm:g}")

    def locate(self, seconds: float) -> None:
        self.say(f"locate {round(seconds * self._server.rate)}")

    def stop(self) -> None:
        """End both programs; idempotent."""
        if self._transport is not None and self._transport.poll() is None:
            try:
                self.say("stop")
                self.say("release")
                self.say("exit")
                self._transport.wait(1.0)
            except (OSError, subprocess.TimeoutExpired):
                pass  # ended below
        _end(self._transport, signal.SIGTERM, 2.0)
        _end(self._clock, signal.SIGINT, 2.0)
        for process in (self._transport, self._clock):
            if process is not None and process.stdin is not None:
                process.stdin.close()
