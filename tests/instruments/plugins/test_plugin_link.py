"""The link and the player, with both ends in one process: what is asked, answered, left out and begun anew."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosts.host import Parameter, ParamValue
from instruments.plugins import watch
from instruments.plugins.link import BrokenOutputError, Link, LinkDownError
from instruments.plugins.messages import (
    MESSAGE_BYTES,
    PLUGIN_FRAMES,
    Answer,
    Ask,
    Audio,
    Setting,
    pack_audio,
    pack_event,
    pack_setting,
    unpack_audio,
    unpack_event,
    unpack_setting,
)
from instruments.plugins.parameters import Described
from instruments.plugins.player import Player
from instruments.plugins.rings import FrameRing, SharedRings
from instruments.plugins.watch import LOOK_S

RING = 2048


class Doubler:
    """A plug-in that doubles (an instrument that counts notes), and remembers what it is told."""

    name, vendor, version, latency = "Doubler", "", "1", 0
    is_instrument = takes_key = sends_midi = follows_tempo = False

    def __init__(self) -> None:
        self.resets = 0
        self.sizes: set[int] = set()
        self.transports: list[Transport] = []
        self.events: list[tuple[int, FrameEvent]] = []
        self.keys: list[float | None] = []
        self.played = 0
        self.gain = np.float32(2.0)
        self.values = [0.5, 0.25]
        self.raw_log: list[tuple[int, int, float]] = []
        self.out: list[FrameEvent] = []

    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(name, "", raw, f"{raw * 10:g}", "0", "10") for name, raw in zip("ab", self.values,
                                                                                                strict=True))

    def raws(self) -> tuple[float, ...]:
        return tuple(self.values)

    def text_of(self, index: int, raw: float) -> str:
        return f"{raw * 10:g}"

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        if not isinstance(value, float) or not 0 <= value <= 10:
            raise InstrumentError(f"{name} = {value} is out of range")
        return "ab".index(name), value / 10

    def set_raw(self, index: int, raw: float) -> None:
        self.values[index] = raw
        self.raw_log.append((self.played, index, raw))

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        self.gain = np.float32(float(str(params["gain"])))

    def prepare(self, rate: int, frames: int) -> None: ...

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        self.sizes.add(audio.shape[1])
        self.transports.append(transport)
        self.events += [(self.played + e.offset, e) for e in events]
        self.keys.append(None if key is None else float(key[0, 0]))
        self.played += audio.shape[1]
        audio *= self.gain
        out, self.out = self.out, []
        return out

    def reset(self) -> None:
        self.resets += 1

    def state(self) -> bytes:
        return repr(self.values).encode()

    def load_state(self, state: bytes) -> None: ...

    def load_preset(self, path: Path) -> None: ...

    def save_preset(self, path: Path) -> None: ...

    def edit(self) -> None: ...


@dataclass
class Pair:
    link: Link
    player: Player
    host: Doubler
    far: socket.socket
    far_rings: SharedRings
    said: list[tuple[str, Any]]

    def serve(self) -> None:
        """What the child does when it wakes."""
        self.far.settimeout(0)
        while True:
            try:
                data = self.far.recv(1 << 16)
            except BlockingIOError:
                return
            self.player.hear(data, len(data))
            self.far.sendall(self.player.answers)
            self.player.answers.clear()

    def write(self, position: int, audio: AudioBlock, transport: Transport | None = None) -> bool:
        return self.link.write(position, audio, audio.shape[1], transport or Transport(position))


@contextmanager
def paired() -> Iterator[Pair]:
    near, far = socket.socketpair()
    rings = SharedRings(RING)
    far_rings = SharedRings(RING, rings.name)
    rings.unlink()
    host = Doubler()
    said: list[tuple[str, Any]] = []
    player = Player(host, far_rings, 48000, lambda name, value: said.append((name, value)),
                    [Described(k, p.name, p, ()) for k, p in enumerate(host.parameters())])
    pair = Pair(Link(near, rings, 0), player, host, far, far_rings, said)
    try:
        yield pair
    finally:
        pair.link.close()
        far.close()
        far_rings.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    with paired() as made:
        yield made


def ramp(start: int, frames: int) -> AudioBlock:
    one = np.arange(start, start + frames, dtype=np.float32)
    return np.stack([one, -one])


def heard(link: Link, start: int, frames: int) -> AudioBlock:
    out: AudioBlock = np.zeros((2, frames), np.float32)
    link.output.read(start, out)
    return out


@given(st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**62), st.integers(0, 2**31),
       st.floats(-1e6, 1e6), st.booleans(), st.booleans())
def test_messages_survive_the_journey(
    kind: int, epoch: int, position: int, frames: int, beat: float, playing: bool, keyed: bool
) -> None:
    transport = Transport(position, beat, 97.5, 7, 8, playing, 8.0, 16.5)
    packed = pack_audio(kind, epoch, position, frames, transport, keyed)
    assert unpack_audio(packed) == Audio(kind, epoch, position, frames, transport, keyed)
    event = FrameEvent(3, Kind.BEND, 15, 0, beat / 1e6, 12.5)
    assert unpack_event(pack_event(Ask.EVENT, position, event))[1:] == (position, *event[1:])
    setting = Setting(Ask.SET, position, frames, frames, 0.25, beat, keyed)
    assert unpack_setting(pack_setting(setting)) == setting
    assert {len(packed), len(pack_setting(setting))} == {MESSAGE_BYTES}


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
        assert pair.write(at, ramp(at, n))
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
    pair.write(0, ramp(0, 512), at)
    pair.serve()
    assert [t.frame for t in pair.host.transports] == [48000, 48128, 48256, 48384]
    assert pair.host.transports[3].beat == pytest.approx(10.0 + 384 / 48000 * 2)
    assert pair.host.transports[3].beats_per_bar == 3


def test_nobody_is_woken_for_less_than_a_call(pair: Pair) -> None:
    pair.write(0, ramp(0, 100))
    pair.serve()
    assert not pair.host.sizes
    assert not pair.link.waiting_since_ns
    pair.write(100, ramp(100, 100))
    assert pair.link.waiting_since_ns
    pair.serve()
    assert pair.link.collect(128, 0.0)
    assert not pair.link.waiting_since_ns


def test_a_wait_ends_at_its_deadline(pair: Pair) -> None:
    pair.write(0, ramp(0, 256))
    began = time.monotonic()
    assert not pair.link.collect(256, 0.02)
    assert 0.019 < time.monotonic() - began < 1.0


def test_input_that_finds_no_room_is_left_out_and_the_stream_goes_on_behind_the_gap(pair: Pair) -> None:
    at = 0
    while pair.write(at, ramp(at, 128)):
        at += 128
    assert at <= RING
    gap = at
    at += 128
    assert not pair.write(at, ramp(at, 128))  # not before the old questions are answered
    pair.serve()
    assert pair.link.collect(gap, 0.0)
    at += 200
    assert pair.write(at, ramp(at, 300))
    assert pair.link.first == at
    pair.serve()
    assert pair.link.collect((at + 300) // 128 * 128, 0.0)
    assert (heard(pair.link, at, 100) == 2 * ramp(at, 100)).all()
    assert pair.host.resets == 0


def test_beginning_anew_forgets_old_sound_and_old_answers(pair: Pair) -> None:
    pair.write(0, ramp(5, 256))
    pair.serve()
    pair.link.collect(256, 0.0)
    pair.write(256, ramp(5, 256))
    pair.link.restart()
    pair.serve()  # the answer to the second block comes after the restart
    assert not pair.link.collect(128, 0.0)
    assert pair.link.done == 0
    pair.write(0, ramp(0, 256))
    pair.serve()
    assert pair.link.collect(256, 0.0)
    assert pair.host.resets == 1
    assert pair.link.first == 0
    assert (heard(pair.link, 0, 256) == 2 * ramp(0, 256)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_plugin_that_writes_no_numbers_is_found_out(pair: Pair, bad: float) -> None:
    pair.host.gain = np.float32(bad)
    pair.write(0, ramp(1, 128))
    pair.serve()
    assert np.isfinite(heard(pair.link, 0, 128)).all()
    with pytest.raises(BrokenOutputError):
        pair.link.collect(128, 0.0)


def test_the_death_of_the_other_end_is_seen_at_once(pair: Pair) -> None:
    pair.write(0, ramp(0, 128))
    pair.far.close()
    with pytest.raises(LinkDownError):
        pair.link.collect(128, 10.0)


def test_a_stopped_process_never_blocks_the_writer(pair: Pair) -> None:
    for at in range(0, 128 * 20000, 128):
        pair.write(at, ramp(0, 128))
        pair.link.collect(at, 0.0)
        if at % 128000 == 0:
            pair.link.restart()
    assert pair.link.waiting_since_ns


def test_halves_of_messages_wait_for_the_rest(pair: Pair) -> None:
    pair.write(0, ramp(0, 256))
    answers = pack_audio(Answer.DONE, 1, 128) + pack_audio(Answer.DONE, 1, 256)
    pair.far.send(answers[:70])
    assert not pair.link.collect(256, 0.0)
    assert pair.link.done == 128
    pair.far.send(answers[70:])
    assert pair.link.collect(256, 0.0)


def test_the_kinds_are_apart() -> None:
    assert not {*map(int, Ask)} & {*map(int, Answer)}


def test_a_block_is_played_with_the_transport_of_its_own_first_frame(pair: Pair) -> None:
    """Whatever the engine's blocks: 200 frames at 120 BPM, then a jump."""
    pair.write(0, ramp(0, 200), Transport(0, 4.0, 120.0, 4, 4, True))
    pair.write(200, ramp(200, 200), Transport(200, 50.0, 90.0, 3, 4, True))
    pair.serve()
    beats = [(t.frame, t.beat, t.bpm) for t in pair.host.transports]
    assert beats == [(0, 4.0, 120.0), (128, pytest.approx(4.0 + 128 / 24000), 120.0),
                     (256, pytest.approx(50.0 + 56 / 48000 * 1.5), 90.0)]


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40), st.data())
def test_events_arrive_at_their_frames_whatever_the_blocks_are(sizes: list[int], data: st.DataObject) -> None:
    with paired() as pair:
        at, told = 0, []
        for n in sizes:
            offsets = sorted(data.draw(st.lists(st.integers(0, n - 1), max_size=4)))
            events = [FrameEvent(o, Kind.ON, k, 60 + k, 100.0) for k, o in enumerate(offsets)]
            told += [(at + e.offset, e[1:]) for e in events]
            assert pair.link.write(at, None, n, Transport(at), events)
            at += n
            pair.serve()
            pair.link.collect(at, 0.0)
        whole = at - at % PLUGIN_FRAMES
        assert [(p, e[1:]) for p, e in pair.host.events] == [t for t in told if t[0] < whole]


