"""The root of Sideman's one error tree.

It lives in the lowest package because imports follow the data (composers <- instruments <- bridge) and every package
raises into it; `bridge.errors` has the user-facing leaves of the bridge.
"""


class SidemanError(Exception):
    """Something that the user can mend.

    The message names the value, the place and the remedy, e.g.
    ``my.toml: tracks[2].pan = 1.5 is out of range: give a number from -1 (left) to 1 (right)``.
    """


class MusicError(SidemanError, ValueError):
    """A musical value that no composer knows: a key, a chord symbol, a genre, a form, a meter."""
