"""Our follower through all numbered cases; the peers' filters through the same, with what each is known to fail.

Another follower is tested with
SIDEMAN_FOLLOWER=module:factory pytest tests/conformance -k another
where `factory(bpm)` makes an object like bridge.bench.clock_filters.Followed.
"""

from __future__ import annotations

import os
from importlib import import_module

import pytest
from baselines import PEERS_FAIL
from cases import CASES, Case, Make
from document import PAGE, page

from bridge.bench.clock_filters import PEERS, Ours

GUESS_BPM = 100.0

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


def test_the_documentation_lists_the_cases() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/conformance.md is out of date: python tests/conformance/document.py"
