from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.inputs.shared_keys import SharedKeys
from instruments.block import FrameEvent, Kind


def test_the_second_strikes_anew_and_the_last_ends() -> None:
    keys = SharedKeys()
    on, off = FrameEvent(3, Kind.ON, 0, 60, 90.0), FrameEvent(5, Kind.OFF, 0, 60, 64.0)
    assert keys.apply(on) == [on]
    assert [e.kind for e in keys.apply(on)] == [Kind.OFF, Kind.ON]
    assert keys.apply(off) == [] and keys.apply(off) == [off]


Events = st.builds(FrameEvent, st.just(0), st.sampled_from([Kind.ON, Kind.OFF, Kind.CC]), st.integers(0, 1),
                   st.sampled_from([60, 64, 123]), st.just(64.0))


@given(st.lists(Events))
def test_an_instrument_that_knows_each_key_once_hears_it_right(events: list[FrameEvent]) -> None:
    keys = SharedKeys()
    wanted: dict[tuple[int, int], int] = {}
    sounds: set[tuple[int, int]] = set()
    for event in events:
        at = event.channel, event.number
        if event.kind is Kind.ON:
            wanted[at] = wanted.get(at, 0) + 1
        elif event.kind is Kind.OFF:
            wanted[at] = max(0, wanted.get(at, 0) - 1)
        elif event.number == 123:
            wanted = {k: 0 if k[0] == event.channel else n for k, n in wanted.items()}
        for each in keys.apply(event):
            key = each.channel, each.number
            if each.kind is Kind.ON:
                assert key not in sounds
                sounds.add(key)
            elif each.kind is Kind.OFF:
                sounds.discard(key)
            elif each.number == 123:
                sounds = {k for k in sounds if k[0] != each.channel}
        assert sounds == {k for k, n in wanted.items() if n}
