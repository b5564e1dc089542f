"""Where compiled kernels are kept between starts: a folder that this user can write to. Nothing here imports numba."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""numba's own environment variable: a folder that goes before all others."""
_BESIDE = Path(__file__).resolve().parent / "kernels" / "__pycache__"


def folders() -> list[Path]:
    """Where numba would keep them (numba.core.caching), the first that can be written: named, beside, the user's."""
    named = os.environ.get(VARIABLE)
    home = Path.home()
    users = {
        "darwin": home / "Library/Caches/numba",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "numba" / "Cache",
    }.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba")
    return [*([Path(named)] if named else []), _BESIDE, users]


def find_folder() -> Path | None:
    """The one that serves, made if need be; None where none can be written. Touches the disk."""
    return next((folder for folder in folders() if _writable(folder)), None)


def settle() -> None:
    """Before numba is imported: see to it that there is a folder, and that nothing is compiled that need not be.

    numba refuses to work without a folder that it can write to: then a temporary one is taken, which the processes know
    that this one starts. And it only looks into folders that it can write to: what lies beside the package, compiled
    when that was installed by another user, is copied into this one's.
    """
    folder = find_folder()
    if folder is None:
        folder = _temporary()
        os.environ[VARIABLE] = str(folder)
    if folder != _BESIDE and not _writable(_BESIDE):
        _copy(_BESIDE, folder / numbas_name(_BESIDE.parent))


def numbas_name(sources: Path) -> str:
    """What numba calls the folder of a source folder's kernels, in a cache for all (numba.core.caching)."""
    return f"{sources.name}_{hashlib.sha1(str(sources).encode(), usedforsecurity=False).hexdigest()}"


def _copy(source: Path, target: Path) -> None:
    """What is new there, the index files last, which name the others. numba checks itself whether it is up to date."""
    try:
        files = [p for p in source.iterdir() if p.suffix in (".nbc", ".nbi")]
        for path in sorted(files, key=lambda p: p.suffix):
            copy = target / path.name
            if not copy.exists() or copy.stat().st_mtime < path.stat().st_mtime:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target / f"{path.name}.{os.getpid()}")
                (target / f"{path.name}.{os.getpid()}").replace(copy)
    except OSError:
        return  # then it is compiled


def _temporary() -> Path:
    """This user's alone, because what lies in a cache is executed; a new one where that of all starts is not."""
    who = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    shared = Path(tempfile.gettempdir()) / f"sideman-kernels-{who}"
    try:
        shared.mkdir(mode=0o700, exist_ok=True)
        found = shared.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="sideman-kernels-"))
    private = stat.S_ISDIR(found.st_mode) and (os.name != "posix" or (
        found.st_uid == os.getuid() and not found.st_mode & 0o077))
    return shared if private and _writable(shared) else Path(tempfile.mkdtemp(prefix="sideman-kernels-"))


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
