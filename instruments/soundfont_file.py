"""SoundFont files: where they are, and which presets they hold. Reads headers only, with no player at hand.

Format: SoundFont Technical Specification 2.04 (E-mu, 2006): RIFF "sfbk" with lists INFO, sdta and pdta, whose chunk
"phdr" has 38 bytes a preset. An .sf3 is the same with Ogg Vorbis samples.
"""

from __future__ import annotations

import difflib
import os
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from instruments.block import InstrumentError

_SPEC = re.compile(r"(?P<file>.+\.sf[23])(?::(?P<preset>.*))?", re.IGNORECASE | re.DOTALL)
_HEAD = struct.Struct("<4sI")
_PRESET = struct.Struct("<20sHH14x")
_MOST_PRESETS = 65_536
DRUM_BANK = 128
HOW_TO_GET = ("apt-get install fluid-soundfont-gm (or timgm6mb-soundfont), or put .sf2 and .sf3 files where "
              "SIDEMAN_SOUNDFONTS says")


class Preset(NamedTuple):
    """A sound of a font. bank 0..128 (128: drums), program 0..127, counted from 0 as the file does."""

    bank: int
    program: int
    name: str


@dataclass(frozen=True, slots=True)
class FontSound:
    """One preset of one file: what a session's `instrument = "FluidR3_GM.sf2:32"` means."""

    path: Path
    preset: Preset


def is_font(name: str) -> bool:
    """Whether an instrument's name means a SoundFont: FILE.sf2, FILE.sf3, with or without a preset."""
    return _SPEC.fullmatch(name) is not None


def font_folders() -> list[Path]:
    """Where a bare file name is looked for: here, $SIDEMAN_SOUNDFONTS, then the system's usual places."""
    home = Path.home()
    own = [Path(p) for p in os.environ.get("SIDEMAN_SOUNDFONTS", "").split(os.pathsep) if p]
    places = {
        "darwin": [home / "Library/Audio/Sounds/Banks", Path("/Library/Audio/Sounds/Banks"),
                   Path("/opt/homebrew/share/sounds/sf2"), Path("/usr/local/share/sounds/sf2")],
        "win32": [home / "Documents/SoundFonts", Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "soundfonts",
                  Path("C:/soundfonts")],
    }.get(sys.platform, [home / ".local/share/sounds/sf2", home / ".local/share/sounds/sf3",
                         home / ".local/share/soundfonts", home / ".sounds/sf2", Path("/usr/local/share/sounds/sf2"),
                         Path("/usr/local/share/soundfonts"), Path("/usr/share/sounds/sf2"),
                         Path("/usr/share/sounds/sf3"), Path("/usr/share/soundfonts")])
    return [Path(), *own, *places]


def fonts() -> list[Path]:
    """The SoundFont files in those folders (not their subfolders), sorted; each once."""
    found: dict[Path, Path] = {}
    for folder in font_folders()[1:]:
        try:
            files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".sf2", ".sf3"))
        except OSError:
            continue
        for path in files:
            found.setdefault(path.resolve(), path)
    return sorted(found.values())


def find_sound(spec: str) -> FontSound:
    """The preset that a spec means. Reads the file's headers: for session loading, not for callbacks.

    "NAME.sf2", "path/NAME.sf3:32" (program), "NAME.sf2:128:0" (bank:program), "NAME.sf2:Acoustic Bass" (a preset's
    name or a part of it that no other shares); without a preset: the first. Programs count from 0, as in the file.

    Raises InstrumentError: a missing file (with where it was looked for), one that is no SoundFont, a preset that is
    not there (with what is).
    """
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise InstrumentError(f"instrument {spec!r} is no SoundFont: give NAME.sf2, NAME.sf2:PROGRAM, "
                              "NAME.sf2:BANK:PROGRAM or NAME.sf2:PRESET NAME")
    path = find_font(match["file"])
    presets = read_presets(path)
    wish = (match["preset"] or "").strip()
    if not wish:
        return FontSound(path, next((p for p in presets if p[:2] == (0, 0)), presets[0]))
    if numbers := re.fullmatch(r"(?:(\d{1,5})\s*:\s*)?(\d{1,5})", wish):
        bank, program = int(numbers[1] or 0), int(numbers[2])
        exact = [p for p in presets if p[:2] == (bank, program)]
    else:
        exact = [p for p in presets if p.name.lower() == wish.lower()]
        exact = exact or [p for p in presets if wish.lower() in p.name.lower()]
        if len(exact) > 1 and exact[0].name.lower() != wish.lower():
            raise InstrumentError(f"instrument {spec!r}: several presets of {path.name} have {wish!r} in their name: "
                                  f"choose from {_listed(exact)}")
    if not exact:
        near = difflib.get_close_matches(wish.lower(), [p.name.lower() for p in presets], 1)
        hint = next((f"did you mean {p.name!r}? " for p in presets if near and p.name.lower() == near[0]), "")
        raise InstrumentError(f"instrument {spec!r}: {path.name} has no preset {wish!r}: {hint}choose from "
                              f"{_listed(presets)}")
    return FontSound(path, exact[0])


