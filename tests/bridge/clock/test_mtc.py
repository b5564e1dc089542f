"""MIDI Time Code: counting frames, pieces there and back, and reading under loss, garbage and jumps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock.mtc import PIECES, RATES, MtcEncoder, Rate, Timecode, read_full_frame
from bridge.clock.mtc_reader import Move, MtcReader
from bridge.errors import SessionError
from bridge.midi_bytes import MidiParser

rates = st.sampled_from(RATES)
days = st.floats(0, 1, exclude_max=True)


def frame_at(day: float, rate: Rate) -> int:
    return int(day * rate.day_frames)


@given(rates, days)
def test_every_frame_has_its_code(rate: Rate, day: float) -> None:
    frame = frame_at(day, rate)
    code = Timecode.at(frame, rate)
    assert code.valid(rate)
    assert code.frame(rate) == frame


@pytest.mark.parametrize("rate", RATES)
def test_codes_rise_frame_by_frame_through_twenty_minutes_and_over_midnight(rate: Rate) -> None:
    last = Timecode(-1, 0, 0, 0)
    for frame in range(20 * 60 * rate.nominal):
        code = Timecode.at(frame, rate)
        assert code > last and code.valid(rate) and code.frame(rate) == frame
        last = code
    assert Timecode.at(rate.day_frames, rate) == (0, 0, 0, 0)
    assert Timecode.at(-1, rate) == (23, 59, 59, rate.nominal - 1)


@pytest.mark.parametrize(("code", "frame"), [
    ((0, 0, 59, 29), 1799), ((0, 1, 0, 2), 1800), ((0, 1, 59, 29), 3597), ((0, 2, 0, 2), 3598),
    ((0, 9, 59, 29), 17_981), ((0, 10, 0, 0), 17_982), ((0, 11, 0, 2), 19_782), ((1, 0, 0, 0), 107_892),
    ((23, 59, 59, 29), 2_589_407),
])
def test_drop_frame_by_the_standards_numbers(code: tuple[int, int, int, int], frame: int) -> None:
    assert Timecode(*code).frame(Rate.FPS_30_DROP) == frame
    assert Timecode.at(frame, Rate.FPS_30_DROP) == code


def test_frames_that_drop_frame_leaves_out() -> None:
    missing = [m for m in range(60) for f in (0, 1) if not Timecode(0, m, 0, f).valid(Rate.FPS_30_DROP)]
    assert missing == [m for m in range(60) if m % 10 for _ in (0, 1)]
    assert Timecode(0, 1, 0, 0).valid(Rate.FPS_30)


@pytest.mark.parametrize(("rate", "ms_a_day"), [
    (Rate.FPS_24, 86_400_000), (Rate.FPS_25, 86_400_000), (Rate.FPS_30, 86_400_000), (Rate.FPS_30_DROP, 86_399_913.6),
])
def test_a_day_of_code_in_real_time(rate: Rate, ms_a_day: float) -> None:
    """29.97 drop is 86.4 ms a day fast."""
    assert rate.day_frames * rate.frame_s * 1000 == pytest.approx(ms_a_day, abs=1e-3)
    assert rate.day_frames * 4 * rate.quarter_ns / 1e6 == pytest.approx(ms_a_day, abs=1e-3)


@given(rates, days)
def test_eight_pieces_spell_the_code(rate: Rate, day: float) -> None:
    code = Timecode.at(frame_at(day, rate), rate)
    assert Timecode.of_pieces(list(code.pieces(rate))) == (code, rate)


def test_bytes_by_the_specification() -> None:
    """01:37:52:16 at 30 frames: worked through by hand from the table of pieces."""
    code = Timecode(1, 37, 52, 16)
    encoder = MtcEncoder(Rate.FPS_30, code.frame(Rate.FPS_30))
    first = 4 * code.frame(Rate.FPS_30)
    sent = [message.hex() for _, message in encoder.take(first, first + 8)]
    assert sent == ["f100", "f111", "f124", "f133", "f145", "f152", "f161", "f176"]
    assert encoder.full_frame(code.frame(Rate.FPS_30)).hex() == "f07f7f010161253410f7"


@given(rates, days)
def test_a_full_frame_there_and_back(rate: Rate, day: float) -> None:
    frame = frame_at(day, rate)
    (message,) = MidiParser().feed(MtcEncoder(rate).full_frame(frame))
    assert read_full_frame(message) == (Timecode.at(frame, rate), rate)


@pytest.mark.parametrize("message", [
    "f07f7f01020102030405060708f7", "f07e7f7e00f7", "f07e7f0401f7", "f07f7f010161253410", "f07f7f0101617f3410f7",
    "f07f7f010161253f10f7", "f07f7f01017825341ff7", "f07f7f01014001000000f7", "f07f7f01014101000100f7", "f1", "",
])
def test_user_bits_handshakes_and_nonsense_are_no_full_frames(message: str) -> None:
    """User bits, NAK, a cueing message, cut short, minute 127, second 63, hour 24, too long, a dropped frame."""
    assert read_full_frame(bytes.fromhex(message)) is None


@given(st.binary(max_size=16))
def test_any_bytes_are_survived(data: bytes) -> None:
    for message in MidiParser().feed(b"\xf0" + data + b"\xf7"):
        found = read_full_frame(message)
        assert found is None or found[0].valid(found[1])


@pytest.mark.parametrize("text", ["1:00:00:00", "24:00:00:00", "00:60:00:00", "00:00:60:00", "00:00:00:30", "bar 1"])
def test_a_start_that_is_no_time_code_is_refused(text: str) -> None:
    with pytest.raises(SessionError, match=rf"clock.mtc_start = '{text}': give hours:minutes:seconds:frames"):
        Timecode.parse(text, "clock.mtc_start")


def test_a_start_in_words() -> None:
    assert Timecode.parse("01:02:03:04") == Timecode.parse("01:02:03;04") == (1, 2, 3, 4)


# -- reading -----------------------------------------------------------------------------------------------------


class Heard:
    """A reader and what it is told, with the count that an honest listener would have."""

    def __init__(self, rate: Rate, frame: int) -> None:
        self.reader = MtcReader()
        self.encoder = MtcEncoder(rate, frame)
        self.rate = rate
        self.at = 4 * frame

    def hear(self, pieces: int = 1, lost: int = 0) -> Move:
        move = Move.UNKNOWN
        for i in range(pieces):
            move, _ = self.reader.feed(self.encoder.quarter_frame(self.at)[1], 1.0 + (lost if i == 0 else 0))
            self.at += 1
        return move

    def lose(self, pieces: int) -> None:
        self.at += pieces

    @property
    def right(self) -> bool:
        """Whether the reader is where the last piece was sent."""
        last = (self.at - 1) % (4 * self.rate.day_frames)
        return self.reader.located and (self.reader.quarter, self.reader.rate) == (last, self.rate)


@given(rates, days, st.integers(0, 7))
def test_eleven_pieces_from_anywhere_in_the_day_tell_the_position(rate: Rate, day: float, first: int) -> None:
    """Eight in a row, or up to three more where the row begins in the middle of a code; never a wrong one."""
    heard = Heard(rate, frame_at(day, rate))
    heard.lose(first)
    for piece in range(24):
        heard.hear()
        assert heard.right or not heard.reader.located
        boundary = Timecode.at(heard.at // 4, rate).seconds in (0, 59)
        assert heard.right or piece < (15 if boundary else 10)


@given(rates, days, st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), max_size=8))
def test_lost_pieces_are_made_up_for(rate: Rate, day: float, losses: list[tuple[int, int]]) -> None:
    """Fewer than eight in a row: the count is never wrong; more: it is right again within three sets."""
    heard = Heard(rate, frame_at(day, rate))
    heard.hear(16)
    assert heard.right
    for lost, between in losses:
        heard.lose(lost)
        heard.hear(1, lost)
        if lost < PIECES:
            assert heard.right
        heard.hear(between + 20)
        assert heard.right


@given(rates, days, days, st.integers(0, 7))
def test_a_jump_is_found_within_three_sets(rate: Rate, day: float, other: float, piece: int) -> None:
    heard = Heard(rate, frame_at(day, rate))
    heard.hear(16 + piece)
    heard.at += 8 * ((frame_at(other, rate) - frame_at(day, rate)) // 2)
    heard.hear(40)
    assert heard.right


@given(rates, days, st.integers(16, 40), st.integers(1, 15))
def test_one_wrong_nibble_moves_nothing(rate: Rate, day: float, where: int, flip: int) -> None:
    heard = Heard(rate, frame_at(day, rate))
    heard.hear(where)
    heard.reader.feed(heard.encoder.quarter_frame(heard.at)[1] ^ flip, 1.0)
    heard.at += 1
    for _ in range(40):
        heard.hear()
        assert heard.right


@given(rates, days)
def test_a_full_frame_says_where_the_first_piece_is(rate: Rate, day: float) -> None:
    frame = frame_at(day, rate)
    heard = Heard(rate, frame)
    heard.reader.announce(Timecode.at(frame, rate), rate)
    assert heard.hear() is Move.LOCATED
    for _ in range(20):
        assert heard.right
        heard.hear()


@given(rates, days, st.integers(-20, 20))
def test_a_full_frame_nearby_needs_four_pieces(rate: Rate, day: float, away: int) -> None:
    """A master that begins some frames off where it said: never a wrong position once four pieces have come."""
    frame = frame_at(day, rate)
    heard = Heard(rate, (frame + away) % rate.day_frames)
    heard.reader.announce(Timecode.at(frame, rate), rate)
    heard.hear(4)
    for _ in range(20):
        assert heard.right
        heard.hear()


@given(rates, days, days)
def test_a_full_frame_from_elsewhere_does_no_lasting_harm(rate: Rate, day: float, other: float) -> None:
    heard = Heard(rate, frame_at(day, rate))
    heard.reader.announce(Timecode.at(frame_at(other, rate), rate), rate)
    heard.hear(24)
    assert heard.right


@given(rates, days)
def test_after_a_pause_four_pieces_nearby_are_enough(rate: Rate, day: float) -> None:
    heard = Heard(rate, frame_at(day, rate))
    heard.hear(24)
    heard.reader.pause()
    assert not heard.reader.located
    heard.at += 8
    heard.hear(4)
    assert heard.right


@given(rates, days, st.integers(8, 60))
def test_backwards(rate: Rate, day: float, pieces: int) -> None:
    heard = Heard(rate, frame_at(day, rate))
    heard.hear(24)
    for _ in range(pieces):
        heard.at -= 1
        move, step = heard.reader.feed(heard.encoder.quarter_frame(heard.at - 1)[1], 1.0)
        assert (move, step) == (Move.BACKWARD, -1)
    assert heard.reader.reversed and heard.right
    heard.hear(24)
    assert not heard.reader.reversed and heard.right


@given(st.lists(st.tuples(st.integers(0, 127), st.floats(0, 20)), max_size=200))
def test_garbage_is_survived(stream: list[tuple[int, float]]) -> None:
    reader = MtcReader()
    for data, elapsed in stream:
        reader.feed(data, elapsed)
        assert not reader.located or 0 <= reader.quarter < 4 * reader.rate.day_frames
