"""How plug-ins are set while a session plays, kept with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.knobs import Knobs
from bridge.parameter_paths import described
from bridge.plugin_keep import keep_states
from bridge.session import plugin_of
from instruments.parameter import Choice, Parameter

TEXT = """name = "mine"  # my own
[music]
genre = "jazz"

[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "piano"
plugin = { name = "Surge XT", params = { cutoff = 800, mode = "Saw" } }   # the lead
effects = [{ effect = "eq" }, { plugin = "ZamComp" }]
"""


def knobs() -> Knobs:
    made = Knobs()
    made.learn([
        described("track.piano.synth.cutoff", Parameter("Hz", 20, 20_000, 1000), 800),
        described("track.piano.synth.mode", Choice(("Sine", "Saw"), "Sine"), 1),
        described("track.piano.synth.drive", Parameter("dB", 0, 24, 0), 0),
    ])
    return made


def test_states_are_written_beside_the_session_which_names_them_and_plays_what_was_heard(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TEXT, encoding="utf-8")
    session, turned = sessions.load(str(file)), knobs()
    turned.commands({"track.piano.synth.cutoff": 440, "track.piano.synth.mode": "Sine",
                     "track.piano.synth.drive": 6}, None)
    kept = keep_states(session, file, {"piano/synth": b"one", "piano/1": b"two"}, turned)
    assert kept == ["Surge XT of piano", "ZamComp of piano"]
    track = sessions.load(str(file)).tracks[0]
    spec = plugin_of(track)
    assert Path(spec.state or "").read_bytes() == b"one" and spec.params == {"cutoff": 440, "mode": "Sine"}
    assert Path(track.effects[1].state or "").read_bytes() == b"two"
    text = file.read_text(encoding="utf-8")
    assert "# my own" in text and "# the lead" in text
    assert (tmp_path / "mine.toml.bak").exists()
    keep_states(sessions.load(str(file)), file, {"piano/synth": b"three"}, turned)
    assert Path(plugin_of(sessions.load(str(file)).tracks[0]).state or "").read_bytes() == b"three"


def test_what_cannot_be_kept_says_why_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TEXT, encoding="utf-8")
    session = sessions.load(str(file))
    with pytest.raises(SessionError, match="copy its file"):
        keep_states(session, None, {"piano/synth": b"x"}, knobs())
    with pytest.raises(SessionError, match="try again when they have loaded"):
        keep_states(session, file, {}, knobs())
    bare = sessions.load("jazz-trio")
    with pytest.raises(SessionError, match="no plug-ins"):
        keep_states(bare, file, {}, knobs())
    assert file.read_text(encoding="utf-8") == TEXT
