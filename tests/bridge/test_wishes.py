"""What clients wish of a session, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import MessageError, SidemanError
from bridge.music_paths import listed, wishes
from bridge.session import CueSpec, Session, load
from bridge.stream.wire import GenerateParams, ModifyParams
from bridge.wishes import generated, modified, sections_of, settled
from composers.composer import make_band


@pytest.fixture
def trio() -> Session:
    return settled(load("jazz-trio"), "jazz-trio")


def changed(session: Session, bar: int = 8, **params: Any) -> Session:
    new = modified(session, ModifyParams(**params), bar)
    assert new is not None
    return new


def test_what_was_chosen_for_a_tempo_stays_at_another(trio: Session) -> None:
    assert trio.music.style is not None and trio.music.form == "aaba"
    fast = changed(trio, tempo=260.0)
    assert (fast.music.style, fast.music.form, fast.music.tempo) == (trio.music.style, "aaba", 260.0)


@pytest.mark.parametrize(
    "params",
    [
        {"key": "Bb"}, {"mode": "minor"}, {"energy": 0.9}, {"density": 0.1}, {"complexity": 0.9}, {"register": 5},
        {"swing": 0.6}, {"chords": "Dm7 G7 | Cmaj7"}, {"seed": 9}, {"form": "blues"}, {"tempo": 100.0},
        {"mute": ["drums"]}, {"solo": ["bass"]}, {"section": "solo"}, {"instruments": {"piano": "rhodes"}},
    ],
    ids=lambda p: next(iter(p)),
)  # fmt: skip
def test_each_wish_is_a_session_that_plays(trio: Session, params: dict[str, Any]) -> None:
    new = changed(trio, **params)
    assert new != trio
    clips = make_band(new.plan()).compose(9)
    assert set(clips) == {"piano", "bass", "drums"}


def test_what_is_not_wished_is_no_change(trio: Session) -> None:
    assert modified(trio, ModifyParams(volume=0.5), 3) is None
    assert modified(trio, ModifyParams(energy=trio.music.energy), 3) is None


def test_a_swing_and_chords_of_the_genres_own_come_back(trio: Session) -> None:
    mine = changed(trio, swing=0.7, chords="ii V | I")
    assert changed(mine, swing="auto", chords="auto").music == trio.music


def test_resting_and_alone(trio: Session) -> None:
    alone = changed(trio, solo=["bass"])
    assert alone.music.mute == ["piano", "drums"]
    clips = make_band(alone.plan()).compose(4)
    assert clips["bass"].notes and not clips["piano"].notes and not clips["drums"].notes
    both = make_band(trio.plan()).compose(4)
    assert clips["bass"] == both["bass"], "who rests changes nothing for the others"
    assert changed(alone, mute=[]).music.mute == []
    with pytest.raises(SidemanError, match="'kazoo' is no track: choose from piano, bass, drums"):
        changed(trio, mute=["kazoo"])


def test_a_jump_takes_place_at_its_bar_and_drops_later_ones(trio: Session) -> None:
    there = changed(trio, bar=5, section="solo")
    assert there.music.cues == [CueSpec(6, "solo")]
    band = make_band(there.plan())
    assert band.chart(4) == make_band(trio.plan()).chart(4)
    assert band.chart(5).section.startswith("solo")
    back = changed(changed(there, bar=20, section="head"), bar=9, section="again")
    assert [c.bar for c in back.music.cues] == [6, 10]
    further = changed(trio, bar=3, section="next")
    assert make_band(further.plan()).chart(3).chords == make_band(trio.plan()).chart(8).chords


def test_the_end_can_be_called_for(trio: Session) -> None:
    ending = changed(trio, bar=7, section="ending")
    assert ending.music.bars == 9
    band = make_band(ending.plan())
    assert band.chart(7).section == "ending" and not band.chart(9).chords


def test_a_section_that_is_none_is_refused_with_those_that_are(trio: Session) -> None:
    with pytest.raises(SidemanError, match=r"'bridge 9'.*choose one of head"):
        changed(trio, section="bridge 9")
    assert "solo" in sections_of(trio) and sections_of(trio)[-1] == "ending"


def test_another_piece_forgets_rests_and_jumps(trio: Session) -> None:
    session = changed(changed(trio, mute=["drums"]), section="solo")
    new = generated(session, GenerateParams(key="F"))
    assert new.music.mute == [] and new.music.cues == [] and new.music.bars is None


# As parameters ----------------------------------------------------------------------------------------------------


def test_paths_have_values_and_are_found_without_their_whole_name(trio: Session) -> None:
    values = {info.path: info.value for info in listed(changed(trio, energy=0.8, mute=["bass"]))}
    assert values["music.energy"] == 0.8 and values["music.mute.bass"] == 1 and values["music.mute.drums"] == 0


def test_values_become_wishes(trio: Session) -> None:
    wished = wishes(trio, {"music.energy": 0.25, "music.register": 3, "music.key": "Ab", "music.mute.drums": 1})
    assert wished == ModifyParams(energy=0.25, register=3, key="Ab", mute=["drums"])
    assert wishes(changed(trio, mute=["drums"]), {"music.mute.drums": 0}) == ModifyParams(mute=[])
    assert wishes(trio, {}) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"music.energy": 2}, "music.energy = 2 does not fit: give a number from 0 to 1"),
        ({"music.energi": 0.2}, "did you mean 'music.energy'"),
        ({"music.key": 3}, "give a word"),
        ({"music.register": 0.5}, "a whole number from -12 to 12"),
    ],
)
def test_what_does_not_fit_is_refused(trio: Session, values: dict[str, Any], words: str) -> None:
    with pytest.raises(MessageError, match=words):
        wishes(trio, values)
