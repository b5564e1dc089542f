"""The desk of a session: any bytes are taken, wrong paths are told once, and devices follow the session's tracks."""

from __future__ import annotations

import asyncio
import time

from desk_stage import Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_devices import MANY

from bridge.controllers.desk import Place, parcels
from bridge.driver import PortState

ALL = "".join(f'[[control]]\nname = "c{k} in"\ndevice = "{device}"\nmmc = "both"\nfeedback = true\n'
              for k, device in enumerate(("nanokontrol2", "apc40", "bcf2000", "mackie-control", "mackie-extender")))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=40)), max_size=30))
def test_any_bytes_are_taken(sent: list[tuple[int, bytes]]) -> None:
    async def work() -> None:
        stage = Stage(ALL, MANY)
        for index, data in sent:
            stage.desk.hear(index, data)
        await stage.heed()
        for info in stage.infos.values():
            assert info.low <= info.value <= info.high
        assert stage.said == []

    asyncio.run(work())


def test_controllers_that_are_told_everything_turn_nothing() -> None:
    """What is sent comes back from many: motors that report where they went."""

    async def work() -> None:
        stage = Stage(ALL, MANY)
        for k, path in enumerate(list(stage.infos)):
            info = stage.infos[path]
            if not path.startswith("music."):
                stage.turn(path, info.low + (info.high - info.low) * (k % 7) / 6 if not info.whole else info.low)
        before = {path: info.value for path, info in stage.infos.items()}
        for _ in range(60):
            for index, message in [(i, m) for i, m in stage.answers if m[0] & 0xF0 == 0xE0]:
                stage.desk.hear(index, message)
            await stage.heed()
        for path, value in before.items():
            info = stage.infos[path]
            if info.unit.startswith("dB") and value > 10:
                continue  # a fader's top is 10 dB
            assert abs(info.value - value) <= (info.high - info.low) * 0.004, path

    asyncio.run(work())


def test_a_wrong_path_is_told_once_and_stops_nothing() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\n[[control.map]]\ncc = 1\npath = "mixer.bas.pan"\n'
                      '[[control.map]]\ncc = 2\npath = "mixer.bass.pan"\n')
        for value in (0, 100, 127):
            stage.desk.hear(0, bytes((0xB0, 1, value, 0xB0, 2, value)))
            await stage.heed()
        assert stage.value("mixer.bass.pan") == 1.0
        assert len(stage.said) == 1 and "did you mean 'mixer.bass.pan'" in stage.said[0]

    asyncio.run(work())


def test_a_short_path_is_shown_before_anybody_turned_it() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\nfeedback = true\n[[control.map]]\ncc = 1\nchannel = 1\npath = "filter.cutoff"\n')
        assert await stage.heed() == [b"\xb0\x01\x7f"]

    asyncio.run(work())


def test_other_tracks_other_faders() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\ndevice = "nanokontrol2"\n')
        stage.desk.hear(0, b"\xb0\x00\x60\xb0\x00\x7f")
        await stage.heed()
        stage.session = replace(stage.session, tracks=list(reversed(stage.session.tracks)))
        await stage.heed()
        stage.turn("mixer.drums.gain_db", 10.0)
        stage.desk.hear(0, b"\xb0\x00\x7f\xb0\x00\x7d")
        await stage.heed()
        assert stage.value("mixer.drums.gain_db") < 10.0

    asyncio.run(work())


def test_banks_of_a_plain_controller() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\ndevice = "launch-control-xl"\n', MANY)
        stage.turn("mixer.strings.pan", 1.0)
        press = b"\xb8\x6b\x7f\xb8\x6b\x00"
        stage.desk.hear(0, press + press)  # there is one bank more
        stage.desk.hear(0, b"\xb8\x31\x7f\xb8\x31\x40")
        await stage.heed()
        assert stage.value("mixer.strings.pan") == 0.0 and stage.value("mixer.piano.pan") == 0.0
        stage.desk.hear(0, b"\xb8\x6a\x7f\xb8\x6a\x00\xb8\x31\x40\xb8\x31\x7f")
        await stage.heed()
        assert stage.value("mixer.piano.pan") == 1.0

    asyncio.run(work())


def test_a_controller_that_is_connected_is_greeted() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\ndevice = "apc40"\n')
        stage.desk.begin()
        hello = [bytes.fromhex("F0477F7360000441080101F7")]
        assert [m for _, m in stage.answers][:1] == hello
        await stage.settle()
        stage.desk.ports([PortState("control out", "APC", ("APC",))])
        stage.desk.ports([PortState("control out", "APC", ("APC",))])
        assert [m for _, m in stage.answers].count(hello[0]) == 1
        assert len(await stage.heed()) > 10, "and told everything"

    asyncio.run(work())


def test_the_transport_goes_back_bar_by_bar() -> None:
    async def work() -> None:
        stage = Stage('[[control]]\ndevice = "nanokontrol2"\n')
        stage.here = Place(True, 3840 * 9 + 5, 120.0)
        press = b"\xb0\x2b\x7f\xb0\x2b\x00"
        stage.desk.hear(0, press * 3)
        await stage.heed()
        assert stage.told == ["locate 9", "locate 8", "locate 7"]

    asyncio.run(work())


def test_lots_fit_the_ring_of_commands() -> None:
    messages = [bytes(n % 60 + 1) for n in range(300)]
    lots = parcels(messages)
    assert [m for lot in lots for m in lot] == messages
    assert max(sum(len(m) + 5 for m in lot) for lot in lots) <= 800


def test_it_takes_little_time() -> None:
    """Twenty times a second beside the socket: a twentieth of a core at most, also on a slow machine."""

    async def work() -> float:
        stage = Stage(ALL, MANY)
        await stage.heed()
        began = time.process_time()
        for k in range(20):
            stage.turn("mixer.bass.pan", k / 20)
            stage.desk.hear(0, bytes((0xB0, k % 8, 100)))
            await stage.heed()
        return (time.process_time() - began) / 20

    took = min(asyncio.run(work()) for _ in range(3))
    assert took < 0.05 / 2, f"{took * 1000:.1f} ms"
