"""The thread that sends MIDI at its due time where the system cannot schedule it: outside JACK."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bridge.lateness import Lateness

NS = 1_000_000_000

_SPIN_NS = 300_000
"""sleep() wakes up to about 0.2 ms late (p99, SCHED_FIFO): sleep until so long before the time, then spin."""
_NOTE_ON = 0x90


class Due(NamedTuple):
    """A message that port number `port` is to send at monotonic time due_ns."""

    due_ns: int
    port: int
    data: bytes


class MidiSender:
    """Sends each message at its due time, in the order in which they were put.

    put() is for the audio thread: it appends to a deque and never blocks. The spin gives the interpreter's lock away
    at each turn (sleep(0)), so that it cannot hold up the rendering thread. What `send` raises is counted.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], None],
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._send = send
        self._clock = clock
        self._sleep = sleep
        self._queue: deque[Due] = deque()
        self._wake = threading.Event()
        self._running = False
        self._thread: threading.Thread | None = None
        self.lateness = Lateness()
        """How long after its due time each message was handed to the port."""
        self.failed = 0
        """Messages that a port refused."""

    def put(self, messages: Iterable[Due]) -> None:
        """Queue messages, due times not falling."""
        self._queue.extend(messages)
        if not self._wake.is_set():
            self._wake.set()

    def start(self) -> None:
        self._running = True
        self._thread = threading.Thread(target=self._run, name="midi sender", daemon=True)
        self._thread.start()

    def stop(self, last: Iterable[Due] = ()) -> None:
        """End the thread, then send at once what was still queued, except note-ons, and `last`. Idempotent.

        Note-offs on their way belong to notes that sound already; notes that have not begun never do.
        """
        self._running = False
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None
        while self._queue:
            message = self._queue.popleft()
            if not _starts_note(message.data):
                self._give(message)
        for message in last:
            self._give(message)

    def _run(self) -> None:
        while self._running:
            if not self._queue:
                self._wake.clear()
                if not self._queue:  # put() may have come between the two lines
                    self._wake.wait(0.5)
                continue
            self.send_next()

    def send_next(self) -> None:
        """Wait for the first message's time and send it; return early when stopped. The thread's own work."""
        due_ns = self._queue[0].due_ns
        while (left_ns := due_ns - self._clock()) > 0:
            if not self._running:
                return
            # In pieces, so that a stop need not wait for a message that is far away.
            self._sleep(min(0.05, (left_ns - _SPIN_NS) / NS) if left_ns > _SPIN_NS else 0.0)
        message = self._queue.popleft()
        self.lateness.add(self._clock() - message.due_ns)
        self._give(message)

    def _give(self, message: Due) -> None:
        try:
            self._send(message.port, message.data)
        except Exception:  # a port that vanished must not end the sending to the others
            self.failed += 1


def _starts_note(data: bytes) -> bool:
    return len(data) == 3 and data[0] & 0xF0 == _NOTE_ON and data[2] > 0
