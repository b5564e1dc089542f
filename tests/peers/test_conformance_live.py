"""The whole program through all numbered scenarios (tests/conformance/live_cases.py), over a real jackd."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

import pytest
from live_cases import SCENARIOS, THIRD_PARTY, Scenario
from live_judge import judge

from bridge.errors import DeviceError
from composers.score import Clip

try:
    from live_stage import Stage, Take

    from bridge.jack.peers import PACKAGES
    from bridge.offline import clips_of
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(400)]
_BARS = 110


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, list[str]]]:
    """Of each scenario. What failed while JACK left out cycles is played once more: that was the machine."""
    if shutil.which("jackd") is None:
        pytest.skip(f"jackd is missing: apt-get install {PACKAGES['jackd']}")
    with Stage(tmp_path_factory.mktemp("live")) as stage:
        clips = clips_of(stage.session, _BARS)
        take = stage.run(SCENARIOS)
        all_of_them = [*SCENARIOS, THIRD_PARTY] if stage.clock_master else SCENARIOS
        found = {s.number: of(take, s, clips) for s in all_of_them}
        again = [s for s in all_of_them if found[s.number] and take.disturbed(s.number)]
        if again:
            second = stage.run([s for s in again if s is not THIRD_PARTY])
            found |= {s.number: of(second, s, clips) for s in again}
    yield found


def of(take: Take, scenario: Scenario, clips: Mapping[str, Clip]) -> list[str]:
    script, heard = take.performance(scenario.number)
    return judge(script, heard, clips)


def test_the_scenarios_are_numbered_without_a_gap() -> None:
    all_of_them = [*SCENARIOS, THIRD_PARTY]
    assert [s.number for s in all_of_them] == [f"P{i:02d}" for i in range(1, len(all_of_them) + 1)]
    assert all(s.name and s.origin and s.tolerance for s in all_of_them)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s.number} {s.name}" for s in SCENARIOS])
def test_live(scenario: Scenario, complaints: Mapping[str, list[str]]) -> None:
    assert not complaints[scenario.number], "\n".join(complaints[scenario.number][:20])


@pytest.mark.peer("jack_midi_clock")
def test_a_master_by_other_hands(complaints: Mapping[str, list[str]]) -> None:
    assert not complaints[THIRD_PARTY.number], "\n".join(complaints[THIRD_PARTY.number][:20])
