"""How JUCE, and so minihost, is made to open any one of the plug-ins of an LV2 bundle, wherever that lies.

By a bundle's path JUCE opens the plug-in whose URI sorts first. By a URI it opens any, of the bundles in its own
standard folders only (it does not heed LV2_PATH). What neither reaches is opened by the path of a bundle that holds
this one alone.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from instruments.block import InstrumentError
from instruments.lv2_bundle import MANIFEST, Lv2Plugin, plugins_in
from instruments.plugins.catalogue import folder


class Lv2Opening(NamedTuple):
    """plugin: what the bundle says of it; descriptor: JUCE's description of it by its URI (PluginDescription's XML);
    is_only: the bundle's own path opens it, too."""

    plugin: Lv2Plugin
    descriptor: str
    is_only: bool


def lv2_opening(bundle: Path, which: str | None) -> Lv2Opening:
    """which: a URI or a name; None: the first. Raises InstrumentError that lists what the bundle holds."""
    there = plugins_in(bundle)
    for plugin in there:
        if which in (None, plugin.uri, plugin.name):
            xml = f'<PLUGIN name={quoteattr(plugin.name)} format="LV2" file={quoteattr(plugin.uri)} uid="0"/>'
            return Lv2Opening(plugin, xml, len(there) == 1)
    names = ", ".join(plugin.name for plugin in there[:40]) or "none: its manifest says nothing"
    raise InstrumentError(f"LV2 bundle {bundle} holds no {which!r}: it holds {names}")


def alone(bundle: Path, plugin: Lv2Plugin) -> Path:
    """A bundle in the cache folder that has all of the files of `bundle`, and a manifest of this one plug-in.

    Raises OSError.
    """
    digest = hashlib.sha256(f"{bundle}\0{plugin.uri}".encode()).hexdigest()[:16]
    made = folder() / "lv2" / digest / bundle.name
    try:
        made.mkdir(parents=True, exist_ok=True)
    except OSError:
        made = Path(tempfile.mkdtemp(prefix="sideman-lv2-")) / bundle.name
        made.mkdir()
    for file in bundle.iterdir():
        here = made / file.name
        if file.name == MANIFEST or (here.is_symlink() and here.resolve() == file.resolve()):
            continue
        _linked(file, here)
    lines = [f"<{plugin.uri}> a <http://lv2plug.in/ns/lv2core#Plugin> ;"]
    for predicate, files in (("http://lv2plug.in/ns/lv2core#binary", plugin.binaries),
                             ("http://www.w3.org/2000/01/rdf-schema#seeAlso", plugin.descriptions)):
        lines += [f"    <{predicate}> <{file.absolute().as_uri()}> ;" for file in files]
    with tempfile.NamedTemporaryFile("w", dir=made, suffix=".part", delete=False, encoding="utf-8") as opened:
        opened.write("\n".join(lines)[:-1] + ".\n")
    Path(opened.name).replace(made / MANIFEST)
    return made


def _linked(file: Path, here: Path) -> None:
    """A link, or where those are not allowed (Windows) a copy."""
    if here.is_symlink() or here.is_file():
        here.unlink()
    elif here.is_dir():
        shutil.rmtree(here)
    try:
        here.symlink_to(file.absolute(), target_is_directory=file.is_dir())
    except FileExistsError:
        return  # another process was faster
    except OSError:
        (shutil.copytree if file.is_dir() else shutil.copy2)(file, here)
