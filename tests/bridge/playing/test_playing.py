"""Playing along as the App has it: a host of our own, statuses and played messages as the engine tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from bridge import session as sessions
from bridge.engine.inbox import EngineStatus
from bridge.errors import MessageError, SessionError
from bridge.inputs.played import Played
from bridge.playing.playing import Playing
from bridge.session import Session
from bridge.stream import wire
from composers.composer import Plan, make_band
from composers.score import PPQ

RATE = 48_000
BAR = 4 * PPQ
BLOCK = RATE // 30


class Stage:
    """The music at 120 BPM, in statuses of a thirtieth of a second; plans as they are asked for."""

    def __init__(self, name: str = "jazz-trio") -> None:
        self.session = sessions.load(name)
        self.plans: list[tuple[Session, str]] = []
        self.begun = 0
        self.frame = 0
        self.tick = 0.0
        self.bpm = 120.0
        self.rolling = True
        self.clock = "own"
        self.strips = [t.name for t in self.session.tracks]
        self._charted: object = None
        self._chords: list[tuple[int, str]] = []
        self.playing = Playing(self)
        self.status()

    def replan(self, session: Session, at: wire.At) -> None:
        self.session = session
        self.plans.append((session, at))

    adopt = replan

    def begin(self) -> None:
        self.begun += 1
        self.rolling = True

    def chords_ahead(self) -> Sequence[tuple[int, str]]:
        bar = int(self.tick) // BAR
        if self._charted != (bar, self.session.music):
            self._charted, band = (bar, self.session.music), make_band(self.session.plan())
            self._chords = [(b * BAR + round(beat * PPQ), s) for b in range(bar, bar + 4)
                            for beat, s in band.chart(b).chords]
        return self._chords

    def status(self) -> None:
        self.playing.status(EngineStatus(self.frame, 0, 1, self.rolling, False, int(self.tick), self.bpm, self.clock,
                                         "", False, False, [], {}, [], [], 0.0), RATE)

    def run(self, ticks: float, loop: tuple[int, int] | None = None) -> None:
        """Let so much music pass; loop: a master's, from and to."""
        end = self._elapsed + ticks
        while self._elapsed < end - 1e-6:
            step = min(BLOCK, max(1, round((end - self._elapsed) / self._rate)))
            self.frame += step
            if self.rolling:
                self.tick += step * self._rate
                if loop is not None and self.tick >= loop[1]:
                    self.tick += loop[0] - loop[1]
            self._elapsed += step * self._rate
            self.status()

    _elapsed = 0.0

    @property
    def _rate(self) -> float:
        return self.bpm * PPQ / 60 / RATE

    def say(self, *data: int, track: int = 0, input_: int = 0) -> None:
        tick = self.tick if self.rolling else -1.0
        self.playing.hear(Played(self.frame, tick, input_, track, bytes(data)), self.strips)

    def play(self, keys: Sequence[int], ticks: float, velocity: int = 90, loop: tuple[int, int] | None = None) -> None:
        for key in keys:
            self.say(0x90, key, velocity)
        self.run(ticks, loop)
        for key in keys:
            self.say(0x80, key, 64)

    @property
    def told(self) -> wire.PlayingStatus:
        return self.playing.told()

    @property
    def plan(self) -> Plan:
        return msgspec.structs.replace(self.session).plan()


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield Stage()


