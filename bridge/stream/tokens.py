"""Tokens: who knows one may talk to the server, and its role says how much. Where they are kept, made and looked up.

Two of them, "control" (everything) and "listen" (hear and look), in a file that its owner alone can read, or from the
environment. In memory the text of a token is inside a `Secret`, which no log, traceback or pickle shows; offered tokens
are compared by SHA-256 in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import sys
import tempfile
import tomllib
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, get_args

from bridge.errors import TokenError

Role: TypeAlias = Literal["control", "listen"]
ROLES: tuple[Role, ...] = get_args(Role)
VARIABLES: dict[Role, str] = {"control": "SIDEMAN_TOKEN", "listen": "SIDEMAN_LISTEN_TOKEN"}
FILE_VARIABLE = "SIDEMAN_TOKEN_FILE"
MIN_LENGTH, MAX_LENGTH = 20, 200
_FORM = re.compile(rf"[A-Za-z0-9._~-]{{{MIN_LENGTH},{MAX_LENGTH}}}")
"""What passes unchanged through a header, a WebSocket subprotocol and an address."""
_MAX_FILE_BYTES = 4096
_MADE_BYTES = 32
"""Of chance in a token that is made here; RFC 6750 (5.2) wants guessing to be hopeless, 16 would do."""


class Secret:
    """A token's text, which shows only to who calls reveal()."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def digest(self) -> bytes:
        return digest_of(self._text)

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token stays in its process")


def digest_of(text: str) -> bytes:
    """What is compared, and kept of a client's token."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a server. listen None: nobody may only listen. source: where they are from, for people."""

    control: Secret
    listen: Secret | None
    source: str

    def role(self, digest: bytes) -> Role | None:
        """Of who knows the token with this digest. As long for a wrong one as for a right one."""
        listens = hmac.compare_digest(digest, self.listen.digest() if self.listen is not None else bytes(32))
        controls = hmac.compare_digest(digest, self.control.digest())
        return "control" if controls else "listen" if listens and self.listen is not None else None

    def of(self, role: Role) -> Secret | None:
        return self.control if role == "control" else self.listen


class TokenFile:
    """The tokens of a file, read again when it has changed. Belongs to the event loop's thread, as the server does."""

    def __init__(self, path: Path) -> None:
        """Raises TokenError as read() does."""
        self.path = path
        self._seen = _stamp(path)
        self.tokens = read(path)

    def renewed(self) -> bool:
        """Whether there are others now. A file that is gone, or cannot be read, changes nothing; one stat()."""
        seen = _stamp(self.path)
        if seen == self._seen or seen is None:
            return False
        self._seen = seen
        before = self.tokens
        with suppress(TokenError):
            self.tokens = read(self.path)
        return [t and t.digest() for t in (before.control, before.listen)] != [
            t and t.digest() for t in (self.tokens.control, self.tokens.listen)]


def default_path() -> Path:
    """The user's own token file, by each system's custom (XDG base directories; Apple's, Microsoft's guidelines)."""
    return config_folder() / "tokens.toml"


def config_folder() -> Path:
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library/Application Support/sideman"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData/Roaming") / "sideman"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "sideman"


def from_environment(environment: MutableMapping[str, str]) -> Tokens | None:
    """Those in SIDEMAN_TOKEN and SIDEMAN_LISTEN_TOKEN, which are taken out of it: programs that are started later
    (hosts of plug-ins) do not get them. None where the first is not set. Raises TokenError."""
    given = {role: environment.pop(name, "") for role, name in VARIABLES.items()}
    if not given["control"]:
        if given["listen"]:
            raise TokenError(f"{VARIABLES['listen']} is set without {VARIABLES['control']}: set both, or give a "
                             "token file")
        return None
    for role, text in given.items():
        if text:
            _check(text, f"${VARIABLES[role]}")
    return _tokens(given["control"], given["listen"] or None, "the environment")


