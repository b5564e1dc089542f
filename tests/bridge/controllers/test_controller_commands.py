"""sideman params and learn, and what a Tab offers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from bridge.commands import cli, learn
from bridge.controllers.learning import Learned
from bridge.controls.mapping import Mapped
from bridge.errors import MessageError, SessionError
from bridge.session import builtin_folder, load


def offered(typed: str) -> list[str]:
    *before, last = typed.split(" ")
    complete = ShellComplete(cli, {}, "sideman", "_SIDEMAN_COMPLETE")
    return [item.value for item in complete.get_completions(before, last)]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIDEMAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize(("typed", "wanted"), [
    ("play jazz-t", {"jazz-trio"}),
    ("play -", {"--tempo", "--key"}),
    ("genres cl", {"classical"}),
    ("restyle x.mid --to e", {"edm"}),
    ("restyle x.mid --to jazz --style boss", {"bossa"}),
    ("patches --play rhod", {"rhodes"}),
    ("modify genre=j", {"genre=jazz"}),
    ("compose ball", {"ballad"}),
    ("params jazz-trio master.filter.c", {"master.filter.cutoff_hz"}),
    ("params jazz-trio energy", {"music.energy"}),
    ("learn jazz-trio transport.p", {"transport.play"}),
    ("params --devices nano", {"nanokontrol2"}),
    ("par", {"params"}),
])
def test_a_tab_offers(typed: str, wanted: set[str]) -> None:
    assert wanted <= set(offered(typed)), offered(typed)


def test_a_tab_shows_no_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("not toml")
    assert offered(f"params {broken} mixer") == [] and offered("params nonsense mixer") == []


def test_params() -> None:
    found = CliRunner().invoke(cli, ["params", "jazz-trio", "filter", "master", "--json"], catch_exceptions=False)
    rows = {row["path"]: row for row in json.loads(found.stdout)}
    assert rows["master.filter.cutoff_hz"]["unit"] == "Hz" and rows["master.filter.cutoff_hz"]["high"] == 20_000
    table = CliRunner().invoke(cli, ["params", "jazz-trio", "music"], catch_exceptions=False).stdout
    assert "music.density" in table and "music.mute.bass" in table and "mixer" not in table
    near = CliRunner().invoke(cli, ["params", "jazz-trio", "master.filter.cuttof_hz"])
    assert isinstance(near.exception, MessageError) and "did you mean 'master.filter.cutoff_hz'" in str(near.exception)


def test_devices() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["params", "--devices", "--json"], catch_exceptions=False).stdout)
    assert {"nanokontrol2", "bcf2000", "mackie-control"} <= {row["device"] for row in listed}
    one = CliRunner().invoke(cli, ["params", "--devices", "nanokontrol2"], catch_exceptions=False).stdout
    assert "cc 0-7" in one and "transport.play" in one


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text((Path(builtin_folder()) / "jazz-trio.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return file


def test_learn_puts_it_into_the_file(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mine.read_text(encoding="utf-8")

    def heard(wanted: Any, port: str | None, timeout_s: float) -> Learned:
        assert wanted.path == "master.filter.cutoff_hz" and port == "nano"
        return Learned(0, Mapped(wanted.path, cc=21, channel=1))

    monkeypatch.setattr(learn, "_heard", heard)
    done = CliRunner().invoke(cli, ["learn", str(mine), "filter.cutoff", "--port", "nano"], catch_exceptions=False)
    assert "CC 21 on channel 1 turns master.filter.cutoff_hz" in done.stdout
    control = load(str(mine)).control[0]
    assert control.port == "nano" and [m.cc for m in control.map] == [21]
    assert mine.read_text(encoding="utf-8").startswith(before.rstrip("\n"))
    CliRunner().invoke(cli, ["learn", str(mine), "master.filter.cutoff_hz", "--remove"], catch_exceptions=False)
    assert load(str(mine)).control[0].map == []


def test_learn_refuses(mine: Path) -> None:
    wrong = CliRunner().invoke(cli, ["learn", "jazz-trio", "music.energy"])
    assert isinstance(wrong.exception, SessionError) and "copy a built-in one" in str(wrong.exception)
    wrong = CliRunner().invoke(cli, ["learn", str(mine), "music.energi"])
    assert isinstance(wrong.exception, MessageError) and "did you mean 'music.energy'" in str(wrong.exception)
    assert CliRunner().invoke(cli, ["learn", str(mine)]).exit_code == 2
