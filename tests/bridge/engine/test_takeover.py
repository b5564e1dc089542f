"""A changed plan takes over at a line: the old one plays until then, and what sounds across it ends, or goes on."""

from __future__ import annotations

import random
from itertools import pairwise

from engine_stage import METER, RATE, FakeRig, Stage, quarters
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.driver import Block
from bridge.engine.bar_store import BarStore
from bridge.engine.clip_bytes import Bar
from bridge.engine.coming_plans import ComingPlan
from bridge.engine.due import Due
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, Halt, Locate, NewPlan, NoteBegun, Play, SetTempo
from bridge.engine.timeline import Timeline
from bridge.routes import Route
from composers.score import Clip, Control, Meter, Note
from instruments.block import Kind

BAR, BEAT = METER.bar_ticks, METER.beat_ticks


def plan(epoch: int, at: str = "bar", restart: bool = False) -> NewPlan:
    return NewPlan(epoch, 4, 4, None, restart, at)  # type: ignore[arg-type]


class Takeovers:
    """Plans at random against a composer that takes its time: what is heard, and which plan held at which tick."""

    def __init__(self, seed: int) -> None:
        self.random = rng = random.Random(seed)
        offsets = rng.choice([(0, 0), (-200, 0), (150, -300)])
        self.rig = FakeRig()
        self.rig.latency = rng.choice([0, 256])
        self.engine = Engine(self.rig, [Route(i, None, ms * 1_000_000) for i, ms in enumerate(offsets)], RATE,
                             rng.choice([90, 200]), METER, chase=rng.random() < 0.8)
        self.block = rng.choice([64, 441, 4096])
        self.frame = 0
        self.answers: list[tuple[int, Bar]] = []
        self.begun: list[NoteBegun] = []
        self.stretch: list[tuple[int, int]] = [(0, 0)]
        """From which tick on, since the last jump, which epoch."""
        self.held: set[tuple[int, int, int]] = set()
        self.cut: set[tuple[int, int, int]] = set()
        """What a stop has ended: it is struck again as it was, also where the next plan has gone on with it."""
        player = self.engine._player
        adopt, jump = player.adopt, player.jump

        def adopting(coming: ComingPlan) -> None:
            adopt(coming)
            self.stretch.append((player.timeline.cursor, coming.epoch))

        def jumping(tick: int, ns: int) -> None:
            jump(tick, ns)
            self.stretch = [(tick, player.epoch)]

        player.adopt, player.jump = adopting, jumping  # type: ignore[method-assign]

    def answer(self, epoch: int, bar: int) -> Bar:
        rng = random.Random(f"{epoch} {bar}")
        span = METER.bar(bar)

        def clip() -> Clip:
            notes = [Note(rng.randrange(span.start, span.end), rng.choice([1, 200, 2000, 6000]), rng.randrange(60, 64),
                          epoch % 127 + 1, rng.choice([0, 9])) for _ in range(6)]
            # none but the plan's own controllers: any that is left over shows
            controls = [Control(rng.randrange(span.start, span.end), "bend", 0, 0.5)] if epoch % 2 else []
            return Clip.of(span, notes, controls)

        return Bar(epoch, bar, (clip(), clip()))

    def step(self, *commands: AnyCommand, latency_s: float = 0.0) -> None:
        ns = self.frame * 1_000_000_000 // RATE
        due = [bar for frame, bar in self.answers if frame <= self.frame]
        self.answers = [(frame, bar) for frame, bar in self.answers if frame > self.frame]
        out = self.engine.step(Inputs(Block(self.frame, ns, self.block, ()), commands, due))
        for epoch, bar in out.wanted:
            late = self.frame + round(latency_s * RATE * self.random.uniform(0.5, 1.5))
            self.answers.append((late, self.answer(epoch, bar)))
        for note in out.notes:
            if (note.track, note.channel, note.pitch) in self.cut:
                self.cut.remove((note.track, note.channel, note.pitch))
                continue
            began = [epoch for tick, epoch in self.stretch if tick <= note.tick]
            assert note.velocity == began[-1] % 127 + 1, f"{note} is none of {self.stretch}"
        self.begun += out.notes
        for message in out.midi:
            key = message.port, message.data[0] & 15, message.data[1]
            if message.data[0] >> 4 == 9:
                assert key not in self.held
                self.held.add(key)
            elif message.data[0] >> 4 == 8:
                assert key in self.held
                self.held.remove(key)
        self.frame += self.block


