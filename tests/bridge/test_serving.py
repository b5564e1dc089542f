"""Where a session is served and to whom: [stream], the command line over it, and `sideman token`."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from server_stage import FakeConductor as Silent
from websockets.datastructures import Headers

from bridge import session as sessions
from bridge.bench.stage import Player
from bridge.commands import cli
from bridge.errors import SessionError, TlsError, TokenError
from bridge.serving_options import spec_with
from bridge.stream import front as fronts
from bridge.stream.front import front_of
from bridge.stream.spec import StreamSpec
from bridge.stream.tokens import TokenFile, Tokens, digest_of, read

TOKEN, OTHER = "t" * 30, "u" * 30


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without tokens."""
    for name in ("SIDEMAN_TOKEN", "SIDEMAN_LISTEN_TOKEN", "SIDEMAN_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def token(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["token", *arguments])


def given(**more: Any) -> dict[str, Any]:
    return {"port": None, "host": None, "token_file": None, "tls_cert": None, "tls_key": None, "tls_self_signed": False,
            **more}


def test_loopback_needs_nothing_and_another_address_makes_tokens() -> None:
    here = front_of(StreamSpec(), {})
    assert here.tokens is None and not here.open and here.warnings == () and not here.explicit_port
    assert here.page(3000, "control") == "http://localhost:3000/"
    far = front_of(StreamSpec(host="0.0.0.0", port=8000), {})
    assert isinstance(far.tokens, TokenFile) and far.open and far.explicit_port and "without TLS" in far.warnings[0]
    tokens = far.tokens.tokens
    assert tokens.listen is not None
    assert far.page(8000, "control") == f"http://localhost:8000/#token={tokens.control.reveal()}"
    assert far.page(8000, "listen", far=True).endswith(f":8000/#token={tokens.listen.reveal()}")
    assert "localhost" not in far.page(8000, far=True) or fronts.own_address() == "127.0.0.1"
    again = front_of(StreamSpec(host="::"), {})
    assert isinstance(again.tokens, TokenFile) and again.tokens.path == far.tokens.path
    assert tokens.control.reveal() not in repr(far)


def test_tokens_come_from_the_file_that_is_named_before_the_environment(tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    for path, text in ((named, TOKEN), (other, OTHER)):
        path.write_text(text)
        path.chmod(0o600)
    environment = {"SIDEMAN_TOKEN": "v" * 30, "SIDEMAN_TOKEN_FILE": str(other)}
    front = front_of(StreamSpec(token_file=str(named)), dict(environment))
    assert isinstance(front.tokens, TokenFile) and front.tokens.path == named
    left = dict(environment)
    front = front_of(StreamSpec(), left)
    assert isinstance(front.tokens, Tokens) and front.tokens.role(digest_of("v" * 30)) == "control"
    assert "SIDEMAN_TOKEN" not in left
    front = front_of(StreamSpec(), {"SIDEMAN_TOKEN_FILE": str(other)})
    assert isinstance(front.tokens, TokenFile) and front.tokens.path == other
    with pytest.raises(TokenError, match=r"cannot be read.*sideman token make"):
        front_of(StreamSpec(token_file=str(tmp_path / "none")), {})


def test_a_certificate_of_our_own_names_this_machine() -> None:
    pytest.importorskip("cryptography")
    front = front_of(StreamSpec(host="0.0.0.0", tls_self_signed=True), {})
    assert front.certificate is not None and {"localhost", "127.0.0.1"} <= set(front.certificate.names)
    assert front.page(1, far=True).startswith("https://") and front.certificate.fingerprint in front.warnings[0]
    assert not any("without TLS" in text for text in front.warnings)
    server = front.server(Silent())  # type: ignore[arg-type]
    assert server.url.startswith("https:")
    for name, refused in (("studio.example", False), ("other.example", True)):
        front = front_of(StreamSpec(tls_self_signed=True, allowed_hosts=["studio.example"]), {})
        front = dataclasses.replace(front, allowed_hosts=())  # the certificate alone says it
        assert (front.server(Silent())._gate.refusal(Headers({"Host": name}), "") is not None) is refused  # type: ignore[arg-type]
    with pytest.raises(TlsError, match="No such file"):
        front_of(StreamSpec(tls_cert="none.pem"), {})


def test_the_session_says_it_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    text = Path(sessions.builtin_folder(), "jazz-trio.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(text + '\n[stream]\nhost = "0.0.0.0"\nport = 0\ntoken_file = "my.tokens"\ntls_cert = "c.pem"\n'
                           'max_clients = 8\nmax_messages_a_s = 20\n')
    spec = sessions.load(str(file)).stream
    assert (spec.token_file, spec.tls_cert) == (str(tmp_path / "my.tokens"), str(tmp_path / "c.pem"))
    assert (spec.host, spec.port, spec.max_clients, spec.max_messages_a_s) == ("0.0.0.0", 0, 8, 20)


@pytest.mark.parametrize(("table", "words"), [
    ('tls_key = "k.pem"', "tls_key.*key without a certificate"),
    ('tls_cert = "c.pem"\ntls_self_signed = true', "not both"), ('host = ""', "host"), ("port = 70000", "port.*65535"),
    ("max_clients = 0", "max_clients.*1 to 10000"), ("max_message_kb = 65", "1 to 64"), ('token = "x"', "token"),
])
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, table: str, words: str) -> None:
    text = Path(sessions.builtin_folder(), "jazz-trio.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(f"{text}\n[stream]\n{table}\n")
    with pytest.raises(SessionError, match=words):
        sessions.load(str(file))


def test_the_command_line_comes_before_the_session() -> None:
    spec = StreamSpec(host="0.0.0.0", port=1, tls_cert="a.pem", tls_key="a.key", max_clients=3)
    assert spec_with(spec, **given()) == spec
    assert spec_with(spec, **given(port=0, host="127.0.0.1")) == StreamSpec(
        host="127.0.0.1", port=0, tls_cert="a.pem", tls_key="a.key", max_clients=3)
    own = spec_with(spec, **given(tls_self_signed=True))
    assert (own.tls_cert, own.tls_key, own.tls_self_signed) == (None, None, True)
    other = spec_with(spec, **given(tls_cert=Path("b.pem")))
    assert (other.tls_cert, other.tls_key) == ("b.pem", None)
    with pytest.raises(SessionError, match="key without"):
        spec_with(StreamSpec(), **given(tls_key=Path("k")))


def test_token_makes_shows_and_rotates(home: Path) -> None:
    refused = token("show")
    assert refused.exit_code != 0 and isinstance(refused.exception, TokenError)
    made = token("make")
    path = home / "config" / "sideman" / "tokens.toml"
    if sys.platform not in ("darwin", "win32"):
        assert made.exit_code == 0 and str(path) in made.output
        tokens = read(path)
        assert tokens.control.reveal() not in made.output
        shown = token("show").output
        assert tokens.listen is not None
        assert tokens.control.reveal() in shown and tokens.listen.reveal() in shown and str(path) in shown
        assert token("show", "listen").output == tokens.listen.reveal() + "\n"
        link = token("show", "listen", "--link", "https://studio.local:3000/").output
        assert link == f"https://studio.local:3000/#token={tokens.listen.reveal()}\n"
        assert token("rotate", "listen").exit_code == 0
        assert read(path).control.reveal() == tokens.control.reveal()
        assert read(path).listen.reveal() != tokens.listen.reveal()  # type: ignore[union-attr]
        assert token("rotate").exit_code == 0 and read(path).control.reveal() != tokens.control.reveal()


def test_token_takes_another_file_and_says_what_it_lacks(home: Path) -> None:
    file = home / "mine"
    file.write_text(TOKEN)
    file.chmod(0o600)
    assert token("show", "--token-file", str(file), "control").output == TOKEN + "\n"
    lacking = token("show", "--token-file", str(file), "listen")
    assert lacking.exit_code != 0 and "no listen token: `sideman token make`" in lacking.output
    assert token("make", "--token-file", str(file)).exit_code == 0 and read(file).listen is not None


def test_a_qr_code_holds_the_link(home: Path) -> None:
    pytest.importorskip("segno")
    token("make")
    shown = token("show", "listen", "--link", "http://192.168.1.5:3000", "--qr").output
    lines = [line for line in shown.splitlines() if set(line) & set("█▀▄")]
    assert len(lines) > 15 and len({len(line) for line in lines}) <= 2


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.timeout(120)
def test_play_beyond_this_machine_tells_no_token_where_output_may_be_kept(home: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(home / "config"), "SIDEMAN_TOKEN": TOKEN}
    with Player("jazz-trio", "--audio", "none", "--port", "0", "--host", "0.0.0.0", environment=environment) as player:
        player.wait_for("Ctrl-C stops")
        port = int(player.wait_for(r"socket .*:(\d+)/music")[1])
        assert "tokens  are wanted" in player.output and "without TLS" in player.output
        from bridge.bench.stage import family

        for pid in family(player.pid)[1:]:  # programs that it has started know nothing of it
            assert TOKEN.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
            assert TOKEN.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ask = ["modify", "--url", f"ws://127.0.0.1:{port}/music", "energy=0.9"]
        refused = CliRunner().invoke(cli, ask)
        assert refused.exit_code == 1 and "wants a token, which is missing" in str(refused.exception)
        assert CliRunner(env={"SIDEMAN_TOKEN": TOKEN}).invoke(cli, ask).exit_code == 0
    assert TOKEN not in player.output and not re.search(r"token=", player.output)
