"""Tokens: made by chance, kept from others' eyes, read again when they change, and shown by nothing but reveal()."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import TokenError
from bridge.stream import tokens
from bridge.stream.tokens import Secret, TokenFile, Tokens, bearer, digest_of, from_environment, make, own_token, read

CONTROL, LISTEN = "c" * 43, "l" * 43
LETTERS = "ABCZabcz0189._~-"
posix = pytest.mark.skipif(os.name != "posix", reason="file modes")


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_made_once_for_the_owner_alone_and_never_twice_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sideman" / "tokens.toml"
    first = make(path)
    assert first.listen is not None and len({first.control.reveal(), first.listen.reveal()}) == 2
    assert all(len(s.reveal()) == 43 for s in (first.control, first.listen))
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    again = make(path)
    assert again.control.reveal() == first.control.reveal()
    other = make(tmp_path / "other.toml")
    assert other.control.reveal() != first.control.reveal()
    assert [p.name for p in path.parent.iterdir()] == ["tokens.toml"]


def test_rotated_alone_or_both(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    one = make(path)
    two = make(path, anew=("listen",))
    assert two.control.reveal() == one.control.reveal() and two.listen.reveal() != one.listen.reveal()  # type: ignore[union-attr]
    three = make(path, anew=("control", "listen"))
    assert len({t.control.reveal() for t in (one, three)}) == 2
    assert len({t.listen.reveal() for t in (two, three)}) == 2  # type: ignore[union-attr]


def test_a_single_line_is_the_control_token_and_gets_a_listener_by_make(tmp_path: Path) -> None:
    path = written(tmp_path / "secret", f"  {CONTROL}\n")
    found = read(path)
    assert found.control.reveal() == CONTROL and found.listen is None
    assert found.role(digest_of("")) is None and found.role(bytes(32)) is None
    assert make(path).control.reveal() == CONTROL and read(path).listen is not None


@pytest.mark.parametrize(("text", "word"), [
    ("", "not understood|no control"), ("short", "not understood"), (f'control = "{CONTROL[:19]}"', "is no token"),
    (f'listen = "{LISTEN}"', "no control token"), (f'control = "{CONTROL}"\nother = "x"', "not known"),
    (f'control = "{CONTROL}"\nlisten = "{CONTROL}"', "the same"), ("control = 5", "is no token"),
    (f'control = "{CONTROL}\\n"', "is no token"), (f'control = "{CONTROL} {LISTEN}"', "is no token"),
    (b"\xff\xfe", "no text"), ("#" * 5000, "longer"), (f'control = "{CONTROL}', "not understood"),
    ("c" * 201, "not understood"),
])
def test_what_is_no_token_file_is_refused_without_showing_it(tmp_path: Path, text: str | bytes, word: str) -> None:
    path = written(tmp_path / "t.toml", text)
    with pytest.raises(TokenError, match=word) as caught:
        read(path)
    shown = "".join(traceback.format_exception(caught.value))
    assert str(path) in str(caught.value) and CONTROL[:19] not in shown and LISTEN[:19] not in shown


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "t", CONTROL, mode)
    with pytest.raises(TokenError, match=r"chmod 600 .* rotate"):
        read(path)


@posix
def test_what_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match=r"No such file.*sideman token make"):
        read(tmp_path / "none")
    with pytest.raises(TokenError, match="cannot be read"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    keep = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        with pytest.raises(TokenError, match="is no file"):
            read(tmp_path / "pipe")
    finally:
        os.close(keep)
    (tmp_path / "file").touch()
    with pytest.raises(TokenError, match="cannot be written"):
        make(tmp_path / "file" / "tokens.toml")
    (tmp_path / "folder" / "tokens.toml").mkdir(parents=True)
    with pytest.raises(TokenError, match="cannot be written"):
        tokens._write(tmp_path / "folder" / "tokens.toml", "")
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["tokens.toml"]


def test_the_environment_is_emptied_of_tokens() -> None:
    environment = {"SIDEMAN_TOKEN": CONTROL, "SIDEMAN_LISTEN_TOKEN": LISTEN, "HOME": "/"}
    found = from_environment(environment)
    assert found is not None
    assert (found.role(digest_of(CONTROL)), found.role(digest_of(LISTEN))) == ("control", "listen")
    assert environment == {"HOME": "/"}
    assert from_environment({"SIDEMAN_TOKEN": ""}) is None
    with pytest.raises(TokenError, match="without SIDEMAN_TOKEN"):
        from_environment({"SIDEMAN_LISTEN_TOKEN": LISTEN})
    with pytest.raises(TokenError, match="SIDEMAN_TOKEN is no token") as caught:
        from_environment({"SIDEMAN_TOKEN": "secret word"})
    assert "secret word" not in str(caught.value)


def test_what_a_client_offers_by_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "t", CONTROL)
    assert own_token({}) is None
    assert own_token({"SIDEMAN_TOKEN_FILE": str(path)}) == CONTROL
    assert own_token({"SIDEMAN_TOKEN_FILE": str(path), "SIDEMAN_TOKEN": LISTEN}) == LISTEN
    assert bearer(CONTROL) == {"Authorization": f"Bearer {CONTROL}"} and bearer(None) == {}
    for wrong in (f"{CONTROL}\r\nHost: evil", "", CONTROL + "\n", "é" * 30):
        with pytest.raises(TokenError):
            bearer(wrong)


@settings(max_examples=50)
@given(st.text(LETTERS, min_size=20, max_size=60), st.text(LETTERS, min_size=20, max_size=60), st.text(max_size=60))
def test_a_role_is_had_by_the_whole_token_alone(control: str, listen: str, other: str) -> None:
    have = Tokens(Secret(control), Secret(listen), "here")
    assert have.role(digest_of(control)) == "control"
    assert have.role(digest_of(listen)) == ("control" if listen == control else "listen")
    for wrong in (other, control[:-1], control + " ", control.swapcase() + "x", "\udcff"):
        if wrong not in (control, listen):
            assert have.role(digest_of(wrong)) is None
    assert Tokens(Secret(control), None, "here").role(digest_of(other)) == ("control" if other == control else None)


def test_a_secret_shows_in_nothing(caplog: pytest.LogCaptureFixture) -> None:
    have = Tokens(Secret(CONTROL), Secret(LISTEN), "here")
    logging.getLogger("x").warning("%s %r %s", have, have.control, [have])
    shown = f"{have} {have!r} {have.control} {have.control!r} {caplog.text} {vars(tokens)!r}"
    assert CONTROL not in shown and LISTEN not in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="stays in its process"):
            way(have.control)  # type: ignore[operator]


def test_a_changed_file_is_seen_and_a_lost_or_broken_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    first = make(path)
    file = TokenFile(path)
    assert not file.renewed()
    os.utime(path, ns=(1, 1))
    assert not file.renewed()  # touched, but the same
    make(path, anew=("control",))
    assert file.renewed() and not file.renewed()
    assert file.tokens.role(first.control.digest()) is None
    assert file.tokens.role(first.listen.digest()) == "listen"  # type: ignore[union-attr]
    now = file.tokens
    path.write_text("broken")
    assert not file.renewed() and file.tokens is now
    path.unlink()
    assert not file.renewed() and file.tokens is now
