"""What is installed is what is meant to be: packages, sessions, patches, the web page, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"composers", "models", "instruments", "bridge", "sessions"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    source.mkdir()
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    names = listed.stdout.split() if listed.returncode == 0 else [
        str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]
    for name in names:
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", str(out), str(source)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_every_module_and_data_file_is_in(wheel: set[str]) -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.suffix in {".py", ".toml", ".html", ".css", ".js", ".svg"} and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in wheel


def test_nothing_else_is_in(wheel: set[str]) -> None:
    strays = {n for n in wheel if n.partition("/")[0] not in PACKAGES and ".dist-info/" not in n}
    assert not strays
    assert not {n for n in wheel if n.startswith("tests/") or n.endswith((".pyc", ".nbi", ".nbc"))}
