"""An upstream over a line that a test speaks into: times become ours, answers find who asked, silence ends it."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from bridge.errors import DeviceError, MessageError
from bridge.relay import upstream as upstreams
from bridge.relay.line import Hear
from bridge.relay.node import wish
from bridge.relay.upstream import PATIENCE_NS, Upstream
from bridge.stream import wire

AHEAD_NS = 7_000_000_000_123
"""By which the far side's clock is ahead of ours."""
HELLO = wire.Hello(session="far", sample_rate=48_000, channels=2,
                   tracks=(wire.TrackInfo("piano", "piano"), wire.TrackInfo("bass", "bass")))
STATUS = wire.Status(status="playing", time=0, position=0, tempo=120)


class Clock:
    """Ours; a sleep of the upstream's moves it on."""

    def __init__(self) -> None:
        self.ns = 10**12

    def __call__(self) -> int:
        return self.ns


class FakeLine:
    """Answers pings at once, half a trip of 100 us later; what else is asked is kept."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent: list[wire.ClientMessage] = []
        self.streams: frozenset[int] = frozenset()
        self.closed = self.deaf = False
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._hear: Hear | None = None

    async def run(self, hear: Hear) -> str:
        self._hear = hear
        return await self.ended

    async def send(self, message: wire.ClientMessage) -> None:
        if self.ended.done():
            raise DeviceError("it has ended")
        if not isinstance(message, wire.Ping):
            self.sent.append(message)
        elif not self.deaf:
            self.clock.ns += 50_000
            far = self.clock.ns + AHEAD_NS
            self.clock.ns += 50_000
            asyncio.get_running_loop().call_soon(self.say, wire.Pong(far, id=message.id))

    async def hear_streams(self, numbers: frozenset[int]) -> None:
        self.streams = numbers

    async def close(self) -> None:
        self.closed = True

    def say(self, message: wire.ServerMessage | bytes | str) -> None:
        assert self._hear is not None
        self._hear(message if isinstance(message, str | bytes) else wire.encode(message).decode())


class Notebook:
    """An ear."""

    def __init__(self) -> None:
        self.upstream: Upstream | None = None
        self.told: list[Any] = []
        self.sound: list[tuple[wire.AudioHead, bytes]] = []

    def joined(self, upstream: Upstream) -> None:
        assert self.upstream is None
        self.upstream = upstream

    def changed(self, hello: wire.Hello) -> None:
        self.told.append(hello)

    def tell(self, message: Any) -> None:
        self.told.append(message)

    def audio(self, head: wire.AudioHead, message: bytes) -> None:
        self.sound.append((head, message))

    def left(self, why: str) -> None:
        raise AssertionError("that is the caller's")


def upstream(body: Callable[[Upstream, FakeLine, Notebook], Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs `body` beside an upstream; gives why that ended."""
    clock, sleep = Clock(), asyncio.sleep

    async def pass_by(seconds: float) -> None:
        await sleep(0)  # the answer to a ping comes first
        clock.ns += round(seconds * 1e9)

    monkeypatch.setattr(upstreams.asyncio, "sleep", pass_by)

    async def run() -> str:
        line, ear = FakeLine(clock), Notebook()
        one = Upstream(line, ear, wish(), now_ns=clock)
        running = asyncio.ensure_future(one.run())
        await sleep(0.01)
        await body(one, line, ear)
        if not line.deaf and not line.ended.done():
            line.ended.set_result("enough")
        why = await running
        assert line.closed
        return why

    return asyncio.run(asyncio.wait_for(run(), 10))


async def joined(line: FakeLine, ear: Notebook) -> Upstream:
    line.say(HELLO)
    line.say(STATUS)
    for _ in range(1000):
        if ear.upstream is not None:
            return ear.upstream
        await asyncio.sleep(0)
    raise AssertionError("it did not join")


