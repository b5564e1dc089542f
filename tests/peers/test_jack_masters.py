"""JackDriver's clock inputs over jackd: hardware, software, and two masters at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bridge.driver import Block, Outputs, PortState
from bridge.errors import DeviceError

try:
    from bridge.jack.client import close_client, open_client
    from bridge.jack.io import JackDriver
    from bridge.jack.peers import JackServer
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60)]


def until(condition: Callable[[], object], seconds: float = 3.0) -> bool:
    """A connection is seen by other clients in one of the next cycles."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def connected(driver: JackDriver, ours: str, *theirs: str) -> bool:
    return until(lambda: any(s.name == ours and s.connected == theirs for s in driver.port_states))


def silent(block: Block) -> Outputs:
    return Outputs((), np.zeros((2, block.frames), np.float32))


@pytest.fixture
def driver(jack_server: JackServer) -> Iterator[JackDriver]:
    driver = JackDriver("sideman", ("piano",), in_ports=("clock in", "clock in 2"), server=jack_server.name)
    driver.start(silent)
    yield driver
    driver.stop()
    assert driver.compensation_ns == {} and driver.crowded == (), "once it is closed it knows nothing"


@pytest.fixture
def masters(jack_server: JackServer) -> Iterator[Any]:
    """A client with the outputs of two programs, and one that says it is hardware (jackd's dummy has none)."""
    client = open_client("masters", jack_server.name)
    client.activate()
    for name in ("daw", "drums"):
        client.midi_outports.register(name)
    client.midi_outports.register("din", is_physical=True)
    yield client
    close_client(client)


def test_only_hardware_is_made_up_for(driver: JackDriver, masters: Any) -> None:
    assert driver.compensation_ns == {"clock in": 0, "clock in 2": 0}
    masters.connect("masters:daw", "sideman:clock in")
    assert connected(driver, "clock in", "masters:daw")
    assert driver.compensation_ns == {"clock in": 0, "clock in 2": 0}
    masters.connect("masters:din", "sideman:clock in 2")
    assert connected(driver, "clock in 2", "masters:din")
    out_ns = driver.latency_frames * 1_000_000_000 // driver.rate
    assert out_ns > 0, "jackd's dummy driver has a playback latency"
    found = driver.compensation_ns
    assert found["clock in"] == 0
    assert found["clock in 2"] >= out_ns


def test_two_masters_on_one_input(driver: JackDriver, masters: Any) -> None:
    driver.take_notices()
    masters.connect("masters:daw", "sideman:clock in")
    assert connected(driver, "clock in", "masters:daw")
    assert driver.crowded == ()
    masters.connect("masters:drums", "sideman:clock in")
    assert connected(driver, "clock in", "masters:daw", "masters:drums")
    assert driver.crowded == (("clock in", ("masters:daw", "masters:drums")),)
    assert PortState("clock in", "", ("masters:daw", "masters:drums")) in driver.port_states
    (told,) = driver.take_notices()
    assert told.startswith("'masters:daw' and 'masters:drums' are connected to clock in at once: disconnect all but")
    assert driver.take_notices() == []
    masters.disconnect("masters:drums", "sideman:clock in")
    assert connected(driver, "clock in", "masters:daw")
    assert driver.take_notices() == [] and driver.crowded == ()


def test_asking_is_cheap(driver: JackDriver, masters: Any) -> None:
    """Four times a second, from a thread that does other things too: well under a millisecond each."""
    masters.connect("masters:din", "sideman:clock in")
    costs = []
    for _ in range(50):
        began = time.perf_counter()
        driver.compensation_ns  # noqa: B018
        driver.take_notices()
        costs.append(time.perf_counter() - began)
    assert np.median(costs) < 0.005
