"""The examples that people copy: they run, and do what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from composers import Piece

ROOT = Path(__file__).parents[2]


def test_the_jazz_trio_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "jazz_trio.py"), str(tmp_path / "trio.mid")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    piece = Piece.load(tmp_path / "trio.mid")
    assert piece.bars == 64 and piece.names == ("piano", "bass", "drums")
    assert "continued:     Piece: 16 bars" in done.stdout


def test_the_edm_track_runs(tmp_path: Path) -> None:
    """It has its build-ups and its drops, and says so."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "edm_track.py"), str(tmp_path / "track.mid")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    piece = Piece.load(tmp_path / "track.mid")
    assert piece.bars == 64 and {"supersaw", "synth-bass", "electronic-kit", "fx"} <= set(piece.names)
    rows = [line.split()[2:] for line in done.stdout.splitlines() if line.startswith("bar")]
    roles = [row[0] for row in rows]
    assert roles.count("build") == roles.count("drop") == 2
    density = {role: float(row[-4]) for role, row in zip(roles, rows, strict=True)}
    assert density["breakdown"] < density["build"] < density["drop"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with composers, installed where a process can be told to look."""
    place = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source") / "sideman-canon"
    shutil.copytree(ROOT / "examples" / "sideman-canon", source)  # pip leaves its own files beside it
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(place),
         str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:  # no setuptools in this environment: let pip fetch it
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place),
             str(source)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


CHECK = """
from composers.composer import Plan, composer_names, make_band
assert {"canon", "heartbeat"} <= set(composer_names()), composer_names()
parts = {"piano": ("comp",), "sax": ("melody",), "cello": ("counter",), "kit": ("drums",)}
band = make_band(Plan(parts=parts, composers={"cello": "canon", "kit": "heartbeat"}, sounds={"cello": "cello"}))
bars = [band.compose(bar) for bar in range(8)]
assert band.take_notices() == []
answers = [n for clips in bars for n in clips["cello"].notes]
leads = [n for clips in bars for n in clips["sax"].notes]
assert len(answers) > 5, answers
assert {n.start - 3840 for n in answers} <= {n.start for n in leads}
assert all(36 <= n.pitch <= 69 for n in answers)
assert all(len(clips["kit"].notes) == 8 for clips in bars)
print("ok")
"""


def test_composers_of_a_package_are_found_and_play(package: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{ROOT}"})  # fmt: skip
    assert done.returncode == 0 and "ok" in done.stdout, done.stderr
