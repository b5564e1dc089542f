"""Who feeds whom: orders that work, mistakes with their remedy, what a solo leaves."""

from __future__ import annotations

import pytest

from instruments.alignment import delays_of
from instruments.errors import InstrumentError
from instruments.routing import MASTER, Key, Node, heard, ordered

MIX = Node(MASTER, "master", place="master")


def names(*nodes: Node) -> list[str]:
    return [n.name for n in ordered([*nodes, MIX])]


def test_all_that_feeds_or_keys_a_channel_comes_before_it() -> None:
    bass = Node("bass", "track", "low", keys=(None, Key("kick")))
    kick = Node("kick", "track", "low")
    low = Node("low", "group", keys=(Key("lead"),))
    assert names(bass, low, Node("fx", "return"), kick, Node("lead", "track")) == [
        "kick", "bass", "lead", "low", "fx", "master"]


def test_notes_are_there_before_everything() -> None:
    a, b = Node("a", "track", keys=(Key("b", notes=True),)), Node("b", "track", keys=(Key("a", notes=True),))
    assert names(a, b) == ["a", "b", "master"]


@pytest.mark.parametrize(("nodes", "words"), [
    ([Node("a", "track", place="tracks[0]", keys=(Key("b"),)), Node("b", "track", keys=(Key("a"),))],
     r"tracks\[0\].effects\[0\].key = 'b' leads in a circle \(a <- b <- a\): take that key out"),
    ([Node("a", "track", place="tracks[0]", keys=(Key("a"),))], r"circle \(a <- a\)"),
    ([Node("a", "track", "g", place="tracks[0]", keys=(None, Key("g"))), Node("g", "group")],
     r"tracks\[0\].effects\[1\].key = 'g' leads in a circle \(a <- g <- a\)"),
    ([Node("a", "track", place="tracks[0]", keys=(Key("fx"),)), Node("fx", "return")], r"circle \(a <- fx <- a\)"),
    ([Node("a", "track", "b", place="tracks[0]"), Node("b", "track")],
     r"tracks\[0\].group = 'b' is no group: add one of that name under \[\[groups\]\]"),
    ([Node("a", "track", sends=("hall",), place="tracks[0]"), Node("room", "return")],
     r"tracks\[0\].sends = 'hall' is no return: choose from 'room'"),
    ([Node("a", "track", keys=(Key("z"),), place="tracks[0]")], r"key = 'z' is no track or group: choose from 'a'"),
    ([Node("a", "track", keys=(Key("g", True),), place="tracks[0]"), Node("g", "group")], r"'g' is no track: choose"),
    ([Node("a", "track", place="tracks[0]"), Node("a", "return", place="returns[0]")],
     r"returns\[0\].name = 'a' is there twice, also as tracks\[0\]"),
    ([Node("master", "track", place="tracks[0]")], r"tracks\[0\].name = 'master' is kept for the mix"),
])
def test_mistakes_are_named(nodes: list[Node], words: str) -> None:
    with pytest.raises(InstrumentError, match=words):
        ordered([*nodes, MIX])


def test_solo() -> None:
    nodes = [Node("a", "track", "g"), Node("b", "track"), Node("g", "group"), Node("fx", "return"), MIX]
    edges = [("a", "g"), ("a", "fx"), ("b", MASTER), ("b", "fx"), ("g", MASTER), ("g", "fx"), ("fx", MASTER)]

    def left(*soloed: str) -> list[str]:
        return [f"{a}>{b}" for (a, b), yes in zip(edges, heard(nodes, edges, soloed), strict=True) if yes]

    assert len(left()) == len(edges)
    assert left("b") == ["b>master", "b>fx", "fx>master"]
    assert left("a") == left("g") == ["a>g", "a>fx", "g>master", "g>fx", "fx>master"]
    assert left("fx") == ["a>g", "a>fx", "b>fx", "g>fx", "fx>master"]


def test_delays_make_all_ways_as_long_as_the_longest() -> None:
    nodes = ordered([Node("a", "track", "g"), Node("b", "track", keys=(None, Key("a"))), Node("g", "group"), MIX])
    edges = [("a", "g"), ("b", MASTER), ("g", MASTER)]
    delays = delays_of(nodes, edges, {"a": 10, "b": 0}, {"a": [100], "b": [7, 0], "g": [1000], MASTER: [5]})
    assert delays.edges == {("a", "g"): 0, ("b", MASTER): 1000, ("g", MASTER): 0}
    assert delays.inputs == {"a": 0, "b": 103} and delays.keys == {("b", 1): 0} and delays.total == 1115
