"""`sideman play` as a user starts it, without devices: it survives its parts, its clients, and leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect

from bridge import session as sessions
from bridge.app import _rigged
from bridge.bench.stage import Player, family
from bridge.stream import wire

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals"), pytest.mark.timeout(120)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {p.name for p in folder.iterdir() if p.name.startswith("psm_")} if folder.exists() else set()


@pytest.fixture
def player() -> Iterator[Player]:
    before = shared_memory()
    with Player("jazz-trio", "--audio", "none", "--port", str(free_port())) as player:
        player.wait_for("Ctrl-C stops")
        yield player
    deadline = time.monotonic() + 5
    while shared_memory() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not shared_memory() - before


def children(player: Player) -> dict[str, int]:
    """The child processes by what they run: spawned Pythons tell it nowhere but in what they hold."""
    named = {}
    for pid in family(player.pid)[1:]:
        maps = Path(f"/proc/{pid}/maps").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"resource_tracker" in command:
            named["tracker"] = pid
        elif "llvmlite" in maps:
            named["engine"] = pid
        elif int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) != player.pid:
            named["midi"] = pid  # a child of the engine's
        else:
            named["composer"] = pid
    return named


class Ear:
    """A client that keeps the last status and counts what it hears."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.status: dict[str, Any] = {}
        self.errors: list[str] = []
        self.notes: list[dict[str, Any]] = []
        self.moves: list[dict[str, Any]] = []
        self.frames: list[tuple[int, int, float]] = []

    async def listen(self, until: Callable[[Ear], bool], seconds: float = 15.0) -> bool:
        """Take messages until the condition holds."""
        deadline = time.monotonic() + seconds
        while not until(self):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                message = await asyncio.wait_for(self.connection.recv(), left)
            except TimeoutError:
                return False
            if isinstance(message, bytes):
                audio = wire.decode_audio(message)
                self.frames.append((audio.frame0, audio.samples.shape[1], float(np.abs(audio.samples).max())))
                continue
            data = json.loads(message)
            if data["type"] == "status":
                self.status = data
            elif data["type"] == "midi":
                self.notes += data["events"]
            elif data["type"] == "moved":
                self.moves += data["moves"]
            elif data["type"] == "error":
                self.errors.append(data["message"])
        return True

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))


def with_ear(player: Player, act: Callable[[Ear], Any]) -> Any:
    async def run() -> Any:
        async with connect(player.url(), compression=None, max_size=None) as connection:
            return await act(Ear(connection))

    return asyncio.run(run())


def notices(ear: Ear) -> str:
    return " ".join(n["text"] for n in ear.status.get("notices", []))


def test_it_plays_to_the_page_and_ctrl_c_ends_it_within_a_second(player: Player) -> None:
    async def act(ear: Ear) -> None:
        assert await ear.listen(lambda e: len(e.notes) > 10 and len(e.frames) > 50)
        assert ear.status["status"] == "playing"
        assert ear.status["chord"] and ear.status["currentBar"] >= 1
        assert max(peak for _, _, peak in ear.frames) > 0.05
        assert all(b[0] - a[0] == a[1] for a, b in pairwise(ear.frames)), "audio with holes"

    with_ear(player, act)
    pids = family(player.pid)
    assert player.stop() < 1.0
    assert not left_behind(pids)
    assert "Traceback" not in player.output


def test_parameters_are_turned_while_it_plays_and_stay_turned_in_a_new_engine(player: Player) -> None:
    def quiet(ear: Ear) -> bool:
        return len(ear.frames) > 40 and max(peak for _, _, peak in ear.frames[-30:]) < 1e-3

    async def act(ear: Ear) -> None:
        assert await ear.listen(lambda e: len(e.notes) > 5 and len(e.frames) > 20)
        await ear.say(type="set", id=1, values={"mixer.master.gain": -90}, ramp=0.1)
        assert await ear.listen(lambda e: bool(e.moves))
        assert ear.moves[0]["path"] == "mixer.master.gain_db" and ear.moves[0]["ramp"] == 0.1
        ear.frames.clear()
        assert await ear.listen(quiet)
        os.kill(children(player)["engine"], signal.SIGKILL)
        assert await ear.listen(lambda e: "engine" in notices(e))
        ear.frames.clear()
        assert await ear.listen(lambda e: len(e.frames) > 100, 30)
        assert max(peak for _, _, peak in ear.frames) < 1e-3, "the new engine forgot"
        await ear.say(type="modify", params={"volume": 1})
        ear.frames.clear()
        assert await ear.listen(lambda e: max((peak for _, _, peak in e.frames), default=0.0) > 0.05)
        await ear.say(type="set", id=2, values={"mixer.bass.gain_db": 99})
        assert await ear.listen(lambda e: bool(e.errors))
        assert "mixer.bass.gain_db = 99.0 does not fit: give a number from -90 to 24" in ear.errors[0]

    with_ear(player, act)