def test_the_side_chain_is_heard_where_it_was_given(pair: Pair) -> None:
    pair.link.write(0, ramp(0, 256), 256, Transport(), (), ramp(1000, 256))
    pair.link.write(256, ramp(0, 128), 128, Transport())
    pair.serve()
    assert pair.host.keys == [1000.0, 1128.0, None]


def test_a_parameter_glides_in_steps_of_a_call_and_arrives(pair: Pair) -> None:
    pair.link.set(128, 0, 512, 1.0, 10.0, False)
    pair.link.set(300, 1, 0, 0.0, 7.5, True)  # in its own units
    for at in range(0, 1024, 64):
        pair.write(at, ramp(at, 64))
    pair.serve()
    assert [entry for entry in pair.host.raw_log if entry[1] == 0] == [
        (128, 0, 0.625), (256, 0, 0.75), (384, 0, 0.875), (512, 0, 1.0)]
    assert [entry for entry in pair.host.raw_log if entry[1] == 1] == [(256, 1, 0.75)]


def test_a_glide_that_is_overtaken_goes_on_from_where_it_is(pair: Pair) -> None:
    pair.link.set(0, 0, 1024, 1.0, 10.0, False)
    pair.write(0, ramp(0, 256))
    pair.link.set(256, 0, 256, 0.0, 0.0, False)
    pair.write(256, ramp(256, 256))
    pair.serve()
    assert [raw for _, _, raw in pair.host.raw_log] == [0.5625, 0.625, 0.3125, 0.0]


