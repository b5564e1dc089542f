"""Nothing that a client sends names a file outside the session's folder, a plug-in or a module: through a whole App,
every text in every message there is, with names of files that really are there. What Python opens, imports and starts
is heard by an audit hook (PEP 578)."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import inspect as kinds
from server_stage import ask, music
from websockets.asyncio.client import ClientConnection

from bridge import session as sessions
from bridge.app import App
from bridge.errors import SessionError
from bridge.session import Session
from bridge.sound_files import SoundFiles
from bridge.stream import wire
from bridge.stream.front import Front

MARK = "outside-zz"
_EVENTS = ("open", "import", "subprocess.Popen", "os.", "ctypes.dlopen", "shutil.", "glob.", "exec")


class Ear:
    """What Python opens, imports and starts while it is on: an audit hook, which cannot be taken off again."""

    def __init__(self) -> None:
        self.on = False
        self.heard: list[tuple[str, str]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if self.on and event.startswith(_EVENTS):
            self.heard.append((event, str(given[0]) if given else ""))

    @contextmanager
    def listening(self) -> Iterator[list[tuple[str, str]]]:
        self.on, self.heard = True, []
        try:
            yield self.heard
        finally:
            self.on = False


EAR = Ear()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room: names in messages have 64 letters at most."""
    with tempfile.TemporaryDirectory(prefix="z") as name:
        yield Path(name).resolve()


@pytest.fixture
def outside(short: Path) -> Path:
    """A folder with a patch, a SoundFont's name, a plug-in's, a module, a tune: all that could be wished."""
    folder = short / MARK
    folder.mkdir()
    patch = (files("instruments") / "patches" / "rhodes.toml").read_text(encoding="utf-8")
    (folder / "rhodes.toml").write_text(patch)
    for name in ("font.sf2", "font.sf3", "plug.vst3", "plug.so", "tune.mid", "scale.scl", "session.toml", "state.bin"):
        (folder / name).write_bytes(b"RIFF")
    (folder / "evil.py").write_text("raise SystemExit('loaded')")
    return folder


@pytest.fixture
def own(short: Path) -> Path:
    """A session's own folder and file."""
    text = Path(sessions.builtin_folder(), "jazz-trio.toml").read_text(encoding="utf-8")
    file = short / "songs" / "mine.toml"
    file.parent.mkdir()
    file.write_text(text)
    patch = (files("instruments") / "patches" / "rhodes.toml").read_text(encoding="utf-8")
    (file.parent / "own-rhodes.toml").write_text(patch)
    return file


def hostile(folder: Path) -> list[str]:
    far, here = str(folder), Path.cwd()
    back = os.path.relpath(folder, here)
    return [
        *(f"{far}/{name}" for name in ("rhodes.toml", "font.sf2", "font.sf3:0", "plug.vst3", "evil.py", "tune.mid")),
        f"{back}/rhodes.toml", f"{back}/font.sf2", f"{far}/../{MARK}/rhodes.toml", f"file://{far}/rhodes.toml",
        f"{far}/font.sf2:../../rhodes.toml", f"{MARK}.evil:main", "os:system", f"../{MARK}/rhodes.toml",
        f"\\\\host\\{MARK}\\rhodes.toml", f"track.{far}.gain_db", f"~{MARK}.sf2",
    ]


def plain(kind: kinds.Type) -> Any:
    """A small value that fits."""
    match kind:
        case kinds.Metadata():
            return plain(kind.type)
        case kinds.UnionType():
            return plain(kind.types[0])
        case kinds.LiteralType():
            return kind.values[0]
        case kinds.ListType() | kinds.VarTupleType():
            return [plain(kind.item_type)]
        case kinds.DictType():
            return {plain(kind.key_type): plain(kind.value_type)}
        case kinds.TupleType():
            return [plain(one) for one in kind.item_types]
        case kinds.StructType():
            return {f.encode_name: plain(f.type) for f in kind.fields if f.required}
        case kinds.StrType():
            return "bass"
        case kinds.BoolType():
            return True
        case kinds.NoneType():
            return None
        case _:
            return max(1, getattr(kind, "ge", None) or 1)


