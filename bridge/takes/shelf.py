"""Where takes lie, what they are called, and which of them go when there are too many."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from bridge.errors import TakeError
from bridge.takes.take_file import RecordKind, TakeReader
from bridge.takes.values import About, Ended, Summary, decode

FOLDER_VARIABLE = "SIDEMAN_TAKES"
"""Environment variable with a folder to use instead of the system's for data."""
LIMIT_VARIABLE = "SIDEMAN_TAKES_MB"
LIMIT_MB = 1000
"""Takes that are not kept may have so many MB together: some 400 hours. The oldest go first."""
SUFFIX, _KEPT = ".take", ".kept"
LAST = "last"
_LIVE_S = 5.0
"""A take that is being played is written to several times a second."""


class Shelved(NamedTuple):
    """A take in the list. trouble: why it cannot be read, "" if it can; about and summary are None then.

    ended    why it ended, "" where people wanted it; None: it was cut off, or plays still (`live`)
    """

    name: str
    path: Path
    bytes: int
    kept: bool
    live: bool
    about: About | None
    summary: Summary | None
    ended: str | None
    trouble: str = ""


def folder() -> Path:
    """The user's takes, by each system's custom (XDG base directories; Apple's and Microsoft's guidelines)."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library/Application Support/sideman/takes"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "sideman" / "takes"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "sideman" / "takes"


def limit_bytes() -> int:
    """Raises TakeError for a limit that is no number."""
    text = os.environ.get(LIMIT_VARIABLE, str(LIMIT_MB))
    try:
        value = float(text)
        if not 0 <= value < 1e12:
            raise ValueError
    except ValueError:
        raise TakeError(f"{LIMIT_VARIABLE} = {text!r} is no number of MB: give one such as {LIMIT_MB}") from None
    return round(value * 1e6)


def plain_name(text: str) -> str:
    """As part of a name: "Jazz Trio!" is "jazz-trio"."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:40].rstrip("-") or "take"


def create(session: str, wall_ns: int) -> tuple[str, int]:
    """A new file for a take: its name and descriptor. Raises TakeError."""
    there = folder()
    base = f"{datetime.fromtimestamp(wall_ns / 1e9):%Y-%m-%d-%H%M}-{plain_name(session)}"
    try:
        there.mkdir(parents=True, exist_ok=True)
        for again in range(1, 10_000):
            name = base if again == 1 else f"{base}-{again}"
            with contextlib.suppress(FileExistsError):
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
                return name, os.open(_path(name), flags, 0o644)
    except OSError as error:
        raise TakeError(f"no take can be kept in {there} ({error.strerror}): set {FOLDER_VARIABLE} to a folder that "
                        f"can be written, or play with --no-take") from None
    raise TakeError(f"there are too many takes called {base}: remove some, `sideman takes` lists them")


def listed() -> list[Shelved]:
    """All takes, the oldest first. Reads of each only what it takes to tell."""
    return [look(path) for path in _paths()]


def look(path: Path) -> Shelved:
    """A take as the list shows it. Never raises TakeError: what is wrong is `trouble`."""
    name = path.name.removesuffix(SUFFIX)
    about: About | None = None
    summary: Summary | None = None
    ended: str | None = None
    trouble = ""
    try:
        found = path.stat()
        size, changed = found.st_size, found.st_mtime
    except OSError:
        size, changed = 0, 0.0
    try:
        for record in TakeReader(path).skim(RecordKind.ABOUT, RecordKind.SUMMARY, RecordKind.END):
            if record.kind is RecordKind.ABOUT:
                about = decode(record, About, name)
            elif record.kind is RecordKind.SUMMARY:
                summary = decode(record, Summary, name)
            else:
                end = decode(record, Ended, name)
                summary, ended = end.summary, end.why
    except TakeError as error:
        trouble = str(error)
    live = ended is None and -_LIVE_S < time.time() - changed < _LIVE_S
    return Shelved(name, path, size, kept(name), live, about, summary, ended, trouble)


