"""Who feeds whom on the console: tracks, groups, returns, master; checked, and put in an order that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from instruments.errors import InstrumentError

Kind = Literal["track", "group", "return", "master"]
MASTER = "master"
"""The name of the channel that everything comes to."""


class Key(NamedTuple):
    """A side-chain: the sound of a channel, behind its effects and before its fader; or the notes of a track."""

    channel: str
    notes: bool = False


class Node(NamedTuple):
    """A channel, as far as its connections go.

    output  the group that a track goes to, or MASTER
    sends   names of returns
    keys    of each of its effects, in order
    place   where it was written, for messages: "tracks[0]"
    """

    name: str
    kind: Kind
    output: str = MASTER
    sends: Sequence[str] = ()
    keys: Sequence[Key | None] = ()
    place: str = "?"


def ordered(nodes: Sequence[Node]) -> list[Node]:
    """Each after all that it needs to be ready: what feeds it, and the side-chains of its effects.

    Tracks and groups count as feeding every return: a send that is off can be turned up. Raises InstrumentError for
    names that are missing, doubled or of the wrong kind, and for circles of side-chains.
    """
    by_name = _named(nodes)
    needs: dict[str, dict[str, str]] = {n.name: {} for n in nodes}  # and why, for the message
    for node in nodes:
        if node.kind == "master":
            _check_keys(node, by_name)
            continue
        _check(node, by_name)
        needs[node.output][node.name] = ""
        for other in nodes:
            if node.kind in ("track", "group") and other.kind == "return":
                needs[other.name][node.name] = ""
    for node in nodes:
        for i, key in enumerate(node.keys):
            if key is not None and not key.notes:
                needs[node.name].setdefault(key.channel, f"{node.place}.effects[{i}].key = {key.channel!r}")
    done: dict[str, Node] = {}
    for node in nodes:
        _visit(node.name, by_name, needs, done, [])
    return list(done.values())


def _named(nodes: Sequence[Node]) -> dict[str, Node]:
    by_name: dict[str, Node] = {}
    for node in nodes:
        first = by_name.setdefault(node.name, node)
        if first is not node:
            raise InstrumentError(f"{node.place}.name = {node.name!r} is there twice, also as {first.place}: give each "
                                  f"track, group and return its own")
        if (node.name == MASTER) != (node.kind == "master"):
            raise InstrumentError(f"{node.place}.name = {node.name!r} is kept for the mix: give it another name")
    return by_name


def _check(node: Node, by_name: Mapping[str, Node]) -> None:
    """The names that a channel gives."""
    if node.output != MASTER:
        _known(f"{node.place}.group", node.output, by_name, ("group",), "group")
    for name in node.sends:
        _known(f"{node.place}.sends", name, by_name, ("return",), "return")
    _check_keys(node, by_name)


def _check_keys(node: Node, by_name: Mapping[str, Node]) -> None:
    for i, key in enumerate(node.keys):
        if key is not None:
            where = f"{node.place}.effects[{i}].key"
            if key.notes:
                _known(where, key.channel, by_name, ("track",), "track")
            else:
                _known(where, key.channel, by_name, ("track", "group", "return"), "track or group")


def _known(place: str, name: str, by_name: Mapping[str, Node], kinds: Sequence[Kind], what: str) -> None:
    if name not in by_name or by_name[name].kind not in kinds:
        known = [repr(n.name) for n in by_name.values() if n.kind in kinds]
        remedy = f"choose from {', '.join(known)}" if known else f"add one of that name under [[{what}s]]"
        raise InstrumentError(f"{place} = {name!r} is no {what}: {remedy}")


def _visit(name: str, by_name: Mapping[str, Node], needs: Mapping[str, Mapping[str, str]], done: dict[str, Node],
           path: list[str]) -> None:
    if name in done:
        return
    if name in path:
        circle = [*path[path.index(name):], name]
        why = next(needs[a][b] for a, b in pairwise(circle) if needs[a][b])
        raise InstrumentError(f"{why} leads in a circle ({' <- '.join(circle)}): take that key out, or another of the "
                              f"circle")
    path.append(name)
    for other in sorted(needs[name], key=list(by_name).index):
        _visit(other, by_name, needs, done, path)
    path.pop()
    done[name] = by_name[name]


def heard(nodes: Sequence[Node], edges: Sequence[tuple[str, str]], soloed: Sequence[str]) -> list[bool]:
    """Of each edge (from, to): whether it lies on a way to the master through what is soloed.

    A soloed group stands for its tracks, too: their sends are heard. With nothing soloed, everything is.
    """
    if not soloed:
        return [True] * len(edges)
    alone = set(soloed) | {n.name for n in nodes if n.kind == "track" and n.output in soloed}
    fed: dict[str, list[str]] = {}
    feeds: dict[str, list[str]] = {}
    for a, b in edges:
        fed.setdefault(b, []).append(a)
        feeds.setdefault(a, []).append(b)

    def reaches(name: str, onward: Mapping[str, Sequence[str]]) -> bool:
        return name in alone or any(reaches(other, onward) for other in onward.get(name, ()))

    return [reaches(a, fed) or reaches(b, feeds) for a, b in edges]
