"""Listens to one MIDI port in a process of its own, so that what draws and reckons beside it delays no stamp."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
from collections import deque
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bridge.driver import Block, Outputs
from bridge.errors import DeviceError, PortError, SidemanError
from bridge.frame_line import NS
from bridge.ports.midi_systems import choose_api
from bridge.ports.port_desk import CLOCK_PORT, LOOPMIDI, PortDesk, PortWish
from instruments.system_clock import clock_ns

if TYPE_CHECKING:
    from bridge.jack.io import JackDriver

CLIENT = "sideman-watch"
"""Our name as a JACK client; "Sideman watch" elsewhere, so that Sideman's own ports can be watched too."""
SYSTEMS = ("jack", "alsa", "core", "winmm")
_START_S = 20.0
_FLUSH_S = 0.05
_INBOX = 4096
"""Messages kept until the next flush: at 31,250 baud a DIN port needs a second and a half to fill it."""


class Heard(NamedTuple):
    """A message as it came; `data` empty: messages may have been lost on our side before the next one.

    ns          by the reference clock: JACK's frames at the nominal rate, or this machine's monotonic clock
    machine_ns  by this machine's monotonic clock
    """

    ns: int
    machine_ns: int
    data: bytes


class Source(NamedTuple):
    """What is listened to.

    name        for people
    audio       Heard.ns counts a sound card's frames (JACK): exact to the frame. Otherwise arrivals are stamped in a
                callback, which is late by some 0.5 ms and seldom by 2 (measured), and active sensing is not passed on
    """

    name: str
    audio: bool


class _Batch(NamedTuple):
    heard: list[Heard]
    now_ns: int
    missing: tuple[str, ...]
    lost: str | None


