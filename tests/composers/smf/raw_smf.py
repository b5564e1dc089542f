"""MIDI files by hand, right and wrong, and the real ones."""

from __future__ import annotations

import os
import tarfile
from functools import lru_cache
from pathlib import Path

import pytest

END = bytes.fromhex("00 ff 2f 00")


def chunk(events: bytes | str, name: bytes = b"MTrk", length: int | None = None) -> bytes:
    """Events as bytes or in hexadecimal; `length` overrides what the chunk says of itself."""
    data = bytes.fromhex(events) if isinstance(events, str) else events
    return name + (len(data) if length is None else length).to_bytes(4, "big") + data


def header(file_format: int = 1, tracks: int = 1, division: int = 96) -> bytes:
    return chunk(b"".join(n.to_bytes(2, "big") for n in (file_format, tracks, division)), b"MThd")


def smf(*tracks: bytes | str, file_format: int = 1, division: int = 96) -> bytes:
    """A file whose tracks end as they should."""
    ended = [(bytes.fromhex(t) if isinstance(t, str) else t) + END for t in tracks]
    return header(file_format, len(ended), division) + b"".join(map(chunk, ended))


def meta(kind: int, data: bytes | str, wait: int = 0) -> bytes:
    content = data.encode() if isinstance(data, str) else data
    assert wait < 128 > len(content)
    return bytes((wait, 0xFF, kind, len(content))) + content


@lru_cache(maxsize=1)
def groove_files() -> dict[str, bytes]:
    """name -> bytes of the Groove MIDI data set's 1,150 files (Gillick et al. 2019, CC BY 4.0).

    They lie at $SIDEMAN_DATA/groove_midi (by default ../shared/data beside the checkout); without them tests skip.
    """
    root = Path(__file__).resolve().parents[3]
    path = Path(os.environ.get("SIDEMAN_DATA", root / "../shared/data")) / "groove_midi/groove_midi_original.tar.xz"
    if not path.exists():
        pytest.skip(f"no {path}: set SIDEMAN_DATA to the folder that holds groove_midi")
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".mid") and (file := archive.extractfile(member)) is not None:
                found[member.name] = file.read()
    return found
