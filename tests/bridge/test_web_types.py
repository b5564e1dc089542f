"""The types beside the client and the player name all that is there, and nothing else."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from javascript import WEB, run

from bridge.client import MusicClient
from bridge.stream import wire

pytestmark = pytest.mark.peer("node")

MEMBERS = """
  globalThis.WebSocket = class { close() {} };
  const module = await load(given[0]);
  const members = (thing) => Object.getOwnPropertyNames(thing).filter((name) => !["constructor", "length", "name",
                                                                               "prototype"].includes(name));
  const found = {};
  for (const [name, value] of Object.entries(module)) {
    if (/^class/.test(String(value))) {
      found[name] = { methods: members(value.prototype), statics: members(value), made: made(name, value) };
    } else found[name] = null;
  }
  function made(name, kind) {
    const what = { MusicClient: ["ws://nowhere/music"], Player: [{ addEventListener() {} }, {}] }[name];
    const thing = new kind(...what);
    return Object.getOwnPropertyNames(thing);
  }
  return [found, module.TOPICS];
"""


def declared(file: str) -> dict[str, set[str]]:
    """Classes with their members, and other exported values, of a .d.ts."""
    text = re.sub(r"/\*.*?\*/", "", (WEB / file).read_text("utf-8"), flags=re.S)
    found: dict[str, set[str]] = {name: set() for name in re.findall(r"^export (?:const|function) (\w+)", text, re.M)}
    for name, body in re.findall(r"^export class (\w+) {\n(.*?)^}", text, re.M | re.S):
        members = re.findall(r"^  (?:(?:readonly|static|private) )*(\w+)[(<:?]", body, re.M)
        found[name] = set(members) - {"constructor"}
    return found


@pytest.mark.parametrize("module", ["client", "player"])
def test_every_class_method_and_field_has_its_type(module: str) -> None:
    there, _ = run(MEMBERS, f"{module}.js")
    types = declared(f"{module}.d.ts")
    if module == "client":  # it hands out a clock, which has a module of its own
        assert types.pop("ServerClock") == {
            "ready", "offsetNs", "driftPpm", "errorNs", "waitS", "jumps", "toLocal", "toServer", "add"}
    assert set(types) == set(there)
    for name, parts in there.items():
        if parts is not None:
            assert types[name] == {*parts["methods"], *parts["statics"], *parts["made"]} | (
                {"node"} if name == "Player" else set()), name


def test_the_clocks_type_names_what_the_clock_has() -> None:
    names = run("""const { ServerClock } = await load("serverclock.js");
      return [ServerClock.prototype, new ServerClock()].flatMap((thing) => Object.getOwnPropertyNames(thing));""")
    assert set(names) - {"constructor"} == declared("client.d.ts")["ServerClock"]


def test_every_topic_has_the_type_of_its_messages() -> None:
    _, topics = run(MEMBERS, "client.js")
    text = re.sub(r"/\*.*?\*/", "", (WEB / "client.d.ts").read_text("utf-8"), flags=re.S)
    (body,) = re.findall(r"^export interface Topics {\n(.*?)^}", text, re.M | re.S)
    assert set(re.findall(r"^  (\w+):", body, re.M)) == set(topics)


def test_every_message_that_a_client_may_send_has_a_method() -> None:
    there, _ = run(MEMBERS, "client.js")
    methods = set(there["MusicClient"]["methods"])
    assert {kind.__struct_config__.tag for kind in get_args(wire.ClientMessage)} <= methods


def test_python_and_javascript_clients_have_the_same_names() -> None:
    there, topics = run(MEMBERS, "client.js")
    ours = {name for name, value in vars(MusicClient).items() if not name.startswith("_") and callable(value)}
    of_python = {"connect", "wait_closed", "playback", "end_playback", "due_ns", "counters"}
    assert ours - of_python <= set(there["MusicClient"]["methods"])
    text: Any = MusicClient.__doc__
    assert {topic for topic in topics if topic not in ("clock",)} <= set(re.findall(r'"(\w+)"', text))


def test_the_figures_and_the_report_are_as_their_types_say() -> None:
    names = run("""
      const { Player } = await load("player.js");
      const player = new Player({ addEventListener() {} }, { clock: { ready: false } });
      player.choose({});
      return [Object.keys(player.figures), Object.keys(player.report)];""")
    text = re.sub(r"/\*.*?\*/", "", (WEB / "player.d.ts").read_text("utf-8"), flags=re.S)
    for interface, found in zip(("Figures", "PlayerReport"), names, strict=True):
        (body,) = re.findall(rf"^export interface {interface} {{\n(.*?)^}}", text, re.M | re.S)
        assert re.findall(r"^  (\w+):", body, re.M) == found