def test_overdubbing_into_the_running_session(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.run(BAR + 100)
    stage.playing.ask(wire.Record(at="now"))
    assert stage.told.recording == "on"
    stage.run(380)
    stage.play([60, 64], 480)
    stage.run(BAR)
    stage.playing.ask(wire.Record(on=False))
    (layer,) = stage.session.layers
    assert [(n.start, n.length, n.pitch) for n in layer.layer.clip.notes] == [
        (BAR + 480, 480, 60), (BAR + 480, 480, 64)]
    assert stage.plan.layers == (layer.layer,) and stage.told.can_undo
    assert not stage.told.layers[0].kept and stage.told.recording == "off"


def test_a_loop_keeps_playing_what_each_time_round_added_and_all_of_it_can_be_taken_back(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.run(100)
    stage.playing.ask(wire.Record(loop=1, quantise="1/16"))
    assert stage.told.recording == "waiting" and stage.told.starts == 4.0
    stage.run(BAR - 100)
    for key in (60, 64, 67):
        stage.run(500)
        stage.play([key], 400)
        stage.run(BAR - 900)
        before = stage.session
        stage.run(PPQ / 2)  # within the next beat the loop has it
        assert key in {n.pitch for each in (*before.layers, *stage.session.layers) for n in each.layer.clip.notes}
        stage.run(BAR - PPQ / 2)  # a time round without playing
    assert stage.told.recording == "on"
    assert [each.repeat for each in stage.session.layers] == [4.0] * 3
    heard = [sorted({n.pitch for each in stage.session.layers for n in each.layer.notes(stage.session.meter.bar(b))})
             for b in range(8)]
    assert heard[1:] == [[60], [60], [60, 64], [60, 64], [60, 64, 67], [60, 64, 67], [60, 64, 67]]
    stage.playing.ask(wire.Undo())
    assert len(stage.session.layers) == 2
    stage.playing.ask(wire.Undo())
    stage.playing.ask(wire.Redo())
    assert len(stage.session.layers) == 2
    stage.playing.ask(wire.Clear())
    assert not stage.session.layers and stage.told.recording == "on"
    stage.playing.ask(wire.Undo())
    assert len(stage.session.layers) == 2


def test_what_is_recorded_of_a_loop_is_known_before_it_comes_round(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(loop=1))
    stage.run(PPQ)
    stage.play([60], 400)
    stage.run(BAR - PPQ - 400 - 1)
    assert [n.pitch for each in stage.session.layers for n in each.layer.notes(stage.session.meter.bar(1))] == [60]


def test_a_looping_master_with_a_changing_tempo_gives_a_layer_each_time(stage: Stage) -> None:
    stage.clock = "following"
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(at="now"))
    loop = (0, 2 * BAR)
    for round_ in range(3):
        stage.bpm = 100 + 20 * round_
        stage.run(2 * BAR - 960 - (stage._elapsed % (2 * BAR)), loop)
        stage.play([60 + round_], 1920, loop=loop)
        stage.run(3, loop)
    stage.playing.ask(wire.Record(on=False))
    notes = [n for each in stage.session.layers for n in each.layer.clip.notes]
    assert [n.pitch for n in notes] == [60, 61, 62]
    for note in notes:
        assert note.start == pytest.approx(2 * BAR - 960, abs=30) and note.length == pytest.approx(1920, abs=40)


def test_nothing_is_lost_when_the_engine_is_started_again(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(at="now"))
    stage.run(480)
    stage.play([60], 480)
    stage.say(0x90, 64, 90)
    stage.run(960)
    stage.playing.engine_lost()
    stage.run(960)
    stage.play([67], 480)
    stage.playing.ask(wire.Record(on=False))
    (layer,) = stage.session.layers
    assert [(n.pitch, n.length) for n in layer.layer.clip.notes] == [(60, 480), (64, 960), (67, 480)]


def test_a_count_in_clicks_on_the_drums_and_starts_music_that_stands(stage: Stage) -> None:
    stage.rolling = False
    stage.status()
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(count_in=1))
    assert stage.begun == 1
    (click,) = stage.playing.extra
    assert [n.start for n in click.clip.notes] == [0, 960, 1920, 2880] and click.track == "drums"
    stage.run(480)
    stage.play([50], 100)  # before it begins
    stage.run(BAR - 580)
    stage.play([60], 480)
    assert stage.playing.extra == ()
    stage.playing.ask(wire.Record(on=False))
    assert [n.pitch for each in stage.session.layers for n in each.layer.clip.notes] == [60]


def test_a_note_that_is_let_go_while_the_music_stands_or_its_track_is_disarmed_ends(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(at="now"))
    stage.run(480)
    stage.say(0x90, 60, 90)
    stage.say(0x90, 64, 90)
    stage.run(480)
    stage.rolling = False
    stage.run(960)
    stage.say(0x80, 60, 0)
    stage.rolling = True
    stage.run(480)
    stage.playing.ask(wire.Arm(tracks=["bass"]))
    stage.say(0x90, 72, 90)
    stage.say(0x80, 64, 0)
    stage.say(0x80, 72, 0)
    stage.playing.ask(wire.Record(on=False))
    (layer,) = stage.session.layers
    assert [(n.pitch, n.length) for n in layer.layer.clip.notes] == [
        (60, pytest.approx(480, abs=1)), (64, pytest.approx(960, abs=1))]


def test_the_pedal_is_in_the_notes_lengths(stage: Stage) -> None:
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.say(0xB0, 64, 127)  # before it begins
    stage.playing.ask(wire.Record(at="now"))
    stage.run(480)
    stage.play([60, 64], 240)
    stage.run(240)
    stage.play([60], 240)  # struck again: the first ends there
    stage.run(240)
    stage.say(0xB0, 64, 0)
    stage.run(240)
    stage.play([67], 240)
    stage.playing.ask(wire.Record(on=False))
    (layer,) = stage.session.layers
    assert [(n.pitch, n.start, n.length) for n in layer.layer.clip.notes] == [
        (60, 480, 480), (64, 480, 960), (60, 960, 480), (67, 1680, 240)]
    assert layer.layer.clip.controls == ()


