"""Which delays it takes until all that meets on the console has come the same way in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from instruments.routing import Key, Node


class Delays(NamedTuple):
    """Frames of delay that are needed.

    edges  from a channel to another, behind its fader; inputs: of a track, between its instrument and its effects
    keys   of the side-chain of a channel's n-th effect; for one of notes, from these on
    total  latency of the whole
    """

    edges: Mapping[tuple[str, str], int]
    inputs: Mapping[str, int]
    keys: Mapping[tuple[str, int], int]
    total: int


def delays_of(order: Sequence[Node], edges: Sequence[tuple[str, str]], instruments: Mapping[str, int],
              effects: Mapping[str, Sequence[int]]) -> Delays:
    """Each channel begins when the latest of what it needs is there.

    order: of routing.ordered(), the master last in effect; instruments, effects: latencies by channel.
    """
    begin: dict[str, int] = {}
    end: dict[str, int] = {}
    keys: list[tuple[str, int, Key, int]] = []
    for node in order:
        start = max([instruments.get(node.name, 0), *(end[a] for a, b in edges if b == node.name)])
        before = 0
        for i, latency in enumerate(effects[node.name]):
            key = node.keys[i] if i < len(node.keys) else None
            if key is not None:
                keys.append((node.name, i, key, before))
                if not key.notes:
                    start = max(start, end[key.channel] - before)
            before += latency
        begin[node.name], end[node.name] = start, start + before
    return Delays(
        {(a, b): begin[b] - end[a] for a, b in edges},
        {name: begin[name] - latency for name, latency in instruments.items()},
        {(name, i): begin[name] + before - (0 if key.notes else end[key.channel]) for name, i, key, before in keys},
        max(end.values()),
    )
