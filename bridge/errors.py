"""The error tree that users meet. Every message names the value, the place and the remedy."""

from composers.errors import MusicError, SidemanError
from instruments.errors import InstrumentError

__all__ = [
    "CalibrationError", "DataError", "DeviceError", "InstrumentError", "MessageError", "MusicError", "PortError",
    "SessionError", "SidemanError", "TakeError", "TlsError", "TokenError",
]


class SessionError(SidemanError):
    """A session that cannot be read or does not fit: names the file, the line or key, the value, what is allowed."""


class PortError(SidemanError):
    """A MIDI port that does not exist or cannot be opened: lists what there is."""


class DeviceError(SidemanError):
    """An audio device, JACK server or web port that cannot be had."""


class RefusedError(DeviceError):
    """What a relay would hear is there and does not let it in: to try again is of no use."""


class MessageError(SidemanError, ValueError):
    """A message from a client that is malformed: names the field, the value and what is allowed."""


class CalibrationError(SidemanError):
    """A measurement that gave nothing to go by: names what was heard instead, and what to look at."""


class DataError(SidemanError):
    """Data of the user's or the developer's that is not there or not readable: names the path and how to get it."""


class WorkerError(SidemanError):
    """A process that worked for this one ended without an answer: names its work, and what can be done."""


class TakeError(SidemanError):
    """A take that cannot be found, read or written: names it, the byte where it is damaged, and what can be done."""


class TokenError(SidemanError):
    """A token or token file that cannot be used: names the place and the remedy, never the token."""


class TlsError(SidemanError):
    """A certificate or key that cannot be used: names the file, what is wrong with it and what to do."""