def test_what_a_parameter_cannot_be_is_told(pair: Pair) -> None:
    pair.link.set(0, 0, 0, 0.0, 99.0, True)
    pair.write(0, ramp(0, 128))
    pair.serve()
    assert pair.said == [("refused params", (("a",), "a = 99.0 is out of range"))]
    assert not pair.host.raw_log


def test_the_plug_ins_own_midi_comes_back_at_its_position(pair: Pair) -> None:
    pair.host.out = [FrameEvent(7, Kind.ON, 2, 64, 99.0)]
    pair.write(0, ramp(0, 256))
    pair.serve()
    pair.link.collect(256, 0.0)
    assert [m[1:] for m in pair.link.midi] == [(7, Kind.ON, 2, 64, 99.0, 0.0)]


def test_what_the_plug_in_changes_by_itself_is_told_with_what_it_shows(pair: Pair,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    for step in range(3):
        pair.write(step * 128, ramp(0, 128))
        pair.serve()
        pair.player.idle()
        now[0] += LOOK_S
        if step == 1:
            pair.host.values[1] = 0.9
    pair.far.sendall(pair.player.answers)
    pair.link.collect(384, 0.0)
    assert [(c.nth, c.raw, c.value) for c in pair.link.changed] == [(1, 0.9, 9.0)]


def test_a_state_that_costs_much_waits_for_silence(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])

    def slow() -> bytes:
        now[0] += 0.02
        return repr(now[0]).encode()

    monkeypatch.setattr(pair.host, "state", slow)
    pair.player.begin()
    taken = len(pair.said)

    def play(begin: int, end: int, audio: AudioBlock) -> None:
        for at in range(begin, end, 128):
            pair.write(at, audio)
            pair.serve()
            pair.link.collect(0, 0.0)
            pair.player.idle()
            now[0] += 128 / 48000

    play(0, 128 * 2000, ramp(1, 128))
    assert len(pair.said) == taken
    play(128 * 2000, 128 * 2800, np.zeros((2, 128), np.float32))
    assert len(pair.said) > taken


def test_commands_are_announced_with_the_next_block(pair: Pair) -> None:
    pair.link.commands = 2
    pair.write(0, ramp(0, 128))
    pair.serve()
    assert pair.said == [("command", None)] * 2
