"""`sideman takes`, `sideman takes export` and `sideman render TAKE`, as people type them."""

from __future__ import annotations

import json
import os
import time
import wave
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from click.testing import CliRunner
from take_stage import RATE, Live, a_session, a_setup, take_of

from bridge import session as sessions
from bridge.commands import cli
from bridge.engine.inbox import Halt, Locate, NewPlan, Play, SetParameter, SetTempo
from bridge.engine_link import Resume
from bridge.errors import SidemanError, TakeError
from bridge.takes import shelf
from bridge.takes.outline import outline
from bridge.takes.rendering import Rendering
from bridge.takes.take_file import RecordKind, TakeReader, encode_record
from bridge.takes.values import Ended, PlanMade, Summary, encode

SUMMARY = Summary(9, 6.0, 3.0, 2, 120.0, 151.0)


def two_stretches() -> bytes:
    """Waiting, half a second of music, a stop of a second, another start elsewhere with another tempo, to the end."""
    live = Live(a_setup())
    for _ in range(200):
        live.step(delay=0)
    live.step(Play(), delay=0)
    for _ in range(190):
        live.step(delay=0)
    live.step(SetParameter("mixer.master.gain_db", -6.0, 0.0), delay=0)
    live.step(Halt(), delay=0)
    for _ in range(375):
        live.step(delay=0)
    live.step(Locate(4), SetTempo(90.0), NewPlan(2, 4, 4, None, False), delay=0)
    for _ in range(20):
        live.step(delay=0)
    live.step(Play(), delay=0)
    for _ in range(280):
        live.step(delay=0)
    changed = a_session().with_music(key="G")
    return take_of(live) + encode_record(RecordKind.PLAN, encode(PlanMade(2, changed.music))) + encode_record(
        RecordKind.END, encode(Ended("", SUMMARY)))


@pytest.fixture(scope="module")
def take() -> bytes:
    return two_stretches()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shelf.FOLDER_VARIABLE, str(tmp_path / "takes"))
    (tmp_path / "takes").mkdir()
    return tmp_path / "takes"


def put(folder: Path, data: bytes, name: str = "2026-01-02-0304-test") -> Path:
    path = folder / f"{name}.take"
    path.write_bytes(data)
    os.utime(path, (time.time() - 60,) * 2)
    return path


def run(*arguments: str, **options: Any) -> str:
    done = CliRunner().invoke(cli, list(arguments), catch_exceptions=False, **options)
    assert done.exit_code == 0, done.output
    return done.stdout


def frames(path: Path) -> int:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        return file.getnframes()


def test_nothing_to_list(folder: Path) -> None:
    assert "There are no takes in" in run("takes")
    assert json.loads(run("takes", "--json")) == []