def find(name: str) -> Path:
    """By its name, the beginning of it, "last", or the path of a file. Raises TakeError naming those that there are."""
    path = Path(name)
    if path.suffix == SUFFIX and path.exists():
        return path
    names = [p.name.removesuffix(SUFFIX) for p in _paths()]
    if not names:
        raise TakeError(f"there is no take {name!r}, nor any other in {folder()}: `sideman play` makes them")
    if name == LAST:
        return _path(max(names, key=_order))
    if name in names:
        return _path(name)
    fitting = [n for n in names if n.startswith(name)] if name else []
    if len(fitting) == 1:
        return _path(fitting[0])
    if fitting:
        raise TakeError(f"{len(fitting)} takes begin with {name!r}: {_some(fitting)}; give more of the name")
    raise TakeError(f"there is no take {name!r}: there are {_some(names)}; or give \"{LAST}\"")


def is_take(name: str) -> bool:
    """Whether find() knows it."""
    try:
        find(name)
    except TakeError:
        return False
    return True


def kept(name: str) -> bool:
    """It is never pruned."""
    return _path(name, _KEPT).exists()


def keep(name: str, wanted: bool = True) -> None:
    """Mark a take so that it is never pruned, or no more. Raises TakeError."""
    try:
        if wanted:
            _path(name, _KEPT).touch()
        else:
            _path(name, _KEPT).unlink(missing_ok=True)
    except OSError as error:
        raise TakeError(f"take {name} cannot be marked ({error.strerror}): look at the rights of {folder()}") from None


def rename(name: str, new: str) -> None:
    """Raises TakeError: a name that is taken, or cannot be one; a take that plays."""
    if not re.fullmatch(r"[\w][\w .+-]{0,99}", new) or new == LAST or new.endswith((SUFFIX, _KEPT, ".", " ")):
        raise TakeError(f"{new!r} cannot be the name of a take: give letters, digits, spaces, '-', '_', '+' or '.', at "
                        f"most 100, and not \"{LAST}\"")
    if _path(new).exists():
        raise TakeError(f"there is a take {new!r} already: give another name")
    if look(_path(name)).live:
        raise TakeError(f"take {name} is being played: rename it when that has ended")
    try:
        _path(name).rename(_path(new))
        if kept(name):
            _path(name, _KEPT).rename(_path(new, _KEPT))
    except OSError as error:
        raise TakeError(f"take {name} cannot be renamed ({error.strerror}): look at the rights of {folder()}") from None


def remove(name: str) -> None:
    """For good. Raises TakeError."""
    if look(_path(name)).live:
        raise TakeError(f"take {name} is being played: remove it when that has ended, or play with --no-take")
    try:
        _path(name).unlink()
        _path(name, _KEPT).unlink(missing_ok=True)
    except OSError as error:
        raise TakeError(f"take {name} cannot be removed ({error.strerror}): look at the rights of {folder()}") from None


def prune(limit: int, spare: str = "") -> list[str]:
    """Remove the oldest takes until those that are not kept have `limit` bytes together; never `spare`, nor one that
    is being played. Returns the names of what went. Errors of the file system leave a take where it is."""
    there = []
    for path in _paths():
        with contextlib.suppress(OSError):
            found = path.stat()
            name = path.name.removesuffix(SUFFIX)
            if not kept(name):
                there.append((_order(name), name, found.st_size, found.st_mtime))
    total = sum(size for _, _, size, _ in there)
    gone = []
    for _, name, size, changed in sorted(there):
        if total <= limit:
            break
        if name == spare or time.time() - changed < _LIVE_S:
            continue
        with contextlib.suppress(OSError):
            _path(name).unlink()
            total -= size
            gone.append(name)
    return gone


def _path(name: str, suffix: str = SUFFIX) -> Path:
    return folder() / f"{name}{suffix}"


def _paths() -> list[Path]:
    """In the order in which they were played."""
    try:
        found = [p for p in folder().iterdir() if p.suffix == SUFFIX]
    except OSError:
        return []
    return sorted(found, key=lambda p: _order(p.name.removesuffix(SUFFIX)))


def _order(name: str) -> tuple[int, str, int]:
    """When a take was begun: by its first record, for it may have been renamed; those that cannot be read first."""
    try:
        record = next(iter(TakeReader(_path(name)).skim(RecordKind.ABOUT)), None)
        wall_ns = 0 if record is None else decode(record, About, name).wall_ns
    except TakeError:
        wall_ns = 0
    again = re.search(r"-(\d+)$", name)
    return wall_ns, name if again is None else name[: again.start()], 0 if again is None else int(again[1])


def _some(names: list[str]) -> str:
    shown = sorted(names, key=_order)[-8:]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
