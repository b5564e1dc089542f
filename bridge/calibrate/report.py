"""What a loop-back measurement says, for people and for programs: rows of text, lines for a session, JSON."""

from __future__ import annotations

from typing import Any, NamedTuple

from bridge.calibrate.calibration import AudioLoop, SynthDelay
from bridge.calibrate.clock_offset import ClockOffset
from bridge.calibrate.delays import Delays
from bridge.calibrate.midi_loop import MidiLoop
from bridge.calibrate.onsets import Levels
from bridge.session_edit import Place, Table, number

Measured = AudioLoop | SynthDelay | MidiLoop | ClockOffset

MOST_MS = 500.0
"""What a session can make up for (session.OffsetMs)."""
_SLOW_MS = 15.0
_DRIFT_PPM = 5.0
"""5 µs a second: a ms in three minutes. One clock for both directions drifts by nothing."""
_ROUND_TRIPS = {
    "measured": "measured on the reference input",
    "given": "as given",
    "reported": "as the driver reports it; `sideman calibrate audio` measures it",
    "none": "none: the sound comes straight from another program",
}


class Setting(NamedTuple):
    """A value for a session file. track: its name, where the place is a track's."""

    place: Place
    offset_ms: float
    track: str = ""

    @property
    def lines(self) -> str:
        return self.place.lines(self.offset_ms, self.track)


def kind(measured: Measured) -> str:
    """The word for it on the command line."""
    kinds = {AudioLoop: "audio", SynthDelay: "synth", MidiLoop: "midi", ClockOffset: "clock"}
    return kinds[type(measured)]


def series(measured: Measured) -> dict[str, Delays]:
    """What was measured, by its name; the main one first."""
    match measured:
        case AudioLoop():
            return {"round trip": measured.delays}
        case SynthDelay():
            return {"note sent to sound heard": measured.delays}
        case MidiLoop():
            return {"notes there and back": measured.notes, "clock bytes there and back": measured.clocks}
        case ClockOffset():
            return {"click against clock": measured.delays}


def places(what: str, entry: int = 0) -> list[Place]:
    """Where in a session the offsets of a kind of measurement go; entry: of the list, from 0."""
    tables: dict[str, tuple[Table, ...]] = {"synth": ("tracks",), "midi": ("clock.out", "clock.in"),
                                            "clock": ("clock.in",)}  # fmt: skip
    return [Place(table, entry) for table in tables.get(what, ())]


def settings(measured: Measured, track: str = "", entry: int = 0) -> list[Setting]:
    """What to put into a session; nothing if the measurement cannot be trusted, or the offset is more than a session
    takes. track: the name of the entry."""
    if measured.doubt:
        return []
    values: tuple[float, ...] = ()
    match measured:
        case SynthDelay() | ClockOffset():
            values = (measured.offset_ms,)
        case MidiLoop():
            values = (measured.out_offset_ms, measured.in_offset_ms)
    if any(abs(value) > MOST_MS for value in values):
        return []
    spots = places(kind(measured), entry)
    return [Setting(place, value, track) for place, value in zip(spots, values, strict=True)]


def rows(measured: Measured) -> list[tuple[str, str]]:
    """(what, how much) for people, in order."""
    out: list[tuple[str, str]] = []
    for name, delays in series(measured).items():
        out.append((name, f"{delays.median_ms:.3f} ms ± {delays.error_ms:.3f} ({delays.heard} of {delays.sent} heard)"))
        out.append(("", f"jitter {delays.jitter_ms:.3f} (sd)  min {min(delays.ms):.3f}  "
                        f"p99 {delays.percentile(99):.3f}  max {max(delays.ms):.3f}"))
    match measured:
        case AudioLoop():
            out += _audio_rows(measured)
        case SynthDelay():
            out += [
                ("round trip of audio", f"{measured.round_trip_ms:.3f} ms ({_ROUND_TRIPS[measured.round_trip]})"),
                ("attack", f"{measured.rise_ms:.1f} ms to the peak"),
                ("against our own sound", _sooner(-measured.offset_ms, "the synth sounds")),
            ]
        case MidiLoop():
            how = "given" if measured.known else "half each: a loop shows only the sum"
            out += [
                ("out", f"{measured.out_ms:.3f} ms ({how})"),
                ("in", f"{measured.in_ms:.3f} ms"),
                ("our sound after our MIDI", f"{measured.lead_ms:.3f} ms (the output latency that the driver reports)"),
            ]
        case ClockOffset():
            out += [
                ("tempo", f"{measured.bpm:.3f} BPM"),
                ("round trip of audio", f"{measured.round_trip_ms:.3f} ms ({_ROUND_TRIPS[measured.round_trip]})"),
                ("against the DAW's sound", _sooner(measured.made_up_ms - measured.offset_ms, "its clock comes")),
            ]
    if isinstance(measured, MidiLoop | ClockOffset) and measured.made_up_ms:
        out.append(("made up for already", f"{measured.made_up_ms:.3f} ms: the latencies that JACK reports"))
    if not isinstance(measured, MidiLoop):
        out.append(("input level", _level(measured.levels)))
    return out


