"""Recorded layers as MIDI files beside a session's file, which names them; or in a folder of their own, so that nothing
that was played is lost."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bridge.errors import MusicError, SessionError
from bridge.playing.spec import LayerSpec, loaded
from bridge.session_edit import exchange, read
from bridge.takes import shelf
from composers.piece import Piece, Track
from composers.score import Meter

_HEADER = re.compile(r"^[ \t]*\[")
_OURS = re.compile(r"^[ \t]*\[\[[ \t]*layers[ \t]*\]\][ \t]*(#.*)?$")
LIST = "layers.toml"
"""In a folder of layers without a session: which there are, as a session would have them."""


def keep(file: Path, layers: Sequence[LayerSpec], meter: Meter, bpm: float) -> list[LayerSpec]:
    """Write the layers to NAME.layers beside the session's file, and name them in it in place of those it had.

    Returns them with their files. A file that is not named any more stays. Raises SessionError: the session has then
    not changed.
    """
    file = file.resolve()
    text = read(file)
    folder = file.with_name(f"{file.stem}.layers")
    named = _written(folder, layers, meter, bpm)
    told = [msgspec.structs.replace(each, file=_relative(Path(each.file or ""), file.parent)) for each in named]
    new = with_tables(text, told, str(file))
    try:
        if new != text:
            exchange(file, new.encode("utf-8"), file)
    except OSError as error:
        raise SessionError(f"{file} cannot be written ({error.strerror}): the layers are in {folder}") from None
    return named


def with_tables(text: str, layers: Sequence[LayerSpec], place: str) -> str:
    """A session's text with these [[layers]] in place of its own, all else to the letter. Checked by reading both.

    Raises SessionError with what to put in by hand, where the text has them written in a way that is not understood.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    rows, ours = [], False
    for row in text.splitlines(keepends=True):
        if _HEADER.match(row):
            ours = _OURS.match(row.rstrip("\r\n")) is not None
        if not ours or row.lstrip().startswith("#"):
            rows.append(row)
    rest = "".join(rows).rstrip() + newline if rows else ""
    tables = newline.join(table(each).replace("\n", newline) for each in layers)
    new = f"{rest}{newline}{tables}" if tables else rest
    try:
        was, now = tomllib.loads(text), tomllib.loads(new)
        same = {k: v for k, v in was.items() if k != "layers"} == {k: v for k, v in now.items() if k != "layers"}
        if not same or now.get("layers", []) != [_keys(each) for each in layers]:
            raise ValueError
    except ValueError:
        raise SessionError(f"{place}: cannot be edited safely; put this in it yourself:\n{tables}") from None
    return text if was == now else new


def table(layer: LayerSpec) -> str:
    """As a session has it."""
    rows = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in _keys(layer).items()]
    return "\n".join(["[[layers]]", *rows, ""])


def _keys(layer: LayerSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"track": layer.track, "file": layer.file, "start": layer.start, "end": layer.end}
    if layer.repeat:
        found["repeat"] = layer.repeat
    if layer.mode != "merge":
        found["mode"] = layer.mode
    return found


def rescue(name: str, layers: Sequence[LayerSpec], meter: Meter, bpm: float) -> Path:
    """Write layers that no session's file names to a folder of their own beside the takes. Raises SessionError."""
    plain = re.sub(r"[^\w.-]+", "_", name) or "session"
    folder = shelf.folder() / "layers" / f"{time.strftime('%Y-%m-%d-%H%M%S')}-{plain}"
    number = 2
    while folder.exists():
        folder, number = folder.with_name(f"{folder.name.partition('.')[0]}.{number}"), number + 1
    named = _written(folder, layers, meter, bpm)
    told = [msgspec.structs.replace(each, file=Path(each.file or "").name) for each in named]
    (folder / LIST).write_text("\n".join(table(each) for each in told), encoding="utf-8")
    return folder


def rescued(folder: Path, tracks: Sequence[str]) -> list[LayerSpec]:
    """What rescue() wrote. Raises SessionError: no such folder, or tracks that are not there."""
    place = str(folder / LIST)
    try:
        data = tomllib.loads((folder / LIST).read_text(encoding="utf-8"))
        found = msgspec.convert(data.get("layers", []), list[LayerSpec])
    except OSError as error:
        raise SessionError(f"{folder} holds no layers ({error.strerror}): give a folder that `sideman play` "
                           f"named") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SessionError(f"{place}: {error}") from None
    return loaded(found, tracks, place, folder)


def _written(folder: Path, layers: Sequence[LayerSpec], meter: Meter, bpm: float) -> list[LayerSpec]:
    """Each in a file; one that is there already, and holds the same, is left alone."""
    found = []
    taken: set[Path] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in layers:
            layer = each.layer
            data = _bytes(layer.track, each, meter, bpm)
            old = Path(each.file) if each.file else None
            if old is not None and old.parent == folder and old not in taken and _holds(old, data):
                path = old
            else:
                path = _free(folder, layer.track, taken, data)
                path.write_bytes(data)
            taken.add(path)
            found.append(msgspec.structs.replace(each, file=str(path)))
    except OSError as error:
        raise SessionError(f"{error.filename or folder} cannot be written ({error.strerror}): free some space, or keep "
                           f"the layers elsewhere") from None
    except MusicError as error:
        raise SessionError(f"a layer of {each.track!r} cannot be written: {error}") from None
    return found


def _bytes(track: str, layer: LayerSpec, meter: Meter, bpm: float) -> bytes:
    from composers.smf import encode_smf

    return encode_smf(Piece.of([Track.of(track, layer.layer.clip)], bpm, meter)).data


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _free(folder: Path, track: str, taken: set[Path], data: bytes) -> Path:
    """TRACK-1.mid, TRACK-2.mid: the first that is not there, or holds just this."""
    name, number = re.sub(r"[^\w.-]+", "_", track), 1
    while (path := folder / f"{name}-{number}.mid") in taken or (path.exists() and not _holds(path, data)):
        number += 1
    return path


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


