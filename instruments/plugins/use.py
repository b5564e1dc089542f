"""How a plug-in is used: which one, by which host, in which process, and how it is set when it has loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from instruments.hosts.host import ParamValue

Place: TypeAlias = Literal["chain", "own", "shared", "here"]
"""Which process a plug-in lives in: one for all of its channel's plug-ins, one of its own, one that all plug-ins with
this word share, or the engine's own (only for what is trusted: it takes the engine with it when it crashes)."""


@dataclass(frozen=True, slots=True)
class PluginUse:
    """What a session says of a plug-in.

    plugin  name or path; which: the name of one of several plug-ins in one file
    host    "pedalboard", "minihost", "dawdreamer", "vst2"; None: the best that there is for it
    state   what state() of the same plug-in gave, loaded first; preset: a file, loaded next; params: set last
    sync    parameters that follow the tempo where the host gives the plug-in none: {"time": "1/8."}
    """

    plugin: str
    which: str | None = None
    host: str | None = None
    state: bytes | None = None
    preset: Path | None = None
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    sync: Mapping[str, str] = field(default_factory=dict)
    place: Place = "chain"
