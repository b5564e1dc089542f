"""The scan: loads every plug-in that is new or has changed, each in its own process, and keeps what was found out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from instruments.errors import InstrumentError
from instruments.plugins import catalogue
from instruments.plugins.catalogue import Entry, Key
from instruments.plugins.files import is_vst2, stamp_of
from instruments.plugins.hosts import choose_host
from instruments.plugins.probe import probe
from instruments.plugins.scan import FoundPlugin, installed, places

WORKERS = 2
TIMEOUT_S = 30.0
_KEEP_EVERY = 8
"""Plug-ins between two writings of the catalogue, so that a scan that is broken off has not been for nothing."""


class Due(NamedTuple):
    """A plug-in to be loaded, and by which host; "": none plays its format, and it is listed by its file."""

    found: FoundPlugin
    host: str


class Plan(NamedTuple):
    """due: to be loaded; kept: known, and unchanged; gone: known, but no longer there."""

    due: tuple[Due, ...]
    kept: tuple[Entry, ...]
    gone: tuple[Key, ...]


def plan(search: Sequence[Path] | None = None, *, again: bool = False) -> Plan:
    """What a scan of `search` (default: scan.places()) has to do. Loads nothing.

    A plug-in is due when it is new, its files have changed, or another host would play it now; again: all are, also
    those that crashed.
    """
    given = places() if search is None else tuple(search)
    before = catalogue.read().entries
    due: list[Due] = []
    kept: list[Entry] = []
    seen: set[Key] = set()
    for found in installed(given):
        key = str(found.path), found.which
        if key in seen:
            continue
        host = _host(found.format)
        entry = before.get(key)
        if entry is not None and not again and entry.host == host and entry.stamp == stamp_of(found.path):
            seen.add(key)
            kept.append(entry)
        elif found.format != "VST2" or is_vst2(found.path):
            seen.add(key)
            due.append(Due(found, host))
    gone = [key for key, entry in before.items() if key not in seen and (
        any(Path(entry.path).is_relative_to(folder) for folder in given) or not Path(entry.path).exists())]
    return Plan(tuple(due), tuple(kept), tuple(gone))


def scan(wanted: Plan, *, timeout_s: float = TIMEOUT_S, workers: int = WORKERS,
         telling: Callable[[str], None] = lambda _: None, notices: Callable[[str], None] = lambda _: None
         ) -> Iterator[Entry]:
    """Do it, and yield what is found as it comes; telling: names of what is being loaded. Blocks, for minutes.

    The catalogue is kept up to date all along; what is wrong with it goes to `notices`. Closing the iterator ends what
    is being loaded. Raises InstrumentError where no process can be started.
    """
    fresh: list[Entry] = []
    told: set[str] = set()

    def keep(gone: Sequence[Key] = ()) -> None:
        notice = catalogue.change(fresh, gone)
        fresh.clear()
        if notice and notice not in told:
            told.add(notice)
            notices(notice)

    keep(wanted.gone)
    left = iter(wanted.due)
    stop = threading.Event()
    running: dict[Future[Entry], Due] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                while len(running) < workers and (due := next(left, None)) is not None:
                    telling(due.found.name)
                    running[pool.submit(_entry, due, timeout_s, stop)] = due
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    entry = _result(future)
                    fresh.append(entry)
                    if len(fresh) >= _KEEP_EVERY:
                        keep()
                    yield entry
        finally:
            stop.set()
            keep()


def _result(future: Future[Entry]) -> Entry:
    try:
        return future.result()
    except OSError as error:
        raise InstrumentError(f"no process can be started to look at plug-ins ({error.strerror or error}): end other "
                              f"programs, then scan again; what was found so far is kept") from None


def look_at(found: FoundPlugin, timeout_s: float = TIMEOUT_S) -> Entry:
    """Load this one now, and keep what was found out. Blocks, for timeout_s at most."""
    entry = _entry(Due(found, _host(found.format)), timeout_s, threading.Event())
    catalogue.change([entry])
    return entry


def _entry(due: Due, timeout_s: float, stop: threading.Event) -> Entry:
    found, host = due
    if host:
        return probe(found, host, timeout_s, stop=stop)
    stamp = stamp_of(found.path)
    return Entry(str(found.path), found.format, found.name, stamp.size, stamp.mtime_ns, found.which)


def _host(format_name: str) -> str:
    """That which plays it live, else in a bounce, else ""."""
    for live in (True, False):
        try:
            return choose_host(format_name, live=live)
        except InstrumentError:
            continue
    return ""
