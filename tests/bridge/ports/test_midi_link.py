"""What passes between the engine and the MIDI process: whatever is packed comes out again, in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.ports.midi_link import Stamped, Unpacker, pack

MESSAGES = st.lists(
    st.builds(Stamped, st.integers(-(2**62), 2**62), st.integers(0, 300), st.binary(min_size=1, max_size=200)),
    max_size=30,
)


@given(MESSAGES, st.sampled_from([24, 64, 512]))
def test_round_trip(messages: list[Stamped], slot_bytes: int) -> None:
    unpacker = Unpacker()
    slots = list(pack(messages, slot_bytes))
    assert all(len(slot) <= slot_bytes for slot in slots)
    assert [message for slot in slots for message in unpacker.feed(slot)] == messages


def test_many_short_messages_share_a_slot() -> None:
    assert len(list(pack([Stamped(0, 0, b"\xf8")] * 30))) == 1


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.integers(0, 7)), max_size=20))
def test_a_message_cut_short_by_a_full_ring_harms_no_other(messages: list[tuple[bytes, int]]) -> None:
    """The writer gives up a message of which a piece is refused."""
    unpacker = Unpacker()
    out, whole = [], []
    for data, room in messages:
        slots = list(pack([Stamped(0, 0, data)], 64))
        for slot in slots[:room]:
            out += unpacker.feed(slot)
        if room >= len(slots):
            whole.append(Stamped(0, 0, data))
    assert out == whole
