"""Whether what was heard of the whole program is what a Script says: complaints in words, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from live_script import MS, RATE, Script, Shown, Stretch, clock_ticks, transport
from numpy.typing import NDArray

from bridge.bench import sync
from bridge.engine.chase import worth_striking
from bridge.jack.recorder import Heard
from bridge.stream.wire import Status
from composers.score import Clip

_NEAR_MS = 60.0
"""A note further than this from its place is another note."""
_CHASED_MS = 40.0
"""What sounds already where play begins is struck once the bars before are at hand."""
_SHOWN_WITHIN = 0.5 * RATE


class Told(NamedTuple):
    """A status and about when it came, in frames from the scenario's start."""

    frame: float
    status: Status


class Performance(NamedTuple):
    """What was heard in a scenario, in frames from its start: each track's messages, those of clock out, status."""

    tracks: Mapping[str, Sequence[Heard]]
    clock: Sequence[Heard]
    told: Sequence[Told]


def judge(script: Script, heard: Performance, clips: Mapping[str, Clip]) -> list[str]:
    """All that is wrong, in words."""
    out = []
    for name, messages in heard.tracks.items():
        out += [f"{name}: {words}" for words in _notes(script, messages, clips[name])]
    out += [f"clock out: {words}" for words in _clock(script, heard.clock)]
    return out + [f"status: {words}" for words in _status(script, heard.told)]


def _allowed_ms(frame: float, script: Script) -> float:
    return max([script.tolerance_ms, *(d.ms for d in script.doubts if d.first <= frame <= d.last)])


def _off(place: str, frame: float, error_ms: float, script: Script) -> list[str]:
    allowed = _allowed_ms(frame, script)
    if abs(error_ms) <= allowed:
        return []
    return [f"{place} at {frame / RATE:.3f} s is {error_ms:+.3f} ms off, {allowed:g} are allowed"]


def _notes(script: Script, messages: Sequence[Heard], clip: Clip) -> list[str]:
    out: list[str] = []
    sounding: dict[tuple[int, int], int] = {}
    ons: list[Heard] = []
    for message in messages:
        key = (message.data[0] & 15, message.data[1])
        match message.data[0] >> 4:
            case 9:
                if key in sounding:
                    out.append(f"note {key[1]} at {message.frame / RATE:.3f} s begins while it sounds")
                sounding[key] = message.frame
                ons.append(message)
            case 8:
                sounding.pop(key, None)
    out += [f"note {pitch} of {frame / RATE:.3f} s is stuck" for (_, pitch), frame in sounding.items()]
    if script.alone:
        ons = [on for on in ons if on.frame >= script.stretches[0].frames[0] - _early(script.stretches[0], script)]
    for must in (True, False):  # what may be missing at a stretch's end takes nothing from the next one
        for stretch in script.stretches:
            out += _stretch(script, stretch, ons, clip, must)
    if script.alone:  # just before the start it may be a note of the band that played by itself, too
        ons = [on for on in ons if on.frame >= script.stretches[0].frames[0]]
    return out + [f"note {on.data[1]} at {on.frame / RATE:.3f} s belongs nowhere" for on in ons]


def _early(stretch: Stretch, script: Script) -> float:
    """Frames by which its first note may come too early."""
    return _allowed_ms(stretch.frames[0], script) * MS + 1


def _stretch(script: Script, stretch: Stretch, ons: list[Heard], clip: Clip, obliged: bool) -> list[str]:
    """Takes the notes that it finds out of `ons`: those that must be there, or those that may."""
    out = []
    frames = np.array(stretch.frames)
    ticks = stretch.tick0 + sync.TICKS_A_CLOCK * np.arange(len(frames))
    must = int(ticks[-1 - stretch.loose])
    for note in clip.notes:
        if obliged and note.start < stretch.tick0 < note.end and worth_striking(note.channel, note.end - stretch.tick0):
            begun = stretch.frames[0]
            chased = [on for on in ons if on.data[1] == note.pitch and -MS < on.frame - begun <= _CHASED_MS * MS]
            if chased:
                ons.remove(chased[0])
            else:
                out.append(f"note {note.pitch}, sounding at tick {stretch.tick0}, is not struck at its start")
        if not stretch.tick0 <= note.start < ticks[-1] or obliged != (note.start < must):
            continue
        due = float(np.interp(note.start, ticks, frames))
        allowed = max(_allowed_ms(due, script), _NEAR_MS) * MS
        near = [on for on in ons if on.data[1] == note.pitch and abs(on.frame - due) <= allowed]
        if near:
            on = min(near, key=lambda on: abs(on.frame - due))
            ons.remove(on)
            out += _off(f"note {note.pitch}", due, (on.frame - due) / MS, script)
        elif obliged:
            out.append(f"note {note.pitch} of tick {note.start}, due at {due / RATE:.3f} s, is missing")
    return out


def _clock(script: Script, messages: Sequence[Heard]) -> list[str]:
    if script.alone:  # what it played by itself ends with a Stop
        messages = messages[next((i for i, m in enumerate(messages) if m.data == b"\xfa"), 0) :]
    out = []
    said = [m.data for m in messages if m.data != b"\xf8"]
    wanted = transport(script.stretches)
    if said != wanted:
        out.append(f"it says {[d.hex(' ') for d in said]} instead of {[d.hex(' ') for d in wanted]}")
    plays: list[list[int]] = []
    for message in messages:
        if message.data in (b"\xfa", b"\xfb"):
            plays.append([])
        elif message.data == b"\xf8":
            if not plays:
                out.append(f"a clock at {message.frame / RATE:.3f} s before any Start")
                continue
            plays[-1].append(message.frame)
    for stretch, frames in zip(script.stretches, plays, strict=False):
        out += _clocks(script, stretch, frames)
    return out


def _clocks(script: Script, stretch: Stretch, heard: Sequence[int]) -> list[str]:
    due: NDArray[np.float64] = np.interp(
        np.array(clock_ticks(stretch)), stretch.tick0 + sync.TICKS_A_CLOCK * np.arange(len(stretch.frames)),
        np.array(stretch.frames),
    )
    out = []
    if not len(due) - stretch.loose <= len(heard) <= len(due) + 1:
        out.append(f"{len(heard)} clocks instead of {len(due)}")
    for at, frame in zip(due, heard, strict=False):
        out += _off("a clock", float(at), (frame - at) / MS, script)
    return out


def _status(script: Script, told: Sequence[Told]) -> list[str]:
    texts = {notice.text for each in told for notice in each.status.notices}
    out = [f"no notice says {words!r}: {sorted(texts)}" for words in script.notices
           if not any(words in text for text in texts)]
    for shown in script.shown:
        near = [t.status for t in told if abs(t.frame - shown.frame) <= _SHOWN_WITHIN]
        if not any(_fits(status, shown) for status in near):
            has = sorted({f"{s.status} {s.clock.state} {s.clock.source} {s.tempo:.2f}" for s in near})
            out.append(f"at {shown.frame / RATE:.2f} s it shows {has} instead of {shown}")
    return out


def _fits(status: Status, shown: Shown) -> bool:
    return (
        (shown.state is None or status.clock.state == shown.state)
        and (shown.source is None or (status.clock.source or "").endswith(shown.source))
        and (shown.bpm is None or abs(status.tempo - shown.bpm) <= shown.bpm_within)
        and (shown.playing is None or (status.status == "playing") == shown.playing)
    )

