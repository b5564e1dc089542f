"""The classical sonata that people copy: the script runs, and stands in the page that tells of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from composers import Piece

ROOT = Path(__file__).parents[3]


def test_the_sonata_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "sonata.py"), str(tmp_path / "sonata.mid")],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    piece = Piece.load(tmp_path / "sonata.mid")
    assert abs(piece.duration_s - 120) <= 4 * 60 / piece.time.bpm_at(0)
    keys = done.stdout.partition("keys:")[2].splitlines()[0]
    assert keys.strip().startswith("Bb major") and "F major" in keys, "home, and the dominant"
    assert "second theme B" in done.stdout and "cadence in Bb major" in done.stdout


def test_the_page_shows_what_the_script_does() -> None:
    page = (ROOT / "docs" / "composing.md").read_text(encoding="utf-8")
    section = page.partition("## A classical sonata")[2]
    block = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    script = (ROOT / "examples" / "sonata.py").read_text(encoding="utf-8")
    for line in block.strip().splitlines():
        if line.strip() and not line.startswith(("from", "#")):
            assert line.strip() in script, line
