"""The file: cut off anywhere it is a shorter take, and damage is told with its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from take_stage import Live, a_setup, replayed, take_of

from bridge.engine.inbox import Halt, Play
from bridge.errors import TakeError
from bridge.takes.outline import outline
from bridge.takes.take_file import START, RecordKind, TakeReader, encode_record, header
from bridge.takes.values import encode


@pytest.fixture(scope="module")
def live() -> Live:
    """Half a second of music, in a few records."""
    live = Live(a_setup())
    live.shell.journal._flush_frames = 2048
    live.step(Play(), delay=0)
    for i in range(160):
        live.step(*([Halt()] if i == 150 else []), frames=128 if i % 40 else 64, delay=0)
    return live


@pytest.fixture(scope="module")
def take(live: Live) -> bytes:
    return take_of(live)


def records(data: bytes) -> list[tuple[int, int]]:
    """Where each begins and ends."""
    starts = [record.start for record in TakeReader(data)]
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def test_it_comes_back_whole(take: bytes, live: Live) -> None:
    reader = TakeReader(take)
    assert [r.kind for r in reader][:3] == [RecordKind.ABOUT, RecordKind.ENGINE, RecordKind.BLOCKS]
    assert reader.cut == 0 and reader.damage == ""
    assert replayed(take) == live.played


def test_cut_off_at_any_byte_it_is_the_beginning_of_itself(take: bytes, live: Live) -> None:
    """Replays where a record has just become whole, and reads everywhere."""
    ends = {end for _, end in records(take)}
    lengths = []
    for size in range(len(take)):
        part = take[:size]
        if size < START:
            with pytest.raises(TakeError, match="empty"):
                TakeReader(part)
            continue
        reader = TakeReader(part)
        whole = sum(end <= size for end in ends)
        assert len(list(reader)) == whole
        assert reader.cut == size - max((end for end in ends if end <= size), default=START)
        assert outline(part).cut_bytes >= reader.cut
        if size in ends or size - 1 in ends or size % 97 == 0:
            again = replayed(part)
            assert again == live.played[: len(again)]
            lengths.append(len(again))
    assert lengths == sorted(lengths) and lengths[0] == 0 and 0 < lengths[-1] <= len(live.played)


def test_zeros_at_the_end_are_space_that_nothing_was_written_to(take: bytes, live: Live) -> None:
    assert replayed(take + bytes(3000)) == live.played
    (start, end) = records(take)[-2]
    torn = take[: start + (end - start) // 2] + bytes(end - start - (end - start) // 2)
    again = replayed(torn)
    assert again == live.played[: len(again)] and len(again) < len(live.played)


def test_every_flipped_byte_is_noticed_with_its_place_or_is_of_a_cut_end(take: bytes, live: Live) -> None:
    places = records(take)
    for at in range(START, len(take), 7):
        spoiled = bytearray(take)
        spoiled[at] ^= 0x5A
        number, (start, _) = next((i, p) for i, p in enumerate(places, 1) if p[0] <= at < p[1])
        try:
            again = replayed(bytes(spoiled))
        except TakeError as error:
            assert f"byte {start} (record {number})" in str(error) and "--to-damage" in str(error)
            part = replayed(bytes(spoiled), to_damage=True)
            assert part == live.played[: len(part)]
        else:
            assert number == len(places), "damage in the middle went unnoticed"
            assert again == live.played[: len(again)]


def test_what_is_no_take_or_newer_is_told() -> None:
    with pytest.raises(TakeError, match="no take"):
        TakeReader(b"RIFF0000WAVEfmt ")
    with pytest.raises(TakeError, match=r"version 9 of the format.*version 1"):
        TakeReader(b"SIDEMAN TAKE\x09" + b"x" * 40)
    unknown = header() + encode_record(cast(RecordKind, 40), b"of tomorrow")
    with pytest.raises(TakeError, match=r"byte 13 \(record 1\): a newer Sideman"):
        list(TakeReader(unknown))


def test_a_record_of_another_version_is_told_with_its_place() -> None:
    data = header() + encode_record(RecordKind.ENGINE, encode({"wall_ns": 1, "setup": {"session": {"name": 3}}}))
    with pytest.raises(TakeError, match=r"record 1 \(byte 13, engine\).*another version"):
        replayed(data)


def test_blocks_that_cannot_be_understood_are_damage(take: bytes) -> None:
    (_, (engine, _), (blocks, _), *_) = records(take)
    spoiled = take[:blocks] + encode_record(RecordKind.BLOCKS, b"\x02\x05") + take[blocks:]
    with pytest.raises(TakeError, match=f"byte {blocks}"):
        replayed(spoiled)
    assert replayed(spoiled, to_damage=True) == []
    without = take[:engine] + take[blocks:]
    with pytest.raises(TakeError, match=f"byte {engine} .*no engine"):
        outline(without)


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="cannot be read"):
        TakeReader(tmp_path / "none.take")
    empty = tmp_path / "empty.take"
    empty.touch()
    with pytest.raises(TakeError, match="empty"):
        TakeReader(empty)
