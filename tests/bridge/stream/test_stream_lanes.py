"""Audio by format and block size: gathered without loss, encoded once, and Opus in its own frames, on time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import MessageError
from bridge.stream import opus, wire
from bridge.stream.fanout import AUDIO_QUEUE_BYTES, Counts, Fanout, Outlet
from bridge.stream.lanes import Lanes, Wish

RATE = 48_000
needs_opus = pytest.mark.skipif(not opus.available(), reason="no PyAV: pip install 'sideman[opus]'")


class Ear:
    """An outlet that keeps its audio messages."""

    def __init__(self, lanes: Lanes, wish: Wish, rate: int = RATE) -> None:
        self.frames: list[bytes] = []
        self.outlet = Outlet(self, lambda: True, Counts())  # type: ignore[arg-type]
        lanes.subscribe(self.outlet, wish, rate)

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def abort(self) -> None:
        raise AssertionError("thrown out")

    @property
    def messages(self) -> list[bytes]:
        return [frame[4 if frame[1] == 126 else 10 if frame[1] == 127 else 2 :] for frame in self.frames]

    @property
    def audio(self) -> list[wire.Audio]:
        return [wire.decode_audio(message) for message in self.messages]


def noise(frames: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (2, frames)).astype(np.float32)


def play(lanes: Lanes, sound: np.ndarray, sizes: list[int], *, stream: int = wire.MIX, rate: int = RATE) -> None:
    """All of `sound`, in blocks of these sizes, again and again; frame n is at n ns times 1000."""
    at = n = 0
    while at < sound.shape[1]:
        block = sound[:, at : at + sizes[n % len(sizes)]]
        lanes.publish(stream, at, at * 1000, rate, block)
        at, n = at + block.shape[1], n + 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([16, 32, 64, 100, 128, 256, 1024]), min_size=1, max_size=5),
       st.sampled_from([64, 128, 256, 512, 1024, 2048]))
def test_blocks_are_gathered_without_loss_whatever_their_size(sizes: list[int], block: int) -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(block=block))
    sound = noise(6000)
    play(lanes, sound, sizes)
    heard = ear.audio
    assert all(block <= audio.samples.shape[1] < block + max(sizes) for audio in heard)
    expected = 0
    for audio in heard:
        assert audio.frame0 == expected and audio.ns0 == expected * 1000
        expected += audio.samples.shape[1]
    assert expected > 6000 - block
    np.testing.assert_array_equal(np.concatenate([audio.samples for audio in heard], axis=1), sound[:, :expected])


def test_what_came_before_a_gap_goes_out_alone_and_so_does_what_had_another_rate() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(block=256))
    for frame0, rate in ((0, RATE), (128, RATE), (256, RATE), (1000, RATE), (1128, 44_100), (1256, 44_100)):
        lanes.publish(wire.MIX, frame0, 0, rate, noise(128))
    assert [(a.frame0, a.samples.shape[1], a.sample_rate) for a in ear.audio] == [
        (0, 256, RATE), (256, 128, RATE), (1000, 128, RATE), (1128, 256, 44_100)]


def test_the_same_wish_shares_one_frame_and_each_stream_has_its_own() -> None:
    lanes = Lanes(Fanout())
    first, second = Ear(lanes, Wish(block=64)), Ear(lanes, Wish(block=64))
    other, stem = Ear(lanes, Wish(block=128)), Ear(lanes, Wish(mix=False, stems=frozenset({2}), block=64))
    assert lanes.streams == {0, 2} and lanes.listeners() == {"0": 3, "2": 1}
    lanes.publish(wire.MIX, 0, 0, RATE, noise(64, 1))
    lanes.publish(2, 0, 0, RATE, noise(64, 2))
    assert first.frames[0] is second.frames[0] and not other.frames
    assert stem.audio[0].stream == 2
    np.testing.assert_array_equal(stem.audio[0].samples, noise(64, 2))
    lanes.remove(stem.outlet)
    lanes.remove(stem.outlet)
    assert lanes.streams == {0}


def test_int16_is_as_near_as_it_can_be_and_clips() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(format="int16", block=64))
    sound = noise(64)
    sound[0, :2] = 1.5, -1.5
    lanes.publish(wire.MIX, 0, 0, RATE, sound)
    assert len(ear.messages[0]) == wire.AUDIO_HEADER_BYTES + 64 * 2 * 2
    assert np.abs(ear.audio[0].samples - sound.clip(-1, 1)).max() <= 0.5 / 32767 + 1e-7
    assert ear.audio[0].samples[0, 0] == 1.0 and ear.audio[0].samples[0, 1] == -1.0


def test_the_buffer_is_as_long_as_was_asked_for_but_bounded() -> None:
    lanes = Lanes(Fanout())
    assert Ear(lanes, Wish(buffer_ms=100)).outlet.audio_limit == 100 * 48 * 8
    assert Ear(lanes, Wish(buffer_ms=100, format="int16")).outlet.audio_limit == 100 * 48 * 4
    assert Ear(lanes, Wish(buffer_ms=1000)).outlet.audio_limit == AUDIO_QUEUE_BYTES
    short = Ear(lanes, Wish(buffer_ms=10, block=2048)).outlet
    assert short.audio_limit >= 2 * 2048 * 8  # less than a message would be none


def test_another_wish_leaves_the_old_lane_and_drops_what_waits_of_it() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(block=64))
    ear.outlet.fill()
    lanes.publish(wire.MIX, 0, 0, RATE, noise(64))
    assert ear.outlet.queued_bytes > 0
    lanes.subscribe(ear.outlet, Wish(block=64, format="int16"), RATE)
    assert ear.outlet.queued_bytes == 0
    ear.outlet.drained()
    lanes.publish(wire.MIX, 64, 0, RATE, noise(64))
    assert len(ear.messages) == 1 and ear.messages[0][5] == 1


@needs_opus
@pytest.mark.parametrize(("block", "frames"), [(64, 120), (128, 120), (256, 240), (512, 480), (1024, 960)])
def test_opus_comes_in_its_own_frames_and_is_heard_when_it_was_played(block: int, frames: int) -> None:
    """A sine that begins at frame 12,000 is found at the frame that the header says, to the sample."""
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(format="opus", block=block))
    t = np.arange(48_000)
    sound = np.stack([np.sin(t * 0.05) * np.exp(-(((t - 24_000) / 900) ** 2))] * 2).astype(np.float32) * 0.5
    play(lanes, sound, [128, 64])
    reader, heard = opus.OpusReader(), np.zeros((2, 60_000), np.float32)
    for message in ear.messages[2:]:
        packet = wire.decode_packet(message)
        assert packet.frames == frames
        audio = reader.read(packet)
        assert audio.samples.shape == (2, frames)
        heard[:, packet.frame0 : packet.frame0 + frames] = audio.samples
    span = slice(20_000, 28_000)
    scores = [float(np.dot(heard[0, span.start + lag : span.stop + lag], sound[0, span])) for lag in range(-400, 401)]
    assert int(np.argmax(scores)) - 400 == 0
    assert np.abs(heard[:, span] - sound[:, span]).max() < 0.03
    assert sum(map(len, ear.messages)) < sound.nbytes / 5


@needs_opus
def test_opus_knows_no_other_rates_and_a_change_of_device_silences_its_lane() -> None:
    assert "48000" in (opus.refusal(44_100) or "")
    with pytest.raises(MessageError, match="44100 Hz"):
        opus.OpusWriter(44_100, 2, 512)
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(format="opus", block=512))
    play(lanes, noise(2048), [512], rate=44_100)
    assert not ear.frames


@needs_opus
def test_what_is_no_opus_is_refused_in_words() -> None:
    with pytest.raises(MessageError, match=r"no Opus|holds no sound"):
        opus.OpusReader().read(wire.Packet(0, 0, RATE, 480, 2, b"\xff" * 3))
    with pytest.raises(MessageError, match="decode_packet"):
        wire.decode_audio(wire.encode_packet(wire.Packet(0, 0, RATE, 480, 2, b"x")))
    with pytest.raises(MessageError, match="decode_audio"):
        wire.decode_packet(wire.encode_audio(0, 0, RATE, noise(4)))


def test_without_the_library_opus_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "available", lambda: False)
    assert "pip install 'sideman[opus]'" in (opus.refusal(48_000) or "")
    with pytest.raises(MessageError, match=r"sideman\[opus\]"):
        opus.OpusReader()


@needs_opus
def test_all_formats_and_blocks_tell_the_same_line_of_time() -> None:
    """A device 80 ppm fast: who plays in sync goes by these pairs of frame and time."""
    lanes = Lanes(Fanout())
    wishes = [Wish(format=form, block=block) for form in ("float32", "int16", "opus") for block in (64, 512, 2048)]
    ears = [Ear(lanes, wish) for wish in wishes]

    def line_ns(frame: int) -> int:
        return 10**9 + round(frame * 1e9 / (RATE * 1.00008))

    for frame in range(0, 2 * RATE, 96):
        lanes.publish(wire.MIX, frame, line_ns(frame), RATE, noise(96))
    for ear in ears:
        heads = [wire.audio_head(message) for message in ear.messages]
        assert len(heads) > 20
        assert max(abs(head.ns0 - line_ns(head.frame0)) for head in heads[4:]) < 5000