def own_token(environment: MutableMapping[str, str]) -> str | None:
    """What a client offers where nothing is said: SIDEMAN_TOKEN, else the control (or only) token of the file that
    SIDEMAN_TOKEN_FILE names. Raises TokenError."""
    if text := environment.get(VARIABLES["control"]):
        return text
    if named := environment.get(FILE_VARIABLE):
        return read(Path(named).expanduser()).control.reveal()
    return None


def bearer(token: str | None) -> dict[str, str]:
    """The header that offers it (RFC 6750). Raises TokenError for what cannot be one, such as two lines."""
    if token is None:
        return {}
    _check(token, "what is given as the token")
    return {"Authorization": f"Bearer {token}"}


def read(path: Path) -> Tokens:
    """The tokens of a file: `control = "..."` and `listen = "..."`, or the control token alone, in one line.

    Raises TokenError for one that is missing, too long, readable by others, or holds no token; never with its text.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise TokenError(f"token file {path} is no file: give one that `sideman token make` made")
            if os.name == "posix" and mode & 0o077:
                raise TokenError(f"token file {path} can be read by others (mode {stat.S_IMODE(mode):03o}): "
                                 f"`chmod 600 {path}`, and `sideman token rotate` if they may have")
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TokenError(f"token file {path} cannot be read ({error.strerror}): `sideman token make` makes one, "
                         "--token-file or stream.token_file names another") from None
    if len(data) > _MAX_FILE_BYTES:
        raise TokenError(f"token file {path} is longer than {_MAX_FILE_BYTES} bytes: it is none")
    return _parse(data, path)


def _parse(data: bytes, path: Path) -> Tokens:
    try:
        text = data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise TokenError(f"token file {path} is no text: `sideman token make` makes one") from None
    if _FORM.fullmatch(text):
        return _tokens(text, None, str(path))
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # its message may hold a token
        raise TokenError(f"token file {path} is not understood: it holds control = \"...\" and listen = \"...\", or "
                         f"one token alone of {MIN_LENGTH} to {MAX_LENGTH} of A-Z a-z 0-9 . _ ~ -") from None
    strange = [key for key in found if key not in ROLES]
    if strange or "control" not in found:
        raise TokenError(f"token file {path} holds {'a key that is not known' if strange else 'no control token'}: "
                         "give control = \"...\", and listen = \"...\" for those who may only hear")
    for key, token in found.items():
        _check(token, f"{key} in token file {path}")
    return _tokens(found["control"], found.get("listen"), str(path))


def _check(text: object, place: str) -> None:
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        raise TokenError(f"{place} is no token: give {MIN_LENGTH} to {MAX_LENGTH} of A-Z a-z 0-9 . _ ~ -, as "
                         "`openssl rand -hex 32` or `sideman token make` does")


def _tokens(control: str, listen: str | None, source: str) -> Tokens:
    if control == listen:
        raise TokenError(f"the control and the listen token of {source} are the same: give each role its own")
    return Tokens(Secret(control), None if listen is None else Secret(listen), source)


def make(path: Path, *, anew: tuple[Role, ...] = ()) -> Tokens:
    """The tokens of the file; what it lacks, and the roles of `anew`, are made by chance and written.

    Written whole beside it and put in its place, for the owner alone. Raises TokenError.
    """
    old = read(path) if path.exists() else None
    kept: dict[Role, str] = {}
    for role in ROLES:
        secret = old.of(role) if old is not None else None
        if secret is not None and role not in anew:
            kept[role] = secret.reveal()
    if len(kept) == len(ROLES) and old is not None:
        return old
    new = {role: kept.get(role) or secrets.token_urlsafe(_MADE_BYTES) for role in ROLES}
    _write(path, "".join(f'{role} = "{text}"\n' for role, text in new.items()))
    return read(path)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tokens")  # mode 600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("# Who knows a token may talk to Sideman: `sideman token --help`.\n" + text)
            file.flush()
            os.fsync(file.fileno())
        try:
            Path(name).replace(path)
        except OSError:
            Path(name).unlink()
            raise
    except OSError as error:
        raise TokenError(f"token file {path} cannot be written ({error.strerror}): give another by --token-file or "
                         f"stream.token_file, or set {VARIABLES['control']}") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
