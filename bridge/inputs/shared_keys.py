"""One set of keys for two who play it: the composer and a player, where an instrument cannot tell them apart."""

from __future__ import annotations

from instruments.block import FrameEvent, Kind

_SOUND_OFF, _NOTES_OFF = 120, 123


class SharedKeys:
    """Events in, in order, and out what one instrument is to get that knows each key of a channel once.

    A key that sounds is struck anew by whoever comes second, and ends when both have let go: nobody's note is cut, none
    is left. Sans I/O; called from the engine's thread.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], int] = {}

    def apply(self, event: FrameEvent) -> list[FrameEvent]:
        """What to give in its place."""
        at, held = (event.channel, event.number), self._held
        match event.kind:
            case Kind.ON:
                before = held.get(at, 0)
                held[at] = before + 1
                return [event._replace(kind=Kind.OFF, value=64.0, cents=0.0), event] if before else [event]
            case Kind.OFF:
                left = held.pop(at, 1) - 1
                if left:
                    held[at] = left
                    return []
            case Kind.CC if event.number == _SOUND_OFF or event.number >= _NOTES_OFF:
                for each in [each for each in held if each[0] == event.channel]:
                    del held[each]
        return [event]
