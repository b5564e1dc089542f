"""Our MIDI ports outside JACK-Client, as the engine sees them; a process of their own holds them."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from operator import attrgetter
from typing import Any, Protocol

from bridge.driver import MidiIn, MidiOut, PortState
from bridge.errors import DeviceError, PortError
from bridge.lateness import Lateness
from bridge.ports import midi_process
from bridge.ports.midi_link import Close, Closed, MidiRings, News, Open, Outs, Refused, Unpacker, pack
from bridge.ports.port_desk import CLOCK_PORT, LOOPMIDI, PortSide, PortWish
from bridge.ports.sounding import Sounding
from bridge.processes import Child

__all__ = ["CLOCK_PORT", "LOOPMIDI", "MidiPorts"]

NS = 1_000_000_000

_START_S = 20.0
_FLUSH_S = 1.0
_CHANGE_S = 3.0
"""A stop waits so long for the last note-offs."""
_QUICK_S = 5.0
"""A process that dies sooner than this did not work: the next is started without pylibremidi, and after a pause."""
_PAUSES_S = (0.0, 0.2, 1.0, 3.0, 10.0)
_NOTICES = 32


class MidiChild(Protocol):
    """What MidiPorts needs of bridge.processes.Child."""

    pipe: Any
    process: Any

    @property
    def alive(self) -> bool: ...

    def stop(self, patience_s: float = 0.7) -> None: ...


class MidiPorts:
    """Our MIDI outputs (one a track, then the clock's) and inputs on ALSA, CoreMIDI, WinMM, or JACK through a library.

    A port tied to an existing one by `connect` opens that; the others are virtual: "Sideman piano", "Sideman clock in".
    An existing port that vanishes is opened again when it comes back. The process that holds them is started again when
    it dies: named ports open again, what sounded on them is ended, and virtual ports are made anew, to which others
    have to connect anew.
    """

    def __init__(
        self,
        out_ports: Sequence[str] = (),
        *,
        in_ports: Sequence[str] = (CLOCK_PORT,),
        clock_source: str | None = None,
        connect: Mapping[str, str] | None = None,
        api: str | None = None,
        client_name: str = "Sideman",
        realtime: bool = True,
        spawn: Callable[[MidiRings, bool], MidiChild] | None = None,
    ) -> None:
        """Nothing is opened yet. The arguments are those of JackDriver; api as for choose_api(), None the best;
        realtime: ask for SCHED_FIFO. spawn is for tests."""
        wanted = dict(connect or {})
        if clock_source is not None and in_ports:
            wanted[in_ports[0]] = clock_source
        for ours in wanted:
            if ours not in out_ports and ours not in in_ports:
                raise PortError(
                    f"connect: {ours!r} is no port of ours: name one of {', '.join(map(repr, [*out_ports, *in_ports]))}"
                )
        self._outs = tuple(PortWish(name, wanted.get(name)) for name in out_ports)
        self._ins = tuple(PortWish(name, wanted.get(name)) for name in in_ports)
        self._order = Open(self._outs, self._ins, api, client_name)
        self._realtime = realtime
        self._spawn = spawn or _spawn
        self._rings: MidiRings | None = None
        self._child: MidiChild | None = None
        self._child_s = 0.0
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._flushed = threading.Event()
        self._unpacker = Unpacker()
        self._sounding = Sounding()
        self._news = News("no MIDI ports", False, self._closed_sides())
        self._past = News("", False, ())
        """The counts of the processes that died."""
        self._changes = self._changed = 0
        """How often other outputs were asked for; and the last time that it was done."""
        self._refused: Refused | None = None
        self._notices: list[str] = []
        self.lateness = Lateness()
        """How long after its due time each message was handed to its port."""
        self.restarts = 0
        """How often the process died and was started again."""

    # --- status, for any thread but the audio thread

    @property
    def name(self) -> str:
        """For people: the MIDI system in use and the library, or why there is none."""
        return self._news.name

    @property
    def realtime(self) -> bool:
        """The process has SCHED_FIFO."""
        return self._news.fifo

    @property
    def missing(self) -> tuple[str, ...]:
        """Existing ports that were named and are not open at present."""
        return tuple(wish.pattern for wish, side in self._pairs() if wish.pattern is not None and not side.is_open)

    @property
    def port_states(self) -> tuple[PortState, ...]:
        """All ports of ours, outputs first. Who listens to a virtual port nobody tells."""
        return tuple(PortState(wish.name, wish.pattern or "", (side.theirs,) if side.theirs else ())
                     for wish, side in self._pairs())

    @property
    def late_ms(self) -> tuple[float, float, float]:
        """p50, p99 and worst delay of sending after the due time, of the last 4,096 messages."""
        p50, p99, worst = self.lateness.percentile_ms(50, 99, 100)
        return p50, p99, worst

    @property
    def failed(self) -> int:
        """Messages that a port refused, that had no open port, or for which there was no room."""
        return self._past.failed + self._news.failed + (self._rings.out.refused if self._rings is not None else 0)

    @property
    def dropped(self) -> int:
        """Incoming messages thrown away because no block took them in time."""
        return self._past.dropped + self._news.dropped

    @property
    def vanished(self) -> int:
        """How often a named port went away."""
        return self._past.vanished + self._news.vanished

    @property
    def reconnected(self) -> int:
        """How often a named port came back."""
        return self._past.reconnected + self._news.reconnected

    def take_notices(self) -> list[str]:
        """What people should be told since the last call: ports that came or went, a process that died. One thread."""
        notices, self._notices = self._notices, []
        return notices

    # --- life, for the main thread of the engine's process

    def launch(self) -> None:
        """Start the process, which gets ready while the caller does other things. start() does so where it was not."""
        if self._child is None:
            self._rings = MidiRings.create()
            self._child, self._child_s = self._spawn(self._rings, self._realtime), time.monotonic()

    def start(self) -> None:
        """Open all ports. Without any MIDI system there are none, unless one was asked for by name. Blocks for 0.3 s.

        Raises PortError for a named port that does not exist, DeviceError for a system asked for that does not answer.
        """
        self.launch()
        answer = self._ask(self._order)
        if answer is None:  # pylibremidi is known to take the process with it where a system does not answer
            self._end()
            self.launch()
            answer = self._ask(self._order._replace(assist=False))
        if not isinstance(answer, News):
            self._end()
            if answer is None:
                raise DeviceError("the process that holds the MIDI ports does not start: run `sideman doctor`")
            raise answer.kind(answer.text)
        self._news = answer
        self._keeper = threading.Thread(target=self._keep, name="midi process", daemon=True)
        self._keeper.start()

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Send `last` at once, end what still sounds, close all ports. Idempotent. Blocks for some 50 ms."""
        self._stopping.set()
        if self._keeper is not None:
            assert self._child is not None
            with contextlib.suppress(OSError):
                self._child.pipe.send(Close(tuple((event.port, event.data) for event in last)))
            self._flushed.wait(_FLUSH_S)
            self._keeper.join(_FLUSH_S)
            self._keeper = None
        self._end()

    def open_outputs(self, names: Sequence[str], connect: Mapping[str, str]) -> list[int]:
        """See Driver.open_outputs."""
        outs = list(self._order.outs)
        numbers = []
        for name in names:
            free = next((i for i, wish in enumerate(outs) if not wish.name), len(outs))
            outs[free : free + 1] = [PortWish(name, connect.get(name))]
            numbers.append(free)
        self._change(outs)
        return numbers

    def close_outputs(self, numbers: Sequence[int]) -> None:
        """See Driver.close_outputs."""
        self._change([PortWish("", None) if i in numbers else wish for i, wish in enumerate(self._order.outs)])

    def _change(self, outs: Sequence[PortWish]) -> None:
        assert self._child is not None
        before = self._order
        self._changes += 1
        self._refused = None
        self._order = before._replace(outs=tuple(outs))  # also for a process that has to be started again just now
        with contextlib.suppress(OSError):
            self._child.pipe.send(Outs(self._order.outs, self._changes))
        deadline_s = time.monotonic() + _CHANGE_S
        while self._refused is None and self._changed < self._changes:
            if time.monotonic() > deadline_s:
                self._order = before
                raise PortError("the process that holds the MIDI ports does not answer: start Sideman again")
            time.sleep(0.002)
        if self._refused is not None:
            self._order = before
            raise self._refused.kind(self._refused.text)

    # --- the audio thread's side: neither blocks

    def take(self) -> list[MidiIn]:
        """What has arrived since the last call, in order of ns."""
        if self._rings is None:
            return []
        ins, feed = self._ins, self._unpacker.feed
        messages = [MidiIn(ns, ins[port].name, data)
                    for slot in self._rings.heard.drain() for ns, port, data in feed(slot)]
        messages.sort(key=attrgetter("ns"))  # several inputs are heard by as many threads
        return messages

    def send(self, events: Sequence[MidiOut], ns0: int, rate: int) -> None:
        """Send each event at the time of its frame; the block's first frame is at monotonic ns0."""
        if not events or self._rings is None:
            return
        write = self._rings.out.write
        for slot in pack((ns0 + event.offset * NS // rate, event.port, event.data) for event in events):
            if not write(slot):
                break  # full: the process is gone or stuck, and what is owed is ended by _sounding
        for event in events:
            self._sounding.sent(event.port, event.data)

    # --- inside

    def _pairs(self) -> list[tuple[PortWish, PortSide]]:
        wishes, sides = [*self._outs, *self._ins], self._news.sides
        if len(wishes) != len(sides):  # they are being changed just now
            return []
        return [(wish, side) for wish, side in zip(wishes, sides, strict=True) if wish.name]

    def _ask(self, order: Open) -> News | Refused | None:
        """The process's answer; None if it died or is silent."""
        assert self._child is not None
        with contextlib.suppress(EOFError, OSError):
            self._child.pipe.send(order)
            if self._child.pipe.poll(_START_S):
                answer = self._child.pipe.recv()
                return answer if isinstance(answer, News | Refused) else None
        return None

    def _closed_sides(self) -> tuple[PortSide, ...]:
        """As for a process that is not there. Without any MIDI system nothing is missed."""
        return tuple(PortSide(False, "") for _ in [*self._outs, *self._ins])

    def _keep(self) -> None:
        """Own thread, which sleeps: hears the process, and starts another when it dies."""
        quick = 0
        while True:
            self._hear()
            if self._stopping.is_set():
                return
            quick = quick + 1 if time.monotonic() - self._child_s < _QUICK_S else 0
            self._mourn()
            if self._stopping.wait(_PAUSES_S[min(quick, len(_PAUSES_S) - 1)]):
                return
            self._start_again(assist=quick == 0)

    def _hear(self) -> None:
        """Until the process has ended."""
        child = self._child
        assert child is not None
        with contextlib.suppress(EOFError, OSError):
            while True:
                wait([child.pipe, child.process.sentinel])
                if not child.pipe.poll():
                    return  # it is dead, and had nothing more to say
                word = child.pipe.recv()
                if isinstance(word, News):
                    self._take_news(word)
                elif isinstance(word, Closed):
                    self._news = self._news._replace(failed=word.failed)
                    self._flushed.set()
                elif isinstance(word, Refused) and self._changed < self._changes:
                    self._refused = word
                elif isinstance(word, Refused):
                    self._say(word.text)

    def _take_news(self, news: News) -> None:
        for delay_ns in news.delays_ns:
            self.lateness.add(delay_ns)
        if news.outs and news.outs == self._changes:
            self._outs = self._order.outs
        self._news = news
        self._changed = max(self._changed, news.outs)
        for notice in news.notices:
            self._say(notice)

    def _say(self, notice: str) -> None:
        if len(self._notices) < _NOTICES:
            self._notices.append(notice)

    def _mourn(self) -> None:
        """The process is dead: count what it counted, and say so."""
        child, news, past = self._child, self._news, self._past
        assert child is not None
        child.stop(0.0)
        self._past = News("", False, (), past.failed + news.failed, past.dropped + news.dropped,
                          past.vanished + news.vanished, past.reconnected + news.reconnected)
        self._outs = self._order.outs
        self._news = News(news.name, False, self._closed_sides())
        self._changed = self._changes
        self._say("the process that holds the MIDI ports has died and is started again")

    def _start_again(self, assist: bool) -> None:
        assert self._rings is not None
        self.restarts += 1
        self._child, self._child_s = self._spawn(self._rings, self._realtime), time.monotonic()
        # What sounds now or is on its way: the new process ends it first, and drops the note-ons that have grown old.
        first = tuple(self._sounding.offs())
        with contextlib.suppress(OSError):
            self._child.pipe.send(self._order._replace(lenient=True, assist=assist, first=first))

    def _end(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None
        rings, self._rings = self._rings, None
        if rings is not None:
            rings.close()


def _spawn(rings: MidiRings, realtime: bool) -> Child:
    if multiprocessing.current_process().daemon:
        # Daemonic processes are refused children, lest those be orphaned; this one ends when its pipe does.
        multiprocessing.current_process().daemon = False
    return Child("midi", midi_process.run, rings, realtime)
