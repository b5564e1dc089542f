"""The driver on PortAudio, and the choice between JACK, PortAudio and none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bridge.driver import MidiOut, Step
from bridge.errors import DeviceError
from bridge.frame_line import NS, FrameClock, FrameLine
from bridge.guarded_step import GuardedStep
from bridge.pacer import PacerDriver
from bridge.ports.midi_ports import CLOCK_PORT, MidiPorts
from bridge.ports.ports_driver import PortsDriver
from instruments.system_clock import clock_ns

if TYPE_CHECKING:
    from bridge.jack.io import JackDriver

__all__ = ["AnyDriver", "DriverName", "PacerDriver", "PortAudioDriver", "choose_driver", "output_devices", "portaudio"]

AnyDriver: TypeAlias = "JackDriver | PortAudioDriver | PacerDriver"
"""All three have, beyond Driver: line, latency_frames."""

DriverName = Literal["auto", "jack", "portaudio", "none"]
_DEAD_S = 3.0


def portaudio() -> Any:
    """The sounddevice module. Raises DeviceError that says what to install."""
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceError("the Python package sounddevice is missing: pip install sounddevice") from error
    except OSError as error:
        linux = sys.platform == "linux"
        remedy = "apt-get install libportaudio2" if linux else "pip install --force-reinstall sounddevice"
        raise DeviceError(f"PortAudio's library is not installed: {remedy}") from error
    return sounddevice


def output_devices() -> list[str]:
    """Names of the devices that can play, "USB Audio, ALSA". Blocks. Raises DeviceError without PortAudio."""
    sounddevice = portaudio()
    apis = sounddevice.query_hostapis()
    return [
        f"{device['name']}, {apis[device['hostapi']]['name']}"
        for device in sounddevice.query_devices()
        if device["max_output_channels"] > 0
    ]


class PortAudioDriver(PortsDriver):
    """Audio to a device by PortAudio (ALSA, CoreAudio, WASAPI); MIDI through MidiPorts.

    Block.ns0 is when the block is heard: the callback's time, smoothed (callbacks come with a jitter of ms, sound
    cards and system clocks drift apart), plus the stream's latency. MIDI is sent at that time too, so that what the
    speakers and a synth on a MIDI port play is together, and together with the clock that is followed.
    step runs on PortAudio's thread. The constructor opens the device, so that rate and frames are known.
    """

    def __init__(
        self,
        rate: int = 48_000,
        frames: int = 128,
        *,
        device: str | int | None = None,
        latency: float | Literal["low", "high"] = "low",
        midi: MidiPorts | None = None,
        first_frame: int = 0,
    ) -> None:
        """device: a name, a part of one, a number, or None for the default. Raises DeviceError listing the devices."""
        sounddevice = portaudio()
        try:
            found = sounddevice.query_devices(device, "output")
            self._channels = min(2, int(found["max_output_channels"]))
            self._stream = sounddevice.OutputStream(
                samplerate=rate,
                blocksize=frames,
                device=device,
                channels=self._channels,
                dtype="float32",
                latency=latency,
                callback=self._callback,
                finished_callback=self._finished,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            there = ", ".join(map(repr, output_devices())) or "none"
            which = "the default audio device" if device is None else f"audio device {device!r}"
            raise DeviceError(
                f"{which} does not open at {rate} Hz: {_first_line(error)}. Output devices: {there}; "
                "plug one in, name one in the session, start JACK, or play without (audio = none)"
            ) from None
        self.rate = int(self._stream.samplerate)
        self.frames = frames
        self.xruns = 0
        """Callbacks that PortAudio says came too late."""
        self.latency_s = float(self._stream.latency)
        self._device_name = str(found["name"])
        api = sounddevice.query_hostapis(found["hostapi"])["name"]
        self.name = f"{self._device_name} by {api}, {self.frames} frames at {self.rate} Hz"
        """For people; start() adds the MIDI system."""
        self._midi = midi
        self._guard: GuardedStep | None = None
        self._first_frame = first_frame
        self._line_filter = FrameClock(self.rate)
        self._latency_ns = round(self.latency_s * NS)
        self._stopping = False
        self._ended = False
        self._callback_ns = 0

    @property
    def lost(self) -> str | None:
        """Why the device is gone, None while it plays. stop() is then still due; another driver may take over."""
        if self._stopping or not self._callback_ns:
            return None
        if self._ended:
            return f"{self._device_name} has ended the stream"
        if clock_ns() - self._callback_ns > _DEAD_S * NS:
            return f"{self._device_name} has asked for nothing for {_DEAD_S:g} s"
        return None

    @property
    def line(self) -> FrameLine | None:
        """The time at which frames (as in Block.frame0) are heard; None before the first block."""
        line = self._line_filter.line
        return None if line is None else FrameLine(line.frame0, line.ns0 + self._latency_ns, line.rate)

    @property
    def latency_frames(self) -> int:
        """From the callback until the sound is heard, as PortAudio reports it; already in Block.ns0."""
        return round(self.latency_s * self.rate)

    def start(self, step: Step) -> None:
        """Raises PortError or DeviceError for MIDI ports or a device that cannot be had; then nothing is left open."""
        self._guard = GuardedStep(step, self.rate, self.frames, self._first_frame)
        try:
            if self._midi is not None:
                self._midi.start()
                self.name += f"; MIDI: {self._midi.name}"
            self._stream.start()
        except BaseException as error:
            self.stop()
            if isinstance(error, portaudio().PortAudioError):
                raise DeviceError(f"{self._device_name} does not start: {_first_line(error)}") from None
            raise

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Idempotent. Blocks for about the stream's latency."""
        if self._stopping:
            return
        self._stopping = True
        self._stream.close()
        if self._midi is not None:
            self._midi.stop(last)

    # --- PortAudio's threads

    def _callback(self, outdata: Any, frames: int, _time: Any, status: Any) -> None:
        now_ns = self._callback_ns = clock_ns()
        guard = self._guard
        if status.output_underflow:
            self.xruns += 1
            self._line_filter.reanchor()
        if guard is None:
            outdata[:] = 0.0
            return
        midi = self._midi
        ns0 = self._line_filter.update(guard.frame, now_ns).ns0 + self._latency_ns
        outputs = guard.render(ns0, frames, midi.take() if midi is not None else ())
        if midi is not None:
            midi.send(outputs.midi, ns0, self.rate)
        if self._channels == 2:
            outdata[:] = outputs.audio.T
        else:
            outdata[:, 0] = outputs.audio.mean(axis=0)

    def _finished(self) -> None:
        self._ended = True


