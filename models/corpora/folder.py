"""Where the data lies, and how its files are opened."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from models.errors import CorpusError


def data_folder(given: Path | str | None = None) -> Path:
    """`given`, else SIDEMAN_DATA, else ../shared/data beside the checkout. Raises CorpusError where it is missing."""
    named = given or os.environ.get("SIDEMAN_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        raise CorpusError(
            f"the data folder {folder} is not there: set SIDEMAN_DATA (or give the option) to the folder that holds"
            " groove_midi, pop909 and the other corpora"
        )
    return folder


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise CorpusError(
            f"{path} is not there: set SIDEMAN_DATA (or give the option) to the folder that holds {name}"
        )
    return path


def lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The objects of a compressed file of JSON lines, one at a time. Raises CorpusError: names file and line."""
    path = _file(folder, name)
    decode = msgspec.json.Decoder().decode
    number = 0
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                number += 1
                yield decode(line)
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise CorpusError(f"{path}, line {number}, cannot be read ({error}): get the file again") from error


def texts(folder: Path, name: str, ending: str) -> Iterator[tuple[str, str]]:
    """(path, text) of an archive's files with an ending, in the archive's order. Raises CorpusError."""
    path = _file(folder, name)
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(ending):
                    file = archive.extractfile(member)
                    if file is not None:
                        yield member.name.removeprefix("./"), file.read().decode("utf-8", "replace")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise CorpusError(f"{path} cannot be read ({error}): get the archive again") from error