def test_the_list_and_what_happened(folder: Path, take: bytes) -> None:
    put(folder, take)
    put(folder, take[: len(take) // 2], "2026-01-02-0305-cut")
    table = run("takes")
    assert "2026-01-02-0304-test" in table and "0:06" in table and "120-151" in table and "cut off" in table
    rows = {row["name"]: row for row in json.loads(run("takes", "--json"))}
    whole = rows["2026-01-02-0304-test"]
    assert (whole["ended"], whole["bars"], whole["bpm"], whole["stretches"]) == ("properly", 3.0, [120.0, 151.0], 2)
    assert rows["2026-01-02-0305-cut"]["ended"] == "cut off"
    shown = run("takes", "show", "2026-01-02-0304")
    for what in ("start of stretch 1, at 152.0 BPM", "stop", "locate to bar 5", "own tempo 90 BPM", "plan 2",
                 "mixer.master.gain_db = -6", "start of stretch 2, at 90.0 BPM", "5.1", "ended properly",
                 "stretch 2: 0:01, to the take's end"):
        assert what in shown, shown
    told = json.loads(run("takes", "show", "2026-01-02-0304", "--json"))
    times = [event["seconds"] for event in told["events"]]
    assert times == sorted(times)
    start = next(event for event in told["events"] if "stretch 1" in event["what"])
    assert start["where"] == "1.1" and start["seconds"] == pytest.approx(202 * 128 / RATE, abs=0.03)


def test_rendered_it_is_from_the_first_note_until_it_has_rung_out(folder: Path, take: bytes, tmp_path: Path) -> None:
    put(folder, take)
    out, one, two = (tmp_path / f"{name}.wav" for name in ("all", "one", "two"))
    told = json.loads(run("render", "last", "-o", str(out), "--midi", str(tmp_path / "all.mid"), "--json"))
    assert told["take"] == "2026-01-02-0304-test" and told["peak"] > 0.01
    assert told["seconds"] == pytest.approx(frames(out) / RATE, abs=1e-3)
    played = (190 + 2 + 375 + 21 + 281) * 128 / RATE
    assert played < told["seconds"] < played + 7
    run("render", "2026", "-o", str(one), "--stretch", "1")
    run("render", "2026", "-o", str(two), "--stretch", "2")
    pcm = {p: np.frombuffer(p.read_bytes()[44:], np.uint8) for p in (out, one, two)}
    assert np.array_equal(pcm[one], pcm[out][: len(pcm[one])])
    assert np.array_equal(pcm[two], pcm[out][-len(pcm[two]) :]), "a stretch sounds as it did in the take"
    assert pcm[one].any() and pcm[two].any()
    assert not list(tmp_path.glob("*.part"))


def test_exported_every_message_is_at_its_time_and_bars_are_bars(folder: Path, take: bytes, tmp_path: Path) -> None:
    path = put(folder, take)
    out = tmp_path / "out.mid"
    assert "messages" in run("takes", "export", "last", "-o", str(out))
    file = mido.MidiFile(str(out))
    assert file.type == 1 and file.ticks_per_beat == 960
    session = a_session()
    assert {t.name for t in file.tracks[1:]} <= {t.name for t in session.tracks}
    rendering = Rendering(path, sound=False)
    sent: list[tuple[float, bytes]] = []
    frame = 0
    for again, gap, skip in rendering.pieces():
        frame += gap - skip
        sent += [(max(0, frame + m.offset) / RATE, m.data) for m in again.midi if m.data[0] < 0xF0]
        frame += again.block.frames
    seconds, filed = 0.0, []
    for message in file:
        seconds += message.time
        if not message.is_meta:
            filed.append((seconds, bytes(message.bytes())))
    assert len(filed) == len(sent) > 20
    for (a, data), (b, other) in zip(sorted(sent, key=lambda e: e[1]), sorted(filed, key=lambda e: e[1]), strict=True):
        assert data == other and abs(a - b) < 0.001
    marks = []
    tick = 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "marker":
            marks.append((message.text, tick))
    assert [text for text, _ in marks] == ["bar 1, beat 1", "bar 5, beat 1"]
    assert [tick % 3840 for _, tick in marks] == [0, 0]
    run("takes", "export", "last", "-o", str(out), "--stretch", "2")
    tempi = [60e6 / m.tempo for m in mido.MidiFile(str(out)).tracks[0] if m.type == "set_tempo"]
    assert tempi[0] == pytest.approx(90.0, abs=0.01)


def test_it_needs_nothing_of_the_session_that_was_played(folder: Path, take: bytes, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise AssertionError("the session was looked for")

    put(folder, take)
    before = tmp_path / "before.mid"
    run("takes", "export", "last", "-o", str(before))
    monkeypatch.setattr(sessions, "load", gone)
    after = tmp_path / "after.mid"
    run("takes", "export", "last", "-o", str(after))
    assert before.read_bytes() == after.read_bytes()


def test_a_damaged_take_is_refused_with_its_place_or_rendered_so_far(folder: Path, take: bytes, tmp_path: Path
                                                                      ) -> None:
    records = list(TakeReader(take))
    at = records[-4].start
    spoiled = bytearray(take)
    spoiled[at + 9] ^= 0xFF
    path = put(folder, bytes(spoiled))
    for arguments in (["takes", "show", "last"], ["takes", "export", "last", "-o", str(tmp_path / "x.mid")]):
        with pytest.raises(TakeError, match=rf"byte {at} \(record {records[-4].number}\).*--to-damage"):
            CliRunner().invoke(cli, arguments, catch_exceptions=False)
    out = run("takes", "export", "last", "-o", str(tmp_path / "x.mid"), "--to-damage")
    assert f"damaged at byte {at}" in out and (tmp_path / "x.mid").exists()
    assert "damaged" in run("takes", "show", "last", "--to-damage")
    assert outline(path, to_damage=True).stretches


def test_two_engines_are_one_stretch_with_the_silence_between(folder: Path) -> None:
    first = Live(a_setup())
    first.step(Play(), delay=0)
    for _ in range(600):
        first.step(delay=0)
    resume = Resume(first.engine.position, first.now_ns, 152.0, "")
    second = Live(a_setup(frame0=first.frame + 4800, recovering=True, used=(1, 0, 0), resume=resume),
                  now_ns=first.now_ns + 100_000_000)
    for _ in range(600):
        second.step(delay=0)
    path = put(folder, take_of(first, second))
    found = outline(path)
    assert len(found.stretches) == 1 and len(found.engines) == 2 and found.ended is None
    assert found.seconds == pytest.approx((1201 * 128 + 4800) / RATE, abs=0.01)
    rendering = Rendering(path, sound=False)
    pieces = list(rendering.pieces())
    assert [gap for _, gap, _ in pieces if gap] == [4800]
    assert any("plays on" in event.what or "another engine" in event.what for event in found.events)


def test_keep_rename_and_remove(folder: Path, take: bytes) -> None:
    put(folder, take)
    assert "is kept" in run("takes", "keep", "last")
    assert "kept" in run("takes")
    assert "may be pruned" in run("takes", "keep", "last", "--not")
    run("takes", "rename", "last", "for Anna")
    assert "for Anna" in run("takes")
    assert CliRunner().invoke(cli, ["takes", "remove", "for"], input="n\n").exit_code == 1
    assert "removed" in run("takes", "remove", "for", "-y")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("arguments", "said"), [
    (["takes", "show", "nope"], "no take 'nope'"),
    (["render", "last", "-o", "x.wav", "--bars", "4"], "--bars does not go with a take"),
    (["render", "last", "-o", "x.wav", "--engine", "dawdreamer"], "--engine does not go"),
    (["render", "last", "-o", "/no/such/x.wav"], "there is no folder"),
    (["render", "jazz-trio", "-o", "x.wav", "--stretch", "1"], "--stretch is for takes"),
    (["takes", "export", "last", "-o", "x.mid", "--stretch", "9"], "stretch 9 is not in .*give 1 to 2"),
    (["render", "lsat", "-o", "x.wav"], "'lsat' is not known"),
])
def test_what_cannot_be_is_told_with_the_remedy(folder: Path, take: bytes, arguments: list[str], said: str) -> None:
    put(folder, take)
    with pytest.raises(SidemanError, match=said):
        CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_a_take_without_music_holds_none(folder: Path) -> None:
    live = Live(a_setup())
    for _ in range(100):
        live.step(delay=0)
    put(folder, take_of(live))
    with pytest.raises(TakeError, match="no music"):
        CliRunner().invoke(cli, ["takes", "export", "last", "-o", "x.mid"], catch_exceptions=False)
