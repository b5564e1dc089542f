"""The MIDI process: holds our ports outside JACK, sends at the due time, stamps what arrives.

A process of its own because a busy interpreter delays whatever Python thread should be on time: beside one spinning
thread a sender in the same process was 5 ms late in the median, here a few microseconds (`sideman bench clock`).
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from bridge.errors import SidemanError
from bridge.ports.libremidi_ports import libremidi_module
from bridge.ports.midi_link import Close, Closed, MidiRings, News, Open, Outs, Refused, Stamped, Unpacker, pack
from bridge.ports.midi_sender import SPIN_NS, Due, MidiSender
from bridge.ports.port_desk import PortDesk
from bridge.ports.rtmidi_ports import rtmidi_module
from bridge.processes import quiet_child, still_garbage, take_fifo, when_told_to_end
from instruments.system_clock import clock_ns

NS = 1_000_000_000

_PRIORITY = 20
"""Of SCHED_FIFO: above JACK's clients (5) and its server (10), below what kernels keep for interrupts (50)."""
_IDLE_NS = 50_000_000
_POLL_NS = 2_000_000
"""Where a library has to be polled (it stamps by the driver's clock), and on Windows, where a pipe cannot be waited for
together with a ring."""
_HOUSE_NS = 50_000_000
_QUIET_NS = 3_000_000
"""So far from the next message there is time to tell the news and to look for ports."""
_NEWS_NS = 250_000_000
_PATIENCE_NS = 2 * NS
"""Longer than this, what needs a quiet moment does not wait for one."""
_STALE_NS = 20_000_000
"""After a restart: note-ons that were due before are dropped."""
_LAST_WORDS_NS = 500_000_000
"""The engine hears of its own end within a quarter of a second."""


def run(rings: MidiRings, realtime: bool, pipe: Connection[Any, Any]) -> None:
    """The process: waits for Open, then serves until Close, or until the parent is gone."""
    quiet_child()
    sys.setswitchinterval(0.0005)  # a callback that stamps must not wait 5 ms for the loop
    fifo = realtime and take_fifo(_PRIORITY)
    for module in (rtmidi_module, libremidi_module):  # while the parent still gets ready
        with contextlib.suppress(SidemanError):  # that it is missing is told when ports are opened
            module()
    loop = MidiLoop(rings, pipe, fifo=fifo)
    when_told_to_end(loop.end)
    loop.serve(still_garbage)
    rings.close()


