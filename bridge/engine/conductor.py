"""What plays when: heeds whoever leads, the user's commands and the composer's answers, and tells the player."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.clock.follower import Change, Event
from bridge.clock.master import Follower
from bridge.clock.masters import Masters
from bridge.driver import MidiOut
from bridge.engine.bar_requests import BarRequests
from bridge.engine.clip_bytes import Bar
from bridge.engine.inbox import AnyCommand, ComposerBack, Halt, Locate, NewPlan, Play, SetTempo
from bridge.engine.player import Player
from bridge.midi_bytes import CLOCK_TICKS
from bridge.tempo import TempoLine
from composers.score import Meter, Tick

_MARGIN_NS = 150_000_000
"""A changed plan takes over at the next bar line, if that is at least this far away: the composer needs a few ms."""
_PATIENCE_NS = 150_000_000
"""On the own tempo, so long a start in the middle waits for the bars before it, once its own bar is there."""


class Conductor:
    """Starts, stops and moves a player, by its masters or on the own tempo.

    Called from the engine's thread; all ns are on the frames' axis.
    """

    def __init__(
        self, player: Player, masters: Masters, bpm: float, length: int | None, epoch: int, *, stop_on_loss: bool
    ) -> None:
        """length, epoch: see inbox.NewPlan. bpm: the own tempo."""
        self.epoch = epoch
        self.starting = False
        self.ended = False
        self.notices: list[str] = []
        self._player = player
        self._masters = masters
        masters.succession = not stop_on_loss
        self._requests = BarRequests(player.timeline)
        self._own_bpm = bpm
        self._length = length
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
        if self._length is not None and self._masters.leader is None:
            last = self._length * self._player.timeline.meter.bar_ticks
        if self._player.advance(ns, last):
            self.ended = True
            self._requests.aim(0)

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
                self.advance(event.ns)
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
                    self.advance(min(event.ns, player.line.ns_at(event.tick - 0.5)))  # a Stop may come late
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

    # -- commands ------------------------------------------------------------------------------------------------

    def obey(self, command: AnyCommand, now_ns: int) -> None:
        """The commands that concern what plays."""
        masters, player = self._masters, self._player
        match command:
            case Play():
                if not player.playing:
                    masters.release()
                    self._await()
            case Halt():
                player.stop(now_ns)
                self.starting = self._silenced = False
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
                self._replan(command, now_ns)
            case ComposerBack():
                self._requests.forget()

    def _await(self) -> None:
        """Play as soon as there is something to play."""
        self._player.playing = self.ended = False
        self.starting, self._ready_ns = True, None

    def _replan(self, plan: NewPlan, now_ns: int) -> None:
        """A new epoch: withdraw what lies beyond the commit horizon; late answers of older epochs are dropped."""
        self.epoch = plan.epoch
        self._length = plan.length
        self._requests.forget()
        player, timeline = self._player, self._player.timeline
        meter = Meter(plan.beats, plan.unit)
        if plan.restart and not self._masters.running:
            self._masters.release()
            self._jump(0, now_ns)
            timeline.withdraw(0, meter)
            self._await()
            return
        if meter != timeline.meter:
            timeline.withdraw(0, meter)
            self._jump(player.position, now_ns)
            if player.playing:
                player.roll(player.position)
            return
        bar = timeline.bar
        if player.playing or timeline.cursor > bar * meter.bar_ticks:
            bar += 1
        if player.playing and player.line.ns_at(bar * meter.bar_ticks) - now_ns < _MARGIN_NS + player.lead_ns:
            bar += 1
        timeline.withdraw(bar)

    # -- the composer --------------------------------------------------------------------------------------------

    def insert(self, bar: Bar) -> None:
        """Take in an answer; one to an older epoch is dropped."""
        self._requests.answered(bar.bar)
        if bar.epoch == self.epoch and not self._player.timeline.has(bar.bar):
            self._player.timeline.insert(bar.bar, bar.clips)

    def wanted(self, ns: int) -> list[tuple[int, int]]:
        """(epoch, bar) to ask the composer for now, most urgent first."""
        return [(self.epoch, bar) for bar in self._requests.wanted(ns)]

    def _aim(self, tick: Tick) -> None:
        self._requests.aim(tick // self._player.timeline.meter.bar_ticks)
