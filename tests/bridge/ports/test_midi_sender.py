"""MidiSender on a fake clock: on time, in order, and nothing left hanging at the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.ports.midi_sender import SPIN_NS, Due, MidiSender
from bridge.ports.sounding import Sounding

ON, QUIET_ON, OFF, PEDAL = b"\x90\x3c\x64", b"\x90\x3c\x00", b"\x80\x3c\x40", b"\xb0\x40\x00"


class Clock:
    """Monotonic time that passes while one sleeps, and a little with each look."""

    def __init__(self) -> None:
        self.ns = 10**12

    def now(self) -> int:
        self.ns += 500
        return self.ns

    def sleep(self, seconds: float) -> None:
        assert seconds == 0.0, "the sender only gives the interpreter away"
        self.ns += 1_000


def rig(clock: Clock) -> tuple[MidiSender, list[tuple[int, int, bytes]]]:
    sent: list[tuple[int, int, bytes]] = []
    sender = MidiSender(lambda port, data: sent.append((clock.ns, port, data)), clock=clock.now, sleep=clock.sleep)
    return sender, sent


@given(gaps_us=st.lists(st.integers(0, 200_000), min_size=1, max_size=40), oversleep_us=st.integers(0, 250))
def test_each_message_is_sent_at_its_time_in_order(gaps_us: list[int], oversleep_us: int) -> None:
    clock = Clock()
    sender, sent = rig(clock)
    due = clock.ns
    messages = []
    for index, gap_us in enumerate(gaps_us):
        due += gap_us * 1000
        messages.append(Due(due, index, ON))
    sender.put(messages)
    while (next_ns := sender.next_ns) is not None:
        clock.ns = max(clock.ns, next_ns - SPIN_NS + oversleep_us * 1000)  # as the loop rests, late by less than a spin
        sender.send_due()
    assert [port for _, port, _ in sent] == list(range(len(messages)))
    for (at_ns, _, _), message in zip(sent, messages, strict=True):
        # Never early; late by a turn of the spin, unless the one before was in the way.
        assert 0 <= at_ns - message.due_ns <= 3_000 * len(messages)
    assert list(sender.delays_ns) == [at_ns - m.due_ns for (at_ns, _, _), m in zip(sent, messages, strict=True)]


def test_a_sending_is_rehearsed_once_before_the_time_where_there_is_time() -> None:
    clock = Clock()
    calls: list[tuple[int, str, int, bytes]] = []

    def rehearse(port: int, data: bytes) -> None:
        calls.append((clock.ns, "rehearsed", port, data))
        clock.ns += 15_000
        raise OSError("no such port")

    sender = MidiSender(lambda port, data: calls.append((clock.ns, "sent", port, data)), rehearse=rehearse,
                        clock=clock.now, sleep=clock.sleep)
    due = clock.ns + SPIN_NS
    sender.put([Due(due, 3, ON), Due(due, 4, ON)])
    sender.send_due()
    assert [(what, port, data) for _, what, port, data in calls] == [
        ("rehearsed", 3, b""), ("rehearsed", 3, b""), ("sent", 3, ON), ("sent", 4, ON)]
    assert due - 120_000 <= calls[0][0] <= due - 80_000 and due <= calls[2][0] < due + 2_000
    assert sender.failed == 0 and len(sender.delays_ns) == 2 and len(sender.sounding) == 2
    calls.clear()
    sender.put([Due(clock.ns + 70_000, 3, OFF)])
    sender.send_due()
    assert [what for _, what, _, _ in calls] == ["sent"], "too near"


def test_the_end_sends_offs_at_once_and_no_new_note() -> None:
    clock = Clock()
    sender, sent = rig(clock)
    sender.put([Due(0, 5, ON), Due(0, 5, b"\x91\x40\x01")])
    sender.send_due()
    assert len(sent) == 2
    sent.clear()
    later = clock.ns + 10**10
    sender.put([Due(later, 0, OFF), Due(later, 1, ON), Due(later, 2, QUIET_ON), Due(later, 3, PEDAL)])
    sender.finish([(4, OFF)])
    assert [(port, data) for _, port, data in sent] == [
        (0, OFF), (2, QUIET_ON), (3, PEDAL), (4, OFF), (5, OFF), (5, b"\x81\x40\x40"),
    ]  # fmt: skip
    assert clock.ns < later


def test_stale_note_ons_are_dropped_and_nothing_else() -> None:
    clock = Clock()
    sender, sent = rig(clock)
    old, new = clock.ns - 1, clock.ns + 1
    sender.put([Due(old, 0, ON), Due(old, 1, OFF), Due(old, 2, b"\xf8"), Due(new, 3, ON)])
    sender.drop_stale(clock.ns)
    assert sender.failed == 1
    sender.send_due()
    sender.send_due()
    assert [port for _, port, _ in sent] == [1, 2, 3]
    sender.send_due()
    assert len(sent) == 3


def test_what_a_port_refuses_is_counted_and_does_not_sound() -> None:
    def refuse(_port: int, _data: bytes) -> None:
        raise OSError("unplugged")

    sender = MidiSender(refuse)
    sender.put([Due(0, 0, ON)])
    sender.send_due()
    sender.finish([(0, OFF)])
    assert (sender.failed, len(sender.sounding)) == (2, 0)


MESSAGES = st.lists(st.tuples(
    st.integers(0, 1),
    st.one_of(
        st.tuples(st.sampled_from([0x80, 0x90, 0x91, 0xB0, 0xB1, 0xE0]), st.sampled_from([60, 61, 120, 123]),
                  st.sampled_from([0, 1, 127])).map(bytes),
        st.sampled_from([b"\xf8", b"\xc0\x05", b"\xf0\x01\x02\xf7"]),
    ),
))  # fmt: skip


@given(MESSAGES)
def test_what_sounds_is_what_was_begun_and_not_ended(messages: list[tuple[int, bytes]]) -> None:
    sounding = Sounding()
    expected: set[tuple[int, int, int]] = set()
    for port, data in messages:
        sounding.sent(port, data)
        kind, channel = data[0] & 0xF0, data[0] & 15
        if kind == 0x90 and data[2]:
            expected.add((port, channel, data[1]))
        elif kind in (0x80, 0x90):
            expected.discard((port, channel, data[1]))
        elif kind == 0xB0 and data[1] in (120, 123):
            expected = {key for key in expected if key[:2] != (port, channel)}
    assert {(port, data[0] & 15, data[1]) for port, data in sounding.offs()} == expected
    for port, data in [*sounding.offs()]:
        sounding.sent(port, data)
    assert len(sounding) == 0
