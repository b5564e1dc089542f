"""The composer's process: asked for bars by the engine, answers with clips; told plans by main, answers with charts.

Only this process imports composers' heavy parts (neural models, later). It is single-threaded and may take its time:
the engine never waits for it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import Any

import msgspec

from bridge.engine.clip_bytes import encode_bar
from bridge.engine.timeline import ordered
from bridge.processes import quiet_child
from bridge.ring import Ring
from composers.composer import Band, BarChart, Plan, Remarking, make_band
from composers.layered import layered

REQUEST = struct.Struct("<Ii")
"""Epoch and bar, as the engine asks."""
CHARTS_AHEAD = 8
"""Bars whose chords are told ahead, for people to read along."""
_MOST_PLANS = 64
_POLL_S = 0.5 if os.name == "posix" else 0.004
"""POSIX wakes by pipe; elsewhere the ring is polled."""


class Composed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What a reader sees of a bar that is or will be composed."""

    epoch: int
    chart: BarChart


class Failed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A bar could not be composed; the engine goes on with what there is."""

    epoch: int
    bar: int
    error: str


class Remark(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What people should know of how the music came about: a composer of others' failed, and rules play."""

    text: str


encode_report = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(Composed | Failed | Remark).decode
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


@dataclass(slots=True)
class _Piece:
    """A plan that may be asked for. band: made for the first bar of it; bare: the plan and its band without layers."""

    plan: Plan
    band: Band | None = None
    bare: tuple[Plan, Band] | None = None
    charted: set[int] = field(default_factory=set)

    def begin(self, pieces: Iterable[_Piece]) -> Band:
        """The band; where another piece has the same but for its layers, what that has composed is composed."""
        if self.band is None:
            plan = replace(self.plan, layers=())
            there = (each.bare for each in pieces if each.bare is not None and each.bare[0] == plan)
            self.bare = next(there, None) or (plan, make_band(plan))
            self.band = layered(self.bare[1], self.plan)
        return self.band


def _serve(requests: Ring, answers: Ring, main: Connection[Any, Any]) -> None:
    pieces: dict[int, _Piece] = {}
    todo: list[tuple[int, int]] = []
    while True:
        ready = wait([main, requests.wake], 0 if any(epoch in pieces for epoch, _ in todo) else _POLL_S)
        while main in ready:
            try:
                message = main.recv_bytes()
            except (EOFError, OSError):
                return
            if not message:
                return
            epoch, plan = decode_plan(message)
            pieces[epoch] = _Piece(plan)
            if len(pieces) > _MOST_PLANS:
                del pieces[min(pieces)]
            ready = wait([main], 0)
        requests.rest()
        todo += [REQUEST.unpack(m) for m in requests.drain()]
        batch, todo = next_batch(todo, pieces)
        for epoch, bar in batch:
            try:
                for report in _compose(pieces[epoch], epoch, bar, answers, pieces.values()):
                    main.send_bytes(encode_report(report))
            except OSError:
                return


def next_batch(asked: Sequence[tuple[int, int]], known: Container[int]
               ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What to compose next of the (epoch, bar) that have been asked for, and what remains.

    All that is asked of the newest plan goes first, then what plays until that begins (the oldest). What lies between
    nobody will hear any more. A batch is finished before anything newer is looked at: or a stream of plans, faster than
    one is composed, would be composed in part only, each of them.
    """
    there = [epoch for epoch, _ in asked if epoch in known]
    later = [(epoch, bar) for epoch, bar in asked if epoch not in known and epoch > max(there, default=-1)]
    if not there:
        return [], later
    newest, oldest = max(there), min(there)
    batch = [each for each in asked if each[0] == newest]
    return batch, [each for each in asked if each[0] == oldest < newest] + later


def _compose(piece: _Piece, epoch: int, bar: int, answers: Ring, pieces: Iterable[_Piece]
             ) -> Iterator[Composed | Failed | Remark]:
    """Compose a bar for the engine; tell main what it is, and the chords of the bars after it."""
    plan, charted = piece.plan, piece.charted
    try:
        band = piece.begin(pieces)
        clips = ordered(band.compose(bar), tuple(plan.parts), bar, plan.meter)
        message = encode_bar(epoch, bar, clips)
        if not answers.write(message):
            yield Failed(epoch, bar, f"the engine takes no more bars ({len(message)} bytes)")
        for text in band.take_notices() if isinstance(band, Remarking) else ():
            yield Remark(text)
        for ahead in range(bar, bar + CHARTS_AHEAD):
            if ahead not in charted:
                charted.add(ahead)
                yield Composed(epoch, band.chart(ahead))
    except Exception as error:  # a composer of others may raise anything: the music goes on without this bar
        yield Failed(epoch, bar, f"{type(error).__name__}: {error}")
