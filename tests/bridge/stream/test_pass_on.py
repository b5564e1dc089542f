"""Messages of another server: as they came to who wants just that, made anew for the others, with nothing lost."""

import numpy as np
import pytest
from test_stream_lanes import RATE, Ear, needs_opus, noise

from bridge.stream import wire
from bridge.stream.fanout import Fanout
from bridge.stream.lanes import Lanes, Wish
from bridge.stream.opus import OpusReader, OpusWriter


def pass_on(lanes: Lanes, message: bytes) -> list[int]:
    """Gives [1] where its samples were asked for."""
    asked: list[int] = []

    def samples() -> np.ndarray:
        asked.append(1)
        return wire.decode_audio(message).samples

    lanes.pass_on(wire.audio_head(message), message, samples)
    return asked


def test_who_wants_what_came_gets_the_same_bytes() -> None:
    lanes = Lanes(Fanout())
    small, same = Ear(lanes, Wish(block=64)), Ear(lanes, Wish(block=128))
    messages = [wire.encode_audio(n * 128, n, RATE, noise(128, n)) for n in range(20)]
    assert not any(pass_on(lanes, message) for message in messages)
    assert small.messages == same.messages == messages


def test_others_get_the_same_sound_in_their_own_form() -> None:
    lanes = Lanes(Fanout())
    same, long, short = Ear(lanes, Wish()._replace(block=128)), Ear(lanes, Wish(block=512)), Ear(
        lanes, Wish(format="int16", block=128))
    sound = noise(128 * 40)
    for n in range(40):
        asked = pass_on(lanes, wire.encode_audio(n * 128, n * 128_000, RATE, sound[:, n * 128 : n * 128 + 128]))
        assert asked == [1], "decoded once, for both"
    for ear, size in ((same, 128), (long, 512), (short, 128)):
        heard = ear.audio
        assert [a.frame0 for a in heard] == list(range(0, 128 * 40, size)) and [a.ns0 for a in heard] == [
            a.frame0 * 1000 for a in heard]
        got = np.concatenate([a.samples for a in heard], axis=1)
        assert np.abs(got - sound).max() < 1e-4 if ear is short else np.array_equal(got, sound)


def test_int16_that_is_gathered_is_the_same_to_the_bit() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(format="int16", block=512))
    whole = wire.encode_audio(0, 0, RATE, noise(512), sample_format="int16")
    for n in range(4):
        pass_on(lanes, wire.encode_audio(n * 128, 0, RATE, noise(512)[:, n * 128 : n * 128 + 128],
                                         sample_format="int16"))
    assert ear.messages == [whole]


def test_after_a_gap_nothing_is_glued_together() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(block=512))
    for n in (0, 1, 5, 6, 7, 8):
        pass_on(lanes, wire.encode_audio(n * 128, n, RATE, noise(128, n)))
    assert [(a.frame0, a.samples.shape[1]) for a in ear.audio] == [(0, 256), (640, 512)]


def test_a_stream_that_nobody_hears_costs_nothing() -> None:
    lanes = Lanes(Fanout())
    ear = Ear(lanes, Wish(stems=frozenset({3}), mix=False, block=128))
    assert not pass_on(lanes, wire.encode_audio(0, 0, RATE, noise(128))) and not ear.messages
    pass_on(lanes, stem := wire.encode_audio(0, 0, RATE, noise(128), stream=3))
    assert ear.messages == [stem]


@needs_opus
@pytest.mark.parametrize("block", [128, 512])
def test_packets_of_opus_pass_whole_to_who_wants_that_length(block: int) -> None:
    lanes = Lanes(Fanout())
    same, pcm = Ear(lanes, Wish(format="opus", block=block)), Ear(lanes, Wish(block=64))
    writer, reader = OpusWriter(RATE, 2, block), OpusReader()
    packets = []
    for n in range(12):
        sound = noise(writer.frames, n)
        packets.append(wire.encode_packet(wire.Packet(n * writer.frames, n, RATE, writer.frames, 2,
                                                      writer.write(sound))))
        lanes.pass_on(wire.audio_head(packets[-1]), packets[-1],
                      lambda packet=packets[-1]: reader.read(wire.decode_packet(packet)).samples)
    assert same.messages == packets
    assert sum(a.samples.shape[1] for a in pcm.audio) == 12 * writer.frames
