"""Blocks become bytes and blocks again; numbers of every size; what was never written is told so."""

from __future__ import annotations

import math
import struct

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.driver import Block, MidiIn, Playhead
from bridge.takes.blocks import BlockReader, BlockWriter, Change, End, Given, Mark, Reel, RigNews, Run
from bridge.takes.varint import MalformedError, Scanner, UnfinishedError, put_near, put_signed, put_whole
from instruments.block import FrameEvent, Kind

NS = 1_000_000_000
ANY_FLOAT = st.floats(allow_nan=False)


@given(st.integers(0, (1 << 64) - 1), st.integers(-(1 << 63), (1 << 63) - 1), ANY_FLOAT, ANY_FLOAT)
def test_numbers_come_back(whole: int, signed: int, value: float, expected: float) -> None:
    out = bytearray()
    put_whole(out, whole)
    put_signed(out, signed)
    put_near(out, value, expected)
    scanner = Scanner(bytes(out))
    assert (scanner.whole(), scanner.signed()) == (whole, signed)
    assert struct.pack("<d", scanner.near(expected)) == struct.pack("<d", value)
    assert scanner.at == len(out)
    for cut in range(len(out)):
        short = Scanner(bytes(out[:cut]))
        with pytest.raises(UnfinishedError):
            short.whole(), short.signed(), short.near(expected)


def test_a_float_near_what_was_expected_is_short() -> None:
    out = bytearray()
    put_near(out, 1234.5678 * (1 + 1e-12), 1234.5678)
    assert len(out) <= 3


def test_numbers_beyond_64_bits_were_never_written() -> None:
    with pytest.raises(MalformedError):
        Scanner(b"\xff" * 12).whole()


RIGS = st.one_of(
    st.integers(0, 999).map(lambda number: RigNews(number, True)),
    st.builds(RigNews, st.integers(0, 999), st.just(False), st.lists(st.integers(0, 40), max_size=4).map(tuple),
              st.integers(0, 50), st.lists(st.integers(-1, 16), max_size=4).map(tuple), st.integers(0, 20)))
HEADS = st.one_of(st.none(), st.builds(
    Playhead, st.integers(-10**6, 10**6), st.sampled_from(["JACK transport", "Ableton Link"]), st.booleans(),
    st.one_of(st.none(), st.floats(-1e6, 1e9)), st.floats(0, 1e5), st.one_of(st.none(), st.floats(20, 400))))


@st.composite
def blocks(draw: st.DrawFn) -> list[Given]:
    made: list[Given] = []
    frame, skipped, latency = draw(st.integers(0, 10**9)), 0, 0
    head: Playhead | None = None
    for _ in range(draw(st.integers(0, 12))):
        if draw(st.booleans()):
            frame += draw(st.sampled_from([0, 0, 0, 64]))
            skipped += draw(st.sampled_from([0, 128]))
            latency = draw(st.sampled_from([latency, 77]))
            head = draw(HEADS)
        elif head is not None and head.playing:  # it goes on as JACK's does
            tick = None if head.tick is None or head.bpm is None else head.tick + 128 * head.bpm * 960 / (60.0 * 48000)
            head = head._replace(tick=head.tick if tick is None else tick,
                                 seconds=(round(head.seconds * 48_000) + 128) / 48_000)
        frames = draw(st.sampled_from([128, 128, 128, 441]))
        ns0 = draw(st.integers(-10**12, 10**12))
        midi = draw(st.lists(st.builds(MidiIn, st.integers(-10**9, 10**9).map(ns0.__add__),
                                       st.sampled_from(["clock in", "Tästen"]), st.binary(max_size=5)), max_size=2))
        made.append(Given(
            Block(frame, ns0, frames, midi, skipped, head and head._replace(ns=head.ns + ns0)),
            draw(st.lists(st.binary(max_size=9), max_size=2)), draw(st.lists(st.binary(max_size=60), max_size=1)),
            latency, draw(st.lists(st.tuples(st.integers(0, 15), st.builds(
                FrameEvent, st.integers(0, 127), st.sampled_from(list(Kind)), st.integers(0, 15), st.integers(0, 127),
                st.floats(-1, 127), st.floats(-50, 50))), max_size=1)),
            draw(st.one_of(st.none(), st.dictionaries(st.sampled_from(["clock in", "x"]), st.integers(-9**9, 9**9)))),
            draw(st.one_of(st.none(), RIGS)), draw(st.booleans())))
        frame += frames
    return made


def relative(given: Given) -> object:
    """What of a block the engine's music depends on."""
    block = given.block
    ns0 = block.ns0
    head = block.playhead
    return given._replace(block=None, commands=list(given.commands), bars=list(given.bars),  # type: ignore[arg-type]
                          plugin_midi=list(given.plugin_midi)), block._replace(
        ns0=0, midi=[m._replace(ns=m.ns - ns0) for m in block.midi], playhead=head and head._replace(ns=head.ns - ns0))


@settings(max_examples=60)
@given(blocks(), st.sampled_from([1, 7, 50, 10_000]))
def test_blocks_come_back_however_the_bytes_are_cut_up(made: list[Given], piece: int) -> None:
    reel = Reel(48_000, 128, made[0].block.frame0 if made else 0, made[0].block.ns0 if made else 5, 3)
    writer = BlockWriter(reel)
    for number, each in enumerate(made):
        writer.put(each)
        if number % 5 == 4:
            writer.mark(Change.TEMPO, number, 120.0 + number, 3 * number)
    writer.end(lost=False)
    data = bytes(writer.out)
    reader = BlockReader()
    found = [each for at in range(0, len(data), piece) for each in reader.read(data[at : at + piece])]
    assert found.pop(0) == reel
    assert isinstance(found.pop(), End)
    assert reader.cut == 0
    marks = [each for each in found if isinstance(each, Mark)]
    assert [(m.tick, m.bpm, m.epoch) for m in marks] == [(n, 120.0 + n, 3 * n) for n in range(4, len(made), 5)]
    again = [each for each in found if isinstance(each, Given)]
    assert [relative(each) for each in again] == [relative(each) for each in made]
    for number, each in enumerate(again):
        axis = (each.block.frame0 + each.block.skipped) * NS // 48_000
        assert each.block.ns0 == (reel.ns0 if number == 0 else axis)


def test_blocks_in_which_nothing_happens_take_nothing() -> None:
    reel = Reel(48_000, 128, 0, 0, 0)
    writer = BlockWriter(reel)
    for i in range(100_000):
        writer.put(Given(Block(i * 128, i * 2_666_667 + i * 7919 % 1000, 128, ())))
    writer.end(lost=False)
    assert len(writer.out) < 20
    (_, run, end) = BlockReader().read(bytes(writer.out), whole=False)
    assert run == Run(0, 100_000, 128)
    assert end == End(12_800_000, False)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    reader = BlockReader()
    try:
        for number, each in enumerate(reader.read(data, whole=False)):
            assert number <= len(data)
            assert not isinstance(each, Mark) or math.isfinite(each.frame)
    except MalformedError:
        pass


def test_an_engine_begins_once_and_first() -> None:
    writer = BlockWriter(Reel(48_000, 128, 0, 0, 0))
    with pytest.raises(MalformedError):
        list(BlockReader().read(bytes(writer.out) * 2))
    with pytest.raises(MalformedError):
        list(BlockReader().read(b"\x02\x05"))
