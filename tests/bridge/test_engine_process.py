"""What the engine's process tells of itself: how far a first start is, and chords that a port cannot play in tune."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge import engine_process
from bridge.engine_link import Compiling, decode_news
from instruments import warmup


class Main:
    """The other end of the pipe."""

    def __init__(self) -> None:
        self.news: list[object] = []

    def send_bytes(self, message: bytes) -> None:
        self.news.append(decode_news(message))


@pytest.mark.parametrize(("told", "news"), [
    ([(100, False)], []),
    ([(35, True), (55, True), (100, False)], [Compiling(35, True), Compiling(55, False), Compiling(100, False)]),
])
def test_a_first_start_tells_how_far_it_is_and_others_do_not(
        monkeypatch: pytest.MonkeyPatch, told: list[tuple[int, bool]], news: list[Compiling]) -> None:
    monkeypatch.setattr(warmup, "warm_up", lambda tell: [tell(*each) for each in told])
    main = Main()
    engine_process._warm_up(cast(Any, main))
    assert main.news == news


def test_chords_out_of_tune_are_told_once_and_where_somebody_listens() -> None:
    shell = SimpleNamespace(engine=SimpleNamespace(clashes=[0, 3, 9]), notices=[])
    rig = SimpleNamespace(tracks=[SimpleNamespace(name=name) for name in ("bass", "piano", "strings")], serial=0)
    watch = engine_process._Watch(cast(Any, rig), cast(Any, None), cast(Any, shell), cast(Any, None))
    for _ in range(2):
        watch._look_at_bends({"bass", "piano", "clock out"})
    assert len(shell.notices) == 1 and "'piano'" in shell.notices[0] and "bend_channels" in shell.notices[0]
