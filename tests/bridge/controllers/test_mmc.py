"""MIDI Machine Control by its specification, in and out, and a desk that obeys and asks."""

from __future__ import annotations

import asyncio

import pytest
from desk_stage import Stage
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock.mtc import RATES, Rate, Timecode
from bridge.controllers import mmc
from bridge.controllers.desk import Place

IN = '[[control]]\nname = "mmc in"\nmmc = "in"\n'
OUT = '[[control]]\nname = "mmc in"\nmmc = "out"\n'


@pytest.mark.parametrize(("sent", "kinds"), [
    ("F0 7F 7F 06 01 F7", ["stop"]),
    ("F0 7F 00 06 02 F7", ["play"]),
    ("F0 7F 7F 06 03 F7", ["deferred_play"]),
    ("F0 7F 7F 06 01 02 F7", ["stop", "play"]),
    ("F0 7F 7F 06 44 06 01 61 02 03 04 05 F7", ["locate"]),
    ("F0 7F 7F 06 44 06 01 61 02 03 04 05 02 F7", ["locate", "play"]),
    ("F0 7F 7F 06 40 02 4F 01 02 F7", ["play"]),  # a write of something else, passed over by its length
    ("F0 7F 7F 06 00 01 02 F7", ["play"]),  # an extension
    ("F0 7F 7F 06 06 07 F7", ["record", "record_exit"]),
    ("F0 7F 7F 06 44 06 01 61 F7", []),
    ("F0 7F 7F 06 44 06 01 1F 02 03 04 05 F7", []),  # hour 31
    ("F0 7F 7F 07 01 F7", []),  # a response
    ("F0 7E 7F 06 01 F7", []),  # an inquiry
    ("90 40 40", []),
])
def test_what_is_asked(sent: str, kinds: list[str]) -> None:
    assert [command.kind for command in mmc.heard(bytes.fromhex(sent))] == kinds


def test_devices() -> None:
    assert mmc.heard(bytes.fromhex("F07F050601F7"), 5) and mmc.heard(bytes.fromhex("F07F7F0601F7"), 5)
    assert mmc.heard(bytes.fromhex("F07F050601F7"), mmc.ALL) and not mmc.heard(bytes.fromhex("F07F050601F7"), 6)


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 23), st.sampled_from(RATES),
       st.integers(0, 127))
def test_a_locate_is_heard_as_it_was_sent(hours: int, minutes: int, seconds: int, frames: int, rate: Rate,
                                          device: int) -> None:
    code = Timecode(hours, minutes, seconds, frames)
    command = mmc.heard(mmc.locate(code, rate, device), device)
    assert command == ([mmc.Command("locate", code, rate)] if code.valid(rate) else [])


@given(st.binary(max_size=24))
def test_any_bytes_are_taken(data: bytes) -> None:
    mmc.heard(b"\xf0\x7f\x7f\x06" + data + b"\xf7")
    mmc.heard(data)


def test_a_desk_obeys() -> None:
    async def work() -> None:
        stage = Stage(IN)
        stage.desk.hear(0, bytes.fromhex("F0 7F 7F 06 44 06 01 60 00 07 00 00 F7 F0 7F 7F 06 03 F7"))
        stage.desk.hear(0, bytes.fromhex("F0 7F 7F 06 06 F7 F0 7F 7F 06 01 F7"))
        await stage.heed()
        # 30 frames a second, 7 s at 120 BPM: 14 quarters, in bar 4
        assert stage.told == ["locate 4", "play", "stop"]
        quiet = Stage(IN.replace("in\"\n", "in\"\n", 1).replace('mmc = "in"', 'mmc = "off"'))
        quiet.desk.hear(0, bytes.fromhex("F07F7F0601F7"))
        await quiet.heed()
        assert not quiet.told

    asyncio.run(work())


def test_every_bar_is_found_again() -> None:
    """What a machine is told when we stand at a bar takes us back to that bar."""

    async def work() -> None:
        for start in ("00:00:00:00", "01:00:00:00"):
            for bpm in (60.0, 97.3, 120.0, 240.0):
                text = f'[clock]\nmtc_start = "{start}"\n[music]\ntempo = {bpm}\n'
                asks, obeys = Stage(text + OUT), Stage(text + IN)
                asks.here = Place(False, -1, bpm)
                await asks.heed()
                for bar in (1, 2, 17, 300):
                    asks.here = Place(False, (bar - 1) * 3840, bpm)
                    for message in await asks.heed():
                        obeys.desk.hear(0, message)
                    await obeys.heed()
                assert obeys.told == [f"locate {bar}" for bar in (1, 2, 17, 300)], (start, bpm)

    asyncio.run(work())


def test_a_machine_is_asked_and_not_told_what_it_asked() -> None:
    async def work() -> None:
        stage = Stage(OUT.replace('"out"', '"both"'))
        await stage.heed()
        stage.here = Place(True, 3840, 120.0)
        sent = await stage.heed()
        assert [c.kind for m in sent for c in mmc.heard(m)] == ["locate", "deferred_play"]
        stage.here = Place(True, 4000, 120.0)
        assert not await stage.heed(), "it plays on"
        stage.here = Place(False, 4000, 120.0)
        assert [c.kind for m in await stage.heed() for c in mmc.heard(m)] == ["stop"]
        stage.desk.hear(0, mmc.sent("play"))
        stage.here = Place(True, 4000, 120.0)
        assert not await stage.heed() and stage.told == ["play"]

    asyncio.run(work())


def test_a_record_strobe_is_for_who_records() -> None:
    async def work() -> None:
        stage = Stage(IN)
        strobe = bytes.fromhex("F07F7F0606F7F07F7F0607F7")
        stage.desk.hear(0, strobe)
        await stage.heed()
        assert stage.told == []
        stage.here = Place(True, 0, 120.0, {}, ())
        stage.desk.hear(0, strobe)
        await stage.heed()
        assert stage.told == ["record", "record off"]

    asyncio.run(work())
