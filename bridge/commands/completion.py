"""What the shell offers at Tab, by click's own machinery: names of sessions, genres, styles, instruments, paths.

A callback of these goes into a parameter's `shell_complete`. Whatever goes wrong offers nothing: a Tab shows no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from composers.errors import SidemanError

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def offering(names: Callable[[click.Context], Iterable[str]], *, files: bool = False) -> Complete:
    """Those of `names` that begin with what has been typed, or hold it where none does. files: and files."""

    def complete(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        try:
            known = sorted(set(names(context)))
        except (SidemanError, OSError):
            known = []
        low = typed.casefold()
        found = [name for name in known if name.casefold().startswith(low)] or [
            name for name in known if low in name.casefold()]
        items = [CompletionItem(name) for name in found]
        return items or [CompletionItem(typed, type="file")] if files else items

    return complete


def _sessions(context: click.Context) -> Iterable[str]:
    from bridge.session import builtin_names

    return _devices(context) if context.params.get("devices") else builtin_names()


def _genres(_context: click.Context) -> Iterable[str]:
    from composers.composer import genre_names

    return genre_names()


def _styles(context: click.Context) -> Iterable[str]:
    """Of the genre that was given, else of all."""
    from composers.composer import find_genre, genre_names

    given = context.params.get("genre") or context.params.get("to")
    return [style for name in ([given] if isinstance(given, str) else genre_names())
            for style in find_genre(name).styles]


def _instruments(_context: click.Context) -> Iterable[str]:
    from instruments.registry import instruments

    return [name for info in instruments() for name in (info.name, *info.aliases)]


def _paths(context: click.Context) -> Iterable[str]:
    """Of the session that was given before."""
    from bridge.controllers.listing import known_paths
    from bridge.session import load

    return known_paths(load(str(context.params.get("session") or "jazz-trio")))


def _live_paths(context: click.Context) -> Iterable[str]:
    """Of the session that plays; where none does, what all have."""
    import asyncio

    async def ask() -> list[str]:
        from bridge.client import MusicClient

        async with MusicClient(str(context.params.get("url") or "ws://localhost:3000/music")) as client:
            return [info.path for info in await client.parameters()]

    try:
        return asyncio.run(asyncio.wait_for(ask(), 2.0))
    except (SidemanError, OSError, TimeoutError):
        return _paths(context)


def _changes(_context: click.Context) -> Iterable[str]:
    """NAME=VALUE of `sideman modify`; values of those that have names."""
    from bridge.stream.wire import ModifyParams
    from composers.composer import find_genre, genre_names

    styles = {style for name in genre_names() for style in find_genre(name).styles}
    return [*(f"{name}=" for name in ModifyParams.__struct_fields__), *(f"genre={name}" for name in genre_names()),
            *(f"style={name}" for name in styles)]


def _wishes(context: click.Context) -> Iterable[str]:
    return [*_genres(context), *_styles(context), *_instruments(context)]


def _devices(_context: click.Context) -> Iterable[str]:
    from bridge.controllers.description import device_names

    return device_names()


sessions = offering(_sessions, files=True)
genres = offering(_genres)
styles = offering(_styles)
instruments = offering(_instruments, files=True)
paths = offering(_paths)
live_paths = offering(_live_paths)
changes = offering(_changes)
wishes = offering(_wishes)
devices = offering(_devices, files=True)
