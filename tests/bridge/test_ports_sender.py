"""MidiSender on a fake clock: on time, in order, and nothing left hanging at the end."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi_sender import Due, MidiSender

ON, QUIET_ON, OFF, PEDAL = b"\x90\x3c\x64", b"\x90\x3c\x00", b"\x80\x3c\x00", b"\xb0\x40\x00"


class Clock:
    """Monotonic time that passes while one sleeps (oversleeping like a real one) and a little with each look."""

    def __init__(self, oversleep_ns: int = 0) -> None:
        self.ns = 10**12
        self.oversleep_ns = oversleep_ns

    def now(self) -> int:
        self.ns += 500
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9) + (self.oversleep_ns if seconds else 1_000)


def rig(clock: Clock) -> tuple[MidiSender, list[tuple[int, int, bytes]]]:
    sent: list[tuple[int, int, bytes]] = []
    sender = MidiSender(lambda port, data: sent.append((clock.ns, port, data)), clock=clock.now, sleep=clock.sleep)
    sender._running = True  # its thread is this test
    return sender, sent


@given(gaps_us=st.lists(st.integers(0, 200_000), min_size=1, max_size=40), oversleep_us=st.integers(0, 250))
def test_each_message_is_sent_at_its_time_in_order(gaps_us: list[int], oversleep_us: int) -> None:
    clock = Clock(oversleep_us * 1000)
    sender, sent = rig(clock)
    due = clock.ns
    messages = []
    for index, gap_us in enumerate(gaps_us):
        due += gap_us * 1000
        messages.append(Due(due, index, ON))
    sender.put(messages)
    for _ in messages:
        sender.send_next()
    assert [port for _, port, _ in sent] == list(range(len(messages)))
    for (at_ns, _, _), message in zip(sent, messages, strict=True):
        # Never early; late by a turn of the spin, not by the oversleeping, unless the one before was in the way.
        assert 0 <= at_ns - message.due_ns <= 3_000 * len(messages)
    assert sender.lateness.count == len(messages)
    assert sender.lateness.percentile_ms(100)[0] < 0.003 * len(messages)


def test_a_stop_sends_offs_at_once_and_no_new_note() -> None:
    clock = Clock()
    sender, sent = rig(clock)
    later = clock.ns + 10**10
    sender.put([Due(later, 0, OFF), Due(later, 1, ON), Due(later, 2, QUIET_ON), Due(later, 3, PEDAL)])
    sender.stop([Due(0, 4, OFF)])
    assert [(port, data) for _, port, data in sent] == [(0, OFF), (2, QUIET_ON), (3, PEDAL), (4, OFF)]
    assert clock.ns < later


def test_a_stop_interrupts_the_wait_of_the_thread() -> None:
    sent: list[bytes] = []
    began = threading.Event()

    def sleep(seconds: float) -> None:
        began.set()
        threading.Event().wait(min(seconds, 0.001))

    sender = MidiSender(lambda _port, data: sent.append(data), clock=lambda: 0, sleep=sleep)  # time stands still
    sender.start()
    sender.put([Due(10**15, 0, ON), Due(10**15, 0, OFF)])
    assert began.wait(5.0)
    sender.stop()
    assert sent == [OFF]


def test_what_a_port_refuses_is_counted() -> None:
    clock = Clock()

    def refuse(_port: int, _data: bytes) -> None:
        raise OSError("unplugged")

    sender = MidiSender(refuse, clock=clock.now, sleep=clock.sleep)
    sender._running = True
    sender.put([Due(clock.ns, 0, ON)])
    sender.send_next()
    sender.stop([Due(0, 0, OFF)])
    assert sender.failed == 2
