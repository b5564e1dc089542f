"""What plays when: heeds whoever leads, the user's commands and the composer's answers, and tells the player."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.clock.follower import Change, Event
from bridge.clock.master import Follower
from bridge.clock.masters import Masters
from bridge.driver import MidiOut
from bridge.engine.bar_requests import BarRequests
from bridge.engine.clip_bytes import Bar
from bridge.engine.coming_plans import ComingPlan
from bridge.engine.inbox import AnyCommand, ComposerBack, Halt, Locate, NewPlan, Play, SetTempo
from bridge.engine.player import Player
from bridge.midi_bytes import CLOCK_TICKS
from bridge.tempo import TempoLine
from composers.score import Meter, Tick

_PATIENCE_NS = 150_000_000
"""On the own tempo, so long a start in the middle waits for the bars before it, once its own bar is there."""


class Conductor:
    """Starts, stops and moves a player, by its masters or on the own tempo.

    Called from the engine's thread; all ns are on the frames' axis.
    """

    def __init__(
        self, player: Player, masters: Masters, bpm: float, *, stop_on_loss: bool
    ) -> None:
        """bpm: the own tempo."""
        self.starting = False
        self.ended = False
        self.notices: list[str] = []
        self._player = player
        self._masters = masters
        masters.succession = not stop_on_loss
        self._requests = BarRequests(player.timeline, player.coming)
        self._own_bpm = bpm
        self._stop_on_loss = stop_on_loss
        self._ready_ns: int | None = None
        self._stopped_at: Tick | None = None
        self._silenced = False
        """The loss of the leader's clock has stopped the music."""

    # -- the block -----------------------------------------------------------------------------------------------

    def resume(self, line: TempoLine, source: str, now_ns: int) -> None:
        """Play on along `line` for an engine that died, led by `source`, or by nobody ("")."""
        player = self._player
        player.follow(line)
        if source:
            self._masters.resume(source, line)
        tick = max(0, int(line.tick_at(now_ns)))
        self._jump(tick, now_ns)
        player.roll(tick)

    def start(self, now_ns: int) -> None:
        """When told to play: once the first bar is there, and what rings into it."""
        timeline = self._player.timeline
        if not timeline.has(timeline.bar):
            return
        if self._ready_ns is None:
            self._ready_ns = now_ns
        if timeline.whole or now_ns - self._ready_ns >= _PATIENCE_NS:
            self.starting = False
            self._player.begin(self._own_bpm, now_ns)

    def advance(self, ns: int) -> None:
        """Send what is due before `ns`. How long the piece is does not concern a master that leads."""
        last = None
        player = self._player
        if player.length is not None and self._masters.leader is None:
            last = player.length * player.timeline.meter.bar_ticks
        epoch = player.epoch
        if player.advance(ns, last):
            self.ended = True
            self._requests.aim(0)
        if player.epoch != epoch:
            self._requests.look()

    def leave(self) -> list[MidiOut]:
        """For good: see Player.leave."""
        self.starting = False
        return self._player.leave()

    # -- the masters ---------------------------------------------------------------------------------------------

    def follow(self, events: Iterable[tuple[Event, Follower]]) -> None:
        """What masters did, in order."""
        masters = self._masters
        for event, follower in events:
            self._heed(event, follower)
        if masters.notices:
            self.notices += masters.notices
            masters.notices.clear()

    def _heed(self, event: Event, follower: Follower) -> None:
        player, masters = self._player, self._masters
        match event.change:
            case Change.TEMPO:
                if follower is masters.leader and masters.running:
                    self.advance(event.ns)
                    player.follow(follower.line, follower.limit)
            case Change.STARTED:
                self._advance_before(event.ns, round(player.line.tick_at(event.ns) / CLOCK_TICKS) * CLOCK_TICKS)
                self.starting = self.ended = self._silenced = False
                kept, self._stopped_at = self._stopped_at, None
                if event.tick == kept and abs(event.tick - player.position) <= CLOCK_TICKS:
                    player.stop(event.ns)
                else:
                    self._jump(event.tick, event.ns)
                player.follow(follower.line, follower.limit)
                player.roll(event.tick)
            case Change.STOPPED:
                if follower is masters.leader:
                    self._advance_before(event.ns, event.tick)  # a Stop may come late
                    player.stop(event.ns)
                    self._silenced = False
                    self._stopped_at = event.tick  # the position stays: a Continue loses and doubles nothing
            case Change.LOCATED:
                self._aim(event.tick)
            case Change.FOUND:
                if follower is masters.leader:
                    self.notices.append(f"the clock of {masters.name} is back")
                    if self._silenced:
                        self._silenced = False
                        self._jump(event.tick, event.ns)
                        player.follow(follower.line, follower.limit)
                        player.roll(event.tick)
                    else:
                        player.follow(follower.line, follower.limit)

    def _advance_before(self, ns: int, tick: Tick) -> None:
        """What is due before `ns`, but what begins on the clock of `tick`: the music that ends there has not got it."""
        self.advance(min(ns, self._player.line.ns_at(tick - 0.5)))

    def check(self, now_ns: int, early_ns: int) -> None:
        """Whether the leader has been lost; `early_ns` is how long before it comes its clock counts as heard."""
        leader, name = self._masters.leader, self._masters.name
        if leader is None or not leader.check(now_ns - early_ns):
            return
        self._player.follow(self._player.line)
        if self._stop_on_loss:
            self.notices.append(f"the clock of {name} was lost: stopped")
            self._silenced = self._player.playing
            self._player.stop(now_ns)
        else:
            self.notices.append(f"the clock of {name} was lost: going on at {self._player.line.bpm:.1f} BPM")

    def _jump(self, tick: Tick, ns: int) -> None:
        self._player.jump(tick, ns)
        self._aim(tick)
        plan = self._player.coming.newest
        if plan is not None and not plan.restart and self._player.fits(plan) and (
                plan.meter == self._player.timeline.meter) and (plan.ready(tick) or not self._player.timeline.has(
                    tick // plan.meter.bar_ticks)):
            self._player.adopt(plan)  # nothing sounds: any place will do

    # -- commands ------------------------------------------------------------------------------------------------

    def obey(self, command: AnyCommand, now_ns: int) -> None:
        """The commands that concern what plays."""
        masters, player = self._masters, self._player
        match command:
            case Play():
                for plan in player.coming:
                    plan.play = True
                if not player.playing:
                    masters.release()
                    self._await()
            case Halt():
                player.stop(now_ns)
                self.starting = self._silenced = False
                for plan in player.coming:
                    plan.play = False
            case Locate(bar):
                if masters.running:
                    self.notices.append(f"{masters.name} leads: locate there")
                    return
                self._jump(bar * player.timeline.meter.bar_ticks, now_ns)
                if player.playing:
                    self._await()
            case SetTempo(bpm):
                self._own_bpm = masters.bpm = bpm
                if masters.lost:
                    masters.release()
                if masters.leader is None:
                    player.follow(player.line.with_bpm(bpm, now_ns))
                elif not masters.own_tempo:
                    self.notices.append(f"{masters.name} leads: {bpm:g} BPM is kept for when it does not")
            case NewPlan():
                self._replan(command)
            case ComposerBack():
                self._requests.forget()

    def _await(self) -> None:
        """Play as soon as there is something to play."""
        self._player.playing = self.ended = False
        self.starting, self._ready_ns = True, None

    def _replan(self, command: NewPlan) -> None:
        """A new epoch: it waits beside what plays until it can take its place."""
        restart = command.restart and not self._masters.running
        if command.bpm is not None and not restart:
            self._own_bpm = self._masters.bpm = command.bpm
        self._player.coming.add(ComingPlan(command.epoch, command.at, Meter(command.beats, command.unit),
                                           command.length, command.rig, restart, command.bpm))
        self._requests.look()

    def check_plans(self, now_ns: int) -> None:
        """Before each block while plans are coming: those that begin elsewhere than at the next line."""
        player = self._player
        for plan in player.coming:
            if plan.restart and self._masters.running:  # it has come to lead meanwhile
                plan.restart = False
            if player.fits(plan) and self._begun(plan, now_ns):
                return

    def _begun(self, plan: ComingPlan, now_ns: int) -> bool:
        player, timeline = self._player, self._player.timeline
        if plan.restart:
            if player.playing and 0 not in plan.bars:
                return False
            self._masters.release()
            if plan.bpm is not None:
                self._own_bpm = self._masters.bpm = plan.bpm
            player.jump(0, now_ns)
            self._replace(plan)
            if plan.play:
                self._await()
        elif plan.meter != timeline.meter:
            if player.playing and player.position // plan.meter.bar_ticks not in plan.bars:
                return False
            was_playing = player.playing
            player.jump(player.position, now_ns)
            self._replace(plan)
            if was_playing:
                player.roll(player.position)
        elif not player.playing and timeline.cursor == plan.first_line(timeline.cursor):
            player.adopt(plan)
            self._requests.look()
        else:
            return False
        return True

    def _replace(self, plan: ComingPlan) -> None:
        """After a jump, where nothing sounds."""
        player = self._player
        tick = player.timeline.cursor
        player.timeline.replace(plan.bars, plan.meter)
        player.adopt(plan)
        self._aim(tick)

    # -- the composer --------------------------------------------------------------------------------------------

    def insert(self, bar: Bar) -> None:
        """Take in an answer; one to an older epoch is dropped."""
        self._requests.answered(bar.epoch, bar.bar)
        player = self._player
        if bar.epoch != player.epoch:
            player.coming.insert(bar)
        elif not player.timeline.has(bar.bar):
            player.timeline.insert(bar.bar, bar.clips)

    def wanted(self, ns: int) -> list[tuple[int, int]]:
        """(epoch, bar) to ask the composer for now, most urgent first."""
        return self._requests.wanted(self._player.epoch, ns)

    def _aim(self, tick: Tick) -> None:
        self._requests.aim(tick // self._player.timeline.meter.bar_ticks)
