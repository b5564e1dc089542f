"""The engine, block by block at simulation speed: through the numbered cases as a follower, and the live scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from cases import CASES, Case
from live_cases import PLAYERS, SCENARIOS, Scenario
from live_judge import judge
from simulation import EngineFollowed, SimulatedEngine, perform

from bridge import session as sessions
from bridge.engine.timeline import ordered
from bridge.offline import clips_of
from composers.composer import Band, make_band
from composers.score import Clip

_BARS = 110
SESSION = sessions.load("jazz-trio")
TRACKS = tuple(t.name for t in SESSION.tracks)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.number} {c.name}" for c in CASES])
def test_the_engine_as_a_follower(case: Case) -> None:
    case.check(lambda: EngineFollowed(100.0))


@cache
def _clips() -> Mapping[str, Clip]:
    return clips_of(SESSION, _BARS)


@cache
def _composed(bar: int) -> tuple[Clip, ...]:
    return ordered(_band().compose(bar), TRACKS, bar, SESSION.meter)


@cache
def _band() -> Band:
    return make_band(SESSION.plan())


def _engine(player: str) -> SimulatedEngine:
    on_loss = "stop" if player == "stops" else "continue"
    return SimulatedEngine(_composed, len(TRACKS), SESSION.music.tempo, on_loss=on_loss)


def _complaints(scenario: Scenario, engine: SimulatedEngine) -> list[str]:
    """As tests/peers/test_conformance_live.py, but for what only a whole program shows."""
    script = scenario.write()
    script.alone = False
    script.shown, script.notices = [], []
    return judge(script, perform(script, engine, TRACKS), _clips())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s.number} {s.name}" for s in SCENARIOS])
def test_what_the_engine_sends(scenario: Scenario) -> None:
    complaints = _complaints(scenario, _engine(scenario.player))
    assert not complaints, "\n".join(complaints[:20])


@pytest.mark.parametrize("player", PLAYERS)
def test_one_engine_through_all_scenarios(player: str) -> None:
    """What one master did leaves no trace when another one follows on the same port."""
    engine = _engine(player)
    found = {s.number: _complaints(s, engine)[:5] for s in SCENARIOS if s.player == player}
    assert not any(found.values()), {number: words for number, words in found.items() if words}
