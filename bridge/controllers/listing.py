"""What of a session can be turned, without playing it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bridge import music_paths
from bridge.controls.mapping import ACTIONS
from bridge.parameter_paths import ParameterInfo
from bridge.session import Session
from instruments.plugins.catalogue import folder as cache_folder

_KEPT = "parameters"
_FORMAT = b"1"
_MOST_FILES = 64
_RATE, _FRAMES = 48_000, 128


def session_parameters(session: Session) -> list[ParameterInfo]:
    """All of its sound and its composers, sorted by path. Builds its instruments: takes a second, longer where plug-ins
    have to load, and a minute or so where the synth was never compiled on this machine. Raises InstrumentError."""
    from bridge.rig import build_rig  # compiled kernels, which the main process does not need

    rig = build_rig(session, _RATE, _FRAMES, block=_FRAMES, offline=True)
    try:
        found = rig.listed()
    finally:
        rig.close()
    return sorted((*found, *music_paths.listed(session)), key=lambda info: info.path)


def known_paths(session: Session) -> list[str]:
    """For completion of what is typed: all paths, also those that take words and what buttons do. Kept from one time to
    the next, as nobody waits a second for a Tab. Raises SidemanError."""
    return [*_kept(session), *(music_paths.ROOT + name for name in music_paths.WORDS), *ACTIONS]


def _kept(session: Session) -> Sequence[str]:
    digest = hashlib.sha256(_FORMAT + msgspec.msgpack.encode(session)).hexdigest()[:32]
    folder = cache_folder() / _KEPT
    file = folder / f"{digest}.txt"
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError:
        pass
    paths = [info.path for info in session_parameters(session)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(paths), encoding="utf-8")
        _tidy(folder)
    except OSError:
        pass  # then it takes a second each time
    return paths


def _tidy(folder: Path) -> None:
    """The oldest go."""
    files = sorted(folder.glob("*.txt"), key=lambda file: file.stat().st_mtime)
    for file in files[:-_MOST_FILES]:
        file.unlink(missing_ok=True)
