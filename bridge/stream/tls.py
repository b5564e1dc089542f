"""TLS for page and socket: the server's context from PEM files, tried out before it is used; what a client trusts."""

from __future__ import annotations

import hashlib
import os
import ssl
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from bridge.errors import TlsError

_NO_PASSWORD = "sideman asks for no passwords"
_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: openssl/x509_vfy.h


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate as it will be shown: whom it names, until when, and its SHA-256 fingerprint (hex)."""

    context: ssl.SSLContext
    names: tuple[str, ...]
    not_after: str
    fingerprint: str


def server_certificate(cert: Path, key: Path | None) -> Certificate:
    """The context of a server, after a handshake with itself in memory. Reads files: not for the event loop.

    Raises TlsError: a file that is missing, no PEM, the wrong one of the two, encrypted, readable by everybody; a key
    of another certificate; a certificate that is not valid now.
    """
    certificates = _pem(cert, "certificate")
    if "CERTIFICATE-----" not in certificates:
        also = ", but a key: were the two files exchanged?" if "PRIVATE KEY-----" in certificates else ""
        raise TlsError(f"TLS certificate {cert} holds no certificate{also}: give a PEM file that begins with "
                       "-----BEGIN CERTIFICATE-----")
    place = key or cert
    text = _pem(place, "key")
    if "PRIVATE KEY-----" not in text:
        hint = "give --tls-key" if key is None else "give a PEM file with -----BEGIN PRIVATE KEY-----"
        raise TlsError(f"TLS key {place} holds no private key: {hint}")
    if "ENCRYPTED" in text:
        raise TlsError(f"TLS key {place} is encrypted, and nobody is there to type a password: `openssl pkey -in "
                       f"{place} -out key.pem` takes it off; then keep the file to yourself (chmod 600)")
    if os.name == "posix" and place.stat().st_mode & stat.S_IROTH:
        raise TlsError(f"TLS key {place} can be read by everybody on this machine: `chmod 600 {place}`")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=_refuse_password)
    except ssl.SSLError as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise TlsError(f"TLS key {place} is not that of the certificate {cert}: give the two that were made "
                           "together") from None
        raise TlsError(f"TLS certificate {cert} or key {place} is damaged or not for TLS ({error.reason or error}): "
                       "get it anew from who issued it") from None
    return _tried(context, cert)


def _pem(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("ascii", "replace")
    except OSError as error:
        raise TlsError(f"TLS {what} {path} cannot be read ({error.strerror}): give the path of a PEM file that you may "
                       "read, or --tls-self-signed") from None


def _refuse_password() -> NoReturn:
    raise TlsError(_NO_PASSWORD)


def _tried(context: ssl.SSLContext, cert: Path) -> Certificate:
    """After a handshake with a client that trusts this very certificate."""
    trusting = ssl.create_default_context(cafile=str(cert))
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = trusting.wrap_bio(to_client, to_server)
    try:
        for side in (client, server, client, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        wrong = {_EXPIRED: "has expired", _NOT_YET: "is not valid yet"}.get(
            error.verify_code, f"does not hold ({error.verify_message})")
        raise TlsError(f"TLS certificate {cert} {wrong}: renew it, and look at this machine's date") from None
    except ssl.SSLError as error:
        raise TlsError(f"TLS certificate {cert} does not serve ({error.reason or error}): get one for a "
                       "server") from None
    found = client.getpeercert() or {}
    raw = client.getpeercert(binary_form=True) or b""
    names = tuple(str(entry[1]) for entry in found.get("subjectAltName", ()))
    return Certificate(context, names, str(found.get("notAfter", "")), hashlib.sha256(raw).hexdigest())


def client_context(trusted: Path) -> ssl.SSLContext:
    """For clients of a server whose certificate no authority has signed: its file, got by another way, is trusted, and
    no other. Raises TlsError."""
    try:
        context = ssl.create_default_context(cafile=str(trusted))
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"certificate {trusted} cannot be used ({error}): give the PEM file of the server's "
                       "certificate") from None
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return context


def covers(names: Sequence[str], host: str) -> bool:
    """Whether a certificate for `names` is one for this host: itself, or one label of a wildcard."""
    host = host.lower()
    return any(host == name or (name.startswith("*.") and host.partition(".")[2] == name[2:])
               for name in map(str.lower, names))
