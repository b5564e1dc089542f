"""Sends MIDI at its due time where the system cannot schedule it: outside JACK."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bridge.ports.sounding import Sounding, starts_note
from instruments.system_clock import clock_ns

NS = 1_000_000_000

SPIN_NS = 300_000 if sys.platform != "win32" else 1_500_000
"""A sleep wakes up to about 0.2 ms late (p99, SCHED_FIFO; Windows' timers step by 0.5 to 1 ms): sleep until so long
before the time, then spin."""
_TIGHT_NS = 40_000
"""So long before the time the spin keeps the interpreter: giving it away takes some 10 us on a virtual machine."""
_REHEARSE_NS = 120_000
"""So long before the time a sending is rehearsed, unless there is less left than _HASTY_NS."""
_HASTY_NS = 80_000
_PIECE = 64


class Due(NamedTuple):
    """A message that port number `port` is to send at monotonic time due_ns."""

    due_ns: int
    port: int
    data: bytes


class MidiSender:
    """A queue of messages, sent at their due times in the order in which they were put. For one thread.

    The spin gives the interpreter's lock away (sleep(0)), so that what arrives is stamped meanwhile, but for its last
    moments. After a rest all that sending needs has left the processor's caches: the first message took 15 to 27 us,
    which the rest of a chord waited for. So the way is gone once before the time, without a message: then it takes 3
    to 10. What `send` raises is counted.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], None],
        *,
        rehearse: Callable[[int, bytes], None] | None = None,
        clock: Callable[[], int] = clock_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """rehearse  called as `send` is, with an empty message, shortly before the time: does all but to send it"""
        self._send = send
        self._rehearse = rehearse
        self._clock = clock
        self._sleep = sleep
        self._queue: deque[Due] = deque()
        self.sounding = Sounding()
        """What the messages sent so far leave sounding."""
        self.delays_ns: deque[int] = deque(maxlen=4096)
        """How long after its due time each message was handed to the port; the reader empties it."""
        self.failed = 0
        """Messages that a port refused."""

    def put(self, messages: Iterable[Due]) -> None:
        """Queue messages, due times not falling."""
        self._queue.extend(messages)

    @property
    def next_ns(self) -> int | None:
        """When the first message is due."""
        return self._queue[0].due_ns if self._queue else None

    def send_due(self) -> None:
        """Spin until the first message's time, then send it and all that are due by then. Call it from SPIN_NS before.

        Does nothing without messages. A backlog is sent in pieces, so that the caller sees to other things between.
        """
        queue, clock, sleep = self._queue, self._clock, self._sleep
        if not queue:
            return
        due_ns, port, _ = queue[0]
        rehearse = self._rehearse
        while (left_ns := due_ns - clock()) > 0:
            if left_ns > _TIGHT_NS:
                if rehearse is not None and left_ns <= _REHEARSE_NS:
                    if left_ns > _HASTY_NS:
                        self._burst(deque((Due(0, port, b""), Due(0, port, b""))), rehearse)
                    rehearse = None
                else:
                    sleep(0.0)
        sent = self._burst(queue, self._send)
        for now_ns, message, taken in sent:
            self.delays_ns.append(now_ns - message.due_ns)
            if taken:
                self.sounding.sent(message.port, message.data)
            else:
                self.failed += 1

    def _burst(self, queue: deque[Due], send: Callable[[int, bytes], None]) -> list[tuple[int, Due, bool]]:
        """Send what is due, and nothing else between: (when it was handed over, message, whether the port took it)."""
        clock = self._clock
        sent: list[tuple[int, Due, bool]] = []
        for _ in range(_PIECE):
            now_ns = clock()
            if not queue or queue[0].due_ns > now_ns:
                break
            message = queue.popleft()
            try:
                send(message.port, message.data)
            except Exception:  # a port that vanished must not end the sending to the others
                sent.append((now_ns, message, False))
            else:
                sent.append((now_ns, message, True))
        return sent

    def drop_stale(self, before_ns: int) -> None:
        """Forget the note-ons that were due before: nobody wants a burst of them."""
        kept = [m for m in self._queue if m.due_ns >= before_ns or not starts_note(m.data)]
        self.failed += len(self._queue) - len(kept)
        self._queue = deque(kept)

    def finish(self, last: Iterable[tuple[int, bytes]] = ()) -> None:
        """Send at once what is still queued, except note-ons, then `last` (port, data), then offs for all that sounds.

        Note-offs on their way belong to notes that sound already; notes that have not begun never do.
        """
        while self._queue:
            message = self._queue.popleft()
            if not starts_note(message.data):
                self._give(message.port, message.data)
        for port, data in [*last]:
            self._give(port, data)
        for port, data in self.sounding.offs():
            self._give(port, data)

    def _give(self, port: int, data: bytes) -> None:
        try:
            self._send(port, data)
        except Exception:  # a port that vanished must not end the sending to the others
            self.failed += 1
            return
        self.sounding.sent(port, data)
