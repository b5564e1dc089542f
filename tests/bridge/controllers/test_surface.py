"""A Mackie Control at a session: hands turn what plays, motors and lamps follow whoever turns, and nobody fights."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest
from desk_stage import MIXER, Stage
from mackie_unit import Unit
from test_devices import MANY

from bridge.controllers.desk import Place
from bridge.driver import PortState

CONTROL = '[[control]]\ndevice = "mackie-control"\n'
ZERO_DB = round(0.75 * 16383)


class Player:
    """A unit, and a session that it is at."""

    def __init__(self, text: str = CONTROL, tracks: str = MIXER) -> None:
        self.stage, self.unit = Stage(text, tracks), Unit()

    async def does(self, *data: bytes, after_s: float = 0.05) -> None:
        for each in data:
            self.stage.desk.hear(0, each)
        self.unit.take(await self.stage.heed(after_s))

    async def rests(self) -> None:
        for _ in range(30):
            await self.does(after_s=0.1)


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)


def test_it_shows_the_session_within_a_second() -> None:
    async def work() -> None:
        p = Player()
        p.stage.turn("mixer.bass.mute", 1.0)
        p.stage.turn("mixer.bass.pan", -0.5)
        p.stage.here = Place(True, 960 * 4 * 4 + 960 + 240 * 2 + 7, 120.0, {"piano": (0.5, 0.1), "bass": (1.5, 0.2)})
        sent = [await p.stage.heed() for _ in range(12)]
        for messages in sent:
            p.unit.take(messages)
        assert max(sum(map(len, messages)) for messages in sent) <= 150, "a MIDI cable carries it"
        assert p.unit.motors[:3] == [ZERO_DB] * 3 and p.unit.motors[8] == ZERO_DB
        assert [p.unit.cell(k, 0) for k in range(5)] == ["piano", "bass", "drums", "room", ""]
        assert [p.unit.cell(k, 1) for k in range(3)] == ["C", "L50", "C"]
        assert "".join(p.unit.digits) == "  5 2 3  7"
        assert p.unit.lamps[0x11] == 127 and p.unit.lamps[0x10] == 0 and p.unit.lamps[0x5E] == 127
        assert p.unit.rings[0] == 0x40 | 0x16 and p.unit.rings[1] & 0x30 == 0x10 and p.unit.rings[5] == 0
        assert p.unit.meters[0] == 8 and p.unit.meters[1] == 12
        assert any(m == b"\xd0\x1e" for messages in sent for m in messages), "over"

    run(work())


def test_faders_both_ways_without_an_echo() -> None:
    async def work() -> None:
        p = Player()
        await p.rests()
        before = p.unit.heard_bytes
        await p.does(p.unit.touch(0))
        for raw in range(ZERO_DB, 4000, -200):
            await p.does(p.unit.move(0, raw))
        assert p.stage.value("mixer.piano.gain_db") == pytest.approx(-30.05, abs=0.01)
        stands = p.unit.motors[0]
        p.stage.turn("mixer.piano.gain_db", -3.0)  # somebody else turns it, while it is held
        await p.rests()
        assert p.unit.motors[0] == stands and not p.unit.fought
        await p.does(p.unit.touch(0, False))
        await p.rests()
        assert p.unit.motors[0] == pytest.approx((0.75 - 0.25 * 0.3) * 16383, abs=16), "let go, it follows"
        value = p.stage.value("mixer.piano.gain_db")
        await p.rests()
        assert p.stage.value("mixer.piano.gain_db") == value == -3.0, "a motor is no hand"
        assert p.unit.heard_bytes - before < 4000

    run(work())


def test_a_fader_that_was_moved_is_not_moved_back() -> None:
    async def work() -> None:
        p = Player()
        await p.rests()
        for raw in (12000, 11000, 10000, 9001):
            p.stage.desk.hear(0, bytes((0xE2, raw % 128, raw // 128)))
            p.unit.motors[2] = raw
        sent = [m for _ in range(40) for m in await p.stage.heed()]
        assert not [m for m in sent if m[0] == 0xE2], "it stands where its parameter is"

    run(work())


def test_pots_buttons_and_banks() -> None:
    async def work() -> None:
        p = Player(tracks=MANY)
        await p.does(p.unit.pot(1, 12), p.unit.pot(1, 12))
        assert p.stage.value("mixer.bass.pan") == pytest.approx(0.5), "both of one glance count"
        await p.does(p.unit.press(0x21))
        assert p.stage.value("mixer.bass.pan") == 0.0, "pressed: as it came"
        await p.does(p.unit.press(0x12), p.unit.press(0x08))
        assert (p.stage.value("mixer.drums.mute"), p.stage.value("mixer.piano.solo")) == (1.0, 1.0)
        await p.does(p.unit.press(0x12))
        assert p.stage.value("mixer.drums.mute") == 0.0
        await p.rests()
        assert p.unit.lamps[0x73] == 127, "somebody is soloed"
        await p.does(p.unit.press(0x2F))
        await p.rests()
        assert [p.unit.cell(k, 0) for k in range(3)] == ["strngs", "room", ""]
        await p.does(p.unit.move(0, 16383))
        assert p.stage.value("mixer.strings.gain_db") == 10.0
        await p.does(p.unit.press(0x30))
        await p.rests()
        assert p.unit.cell(1, 0) == "strngs"

    run(work())


def test_assignments_flip_and_pages() -> None:
    async def work() -> None:
        p = Player()
        await p.does(p.unit.press(0x29), p.unit.pot(0, 20))
        assert p.stage.value("mixer.piano.send.room") > -20
        await p.does(p.unit.press(0x32), p.unit.move(0, 0))
        assert p.stage.value("mixer.piano.send.room") == -90.0, "flipped: the fader has the send"
        await p.does(p.unit.press(0x32), p.unit.press(0x2D))
        await p.rests()
        assert [p.unit.cell(k, 0) for k in range(3)] == ["cutoff", "wave", ""]
        assert [p.unit.cell(k, 1) for k in range(2)] == ["2 kHz", "sine"]
        await p.does(p.unit.pot(1, 1))
        assert p.stage.value("track.piano.synth.wave") == 1.0, "a detent a word"
        await p.does(p.unit.press(0x2C))
        await p.rests()
        assert p.unit.cell(0, 1) == "0.0 dB"

    run(work())


def test_transport_and_jog() -> None:
    async def work() -> None:
        p = Player()
        p.stage.here = Place(False, 960 * 4 * 6, 120.0)
        await p.does(p.unit.press(0x5E), p.unit.press(0x5D), p.unit.press(0x5C), p.unit.press(0x5B))
        assert p.stage.told == ["play", "stop", "locate 8", "locate 7"]
        await p.does(bytes((0xB0, 0x3C, 0x04)), bytes((0xB0, 0x3C, 0x44)))
        assert p.stage.told[4:] == ["locate 8", "locate 7"]

    run(work())


def test_a_unit_that_comes_back_is_told_all() -> None:
    async def work() -> None:
        p = Player()
        await p.rests()
        p.unit = Unit()
        p.stage.desk.ports([PortState("control out", "X", ("X",))])
        await p.rests()
        assert p.unit.motors[0] == ZERO_DB and p.unit.cell(0, 0) == "piano"
        p.unit = Unit()
        await p.does(bytes.fromhex("F00000661401585859595A5A0557186105F7"))  # it says that it has been switched on
        await p.rests()
        assert p.unit.cell(2, 0) == "drums"

    run(work())


def test_an_extender_goes_on_where_the_unit_ends() -> None:
    async def work() -> None:
        p = Player(CONTROL + '[[control]]\nname = "beside in"\ndevice = "mackie-extender"\n', MANY)
        p.stage.desk.hear(0, p.unit.press(0x33))
        for _ in range(30):
            await p.stage.heed()
        p.stage.desk.hear(1, bytes((0xE0, 127, 127)))
        await p.stage.heed()
        assert p.stage.value("mixer.strings.gain_db") == 10.0, "the ninth track"

    run(work())


def test_ones_own_mappings_come_first() -> None:
    async def work() -> None:
        p = Player(CONTROL + '[[control.map]]\nnote = 54\npath = "music.section"\nvalue = "chorus"\n'
                             '[[control.map]]\nnote = 94\npath = "transport.start"\n')
        await p.does(p.unit.press(54), p.unit.press(94))
        assert p.stage.told == ["music.section = chorus", "locate 1"]

    run(work())


def test_an_extender_goes_on_from_the_start() -> None:
    async def work() -> None:
        p = Player(CONTROL + '[[control]]\nname = "beside in"\ndevice = "mackie-extender"\n', MANY)
        p.stage.desk.hear(1, bytes((0xE0, 127, 127)))
        await p.stage.heed()
        assert p.stage.value("mixer.strings.gain_db") == 10.0

    run(work())


def test_recording() -> None:
    async def work() -> None:
        p = Player()
        p.stage.here = Place(True, 0, 120.0, {}, ("bass",), True)
        await p.does(p.unit.press(0x00), p.unit.press(0x5F))
        assert p.stage.told == ["arm piano", "record?"]
        await p.rests()
        assert (p.unit.lamps[0x00], p.unit.lamps[0x01], p.unit.lamps[0x5F]) == (0, 127, 127)
        p.stage.here = Place(True, 0, 120.0)
        await p.does(p.unit.press(0x00))
        assert p.stage.value("music.mute.piano") == 1.0, "nothing is played in: the player rests"

    run(work())
