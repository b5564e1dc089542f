"""Keys, chokes and hands of the kit."""

from __future__ import annotations

from statistics import fmean, pstdev

import pytest

from composers.feel import STRAIGHT
from composers.parts import kit
from composers.parts.humanise import Place, play
from composers.parts.passage import Event, Written
from composers.pulse import STEPS, pulse_of
from composers.score import PPQ, Meter, Note
from composers.statistics import drums
from composers.statistics.timing import autocorrelation

_MS = 60_000 / 120 / PPQ


def _played(feel: str, keys: tuple[int, ...], bars: int = 200, gap: int = 6) -> dict[int, list[tuple[int, float]]]:
    """By key (step in the bar, ms from the grid), downbeats left out: a bar line lets nobody be early."""
    events = [Event(step, 3, key, 90.0) for step in range(0, bars * 48, gap) for key in keys]
    place = Place(0, 3840, STRAIGHT, 120.0, 2.0, pulse_of(Meter()), None)
    notes = play(Written(sorted(events)), kit.HANDS[feel], place, kit.CHANNEL, 1, "test").notes
    found: dict[int, list[tuple[int, float]]] = {key: [] for key in keys}
    for note in sorted(notes):
        step = gap * round(note.start * STEPS / PPQ / gap)
        if step % 48:
            found[note.pitch].append((step % 48, (note.start - step * PPQ / STEPS) * _MS))
    return found


def test_keys_are_what_general_midi_and_the_statistics_call_them() -> None:
    assert [drums.class_of(key) for key in (kit.KICK, kit.SNARE, kit.RIM, kit.HAT, kit.OPEN_HAT, kit.PEDAL_HAT)] == [
        drums.KICK, drums.SNARE, drums.RIM, drums.HAT, drums.OPEN_HAT, drums.PEDAL_HAT,
    ]  # fmt: skip
    assert all(drums.class_of(key) == drums.TOM for key in kit.TOMS)
    assert all(drums.class_of(key) == drums.CRASH for key in kit.CRASHES)
    assert all(drums.class_of(key) == drums.RIDE for key in kit.RIDES)
    assert not kit.CYMBALS & kit.DRUMS


def test_one_pair_of_cymbals_cannot_be_open_and_closed() -> None:
    for hat in kit.HATS:
        assert hat not in kit.CHOKES[hat]
        assert all(hat in kit.CHOKES[other] for other in kit.CHOKES[hat] if other in kit.HATS)


@pytest.mark.parametrize("feel", sorted(kit.HANDS))
def test_every_feel_has_hands_for_every_key(feel: str) -> None:
    hands = kit.HANDS[feel]
    assert all(hands.get(key, hands[0]).name for key in range(128))
    assert len({hand.name.rsplit(" ", 1)[0] for hand in hands.values()} - {hands[0].name}) <= 2


def test_live_limbs_lie_where_groove_midi_has_them() -> None:
    """Ride behind the kick by 7 ms or so, the pedalled hat 12 before the hat: means of takes, in ms."""
    found = _played("live", (kit.KICK, kit.HAT, kit.RIDE, kit.PEDAL_HAT), 400)
    mean = {key: fmean(ms for _, ms in row) for key, row in found.items()}
    assert 4 < mean[kit.RIDE] - mean[kit.KICK] < 10
    assert -16 < mean[kit.PEDAL_HAT] - mean[kit.HAT] < -8


def test_live_hands_wander_and_machines_do_not() -> None:
    assert 12 < pstdev(ms for _, ms in _played("live", (kit.HAT,))[kit.HAT]) < 18
    assert 6 < pstdev(ms for _, ms in _played("tight", (kit.HAT,))[kit.HAT]) < 9
    assert pstdev(ms for _, ms in _played("electronic", (kit.HAT,))[kit.HAT]) < 4


def test_the_wander_has_a_memory() -> None:
    """Lag-1 autocorrelation of hats in eighths: .40 to .73 by style; white noise has none."""
    found = autocorrelation([ms for _, ms in _played("live", (kit.HAT,), 400)[kit.HAT]])
    assert found is not None and 0.4 < found < 0.7


def test_limbs_wander_together() -> None:
    """Kick and hat of one step: r = .64 to .72 on Groove MIDI."""
    found = _played("live", (kit.KICK, kit.HAT), 400)
    kicks, hats = ([ms for _, ms in found[key]] for key in (kit.KICK, kit.HAT))
    a, b = fmean(kicks), fmean(hats)
    shared = fmean((x - a) * (y - b) for x, y in zip(kicks, hats, strict=True)) / pstdev(kicks) / pstdev(hats)
    assert 0.55 < shared < 0.8


@pytest.mark.parametrize(("feel", "late"), [("live", 12.0), ("funk", 15.0), ("hip-hop", 18.0)])
def test_kicks_on_sixteenths_are_late_and_hats_are_not(feel: str, late: float) -> None:
    """By 12 ms in rock, 13 to 20 in funk, 15 and more in hip-hop; hats by 2 to 4."""
    found = _played(feel, (kit.KICK, kit.HAT), 300, 3)

    def lateness(key: int) -> float:
        between = fmean(ms for step, ms in found[key] if step % 6 == 3)
        return between - fmean(ms for step, ms in found[key] if step % 6 == 0)

    assert abs(lateness(kit.KICK) - late) < 3
    assert lateness(kit.HAT) < 5


def test_backbeats_are_the_steadiest_place() -> None:
    found = _played("live", (kit.SNARE,), 600)[kit.SNARE]
    back = pstdev(ms for step, ms in found if step in (12, 36))
    assert back < 0.85 * pstdev(ms for step, ms in found if step not in (12, 36))


def test_ghosts_of_hip_hop_come_later_than_backbeats() -> None:
    place = Place(0, 3840, STRAIGHT, 120.0, 2.0, pulse_of(Meter()), None)
    events = sorted(Event(bar * 48 + step, 3, kit.SNARE, loud) for bar in range(300)
                    for step, loud in ((12, 110.0), (21, 40.0)))  # fmt: skip
    notes: list[Note] = play(Written(events), kit.HANDS["hip-hop"], place, 9, 1).notes
    late = [(n.start - e.step * 80) * _MS for n, e in zip(notes, events, strict=True)]
    assert 15 < fmean(late[1::2]) - fmean(late[::2]) < 30