def choose_driver(
    which: DriverName = "auto",
    *,
    rate: int = 48_000,
    frames: int = 128,
    client_name: str = "sideman",
    out_ports: Sequence[str] = (),
    in_ports: Sequence[str] = (CLOCK_PORT,),
    connect: Mapping[str, str] | None = None,
    server: str | None = None,
    device: str | int | None = None,
    midi_api: str | None = None,
    playhead: bool = False,
    first_frame: int = 0,
) -> AnyDriver:
    """A driver, opened but not started; its name says what was chosen and why. Blocks for up to seconds.

    "auto": JACK if a server answers (none is started), else PortAudio's default device (or `device`) if it opens,
    else the pacer. JACK has a rate and a period of its own; `rate` and `frames` are for the others. A driver asked
    for by name that cannot be had is a DeviceError that says what helps. playhead: JACK and its transport are a must.
    """
    if which not in ("auto", "jack", "portaudio", "none"):
        raise DeviceError(f"audio driver {which!r} is not known: choose auto, jack, portaudio or none")
    passed_over: list[str] = []
    if which in ("auto", "jack"):
        try:
            from bridge.jack.io import JackDriver

            return JackDriver(
                client_name,
                out_ports,
                in_ports=in_ports,
                server=server,
                connect=connect,
                playhead=playhead,
                first_frame=first_frame,
            )
        except DeviceError as error:
            if which == "jack":
                raise
            passed_over.append(str(error))
    if playhead:
        why = "; ".join(passed_over) or f"the audio driver is {which}"
        raise DeviceError(f"JACK transport cannot lead: {why}. Start JACK, or choose another clock source (--clock)")
    midi = MidiPorts(out_ports, in_ports=in_ports, connect=connect, api=midi_api)
    midi.launch()  # it gets ready while the device opens and the instruments are made
    if which != "none":
        try:
            return PortAudioDriver(rate, frames, device=device, midi=midi, first_frame=first_frame)
        except DeviceError as error:
            if which == "portaudio":
                midi.stop()
                raise
            passed_over.append(str(error))
    why = "; ".join(passed_over) if which == "auto" else "asked for"
    return PacerDriver(rate, frames, midi=midi, first_frame=first_frame, why=why)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
