from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.clip_bytes import Bar, decode_bar, encode_bar
from composers.score import Clip, Control, Meter, Note, Ramp

BAR = Meter().bar(7)
f32 = st.floats(0.5, 127, width=32)
notes = st.builds(Note, st.integers(BAR.start, BAR.end - 1), st.integers(1, 10_000), st.integers(0, 127), f32,
                  st.integers(0, 15), st.floats(-1200, 1200, width=32))
controls = st.builds(Control, st.integers(BAR.start, BAR.end - 1), st.sampled_from(["cc", "bend", "pressure"]),
                     st.integers(0, 127), st.floats(-1, 127, width=32), st.integers(0, 15))
values = st.floats(-1e6, 1e6)
ramps = st.builds(Ramp, st.integers(BAR.start, BAR.end - 1), st.integers(0, 100_000), st.text(min_size=1, max_size=40),
                  values, st.none() | values)
clips = st.builds(lambda n, c, r: Clip.of(BAR, n, c, r), st.lists(notes, max_size=20), st.lists(controls, max_size=5),
                  st.lists(ramps, max_size=4))


@given(st.lists(clips, min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_a_bar_comes_back_as_it_went(bar: list[Clip], epoch: int) -> None:
    assert decode_bar(encode_bar(epoch, 7, bar)) == Bar(epoch, 7, tuple(bar))
