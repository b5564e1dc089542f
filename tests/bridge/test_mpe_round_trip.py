"""Music -> our MPE -> a receiver written from the specification, and a keyboard -> us -> such a receiver: the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpe_reference import Heard, Receiver

from bridge.engine.channel_bends import ChannelBends
from bridge.engine.mpe_voices import MpeVoices
from bridge.inputs.keyboard import Live
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.inputs.wiring import input_routes
from bridge.mpe import MEMBER_RANGE, Zone, bend_range, configuration
from bridge.mpe_keyboard import MpeKeyboard
from bridge.routes import Route
from bridge.session import parse
from instruments.block import FrameEvent, Kind

STEP = MEMBER_RANGE / 8192
ZONES = st.builds(Zone, st.sampled_from(("lower", "upper")), st.integers(1, 15))
PLACE = Place(0, 15, by_note=True)
NOTE_CHANNELS = (15, 14, 13, 12, 11, 10, 8, 7, 6, 5, 4, 3, 2)
KEYS, LINEAR = tuple(range(128)), tuple(float(v) for v in range(128))


class Player:
    """Random music, each note on a channel of its own, and what each sounds like by now."""

    def __init__(self, seed: int, channels: Sequence[int]) -> None:
        self.rng = random.Random(seed)
        self.free = list(channels)
        self.notes: dict[int, Heard] = {}
        """By channel of the music."""
        self.cents: dict[int, float] = {}
        self.ended: list[tuple[int, int]] = []

    def steps(self, count: int) -> list[FrameEvent]:
        """Each time what one moment brings."""
        rng = self.rng
        if self.notes and rng.random() < 0.25:
            channel = rng.choice(list(self.notes))
            note = self.notes.pop(channel)
            self.free.append(channel)
            velocity = rng.randrange(128)
            self.ended.append((note.key, velocity))
            return [FrameEvent(0, Kind.OFF, channel, note.key, velocity)]
        if self.free and len(self.notes) < count and rng.random() < 0.5:
            channel = self.free.pop(rng.randrange(len(self.free)))
            key, velocity = rng.randrange(20, 110), rng.randrange(1, 128)
            bend, cents = rng.uniform(-1, 1), rng.uniform(-49, 49)
            heard = Heard(key, velocity, key + MEMBER_RANGE / 2 * bend + cents / 100, rng.randrange(128),
                          rng.randrange(128))
            self.notes[channel], self.cents[channel] = heard, cents
            return [*_rows(channel, MEMBER_RANGE / 2), FrameEvent(0, Kind.BEND, channel, 0, bend),
                    FrameEvent(0, Kind.CC, channel, 74, heard.timbre),
                    FrameEvent(0, Kind.PRESSURE, channel, 0, heard.pressure),
                    FrameEvent(0, Kind.ON, channel, key, velocity, cents)]
        if not self.notes:
            return []
        channel = rng.choice(list(self.notes))
        note = self.notes[channel]
        what, value = rng.choice("bpt"), rng.randrange(128)
        if what == "b":
            bend = rng.uniform(-1, 1)
            self.notes[channel] = note._replace(
                pitch=note.key + MEMBER_RANGE / 2 * bend + self.cents[channel] / 100)
            return [FrameEvent(0, Kind.BEND, channel, 0, bend)]
        if what == "p":
            self.notes[channel] = note._replace(pressure=value)
            return [FrameEvent(0, Kind.PRESSURE, channel, 0, value)]
        self.notes[channel] = note._replace(timbre=value)
        return [FrameEvent(0, Kind.CC, channel, 74, value)]


def _rows(channel: int, semitones: float) -> list[FrameEvent]:
    return [FrameEvent(0, Kind.CC, channel, number, value) for number, value in bend_range(semitones)]


def assert_same(heard: Sequence[Heard], wanted: Sequence[Heard], off: float = STEP) -> None:
    def order(note: Heard) -> tuple[int, int]:
        return note.key, note.velocity

    assert [order(n) for n in sorted(heard, key=order)] == [order(n) for n in sorted(wanted, key=order)]
    for got, asked in zip(sorted(heard, key=lambda n: n[:2]), sorted(wanted, key=lambda n: n[:2]), strict=True):
        if heard.count(got) == 1 and [n[:2] for n in wanted].count(asked[:2]) == 1:
            assert got.pitch == pytest.approx(asked.pitch, abs=off)
            assert (got.pressure, got.timbre) == (asked.pressure, asked.timbre)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32), ZONES)
def test_any_music_reaches_a_receiver_as_it_is(seed: int, zone: Zone) -> None:
    """As many notes as there are members: key, velocities, pitch to half a step of the bend, pressure, timbre; each
    already when it is struck. The channel that has been silent for longest is next."""
    voices, receiver = MpeVoices(Route(0, mpe=zone)), Receiver()
    player = Player(seed, (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15))
    silent = list(zone.channels)
    for _ in range(100):
        events = player.steps(zone.members)
        before = {note[:2] for note in receiver.notes}
        receiver.feed(e.to_midi() for event in events for e in voices.apply(event))
        assert_same(receiver.sounding(), list(player.notes.values()), STEP / 2 + 1e-9)
        if events and events[-1].kind is Kind.ON:
            assert receiver.began[-1] in receiver.sounding()
            assert receiver.struck_on[-1] == silent.pop(0)
        silent += [channel for channel, _ in before - {note[:2] for note in receiver.notes}]
    assert receiver.releases == player.ended
    assert receiver.members[zone.manager] in (0, zone.members)


class Keys:
    """A keyboard that plays random music in a zone, by the specification."""

    def __init__(self, seed: int, zone: Zone) -> None:
        self.rng, self.zone = random.Random(seed), zone
        self.held: dict[int, int] = {}

    def steps(self) -> list[bytes]:
        rng = self.rng
        manager, kind = self.zone.manager, rng.random()
        if kind < 0.06:
            return [_bend(manager, rng)]
        if kind < 0.1:
            return [bytes((0xD0 | manager, rng.randrange(128)))]
        channel = rng.choice(self.zone.channels)
        if channel in self.held:
            if kind < 0.4:
                return [bytes((0x80 | channel, self.held.pop(channel), rng.randrange(128)))]
            return [rng.choice((_bend(channel, rng), bytes((0xD0 | channel, rng.randrange(128))),
                                bytes((0xB0 | channel, 74, rng.randrange(128)))))]
        self.held[channel] = key = rng.randrange(128)
        return [_bend(channel, rng), bytes((0xB0 | channel, 74, rng.randrange(128))),
                bytes((0xD0 | channel, rng.randrange(128))), bytes((0x90 | channel, key, rng.randrange(1, 128)))]


def _bend(channel: int, rng: random.Random) -> bytes:
    return bytes((0xE0 | channel, rng.randrange(128), rng.randrange(8, 120)))


def keyboard(mpe: str, places: Sequence[Place] = (PLACE,)) -> MpeKeyboard:
    zones = tuple(ZoneRoute(place, None, KEYS, LINEAR) for place in places)
    return MpeKeyboard(InputRoute("in", zones, mpe, NOTE_CHANNELS))


def forms(lives: Sequence[Live]) -> tuple[list[FrameEvent], list[FrameEvent]]:
    return ([live.event for live in lives if live.form == "notes"],
            [live.event for live in lives if live.form == "channel"])


def told(zone: Zone) -> list[bytes]:
    return [bytes((0xB0 | zone.manager, *row)) for row in configuration(zone)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32), ZONES, st.sampled_from(("auto", "side")))
def test_what_comes_in_goes_out_the_same(seed: int, zone: Zone, mpe: str) -> None:
    """A keyboard heard by a receiver, and the same through us: they hear the same, to a step of the bend."""
    zone = zone._replace(members=min(zone.members, len(NOTE_CHANNELS)))
    keys, played = Keys(seed, zone), keyboard(mpe if mpe == "auto" else zone.side)
    voices = MpeVoices(Route(0, mpe=Zone("lower")))
    direct, through = Receiver(), Receiver()
    for message in told(zone):
        list(played.feed(message))
    direct.feed(told(zone))
    ons = 0
    for _ in range(100):
        for message in keys.steps():
            direct.feed([message])
            own, folded = forms(list(played.feed(message)))
            through.feed(e.to_midi() for event in own for e in voices.apply(event))
            ons += sum(event.kind is Kind.ON for event in folded)
        wanted = [n for n in direct.sounding() if abs(n.pitch - n.key) < MEMBER_RANGE - STEP]
        heard = [n for n in through.sounding() if abs(n.pitch - n.key) < MEMBER_RANGE - 2 * STEP]
        assert_same(heard, wanted)
    assert through.releases == direct.releases and ons == len(direct.began)
    assert len(through.began) == len(direct.began)
    own, _ = forms(list(played.end()))
    through.feed(e.to_midi() for event in own for e in voices.apply(event))
    assert not through.notes and not any(played.held(0))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from((2.0, 12.0, 48.0)))
def test_on_one_channel_the_note_struck_last_has_its_way(seed: int, reach: float) -> None:
    zone = Zone("lower", 8)
    keys, played = Keys(seed, zone), keyboard("lower", [PLACE._replace(by_note=False, bend_range=reach)])
    bends, direct = ChannelBends(Route(0, channel=3, bend_range=reach)), Receiver()
    direct.feed(told(zone))
    bend, sounding, struck = 0, list[int](), list[tuple[int, int]]()
    begun: dict[tuple[int, int], int] = {}
    ranged = reach == 2.0
    for _ in range(80):
        for message in keys.steps():
            direct.feed([message])
            struck = [note[:2] for note in direct.notes]
            for event in forms(list(played.feed(message)))[1]:
                if event.kind is Kind.ON:
                    begun[struck[-1]] = event.number
                for each in bends.apply(event._replace(channel=0)):
                    data = each.to_midi()
                    assert data[0] & 15 == 3
                    ranged |= data[0] == 0xB3 and data[1] == 6 and data[2] == reach
                    if data[0] == 0xE3:
                        bend = (data[2] << 7 | data[1]) - 8192
                        assert ranged or not bend
                    elif data[0] == 0x93:
                        assert data[1] not in sounding
                        sounding.append(data[1])
                    elif data[0] == 0x83:
                        sounding.remove(data[1])
        assert len(sounding) <= len(direct.notes) and bool(sounding) == bool(direct.notes)
        if struck:
            away = direct.pitch(*struck[-1]) - begun[struck[-1]]
            assert begun[struck[-1]] in sounding
            assert bend / 8192 * reach == pytest.approx(max(-reach, min(reach, away)), abs=1.01 * reach / 8192)


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=80), st.sampled_from(("lower", "upper", "auto")))
def test_any_messages_leave_each_form_strictly_on_off(messages: list[bytes], mpe: str) -> None:
    played, on = keyboard(mpe), {"notes": set[tuple[int, int]](), "channel": set[tuple[int, int]]()}

    def take(lives: Sequence[Live]) -> None:
        for live in lives:
            at, held = (live.event.channel, live.event.number), on[live.form]
            if live.event.kind is Kind.ON:
                assert at not in held
                held.add(at)
            elif live.event.kind is Kind.OFF:
                held.remove(at)
            assert live.event.channel != 0 and len(live.to_midi()) in (2, 3)

    for message in messages:
        status = message[0] | 0x80
        length = 1 if status >= 0xF0 else 2 if status & 0xF0 in (0xC0, 0xD0) else 3
        take(list(played.feed(bytes((status, *(b & 127 for b in (message[1:] + b"\x3c\x40"))))[:length])))
    take(list(played.end()))
    assert on == {"notes": set(), "channel": set()}


def test_a_pedal_is_for_all_notes_or_held_here() -> None:
    held = MpeKeyboard(InputRoute("in", (ZoneRoute(PLACE, None, KEYS, LINEAR, "hold"),), "lower", (15, 14)))
    down, up = b"\xb0\x40\x7f", b"\xb0\x40\x00"
    lives = [live for message in (down, b"\x91\x3c\x64", b"\x81\x3c\x20") for live in held.feed(message)]
    assert not [live for live in lives if live.event.kind is Kind.OFF]
    assert [live.event.value for live in held.feed(up) if live.event.kind is Kind.OFF] == [32.0, 32.0]
    passed = keyboard("lower")
    own, folded = forms(list(passed.feed(down)))
    assert len(own) == 13 and len(folded) == 1 and {e.number for e in (*own, *folded)} == {64}
    assert list(passed.feed(b"\xb3\x40\x7f")) == [], "on a member it means nothing"


def test_splits_transpose_and_velocity_are_as_in_any_keyboard() -> None:
    low = tuple(key + 12 if key < 60 else -1 for key in range(128))
    loud = (127.0,) * 128
    zones = (ZoneRoute(PLACE, None, low, loud), ZoneRoute(PLACE._replace(track=1), None, KEYS, LINEAR))
    both = MpeKeyboard(InputRoute("in", zones, "lower", (15, 14)))
    ons = [(live.place.track, live.event.number, live.event.value) for message in (b"\x91\x30\x40", b"\x92\x40\x40")
           for live in both.feed(message) if live.event.kind is Kind.ON and live.form == "notes"]
    assert ons == [(0, 60, 127.0), (1, 48, 64.0), (1, 64, 64.0)]


def test_after_a_change_of_the_band_notes_end_where_they_are() -> None:
    """The first track is gone, the second is the first now."""
    second = PLACE._replace(track=1)
    played = keyboard("lower", [PLACE, second])
    list(played.feed(b"\x91\x3c\x64"))
    ended = [live.place.track for live in played.end(lambda place: place.track == 0) if live.event.kind is Kind.OFF]
    assert ended == [0, 0]
    played.adopt((ZoneRoute(PLACE, None, KEYS, LINEAR),), [-1, 0])
    assert played.held(0).notes
    ends = [live for live in played.feed(b"\x81\x3c\x10") if live.event.kind is Kind.OFF]
    assert [live.place for live in ends] == [PLACE, PLACE] and not any(played.held(0))


def test_channels_of_notes_are_nobody_elses() -> None:
    text = """
name = "two"
[[tracks]]
name = "keys"
parts = ["comp"]
instrument = "lead"
[[tracks]]
name = "piano"
parts = ["melody"]
instrument = "piano"
[[input]]
name = "plain"
[[input]]
name = "left"
mpe = "lower"
[[input]]
name = "right"
mpe = "auto"
to = ["keys", "piano"]
"""
    plain, left, right = input_routes(parse(text, "two.toml"))
    assert plain.note_channels == () and (left.mpe, right.mpe) == ("lower", "auto")
    used = [plain.zones[0].place.channel, *left.note_channels, *right.note_channels]
    assert len(used) == len(set(used)) == 13 and not {0, 1, 9} & set(used)
    assert [zone.place.by_note for zone in right.zones] == [True, False]
