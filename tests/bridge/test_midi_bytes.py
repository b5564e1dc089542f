from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi_bytes import MidiParser

channel_message = st.one_of(
    st.tuples(st.integers(0x80, 0xBF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.tuples(st.integers(0xC0, 0xDF), st.integers(0, 127)).map(bytes),
    st.tuples(st.integers(0xE0, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
)
sysex = st.binary(max_size=20).map(lambda b: b"\xf0" + bytes(x & 127 for x in b) + b"\xf7")
whole = st.one_of(channel_message, sysex, st.tuples(st.just(0xF2), st.integers(0, 127), st.integers(0, 127)).map(bytes))


def chop(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({min(c, len(data)) for c in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.lists(whole, max_size=20), st.lists(st.integers(0, 200), max_size=20))
def test_messages_survive_any_chopping(messages: list[bytes], cuts: list[int]) -> None:
    parser = MidiParser()
    got = [m for part in chop(b"".join(messages), cuts) for m in parser.feed(part)]
    assert got == messages
    assert parser.dropped_bytes == 0


@given(st.lists(whole, max_size=10), st.lists(st.tuples(st.integers(0, 100), st.sampled_from(b"\xf8\xfa\xfb\xfc\xfe"))))
def test_realtime_bytes_inside_messages_harm_nothing(messages: list[bytes], inserts: list[tuple[int, int]]) -> None:
    data = bytearray(b"".join(messages))
    for at, byte in inserts:
        data.insert(min(at, len(data)), byte)
    got = MidiParser().feed(bytes(data))
    assert [m for m in got if m[0] < 0xF8] == messages
    assert sorted(m[0] for m in got if m[0] >= 0xF8) == sorted(b for _, b in inserts)


@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 127)), min_size=1, max_size=10))
def test_running_status(pairs: list[tuple[int, int]]) -> None:
    data = b"\x91" + b"".join(bytes(p) for p in pairs)
    assert MidiParser().feed(data) == [bytes((0x91, *p)) for p in pairs]


def test_a_system_common_message_ends_running_status() -> None:
    parser = MidiParser()
    assert parser.feed(b"\x90\x3c\x40\xf2\x01\x02\x3c\x40") == [b"\x90\x3c\x40", b"\xf2\x01\x02"]
    assert parser.dropped_bytes == 2


@given(st.binary(max_size=300))
def test_any_bytes_give_only_whole_messages(data: bytes) -> None:
    for message in MidiParser().feed(data):
        assert message[0] >= 0x80
        assert all(b < 0x80 for b in message[1 : -1 if message[0] == 0xF0 else None])
