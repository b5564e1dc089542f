"""The engine waits for nobody: a full ring delays the journal, and at last ends it, and never the music."""

from __future__ import annotations

import time

import pytest
from take_stage import RATE, Live, MemoryRing, a_setup, replayed, take_of

from bridge.engine.inbox import Halt, Play, SetParameter
from bridge.takes import journal as journals
from bridge.takes.outline import outline


def playing(blocks: int, slots: int = 1 << 30) -> Live:
    live = Live(a_setup(), slots=slots)
    live.step(Play(), delay=0)
    for i in range(blocks):
        live.step(SetParameter("a.b", float(i), None), delay=0)
    return live


def test_a_ring_that_nobody_reads_loses_nothing_for_a_while() -> None:
    live = playing(3000, slots=2)
    assert live.rings.journal.refused > 0
    live.rings.journal.slots = 1 << 30  # main is back
    assert replayed(take_of(live)) == live.played
    assert not live.shell.journal.lost


def test_then_the_journal_ends_and_says_so_and_the_music_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_MOST_WAITING", 20_000)
    live = playing(3000, slots=1)
    assert live.shell.journal.lost
    assert len(live.played) == 3001 and any(midi for midi, _ in live.played[-300:])
    live.rings.journal.slots = 1 << 30
    take = take_of(live)
    again = replayed(take)
    assert 100 < len(again) < 3001 and again == live.played[: len(again)]
    found = outline(take)
    assert found.lost and "not in the take" in found.events[-1].what


def test_what_is_in_the_engine_alone_is_a_quarter_of_a_second() -> None:
    live = playing(1000)
    told = b"".join(live.rings.journal.messages)
    assert told
    waiting = live.shell.journal._since
    assert waiting <= journals.FLUSH_S * RATE


def test_messages_fit_their_slots() -> None:
    live = Live(a_setup())
    live.rings.journal = MemoryRing(slot_bytes=64)
    live.shell.journal._ring = live.rings.journal
    live.step(Play(), delay=0)
    for _ in range(800):
        live.step(delay=0)
    assert replayed(take_of(live)) == live.played


def test_a_block_costs_microseconds_and_a_minute_kilobytes() -> None:
    live = Live(a_setup())
    live.step(Play(), delay=0)
    for _ in range(15 * RATE // 128):
        live.step(delay=0)
    size = len(b"".join(live.rings.journal.messages))
    assert size < 15_000, f"{size} bytes in a quarter of a minute"  # 7.5 bars of five notes a track
    live.step(Halt())
    before = len(b"".join(live.rings.journal.messages))
    for _ in range(15 * RATE // 128):
        live.step(delay=0)
    assert len(b"".join(live.rings.journal.messages)) - before < 600


def test_a_quiet_block_is_told_in_microseconds() -> None:
    live = playing(10)
    journal, block = live.shell.journal, None
    from bridge.driver import Block

    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(2000):
            block = Block(live.frame, 0, 128, ())
            live.frame += 128
            journal.block(block, (), (), ())
        best = min(best, (time.perf_counter() - began) / 2000)
    assert best < 20e-6, f"{best * 1e6:.1f} us a block"
