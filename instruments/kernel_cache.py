"""Where compiled kernels are kept between starts: a folder that this user can write to. Nothing here imports numba."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""numba's own environment variable: a folder that goes before all others."""


def folders() -> list[Path]:
    """Where numba would keep them (numba.core.caching), the first that can be written: named, beside, the user's."""
    named = os.environ.get(VARIABLE)
    home = Path.home()
    users = {
        "darwin": home / "Library/Caches/numba",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "numba" / "Cache",
    }.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba")
    return [*([Path(named)] if named else []), Path(__file__).parent / "kernels" / "__pycache__", users]


def find_folder() -> Path | None:
    """The one that serves, made if need be; None where none can be written. Touches the disk."""
    return next((folder for folder in folders() if _writable(folder)), None)


def settle() -> None:
    """Before numba is imported: where no folder can be written, which numba refuses to work with, take a temporary one.

    It is known to the processes that this one starts, and kept as long as the system keeps temporary files.
    """
    if find_folder() is None:
        os.environ[VARIABLE] = str(_temporary())


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
