"""Kernels: one warm-up loads them all, and the cache lies where it can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from numba.core.caching import _CacheLocator

import instruments.kernels
from bridge.commands import cli
from instruments import kernel_cache
from instruments.warmup import _COMPILE, KERNELS, SHARES, warm_up

ROOT = Path(instruments.kernels.__file__).parents[2]
TINY = '''
"""One small kernel."""
from instruments.kernels.compiled import kernel


@kernel("float64(float64)")
def twice(x):
    return x + x
'''


def test_warm_up_loads_every_kernel_and_again_costs_nothing() -> None:
    warm_up()
    for name in KERNELS:
        assert f"instruments.kernels.{name}" in sys.modules
    assert warm_up() < 0.05


def test_the_command_says_when_it_is_done_and_nothing_of_compiling_where_all_is_there() -> None:
    told: list[tuple[int, bool]] = []
    warm_up(lambda *what: told.append(what))
    assert told == [(100, False)] and sum(SHARES) == 100
    done = CliRunner().invoke(cli, ["warmup"])
    assert done.exit_code == 0
    assert done.stdout.startswith("ready after") and "compiling" not in done.output


def test_what_is_missing_is_compiled_in_processes_of_its_own(tmp_path: Path) -> None:
    code = """
import sys
import instruments.warmup as w
w.KERNELS, w.SHARES = ("limiters", "sampler"), (60, 40)
told = []
w.warm_up(lambda *what: told.append(what))
from instruments.kernels.sampler import play
print(told, sum(play.stats.cache_hits.values()))
"""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120,
                          check=True)
    told, hits = done.stdout.rsplit(" ", 1)
    assert told in ("[(0, True), (60, True), (100, False)]", "[(0, True), (40, True), (100, False)]")
    assert int(hits) == int((os.cpu_count() or 1) > 1)


def test_a_process_that_compiles_ends_with_the_one_that_wants_it(tmp_path: Path) -> None:
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-c", _COMPILE.format(name="oscillators")], stdin=subprocess.PIPE,
                             env=env, stderr=subprocess.DEVNULL)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(60) == 1  # compiled, it would be 0


def test_every_module_with_a_kernel_is_warmed_up() -> None:
    with_kernels = {p.stem for p in (ROOT / "instruments" / "kernels").glob("*.py") if "\n@kernel(" in p.read_text()}
    assert with_kernels <= set(KERNELS)


def test_where_no_folder_can_be_written_a_temporary_one_serves_that_is_this_users_alone(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "find_folder", lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def taken() -> Path:
        monkeypatch.setenv("NUMBA_CACHE_DIR", "")
        kernel_cache.settle()
        return Path(os.environ["NUMBA_CACHE_DIR"])

    folder = taken()
    assert folder.parent == tmp_path and taken() == folder
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
        folder.chmod(0o777)  # anyone may have put something into it
        assert taken() != folder and taken().stat().st_mode & 0o077 == 0
    folder.rmdir()
    folder.write_text("in the way")
    assert taken() != folder


def test_what_another_user_compiled_beside_the_package_is_taken_over(tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    beside, mine = tmp_path / "kernels" / "__pycache__", tmp_path / "cache"
    beside.mkdir(parents=True)
    for name in ("a.py311.nbi", "a.py311.1.nbc", "a.cpython-311.pyc"):
        (beside / name).write_text("old")
    monkeypatch.setattr(kernel_cache, "_BESIDE", beside)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(mine))
    kernel_cache.settle()
    assert list(mine.iterdir()) == []  # this user can write there, too
    monkeypatch.setattr(kernel_cache, "_writable", lambda folder: folder != beside)
    kernel_cache.settle()
    (folder,) = mine.iterdir()
    assert folder.name == _CacheLocator.get_suitable_cache_subpath(str(beside.parent / "voices.py"))
    assert sorted(p.name for p in folder.iterdir()) == ["a.py311.1.nbc", "a.py311.nbi"]
    own = folder / "a.py311.nbi"
    own.write_text("mine, compiled since")
    kernel_cache.settle()
    assert own.read_text() == "mine, compiled since"
    (beside / own.name).write_text("new")
    os.utime(beside / own.name, (own.stat().st_mtime + 60,) * 2)
    kernel_cache.settle()
    assert own.read_text() == "new"


def _copy(folder: Path) -> None:
    """A package `instruments.kernels` of one small kernel."""
    kernels = folder / "instruments" / "kernels"
    kernels.mkdir(parents=True)
    for name in ("__init__.py", "kernel_cache.py", "kernels/__init__.py", "kernels/compiled.py", "kernels/tone.py"):
        (folder / "instruments" / name).write_bytes((ROOT / "instruments" / name).read_bytes())
    (kernels / "tiny.py").write_text(TINY, encoding="utf-8")


def _twice(folder: Path, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    # Numba finds the user's cache by HOME (XDG_CACHE_HOME, LOCALAPPDATA), or in the package where that can be written.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "XDG_", "PYTHON"))}
    env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "LOCALAPPDATA": str(home), **more}
    code = "from instruments.kernels.tiny import twice; print(twice(21.0), sum(twice.stats.cache_hits.values()))"
    return subprocess.run([sys.executable, "-B", "-c", code], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=120, check=True)


def test_a_change_in_any_kernel_source_compiles_anew(tmp_path: Path) -> None:
    _copy(tmp_path)
    assert _twice(tmp_path, tmp_path).stdout.split() == ["42.0", "0"]
    assert _twice(tmp_path, tmp_path).stdout.split() == ["42.0", "1"]
    tone = tmp_path / "instruments" / "kernels" / "tone.py"
    tone.write_text(tone.read_text() + "\n# changed\n", encoding="utf-8")
    assert _twice(tmp_path, tmp_path).stdout.split() == ["42.0", "0"]


def test_where_nothing_can_be_written_beside_the_package_the_users_folder_serves(tmp_path: Path) -> None:
    """As root too, who may write to read-only folders: a file stands where the folder would be made."""
    installed, home = tmp_path / "installed", tmp_path / "home"
    home.mkdir()
    _copy(installed)
    (installed / "instruments" / "kernels" / "__pycache__").write_text("in the way")
    assert _twice(installed, home).stdout.split() == ["42.0", "0"]
    assert _twice(installed, home).stdout.split() == ["42.0", "1"]
    assert list(home.rglob("*.nbi"))


def test_where_nothing_can_be_written_at_all_it_still_plays(tmp_path: Path) -> None:
    installed, nobody = tmp_path / "installed", tmp_path / "nobody"
    nobody.write_text("no folder")
    _copy(installed)
    (installed / "instruments" / "kernels" / "__pycache__").write_text("in the way")
    assert _twice(installed, nobody, TMPDIR=str(tmp_path)).stdout.split() == ["42.0", "0"]
    assert _twice(installed, nobody, TMPDIR=str(tmp_path)).stdout.split() == ["42.0", "1"]


def test_a_read_only_installation_is_cached_in_the_users_folder(tmp_path: Path) -> None:
    installed, home = tmp_path / "installed", tmp_path / "home"
    home.mkdir()
    _copy(installed)
    folders = [p for p in [installed, *installed.rglob("*")] if p.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        if os.access(folders[-1], os.W_OK):
            pytest.skip("this user may write anywhere (root): a read-only folder cannot be had")
        assert _twice(installed, home).stdout.split() == ["42.0", "0"]
        assert _twice(installed, home).stdout.split() == ["42.0", "1"]
        assert list(home.rglob("*.nbi"))
    finally:
        for folder in folders:
            folder.chmod(0o755)
