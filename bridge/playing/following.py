"""The band follows a player: harmony, dynamics, and in turn with whoever plays a line. Values for Plan.heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bridge.errors import MusicError
from bridge.playing.chord_ear import ChordEar
from bridge.playing.dynamics import Dynamics
from bridge.playing.soloist import Phrase, Soloist
from bridge.session import Session
from bridge.stream.wire import At
from composers.answers import answer
from composers.composer import Heard
from composers.instrumentation import plain
from composers.layers import Layer
from composers.registers import REGISTERS
from composers.score import PPQ, Clip, Span, Tick
from composers.theory.scales import Key

KINDS = ("chords", "dynamics", "melody")
_FOREVER: Tick = 1 << 40
_MOST_CHORDS = 128
_MOST_ANSWERS = 16
_JUST_AFTER = 0.25
"""A chord that comes so much of a beat after a line belongs to it."""
_ENERGY_STEP = 0.06
"""Smaller changes of the energy are not told."""
_AHEAD_S = 0.12
"""What is to be heard at a tick must be known so long before it: composing, and the way there."""
_PATIENCE = 2
"""Bars of silence after which the band's lead plays again."""
_ANSWER_BARS = 4


class Now(NamedTuple):
    """Where the music is, and what it is.

    seconds  of the audio's frames; elapsed: ticks played so far; chord: the symbol that plays; chords: (tick, symbol)
             of the bars to come, as far as they are known
    """

    seconds: float
    tick: Tick
    elapsed: float
    bpm: float
    playing: bool
    session: Session
    chord: str = ""
    chords: Sequence[tuple[Tick, str]] = ()


class Following:
    """What was heard of one player (an input), and of it what the band is told. Sans I/O; the event loop's."""

    def __init__(self) -> None:
        self.ear = ChordEar()
        self.dynamics = Dynamics()
        self.soloist = Soloist()

    def note(self, key: int, velocity: int, seconds: float, tick: float, elapsed: float) -> None:
        """velocity 0: it ends."""
        if velocity:
            self.ear.on(key, seconds)
            self.dynamics.on(velocity, elapsed)
            self.soloist.on(key, velocity, tick, elapsed)
        else:
            self.ear.off(key)
            self.soloist.off(key, elapsed)

    def lost(self) -> None:
        """The engine has died."""
        self.ear.clear()
        self.soloist.clear()


