"""One frame for all; bounded queues: audio loses its oldest, control never, and what piles up is thrown out."""

import json
import os
import socket

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bridge.stream.fanout import Counts, Fanout, Outlet, Stream, frame_of


class FakeTransport:
    """Takes `room` bytes, then calls the outlet full, as asyncio's flow control does."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.written: list[bytes] = []
        self.aborted = False
        self.outlet: Outlet | None = None

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.room -= len(data)
        if self.room <= 0 and self.outlet is not None:
            self.outlet.fill()

    def abort(self) -> None:
        self.aborted = True


def client(room: int = 10**9, audio_bytes: int = 1000, control_bytes: int = 1000, counts: Counts | None = None,
           descriptor: int | None = None) -> tuple[FakeTransport, Outlet]:
    transport = FakeTransport(room)
    outlet = Outlet(
        transport,  # type: ignore[arg-type]
        lambda: not transport.aborted, counts or Counts(), descriptor=descriptor, audio_bytes=audio_bytes,
        control_bytes=control_bytes,
    )
    transport.outlet = outlet
    return transport, outlet


def told(frame: bytes) -> dict[str, object]:
    """The JSON of a short text frame, whatever follows it."""
    return dict(json.loads(frame[2 : 2 + frame[1]]))


@given(st.sampled_from([0, 1, 125, 126, 127, 65535, 65536, 70000]), st.booleans())
def test_frames_are_those_of_the_websockets_library(size: int, binary: bool) -> None:
    payload = bytes(size)
    peer = Frame(Opcode.BINARY if binary else Opcode.TEXT, payload).serialize(mask=False)
    assert frame_of(payload, binary=binary) == bytes(peer)


def test_every_client_gets_the_very_same_frame() -> None:
    fanout, clients = Fanout(), [client() for _ in range(3)]
    for _, outlet in clients:
        fanout.add(outlet)
    frame = bytes(200)
    fanout.send_audio(frame, 25, [outlet for _, outlet in clients])
    assert all(transport.written[0] is frame for transport, _ in clients)
    fanout.send(b"x" * 200, Stream.MIDI)
    frames = [transport.written[1] for transport, _ in clients]
    assert frames[0] is frames[1] is frames[2]


def test_audio_to_a_full_client_loses_its_oldest_and_the_client_is_told_how_much() -> None:
    counts = Counts()
    transport, outlet = client(room=1, counts=counts)
    for n in range(20):
        outlet.put_audio(bytes([n]) * 100, 12)
    assert [f[0] for f in transport.written] == [0]
    assert outlet.queued_bytes == 1000 and (counts.audio_dropped, counts.frames_dropped) == (9, 108)
    transport.room = 10**9
    outlet.drained()
    assert told(transport.written[1]) == {"type": "lost", "messages": 9, "frames": 108}
    assert [f[0] for f in transport.written[2:]] == list(range(10, 20))
    assert outlet.queued_bytes == 0 and not transport.aborted
    outlet.fill()
    outlet.drained()
    assert len(transport.written) == 12  # it is told once


def test_control_is_never_thinned_and_goes_before_audio() -> None:
    transport, outlet = client(room=1)
    outlet.put(b"first")
    for n in range(5):
        outlet.put_audio(b"a%d" % n, 1)
        outlet.put(b"m%d" % n)
    transport.room = 10**9
    outlet.drained()
    assert transport.written == [b"first", b"m0", b"m1", b"m2", b"m3", b"m4", b"a0", b"a1", b"a2", b"a3", b"a4"]


def test_control_that_piles_up_ends_the_connection_and_is_counted() -> None:
    fanout = Fanout()
    (stuck, outlet), (healthy, other) = client(room=1, counts=fanout.counts), client(counts=fanout.counts)
    fanout.add(outlet)
    fanout.add(other)
    for _ in range(12):
        fanout.send(b"n" * 98, Stream.MIDI)
    assert not stuck.aborted and outlet.queued_bytes == 1100  # the last of them passed the limit
    fanout.send(b"n" * 98, Stream.MIDI)
    assert stuck.aborted and outlet.queued_bytes == 0
    assert fanout.counts.thrown_out == 1
    assert len(healthy.written) == 13
    fanout.remove(outlet)
    fanout.remove(outlet)
    assert fanout.counts.thrown_out == 1 and len(fanout) == 1


def test_one_long_answer_is_no_reason_to_end_a_connection() -> None:
    transport, outlet = client(room=1)
    outlet.put(b"first")
    outlet.put(bytes(5000))
    assert not transport.aborted and outlet.queued_bytes == 5000
    transport.room = 10**9
    outlet.drained()
    assert len(transport.written) == 2


def test_draining_stops_when_the_transport_is_full_again() -> None:
    transport, outlet = client(room=1)
    for n in range(6):
        outlet.put_audio(bytes([n]) * 100, 1)
    transport.room = 150
    outlet.drained()
    assert [f[0] for f in transport.written] == [0, 1, 2]
    assert outlet.queued_bytes == 300


def test_only_what_is_subscribed_is_sent_and_built() -> None:
    fanout, (transport, outlet) = Fanout(), client()
    assert not fanout.wanted(Stream.STATUS)
    fanout.add(outlet)
    outlet.wants.discard(Stream.STATUS)
    assert not fanout.wanted(Stream.STATUS) and fanout.wanted(Stream.MIDI) and not fanout.wanted(Stream.METERS)
    fanout.send(b"status", Stream.STATUS)
    fanout.send(b"answer", Stream.ANSWER)
    assert transport.written == [frame_of(b"answer", binary=False)]


def test_a_client_that_has_left_is_written_to_no_more() -> None:
    transport, outlet = client(room=1)
    outlet.put(b"first")
    outlet.put(b"waits")
    outlet.cut()
    outlet.drained()
    outlet.put(b"late")
    outlet.put_audio(b"later", 1)
    assert transport.written == [b"first"] and outlet.queued_bytes == 0 and outlet.ready is None


def test_frames_go_past_the_transport_until_the_socket_is_full_and_the_rest_of_that_frame_through_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        fanout = Fanout()
        transport, outlet = client(room=1, audio_bytes=10_000, counts=fanout.counts, descriptor=ours.fileno())
        frames = [bytes([n]) * 3000 for n in range(40)]
        for frame in frames:
            fanout.send_audio(frame, 375, [outlet])
        received = bytearray()
        theirs.setblocking(False)
        while True:
            try:
                received += theirs.recv(65536)
            except BlockingIOError:
                break
        assert outlet.ready is None and len(transport.written) == 1
        received += transport.written[0]
        assert bytes(received) == b"".join(frames)[: len(received)] and len(received) % 3000 == 0
        assert fanout.counts.messages == len(received) // 3000
        room = 1 << 20
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        assert outlet.queued_bytes == 9000 and fanout.counts.audio_dropped == 40 - len(received) // 3000 - 3
        outlet.drained()
        assert outlet.ready == ours.fileno()
        os.set_blocking(theirs.fileno(), True)
        after = theirs.recv(200_000)
        assert told(after) == {"type": "lost", "messages": fanout.counts.audio_dropped,
                                    "frames": fanout.counts.frames_dropped}
        assert after.endswith(frames[-1])


@given(st.lists(st.tuples(st.sampled_from([Stream.AUDIO, Stream.MIDI]), st.integers(1, 400)), max_size=60),
       st.lists(st.integers(0, 59), max_size=6))
def test_memory_is_bounded_and_control_arrives_whole_and_in_order(
    puts: list[tuple[Stream, int]], drains: list[int]
) -> None:
    counts = Counts()
    transport, outlet = client(room=1, audio_bytes=900, control_bytes=1500, counts=counts)
    sent: list[bytes] = []
    for n, (stream, size) in enumerate(puts):
        frame = (b"m" if stream is Stream.MIDI else b"a") + n.to_bytes(2, "big") + bytes(size)
        if stream is Stream.MIDI:
            if not transport.aborted:
                sent.append(frame)
            outlet.put(frame)
        else:
            outlet.put_audio(frame, size)
        assert outlet.queued_bytes <= 900 + 1500 + 403
        if n in drains:
            transport.room = 700
            outlet.drained()
    if transport.aborted:
        return
    transport.room = 10**9
    outlet.drained()
    assert [f for f in transport.written if f[:1] == b"m"] == sent
    audio = [f for f in transport.written if f[:1] == b"a"]
    assert audio == sorted(audio)
    assert len(audio) + counts.audio_dropped == sum(s is Stream.AUDIO for s, _ in puts)
    lost = [told(f) for f in transport.written if f[:1] == b"\x81"]
    assert sum(message["messages"] for message in lost) == counts.audio_dropped
    assert sum(message["frames"] for message in lost) == counts.frames_dropped
