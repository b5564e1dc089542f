"""What is held down on a keyboard and how its controllers stand: enough to go on playing on another instrument."""

from __future__ import annotations

from instruments.block import FrameEvent, Kind

_SUSTAIN, _SOUND_OFF, _RESET, _NOTES_OFF = 64, 120, 121, 123
_CENTRED = {11: 127.0, _SUSTAIN: 0.0, 1: 0.0}
"""Controllers that Reset All Controllers sets (MIDI Recommended Practice RP-015), and to what."""


class HeldNotes:
    """Follows events. Notes that begin twice end twice; those let go while the pedal is down sound on until it is up.

    Belongs to one thread; costs something only where there are events.
    """

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], list[FrameEvent]] = {}
        """By channel and key: the note-ons that have yet to end, oldest first."""
        self._kept: dict[tuple[int, int], FrameEvent] = {}
        self._controllers: dict[tuple[int, int], FrameEvent] = {}
        self._others: dict[tuple[int, Kind], FrameEvent] = {}

    def __bool__(self) -> bool:
        """Whether a note sounds, as far as its keyboard goes."""
        return bool(self.held or self._kept)

    def hear(self, event: FrameEvent) -> None:
        channel, number = event.channel, event.number
        match event.kind:
            case Kind.ON:
                self._kept.pop((channel, number), None)
                self.held.setdefault((channel, number), []).append(event)
            case Kind.OFF:
                ons = self.held.get((channel, number))
                if ons:
                    on = ons.pop(0)
                    if not ons:
                        del self.held[channel, number]
                    if self._pedal(channel):
                        self._kept[channel, number] = on
            case Kind.CC:
                self._control(event)
            case Kind.BEND | Kind.PRESSURE | Kind.PROGRAM:
                self._others[channel, event.kind] = event

    def controls(self) -> list[FrameEvent]:
        """Events that put another instrument's controllers where these stand: programs first, all at offset 0."""
        found = sorted(self._others.values(), key=lambda e: (e.kind != Kind.PROGRAM, e.channel))
        banks = [e for (_, number), e in self._controllers.items() if number in (0, 32)]
        rest = [e for (_, number), e in self._controllers.items() if number not in (0, 32)]
        return [e._replace(offset=0) for e in (*banks, *found, *rest)]

    def strikes(self) -> list[FrameEvent]:
        """Events that begin again all that sounds, at offset 0, with the same velocity; after controls()."""
        found = [on._replace(offset=0) for on in self._kept.values()]
        found += [FrameEvent(0, Kind.OFF, on.channel, on.number, 0.0) for on in self._kept.values()]
        return found + [on._replace(offset=0) for ons in self.held.values() for on in ons]

    def take(self, other: HeldNotes) -> None:
        """Another's notes are held here from now on, and there no more."""
        for at, ons in other.held.items():
            self.held.setdefault(at, []).extend(ons)
        self._kept.update(other._kept)
        other.let_go()

    def let_go(self) -> None:
        """No note sounds any more; controllers stay."""
        self.held.clear()
        self._kept.clear()

    def clear(self) -> None:
        self.let_go()
        self._controllers.clear()
        self._others.clear()

    def _pedal(self, channel: int) -> bool:
        pedal = self._controllers.get((channel, _SUSTAIN))
        return pedal is not None and pedal.value >= 64

    def _control(self, event: FrameEvent) -> None:
        channel, number = event.channel, event.number
        if number < _SOUND_OFF:
            self._controllers[channel, number] = event
            if number == _SUSTAIN and event.value < 64:
                self._end(self._kept, channel)
        elif number == _RESET:
            for controller, value in _CENTRED.items():
                if (channel, controller) in self._controllers:
                    self._controllers[channel, controller] = FrameEvent(0, Kind.CC, channel, controller, value)
            for kind in (Kind.BEND, Kind.PRESSURE):
                if (channel, kind) in self._others:
                    self._others[channel, kind] = FrameEvent(0, kind, channel, 0, 0.0)
            self._end(self._kept, channel)
        elif number == _SOUND_OFF:
            self._end(self.held, channel)
            self._end(self._kept, channel)
        elif number >= _NOTES_OFF:
            if self._pedal(channel):
                self._kept.update({at: ons[-1] for at, ons in self.held.items() if at[0] == channel})
            self._end(self.held, channel)

    @staticmethod
    def _end(notes: dict[tuple[int, int], FrameEvent] | dict[tuple[int, int], list[FrameEvent]],
             channel: int) -> None:
        for at in [at for at in notes if at[0] == channel]:
            del notes[at]
