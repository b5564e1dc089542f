"""Where plug-ins lie on each system, and which files there are plug-ins. Nothing is loaded.

Reads folders: for any thread but the audio's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PATH_VARIABLE = "SIDEMAN_VST3_PATH"
"""Environment variable with folders to search before the standard ones, separated like PATH; plug-ins of any format."""

ANY_PATH_VARIABLE = "SIDEMAN_PLUGIN_PATH"
"""The same by a better name; both count."""

FORMATS = {".vst3": "VST3", ".component": "AU", ".lv2": "LV2", ".vst": "VST2", ".so": "VST2", ".dll": "VST2"}
"""Formats by the ending of a file or bundle."""

_DEEPEST = 4
_VST2_ENTRIES = (b"VSTPluginMain\0", b"\0main\0")
"""Names of the function that a VST2 library exports (the second is of old ones, and of DPF's on Linux)."""


class Stamp(NamedTuple):
    """What changes when a plug-in is installed anew: its files' sizes in bytes, together, and their latest time."""

    size: int
    mtime_ns: int


def folders(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> tuple[Path, ...]:
    """The folders to search, best first: the user's (by environment variables), then each format's standard ones.

    Those of Steinberg's "Plug-in Locations" (VST 3 developer documentation), Apple's Audio Unit guide, lilv's
    documentation (LV2_PATH replaces LV2's standard folders) and, for VST2 and VST3_PATH, the custom of Linux hosts.
    """
    env = os.environ if environ is None else environ

    def named(*variables: str) -> list[Path]:
        return [Path(part).expanduser() for v in variables for part in env.get(v, "").split(os.pathsep) if part]

    vst3, units, lv2, vst2 = _standard(env, platform)
    return tuple(dict.fromkeys([
        *named(ANY_PATH_VARIABLE, PATH_VARIABLE), *named("VST3_PATH"), *vst3, *units,
        *(named("LV2_PATH") or lv2), *(named("VST_PATH") or vst2),
    ]))


def _standard(env: Mapping[str, str], platform: str) -> tuple[list[Path], list[Path], list[Path], list[Path]]:
    """VST3, AU, LV2, VST2."""
    home = Path.home()
    if platform == "darwin":
        roots = (home / "Library/Audio/Plug-Ins", Path("/Library/Audio/Plug-Ins"))
        of = {kind: [root / kind for root in roots] for kind in ("VST3", "Components", "LV2", "VST")}
        return of["VST3"], of["Components"], [*of["LV2"], home / ".lv2", Path("/usr/local/lib/lv2")], of["VST"]
    if platform == "win32":
        def at(*places: tuple[str, str]) -> list[Path]:
            return [Path(root) / rest for variable, rest in places if (root := env.get(variable))]

        return (at(("LOCALAPPDATA", "Programs/Common/VST3"), ("COMMONPROGRAMFILES", "VST3")), [],
                at(("APPDATA", "LV2"), ("COMMONPROGRAMFILES", "LV2")),
                at(("PROGRAMFILES", "VSTPlugins"), ("PROGRAMFILES", "Steinberg/VSTPlugins"),
                   ("COMMONPROGRAMFILES", "VST2"), ("COMMONPROGRAMFILES", "Steinberg/VST2")))
    libraries = [Path("/usr/lib"), Path("/usr/local/lib"), Path("/usr/lib64")]
    return ([home / ".vst3", *(lib / "vst3" for lib in libraries)], [],
            [home / ".lv2", *(lib / "lv2" for lib in libraries)],
            [home / ".vst", home / ".lxvst", *(lib / kind for lib in libraries for kind in ("vst", "lxvst"))])


def files_in(folder: Path, depth: int = _DEEPEST) -> Iterator[Path]:
    """Files and bundles that look like plug-ins. Sub-folders (vendors') are followed, bundles are not looked into;
    folders that are missing or may not be read are passed over."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        suffix = Path(entry.name).suffix.lower()
        if suffix == ".vst" and sys.platform != "darwin" and entry.is_dir():
            yield from files_in(Path(entry.path), 1)  # a folder by custom only: what hosts open lies in it
        elif suffix in FORMATS:
            yield Path(entry.path)
        elif depth > 1 and not suffix and not entry.name.startswith(".") and entry.is_dir():
            yield from files_in(Path(entry.path), depth - 1)


def format_of(path: Path) -> str | None:
    """By the ending, None where it is no plug-in's."""
    return FORMATS.get(path.suffix.lower())


def plain_stem(path: Path) -> str:
    """A file's name as people call the plug-in: without the ending, and the "-vst" that packagers put there."""
    stem = path.stem
    for ending in ("-vst", "_vst", ".vst"):
        if path.suffix.lower() in (".so", ".dll", ".vst") and stem.lower().endswith(ending):
            return stem[: -len(ending)]
    return stem


def binaries_of(path: Path) -> list[Path]:
    """The libraries of a file or bundle, and the descriptions and presets of an LV2 bundle; sorted."""
    if not path.is_dir():
        return [path]
    if path.suffix.lower() == ".lv2":
        return sorted(file for file in path.iterdir() if file.is_file())
    inside = path / "Contents"
    if not inside.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix.lower() in (".so", ".dll"))
    return sorted(file for part in inside.iterdir() if part.is_dir() and part.name != "Resources"
                  for file in part.iterdir() if file.is_file())


def stamp_of(path: Path) -> Stamp:
    """(0, 0) for what is not there or has no binary."""
    size = newest = 0
    try:
        for file in binaries_of(path):
            try:
                found = file.stat()
            except OSError:
                continue
            size, newest = size + found.st_size, max(newest, found.st_mtime_ns)
    except OSError:
        return Stamp(0, 0)
    return Stamp(size, newest)


def is_vst2(path: Path) -> bool:
    """Whether a library, or one in a bundle, has VST2's entry point; libraries that lie beside one have not."""
    try:
        files = binaries_of(path)
    except OSError:
        return False
    for file in files:
        try:
            with file.open("rb") as opened:
                tail = b""
                while block := opened.read(1 << 20):
                    block = tail + block
                    if any(entry in block for entry in _VST2_ENTRIES):
                        return True
                    tail = block[-16:]
        except OSError:
            continue
    return False


def preset_files(vendor: str, name: str, environ: Mapping[str, str] | None = None, platform: str = sys.platform
                 ) -> list[Path]:
    """A plug-in's .vstpreset files in the folders of Steinberg's "Preset Locations"; sorted."""
    env = os.environ if environ is None else environ
    home = Path.home()
    if platform == "darwin":
        roots = [home / "Library/Audio/Presets", Path("/Library/Audio/Presets")]
    elif platform == "win32":
        named = [Path(root) for variable in ("APPDATA", "PROGRAMDATA") if (root := env.get(variable))]
        roots = [home / "Documents/VST3 Presets", *(root / "VST3 Presets" for root in named)]
    else:
        roots = [home / ".vst3/presets", Path("/usr/share/vst3/presets"), Path("/usr/local/share/vst3/presets")]
    if not vendor or not name:
        return []
    return sorted(path for root in roots for path in (root / vendor / name).rglob("*.vstpreset"))