def bent(kind: kinds.Type, text: str) -> Iterator[Any]:
    """The values that have `text` at one of the places where a text can be."""
    match kind:
        case kinds.Metadata():
            yield from bent(kind.type, text)
        case kinds.UnionType():
            for one in kind.types:
                yield from bent(one, text)
        case kinds.StrType():
            yield text
        case kinds.LiteralType():
            if isinstance(kind.values[0], str):
                yield text
        case kinds.ListType() | kinds.VarTupleType():
            yield from ([value] for value in bent(kind.item_type, text))
        case kinds.DictType():
            yield from ({key: plain(kind.value_type)} for key in bent(kind.key_type, text))
            yield from ({plain(kind.key_type): value} for value in bent(kind.value_type, text))
        case kinds.StructType():
            rest = plain(kind)
            for field in kind.fields:
                yield from ({**rest, field.encode_name: value} for value in bent(field.type, text))


def messages(texts: list[str]) -> list[dict[str, Any]]:
    """Each text at each place of each message; once more with a track that is there, where tracks are named."""
    found = []
    for kind in get_args(wire.ClientMessage):
        for text in texts[:: 1 if kind in (wire.Set, wire.Subscribe) else 6]:
            found += [{"type": kind.__name__.lower(), **value} for value in bent(kinds.type_info(kind), text)]
    found += [{"type": "modify", "params": {"instruments": {"bass": text}}} for text in texts]
    found += [{"type": "modify", "params": {"instruments": [text]}} for text in texts]
    found += [{"type": "generate", "params": {"instruments": ["piano", text]}} for text in texts]
    words = ("key", "mode", "genre", "style", "form", "chords", "section")
    found += [{"type": "set", "values": {f"music.{word}": text}} for word in words for text in texts[::5]]
    return found


async def answered(client: ClientConnection, number: int) -> dict[str, Any]:
    while True:
        data = await asyncio.wait_for(client.recv(), 10)
        if isinstance(data, str) and (message := json.loads(data)).get("id") == number:
            return dict(message)


def settled_things(session: Session) -> object:
    """What only the session's file says."""
    return ([(t.plugin, t.tuning, t.effects, t.port, t.composer) for t in session.tracks], session.clock,
            session.outputs, session.osc, session.stream, session.control, session.groups, session.returns,
            session.master, session.through, session.music.piece)


def with_app(file: Path, body: Any) -> None:
    """An App that is served but has started no other process."""

    async def run() -> None:
        app = App(sessions.load(str(file)), front=Front(port=0), say=lambda _: None, file=file)
        app.server._limits = app.server._limits._replace(messages_a_s=100_000)
        await app.server.start()
        try:
            async with music(app.server) as client:
                await ask(client, type="subscribe", audio=False, midi=False, status=False)
                await body(app, client)
        finally:
            await app.server.stop()
            app._rings.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_no_text_of_any_message_opens_a_file_imports_a_module_or_loads_a_plugin(outside: Path, own: Path) -> None:
    asked = messages(hostile(outside))
    assert max(map(len, hostile(outside))) <= 64
    assert len(asked) > 250 and {m["type"] for m in asked} >= {"generate", "modify", "set", "subscribe", "parameters"}

    async def body(app: App, client: ClientConnection) -> None:
        before, text = settled_things(app.session), own.read_text(encoding="utf-8")
        took = []
        with EAR.listening() as heard:
            for number, message in enumerate(asked, 1):
                await ask(client, id=number, **message)
                answer = await answered(client, number)
                assert "failed inside" not in answer.get("message", ""), (message, answer)
                if answer["type"] != "error" and message["type"] != "parameters":  # which looks for any words
                    took.append(message)
        assert len(heard) > 10
        assert not [name for _, name in heard if MARK in name and not Path(name).resolve().is_relative_to(own.parent)]
        assert not {"subprocess.Popen", "os.system", "os.exec", "ctypes.dlopen"} & {event for event, _ in heard}
        said = {next(iter(value)) for m in took for value in [m.get("params") or m.get("values")]}
        assert said <= {"style", "form", "music.style", "music.form"}  # what is not known gives way to what is chosen
        assert settled_things(app.session) == before and MARK not in repr(app.session)
        assert own.read_text(encoding="utf-8") == text

    with_app(own, body)


