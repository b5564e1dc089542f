"""The link and the player, with both ends in one process: what is asked, answered, left out and begun anew."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.block import AudioBlock, Transport
from instruments.hosts.host import Parameter, ParamValue
from instruments.plugin_host import Player
from instruments.plugin_link import (
    MESSAGE,
    PLUGIN_FRAMES,
    Answer,
    Ask,
    BrokenOutputError,
    FrameRing,
    Link,
    LinkDownError,
    Message,
    SharedRings,
    pack,
    unpack,
)

RING = 2048


class Doubler:
    """A plug-in that doubles, and counts what it is told."""

    name, vendor, version, latency = "Doubler", "", "1", 0

    def __init__(self) -> None:
        self.resets = 0
        self.sizes: set[int] = set()
        self.transports: list[Transport] = []
        self.gain = np.float32(2.0)

    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        self.gain = np.float32(float(str(params["gain"])))

    def prepare(self, rate: int, frames: int) -> None: ...

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        self.sizes.add(audio.shape[1])
        self.transports.append(transport)
        audio *= self.gain

    def reset(self) -> None:
        self.resets += 1


@dataclass
class Pair:
    link: Link
    player: Player
    host: Doubler
    far: socket.socket
    far_rings: SharedRings

    def serve(self) -> None:
        """What the child does when it wakes."""
        self.far.settimeout(0)
        while True:
            try:
                data = self.far.recv(MESSAGE.size)
            except BlockingIOError:
                return
            self.player.hear(unpack(data))


@pytest.fixture
def pair() -> Iterator[Pair]:
    near, far = socket.socketpair()
    rings = SharedRings(RING)
    far_rings = SharedRings(RING, rings.name)
    rings.unlink()
    control, _ = multiprocessing.Pipe()
    host = Doubler()
    pair = Pair(Link(near, rings, 0), Player(host, far_rings, far, control, 48000), host, far, far_rings)
    yield pair
    pair.link.close()
    far.close()
    far_rings.close()


def ramp(start: int, frames: int) -> AudioBlock:
    one = np.arange(start, start + frames, dtype=np.float32)
    return np.stack([one, -one])


def heard(link: Link, start: int, frames: int) -> AudioBlock:
    out: AudioBlock = np.zeros((2, frames), np.float32)
    link.output.read(start, out)
    return out


@given(st.integers(0, 255), st.integers(0, 2**31), st.integers(0, 2**62), st.integers(0, 2**31), st.floats(-1e6, 1e6),
       st.booleans())
def test_messages_survive_the_journey(
    kind: int, epoch: int, position: int, frames: int, beat: float, playing: bool
) -> None:
    message = Message(kind, epoch, position, frames, Transport(position, beat, 97.5, 7, 8, playing))
    assert unpack(pack(message)) == message
    assert len(pack(message)) == MESSAGE.size


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_a_ring_gives_back_what_was_written(sizes: list[int]) -> None:
    ring = FrameRing(100)
    at = 0
    for n in sizes:
        ring.write(at, ramp(at, n))
        at += n
        out: AudioBlock = np.empty((2, min(at, 100)), np.float32)
        ring.read(at - out.shape[1], out)
        assert (out == ramp(at - out.shape[1], out.shape[1])).all()


def test_a_ring_is_silent_before_its_start() -> None:
    ring = FrameRing(100)
    ring.write(0, ramp(1, 10))
    out: AudioBlock = np.ones((2, 50), np.float32)
    ring.read(-50, out)
    assert not out.any()


def test_the_plugin_is_called_in_its_own_size_whatever_the_blocks_are(pair: Pair) -> None:
    rng = np.random.default_rng(7)
    at = 0
    while at < 20000:
        n = int(rng.integers(1, 400))
        assert pair.link.write(at, ramp(at, n), Transport(at))
        at += n
        pair.serve()
        whole = at - at % PLUGIN_FRAMES
        assert pair.link.collect(whole, 0.0)
        assert pair.link.done == whole
        if whole:
            assert (heard(pair.link, whole - PLUGIN_FRAMES, PLUGIN_FRAMES)
                    == 2 * ramp(whole - PLUGIN_FRAMES, PLUGIN_FRAMES)).all()
    assert pair.host.sizes == {PLUGIN_FRAMES}
    assert pair.host.resets == 0


def test_the_transport_is_that_of_the_call_not_of_the_block(pair: Pair) -> None:
    at = Transport(48000, 10.0, 120.0, 3, 4, True)
    pair.link.write(0, ramp(0, 512), at)
    pair.serve()
    assert [t.frame for t in pair.host.transports] == [48000, 48128, 48256, 48384]
    assert pair.host.transports[3].beat == pytest.approx(10.0 + 384 / 48000 * 2)
    assert pair.host.transports[3].beats_per_bar == 3


def test_nobody_is_woken_for_less_than_a_call(pair: Pair) -> None:
    pair.link.write(0, ramp(0, 100), Transport())
    pair.serve()
    assert not pair.host.sizes
    assert not pair.link.waiting_since_ns
    pair.link.write(100, ramp(100, 100), Transport())
    assert pair.link.waiting_since_ns
    pair.serve()
    assert pair.link.collect(128, 0.0)
    assert not pair.link.waiting_since_ns


def test_a_wait_ends_at_its_deadline(pair: Pair) -> None:
    pair.link.write(0, ramp(0, 256), Transport())
    began = time.monotonic()
    assert not pair.link.collect(256, 0.02)
    assert 0.019 < time.monotonic() - began < 1.0


def test_input_that_finds_no_room_is_left_out_and_the_stream_goes_on_behind_the_gap(pair: Pair) -> None:
    at = 0
    while pair.link.write(at, ramp(at, 128), Transport()):
        at += 128
    assert at <= RING
    gap = at
    at += 128
    assert not pair.link.write(at, ramp(at, 128), Transport())  # not before the old questions are answered
    pair.serve()
    assert pair.link.collect(gap, 0.0)
    at += 200
    assert pair.link.write(at, ramp(at, 300), Transport())
    assert pair.link.first == at
    pair.serve()
    assert pair.link.collect((at + 300) // 128 * 128, 0.0)
    assert (heard(pair.link, at, 100) == 2 * ramp(at, 100)).all()
    assert pair.host.resets == 0


def test_beginning_anew_forgets_old_sound_and_old_answers(pair: Pair) -> None:
    pair.link.write(0, ramp(5, 256), Transport())
    pair.serve()
    pair.link.collect(256, 0.0)
    pair.link.write(256, ramp(5, 256), Transport())
    pair.link.restart()
    pair.serve()  # the answer to the second block comes after the restart
    assert not pair.link.collect(128, 0.0)
    assert pair.link.done == 0
    pair.link.write(0, ramp(0, 256), Transport())
    pair.serve()
    assert pair.link.collect(256, 0.0)
    assert pair.host.resets == 1
    assert pair.link.first == 0
    assert (heard(pair.link, 0, 256) == 2 * ramp(0, 256)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_plugin_that_writes_no_numbers_is_found_out(pair: Pair, bad: float) -> None:
    pair.host.gain = np.float32(bad)
    pair.link.write(0, ramp(1, 128), Transport())
    pair.serve()
    assert np.isfinite(heard(pair.link, 0, 128)).all()
    with pytest.raises(BrokenOutputError):
        pair.link.collect(128, 0.0)


def test_the_death_of_the_other_end_is_seen_at_once(pair: Pair) -> None:
    pair.link.write(0, ramp(0, 128), Transport())
    pair.far.close()
    with pytest.raises(LinkDownError):
        pair.link.collect(128, 10.0)


def test_a_stopped_process_never_blocks_the_writer(pair: Pair) -> None:
    for at in range(0, 128 * 20000, 128):
        pair.link.write(at, ramp(0, 128), Transport())
        pair.link.collect(at, 0.0)
        if at % 128000 == 0:
            pair.link.restart()
    assert pair.link.waiting_since_ns


def test_halves_of_messages_wait_for_the_rest(pair: Pair) -> None:
    pair.link.write(0, ramp(0, 256), Transport())
    answers = pack(Message(Answer.DONE, 1, 128)) + pack(Message(Answer.DONE, 1, 256))
    pair.far.send(answers[:70])
    assert not pair.link.collect(256, 0.0)
    assert pair.link.done == 128
    pair.far.send(answers[70:])
    assert pair.link.collect(256, 0.0)


def test_the_kinds_are_apart() -> None:
    assert len({*map(int, Ask)}) == 4
    assert len({*map(int, Answer)}) == 2