Happenings = st.lists(st.tuples(st.sampled_from(["beat", "bar", "bar", "beat", "restart", "tempo", "locate", "halt",
                                                 "nothing"]),
                                st.integers(0, 999)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), Happenings)
def test_every_note_is_of_the_plan_that_holds_at_its_tick_and_has_its_end(
    seed: int, happenings: list[tuple[str, int]]
) -> None:
    world = Takeovers(seed)
    slow_s = world.random.choice([0.0, 0.03, 0.6])
    world.step(Play(), latency_s=slow_s)
    epoch = 0
    for what, n in happenings:
        commands: list[AnyCommand] = []
        match what:
            case "beat" | "bar" | "restart":
                epoch += 1
                commands = [plan(epoch, "beat" if what == "beat" else "bar", what == "restart")]
            case "tempo":
                commands = [SetTempo(40.0 + n % 260)]
            case "locate":
                commands = [Locate(n % 6)]
            case "halt":
                world.cut = set(world.engine._player.outlets._lanes[0].sounding)
                world.step(Halt(), latency_s=slow_s)
                assert not world.held
                commands = [Play()]
        world.step(*commands, latency_s=slow_s)
        for _ in range(n * 48 // world.block):
            world.step(latency_s=slow_s)
    for _ in range(6 * RATE // world.block):
        world.step()
    assert world.engine.epoch == world.engine.plan_epoch == epoch, "the last one wins"
    assert world.engine.playing
    for message in world.engine.halt():
        if message.data[0] >> 4 == 8:
            world.held.discard((message.port, message.data[0] & 15, message.data[1]))
    assert not world.held


def test_a_composer_that_is_silent_or_slow_means_that_the_old_music_goes_on() -> None:
    stage = Stage()
    stage.run(1.2, Play())
    late: list[tuple[int, int]] = []

    def silent(bar: int, epoch: int) -> Bar:
        late.append((bar, epoch))
        return Bar(-1, bar, ())

    stage.composed = silent
    stage.run(4.0, plan(1, "beat"))
    assert stage.engine.epoch == 0
    assert {pitch for _, pitch in stage.notes} == {40, 41, 42, 43}
    assert stage.engine.timeline.repeated_bars == 0
    assert {epoch for _, epoch in late} >= {1}
    stage.composed = quarters
    stage.run(3.0)
    assert stage.engine.epoch == 1
    assert all(pitch >= 50 for _, pitch in stage.notes[-2:])
    frames = [frame for frame, _ in stage.notes]
    assert {b - a for a, b in pairwise(frames)} == {24_000}, "no hole, nothing twice"


def test_at_beat_it_is_heard_at_the_next_beat_and_at_bar_at_the_next_bar() -> None:
    for at, beat in (("beat", 2), ("bar", 4)):
        stage = Stage()
        stage.run(0.55, Play())
        stage.run(3.0, plan(1, at))
        begun = next(frame for frame, pitch in stage.notes if pitch >= 50)
        first = stage.notes[0][0]
        assert begun - first == beat * 24_000


def test_a_stream_of_changes_faster_than_the_composer_is_heard_on_its_way() -> None:
    world = Takeovers(1)
    world.block = 128
    world.step(Play())
    for _ in range(600):
        world.step()
    heard: list[int] = []
    for epoch in range(1, 150):
        world.step(plan(epoch, "beat"), latency_s=0.3)  # thirty a second, and ten times as long for each
        for _ in range(RATE // 30 // 128):
            world.step(latency_s=0.3)
            if not heard or world.engine.epoch != heard[-1]:
                heard.append(world.engine.epoch)
    assert len(heard) >= 6, f"in 5 s: {heard}"
    assert heard == sorted(heard)


def timeline_of(*bars: Clip) -> tuple[Timeline, BarStore]:
    """Playing bar 0, of whatever was given first; the rest is another plan's from bar 0 on."""
    timeline = Timeline(METER)
    timeline.insert(0, (bars[0],))
    store = BarStore()
    for i, clip in enumerate(bars[1:]):
        store.put(i, (clip,))
    return timeline, store


def test_what_sounds_in_both_plans_goes_on_unstruck_and_ends_with_the_new_one() -> None:
    old = Clip.of(METER.bar(0), [Note(0, 3000, 60, 90), Note(0, 3000, 64, 90), Note(960, 960, 67, 90)])
    new = Clip.of(METER.bar(0), [Note(480, 3200, 60, 50), Note(0, 3840, 62, 50), Note(1800, 200, 65, 50),
                                 Note(0, 3840, 36, 50, 9)])
    timeline, store = timeline_of(old, new)
    timeline.take(2 * BEAT)
    assert timeline.adopt(store) == [Due(1920, Kind.OFF, 0, 0, 64, 64.0)]
    events = [(e.tick, e.kind, e.number) for e in timeline.take(BAR)]
    # 67 ends by itself at the line, 65 would be a blip, drums are not struck in their middle
    assert events == [(1920, Kind.OFF, 67), (1920, Kind.ON, 62), (3680, Kind.OFF, 60)]


def test_controllers_are_those_of_the_new_plan_or_as_at_power_up() -> None:
    def clip(*controls: Control) -> Clip:
        return Clip.of(METER.bar(0), [], list(controls))

    old = clip(Control(0, "bend", 0, 0.5), Control(0, "cc", 64, 127.0), Control(0, "cc", 1, 90.0),
               Control(0, "cc", 7, 80.0), Control(10, "cc", 11, 60.0))
    new = clip(Control(0, "cc", 1, 90.0), Control(5, "cc", 64, 0.0), Control(960, "cc", 11, 30.0))
    timeline, store = timeline_of(old, new)
    timeline.take(BEAT)
    assert timeline.adopt(store) == []
    told = {(e.kind, e.number): e.value for e in timeline.take(BEAT + 1)}
    assert told == {(Kind.BEND, 0): 0.0, (Kind.CC, 64): 0.0, (Kind.CC, 11): 30.0}


def test_another_meter_begins_at_the_position_and_leaves_nothing_stuck() -> None:
    def composed(bar: int, epoch: int) -> Bar:
        meter = Meter(3, 4) if epoch else METER
        span = meter.bar(bar)
        return Bar(epoch, bar, (Clip.of(span, [Note(span.start, 6000, 40 + epoch, 90)], [
            Control(span.start, "cc", 64, 127.0)]),))

    stage = Stage(composed=composed)
    stage.run(2.7, Play())
    stage.run(0.1, NewPlan(1, 3, 4, None, False))
    assert stage.engine.timeline.meter == Meter(3, 4)
    assert 5376 <= stage.engine.position <= 5376 + 250
    stage.run(2.0)
    stage.leave()
    stage.check_paired()
    assert [p for _, p in stage.notes][:3] == [40, 40, 41]


def test_a_plan_that_comes_while_it_is_stopped_holds_from_the_first_note_on() -> None:
    stage = Stage()
    stage.run(0.1)
    stage.run(0.1, plan(1))
    stage.run(1.0, Play())
    assert [p for _, p in stage.notes] == [50, 51]


def test_stopped_on_a_line_a_note_that_the_new_plan_lacks_is_not_struck_again() -> None:
    def composed(bar: int, epoch: int) -> Bar:
        span = METER.bar(bar)
        return Bar(epoch, bar, (Clip.of(span, [Note(span.start, 6000, 40, 90)] if epoch == 0 else []),))

    stage = Stage(block=480, composed=composed)
    stage.run(0.005, Play())
    stage.run(0.995)
    while stage.engine.position % BEAT:
        stage.step()
    stage.step(Halt())
    at = len(stage.notes)
    stage.step(plan(1, "beat"))
    stage.run(0.5, Play())
    assert stage.engine.epoch == 1
    assert len(stage.notes) == at
    stage.leave()
    stage.check_paired()


def test_a_stop_while_a_restart_is_waited_for_stays_a_stop_at_bar_0() -> None:
    stage = Stage()
    stage.run(1.2, Play())
    stage.composer_alive = False
    stage.step(plan(1, restart=True))
    stage.step(Halt())
    stage.composer_alive = True
    stage.run(1.5)
    assert not stage.engine.playing and not stage.engine.starting
    assert stage.engine.position == 0 and stage.engine.epoch == 1
    stage.run(1.0, Play())
    assert [p for _, p in stage.notes][-2:] == [50, 51]


def test_what_is_changed_of_a_piece_that_has_yet_to_begin_begins_with_it() -> None:
    stage = Stage()
    stage.run(1.2, Play())
    stage.composer_alive = False
    stage.step(NewPlan(1, 4, 4, None, True, bpm=60.0))
    stage.step(plan(2, "beat"))
    assert stage.engine.epoch == 0 and stage.engine.playing
    stage.composer_alive = True
    stage.run(4.0)
    assert stage.engine.epoch == 2 and stage.engine.line.bpm == 60.0
    assert [p for _, p in stage.notes if p >= 50][:2] == [60, 61], "from bar 0"