def test_the_hook_hears_what_it_is_to_hear(outside: Path) -> None:
    with EAR.listening() as heard:
        (outside / "rhodes.toml").read_text()
        with pytest.raises(ImportError):
            __import__("no_such_module_of_ours")
    assert any(event == "open" and MARK in name for event, name in heard)
    assert ("import", "no_such_module_of_ours") in heard


def test_a_file_in_the_sessions_own_folder_may_be_named_and_leads_nowhere_else(outside: Path, own: Path) -> None:
    link = own.parent / "link.toml"
    link.symlink_to(outside / "rhodes.toml")

    async def body(app: App, client: ClientConnection) -> None:
        numbers = itertools.count(1)

        async def say(**message: Any) -> dict[str, Any]:
            number = next(numbers)
            await ask(client, id=number, **message)
            return await answered(client, number)

        answer = await say(type="modify", params={"instruments": {"piano": "own-rhodes.toml"}})
        assert answer["type"] == "ok"
        piano = next(t for t in app.session.tracks if t.name == "piano")
        assert piano.instrument == str(own.parent.resolve() / "own-rhodes.toml")
        for name in ("link.toml", "../songs/../x.toml", str(link), str(outside / "rhodes.toml")):
            refused = await say(type="modify", params={"instruments": {"piano": name}})
            assert refused["type"] == "error" and "clients may not name" in refused["message"]
        missing = await say(type="modify", params={"instruments": {"piano": f"{outside}/none.toml"}})
        there = await say(type="modify", params={"instruments": {"piano": f"{outside}/rhodes.toml"}})
        assert missing["message"].replace("none", "rhodes") == there["message"]  # nobody learns what is there
        again = await say(type="modify", params={"instruments": {"piano": str(own.parent / "own-rhodes.toml")}})
        assert again["type"] == "ok"

    with_app(own, body)


@pytest.mark.parametrize(("name", "means"), [
    ("piano", "piano"), ("kazoo", "kazoo"), ("own.sf2:32", "own.sf2:32"), ("playing.toml", "playing.toml"),
    ("in.toml", "/songs/in.toml"), ("sub/../in.toml", "/songs/in.toml"),
    ("IN.SF2:Grand: Piano", "/songs/IN.SF2:Grand: Piano"), ("../in.toml", None), ("/etc/x.toml", None),
    ("/songs/../etc/x.sf2", None), ("..\\in.toml", "/songs/..\\in.toml"),
    ("x.sf2:/../../etc/y.toml", "/songs/x.sf2:/../../etc/y.toml"), ("~/x.sf2", "/songs/~/x.sf2"), ("a\0.toml", None),
    ("/songs2/in.toml", None),
])
@pytest.mark.skipif(os.name != "posix", reason="paths")
def test_which_files_are_admitted(name: str, means: str | None) -> None:
    allowed = SoundFiles(frozenset({"own.sf2:32"}), Path("/songs"))
    if means is None:
        with pytest.raises(SessionError, match="clients may not name"):
            allowed.admitted(name)
    else:
        assert allowed.admitted(name, ["playing.toml"]) == means
    if name not in ("piano", "kazoo"):
        with pytest.raises(SessionError):
            SoundFiles().admitted(name)


def test_an_installed_soundfont_goes_by_its_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Grand.sf2").touch()
    monkeypatch.setenv("SIDEMAN_SOUNDFONTS", str(tmp_path))
    assert SoundFiles().admitted("grand.SF2:5") == "grand.SF2:5"
    with pytest.raises(SessionError):
        SoundFiles().admitted(f"{tmp_path}/Grand.sf2")


def test_a_session_of_clients_cannot_be_served_elsewhere() -> None:
    """[stream] is in no message: neither host, tokens nor certificates."""
    structs = map(kinds.type_info, (*get_args(wire.ClientMessage), wire.GenerateParams, wire.ModifyParams))
    names = {field.encode_name for one in structs if isinstance(one, kinds.StructType) for field in one.fields}
    assert {"instruments", "params"} <= names
    assert not names & {"stream", "host", "token", "tokenFile", "tlsCert", "plugin", "tuning", "file", "piece", "osc"}