class Followed:
    """What the band is told of all players."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.answers: tuple[Layer, ...] = ()
        self.understood = ""
        self.energy: float | None = None
        self.key = ""
        self._bar = -1
        self._quiet_since = 0.0

    def reset(self, kinds: Sequence[str]) -> bool:
        """What is not followed any more is the band's own again. Whether that changes anything."""
        before = self.heard, self.answers
        if "chords" not in kinds:
            self.heard, self.understood = self.heard._replace(chords=()), ""
        if "dynamics" not in kinds:
            self.heard, self.energy = self.heard._replace(energy=()), None
        if "melody" not in kinds:
            self.heard, self.answers, self.key = self.heard._replace(leads=()), (), ""
        return (self.heard, self.answers) != before

    # -- harmony ------------------------------------------------------------------------------------------------------

    def chords(self, ear: ChordEar, now: Now, react: At, hold: int) -> bool:
        """Whether the band is to play another harmony."""
        meter, music = now.session.meter, now.session.music
        ticks = hold * meter.bar_ticks if hold else _FOREVER
        found = ear.listen(now.seconds, Key.parse(music.key, music.mode), now.chord)
        if found is None:
            return self._held_on(ear, now, ticks)
        self.understood = symbol = str(found)
        struck = now.tick - (now.seconds - ear.struck_s) * now.bpm * PPQ / 60 if now.playing else now.tick
        line = line_of(round(struck), meter.beat_ticks, meter.bar_ticks if react == "bar" else meter.beat_ticks)
        in_force = next(((at, s) for at, s in reversed(self.heard.chords) if at <= line), None)
        if in_force is not None and in_force[1] == symbol and line - in_force[0] < ticks / 2 and (
                self.heard.chords[-1] == in_force and self.heard.hold == ticks):
            return False
        self._enter(line, symbol, ticks)
        return True

    def _held_on(self, ear: ChordEar, now: Now, ticks: Tick) -> bool:
        """A chord that is held for longer than it would hold alone goes on."""
        if not ear.holding or not self.heard.chords or not now.playing:
            return False
        at, symbol = self.heard.chords[-1]
        if now.tick - at < ticks // 2:
            return False
        self._enter(-(-now.tick // now.session.meter.beat_ticks) * now.session.meter.beat_ticks, symbol, ticks)
        return True

    def _enter(self, tick: Tick, symbol: str, hold: Tick) -> None:
        """From a tick on, whatever was played later there in another time round."""
        before = [each for each in self.heard.chords if each[0] < tick]
        self.heard = self.heard._replace(chords=(*before[1 - _MOST_CHORDS :], (tick, symbol)), hold=hold)

    # -- dynamics -----------------------------------------------------------------------------------------------------

    def dynamics(self, players: Sequence[Dynamics], now: Now) -> bool:
        """Once a bar, whether the band is to play otherwise."""
        bar = now.tick // now.session.meter.bar_ticks
        if bar == self._bar or not now.playing:
            return False
        self._bar = bar
        levels = [level for each in players if (level := each.energy(now.elapsed)) is not None]
        level = round(max(levels), 2) if levels else None
        if level is not None and self.energy is not None and abs(level - self.energy) < _ENERGY_STEP:
            return False
        changed, self.energy = level != self.energy, level
        self.heard = self.heard._replace(energy=() if level is None else ((0, level),))
        return changed

    # -- melody -------------------------------------------------------------------------------------------------------

    def melody(self, soloist: Soloist, now: Now) -> bool:
        """Whether the band's lead is to rest, to answer, or to play again."""
        if not now.playing:
            return False
        ended = soloist.phrase(now.elapsed, now.bpm)
        leads = self.heard.leads
        open_ = bool(leads) and leads[-1].end == _FOREVER
        if soloist.leads:
            self._quiet_since = now.elapsed
            silenced = self._silence_answer(now)
            if not open_:
                self.heard = self.heard._replace(leads=(*leads[-_MOST_ANSWERS:], Span(self._soon(now), _FOREVER)))
            return silenced or not open_
        if ended is not None:
            return self._answer(ended, now)
        patience = _PATIENCE * now.session.meter.bar_ticks
        if open_ and now.elapsed - self._quiet_since > patience and not self.answering(now.tick):
            span = Span(leads[-1].start, max(leads[-1].start + 1, self._soon(now, bar=True)))
            self.heard = self.heard._replace(leads=(*leads[:-1], span))
            return True
        return False

    def answering(self, tick: Tick) -> bool:
        """The band's lead is about to answer, or does."""
        return bool(self.answers) and tick < self.answers[-1].clip.span.end and (
            self.answers[-1].clip.span.start - tick < 16 * PPQ)

    @property
    def leading(self) -> bool:
        return bool(self.heard.leads) and self.heard.leads[-1].end == _FOREVER

    def _soon(self, now: Now, *, bar: bool = False) -> Tick:
        """The first line that the band can reach."""
        step = now.session.meter.bar_ticks if bar else now.session.meter.beat_ticks
        reach = now.tick + round(_AHEAD_S * now.bpm * PPQ / 60)
        return -(-reach // step) * step

    def _answer(self, phrase: Phrase, now: Now) -> bool:
        session = now.session
        lead = next((t for t in session.tracks if "melody" in t.parts and t.name not in session.music.mute), None)
        if lead is None:
            return False
        beat = session.meter.beat_ticks
        call = phrase.notes
        start = self._soon(now) + call[0].start % beat
        register = REGISTERS.get(plain(lead.instrument))
        low, high = (register.easy_lowest, register.easy_highest) if register else (55, 84)
        music = session.music
        try:
            notes = answer(call, start, now.chords, Key.parse(music.key, music.mode), low, high,
                           music.seed, start, len(self.answers))  # fmt: skip
        except MusicError:
            return False
        most = start + _ANSWER_BARS * session.meter.bar_ticks
        notes = tuple(n for n in notes if n.start < most)
        end = -(-max(n.end for n in notes) // beat) * beat
        self.answers = (*self.answers[1 - _MOST_ANSWERS :], Layer(lead.name, Clip.of(Span(start, end), notes)))
        self._quiet_since = now.elapsed + end - now.tick
        return True

    def _silence_answer(self, now: Now) -> bool:
        """Who is answered begins again: the lead leaves him the floor."""
        if not self.answers:
            return False
        last, stop = self.answers[-1], self._soon(now)
        span = last.clip.span
        if not span.start <= stop < span.end:
            if stop < span.start and span.start - stop < 16 * PPQ:
                self.answers = self.answers[:-1]
                return True
            return False
        cut = [n._replace(length=min(n.length, max(1, stop - n.start))) for n in last.clip.notes if n.start < stop]
        self.answers = self.answers[:-1]
        if cut and stop > span.start:
            self.answers += (Layer(last.track, Clip.of(Span(span.start, stop), cut)),)
        return True


def line_of(struck: Tick, beat_ticks: Tick, step: Tick) -> Tick:
    """The line that a chord is for: that which it was struck at or just after, else the next."""
    before = max(0, struck) // step * step
    return before if struck - before <= _JUST_AFTER * beat_ticks else before + step