class MidiLoop:
    """The process's one loop; nothing in it computes for long while something is due."""

    def __init__(
        self,
        rings: MidiRings,
        pipe: Connection[Any, Any],
        *,
        fifo: bool = False,
        clock: Callable[[], int] = clock_ns,
    ) -> None:
        self._rings = rings
        self._pipe = pipe
        self._fifo = fifo
        self._clock = clock
        self._desk = PortDesk((), (), self._heard)
        self._sender = MidiSender(self._desk.send, rehearse=self._desk.rehearse, clock=clock)
        self._unpacker = Unpacker()
        self._lock = threading.Lock()
        self._ended = False
        self._end_ns = sys.maxsize
        self._last: tuple[tuple[int, bytes], ...] = ()
        self._outs = 0
        self._told: News | None = None
        self._told_ns = self._kept_ns = 0

    def end(self) -> None:
        """Leave soon, as at Close with nothing more to send. Safe in a signal handler.

        The signal may have reached the engine, too: its Close, with what resets the channels, is waited for.
        """
        self._end_ns = min(self._end_ns, self._clock() + _LAST_WORDS_NS)

    def serve(self, opened: Callable[[], None] = lambda: None) -> None:
        """Until Close, or until the parent is gone: then what sounds is ended all the same."""
        try:
            order = self._pipe.recv()
        except (EOFError, OSError):
            return
        if not isinstance(order, Open):
            self._answer(Closed(0))
            return
        self._desk = PortDesk(order.outs, order.ins, self._heard, api=order.api, client=order.client,
                              assist=order.assist)
        self._sender = MidiSender(self._desk.send, rehearse=self._desk.rehearse, clock=self._clock)
        try:
            self._desk.open(order.lenient)
        except SidemanError as error:
            self._answer(Refused(type(error), str(error)))
            return
        opened()
        if order.lenient:
            self._take_over(order)
        self._tell(self._clock())
        while not self._ended:
            self.turn()
        self._take()
        self._sender.finish(self._last)
        self._desk.close()
        self._answer(Closed(self._sender.failed))

    def turn(self) -> None:
        """One round: take what has come, send what is due, else rest until something is."""
        self._take()
        now_ns = self._clock()
        if now_ns >= self._end_ns:
            self._ended = True
            return
        next_ns = self._sender.next_ns
        left_ns = _IDLE_NS if next_ns is None else next_ns - now_ns
        if left_ns <= SPIN_NS:
            self._sender.send_due()
            return
        if self._desk.polled:
            self._desk.poll()
        unkept_ns = now_ns - self._kept_ns
        if unkept_ns > _HOUSE_NS and (left_ns > _QUIET_NS or unkept_ns > _PATIENCE_NS):
            self._kept_ns = now_ns
            self._keep_house(now_ns)
        self._wait(min(_IDLE_NS, left_ns - SPIN_NS - (self._clock() - now_ns)))

    # --- inside

    def _take_over(self, order: Open) -> None:
        """From a process that died: end what it left sounding, and do not play what has become old meanwhile."""
        for port, data in order.first:
            with contextlib.suppress(Exception):  # a port that is not back: nothing can be sent there
                self._desk.send(port, data)
        self._take()
        self._sender.drop_stale(self._clock() - _STALE_NS)

    def _take(self) -> None:
        for slot in self._rings.out.drain():
            self._sender.put(Due(*message) for message in self._unpacker.feed(slot))

    def _heard(self, port: int, ns: int, data: bytes) -> None:
        """On a thread of the MIDI library's, one for each input: the ring knows one writer."""
        with self._lock:
            for slot in pack([Stamped(ns, port, data)], 64):
                if not self._rings.heard.write(slot):
                    break  # the rest of a long message would be of no use

    def _keep_house(self, now_ns: int) -> None:
        if self._desk.wants_look(now_ns):
            self._desk.look(now_ns)
            self._tell(now_ns)
        elif now_ns - self._told_ns >= _NEWS_NS:
            self._tell(now_ns)

    def _tell(self, now_ns: int) -> None:
        """The news, if there are any."""
        self._told_ns = now_ns
        desk, sender = self._desk, self._sender
        news = News(desk.name, self._fifo, desk.sides, sender.failed, self._rings.heard.refused, desk.vanished,
                    desk.reconnected, outs=self._outs)
        if news == self._told and not sender.delays_ns and not desk.notices:
            return
        self._told = news
        delays_ns, notices = tuple(sender.delays_ns), tuple(desk.notices)
        sender.delays_ns.clear()
        desk.notices.clear()
        self._answer(news._replace(delays_ns=delays_ns, notices=notices))

    def _answer(self, word: Refused | News | Closed) -> None:
        with contextlib.suppress(OSError):  # the parent is gone, which the next look at the pipe tells
            self._pipe.send(word)

    def _wait(self, ns: int) -> None:
        """Rest, until something comes from the parent or `ns` have gone by."""
        if self._desk.polled or os.name != "posix":
            ns = min(ns, _POLL_NS)
        if ns <= 0:
            return
        wake = self._rings.out.wake
        if os.name == "posix":
            # select, because poll and epoll count whole milliseconds.
            ready, _, _ = select.select([wake, self._pipe], [], [], ns / NS)
            if wake in ready:
                self._rings.out.rest()
            orders = self._pipe in ready
        else:
            time.sleep(ns / NS)
            orders = self._pipe.poll()
        if orders:
            self._hear()

    def _hear(self) -> None:
        try:
            order = self._pipe.recv()
        except (EOFError, OSError):
            self._ended = True
            return
        if isinstance(order, Close):
            self._last = order.last
            self._ended = True
        elif isinstance(order, Outs):
            try:
                self._desk.change(order.outs)
            except SidemanError as error:
                self._answer(Refused(type(error), str(error)))
            else:
                self._outs = order.number
                self._tell(self._clock())
