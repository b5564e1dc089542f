"""The ring across a real process boundary, and its bounds within one."""

import os
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from bridge.ring import Ring


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring(8, 64)
    yield ring
    ring.close()


def test_messages_come_in_order_and_whole(ring: Ring) -> None:
    for round_ in range(5):
        sent = [bytes([round_, i]) * i for i in range(8)]
        assert all(ring.write(m) for m in sent)
        assert list(ring.drain()) == sent
    assert ring.read() is None


def test_a_full_ring_refuses_and_counts_and_goes_on(ring: Ring) -> None:
    assert [ring.write(b"x") for _ in range(10)] == [True] * 8 + [False] * 2
    assert ring.refused == 2
    assert ring.read() == b"x"
    assert ring.write(b"y")


def test_a_message_too_long_for_a_slot_is_refused(ring: Ring) -> None:
    assert not ring.write(b"x" * 65)
    assert ring.read() is None


def test_parts_are_joined(ring: Ring) -> None:
    ring.write(b"ab", memoryview(b"cd"))
    assert ring.read() == b"abcd"


@pytest.mark.skipif(os.name != "posix", reason="readers poll elsewhere")
def test_the_reader_is_woken(ring: Ring) -> None:
    assert not ring.wake.poll()
    ring.write(b"x")
    assert ring.wake.poll(1)
    ring.rest()
    assert not ring.wake.poll()


def test_a_size_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match="power of two"):
        Ring(6, 64)


def _echo(inward: Ring, outward: Ring, count: int) -> None:
    done = 0
    while done < count:
        inward.wake.poll(1)
        inward.rest()
        for message in inward.drain():
            while not outward.write(message):
                pass
            done += 1


def test_two_processes_lose_nothing_and_leave_nothing() -> None:
    before = set(Path("/dev/shm").iterdir()) if Path("/dev/shm").exists() else set()
    inward, outward = Ring(16, 512), Ring(16, 512)
    count = 3000
    child = get_context("spawn").Process(target=_echo, args=(inward, outward, count))
    child.start()
    got: list[bytes] = []
    sent = 0
    while (len(got) < count and child.is_alive()) or outward.wake.poll():
        while sent < count and inward.write(sent.to_bytes(4, "little") * (sent % 100 + 1)):
            sent += 1
        outward.wake.poll(0.01)
        outward.rest()
        got += outward.drain()
    child.join(10)
    assert child.exitcode == 0
    assert got == [i.to_bytes(4, "little") * (i % 100 + 1) for i in range(count)]
    inward.close()
    outward.close()
    if before:
        assert set(Path("/dev/shm").iterdir()) <= before
