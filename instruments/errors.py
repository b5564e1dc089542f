"""What instruments raise. Apart from block.py, so that who only tells of errors does not load NumPy (80 ms)."""

from composers.errors import SidemanError


class InstrumentError(SidemanError, ValueError):
    """A patch, plug-in, effect or parameter that does not exist or does not fit."""
