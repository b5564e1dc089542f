"""One frame for all; bounded queues: audio loses its oldest, control never, and what piles up is thrown out."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bridge.stream.fanout import Fanout, Outlet, Stream, frame_of


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
            self.outlet.full = True

    def abort(self) -> None:
        self.aborted = True


def client(room: int = 10**9, audio_bytes: int = 1000, control_bytes: int = 1000) -> tuple[FakeTransport, Outlet]:
    transport = FakeTransport(room)
    outlet = Outlet(
        transport,  # type: ignore[arg-type]
        lambda: not transport.aborted, audio_bytes=audio_bytes, control_bytes=control_bytes,
    )
    transport.outlet = outlet
    return transport, outlet


@given(st.sampled_from([0, 1, 125, 126, 127, 65535, 65536, 70000]), st.booleans())
def test_frames_are_those_of_the_websockets_library(size: int, binary: bool) -> None:
    payload = bytes(size)
    peer = Frame(Opcode.BINARY if binary else Opcode.TEXT, payload).serialize(mask=False)
    assert frame_of(payload, binary=binary) == bytes(peer)


def test_every_client_gets_the_very_same_frame() -> None:
    fanout, clients = Fanout(), [client() for _ in range(3)]
    for _, outlet in clients:
        fanout.add(outlet)
    fanout.send(b"x" * 200, Stream.AUDIO, binary=True)
    frames = [transport.written[0] for transport, _ in clients]
    assert frames[0] is frames[1] is frames[2]


def test_audio_to_a_full_client_loses_its_oldest_and_is_counted() -> None:
    transport, outlet = client(room=1)
    for n in range(20):
        outlet.put(bytes([n]) * 100, Stream.AUDIO)
    assert [f[0] for f in transport.written] == [0]
    assert outlet.queued_bytes == 1000 and outlet.counts.audio_dropped == 9
    transport.room = 10**9
    outlet.drained()
    assert [f[0] for f in transport.written] == [0, *range(10, 20)]
    assert outlet.queued_bytes == 0 and not transport.aborted


def test_control_is_never_thinned_and_goes_before_audio() -> None:
    transport, outlet = client(room=1)
    outlet.put(b"first", Stream.STATUS)
    for n in range(5):
        outlet.put(b"a%d" % n, Stream.AUDIO)
        outlet.put(b"m%d" % n, Stream.MIDI)
    transport.room = 10**9
    outlet.drained()
    assert transport.written == [b"first", b"m0", b"m1", b"m2", b"m3", b"m4", b"a0", b"a1", b"a2", b"a3", b"a4"]


def test_control_that_piles_up_ends_the_connection_and_is_counted() -> None:
    fanout = Fanout()
    (stuck, outlet), (healthy, other) = client(room=1), client()
    fanout.add(outlet)
    fanout.add(other)
    for _ in range(12):
        fanout.send(b"n" * 98, Stream.MIDI)
    assert stuck.aborted and outlet.queued_bytes == 0
    assert fanout.total().thrown_out == 1
    assert len(healthy.written) == 12
    fanout.remove(outlet)
    fanout.remove(outlet)
    assert fanout.total().thrown_out == 1 and len(fanout) == 1


def test_draining_stops_when_the_transport_is_full_again() -> None:
    transport, outlet = client(room=1)
    for n in range(6):
        outlet.put(bytes([n]) * 100, Stream.AUDIO)
    transport.room = 150
    outlet.drained()
    assert [f[0] for f in transport.written] == [0, 1, 2]
    assert outlet.queued_bytes == 300


def test_only_what_is_subscribed_is_sent_and_built() -> None:
    fanout, (transport, outlet) = Fanout(), client()
    assert not fanout.wanted(Stream.AUDIO)
    fanout.add(outlet)
    outlet.subscribe(Stream.AUDIO, False)
    assert not fanout.wanted(Stream.AUDIO) and fanout.wanted(Stream.MIDI)
    fanout.send(b"audio", Stream.AUDIO, binary=True)
    fanout.send(b"answer", Stream.ANSWER)
    assert transport.written == [frame_of(b"answer", binary=False)]


@given(st.lists(st.tuples(st.sampled_from([Stream.AUDIO, Stream.MIDI]), st.integers(1, 400)), max_size=60),
       st.lists(st.integers(0, 59), max_size=6))
def test_memory_is_bounded_and_control_arrives_whole_and_in_order(
    puts: list[tuple[Stream, int]], drains: list[int]
) -> None:
    transport, outlet = client(room=1, audio_bytes=900, control_bytes=1500)
    sent: list[bytes] = []
    for n, (stream, size) in enumerate(puts):
        frame = (b"m" if stream is Stream.MIDI else b"a") + n.to_bytes(2, "big") + bytes(size)
        if stream is Stream.MIDI and not transport.aborted:
            sent.append(frame)
        outlet.put(frame, stream)
        assert outlet.queued_bytes <= 900 + 1500
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
    assert len(audio) + outlet.counts.audio_dropped == sum(s is Stream.AUDIO for s, _ in puts)
