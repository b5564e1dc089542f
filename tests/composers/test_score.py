"""Clips: sorted, bounded, checked."""

import math

import pytest

from composers.errors import MusicError
from composers.score import Clip, Meter, Note, Ramp, Span

BAR = Span(0, 3840)


def test_a_clip_keeps_what_starts_within_it_sorted() -> None:
    ramps = [Ramp(960, 4800, "filter.cutoff_hz", 8000, 200), Ramp(0, 0, "send.room", -6.0), Ramp(3840, 10, "pan", 1.0)]
    clip = Clip.of(BAR, [Note(1920, 10, 60, 90), Note(0, 5000, 64, 90)], ramps=ramps)
    assert [n.start for n in clip.notes] == [0, 1920]
    assert [r.path for r in clip.ramps] == ["send.room", "filter.cutoff_hz"] and clip.ramps[1].end == 5760
    later = clip.shifted(3840)
    assert [r.start for r in later.ramps] == [3840, 4800] and later.span == Meter().bar(1)


@pytest.mark.parametrize("ramp", [Ramp(0, -1, "pan", 0.0), Ramp(0, 1, "", 0.0), Ramp(0, 1, "pan", math.nan),
                                  Ramp(0, 1, "pan", 0.0, math.inf)])
def test_a_ramp_that_cannot_be_is_named(ramp: Ramp) -> None:
    with pytest.raises(MusicError, match=r"Ramp\(start=0.*cannot be played: length >= 0"):
        Clip.of(BAR, [], ramps=[ramp])
