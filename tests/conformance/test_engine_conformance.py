"""The engine, block by block at simulation speed: through the numbered cases as a follower, and the live scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from cases import CASES, Case
from live_cases import SCENARIOS, Scenario
from live_judge import judge
from simulation import EngineFollowed, perform

from bridge import session as sessions
from bridge.offline import clips_of
from bridge.timeline import ordered
from composers.composer import make_band
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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s.number} {s.name}" for s in SCENARIOS])
def test_what_the_engine_sends(scenario: Scenario) -> None:
    """As tests/peers/test_conformance_live.py, but for what only a whole program shows."""
    band = make_band(SESSION.plan())

    @cache
    def composed(bar: int) -> tuple[Clip, ...]:
        return ordered(band.compose(bar), TRACKS, bar, SESSION.meter)

    script = scenario.write()
    script.alone = False
    script.shown, script.notices = [], []
    heard = perform(script, composed, TRACKS, bpm=SESSION.music.tempo,
                    on_loss="stop" if scenario.player == "stops" else "continue")
    complaints = judge(script, heard, _clips())
    assert not complaints, "\n".join(complaints[:20])