class ClockListener:
    """with ClockListener("reaper") as listener: listener.take() again and again. For the main thread.

    take() and the properties belong to one thread. Ends when the parent does.
    """

    def __init__(self, port: str | None = None, system: str | None = None) -> None:
        """port: an exact name or a part that fits one port; None for an input of ours that people connect to.
        system: one of SYSTEMS; None for JACK if its server answers and has the port, else what this machine has."""
        self._arguments = (port, system)
        self._process: Any = None
        self._pipe: Connection | None = None
        self.source = Source("", False)
        self.now_ns = 0
        """The reference clock, as of the last take()."""
        self.missing: tuple[str, ...] = ()
        """The port, while it has gone away."""
        self.lost: str | None = None
        """Why nothing will come any more, or None."""

    def __enter__(self) -> ClockListener:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Blocks for a second or so. Raises PortError that lists what there is, DeviceError."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(theirs, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        try:
            answer = self._pipe.recv() if self._pipe.poll(_START_S) else None
        except (EOFError, ConnectionError):
            answer = None
        if not isinstance(answer, Source):
            self.stop()
            kind, text = answer or (DeviceError, f"the listener does not start within {_START_S:g} s")
            raise kind(text)
        self.source = answer

    def take(self, timeout_s: float = 0.0) -> list[Heard]:
        """What has come since the last call; waits up to timeout_s for something."""
        assert self._pipe is not None
        heard: list[Heard] = []
        try:
            while self._pipe.poll(0.0 if heard else timeout_s):
                batch: _Batch = self._pipe.recv()
                heard += batch.heard
                self.now_ns, self.missing, self.lost = batch.now_ns, batch.missing, batch.lost
                timeout_s = 0.0
        except (EOFError, ConnectionError):
            self.lost = "the listening process has died"
        return heard

    def stop(self) -> None:
        """Idempotent. Blocks for some ms."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.join(3.0)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(2.0)
            self._process.close()
            self._process = None


# --- the listener's process


class _Ear(Protocol):
    source: Source

    def take(self) -> _Batch: ...

    def stop(self) -> None: ...


def _listen(pipe: Connection, port: str | None, system: str | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is the parent's
    sys.setswitchinterval(0.0005)
    try:
        ear = _open(port, system)
    except SidemanError as error:
        pipe.send((type(error), str(error)))
        return
    try:
        gc.collect()
        gc.freeze()
        gc.disable()
        pipe.send(ear.source)
        while not pipe.poll(_FLUSH_S):
            pipe.send(ear.take())
    except (EOFError, ConnectionError):
        pass  # the parent has let go
    finally:
        ear.stop()


def _open(port: str | None, system: str | None) -> _Ear:
    if system == "jack":
        return _JackEar(port)
    if system is not None:
        return _PortEar(port, system)
    try:
        return _JackEar(port)
    except DeviceError:
        return _PortEar(port, None)  # whose error tells of JACK too
    except PortError as error:
        try:
            api = choose_api().name
            if api != "jack":  # those ports have been looked at
                return _PortEar(port, api)
        except PortError as other:
            raise PortError(f"{error}; {other}") from None
        except DeviceError:
            pass  # no other system
        raise


class _JackEar:
    """On JACK's thread each message is put down with its frame."""

    def __init__(self, port: str | None) -> None:
        import numpy as np

        from bridge.jack.io import JackDriver

        driver: JackDriver = JackDriver(CLIENT, clock_source=port, audio=False)
        self._driver = driver
        self._heard: deque[Heard] = deque()
        self._now_ns = 0
        self._skipped = self._lost_midi = 0
        silence = np.zeros((2, driver.frames), np.float32)
        heard, rate = self._heard, driver.rate

        def step(block: Block) -> Outputs:
            lost_midi = driver.lost_midi_in
            frame0 = block.frame0 + block.skipped
            self._now_ns = round(frame0 * NS / rate)
            if block.skipped != self._skipped or lost_midi != self._lost_midi:
                self._skipped, self._lost_midi = block.skipped, lost_midi
                heard.append(Heard(self._now_ns, block.ns0, b""))
            for message in block.midi:
                frame = frame0 + round((message.ns - block.ns0) * rate / NS)
                heard.append(Heard(round(frame * NS / rate), message.ns, message.data))
            return Outputs((), silence[:, : block.frames])

        driver.start(step)
        where = driver.wires[0].theirs if port is not None else f"connect the master to {driver.client_name}:clock in"
        self.source = Source(f"{where}, {driver.name}", True)

    def take(self) -> _Batch:
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        return _Batch(heard, self._now_ns, self._driver.missing, self._driver.lost)

    def stop(self) -> None:
        self._driver.stop()


class _PortEar:
    """Outside JACK-Client: the MIDI library stamps each message as it comes. This process already is one of its own."""

    def __init__(self, port: str | None, system: str | None) -> None:
        api = choose_api(system)  # the desk does without one; nothing would ever be heard
        if port is None and sys.platform == "win32":
            raise DeviceError(f"name a port to watch: {LOOPMIDI.replace('in the session', 'on the command line')}")
        self._heard: deque[Heard] = deque(maxlen=_INBOX)
        self._dropped = 0
        self._desk = PortDesk((), [PortWish(CLOCK_PORT, port)], self._hear, api=api.name, client="Sideman watch")
        self._desk.open()
        where = repr(port) if port is not None else f'connect the master to "Sideman watch {CLOCK_PORT}"'
        self.source = Source(f"{where}, {self._desk.name}", False)

    def _hear(self, _port: int, ns: int, data: bytes) -> None:
        if len(self._heard) == _INBOX:
            self._dropped += 1
        self._heard.append(Heard(ns, ns, data))

    def take(self) -> _Batch:
        now_ns = clock_ns()
        self._desk.poll()
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        if self._dropped:
            self._dropped = 0
            heard.insert(0, Heard(now_ns, now_ns, b""))
        if self._desk.wants_look(now_ns):
            self._desk.look(now_ns)
            self._desk.notices.clear()
        return _Batch(heard, now_ns, self._desk.missing, None)

    def stop(self) -> None:
        self._desk.close()