def test_under_a_master_that_stands_the_recording_waits_for_it(stage: Stage) -> None:
    stage.rolling, stage.clock, stage.tick = False, "waiting", 5000.0
    stage.status()
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(at="bar"))
    assert stage.begun == 0 and stage.told.recording == "waiting"
    stage.rolling, stage.clock, stage.tick = True, "following", 0.0
    stage.status()
    assert stage.told.recording == "on"
    stage.play([60], 480)
    stage.playing.ask(wire.Record(on=False))
    assert [n.start for each in stage.session.layers for n in each.layer.clip.notes] == [0]


def test_without_an_armed_track_the_one_that_was_played_is_recorded(stage: Stage) -> None:
    with pytest.raises(MessageError, match="arm one of piano"):
        stage.playing.ask(wire.Record())
    stage.play([60], 100)
    stage.playing.ask(wire.Record())
    assert stage.told.armed == ("piano",)
    with pytest.raises(MessageError, match="stop that first"):
        stage.playing.ask(wire.Record())
    with pytest.raises(MessageError, match="no track: choose from"):
        stage.playing.ask(wire.Arm(tracks=["sax"]))
    for request in (wire.Undo(), wire.Redo(), wire.Clear(layer=3)):
        with pytest.raises(MessageError):
            stage.playing.ask(request)


def test_layers_are_kept_with_the_session_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_TAKES", str(tmp_path / "takes"))
    file = tmp_path / "my.toml"
    text = Path(sessions.builtin_folder(), "jazz-trio.toml").read_text() + "\n# mine\n"
    file.write_text(text)
    stage = Stage(str(file))
    stage.playing.ask(wire.Arm(tracks=["piano", "drums"]))
    stage.playing.ask(wire.Record(loop=1))
    stage.play([60], 480)
    stage.say(0x99, 38, 100, track=stage.strips.index("drums"))
    stage.run(480)
    stage.say(0x89, 38, 0, track=stage.strips.index("drums"))
    stage.run(BAR)
    stage.playing.ask(wire.Record(on=False))
    layers = [each.layer for each in stage.session.layers]
    assert stage.playing.unkept == 2
    assert stage.playing.keep(file) == "2 layers" and stage.playing.unkept == 0 and stage.playing.keep(file) == ""
    assert file.read_text().startswith(text.rstrip()) and (tmp_path / "my.layers" / "piano-1.mid").exists()
    again = sessions.load(str(file))
    assert [each.layer for each in again.layers] == layers
    assert again.plan().layers == tuple(layers)
    stage.status()
    assert all(each.kept for each in stage.told.layers)
    stage.playing.ask(wire.Clear(track="drums"))
    assert stage.playing.unkept
    stage.playing.keep(file)
    assert [each.track for each in sessions.load(str(file)).layers] == ["piano"]
    assert stage.playing.close() is None


def test_layers_that_nobody_keeps_are_written_beside_the_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              stage: Stage) -> None:
    from bridge.playing.layer_files import rescued

    monkeypatch.setenv("SIDEMAN_TAKES", str(tmp_path / "takes"))
    stage.playing.ask(wire.Arm(tracks=["piano"]))
    stage.playing.ask(wire.Record(at="now"))
    stage.play([60], 480)
    stage.say(0x90, 64, 90)  # is held when all ends
    stage.run(480)
    stage.playing.ask(wire.Record(on=False))
    with pytest.raises(SessionError, match="copy its file"):
        stage.playing.keep(None)
    folder = stage.playing.close()
    assert folder is not None and folder.is_relative_to(tmp_path)
    (layer,) = rescued(folder, stage.strips)
    assert [(n.pitch, n.length) for n in layer.layer.clip.notes] == [(60, 480), (64, 480)]


# -- following ---------------------------------------------------------------------------------------------------------


def test_chords_that_are_played_are_the_bands_from_the_next_beat_and_hold(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["chords"]))
    stage.run(4 * BAR + 1000)
    stage.play([46, 56, 61, 65], 900)  # Bbm7
    stage.run(100)
    (_, at) = stage.plans[-1]
    assert at == "beat" and stage.told.understood == "Bbm7"
    assert stage.playing.heard.chords == ((4 * BAR + 960, "Bbm7"),)
    stage.run(BAR)
    stage.play([46, 56, 61, 65], 900)
    assert len(stage.plans) == 1  # the same again
    stage.playing.ask(wire.Follow(what=[]))
    assert stage.playing.heard.chords == () and stage.told.understood == ""


