"""Motors, rings and lamps follow whoever turns; a control that is being moved is left alone, and told nothing twice."""

from __future__ import annotations

from msgspec.structs import replace

from bridge.controls.feedback import Feedback
from bridge.controls.gestures import Gestures
from bridge.controls.mapping import Mapped
from bridge.parameter_paths import ParameterInfo

PAN = ParameterInfo("pan", 0.0, "", -1.0, 1.0, 0.0)
MUTE = ParameterInfo("mute", 0.0, "", 0.0, 1.0, 0.0, True)
WAVE = ParameterInfo("wave", 1.0, "", 0.0, 2.0, 0.0, True, False, ("sine", "saw", "pulse"))


class Stage:
    def __init__(self, *maps: Mapped, wanted: bool = True) -> None:
        self.feedback = Feedback(wanted)
        self.feedback.remap(maps)
        self.infos = {info.path: info for info in (PAN, MUTE, WAVE)}
        self.now_s = 0.0

    def turn(self, path: str, value: float) -> None:
        self.infos[path] = replace(self.infos[path], value=value)

    def move(self, data: bytes) -> None:
        for gesture in Gestures().feed(data):
            self.feedback.heard(gesture, self.now_s)

    def show(self, after_s: float = 0.05, playing: bool = False) -> list[bytes]:
        self.now_s += after_s
        return self.feedback.show(self.now_s, self.infos.get, playing)


def test_what_changes_is_told_once() -> None:
    stage = Stage(Mapped("pan", cc=10, channel=3))
    assert stage.show() == [b"\xb2\x0a\x40"] and stage.show() == []
    stage.turn("pan", 1.0)
    assert stage.show() == [b"\xb2\x0a\x7f"] and stage.show() == []
    stage.feedback.forget()
    assert stage.show() == [b"\xb2\x0a\x7f"], "a controller that was connected anew"
    assert Stage(Mapped("pan", cc=10), wanted=False).show() == []
    assert Stage(Mapped("pan", cc=10, feedback=False)).show() == []


def test_who_moves_is_not_told_where_he_is() -> None:
    stage = Stage(Mapped("pan", cc=10))
    stage.show()
    for raw in range(64, 128, 3):
        stage.move(bytes((0xB0, 10, raw)))
        stage.turn("pan", (raw - 64) / 63)
        assert stage.show() == []
    assert stage.show(1.0) == [], "it stands there already"
    stage.turn("pan", 0.0)
    assert stage.show() == [b"\xb0\x0a\x40"]


def test_a_hand_is_not_fought() -> None:
    stage = Stage(Mapped("pan", cc=10))
    stage.show()
    stage.move(b"\xb0\x0a\x50")
    stage.turn("pan", -1.0)  # somebody else, at once
    assert stage.show(0.1) == [] and stage.show(0.1) == []
    assert stage.show(0.2) == [b"\xb0\x0a\x00"]


def test_lamps() -> None:
    stage = Stage(Mapped("mute", note=5, latch=True, lit=1, unlit=0),
                  Mapped("mute", cc=48, latch=True, lit=60, unlit=12))
    assert stage.show() == [b"\x90\x05\x00", b"\xb0\x30\x0c"]
    stage.move(b"\x90\x05\x7f")
    stage.turn("mute", 1.0)
    assert stage.show(0.0) == [b"\x90\x05\x01", b"\xb0\x30\x3c"], "at once: a lamp pulls nobody's finger"
    stage.move(b"\x90\x05\x00")
    assert stage.show() == [b"\x90\x05\x01"], "let go, some put their lamp out"


def test_lamps_of_words_and_of_the_transport() -> None:
    stage = Stage(Mapped("wave", note=1, value="saw"), Mapped("wave", note=2, value="pulse"),
                  Mapped("transport.play", cc=41), Mapped("transport.stop", cc=42), Mapped("bank.next", cc=43))
    assert stage.show() == [b"\x90\x01\x7f", b"\x90\x02\x00", b"\xb0\x29\x00", b"\xb0\x2a\x7f"]
    stage.turn("wave", 2.0)
    assert stage.show(playing=True) == [b"\x90\x01\x00", b"\x90\x02\x7f", b"\xb0\x29\x7f", b"\xb0\x2a\x00"]


def test_wide_controls_and_any_channel() -> None:
    stage = Stage(Mapped("pan", cc14=1, channel=1), Mapped("pan", bend=True, channel=2), Mapped("pan", cc=9))
    stage.turn("pan", 1.0)
    assert stage.show() == [b"\xb0\x01\x7f\xb0\x21\x7f", b"\xe1\x7f\x7f", b"\xb0\x09\x7f"]
    stage.move(b"\xb6\x09\x10")
    assert stage.show(1.0) == [b"\xb6\x09\x7f"], "where it was heard"


def test_much_is_told_little_by_little() -> None:
    stage = Stage(*(Mapped("pan", cc=k % 128, channel=1 + k // 128) for k in range(200)))
    counts = [len(stage.show()) for _ in range(6)]
    assert sum(counts) == 200 and max(counts) <= 48
