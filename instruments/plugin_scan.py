"""Which plug-ins are installed: the standard folders of each system, looked through without loading anything.

Called by `doctor` and when a session is built, in any process; reads folders, so never from an audio callback.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from instruments.block import InstrumentError

PATH_VARIABLE = "SIDEMAN_VST3_PATH"
"""Environment variable with folders to search before the standard ones, separated like PATH."""

_FORMATS = {".vst3": "VST3", ".component": "AU"}
_DEEPEST = 4
_DEBIAN = (("zam", "zam-plugins"),)
"""Starts of names of plug-ins that Debian packages as VST3, and the package."""


class FoundPlugin(NamedTuple):
    """A plug-in file or bundle; name is the file's, without its ending; format is "VST3" or "AU"."""

    name: str
    path: Path
    format: str


def folders(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> tuple[Path, ...]:
    """The folders to search, best first: those of SIDEMAN_VST3_PATH, the user's, the system's.

    The standard ones are those of Steinberg's VST 3 documentation ("Plug-in Locations") and Apple's Audio Unit guide.
    """
    env = os.environ if environ is None else environ
    own = [Path(part).expanduser() for part in env.get(PATH_VARIABLE, "").split(os.pathsep) if part]
    if platform == "darwin":
        roots = (Path.home() / "Library/Audio/Plug-Ins", Path("/Library/Audio/Plug-Ins"))
        standard = [root / kind for root in roots for kind in ("VST3", "Components")]
    elif platform == "win32":
        places = ((env.get("LOCALAPPDATA"), "Programs/Common/VST3"), (env.get("COMMONPROGRAMFILES"), "VST3"))
        standard = [Path(root) / rest for root, rest in places if root]
    else:
        standard = [Path.home() / ".vst3", Path("/usr/lib/vst3"), Path("/usr/local/lib/vst3")]
    return tuple(dict.fromkeys([*own, *standard]))


def installed(search: Sequence[Path] | None = None) -> tuple[FoundPlugin, ...]:
    """All plug-ins in `search` (default: `folders()`), by name; of two with one name the first folder's comes first.

    Sub-folders (vendors') are followed four deep; folders that are missing or may not be read are passed over.
    """
    found = [plugin for folder in _given(search) for plugin in _within(folder, _DEEPEST)]
    return tuple(sorted(dict.fromkeys(found), key=lambda plugin: plugin.name.casefold()))


def find(plugin: str | Path, search: Sequence[Path] | None = None) -> FoundPlugin:
    """The plug-in at a path, or of a name (whatever its case, with or without ".vst3") in `search`.

    Raises InstrumentError that names what was asked for, the folders searched and the remedy.
    """
    text = str(plugin).strip()
    path = Path(text).expanduser()
    if path.suffix.lower() in _FORMATS and path.exists():
        return FoundPlugin(path.stem, path.absolute(), _FORMATS[path.suffix.lower()])
    if isinstance(plugin, Path) or os.sep in text or "/" in text:
        reason = "is neither a .vst3 nor a .component" if path.exists() else "does not exist"
        raise InstrumentError(f"plug-in {text!r} {reason}: give the path of a plug-in, or its name to have it "
                              f"searched in {_listed(_given(search))}{_package(path.stem)}")
    wanted = path.stem.casefold() if path.suffix.lower() in _FORMATS else text.casefold()
    there = installed(search)
    for candidate in there:
        if candidate.name.casefold() == wanted:
            return candidate
    names = {candidate.name.casefold(): candidate.name for candidate in there}
    close = [names[key] for key in difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)]
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    raise InstrumentError(f"no plug-in named {text!r} in {_listed(_given(search))} ({len(there)} found{hint}): install "
                          f"it, add its folder to {PATH_VARIABLE}, or give its path{_package(wanted)}")


def _given(search: Sequence[Path] | None) -> tuple[Path, ...]:
    return folders() if search is None else tuple(search)


def _within(folder: Path, depth: int) -> Iterator[FoundPlugin]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        kind = _FORMATS.get(entry.suffix.lower())
        if kind is not None:
            yield FoundPlugin(entry.stem, entry, kind)
        elif depth > 1 and not entry.name.startswith(".") and entry.is_dir():
            yield from _within(entry, depth - 1)


def _listed(search: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in search) or "no folder"


def _package(name: str) -> str:
    packages = [package for start, package in _DEBIAN if name.casefold().startswith(start)]
    return f" (on Debian: apt-get install {packages[0]})" if packages else ""
