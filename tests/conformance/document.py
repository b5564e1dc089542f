"""docs/conformance.md, written from the cases: python tests/conformance/document.py"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from baselines import PEERS_FAIL
from cases import CASES
from live_cases import SCENARIOS, THIRD_PARTY

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

_LETTERS = {"ardour_dll": "A", "dll_1_hz": "D", "hydrogen_mean_10": "H", "isobar_ema": "I", "least_squares_48": "L"}
_PEERS = {
    "ardour_dll": "Ardour's delay-locked loop: bandwidth 2 / BPM Hz, Stop goes back to the sixteenth",
    "dll_1_hz": "the same loop at 1 Hz",
    "hydrogen_mean_10": "Hydrogen: the mean of the last ten intervals",
    "isobar_ema": "isobar: an exponential mean of each interval's BPM; no song position, no Continue",
    "least_squares_48": "plain least squares over 48 clocks",
}

_HEAD = """\
<!-- Written by tests/conformance/document.py from the cases. Change those, and run it again. -->

# Conformance of clock followers

What a follower of MIDI clock must do, by the standard or because real masters do so, as numbered cases with
tolerances. All of them run in Sideman's tests:

| cases | put to | where |
|---|---|---|
| C01 to C{cases} | `bridge.clock.follower.ClockFollower`, in simulated time | `tests/conformance/test_conformance.py` |
| C01 to C{cases} | the engine, in blocks of 128 frames of simulated time | \
`tests/conformance/test_engine_conformance.py` |
| P01 to P{scenarios} | what the engine sends, likewise: each alone, and one after the other on one engine | the same |
| P01 to P{live} | `sideman play` over jackd in real time, led by our own JACK client, which sends any bytes at exact \
frames, and by jack_midi_clock | `tests/peers/test_conformance_live.py` |

In the P cases three programs run side by side, and everything is judged from outside: every composed note once, at its
place and with its end; our clock out, at its frames, with the Start, song position, Continue and Stop that belong to
it; what the WebSocket's status shows. They follow one another without a pause for the programs, so that what one
master did must leave no trace with the next. Where jackd itself left out cycles (a loaded machine), a scenario that
failed is played once more.

## Another follower

The C cases know nothing of ours. An adapter of six members (`bridge.bench.clock_filters.Followed`: `bpm`, `playing`,
`lost`, `feed`, `check`, `tick_at`) is enough:

```sh
SIDEMAN_FOLLOWER=my_package.adapter:make pytest tests/conformance/test_conformance.py -k another
```

`make(bpm)` returns a fresh follower with a first guess of the tempo.

## Peers

Written anew from their published descriptions (`bridge/bench/clock_filters.py`), with the transport that each gives;
`sideman bench clock` measures them beside ours. The last column of the first table has the letters of those that do
not pass; that they fail exactly these is a test too.

"""


def page() -> str:
    """The whole text."""
    third = [THIRD_PARTY]
    head = _HEAD.format(cases=len(CASES), scenarios=len(SCENARIOS), live=len(SCENARIOS) + len(third))
    peers = _table(("letter", "filter", "passes"), (
        (_LETTERS[name], _PEERS[name], f"{len(CASES) - len(PEERS_FAIL[name].split())} of {len(CASES)}")
        for name in PEERS_FAIL))
    cases = _table(("case", "name", "origin", "tolerance", "not passed by"), (
        (c.number, c.name, c.origin, c.tolerance, _failing(c.number)) for c in CASES))
    live = _table(("case", "name", "origin", "tolerance"), (
        (s.number, s.name, s.origin, s.tolerance) for s in [*SCENARIOS, *third]))
    return f"{head}{peers}\n## Followers\n\n{cases}\n## The whole program\n\n{live}"


def _failing(number: str) -> str:
    return " ".join(_LETTERS[name] for name, numbers in PEERS_FAIL.items() if number in numbers.split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
