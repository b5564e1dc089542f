"""Slides, vibrato and quarter tones that composers write: the pitch that a receiver plays at each moment is theirs."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from mpe_reference import Receiver

from bridge import session as sessions
from bridge.engine.bends import bends_of
from bridge.mpe import Zone
from bridge.routes import Route
from bridge.session import tuning_of
from composers.composer import Plan, make_band
from composers.score import Clip
from instruments.block import FrameEvent, Kind
from instruments.tuning import Tuning

KINDS = {"cc": Kind.CC, "bend": Kind.BEND, "pressure": Kind.PRESSURE, "program": Kind.PROGRAM}
RANK = {Kind.OFF: 0, Kind.ON: 2}
MPE = Route(0, mpe=Zone("lower"))



class Part(NamedTuple):
    plan: Plan
    track: str
    bars: int = 24
    tuning: Tuning | None = None


def _rock(parts: tuple[str, ...], expressive: tuple[str, ...] = ()) -> Plan:
    return Plan(genre="rock", style="classic", form="blues", seed=6, energy=0.8, sounds={"guitar": "electric-guitar"},
                parts={"guitar": parts, "drums": ("drums",)}, expressive=expressive)


def _session(name: str, track: str, bars: int) -> Part:
    session = sessions.load(name)
    found = next(t for t in session.tracks if t.name == track)
    return Part(session.plan(), track, bars, tuning_of(found, session.music.key))


GUITAR = Part(_rock(("comp", "melody"), ("guitar",)), "guitar", 48)
SOLO = Part(_rock(("melody",)), "guitar", 48)
DEEP = _session("drill", "808", 24)
FLUTE, CELLO = _session("ambient-maqam", "flute", 40), _session("ambient-maqam", "cello", 40)


def events_of(clips: list[Clip]) -> list[FrameEvent]:
    """A track's, at their ticks."""
    notes = [n for clip in clips for n in clip.notes]
    events = [FrameEvent(n.start, Kind.ON, n.channel, n.pitch, n.velocity, n.cents) for n in notes]
    events += [FrameEvent(n.end, Kind.OFF, n.channel, n.pitch, 64.0) for n in notes]
    events += [FrameEvent(c.tick, KINDS[c.kind], c.channel, c.number, c.value) for clip in clips for c in clip.controls]
    return sorted(events, key=lambda event: (event.offset, RANK.get(event.kind, 1)))


def deviation(part: Part, route: Route) -> tuple[float, int, set[int]]:
    """The greatest difference between what is composed and what a receiver plays, in cents; how often notes were bent,
    as they began or while they sounded; on which of the composer's channels."""
    band = make_band(part.plan)
    reach = part.plan.bends.get(part.track, 2.0)
    bends, receiver = bends_of(route._replace(bend_range=reach, tuning=part.tuning)), Receiver()
    bent: dict[int, float] = {}
    sounding: dict[tuple[int, int], float] = {}
    worst, moved, channels = 0.0, 0, set[int]()
    events = events_of([band.compose(bar)[part.track] for bar in range(part.bars)])
    for index, event in enumerate(events):
        receiver.feed(each.to_midi() for each in bends.apply(event))
        at = event.channel, event.number
        if event.kind is Kind.ON:
            cents = event.cents + ((part.tuning.offsets[event.number] or 0.0) if part.tuning is not None else 0.0)
            sounding[at] = event.number + cents / 100
            moved += bool(cents)
        elif event.kind is Kind.OFF:
            del sounding[at]
        elif event.kind is Kind.BEND:
            bent[event.channel] = event.value * reach
            if any(channel == event.channel for channel, _ in sounding):
                moved += 1
                channels.add(event.channel)
        if index + 1 < len(events) and events[index + 1].offset == event.offset:
            continue
        wanted = [pitch + bent.get(channel, 0.0) for (channel, _), pitch in sounding.items()]
        heard = [receiver.pitch(channel, key) for channel, key, _ in receiver.notes]
        assert len(wanted) == len(heard)
        worst = max([worst, *(100 * abs(a - b) for a, b in zip(wanted, heard, strict=True))])
    return worst, moved, channels


@pytest.mark.parametrize("part", [GUITAR, SOLO, DEEP, FLUTE, CELLO], ids=["guitar", "solo", "808", "flute", "cello"])
def test_by_mpe_each_pitch_is_as_composed(part: Part) -> None:
    """A step of a member's bend is 0.6 cents, so half of that is the best there is."""
    worst, moved, _ = deviation(part, MPE)
    assert worst < 0.31
    assert moved > 20


@pytest.mark.parametrize("part", [SOLO, DEEP, FLUTE], ids=["solo", "808", "flute"])
def test_on_one_channel_a_tune_is_as_composed(part: Part) -> None:
    worst, moved, _ = deviation(part, Route(0))
    assert worst < 0.15 and moved > 20


def test_a_guitar_that_comps_and_leads_bends_its_lead_alone() -> None:
    _, moved, channels = deviation(GUITAR, MPE)
    assert moved > 20 and channels == {1}


def test_who_cannot_bend_some_notes_has_all_on_one_channel() -> None:
    band = make_band(_rock(("comp", "melody")))
    clips = [band.compose(bar)["guitar"] for bar in range(GUITAR.bars)]
    assert {note.channel for clip in clips for note in clip.notes} == {0}
