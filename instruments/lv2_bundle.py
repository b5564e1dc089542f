"""Which plug-ins an LV2 bundle holds, read from its manifest without loading anything (LV2 core specification)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from instruments.turtle import TYPE, Triple, TurtleError, read_turtle

MANIFEST = "manifest.ttl"
_CORE = "http://lv2plug.in/ns/lv2core#"
_NAME = "http://usefulinc.com/ns/doap#name"
_SEE_ALSO = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
_PRESET = "http://lv2plug.in/ns/ext/presets#Preset"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_LONGEST = 4 << 20
"""Bytes of a description: banks of presets are longer, and none of them is a plug-in's."""


class Lv2Plugin(NamedTuple):
    """uri names it everywhere; name is for people; files: its binary and its descriptions."""

    uri: str
    name: str
    files: tuple[Path, ...]


def plugins_in(bundle: Path) -> tuple[Lv2Plugin, ...]:
    """In the order of the manifest; none where there is no manifest or it cannot be read. Reads files."""
    try:
        stamp = (bundle / MANIFEST).stat().st_mtime_ns
    except OSError:
        return ()
    return _plugins_in(bundle, stamp)


def presets_of(uri: str, bundle: Path) -> tuple[str, ...]:
    """The labels of the presets that a bundle's manifest names for a plug-in."""
    try:
        triples = _read(bundle / MANIFEST)
    except (OSError, TurtleError):
        return ()
    ours = {t.subject for t in triples if t.predicate == f"{_CORE}appliesTo" and t.object == uri}
    presets = {t.subject for t in triples if t.predicate == TYPE and t.object == _PRESET} & ours
    return tuple(t.object for t in triples if t.subject in presets and t.predicate == _LABEL and t.object)


@lru_cache(maxsize=4096)
def _plugins_in(bundle: Path, stamp: int) -> tuple[Lv2Plugin, ...]:
    try:
        manifest = _read(bundle / MANIFEST)
    except (OSError, TurtleError):
        return ()
    uris = dict.fromkeys(t.subject for t in manifest if t.predicate == TYPE and t.object == f"{_CORE}Plugin")
    return tuple(_plugin(uri, bundle, [t for t in manifest if t.subject == uri]) for uri in uris)


def _plugin(uri: str, bundle: Path, said: list[Triple]) -> Lv2Plugin:
    descriptions = [p for t in said if t.predicate == _SEE_ALSO and (p := _path(bundle, t.object))]
    binaries = [p for t in said if t.predicate == f"{_CORE}binary" and (p := _path(bundle, t.object))]
    name = _name(uri, said)
    for path in descriptions:
        if name:
            break
        try:
            name = _name(uri, _read(path))
        except (OSError, TurtleError):
            continue
    return Lv2Plugin(uri, name or uri.rstrip("/#").rpartition("/")[2].rpartition("#")[2],
                     (*binaries, bundle / MANIFEST, *descriptions))


def _name(uri: str, said: list[Triple]) -> str:
    return next((t.object.strip() for t in said if t.subject == uri and t.predicate == _NAME), "")


def _path(bundle: Path, name: str) -> Path | None:
    """Where a name in a manifest leads; None for what is not a file."""
    parts = urlsplit(name)
    if parts.scheme not in ("", "file"):
        return None
    return bundle / unquote(parts.path)


def _read(path: Path) -> list[Triple]:
    with path.open("rb") as file:
        return read_turtle(file.read(_LONGEST).decode("utf-8", "replace"))