def _listed(presets: list[Preset], most: int = 300) -> str:
    names = [f"{p.bank}:{p.program} {p.name}" if p.bank else f"{p.program} {p.name}" for p in presets[:most]]
    return ", ".join(names) + (f" and {len(presets) - most} more" if len(presets) > most else "")


def find_font(name: str) -> Path:
    """The file: a path, or a bare name in one of font_folders(). Raises InstrumentError with what there is."""
    given = Path(name).expanduser()
    if given.is_file():
        return given
    if given.parent == Path():
        for folder in font_folders():
            for path in (folder / name, *_alike(folder, name)):
                if path.is_file():
                    return path
    there = ", ".join(p.name for p in fonts()) or f"none: {HOW_TO_GET}"
    looked = ", ".join(str(f) for f in font_folders()[1:]) if given.parent == Path() else str(given.parent)
    raise InstrumentError(f"SoundFont {name!r} is not there (looked in {looked}): give a path, or one of: {there}")


def _alike(folder: Path, name: str) -> Iterator[Path]:
    """The same name in other letters, where the file system tells them apart."""
    try:
        yield from (p for p in folder.iterdir() if p.name.lower() == name.lower())
    except OSError:
        return


def read_presets(path: Path) -> list[Preset]:
    """Sorted by bank and program, at least one. Raises InstrumentError for what is no (whole) SoundFont."""
    try:
        with path.open("rb") as file:
            return _presets(file, path)
    except OSError as error:
        raise InstrumentError(f"SoundFont {path} cannot be read: {error.strerror or error}") from None


def _presets(file: BinaryIO, path: Path) -> list[Preset]:
    def bad(why: str) -> InstrumentError:
        return InstrumentError(f"{path} is no SoundFont that can be played: {why}")

    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise bad("it does not begin with RIFF ... sfbk")
    for name, start, length in _chunks(file, 12, size):
        if name != b"LIST" or length < 4:
            continue
        file.seek(start)
        if file.read(4) != b"pdta":
            continue
        if start + length > size:
            raise bad(f"it is cut off: {size} bytes of at least {start + length}")
        for inner, at, inner_length in _chunks(file, start + 4, start + length):
            if inner != b"phdr":
                continue
            count = inner_length // _PRESET.size - 1  # the last record only marks the end
            if inner_length % _PRESET.size or not 1 <= count <= _MOST_PRESETS:
                raise bad(f"its list of presets has {inner_length} bytes")
            file.seek(at)
            rows = _PRESET.iter_unpack(file.read(count * _PRESET.size))
            return sorted(Preset(bank, program, label.split(b"\0")[0].decode("latin-1").strip())
                          for label, program, bank in rows)
    raise bad("it has no list of presets (cut off?)")


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start of its data, length) of the chunks that begin within the span."""
    while start + _HEAD.size <= end:
        file.seek(start)
        data = file.read(_HEAD.size)
        if len(data) < _HEAD.size:
            return
        name, length = _HEAD.unpack(data)
        yield name, start + _HEAD.size, length
        start += _HEAD.size + length
        if length % 2:  # chunks begin on even bytes, but not every writer of .sf3 knows: no name begins with a zero
            file.seek(start)
            start += file.read(1) == b"\0"
