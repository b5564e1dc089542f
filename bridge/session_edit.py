"""Puts one number into a user's session file and leaves every other byte as it is. Pure, but for write()."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bridge import session as sessions
from bridge.errors import SessionError

Table = Literal["tracks", "clock.in", "clock.out"]

_KEY = "offset_ms"
_HEADER = re.compile(r"\s*\[(?P<double>\[?)\s*(?P<name>[^\[\]]+?)\s*\](?:\])?\s*(?:#.*)?$")
_VALUE = re.compile(rf"(?P<before>\s*{_KEY}\s*=\s*)(?P<value>[^\s#]+)(?P<after>\s*(?:#.*)?)$")
BACKUP = ".bak"


class Place(NamedTuple):
    """An offset in a session file: of an entry (from 0) of a list of tables."""

    table: Table
    entry: int

    def lines(self, offset_ms: float, name: str = "") -> str:
        """What to paste. name: of the track."""
        line = f"{_KEY} = {number(offset_ms)}"
        if self.table == "tracks":
            whose = json.dumps(name, ensure_ascii=False) if name else "the synth"
            return f"{line}    # under the [[tracks]] of {whose}"
        return f"[[{self.table}]]\n{line}"


def number(offset_ms: float) -> str:
    """As it is written in a session: to a hundredth of a ms (half a frame at 48 kHz)."""
    return f"{round(offset_ms, 2) + 0.0:.2f}".rstrip("0").removesuffix(".")


def track_place(text: str, path: str, name: str) -> Place:
    """The track of this name. Raises SessionError that lists the tracks there are."""
    session = sessions.parse(text, path)
    names = [track.name for track in session.tracks]
    if name not in names:
        raise SessionError(f"{path}: there is no track {name!r}: choose from {', '.join(map(repr, names))}")
    return Place("tracks", names.index(name))


def edited(text: str, path: str, place: Place, offset_ms: float) -> str:
    """The session's text with this one value changed or added; checked by reading both.

    Raises SessionError, with what to paste, where the file is written in a way that this does not understand (inline
    lists of tables), or where the value is out of range.
    """
    sessions.parse(text, path)  # a file that was wrong before is told so in its own words
    changed = _edit(text, place, offset_ms)
    if changed is None or not _only(text, changed, place, offset_ms):
        raise SessionError(f"{path}: cannot be edited safely ([[{place.table}]] number {place.entry + 1} is not "
                           f"written as a table of its own); put this in yourself:\n{place.lines(offset_ms)}")
    sessions.parse(changed, path)
    return changed


def write(path: Path, offsets: Sequence[tuple[Place, float]]) -> Path:
    """Edit the file in one step, keep what it was as FILE.bak beside it, and return that path.

    Raises SessionError; then nothing has changed.
    """
    def edit(text: str) -> str:
        for place, offset_ms in offsets:
            text = edited(text, str(path), place, offset_ms)
        return text

    return rewrite(path, edit)


def rewrite(path: Path, edit: Callable[[str], str]) -> Path:
    """Change a file's text in one step, keep what it was as FILE.bak beside it, and return that path.

    Raises SessionError, and what `edit` does; then nothing has changed.
    """
    path = path.resolve()  # a link stays a link
    try:
        return exchange(path, edit(read(path)).encode("utf-8"), path)
    except OSError as error:
        raise SessionError(f"{path} cannot be changed ({error.strerror}): paste the lines yourself") from None


def exchange(path: Path, data: bytes, like: Path) -> Path:
    """Write a file in one step, with the access rights of `like`; what was there stays as FILE.bak beside it, the path
    returned. Raises OSError."""
    backup = path.with_name(path.name + BACKUP)
    if path.exists():
        shutil.copy2(path, backup)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        file.write(data)
    shutil.copymode(like, file.name)
    Path(file.name).replace(path)
    return backup


def read(path: Path) -> str:
    """A session file's text, line ends as they are. Raises SessionError."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SessionError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None
    except OSError as error:
        raise SessionError(f"{path} cannot be read ({error.strerror})") from None


def _edit(text: str, place: Place, offset_ms: float) -> str | None:
    rows = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
    start = _start(rows, place)
    line = f"{_KEY} = {number(offset_ms)}"
    if start is None:
        # Where the session leaves a list out, it has one entry, of defaults.
        if place.table == "tracks" or place.entry or any(_is_table(row, place.table) for row in rows):
            return None
        last = "" if not text or text.endswith("\n") else end
        return f"{text}{last}{end}[[{place.table}]]{end}{line}{end}"
    last_key = start
    for at in range(start + 1, len(rows)):
        bare = rows[at].rstrip("\r\n")
        if _HEADER.match(bare):
            break
        if found := _VALUE.match(bare):
            ending = rows[at][len(bare) :]
            rows[at] = found["before"] + number(offset_ms) + found["after"] + ending
            return "".join(rows)
        if bare.strip() and not bare.lstrip().startswith("#"):
            last_key = at
    indent = re.match(r"[ \t]*", rows[last_key])
    assert indent is not None
    if not rows[last_key].endswith("\n"):
        rows[last_key] += end
    rows.insert(last_key + 1, f"{indent[0]}{line}{end}")
    return "".join(rows)


def _start(rows: list[str], place: Place) -> int | None:
    """The row of the table's own header."""
    seen = [at for at, row in enumerate(rows) if _is_table(row, place.table)]
    return seen[place.entry] if place.entry < len(seen) else None


def _is_table(row: str, table: str) -> bool:
    found = _HEADER.match(row.rstrip("\r\n"))
    if found is None or not found["double"]:
        return False
    return ".".join(part.strip().strip("\"'") for part in found["name"].split(".")) == table


def _only(text: str, changed: str, place: Place, offset_ms: float) -> bool:
    """Whether both are read alike but for this value."""
    try:
        before, after = tomllib.loads(text), tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        return False
    wanted, got = _entry(before, place), _entry(after, place)
    if wanted is None or got is None:
        return False
    wanted[_KEY] = float(number(offset_ms))
    return before == after


def _entry(data: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """The table in what was read, made where it is left out; None where it cannot be."""
    *outer, last = place.table.split(".")
    for name in outer:
        data = data.setdefault(name, {})
    entries = data.setdefault(last, [{}])
    return entries[place.entry] if place.entry < len(entries) else None
