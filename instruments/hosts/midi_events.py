"""Frame events as the short MIDI messages that plug-ins take, and the plug-ins' own messages as frame events."""

from __future__ import annotations

from instruments.block import FrameEvent, Kind

ALL_SOUND_OFF, ALL_NOTES_OFF, RESET_CONTROLLERS = 120, 123, 121


def short_message(event: FrameEvent) -> tuple[int, int, int]:
    """Status and two data bytes; messages of two bytes get a 0."""
    data = event.to_midi()
    return data[0], data[1], data[2] if len(data) > 2 else 0


def event_of(offset: int, status: int, data1: int, data2: int) -> FrameEvent | None:
    """A plug-in's message; None for what has no FrameEvent (system messages, pressure of single keys)."""
    channel = status & 15
    match status & 0xF0:
        case 0x90 if data2:
            return FrameEvent(offset, Kind.ON, channel, data1, float(data2))
        case 0x80 | 0x90:
            return FrameEvent(offset, Kind.OFF, channel, data1, float(data2))
        case 0xB0:
            return FrameEvent(offset, Kind.CC, channel, data1, float(data2))
        case 0xC0:
            return FrameEvent(offset, Kind.PROGRAM, channel, 0, float(data1))
        case 0xD0:
            return FrameEvent(offset, Kind.PRESSURE, channel, 0, float(data1))
        case 0xE0:
            return FrameEvent(offset, Kind.BEND, channel, 0, ((data2 << 7 | data1) - 8192) / 8192)
    return None


def silencing() -> list[tuple[int, int, int]]:
    """All sound off, all notes off and controllers back, on every channel: what a plug-in's own reset may leave."""
    return [(0xB0 | channel, number, 0)
            for channel in range(16) for number in (ALL_SOUND_OFF, ALL_NOTES_OFF, RESET_CONTROLLERS)]
