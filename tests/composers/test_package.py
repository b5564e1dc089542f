"""The package's own names: there when they are asked for, and no weight before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import composers


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(("code", "absent"), [
    ("import composers", {"composers.theory", "numpy"}),
    ("import composers.score", {"composers.theory", "numpy"}),
    ("from composers import Scale", {"composers.theory.chords", "numpy"}),
    ("from composers import MusicTheory; MusicTheory().generate_progression('C', 'major', 'jazz', 8)",
     {"numpy", "mido", "composers.theory.voicings", "composers.theory.analysis.harmony"}),
])  # fmt: skip
def test_imports_cost_no_more_than_they_need(code: str, absent: set[str]) -> None:
    assert not loaded_by(code) & absent


def test_names_are_listed_and_others_refused() -> None:
    assert set(composers.__all__) <= set(dir(composers))
    with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
        _ = composers.NoSuchThing
