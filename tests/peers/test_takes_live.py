"""Takes of real `sideman play` processes: rendered they are what was heard, also after kill -9 of main or engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from bridge.bench.stage import Player, family
from bridge.commands import cli
from bridge.stream import wire
from bridge.takes import shelf
from bridge.takes.outline import outline
from bridge.takes.replay import Again, Replay

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals"), pytest.mark.timeout(150)]
RATE = 48_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shelf.FOLDER_VARIABLE, str(tmp_path / "takes"))
    return tmp_path / "takes"


@pytest.fixture
def player(folder: Path) -> Iterator[Player]:
    with Player("jazz-trio", "--audio", "none", "--port", "0",
                environment={shelf.FOLDER_VARIABLE: str(folder)}) as player:
        player.wait_for("Ctrl-C stops")
        yield player


class Ear:
    """What a page hears: audio by frame, and the last status."""

    def __init__(self) -> None:
        self.blocks: dict[int, NDArray[np.float32]] = {}
        self.status: dict[str, object] = {}

    @property
    def end(self) -> int:
        last = max(self.blocks)
        return last + self.blocks[last].shape[1]

    @property
    def heard(self) -> int:
        """Frames with sound."""
        return sum(b.shape[1] for b in self.blocks.values() if np.abs(b).max() > 0)


def listen(player: Player, until: Callable[[Ear], bool], seconds: float = 60.0,
           say: list[dict[str, object]] | None = None) -> Ear:
    async def run() -> Ear:
        ear, waiting = Ear(), list(say or [])
        async with connect(player.url(), compression=None, max_size=None) as connection:
            deadline = time.monotonic() + seconds
            while not until(ear):
                assert time.monotonic() < deadline, player.output
                message = await asyncio.wait_for(connection.recv(), seconds)
                if isinstance(message, bytes):
                    audio = wire.decode_audio(message)
                    ear.blocks[audio.frame0] = np.array(audio.samples)
                elif (data := json.loads(message))["type"] == "status":
                    ear.status = data
                if waiting and ear.heard > RATE // 2:
                    await connection.send(json.dumps(waiting.pop(0)))
        return ear

    return asyncio.run(run())


def engine_of(player: Player) -> int:
    return next(pid for pid in family(player.pid)[1:] if "llvmlite" in Path(f"/proc/{pid}/maps").read_text())


def rendered(folder: Path, *arguments: str) -> tuple[NDArray[np.float64], dict[str, object]]:
    out = folder.parent / "out.wav"
    done = CliRunner().invoke(cli, ["render", "last", "-o", str(out), "--json", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    with wave.open(str(out)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3)
    whole = np.zeros((len(raw), 4), np.uint8)
    whole[:, 1:] = raw
    return whole.view("<i4").reshape(-1, 2).T / 2.0**31, json.loads(done.stdout)


def settle(folder: Path) -> Path:
    """A take that nothing is written to any more, by the clock."""
    (path,) = folder.glob("*.take")
    os.utime(path, (time.time() - 60,) * 2)
    return path


def test_what_was_heard_is_rendered_to_the_last_bit(player: Player, folder: Path) -> None:
    """Faders, tempo, and another instrument that takes over while it plays."""
    ear = listen(player, lambda e: e.heard > 7 * RATE, say=[
        {"type": "set", "id": 1, "values": {"mixer.master.gain_db": -4.5}, "ramp": 0.3},
        {"type": "modify", "id": 2, "params": {"tempo": 171.0}},
        {"type": "modify", "id": 3, "params": {"instruments": {"piano": "rhodes"}}, "at": "beat"}])
    player.stop()
    assert "render last" in player.output
    path = settle(folder)
    again: dict[int, NDArray[np.float32]] = {}
    for each in Replay(path).blocks():
        if isinstance(each, Again):
            again[each.block.frame0] = each.audio.copy()
    line = np.concatenate(list(again.values()), axis=1)
    first = min(again)
    compared = 0
    for frame0, heard in ear.blocks.items():
        there = line[:, frame0 - first : frame0 - first + heard.shape[1]]
        assert np.array_equal(there, heard), f"frame {frame0} of {sorted(ear.blocks)[0]}.. is another"
        compared += heard.shape[1]
    assert compared > 4 * RATE
    found = outline(path)
    assert found.ended == "" and len(found.stretches) == 1 and not found.lost
    assert any("171" in event.what for event in found.events)
    assert any("piano rhodes" in event.what for event in found.events), found.events
    assert any("plan 2 is heard" in event.what or "plan 3 is heard" in event.what for event in found.events)
    audio, told = rendered(folder, "--midi", str(folder.parent / "out.mid"))
    assert told["notices"] == [] and np.abs(audio).max() > 0.05
    again_audio, _ = rendered(folder)
    assert np.array_equal(audio, again_audio)
    assert (folder.parent / "out.mid").read_bytes()[:4] == b"MThd"


def test_after_kill_9_of_everything_all_but_the_last_second_is_there(player: Player, folder: Path) -> None:
    ear = listen(player, lambda e: e.heard > 3 * RATE)
    os.killpg(player.pid, signal.SIGKILL)
    path = settle(folder)
    found = outline(path)
    assert found.ended is None and found.stretches
    assert ear.end - found.end.frame < RATE, "more than a second is missing"
    assert "cut off" in CliRunner().invoke(cli, ["takes"]).output
    audio, told = rendered(folder)
    assert audio.shape[1] > 2 * RATE and np.abs(audio).max() > 0.05
    assert "cut off" in str(told["notices"])


def test_an_engine_killed_in_the_middle_is_a_second_reel_and_all_is_one_stretch(player: Player, folder: Path) -> None:
    ear = listen(player, lambda e: e.heard > 2 * RATE)
    killed_at = ear.end
    os.kill(engine_of(player), signal.SIGKILL)
    after = listen(player, lambda e: e.heard > 2 * RATE and min(e.blocks) > 0)
    player.stop()
    path = settle(folder)
    found = outline(path)
    assert len(found.engines) == 2 and len(found.stretches) == 1
    assert found.ended == ""
    assert any("another engine" in event.what for event in found.events)
    assert any("started again" in event.what for event in found.events)
    first = [e for e in Replay(path, sound=False).blocks() if isinstance(e, Again) and e.reel == 0]
    assert killed_at - (first[-1].block.frame0 + first[-1].block.frames) < RATE
    audio, _ = rendered(folder)
    wanted = after.end - found.stretches[0].start.frame
    assert audio.shape[1] > wanted - RATE // 2
    assert np.abs(audio[:, wanted - RATE : wanted]).max() > 0.02, "the second engine is not heard"


def test_no_take_leaves_nothing(folder: Path) -> None:
    with Player("jazz-trio", "--audio", "none", "--port", "0", "--no-take",
                environment={shelf.FOLDER_VARIABLE: str(folder)}) as player:
        player.wait_for("Ctrl-C stops")
        listen(player, lambda e: e.heard > RATE // 2)
        player.stop()
        assert "take" not in player.output.replace("takes", "")
    assert not folder.exists()
