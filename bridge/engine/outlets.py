"""Where music leaves: the instruments' strips and the MIDI ports, each at its offset, silenced to the last channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from math import ceil
from typing import NamedTuple

from bridge.driver import MidiOut
from bridge.engine.bends import Bends, bends_of, fits
from bridge.engine.chase import PERCUSSION
from bridge.engine.due import DEFAULTS, Due
from bridge.engine.lane import NOTES_OFF, PEDAL, RESET, Lane
from bridge.engine.through import Through
from bridge.inputs.keyboard import Held, Live
from bridge.inputs.keyboards import Keyboards
from bridge.inputs.route import Place
from bridge.inputs.shared_keys import SharedKeys
from bridge.routes import Route
from bridge.tempo import TempoLine
from composers.score import Tick
from instruments.block import FrameEvent, Kind

_HALF_FRAME = 501_000_000
"""Rounding to frames, a little past the half: whole nanoseconds must not tip a note that falls between two frames."""
_NOTHING = Held()
_DEFAULTS = {key: value for key, value in DEFAULTS.items() if key not in RESET}


class Frames(NamedTuple):
    """The block's frames on the ns axis."""

    ns0: int
    size: int
    rate: int

    def at(self, ns: int) -> int:
        """The frame at `ns`; the first or last one for what is late, or not yet due."""
        frame = ((ns - self.ns0) * self.rate + _HALF_FRAME) // 1_000_000_000
        return 0 if frame < 0 else min(frame, self.size - 1)


