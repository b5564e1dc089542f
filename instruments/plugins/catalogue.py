"""What a scan has found out about plug-ins, kept as JSON in the user's cache folder between starts.

Read by every process that looks a plug-in up (a few ms, and none where nothing has changed), written by the scan.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from instruments.plugins.files import Stamp

VERSION = 1
FOLDER_VARIABLE = "SIDEMAN_CACHE"
"""Environment variable with a folder to use instead of the system's for caches."""

Key: TypeAlias = tuple[str, str | None]
"""A plug-in's path, and which of the file's plug-ins it is: an LV2 URI, else None."""

Trouble: TypeAlias = Literal["crashed", "hung", "failed"]
Kind: TypeAlias = Literal["instrument", "effect"]


class ParameterInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parameter in its own units: low, high and default are numbers where the plug-in shows numbers, else texts.

    steps  how many values it has; 0: continuous, or it does not tell
    """

    name: str
    low: float | str
    high: float | str
    default: float | str
    unit: str = ""
    steps: int = 0


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A plug-in, or why there is none to be had.

    path, which    see Key; name: its own, or the file's where it could not be loaded
    size, mtime_ns what its files had when it was tried (plugin_files.Stamp)
    host           by which it was tried; "": there was none for its format, and it is known by its file only
    trouble        what happened when it was loaded, and `reason` in words: it is not loaded again until it changes
    inputs, outputs  channels without the side-chain's; None: not told
    latency_frames at 48 kHz, as it loads
    load_s         seconds
    """

    path: str
    format: str
    name: str
    size: int
    mtime_ns: int
    which: str | None = None
    host: str = ""
    trouble: Trouble | None = None
    reason: str = ""
    vendor: str = ""
    version: str = ""
    kind: Kind | None = None
    inputs: int | None = None
    outputs: int | None = None
    side_chain: bool = False
    midi_out: bool = False
    latency_frames: int = 0
    load_s: float = 0.0
    programs: tuple[str, ...] = ()
    parameters: tuple[ParameterInfo, ...] = ()

    @property
    def key(self) -> Key:
        return self.path, self.which

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.size, self.mtime_ns)


class _File(msgspec.Struct, frozen=True):
    version: int
    plugins: list[Entry]
    folders: list[str] = []


class Catalogue(msgspec.Struct, frozen=True):
    """entries by key; folders that were once scanned beside the standard ones; notice: what was wrong with the file, ""
    if nothing."""

    entries: Mapping[Key, Entry]
    folders: tuple[str, ...] = ()
    notice: str = ""


def folder() -> Path:
    """The user's cache folder, by each system's custom (XDG base directories; Apple's and Microsoft's guidelines)."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library/Caches/sideman"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "sideman" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "sideman"


def file() -> Path:
    return folder() / "plugins.json"


def read() -> Catalogue:
    """What is known; nothing, with a notice, where the file is of another version or is no catalogue. Never raises."""
    path = file()
    try:
        found = path.stat()
    except OSError:
        return Catalogue({})
    return _read(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, size: int, mtime_ns: int) -> Catalogue:
    try:
        decoded = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        return Catalogue({}, notice=f"{path} cannot be read ({error.strerror})")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Catalogue({}, notice=f"{path} is damaged or of another version")
    if decoded.version != VERSION:
        return Catalogue({}, notice=f"{path} is of version {decoded.version}, not {VERSION}")
    return Catalogue({entry.key: entry for entry in decoded.plugins}, tuple(decoded.folders))


def change(added: Iterable[Entry] = (), removed: Iterable[Key] = (), folders: Iterable[Path] | None = None) -> str:
    """Put entries in, take entries out, in one step on the disk; others' changes since the last read() stay. folders:
    what takes the place of those that are remembered.

    A file that cannot be understood is set aside as plugins.json.old. Returns a notice of that, or of what prevented
    the writing (the scan is then good for this time only); "" if all is well.
    """
    before = read()
    path = file()
    entries = dict(before.entries)
    for key in removed:
        entries.pop(key, None)
    entries.update({entry.key: entry for entry in added})
    notice = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if before.notice:
            aside = path.with_name(path.name + ".old")
            path.replace(aside)
            notice = f"{before.notice}: it is set aside as {aside.name} and made anew"
        remembered = list(before.folders if folders is None else map(str, folders))
        listed = _File(VERSION, [entries[key] for key in _sorted(entries)], remembered)
        data = msgspec.json.format(msgspec.json.encode(listed), indent=1)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as opened:
            opened.write(data)
        try:
            Path(opened.name).replace(path)
        except OSError:
            with suppress(OSError):
                Path(opened.name).unlink()
            raise
    except OSError as error:
        return f"{path} cannot be written ({error.strerror}): what was found is forgotten when this command ends"
    return notice


def _sorted(entries: Mapping[Key, Entry]) -> list[Key]:
    return sorted(entries, key=lambda key: (key[0], key[1] or ""))
