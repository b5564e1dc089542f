"""Tracks alone while the session plays: in time with the mix, through changes of the rig, nothing where unwanted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_app import children, free_port
from test_rig_builder import FRAMES, World
from test_rig_succession import SESSION, with_track

from bridge.audio_feed import AudioFeed
from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.live_stems import StemFeed, StemSender, stem_ring
from bridge.session import parse
from bridge.stream import wire
from instruments.block import AudioBlock

TRACKS = [t.name for t in SESSION.tracks]
LATE = parse("""
name = "late"
returns = []
master = { ceiling_db = 0.0 }
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "upright-bass"
gain_db = -30
effects = [{ effect = "limiter", name = "brick" }]
[[tracks]]
name = "keys"
parts = ["comp"]
instrument = "piano"
gain_db = -30
""", "late.toml")
"""Nothing goes to a return, and nothing is so loud that the master's limiter would do anything but wait."""


class Ears:
    """What main would hand out of a World's rings: (frame0, ns0, block) of the mix and of each track."""

    def __init__(self, world: World) -> None:
        self.mix: list[tuple[int, int, AudioBlock]] = []
        self.stems: dict[str, list[tuple[int, int, AudioBlock]]] = {}
        self._stems = StemFeed(world.rings.stems, lambda track, *rest: self.stems.setdefault(track, []).append(rest))
        self._feed = AudioFeed(world.rings.audio, self._hear)
        self._world = world

    def _hear(self, frame0: int, ns0: int, block: AudioBlock) -> None:
        self.mix.append((frame0, ns0, block))
        self._stems.hear(frame0, ns0)

    def play(self, blocks: int) -> None:
        for _ in range(blocks):
            self._world.step()
            self._world.builder.look()
            self._feed.take()

    def sound(self, heard: Sequence[tuple[int, int, AudioBlock]]) -> AudioBlock:
        return np.concatenate([block for _, _, block in heard], axis=1)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(LATE)
    yield made
    made.close()


def test_together_they_are_the_mix_to_the_frame(world: World) -> None:
    ears = Ears(world)
    world.shell.stems.want(["bass", "keys", "nobody"])
    ears.play(150)
    assert sorted(ears.stems) == ["bass", "keys"]
    assert world.rig.latency - world.rig.stem_latency("bass") > 0, "the master has no look-ahead: this shows nothing"
    for heard in ears.stems.values():
        assert [(frame, ns) for frame, ns, _ in heard] == [(frame, ns) for frame, ns, _ in ears.mix]
    mix, bass, keys = (ears.sound(x) for x in (ears.mix, ears.stems["bass"], ears.stems["keys"]))
    assert min(np.abs(bass).max(), np.abs(keys).max()) > 1e-3
    assert np.abs(bass + keys - mix).max() < 1e-6


def test_a_change_of_the_rig_leaves_no_gap_and_what_rings_out_is_the_tracks_own(world: World) -> None:
    ears = Ears(world)
    world.shell.stems.want(["bass", "keys"])
    ears.play(100)
    world.change(with_track(LATE, 1, instrument="organ"), 1)
    ears.play(300)
    assert world.shell.rig_number == 1
    assert any(strip.leaving for strip in world.builder.rig.strips)
    assert [frame for frame, _, _ in ears.stems["keys"]] == [frame for frame, _, _ in ears.mix]
    total = ears.sound(ears.stems["bass"]) + ears.sound(ears.stems["keys"])
    assert np.abs(total - ears.sound(ears.mix)).max() < 1e-6


def test_what_is_not_wanted_is_not_sent_and_can_be_wanted_again(world: World) -> None:
    ears = Ears(world)
    ears.play(20)
    assert not ears.stems
    world.shell.stems.want(["bass"])
    ears.play(20)
    world.shell.stems.want([])
    ears.play(20)
    assert len(ears.stems["bass"]) == 20 and not world.rig._stems_open
    world.shell.stems.want(["bass", "keys"])
    ears.play(20)
    assert [len(ears.stems[name]) for name in ("bass", "keys")] == [40, 20]
    assert world.shell.stems.refused == 0


def test_main_that_does_not_read_costs_what_it_missed_and_no_more(world: World) -> None:
    ears = Ears(world)
    world.shell.stems.want(["bass"])
    ears.play(1)
    for _ in range(300):  # more than the ring of the mix holds
        world.step()
    ears.play(10)
    frames = [frame for frame, _, _ in ears.stems["bass"]]
    assert frames == [frame for frame, _, _ in ears.mix]
    assert frames[-1] == world.frame - FRAMES and any(b - a > FRAMES for a, b in pairwise(frames))


class Strip:
    leaving = False
    name = "x"


class Rig:
    """One track, whose sound counts frames."""

    strips = (Strip(),)

    def __init__(self, late: int) -> None:
        self.latency, self.at, self.frames = late, 0, 0

    def strip_names(self) -> list[str]:
        return ["x"]

    def open_stems(self, channels: Sequence[str]) -> None: ...

    def stem_latency(self, channel: str) -> int:
        return 0

    def stem(self, channel: str) -> AudioBlock:
        return np.arange(self.at, self.at + self.frames, dtype=np.float32) * np.array([[1], [-1]], np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.lists(st.tuples(st.integers(1, 1500), st.booleans()), max_size=30))
def test_any_blocks_are_held_back_by_as_much_as_the_mix_is_late(
    late: int, blocks: list[tuple[int, bool]]
) -> None:
    """Where main lost a block of the mix, what was held is silence, and then it is right again."""
    ring, rig = stem_ring(), Rig(late)
    heard: list[tuple[int, AudioBlock]] = []
    sender = StemSender(ring, rig)  # type: ignore[arg-type]
    feed = StemFeed(ring, lambda track, frame0, ns0, block: heard.append((frame0, block)))
    sender.want(["x"])
    safe = 0
    for frames, lost in blocks:
        rig.frames = frames
        sender.prepare()
        sender.send(rig.at)
        if lost:
            safe = rig.at + frames
        else:
            feed.hear(rig.at, 0)
            frame0, block = heard[-1]
            assert frame0 == rig.at and block.shape == (2, frames)
            wanted = np.arange(rig.at - late, rig.at - late + frames)
            assert np.array_equal(block[0], np.where(wanted >= safe, wanted, 0))
            assert np.array_equal(block[1], -block[0])
        rig.at += frames
    ring.close()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.timeout(120)
def test_a_client_hears_a_track_alone_also_of_a_new_engine() -> None:
    async def listen(url: str, engine: int) -> None:
        heard: list[wire.Audio] = []
        async with MusicClient(url, stems=["bass"]) as client:
            client.on("stem", heard.append)

            async def until(blocks: int) -> None:
                heard.clear()
                async with asyncio.timeout(30):
                    while len(heard) < blocks or max(float(np.abs(a.samples).max()) for a in heard[-blocks:]) < 0.01:
                        await asyncio.sleep(0.05)

            await until(30)
            assert {a.stream for a in heard} == {1 + [t.name for t in client.hello.tracks].index("bass")}
            os.kill(engine, signal.SIGKILL)
            await asyncio.sleep(0.3)
            await until(30)

    with Player("jazz-trio", "--audio", "none", "--port", str(free_port())) as player:
        player.wait_for("Ctrl-C stops")
        asyncio.run(listen(player.url(), children(player)["engine"]))
