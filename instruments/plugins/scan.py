"""Which plug-ins are installed, and which one is meant by a name, a path or an LV2 URI. Nothing is loaded for it.

Called by `doctor`, the `plugins` command, and when a session is built, in any process; reads folders and the scan's
catalogue, so never from an audio callback.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from instruments.errors import InstrumentError
from instruments.lv2_bundle import plugins_in
from instruments.plugins import catalogue
from instruments.plugins.catalogue import Entry
from instruments.plugins.files import files_in, folders, format_of, is_vst2, plain_stem, stamp_of
from instruments.plugins.hosts import HOSTS, choose_host, preferred

__all__ = ["FoundPlugin", "entry_of", "find", "folders", "installed", "known", "places", "split_name"]

_ALL = ("VST3", "AU", "LV2", "VST2")
_PREFIXES = {name.casefold(): name for name in _ALL}
_DEBIAN = (("zam", "zam-plugins"), ("zyn", "zynaddsubfx-lv2"), ("mda", "mda-lv2"), ("dragonfly", "dragonfly-reverb"))
"""Starts of names of plug-ins that Debian packages, and the package."""


class FoundPlugin(NamedTuple):
    """A plug-in. format: "VST3", "AU", "LV2", "VST2" or "Faust".

    name   its own where it is known without loading it, else the file's without its ending
    which  of several in one file: of an LV2 bundle always the plug-in's URI, else None
    """

    name: str
    path: Path
    format: str
    which: str | None = None


def places() -> tuple[Path, ...]:
    """`folders()`, and after them the others that have once been scanned."""
    return tuple(dict.fromkeys([*folders(), *map(Path, catalogue.read().folders)]))


def installed(search: Sequence[Path] | None = None) -> tuple[FoundPlugin, ...]:
    """All plug-ins in `search` (default: `places()`), by name; of two with one name the first folder's comes first.

    Reads LV2 manifests (0.2 s for 60 plug-ins, once a process); files that only look like VST2 are among them.
    """
    found = [plugin for file in _files(_given(search)) for plugin in _plugins_of(file)]
    return tuple(sorted(dict.fromkeys(found), key=lambda plugin: plugin.name.casefold()))


def known(search: Sequence[Path] | None = None) -> tuple[Entry, ...]:
    """What the last scan found in `search` that is still there, by name; also what could not be loaded."""
    given = _given(search)
    entries = catalogue.read().entries.values()
    there = [e for e in entries if any(Path(e.path).is_relative_to(f) for f in given) and Path(e.path).exists()]
    return tuple(sorted(there, key=lambda e: (e.name.casefold(), e.format, e.path)))


def entry_of(found: FoundPlugin) -> Entry | None:
    """What the last scan said of it, if its files have not changed since."""
    entry = catalogue.read().entries.get((str(found.path), found.which))
    return entry if entry is not None and entry.stamp == stamp_of(found.path) else None


def find(plugin: str | Path, search: Sequence[Path] | None = None, *, format: str | None = None,  # noqa: A002
         which: str | None = None, host: str | None = None, broken_ok: bool = False) -> FoundPlugin:
    """The plug-in at a path, of an LV2 URI, or of a name, in `search`.

    A name counts whatever its case, with or without an ending (".vst3"); "LV2:Name" or format="LV2" says in which
    format, else the best that there is and can be played: VST3, AU, LV2, VST2. `which` chooses by name or URI from a
    file with several; `host`: in a format that this host plays.

    Raises InstrumentError that names what was asked for, the folders searched and the remedy: not installed, more
    than one of that name, or broken when it was scanned (unless broken_ok).
    """
    said, text = split_name(str(plugin))
    given = _given(search)
    path = Path(text).expanduser()
    if _kind(path) is not None and path.exists():
        candidates = _chosen(_at(path.absolute()), text, which)
    elif "://" in text or text.startswith("urn:"):
        candidates = _known_lv2(given, lambda e: e.which == text) or [p for p in _all(given, "LV2") if p.which == text]
        if not candidates:
            raise InstrumentError(f"no LV2 plug-in with the URI {text!r} in {_listed(given)}: install it, name its "
                                  f"folder once (`sideman plugins scan FOLDER`), or give the bundle's path")
    elif isinstance(plugin, Path) or os.sep in text or "/" in text:
        reason = "is no plug-in (.vst3, .component, .lv2, .so, .dll, .dsp)" if path.exists() else "does not exist"
        raise InstrumentError(f"plug-in {text!r} {reason}: give the path of a plug-in, or its name to have it "
                              f"searched in {_listed(given)}{_package(path.stem)}")
    else:
        return _named(text, given, _formats(said or format, host), which, broken_ok)
    if not broken_ok:
        _check(candidates[0])
    return candidates[0]


def split_name(text: str) -> tuple[str | None, str]:
    """"LV2:Name" -> "LV2", "Name"; None where no format is said."""
    prefix, _, rest = text.partition(":")
    format_name = _PREFIXES.get(prefix.strip().casefold())
    return (format_name, rest.strip()) if format_name and rest.strip() else (None, text.strip())


def _formats(format_name: str | None, host: str | None) -> list[str]:
    """In which a name is looked for, best first: what no host here plays comes last."""
    if format_name is not None:
        return [format_name]
    formats = preferred(HOSTS[host].formats if host in HOSTS else _ALL)
    return sorted(formats, key=lambda name: not _is_played(name))


def _is_played(format_name: str) -> bool:
    try:
        choose_host(format_name)
    except InstrumentError:
        return False
    return True


def _named(text: str, given: tuple[Path, ...], formats: Sequence[str], which: str | None, broken_ok: bool
           ) -> FoundPlugin:
    """By name: in the first format in which there is one that is not broken."""
    wanted = (Path(text).stem if _kind(Path(text)) else text).casefold()
    broken: FoundPlugin | None = None
    for kind in formats:
        alike = _alike(given, kind, wanted)
        if not alike:
            continue
        candidates = _chosen(alike, text, which)
        good = [p for p in candidates if broken_ok or not _is_broken(p)]
        if good:
            return _only(good, text)
        broken = broken or candidates[0]
    if broken is not None:
        _check(broken)
    raise _missing(text, wanted, given, formats)


def _alike(given: tuple[Path, ...], kind: str, wanted: str) -> list[FoundPlugin]:
    if kind == "LV2" and (known_ones := _known_lv2(given, lambda e: e.name.casefold() == wanted)):
        return known_ones
    there = list(_all(given, kind))
    alike = [p for p in there if wanted in _names(p) and (kind != "VST2" or is_vst2(p.path))]
    # The name of a bundle counts where nothing in it is called so.
    return alike or [p for p in there if kind == "LV2" and p.path.stem.casefold() == wanted]


def _known_lv2(given: tuple[Path, ...], fits: Callable[[Entry], bool]) -> list[FoundPlugin]:
    """From the catalogue, where the bundle has not changed since: reading manifests takes longer."""
    fitting = [(Path(e.path), e) for e in catalogue.read().entries.values() if e.format == "LV2" and fits(e)]
    return [FoundPlugin(e.name, path, "LV2", e.which) for folder in given for path, e in fitting
            if path.is_relative_to(folder) and e.stamp == stamp_of(path)]


def _only(alike: list[FoundPlugin], text: str) -> FoundPlugin:
    """The first, where the others are the same plug-in in folders that come later."""
    first = alike[0]
    others = [p for p in alike[1:] if (p.path.name, p.which) != (first.path.name, first.which)]
    if first.which is not None:
        others = [p for p in others if p.which != first.which]
    if not others:
        return first
    listed = ", ".join(f"{p.which or p.path} ({p.name})" for p in [first, *others][:8])
    raise InstrumentError(f"plug-in {text!r} may be any of {listed}{', ...' if len(others) > 7 else ''}: give one of "
                          f"these instead of the name")


def _chosen(found: Sequence[FoundPlugin], text: str, which: str | None) -> list[FoundPlugin]:
    """Those that `which` names; of a bundle given by its path, which holds several, one must be named."""
    if which is not None:
        chosen = [p for p in found if which == p.which or which.casefold() == p.name.casefold()]
        if not chosen and found and found[0].format != "LV2":
            return [found[0]._replace(which=which)]  # its host knows
        if not chosen:
            raise InstrumentError(f"plug-in {text!r} holds no {which!r}: choose from {_some(found)}")
        return chosen
    if len({p.which for p in found}) > 1 and len({p.path for p in found}) == 1 and not any(
            text.casefold() in _names(p) for p in found):
        raise InstrumentError(f"{text!r} holds {len(found)} plug-ins: give the name or the URI of one instead: "
                              f"{_some(found)}")
    return list(found)


def _some(found: Sequence[FoundPlugin]) -> str:
    return ", ".join(p.name for p in found[:40]) + (", ..." if len(found) > 40 else "")


def _is_broken(found: FoundPlugin) -> bool:
    entry = entry_of(found)
    return entry is not None and entry.trouble is not None


def _check(found: FoundPlugin) -> None:
    entry = entry_of(found)
    if entry is not None and entry.trouble is not None:
        raise InstrumentError(f"plug-in {found.name} ({found.path}) {entry.reason} when it was scanned, so it is left "
                              f"alone until it changes: install it anew, or `sideman plugins forget \"{found.name}\"` "
                              f"to try it again")


def _missing(text: str, wanted: str, given: tuple[Path, ...], formats: Sequence[str]) -> InstrumentError:
    there = installed(given)
    names = {name: p for p in reversed(there) for name in (p.name.casefold(), p.path.stem.casefold())}
    of_format = "" if set(formats) >= set(_ALL) else f"{' or '.join(formats)} "
    if of_format and (others := sorted({p.format for p in there if wanted in _names(p)})):
        return InstrumentError(f"no {of_format}plug-in named {text!r} in {_listed(given)}: it is there as "
                               f"{' and '.join(others)}: ask for \"{others[0]}:{text}\"")
    close = dict.fromkeys(names[key].name for key in difflib.get_close_matches(wanted, names, n=3, cutoff=0.6))
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return InstrumentError(f"no {of_format}plug-in named {text!r} in {_listed(given)} ({len(there)} found{hint}): "
                           f"install it, name its folder once (`sideman plugins scan FOLDER`), or give its path"
                           f"{_package(wanted)}")


def _names(found: FoundPlugin) -> set[str]:
    """What it is called, in lower case."""
    names = {found.name.casefold()}
    if found.format != "LV2":
        names |= {found.path.stem.casefold(), plain_stem(found.path).casefold()}
    return names


def _all(given: Sequence[Path], kind: str) -> Iterator[FoundPlugin]:
    return (plugin for file in _files(given) if format_of(file) == kind for plugin in _plugins_of(file))


def _at(path: Path) -> list[FoundPlugin]:
    if path.suffix.lower() == ".dsp":
        return [FoundPlugin(path.stem, path, "Faust")]
    within = list(files_in(path.parent, 1)) if path.suffix.lower() == ".vst" and path.is_dir() else [path]
    found = [p for file in within if file.is_relative_to(path) for p in _plugins_of(file)]
    if not found:
        raise InstrumentError(f"plug-in {str(path)!r} holds nothing that can be loaded (an LV2 bundle needs a "
                              f"manifest): install it anew")
    return found


def _plugins_of(file: Path) -> Iterator[FoundPlugin]:
    kind = format_of(file)
    assert kind is not None
    if kind == "LV2":
        for plugin in plugins_in(file):
            yield FoundPlugin(plugin.name, file, kind, plugin.uri)
        return
    entry = catalogue.read().entries.get((str(file), None))
    name = entry.name if entry is not None and entry.trouble is None else ""
    yield FoundPlugin(name or plain_stem(file), file, kind)


def _kind(path: Path) -> str | None:
    return "Faust" if path.suffix.lower() == ".dsp" else format_of(path)


def _files(given: Iterable[Path]) -> Iterator[Path]:
    for folder in given:
        yield from files_in(folder)


def _given(search: Sequence[Path] | None) -> tuple[Path, ...]:
    return places() if search is None else tuple(search)


def _listed(search: Sequence[Path]) -> str:
    there = [str(folder) for folder in search if folder.is_dir()]
    return ", ".join(there or map(str, search)) or "no folder"


def _package(name: str) -> str:
    packages = [package for start, package in _DEBIAN if name.casefold().startswith(start)]
    return f" (on Debian: apt-get install {packages[0]})" if packages else ""