class Outlets:
    """Sends what is put in, each lane when the line reaches the tick and its offset has passed.

    A tempo change moves what has not been sent; each port's messages are in order. cut() ends what sounds and resets
    exactly the channels used since their last reset; what has not been sent then is kept until forget() drops it, or
    resume() goes on with it. Called from the engine's thread.
    """

    def __init__(self, routes: Sequence[Route], through: Through, ports: int, strips_offset_ns: int = 0,
                 keyboards: Keyboards | None = None) -> None:
        """ports             how many outputs the driver has
        strips_offset_ns  when the instruments get their events, against the music: before it (< 0), by what it takes
                          until they are heard
        """
        self.midi: list[MidiOut] = []
        """The block's messages, by offset once close() was called."""
        self.begun: list[tuple[int, Due]] = []
        """(frame, note) for what the instruments began in this block."""
        self.strips: list[list[FrameEvent]] = [[] for _ in routes]
        self.frames = Frames(0, 1, 1)
        self._through = through
        self._keyboards = keyboards or Keyboards(())
        self._routes = tuple(routes)
        self._shared: dict[int, SharedKeys] = {p.track: SharedKeys() for p in self._keyboards.places if p.shared}
        """By strip: where a player and the composer play the same keys."""
        shared = {0} if strips_offset_ns == 0 else set()  # else it may change, which is the instruments' affair alone
        offsets = sorted({r.offset_ns for r in routes} - shared)
        self._lanes = [Lane(strips_offset_ns, [r if r.offset_ns in shared else None for r in routes], strips=True)]
        """The instruments' own first."""
        self._lanes += [Lane(o, [r if r.offset_ns == o else None for r in routes], strips=False) for o in offsets]
        self._mixed = len(self._lanes) > 1
        self._used = [0] * ports
        self._used_strips = [0] * len(routes)
        self._bends = [bends_of(r, partial(through.holds, r.port)) for r in routes]
        self._at_port = [[b for b, r in zip(self._bends, routes, strict=True) if r.port == i] for i in range(ports)]
        self._strip_bends = [_strip_bends_of(r) for r in routes]
        """Of plug-ins, which know no cents."""

    @property
    def sounding(self) -> int:
        """Notes that the instruments have begun and not ended."""
        return len(self._lanes[0].sounding)

    @property
    def used(self) -> list[int]:
        """By port, a bit for each channel used since its last reset."""
        return list(self._used)

    @property
    def clashes(self) -> list[int]:
        """By track, notes that a bend for another has put out of tune: see Bends."""
        return [bends.clashes for bends in self._bends]

    def lead(self, strips_offset_ns: int) -> None:
        """The instruments take longer than was known until they are heard (or less): from now on their events are
        given to them so much earlier; what should have been given before now is given now."""
        self._lanes[0].offset_ns = strips_offset_ns

    def adopt(self, routes: Sequence[Route], places: Sequence[int], ports: int, strips_offset_ns: int, tick: Tick
              ) -> None:
        """Another rig, with other strips: see RigChange. The music is at `tick`; what is on its way goes on. A port
        that is late may still hold notes of a strip that has rung out: they end."""
        frame = max(lane.floor for lane in self._lanes)
        for lane in self._lanes:
            for off in lane.gone(places):
                self._send(lane, frame, off)
        self._routes = tuple(routes)
        kept = {places[track]: keys for track, keys in self._shared.items() if places[track] >= 0}
        self._shared = {p.track: SharedKeys() for p in self._keyboards.places if p.shared} | kept
        first = self._lanes[0]
        if any(first.routes) and strips_offset_ns != 0:
            self._lanes.insert(1, first.twin())
            first.routes = (None,) * len(first.routes)
        first.offset_ns = strips_offset_ns
        shared = any(first.routes)
        for lane in self._lanes:
            own = lane is not first or shared
            lane.adopt(places, [r if own and r.offset_ns == lane.offset_ns else None for r in routes])
        have = {lane.offset_ns for lane in self._lanes[0 if shared else 1 :]}
        for offset_ns in sorted({r.offset_ns for r in routes} - have):
            lane = Lane(offset_ns, [r if r.offset_ns == offset_ns else None for r in routes], strips=False)
            lane.cursor, lane.stopped_ns = tick, first.stopped_ns
            self._lanes.append(lane)
        self._mixed = True
        old_bends, old_strips, old_used, had_ports = self._bends, self.strips, self._used_strips, self._at_port
        self.strips = [[] for _ in routes]
        self._used_strips = [0] * len(routes)
        old_strip_bends = self._strip_bends
        self._strip_bends = [_strip_bends_of(r) for r in routes]
        bends: list[Bends | None] = [None] * len(routes)
        for old, new in enumerate(places):
            if new >= 0:
                self.strips[new], self._used_strips[new], bends[new] = old_strips[old], old_used[old], old_bends[old]
                self._keep_strip_bends(new, old_strip_bends[old])
        by_port = {routes[i].port: b for i, b in enumerate(bends) if b is not None}
        self._bends = []
        for strip, route in enumerate(routes):
            own_bends = bends[strip] or by_port.get(route.port)  # who is new at a port goes on where the old one is
            if own_bends is not None and not fits(own_bends, route):
                frame = max(lane.floor for lane in self._lanes)
                self.midi += [MidiOut(frame, route.port, off.to_midi()) for off in own_bends.release(frame)]
                own_bends = by_port.get(route.port)
                own_bends = None if own_bends is None or not fits(own_bends, route) else own_bends
            if own_bends is None:
                own_bends = by_port[route.port] = bends_of(route, partial(self._through.holds, route.port))
            self._bends.append(own_bends)
        for strip in reversed(range(len(routes))):  # the tracks' own after those of what rings out
            self._bends[strip].adopt(routes[strip])
        ports = max([ports, len(had_ports), *(r.port + 1 for r in routes)])
        self._used += [0] * (ports - len(self._used))
        self._at_port = [list(dict.fromkeys(b for b, r in zip(self._bends, routes, strict=True) if r.port == i))
                         for i in range(ports)]
        self.begun = [(frame, due._replace(track=places[due.track])) for frame, due in self.begun
                      if places[due.track] >= 0]

    def end(self, dues: Sequence[Due]) -> None:
        """Notes that end at the cursor, since another plan goes on there."""
        for lane in self._lanes:
            lane.end(dues)

    def open(self, frames: Frames) -> None:
        """A new block."""
        self.frames = frames
        self.midi = []
        self.begun.clear()
        for strip in self.strips:
            strip.clear()
        for lane in self._lanes:
            lane.floor = 0

    def put(self, dues: Sequence[Due]) -> None:
        """From the timeline, in order."""
        if dues:
            for lane in self._lanes:
                lane.put(dues)

    def run(self, line: TempoLine, ns: int, end: Tick) -> None:
        """Send all that is due before `ns`, which is before tick `end`; what is late goes at once, in order."""
        for lane in self._lanes:
            offset = lane.offset_ns
            upto = ceil(line.tick_at(ns - offset)) if offset < 0 else end
            queue = lane.queue
            if upto > lane.cursor:
                lane.cursor = upto
                while queue and queue[0].tick < upto:
                    due = queue.popleft()
                    if offset > 0:
                        lane.waiting.append((line.ns_at(due.tick) + offset, due))
                    else:
                        self._give(lane, line.ns_at(due.tick) + offset, due)
            waiting = lane.waiting
            while waiting and waiting[0][0] < ns:
                self._give(lane, *waiting.popleft())

    def pass_on(self, ns: int, port: int, message: bytes) -> None:
        """A message of a player's own."""
        if message[0] < 0xF0:
            self._used[port] |= 1 << (message[0] & 15)
        self.midi.append(MidiOut(self.frames.at(ns), port, message))
        self._mixed = True

    def play(self, ns: int, live: Live) -> int:
        """What a player plays, after all that the music has put out before: returns its frame."""
        place, (_, kind, channel, number, value, cents), raw, form = live
        frame = self.frames.at(ns)
        for lane in self._lanes:
            if lane.floor > frame:
                frame = lane.floor
        for lane in self._lanes:
            lane.floor = frame  # nothing of the music goes before it any more
        route = self._routes[place.track]
        if form == "any" or place.by_note == (form == "notes"):
            self._strike(place.track, FrameEvent(frame, kind, channel, number, value, cents))
        if form != "any" and (route.mpe is not None) != (form == "notes"):
            return frame
        if form == "notes":
            self._put(route.port, self._bends[place.track].apply(
                FrameEvent(frame, kind, channel, number, value, cents)))
            return frame
        spread = route.mpe is not None or bool(route.bend_channels)
        if raw is not None and not spread:
            channel = place.port_channel if route.channel is None else route.channel
            self._used[route.port] |= 1 << channel
            self.midi.append(MidiOut(frame, route.port, bytes((raw[0] & 0xF0 | channel, *raw[1:]))))
        else:
            channel = place.channel if spread and place.port_channel != PERCUSSION else place.port_channel
            self._put(route.port, self._bends[place.track].apply(
                FrameEvent(frame, kind, channel, number, value, cents)))
        self._mixed = True
        return frame

    def _put(self, port: int, events: Sequence[FrameEvent]) -> None:
        for each in events:
            self._used[port] |= 1 << each.channel
            self.midi.append(MidiOut(each.offset, port, each.to_midi()))
        self._mixed = True

    def put_out(self, track: int, event: FrameEvent) -> None:
        """A message of an instrument's own, to its track's port."""
        route = next((r for lane in self._lanes if (r := lane.routes[track]) is not None), None)
        if route is not None:
            self._used[route.port] |= 1 << event.channel
            self.midi.append(MidiOut(event.offset, route.port, event.to_midi()))
            self._mixed = True

    def cut(self, ns: int, jump: bool = False) -> None:
        """End all that sounds, and reset the channels used; before a jump also what controllers the music moved.

        A channel where a player holds something keeps it, and counts as used.
        """
        frame = max(self.frames.at(ns), *(lane.floor for lane in self._lanes))
        for lane in self._lanes:
            lane.floor = frame
            for due in lane.silence(ns):
                self._send(lane, frame, due)
            if jump and lane.controls:
                for due in lane.controls.values():
                    default = _DEFAULTS.get((due.kind, due.number), due.value)
                    if default != due.value:
                        self._send(lane, frame, due._replace(value=default))
        self._reset(frame)

    def close(self) -> list[MidiOut]:
        """The block's messages in order, this block being over."""
        if self._mixed:
            self.midi.sort(key=_offset)
        return self.midi

    def leave(self) -> list[MidiOut]:
        """For good: what ends all that sounds and resets all channels used, at once."""
        self.open(self.frames._replace(ns0=0))
        self.cut(0)
        self.midi += [MidiOut(0, port, message) for port, message in self._through.release()]
        self._reset(0)
        return self.midi

    def resume(self, tick: Tick, line: TempoLine, strike: bool) -> None:
        """Play goes on at `tick`, where it was cut: nothing is lost, nothing doubled."""
        for lane in self._lanes:
            lane.resume(tick, line, strike)

    def forget(self, tick: Tick) -> None:
        """Play goes on elsewhere, at `tick`."""
        for lane in self._lanes:
            lane.forget(tick)

    def _give(self, lane: Lane, ns: int, due: Due) -> None:
        if lane.note(due):
            frame = self.frames.at(ns)
            if frame > lane.floor:
                lane.floor = frame
            self._send(lane, lane.floor, due)

    def _send(self, lane: Lane, frame: int, due: Due) -> None:
        _, kind, track, channel, number, value, cents, _ = due
        event = FrameEvent(frame, kind, channel, number, value, cents)
        if lane.strips:
            self._used_strips[track] |= self._strike(track, event)
            if kind is Kind.ON:
                self.begun.append((frame, due))
        route = lane.routes[track]
        if route is not None:
            for each in self._bends[track].apply(event):
                self._used[route.port] |= 1 << each.channel
                self.midi.append(MidiOut(frame, route.port, each.to_midi()))

    def _strike(self, strip: int, event: FrameEvent) -> int:
        """To the instrument. Returns a bit for each channel that it got something on."""
        bends = self._strip_bends[strip]
        if bends is None:
            self._pass_to(strip, event)
            return 1 << event.channel
        used = 0
        for each in bends.apply(event):
            used |= 1 << each.channel
            self._pass_to(strip, each)
        return used

    def _pass_to(self, strip: int, event: FrameEvent) -> None:
        keys = self._shared.get(strip)
        if keys is None:
            self.strips[strip].append(event)
        else:
            self.strips[strip] += keys.apply(event)

    def _keep_strip_bends(self, strip: int, old: Bends | None) -> None:
        """A plug-in plays on where it was; one that is bent another way by now begins anew."""
        new, route = self._strip_bends[strip], self._routes[strip]
        if old is None or new is None:
            return
        if fits(old, route):
            old.adopt(_strip_route(route))
            self._strip_bends[strip] = old
        else:
            self.strips[strip] += old.release(max(lane.floor for lane in self._lanes))

    def _in_hand(self, places: Iterable[Place]) -> Held:
        """What players have of any of these."""
        found = [self._keyboards.held(track) for track in {place.track for place in places}]
        return Held(*(any(each) for each in zip(*found, strict=True))) if found else _NOTHING

    def _hears(self, place: Place, port: int, channel: int) -> bool:
        """Whether what is played there leaves by this channel of the port."""
        route = self._routes[place.track]
        if route.port != port:
            return False
        if route.mpe is not None:
            return channel in (route.mpe.manager, *route.mpe.channels)
        own = place.port_channel if route.channel is None else route.channel
        return channel == own or channel in route.bend_channels

    def _reset(self, frame: int) -> None:
        played = self._keyboards.places
        for port, mask in enumerate(self._used):
            for channel in _channels(mask):
                if self._through.holds(port, channel):
                    continue
                held = self._in_hand(p for p in played if self._hears(p, port, channel)) if played else _NOTHING
                if any(held):
                    self._reset_beside(held, port, channel, frame)
                else:
                    self._used[port] &= ~(1 << channel)
                    for bends in self._at_port[port]:
                        bends.reset(channel)
                    self.midi += [MidiOut(frame, port, e.to_midi()) for e in _resets(frame, channel)]
        for strip, mask in enumerate(self._used_strips):
            self._used_strips[strip] = 0
            own_bends = self._strip_bends[strip]
            for channel in _channels(mask):
                held = self._in_hand(p for p in played if p.shared and p.track == strip
                                     and (p.by_note or p.channel == channel))
                if own_bends is not None and not any(held):
                    own_bends.reset(channel)
                for event in _resets(frame, channel, held):
                    for each in own_bends.settle(event) if own_bends is not None and any(held) else (event,):
                        self._pass_to(strip, each)
                self._used_strips[strip] |= any(held) << channel

    def _reset_beside(self, held: Held, port: int, channel: int, frame: int) -> None:
        """What the composer leaves on a channel is reset, what a player has in hand there stays."""
        for event in _resets(frame, channel, held):
            if event.kind is not Kind.BEND:
                self.midi.append(MidiOut(frame, port, event.to_midi()))
                continue
            for bends in self._at_port[port]:  # which know what bend the player's notes need
                self.midi += [MidiOut(frame, port, each.to_midi()) for each in bends.settle(event)]


def resets(used: Sequence[int]) -> list[MidiOut]:
    """What resets the channels of these masks (see Outlets.used), for what an engine that died has left behind."""
    return [MidiOut(0, port, event.to_midi())
            for port, mask in enumerate(used) for channel in _channels(mask) for event in _resets(0, channel)]


def _strip_route(route: Route) -> Route:
    """What a plug-in is told: on the channel that the music has, which is not what the port's receiver listens to."""
    return route._replace(channel=None, bend_channels=())


def _strip_bends_of(route: Route) -> Bends | None:
    return bends_of(_strip_route(route)) if route.hosted else None


def _channels(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _resets(frame: int, channel: int, held: Held = _NOTHING) -> list[FrameEvent]:
    kept = ((PEDAL, held.pedal), (0, held.bend), (NOTES_OFF, held.notes or held.pedal))
    return [FrameEvent(frame, kind, channel, number, 0.0) for kind, number in RESET if (number, True) not in kept]


def _offset(message: MidiOut) -> int:
    return message.offset
