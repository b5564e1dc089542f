"""The bench of the MIDI process: its score, and the baseline threads. The whole is run on jackd by tests/peers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.bench import lateness


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_the_score_does_not_depend_on_the_blocks(blocks: list[int]) -> None:
    total = sum(blocks)
    whole = [(e.offset, e.port, e.data) for e in lateness.score(0, total)]
    cut, frame0 = [], 0
    for frames in blocks:
        cut += [(frame0 + e.offset, e.port, e.data) for e in lateness.score(frame0, frames)]
        frame0 += frames
    assert cut == whole
    clocks = [at for at, port, _ in whole if port == 1]
    assert clocks == list(range(0, total, 1000))


def test_each_note_of_the_score_has_its_end() -> None:
    sounding: set[int] = set()
    for event in lateness.score(0, 12_000):
        if event.port == 0:
            key = event.data[1]
            assert (key in sounding) == (event.data[0] == 0x80)
            sounding ^= {key}
    assert not sounding


def test_a_thread_beside_a_busy_one_is_late() -> None:
    for case in (lateness._by_thread, lateness._by_sleep):
        delays = case(0.3, False)
        assert delays is not None
        assert len(delays) == len(lateness.score(0, 38_400)) - len(lateness.score(0, 24_000))
        assert max(delays) > 500_000, "a switch interval at the least"
