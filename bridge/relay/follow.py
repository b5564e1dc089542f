"""Keeps an upstream: the first of some addresses that answers, and when it ends, the next, as long as it takes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import cycle

from bridge.errors import DeviceError, RefusedError
from bridge.relay.address import Address
from bridge.relay.line import Pass, open_line
from bridge.relay.upstream import Ear, Upstream
from bridge.stream import wire

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 5.0
_STEADY_S = 10.0
"""A connection that held so long was no mistake: the next try is made at once."""


async def follow(addresses: Sequence[Address], ear: Ear, wish: wire.Subscribe,
                 ours: Pass = Pass()) -> None:  # noqa: B008 - a value
    """Until it is cancelled. Waits between tries grow to 5 s, each of a random length, so that relays whose upstream
    was started again do not all come at once.

    Raises RefusedError where all addresses do so, one after another: a token that is wrong stays wrong.
    """
    loop = asyncio.get_running_loop()
    wait, refusals = _FIRST_WAIT_S, 0
    for address in cycle(addresses):
        began = loop.time()
        try:
            line = await open_line(address, ours)
            refusals = 0
            why = await Upstream(line, ear, wish).run()
        except RefusedError as refusal:
            refusals += 1
            if refusals == len(addresses):
                raise
            why = str(refusal)
        except DeviceError as problem:
            why = str(problem)
        if loop.time() - began > _STEADY_S:
            wait = _FIRST_WAIT_S
        ear.left(f"{address.shown}: {why}")
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))
        wait = min(_LONGEST_WAIT_S, 2 * wait)
