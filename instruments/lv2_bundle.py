"""Which plug-ins an LV2 bundle holds, read from its manifest without loading anything (LV2 core specification)."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from instruments.turtle import TYPE, Triple, TurtleError, read_turtle

MANIFEST = "manifest.ttl"
_CORE = "http://lv2plug.in/ns/lv2core#"
_DOAP = "http://usefulinc.com/ns/doap#"
_NAME = f"{_DOAP}name"
_PERSON = "http://xmlns.com/foaf/0.1/name"
_SEE_ALSO = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
_LONGEST = 4 << 20
"""Bytes of a description: banks of presets are longer, and none of them is a plug-in's."""


class Lv2Plugin(NamedTuple):
    """uri names it everywhere; name is for people; vendor and version ("minor.micro"): "" where they are not told."""

    uri: str
    name: str
    vendor: str
    version: str
    binaries: tuple[Path, ...]
    descriptions: tuple[Path, ...]


def plugins_in(bundle: Path) -> tuple[Lv2Plugin, ...]:
    """In the order of the manifest; none where there is no manifest or it cannot be read. Reads files."""
    try:
        stamp = (bundle / MANIFEST).stat().st_mtime_ns
    except OSError:
        return ()
    return _plugins_in(bundle, stamp)


@lru_cache(maxsize=4096)
def _plugins_in(bundle: Path, stamp: int) -> tuple[Lv2Plugin, ...]:
    try:
        manifest = _read(bundle / MANIFEST)
    except (OSError, TurtleError):
        return ()
    uris = dict.fromkeys(t.subject for t in manifest if t.predicate == TYPE and t.object == f"{_CORE}Plugin")
    return tuple(_plugin(uri, bundle, manifest) for uri in uris)


def _plugin(uri: str, bundle: Path, manifest: list[Triple]) -> Lv2Plugin:
    def files(predicate: str) -> tuple[Path, ...]:
        names = [t.object for t in manifest if t.subject == uri and t.predicate == predicate]
        return tuple(path for name in names if (path := _path(bundle, name)) is not None)

    said = list(manifest)
    descriptions = files(_SEE_ALSO)
    for path in descriptions:
        with suppress(OSError, TurtleError):
            said += _read(path)
    name = _said(said, uri, _NAME) or uri.rstrip("/#").rpartition("/")[2].rpartition("#")[2]
    numbers = [_said(said, uri, f"{_CORE}{part}Version") for part in ("minor", "micro")]
    return Lv2Plugin(str(uri), str(name), _vendor(said, uri), ".".join(filter(None, numbers)), files(f"{_CORE}binary"),
                     descriptions)


def _vendor(said: list[Triple], uri: str) -> str:
    """Who maintains the plug-in, or the project that it belongs to."""
    project = _said(said, uri, f"{_CORE}project")
    for thing in filter(None, (uri, project)):
        for role in ("maintainer", "developer"):
            if name := _said(said, _said(said, thing, f"{_DOAP}{role}"), _PERSON):
                return name
    return ""


def _said(said: list[Triple], subject: str, predicate: str) -> str:
    return next((t.object.strip() for t in said if t.subject == subject and t.predicate == predicate), "")


def _path(bundle: Path, name: str) -> Path | None:
    """Where a name in a manifest leads; None for what is not a file."""
    parts = urlsplit(name)
    if parts.scheme not in ("", "file"):
        return None
    return bundle / unquote(parts.path)


def _read(path: Path) -> list[Triple]:
    with path.open("rb") as file:
        return read_turtle(file.read(_LONGEST).decode("utf-8", "replace"))
