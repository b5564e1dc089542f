"""What can be wrong with data and models: leaves of Sideman's one error tree."""

from __future__ import annotations

from composers.errors import SidemanError


class CorpusError(SidemanError):
    """A corpus that is not there or not readable: names the path and how to get it."""


class WeightsError(SidemanError):
    """Trained weights that are missing or made for another model: names the file and how to make them again."""
