"""A keyboard's messages and what its tracks get: splits, layers, pedals, and that nothing is stuck, lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.inputs.keyboard import Held, Keyboard, Live
from bridge.inputs.keyboards import Keyboards
from bridge.inputs.played import Played, decode_played, encode_played
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.inputs.velocity import velocity_curve
from instruments.block import FrameEvent, Kind

ALL = tuple(range(128))
LINEAR = velocity_curve("linear")
PIANO, BASS, PLUGIN = Place(0, 15), Place(1, 15), Place(2, 0, shared=True)


def zone(place: Place = PIANO, low: int = 0, high: int = 127, by: int = 0, channel: int | None = None,
         pedal: str = "pass") -> ZoneRoute:
    keys = tuple(key + by if low <= key <= high and 0 <= key + by < 128 else -1 for key in ALL)
    return ZoneRoute(place, channel, keys, LINEAR, pedal)


def said(lives: Iterable[Live]) -> list[tuple[int, str, int, float]]:
    return [(live.place.track, live.event.kind.name, live.event.number, live.event.value) for live in lives]


def fed(keyboard: Keyboard, *messages: str) -> list[tuple[int, str, int, float]]:
    return said(live for text in messages for live in keyboard.feed(bytes.fromhex(text)))


def test_a_split_and_a_layer() -> None:
    keyboard = Keyboard([zone(BASS, high=59, by=-12), zone(PIANO, low=60), zone(PLUGIN, low=60, by=12)])
    assert fed(keyboard, "90 3b 40", "90 3c 50") == [(1, "ON", 47, 64.0), (0, "ON", 60, 80.0), (2, "ON", 72, 80.0)]
    assert fed(keyboard, "90 3c 00", "80 3b 20") == [(0, "OFF", 60, 64.0), (2, "OFF", 72, 64.0), (1, "OFF", 47, 32.0)]
    assert fed(keyboard, "90 3c 00", "80 3b 20") == []


def test_each_zone_hears_its_channel() -> None:
    keyboard = Keyboard([zone(BASS, channel=1), zone(PIANO)])
    assert fed(keyboard, "90 3c 50", "80 3c 00") == [(0, "ON", 60, 80.0), (0, "OFF", 60, 0.0)]
    assert [track for track, *_ in fed(keyboard, "91 3c 50", "e1 00 40")] == [1, 0, 1, 0]


def test_two_keys_that_play_the_same_share_it() -> None:
    keyboard = Keyboard([zone(PIANO, high=59, by=12), zone(PIANO, low=60)])
    assert fed(keyboard, "90 30 40", "90 3c 50", "80 30 00") == [
        (0, "ON", 60, 64.0), (0, "OFF", 60, 64.0), (0, "ON", 60, 80.0)]
    assert keyboard.held(0) == Held(notes=True)
    assert fed(keyboard, "80 3c 00") == [(0, "OFF", 60, 0.0)]
    assert keyboard.held(0) == Held()


def test_a_key_struck_twice_is_ended_in_between() -> None:
    keyboard = Keyboard([zone()])
    assert [kind for _, kind, *_ in fed(keyboard, "90 3c 40", "90 3c 50", "80 3c 00", "80 3c 00")] == [
        "ON", "OFF", "ON", "OFF"]


def test_the_pedal_goes_to_the_instrument_once_with_all_its_way() -> None:
    keyboard = Keyboard([zone(PIANO, high=59), zone(PIANO, low=60), zone(BASS, pedal="off")])
    assert fed(keyboard, "b0 40 30") == [(0, "CC", 64, 48.0)]  # half-pedal
    assert keyboard.held(0).pedal and not keyboard.held(1).pedal
    assert fed(keyboard, "90 40 40", "80 40 00")[-2:] == [(0, "OFF", 64, 0.0), (1, "OFF", 64, 0.0)]
    assert fed(keyboard, "b0 40 00") == [(0, "CC", 64, 0.0)]
    assert not keyboard.held(0).pedal


def test_without_a_pedal_in_the_instrument_note_offs_are_held_back() -> None:
    keyboard = Keyboard([zone(pedal="hold")])
    assert fed(keyboard, "90 3c 40", "b0 40 7f", "80 3c 00", "90 3e 40") == [(0, "ON", 60, 64.0), (0, "ON", 62, 64.0)]
    assert fed(keyboard, "90 3c 50") == [(0, "OFF", 60, 64.0), (0, "ON", 60, 80.0)]  # struck anew
    assert fed(keyboard, "80 3c 00", "b0 40 3f") == [(0, "OFF", 60, 64.0)]
    assert fed(keyboard, "80 3e 00") == [(0, "OFF", 62, 0.0)]


def test_sostenuto_holds_what_is_down_when_it_is_pressed() -> None:
    keyboard = Keyboard([zone()])
    fed(keyboard, "90 3c 40")
    assert fed(keyboard, "b0 42 7f", "90 3e 40", "b0 42 7f") == [(0, "ON", 62, 64.0)]
    assert fed(keyboard, "80 3c 00", "80 3e 00") == [(0, "OFF", 62, 0.0)]
    assert fed(keyboard, "b0 42 00") == [(0, "OFF", 60, 64.0)]


def test_both_pedals_hold_a_note_until_both_are_up() -> None:
    keyboard = Keyboard([zone(pedal="hold")])
    fed(keyboard, "90 3c 40", "b0 42 7f", "b0 40 7f")
    assert fed(keyboard, "80 3c 00", "b0 42 00") == []
    assert fed(keyboard, "b0 40 00") == [(0, "OFF", 60, 64.0)]


def test_key_pressure_is_that_of_the_key_pressed_hardest_and_itself_by_midi() -> None:
    keyboard = Keyboard([zone(by=12)])
    fed(keyboard, "90 3c 40", "90 40 40")
    lives = [live for text in ("a0 3c 30", "a0 40 50", "a0 3c 60") for live in keyboard.feed(bytes.fromhex(text))]
    assert [live.event.value for live in lives] == [48.0, 80.0, 96.0]
    assert [live.to_midi().hex(" ") for live in lives] == ["a0 48 30", "a0 4c 50", "a0 48 60"]
    assert all(live.event.kind is Kind.PRESSURE for live in lives)


def test_bend_wheel_and_pressure_pass_and_sounds_and_ranges_do_not() -> None:
    keyboard = Keyboard([zone()])
    assert fed(keyboard, "e0 00 00", "b0 01 40", "d0 20", "b0 4a 10") == [
        (0, "BEND", 0, -1.0), (0, "CC", 1, 64.0), (0, "PRESSURE", 0, 32.0), (0, "CC", 74, 16.0)]
    assert fed(keyboard, "b0 00 01", "b0 20 01", "c0 05", "b0 65 00", "b0 64 00", "b0 06 0c", "b0 7a 00") == []


def test_a_player_who_leaves_leaves_nothing() -> None:
    keyboard = Keyboard([zone(pedal="pass"), zone(BASS, pedal="hold")])
    fed(keyboard, "90 3c 40", "b0 40 7f", "80 3c 00", "90 3e 40", "e0 00 50", "b0 01 40", "b0 42 7f")
    assert sorted(said(keyboard.end())) == sorted([
        (0, "OFF", 62, 64.0), (1, "OFF", 60, 64.0), (1, "OFF", 62, 64.0), (0, "CC", 64, 0.0), (0, "BEND", 0, 0.0),
        (1, "BEND", 0, 0.0), (0, "CC", 1, 0.0), (1, "CC", 1, 0.0)])
    assert keyboard.held(0) == keyboard.held(1) == Held()
    assert fed(keyboard, "80 3e 00", "80 3c 00") == []
    assert fed(keyboard, "90 3c 40", "80 3c 00")[-2:] == [(0, "OFF", 60, 0.0), (1, "OFF", 60, 0.0)]  # no pedal


def test_other_tracks_and_zones_take_over_without_a_break() -> None:
    keyboards = Keyboards([InputRoute("keys", (zone(PIANO), zone(BASS)))])
    list(keyboards.feed("keys", bytes.fromhex("90 3c 40")))
    moved = PIANO._replace(track=1)
    routes, places = [InputRoute("keys", (zone(moved, low=62),))], [1, -1]  # the bass has gone, the piano is second
    assert said(live for _, live in keyboards.leave(routes, places)) == [(1, "OFF", 60, 64.0)]
    keyboards.adopt(routes, places)
    assert said(live for _, live in keyboards.feed("keys", bytes.fromhex("80 3c 00 90 3e 40"))) == [
        (1, "OFF", 60, 0.0), (1, "ON", 62, 64.0)]


def test_two_inputs_do_not_end_each_others_notes() -> None:
    keyboards = Keyboards([InputRoute("a", (zone(Place(0, 15)),)), InputRoute("b", (zone(Place(0, 14)),))])
    def play(source: str, text: str) -> list[tuple[int, int]]:
        return [(i, live.event.channel) for i, live in keyboards.feed(source, bytes.fromhex(text))]
    assert play("a", "90 3c 40") == [(0, 15)] and play("b", "90 3c 40 80 3c 00") == [(1, 14)] * 2
    assert keyboards.held(0).notes and play("a", "ff") == [(0, 15)] and not keyboards.held(0).notes


Zones = st.lists(st.builds(zone, st.sampled_from([PIANO, BASS, PLUGIN]), st.integers(0, 70), st.integers(50, 127),
                           st.integers(-24, 24), st.sampled_from([None, 0, 1]),
                           st.sampled_from(["pass", "hold", "off"])), min_size=1, max_size=4)
Messages = st.one_of(
    st.binary(max_size=12),
    st.builds(lambda status, key, value: bytes((status, key, value)),
              st.sampled_from([0x80, 0x90, 0x90, 0x81, 0x91, 0xA0]), st.integers(58, 62), st.integers(0, 127)),
    st.builds(lambda channel, number, value: bytes((0xB0 | channel, number, value)), st.integers(0, 1),
              st.sampled_from([1, 64, 64, 66, 66, 120, 121, 123]), st.sampled_from([0, 40, 127])),
    st.just(b"\xff"),
)


@settings(max_examples=300, deadline=None)
@given(Zones, st.lists(Messages, max_size=60), Zones)
def test_whatever_comes_each_note_on_has_one_note_off(zones: list[ZoneRoute], messages: list[bytes],
                                                      others: list[ZoneRoute]) -> None:
    keyboards = Keyboards([InputRoute("keys", tuple(zones))])
    sounding: Counter[tuple[Place, int]] = Counter()

    def hear(lives: Iterable[tuple[int, Live]]) -> None:
        for _, live in lives:
            key = live.place, live.event.number
            if live.event.kind is Kind.ON:
                assert not sounding[key] and 1 <= live.event.value <= 127
                sounding[key] += 1
            elif live.event.kind is Kind.OFF:
                assert sounding[key] == 1
                sounding[key] -= 1
            assert decode_played(encode_played([Played(7, -1.0, 0, 1, live.to_midi())]))[0].data == live.to_midi()

    for i, data in enumerate(messages):
        if i == len(messages) // 2:
            routes = [InputRoute("keys", tuple(others))]
            hear(keyboards.leave(routes, range(3)))
            keyboards.adopt(routes, range(3))
        hear(keyboards.feed("keys", data))
        for track in range(3):
            assert keyboards.held(track).notes == any(n for (place, _), n in sounding.items() if place.track == track)
    hear(keyboards.end())
    assert not any(sounding.values())
    assert not any(any(keyboards.held(track)) for track in range(3))


def test_events_cost_no_sharing_of_state() -> None:
    """An event is a value: the caller gives it a frame."""
    (live,) = Keyboard([zone()]).feed(b"\x90\x3c\x40")
    assert live.event == FrameEvent(0, Kind.ON, 15, 60, 64.0)