def notes(measured: Measured) -> list[str]:
    """What people should know besides; whole sentences."""
    said: list[str] = []
    if not isinstance(measured, AudioLoop) and not measured.doubt and not settings(measured):
        said.append(f"No session can make up for that: offsets end at {MOST_MS:g} ms.")
    main = next(iter(series(measured).values()))
    if abs(main.drift_ppm) > _DRIFT_PPM:
        said.append(f"The delay grows by {main.drift_ppm:.0f} µs a second: input and output run on clocks of their own "
                    "(two devices), and no fixed offset stays right for long.")
    match measured:
        case AudioLoop():
            half = measured.unreported_ms * measured.rate / 2000.0
            if half >= 0.5:
                said.append(f"Half of what the driver does not know of belongs to each side: on JACK add "
                            f"{half:.0f} frames to the server's input and output latency (jackd -I and -O).")
            if measured.inverted:
                said.append("The polarity is turned over on the way; timing does not mind.")
            if measured.echo_ms is not None:
                said.append(f"A second copy comes {measured.echo_ms:.2f} ms later at {measured.echo_db:+.0f} dB: turn "
                            "off the monitoring of this input, or it may feed back.")
        case SynthDelay():
            if measured.rise_ms > _SLOW_MS:
                said.append(f"The sound takes {measured.rise_ms:.0f} ms to rise: choose a percussive one to measure "
                            "with, unless this is the one that the track plays.")
            if measured.round_trip == "reported":
                said.append("The reported round trip enters this offset in full; measure it once, and give it here as "
                            "--round-trip.")
        case MidiLoop():
            if measured.strangers:
                said.append(f"{measured.strangers} messages came in that are not ours, or came twice.")
            fine_ms = measured.period * 1000.0 / measured.rate
            if 0.3 <= measured.clocks.jitter_ms / fine_ms <= 0.45:  # evenly distributed: 0.37
                said.append(f"The jitter is that of ports that are served once a period ({fine_ms:.2f} ms): a smaller "
                            "period makes it smaller.")
        case ClockOffset():
            if measured.other:
                said.append(f"{measured.other} other sounds came in (between the beats, or before the clock was "
                            "steady); they do not count.")
    return said


def as_dict(measured: Measured, chosen: list[Setting]) -> dict[str, Any]:
    """For JSON: units in the keys; "settings" is empty and "doubt" says why when there is nothing to trust."""
    head: dict[str, Any] = {
        "kind": kind(measured), "trusted": not measured.doubt, "doubt": measured.doubt, "rate": measured.rate,
        "period_frames": measured.period, "notes": notes(measured),
        "settings": [{"table": each.place.table, "entry": each.place.entry, "track": each.track,
                      "offset_ms": float(number(each.offset_ms))} for each in chosen],
        "series": {name: _series(delays) for name, delays in series(measured).items()},
    }  # fmt: skip
    match measured:
        case AudioLoop():
            head |= {
                "round_trip_ms": round(measured.delays.median_ms, 4), "round_trip_frames": round(measured.frames, 2),
                "reported_ms": round(measured.reported_ms, 4), "unreported_ms": round(measured.unreported_ms, 4),
                "gain_db": round(measured.gain_db, 2), "inverted": measured.inverted, "echo_ms": measured.echo_ms,
                "echo_db": round(measured.echo_db, 1),
            }  # fmt: skip
        case SynthDelay():
            head |= {"round_trip_ms": round(measured.round_trip_ms, 4), "round_trip": measured.round_trip,
                     "attack_ms": round(measured.rise_ms, 2)}  # fmt: skip
        case MidiLoop():
            head |= {"out_ms": round(measured.out_ms, 4), "in_ms": round(measured.in_ms, 4), "known": measured.known,
                     "lead_ms": round(measured.lead_ms, 4), "made_up_ms": round(measured.made_up_ms, 4),
                     "strangers": measured.strangers}  # fmt: skip
        case ClockOffset():
            head |= {"bpm": round(measured.bpm, 4), "round_trip_ms": round(measured.round_trip_ms, 4),
                     "round_trip": measured.round_trip, "made_up_ms": round(measured.made_up_ms, 4),
                     "other_sounds": measured.other}  # fmt: skip
    if not isinstance(measured, MidiLoop):
        head["levels"] = {key: round(value, 1) for key, value in measured.levels._asdict().items()}
    return head


def _series(delays: Delays) -> dict[str, Any]:
    return {
        "sent": delays.sent, "heard": delays.heard, "median_ms": round(delays.median_ms, 4),
        "error_ms": round(delays.error_ms, 4), "p99_ms": round(delays.percentile(99), 4),
        "jitter_ms": round(delays.jitter_ms, 4), "drift_ppm": round(delays.drift_ppm, 1),
        "at_s": [round(at, 5) for at in delays.at_s], "delays_ms": [round(delay, 4) for delay in delays.ms],
    }  # fmt: skip


def _audio_rows(measured: AudioLoop) -> list[tuple[str, str]]:
    frame_ms = 1000.0 / measured.rate
    extra = measured.unreported_ms / frame_ms
    out = [("in frames", f"{measured.frames:.2f} at {measured.rate} Hz")]
    if measured.reported_ms == 0.0:
        out.append(("driver reports", "nothing"))
    elif abs(extra) < 1.0:
        out.append(("driver reports", f"{measured.reported_ms:.3f} ms: right to a frame"))
    else:
        less = "too little" if extra > 0 else "too much"
        out.append(("driver reports", f"{measured.reported_ms:.3f} ms: {abs(measured.unreported_ms):.3f} ms "
                                      f"({abs(extra):.1f} frames) {less}"))
    out.append(("level of the way", f"{measured.gain_db:+.1f} dB"))
    return out


def _sooner(late_ms: float, what: str) -> str:
    if abs(late_ms) < 0.005:
        return f"{what} at the same time"
    return f"{what} {abs(late_ms):.2f} ms {'late' if late_ms > 0 else 'early'}"


def _level(levels: Levels) -> str:
    return f"peak {levels.peak_dbfs:.0f} dBFS, quiet moments {levels.floor_dbfs:.0f} dBFS"
