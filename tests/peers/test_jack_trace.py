"""Our own master on a real jackd: what is recorded is what its trace says, to the frame and to the byte."""

from __future__ import annotations

import time

import pytest

from bridge.errors import DeviceError

try:
    from bridge.jack.peers import JackServer
    from bridge.jack.recorder import JackRecorder
    from bridge.jack.trace import Sent, TraceMaster
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60)]


def test_bytes_of_any_kind_leave_at_their_frames(jack_server: JackServer) -> None:
    """While this process is busy: the master does not care."""
    clocks = [Sent(1000 + 997 * i, 0, b"\xf8") for i in range(30)]
    odd = [Sent(1000, 1, b"\xfa"), Sent(1000, 1, b"\xf8"), Sent(1000, 1, b"\xf8"), Sent(1001, 1, b"\x90\x3c\xf8\x40"),
           Sent(5000, 1, b"\xf0\x7e\x7f"), Sent(9000, 1, b"\x3e\x40"), Sent(9001, 1, bytes(range(128)))]
    with TraceMaster(["a", "b"], server=jack_server.name) as master:
        assert master.ports == ("trace:a", "trace:b")
        with JackRecorder(master.ports, server=jack_server.name) as recorder:
            assert recorder.connected()
            start = master.play(clocks + odd)
            until = time.monotonic() + 1.2
            while time.monotonic() < until:
                sum(range(10_000))
            played = master.played()
    taken = recorder.recording
    assert taken is not None and played.refused == 0
    heard = [[(h.frame - start, h.data) for h in taken.midi[port]] for port in master.ports]
    assert [data for _, data in heard[0]] == [b"\xf8"] * 30
    assert [data for _, data in heard[1]] == [e.data for e in odd]
    if not played.skips and not taken.skipped:
        assert [frame for frame, _ in heard[0]] == [e.frame for e in clocks]
        assert [frame for frame, _ in heard[1]] == [e.frame for e in odd]
        assert played.late == 0


def test_a_second_trace_takes_the_place_of_the_first(jack_server: JackServer) -> None:
    with (
        TraceMaster(server=jack_server.name) as master,
        JackRecorder(master.ports, server=jack_server.name) as recorder,
    ):
        assert recorder.connected()
        master.play([Sent(0, 0, b"\xfa"), Sent(48_000 * 3600, 0, b"\xfc")])
        time.sleep(0.4)
        master.play([Sent(0, 0, b"\xfb")])
        time.sleep(0.4)
    assert recorder.recording is not None
    assert [h.data for h in recorder.recording.midi["trace:clock"]] == [b"\xfa", b"\xfb"]


def test_what_cannot_be_played_is_said(jack_server: JackServer) -> None:
    with TraceMaster(server=jack_server.name) as master, pytest.raises(DeviceError, match="names no port: there are 1"):
        master.play([Sent(0, 1, b"\xf8")])
    with pytest.raises(DeviceError, match="the trace master cannot start: JACK server 'sideman-nowhere' does not run"):
        TraceMaster(server="sideman-nowhere").start()
