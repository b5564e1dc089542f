"""Main's side of a take: gathers what the engines tell and writes it to a file, from a thread of its own."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, SimpleQueue

from bridge.engine.inbox import EngineStatus
from bridge.engine_link import Setup
from bridge.errors import TakeError
from bridge.session import Session
from bridge.takes import shelf
from bridge.takes.take_file import RecordKind, encode_record, header
from bridge.takes.values import About, Ended, EngineBegun, Notice, PlanMade, Summary, encode, made_here

_SYNC_S = 0.7
"""What was written is made to last so often: with the journal's own quarter second, and the time that it takes, a
power cut loses a second."""
_SUMMARY_S = 2.0
_MOST_HELD = 1 << 20
"""Bytes, before there is music, that are kept in memory rather than in a file that would be dropped."""
_MOST_STEP_S = 1.0
"""Two statuses further apart than this have another engine between them."""


class Tape:
    """Of the event loop's thread; waits for no disk. There is a file from the first music on.

    Where the file cannot be made or written the music goes on, and `error` says why, once.
    """

    def __init__(self, session: Session) -> None:
        """session: what is played."""
        self.name = ""
        """Of the take, once it has a file."""
        self.error = ""
        self._session = session
        self._wall_ns = time.time_ns()
        self._held: list[bytes] | None = [header()]
        self._held_bytes = 0
        self._writer: _Writer | None = None
        self._last: EngineStatus | None = None
        self._told = Summary()
        self._told_s = 0.0
        self._summary = Summary()
        self._rate = session.sample_rate
        self._put(RecordKind.ABOUT, encode(About(self._wall_ns, session.name, made_here())))

    # -- what happens ------------------------------------------------------------------------------------------------

    def engine(self, setup: Setup) -> None:
        """An engine is about to be started; what the last one told has been taken in."""
        self._session = setup.session
        self._last = None
        self._put(RecordKind.ENGINE, encode(EngineBegun(time.time_ns(), setup)))

    def blocks(self, messages: Iterable[bytes]) -> None:
        """From the journal's ring."""
        data = b"".join(messages)
        if data:
            self._put(RecordKind.BLOCKS, data)

    def rebuild(self, message: bytes) -> None:
        """Another rig is asked of the engine, by this message; which is numbered."""
        self._put(RecordKind.REBUILD, message)

    def plan(self, epoch: int, session: Session) -> None:
        """Another plan is asked for."""
        self._session = session
        self._put(RecordKind.PLAN, encode(PlanMade(epoch, session.music)))

    def notice(self, level: str, text: str) -> None:
        self._put(RecordKind.NOTICE, encode(Notice(self._summary.frame, level, text)))

    def status(self, status: EngineStatus, rate: int) -> None:
        """What the engine says of itself, some thirty times a second."""
        last, self._last, self._rate = self._last, status, rate
        was_playing = last is not None and last.playing
        if status.playing and not self.name:
            self._begin()
        self._summary = self._counted(last, status)
        stopped = was_playing and not status.playing
        due = status.playing and time.monotonic() - self._told_s >= _SUMMARY_S
        if (stopped or due or (status.playing and not was_playing)) and self._summary != self._told:
            self._told, self._told_s = self._summary, time.monotonic()
            self._put(RecordKind.SUMMARY, encode(self._summary))
        if self._writer is not None and self._writer.error and not self.error:
            self.error = f"take {self.name} ends here, it cannot be written: {self._writer.error}"

    def _counted(self, last: EngineStatus | None, status: EngineStatus) -> Summary:
        so_far = self._summary
        if not status.playing:
            return Summary(status.frame, so_far.seconds, so_far.bars, so_far.stretches, so_far.low_bpm,
                           so_far.high_bpm)
        seconds = ticks = 0.0
        if last is not None and last.playing:
            passed = (status.frame - last.frame) / self._rate
            if 0 <= passed <= _MOST_STEP_S:
                seconds, ticks = passed, passed * status.bpm * 16  # 960 ticks in a sixtieth of a minute
        return Summary(
            status.frame, so_far.seconds + seconds, so_far.bars + ticks / self._session.meter.bar_ticks,
            so_far.stretches + (last is None or not last.playing),
            min(so_far.low_bpm or status.bpm, status.bpm), max(so_far.high_bpm, status.bpm))

    # -- the file ----------------------------------------------------------------------------------------------------

    def close(self, why: str = "") -> str:
        """Nothing more is played; why: what went wrong, if something did. Waits for the disk. Returns the name of the
        take, or "" where there was no music, and so is none. Idempotent."""
        if self._held is not None:  # no music
            self._held = None
            return ""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.put(encode_record(RecordKind.END, encode(Ended(why, self._summary))))
            writer.close()
            if not self._summary.stretches:
                with contextlib.suppress(TakeError, OSError):
                    writer.path.unlink()
                self.name = ""
        return self.name

    def _put(self, kind: RecordKind, payload: bytes) -> None:
        if self._held is None:
            if self._writer is not None:
                self._writer.put(encode_record(kind, payload))
            return
        self._held.append(encode_record(kind, payload))
        self._held_bytes += len(self._held[-1])
        if self._held_bytes > _MOST_HELD:
            self._begin()

    def _begin(self) -> None:
        """There is something to keep."""
        held, self._held = self._held, None
        if held is None:
            return
        try:
            limit = shelf.limit_bytes()
            self.name, descriptor = shelf.create(self._session.name, self._wall_ns)
        except TakeError as error:
            self.error = str(error)
            return
        self._writer = _Writer(shelf.find(self.name), descriptor, limit)
        self._writer.put(b"".join(held))


class _Writer:
    """Appends to a file in a thread of its own, at once, and sees to it every now and then that it lasts."""

    def __init__(self, path: Path, descriptor: int, limit: int) -> None:
        """limit: bytes that takes may have; older ones go."""
        self.path = path
        self.error = ""
        self._descriptor = descriptor
        self._limit = limit
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="take", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        self._queue.put(data)

    def close(self) -> None:
        """Once all is on the disk."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        shelf.prune(self._limit, self.path.name.removesuffix(shelf.SUFFIX))
        synced, dirty, more = time.monotonic(), False, True
        try:
            while more:
                with contextlib.suppress(Empty):
                    data = self._queue.get(timeout=_SYNC_S if not dirty else max(0.0, synced + _SYNC_S
                                                                                 - time.monotonic()))
                    more = data is not None
                    if data:
                        self._write(data)
                        dirty = True
                if dirty and (not more or time.monotonic() - synced >= _SYNC_S):
                    os.fsync(self._descriptor)
                    synced, dirty = time.monotonic(), False
        except OSError as error:
            self.error = error.strerror or str(error)
        finally:
            os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
