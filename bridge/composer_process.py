"""The composer's process: asked for bars by the engine, answers with clips; told plans by main, answers with charts.

Only this process imports composers' heavy parts (neural models, later). It is single-threaded and may take its time:
the engine never waits for it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import msgspec

from bridge.engine.clip_bytes import encode_bar
from bridge.engine.timeline import ordered
from bridge.processes import quiet_child
from bridge.ring import Ring
from composers.composer import Band, BarChart, Plan, make_band

REQUEST = struct.Struct("<Ii")
"""Epoch and bar, as the engine asks."""
CHARTS_AHEAD = 8
"""Bars whose chords are told ahead, for people to read along."""
_POLL_S = 0.5 if os.name == "posix" else 0.004
"""POSIX wakes by pipe; elsewhere the ring is polled."""


class Composed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What a reader sees of a bar that is or will be composed."""

    epoch: int
    chart: BarChart


class Failed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A bar could not be composed; the engine repeats earlier bars in its place."""

    epoch: int
    bar: int
    error: str


encode_report = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(Composed | Failed).decode
encode_plan = msgspec.msgpack.Encoder().encode
decode_plan = msgspec.msgpack.Decoder(tuple[int, Plan]).decode


def run(requests: Ring, answers: Ring, main: Connection[Any, Any]) -> None:
    """Until `main` says stop (an empty message) or is gone."""
    quiet_child()
    try:
        _serve(requests, answers, main)
    finally:
        requests.close()
        answers.close()


def _serve(requests: Ring, answers: Ring, main: Connection[Any, Any]) -> None:
    epoch, plan, band = -1, Plan(), None
    later: list[tuple[int, int]] = []
    charted: set[int] = set()
    while True:
        ready = wait([main, requests.wake], _POLL_S)
        while main in ready:
            try:
                message = main.recv_bytes()
            except (EOFError, OSError):
                return
            if not message:
                return
            epoch, plan = decode_plan(message)
            band = make_band(plan)
            charted = set()
            ready = wait([main], 0)
        requests.rest()
        asked = [REQUEST.unpack(m) for m in requests.drain()]
        todo = [r for r in (*later, *asked) if r[0] >= epoch]
        later = [r for r in todo if r[0] > epoch]  # the plan of this epoch is still on its way
        for _, bar in (r for r in todo if r[0] == epoch):
            if band is not None:
                try:
                    for report in _compose(band, plan, epoch, bar, answers, charted):
                        main.send_bytes(encode_report(report))
                except OSError:
                    return


def _compose(
    band: Band, plan: Plan, epoch: int, bar: int, answers: Ring, charted: set[int]
) -> Iterator[Composed | Failed]:
    """Compose a bar for the engine; tell main what it is, and the chords of the bars after it."""
    try:
        clips = ordered(band.compose(bar), tuple(plan.parts), bar, plan.meter)
        message = encode_bar(epoch, bar, clips)
        if not answers.write(message):
            yield Failed(epoch, bar, f"the engine takes no more bars ({len(message)} bytes)")
        for ahead in range(bar, bar + CHARTS_AHEAD):
            if ahead not in charted:
                charted.add(ahead)
                yield Composed(epoch, band.chart(ahead))
    except Exception as error:  # a composer of others may raise anything: the music goes on without this bar
        yield Failed(epoch, bar, f"{type(error).__name__}: {error}")