def test_a_dead_composer_is_replaced_and_nobody_hears_it(player: Player) -> None:
    async def act(ear: Ear) -> None:
        await ear.listen(lambda e: len(e.notes) > 5)
        os.kill(children(player)["composer"], signal.SIGKILL)
        ear.notes.clear()
        assert await ear.listen(lambda e: "composer" in notices(e))
        bar = ear.status["currentBar"]
        assert await ear.listen(lambda e: e.status["currentBar"] >= bar + 6, 30)
        beats = sorted(n["beat"] for n in ear.notes if n["track"] == "bass")
        assert max(b - a for a, b in pairwise(beats)) < 4

    with_ear(player, act)


def test_a_dead_engine_is_replaced_where_the_music_would_be(player: Player) -> None:
    async def act(ear: Ear) -> None:
        await ear.listen(lambda e: len(e.notes) > 5 and e.status.get("status") == "playing")
        before = ear.status
        began = time.monotonic()
        os.kill(children(player)["engine"], signal.SIGKILL)
        ear.notes.clear()
        # Notes are heard of before the first status of the new engine.
        assert await ear.listen(lambda e: len(e.notes) > 5 and e.status["position"] > before["position"] + 0.5)
        assert ear.status["status"] == "playing"
        gone = time.monotonic() - began
        beats = (ear.status["position"] - before["position"]) * 60 / ear.status["tempo"]
        assert beats == pytest.approx(gone, abs=1.5)
        assert ear.status["time"] > before["time"]

    with_ear(player, act)


def test_when_main_dies_nobody_is_left_behind(player: Player) -> None:
    pids = family(player.pid)
    assert len(pids) >= 3
    os.kill(player.pid, signal.SIGKILL)
    assert not left_behind(pids)