def test_a_chord_that_is_held_goes_on_for_as_long(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["chords"], hold=2))
    for key in (48, 52, 55, 58):
        stage.say(0x90, key, 90)
    stage.run(9 * BAR)
    heard = stage.playing.heard
    assert {symbol for _, symbol in heard.chords} == {"C7"}
    assert stage.tick - heard.chords[-1][0] < heard.hold


def test_by_bar_a_chord_waits_for_the_bar(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["chords"], react="bar"))
    stage.run(BAR + 1000)
    stage.play([48, 52, 55], 900)
    assert stage.playing.heard.chords == ((2 * BAR, "C"),) and stage.plans[-1][1] == "bar"


def test_dynamics_raise_and_lower_the_energy_smoothly_and_let_go(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["dynamics"]))

    def after(velocity: int, ticks: int, bars: int) -> float:
        for _ in range(bars * BAR // ticks):
            stage.play([60, 64], ticks * 0.8, velocity)
            stage.run(ticks * 0.2)
        assert stage.told.energy is not None
        return stage.told.energy

    soft, loud = after(35, 1920, 6), after(112, 240, 6)
    assert soft < 0.25 and loud > 0.8
    assert len(stage.plans) < 13  # once a bar at most
    stage.run(6 * BAR)
    assert stage.told.energy is None and stage.playing.heard.energy == ()


def test_the_lead_rests_while_a_line_is_played_answers_in_the_gap_and_comes_back(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["melody"]))
    stage.run(4 * BAR + 100)
    for key in (67, 69, 70, 74, 72):
        stage.play([key], 420)
        stage.run(60)
    assert stage.told.leads
    (lead,) = stage.playing.heard.leads
    assert 4 * BAR < lead.start <= 4 * BAR + 2 * PPQ and lead.end > 1000 * BAR
    stage.run(1.4 * PPQ)
    assert not stage.told.leads and stage.told.answering
    (reply,) = stage.playing.extra
    assert stage.tick < reply.clip.span.start < stage.tick + 2 * PPQ and len(reply.clip.notes) == 5
    stage.run(6 * BAR)
    assert stage.playing.heard.leads[-1].end < stage.tick + BAR and not stage.told.answering


def test_who_begins_again_is_not_talked_over(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["melody"]))
    for key in (67, 69, 70, 74, 72, 70, 69, 67):
        stage.play([key], 420)
        stage.run(60)
    stage.run(2.5 * PPQ)
    reply = stage.playing.extra[-1]
    stage.run(reply.clip.span.start + 500 - stage.tick)
    stage.play([60], 400)
    cut = stage.playing.extra[-1]
    assert cut.clip.span.end < reply.clip.span.end and all(n.end <= cut.clip.span.end for n in cut.clip.notes)


def test_chords_are_no_melody(stage: Stage) -> None:
    stage.playing.ask(wire.Follow(what=["melody"]))
    for root in (60, 62, 64, 65, 67, 60):
        stage.play([root, root + 4, root + 7], 900)
        stage.run(60)
    stage.run(2 * BAR)
    assert stage.playing.extra == () and all(span.end - span.start < 2 * BAR for span in stage.playing.heard.leads)


def test_the_key_of_a_melody_becomes_the_bands(stage: Stage) -> None:
    assert (stage.session.music.key, stage.session.music.mode) != ("E", "major")
    stage.playing.ask(wire.Follow(what=["melody"]))
    for _ in range(3):
        for key in (64, 66, 68, 71, 73, 71, 68, 69, 66, 63, 64, 64):
            stage.play([key], 420)
            stage.run(60)
    stage.run(3 * PPQ)
    assert (stage.session.music.key, stage.session.music.mode) == ("E", "major") and stage.told.key == "E major"


def test_an_input_says_itself_what_of_it_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    text = Path(sessions.builtin_folder(), "jazz-trio.toml").read_text()
    file.write_text(f"{text}\n[playing]\nreact = \"bar\"\n[[input]]\nname = \"a\"\nto = [\"piano\"]\n"
                    "[[input]]\nname = \"b\"\nto = [\"piano\"]\nfollow = [\"chords\"]\n")
    stage = Stage(str(file))
    for number, keys in enumerate(((60, 64, 67), (62, 66, 69))):
        for key in keys:
            stage.say(0x90, key, 90, input_=number)
        stage.run(BAR)
        assert stage.told.understood == ("", "D")[number]
    assert stage.told.follow == ("chords",) and stage.told.react == "bar"
