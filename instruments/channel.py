"""A channel of the console at the start: instrument, effects, fader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from instruments.block import Effect, Instrument
from instruments.fader import Send
from instruments.routing import MASTER, Key, Kind, Node

INSTRUMENT = "synth"
"""The stage by which a track's instrument is known."""


class Insert(NamedTuple):
    """An effect of a chain.

    name       by which it is known; "" for the effect's own. The second "eq" of a chain is "eq2"
    key        the channel whose signal, behind its chain and before its fader, is the side-chain; or, for an effect
               with BY_NOTES, the track whose notes are
    bypass     bypassed at the start
    unsettled  its latency may change while it plays
    """

    effect: Effect
    name: str = ""
    key: str | None = None
    bypass: bool = False
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel at the start.

    instrument  of a track; output: of a track, the group it goes to; sends: of tracks and groups, by return
    gain_db     -90 (off)..24; pan -1..1. The master has no pan, mute, solo
    inserts     effects before the fader; last: of the master, those behind it
    unsettled   the instrument's latency may change while it plays
    leaving     a track that is gone, or is played by another by now: it rings out (see succession.py)
    """

    name: str
    kind: Kind = "track"
    instrument: Instrument | None = None
    inserts: Sequence[Insert] = ()
    output: str = MASTER
    gain_db: float = 0.0
    pan: float = 0.0
    mute: bool = False
    solo: bool = False
    sends: Mapping[str, Send] = field(default_factory=dict)
    last: Sequence[Insert] = ()
    unsettled: bool = False
    leaving: bool = False

    def node(self) -> Node:
        keys = [None if i.key is None else Key(i.key, by_notes(i.effect)) for i in self.inserts]
        return Node(self.name, self.kind, self.output, tuple(self.sends), keys, f"{self.kind} {self.name!r}")


def by_notes(effect: Effect) -> bool:
    """Whether the side-chain of an effect is notes, for its hear(), and no sound."""
    return bool(getattr(effect, "BY_NOTES", False))


def stage_names(inserts: Sequence[Insert], taken: Sequence[str] = ()) -> list[str]:
    """What the effects of a chain are called: "eq", "eq2"."""
    names: list[str] = list(taken)
    for insert in inserts:
        bare = insert.name or str(getattr(insert.effect, "NAME", "")) or "plugin"
        number, name = 1, bare
        while name in names:
            number += 1
            name = f"{bare}{number}"
        names.append(name)
    return names[len(taken):]
