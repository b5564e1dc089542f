"""Our follower through all numbered cases; the peers' filters through the same, with what each is known to fail.

Another follower is tested with
SIDEMAN_FOLLOWER=module:factory pytest tests/conformance -k another
where `factory(bpm)` makes an object like bridge.bench.clock_filters.Followed.
"""

from __future__ import annotations

import os
from importlib import import_module

import pytest
from cases import CASES, Case, Make

from bridge.bench.clock_filters import PEERS, Ours

GUESS_BPM = 100.0

PEERS_FAIL = {
    "ardour_dll":
        "C06 C08 C09 C12 C21 C22 C24 C25 C26 C27 C28 C29 C30 C32 C34 C35 C36 C37 C38 C39 C40 C41 C42",
    "dll_1_hz":
        "C08 C09 C19 C21 C24 C25 C26 C27 C28 C29 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41",
    "hydrogen_mean_10":
        "C08 C09 C16 C18 C19 C21 C24 C25 C27 C28 C29 C32 C33 C34 C36 C37 C38 C39 C40 C41",
    "isobar_ema":
        "C04 C05 C06 C08 C09 C10 C16 C18 C19 C21 C24 C25 C26 C27 C28 C29 C32 C33 C34 C35 C36 C37 C38 C39 C40 "
        "C41",
    "least_squares_48":
        "C08 C09 C16 C17 C18 C19 C21 C24 C25 C26 C27 C28 C32 C33 C34 C36 C37 C38 C39 C40 C41",
}
"""Numbers of the cases that each baseline does not pass: its transport as described, its filter as written."""


def passes(case: Case, make: Make) -> bool:
    try:
        case.check(make)
    except AssertionError:
        return False
    return True


def test_the_cases_are_numbered_without_a_gap() -> None:
    assert [c.number for c in CASES] == [f"C{i:02d}" for i in range(1, len(CASES) + 1)]
    assert all(c.name and c.origin and c.tolerance for c in CASES)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.number} {c.name}" for c in CASES])
def test_ours(case: Case) -> None:
    case.check(lambda: Ours(GUESS_BPM))


@pytest.mark.parametrize("name", PEERS)
def test_what_the_baselines_fail(name: str) -> None:
    """Expected failures, exactly: a baseline that does better than it should is as wrong as a case that is too lax."""
    failed = [case.number for case in CASES if not passes(case, lambda: PEERS[name](GUESS_BPM))]
    assert " ".join(failed) == PEERS_FAIL[name]


@pytest.mark.skipif("SIDEMAN_FOLLOWER" not in os.environ, reason="no SIDEMAN_FOLLOWER=module:factory is set")
@pytest.mark.parametrize("case", CASES, ids=[f"{c.number} {c.name}" for c in CASES])
def test_another(case: Case) -> None:
    module, _, factory = os.environ["SIDEMAN_FOLLOWER"].partition(":")
    make = getattr(import_module(module), factory)
    case.check(lambda: make(GUESS_BPM))