def left_behind(pids: list[int]) -> list[int]:
    """Those that are still there after a moment's patience."""
    deadline = time.monotonic() + 5
    while (left := [p for p in pids if alive(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_generate_modify_stop_play_and_locate(player: Player) -> None:
    async def act(ear: Ear) -> None:
        await ear.listen(lambda e: len(e.notes) > 5)
        await ear.say(type="generate", params={"genre": "jazz", "key": "F", "mode": "major", "tempo": 240,
                                               "timeSignature": [4, 4], "duration": 4, "form": "blues",
                                               "instruments": ["piano", "bass", "drums"]})
        assert await ear.listen(lambda e: e.status.get("key") == "F" and e.status["currentBar"] == 1
                                and e.status["status"] == "playing")
        assert ear.status["tempo"] == 240 and ear.status["form"] == "blues"
        assert await ear.listen(lambda e: e.status["status"] == "stopped", 10)
        assert ear.status["progress"] == 1.0
        await ear.say(type="generate", params={"key": "C", "tempo": 120})
        assert await ear.listen(lambda e: e.status["status"] == "playing" and e.status["key"] == "C")
        await ear.say(type="modify", params={"tempo": 180, "volume": 0.5, "filter": {"cutoff": 500, "resonance": 0.3}})
        assert await ear.listen(lambda e: e.status["tempo"] == 180 and e.status["volume"] == 0.5)
        await ear.say(type="stop")
        assert await ear.listen(lambda e: e.status["status"] == "stopped")
        await ear.say(type="locate", bar=9)
        assert await ear.listen(lambda e: e.status["currentBar"] == 9)
        await ear.say(type="play")
        assert await ear.listen(lambda e: e.status["status"] == "playing" and e.status["currentBar"] == 10)
        assert not ear.errors

    with_ear(player, act)


def test_other_instruments_change_the_band(player: Player) -> None:
    async def act(ear: Ear) -> None:
        await ear.listen(lambda e: len(e.notes) > 5)
        await ear.say(type="generate", params={"instruments": ["sax", "piano", "bass", "drums"]})
        ear.notes.clear()
        assert await ear.listen(lambda e: any(n["track"] == "sax" for n in e.notes))
        assert "ended unexpectedly" not in notices(ear)

    with_ear(player, act)


def test_instruments_and_tracks_change_without_a_gap_in_the_same_engine(player: Player) -> None:
    async def act(ear: Ear) -> None:
        assert await ear.listen(lambda e: len(e.notes) > 10 and len(e.frames) > 30)
        engine = children(player)["engine"]
        await ear.say(type="modify", params={"instruments": {"piano": "rhodes"}}, at="beat")
        await ear.listen(lambda _: False, 2.0)
        await ear.say(type="modify", params={"instruments": ["sax", "piano", "bass", "drums"]})
        ear.notes.clear()
        assert await ear.listen(lambda e: any(n["track"] == "sax" for n in e.notes))
        assert await ear.listen(lambda e: set(e.status["levels"]["tracks"]) == {"sax", "piano", "bass", "drums"})
        await ear.say(type="generate", params={"instruments": ["organ", "bass", "drums"], "tempo": 200})
        ear.notes.clear()
        assert await ear.listen(lambda e: any(n["track"] == "organ" for n in e.notes) and e.status["tempo"] == 200)
        assert ear.status["position"] < 20, "from the beginning"
        await ear.listen(lambda _: False, 2.0)
        assert {n["track"] for n in ear.notes[-5:]} <= {"organ", "bass", "drums"}
        assert children(player)["engine"] == engine
        assert all(b[0] - a[0] == a[1] for a, b in pairwise(ear.frames)), "audio with holes"
        begun = next(i for i, (_, _, peak) in enumerate(ear.frames) if peak > 0)
        assert min(peak for _, _, peak in ear.frames[begun:]) > 0, "each 11 ms are heard"
        assert not ear.errors

    with_ear(player, act)


def test_what_cannot_be_played_is_answered_and_the_music_goes_on(player: Player) -> None:
    async def act(ear: Ear) -> None:
        await ear.listen(lambda e: len(e.notes) > 5)
        for message, word in [
            ({"type": "generate", "params": {"genre": "polka"}}, "polka"),
            ({"type": "generate", "params": {"key": "H"}}, "H"),
            ({"type": "generate", "params": {"instruments": ["kazoo"]}}, "kazoo"),
            ({"type": "generate", "params": {"instruments": ["/etc/passwd.toml"]}}, "passwd"),
            ({"type": "generate", "params": {"tempo": 5000}}, "5000"),
            ({"type": "generate", "params": {"timeSignature": [17, 16]}}, "17/16"),
            ({"type": "modify", "params": {"mode": "sideways"}}, "sideways"),
            ({"type": "dance"}, "dance"),
        ]:
            ear.errors.clear()
            await ear.say(**message)
            assert await ear.listen(lambda e: bool(e.errors)), message
            assert word in ear.errors[0]
        await ear.connection.send("{half")
        await ear.connection.send(b"\x00\xff")
        bar = ear.status["currentBar"]
        assert await ear.listen(lambda e: e.status["currentBar"] > bar + 1)

    with_ear(player, act)


def test_another_key_wants_another_rig_where_a_tuning_is_built_on_it() -> None:
    plain = sessions.load("jazz-trio")
    tracks = list(plain.tracks)

    def tuned(tuning: str) -> sessions.Session:
        first = msgspec.structs.replace(tracks[0], tuning=tuning)
        return msgspec.structs.replace(plain, tracks=[first, *tracks[1:]])

    def same(session: sessions.Session) -> bool:
        return _rigged(session.with_music(key="C")) == _rigged(session.with_music(key="D"))

    assert (same(plain), same(tuned("rast:A")), same(tuned("rast"))) == (True, True, False)


def test_a_taken_web_port_that_was_asked_for_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Player("--audio", "none", "--port", str(port)) as player:
            player.wait_for(rf"port {port}.*taken")
            deadline = time.monotonic() + 5
            while player.alive and time.monotonic() < deadline:
                time.sleep(0.02)
            assert not player.alive
            assert "Traceback" not in player.output


def test_what_cannot_start_is_told_in_one_line_and_leaves_nothing() -> None:
    before = shared_memory()
    with Player("--audio", "none", "--clock", "jack", "--port", "0") as player:
        player.wait_for("sideman: JACK transport cannot lead")
        deadline = time.monotonic() + 5
        while player.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not player.alive
    assert [line for line in player.lines if not line.startswith("compiling")] == [player.lines[-1]]
    assert not shared_memory() - before


def test_ctrl_c_before_it_plays_says_nothing_of_playing() -> None:
    with Player("--audio", "none", "--port", "0") as player:
        deadline = time.monotonic() + 30
        while len(family(player.pid)) < 3 and time.monotonic() < deadline:  # the composer, then the engine
            time.sleep(0.01)
        assert player.stop() < 3.0
    assert "Sideman plays" not in player.output