def test_times_become_ours_and_the_rest_stays_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    block = np.random.default_rng(1).uniform(-1, 1, (2, 128)).astype(np.float32)

    async def body(one: Upstream, line: FakeLine, ear: Notebook) -> None:
        early = wire.encode_audio(0, AHEAD_NS, 48_000, block)
        line.say(early)
        await joined(line, ear)
        assert one.hello == HELLO and one.status == STATUS and not ear.sound, "before the clock is known none is told"
        ours = line.clock.ns + 5_000_000
        message = wire.encode_audio(4096, ours + AHEAD_NS, 48_000, block, stream=2, sample_format="int16")
        line.say(message)
        (head, heard), = ear.sound
        assert abs(head.ns0 - ours) < 1000 and head[:8] == wire.audio_head(message)[:8]
        assert wire.audio_head(heard) == head and heard[:24] == message[:24] and heard[32:] == message[32:]

    assert upstream(body, monkeypatch) == "enough"


def test_news_pass_in_order_and_garbage_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    midi = wire.midi([wire.MidiEvent(1.0, 60, 100, 0.5, "bass", 0, 4.0)])
    moved = wire.Moved((wire.Move("mixer.bass.gain_db", -6, 1.0, 0.0),))
    hello = msgspec.structs.replace(HELLO, session="other")

    async def body(one: Upstream, line: FakeLine, ear: Notebook) -> None:
        await joined(line, ear)
        for said in (midi, moved, wire.Lost(3, 384), "no JSON", '{"type": "of a later version"}', b"SMANgarbage",
                     hello, wire.Meters(1.0, wire.Levels((0, 0))), STATUS):
            line.say(said)
        assert ear.told == [midi, moved, wire.Lost(3, 384), hello, STATUS] and one.faults == 3

    upstream(body, monkeypatch)


def test_answers_find_who_asked_whatever_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(one: Upstream, line: FakeLine, ear: Notebook) -> None:
        await joined(line, ear)
        asks = [asyncio.ensure_future(one.ask(message)) for message in (
            wire.Generate(id=77), wire.Parameters(id=77), wire.Stop(), wire.Play())]
        for _ in range(5):
            await asyncio.sleep(0)
        generate, parameters, stop, play = line.sent[-4:]
        assert len({message.id for message in (generate, parameters, stop, play)}) == 4
        line.say(wire.Error("there is no such genre", "generate", generate.id))
        line.say(wire.ParameterList(parameters=(), id=parameters.id))
        line.say(wire.Ok("stop", stop.id or 0))
        with pytest.raises(MessageError, match="no such genre"):
            await asks[0]
        assert isinstance(await asks[1], wire.ParameterList) and isinstance(await asks[2], wire.Ok)
        line.ended.set_result("a cable was pulled")
        with pytest.raises(DeviceError, match="a cable was pulled"):
            await asks[3]

    assert upstream(body, monkeypatch) == "a cable was pulled"


def test_who_answers_no_ping_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(one: Upstream, line: FakeLine, ear: Notebook) -> None:
        await joined(line, ear)
        line.deaf = True

    assert upstream(body, monkeypatch) == f"it has not answered for {PATIENCE_NS // 10**9} s"


def test_stems_are_asked_for_by_name_and_heard_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(one: Upstream, line: FakeLine, ear: Notebook) -> None:
        await joined(line, ear)
        one.hear_stems({"bass"})
        one.hear_stems({"bass", "piano"})
        for _ in range(5):
            await asyncio.sleep(0)
        asked = line.sent[-1]
        assert isinstance(asked, wire.Subscribe) and asked.stems == ["bass", "piano"] and line.streams == {0, 1, 2}
        line.say(wire.Error("no stems today", "subscribe", asked.id))
        for _ in range(5):
            await asyncio.sleep(0)
        (told,) = ear.told
        assert told.notices == (wire.Notice("warning", "no stems today"),)

    upstream(body, monkeypatch)
