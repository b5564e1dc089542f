"""Who is counted, for whom, and what is closed before a byte of it is read."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.stream import door
from bridge.stream.door import Census, Limits, open_door, place_of
from bridge.stream.front import own_address

ADDRESS = own_address()
far = pytest.mark.skipif(ADDRESS.startswith("127.") or os.name != "posix", reason="this machine has no network")


@pytest.mark.parametrize(("address", "place"), [
    ("127.0.0.1", None), ("127.3.2.1", None), ("::1", None), ("::ffff:127.0.0.1", None), ("10.1.2.3", "10.1.2.3"),
    ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
    ("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("", ""), ("what", "what"),
])
def test_whom_an_address_counts_for(address: str, place: str | None) -> None:
    assert place_of(address) == place


def test_so_many_from_an_address_and_so_many_in_all() -> None:
    now = [0.0]
    census = Census(Limits(clients=40, clients_per_address=3), lambda: now[0])
    per_address = 3 + door._WAITING_PER_ADDRESS
    assert [census.enters("a") for _ in range(per_address + 2)] == [True] * per_address + [False] * 2
    assert census.enters("b")
    census.leaves("a")
    assert census.enters("a") and not census.enters("a")
    most = 40 + door._WAITING - len(census)
    assert [census.enters(None) for _ in range(most + 1)] == [True] * most + [False]
    assert not census.enters("c")


def test_clients_of_an_address_are_counted_apart_and_ours_are_not() -> None:
    census = Census(Limits(clients_per_address=2))
    assert [census.client_enters("a") for _ in range(3)] == [True, True, False]
    assert census.client_enters("b") and all(census.client_enters(None) for _ in range(100))
    census.client_leaves("a")
    assert census.client_enters("a")


def test_an_address_that_connects_too_fast_waits() -> None:
    now = [0.0]
    census = Census(Limits(clients=10_000, clients_per_address=10_000), lambda: now[0])
    let_in = 0
    for _ in range(2000):  # 1,000 a second for 2 s
        let_in += census.enters("a") and (census.leaves("a") is None)
        now[0] += 0.001
    assert door._BURST + 2 * door._CONNECTS_A_S - 5 <= let_in <= door._BURST + 2 * door._CONNECTS_A_S + 5
    assert census.enters("b") and all(census.enters(None) for _ in range(500))
    now[0] += 10
    assert census.enters("a")


def test_addresses_in_any_number_take_no_more_than_so_much_memory() -> None:
    now = [0.0]
    census = Census(Limits(), lambda: now[0])
    for n in range(3 * door._MOST_ADDRESSES):
        assert census.enters(f"10.{n}")
        census.leaves(f"10.{n}")
        now[0] += 1e-6
    assert len(census._speed) <= door._MOST_ADDRESSES and not census._here and len(census) == 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b", None])), max_size=200))
def test_what_enters_and_leaves_is_counted_right(steps: list[tuple[bool, str | None]]) -> None:
    census, inside = Census(Limits(clients=4, clients_per_address=2), lambda: 0.0), Counter[str | None]()
    for comes, place in steps:
        if comes:
            inside[place] += census.enters(place)
        elif inside[place]:
            inside[place] -= 1
            census.leaves(place)
        assert len(census) == inside.total() and census._here == {p: n for p, n in inside.items() if p and n}


@far
def test_what_is_too_much_is_closed_unread_and_a_place_is_free_again() -> None:
    async def run() -> None:
        turned: list[int] = []
        census = Census(Limits(clients=8, clients_per_address=1))
        listening = open_door(ADDRESS, 0, census, lambda: turned.append(1))
        most = 1 + door._WAITING_PER_ADDRESS

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"in")
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hold, sock=listening)
        port = listening.getsockname()[1]
        held = [await asyncio.open_connection(ADDRESS, port) for _ in range(most)]
        assert [await reader.read(2) for reader, _ in held] == [b"in"] * most
        late, writer = await asyncio.open_connection(ADDRESS, port)
        assert await asyncio.wait_for(late.read(2), 5) == b""
        writer.close()
        assert len(turned) == 1 and len(census) == most
        for _, writer in held:
            writer.close()
        while len(census):
            await asyncio.sleep(0.001)
        again, writer = await asyncio.open_connection(ADDRESS, port)
        assert await again.read(2) == b"in"
        writer.close()
        server.close()
        await server.wait_closed()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_door_for_all_addresses_takes_both_kinds_and_an_address_that_is_not_ours_is_an_error() -> None:
    census = Census(Limits())
    try:
        listening = open_door("::", 0, census, lambda: None)
    except OSError:
        pytest.skip("no IPv6 here")
    listening.setblocking(True)
    listening.listen()
    port = listening.getsockname()[1]
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, port), 5), listening.accept()[0]:
            assert len(census) == 1
    assert len(census) == 0
    with socket.create_connection(("127.0.0.1", port), 5):
        dropped, _ = listening.accept()
        assert len(census) == 1
        del dropped
        assert len(census) == 0
    with pytest.raises(OSError, match="in use"):
        open_door("::", port, census, lambda: None).listen()
    listening.close()
    with pytest.raises(OSError):
        open_door("203.0.113.77", 0, census, lambda: None)
