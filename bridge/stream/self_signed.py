"""A certificate of our own, for who has none: made once by the `cryptography` library, kept beside the tokens.

It keeps listeners on the way from reading tokens and music; that the server is the right one a browser cannot know, so
it warns, once for each device. Python clients that are given the file trust it, and nothing else.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import TlsError

if TYPE_CHECKING:
    from cryptography import x509

_VALID_DAYS = 397
"""As long as browsers take one for (CA/Browser Forum, Baseline Requirements 6.3.2)."""
_RENEW_DAYS = 14


def self_signed(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """The files of certificate and key, made anew where there are none, where they end within 14 days, or where they
    lack one of `names` (addresses or host names). Raises TlsError."""
    cert, key = folder / "tls-cert.pem", folder / "tls-key.pem"
    try:
        from cryptography import x509
    except ImportError:
        raise TlsError("a certificate of our own needs the library cryptography: `pip install 'sideman[tls]'`, or give "
                       "--tls-cert and --tls-key, as `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                       "-nodes -keyout key.pem -out cert.pem -subj /CN=sideman` makes them") from None
    try:
        with suppress(FileNotFoundError, ValueError, x509.ExtensionNotFound):
            old = x509.load_pem_x509_certificate(cert.read_bytes())
            has = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            known = {*has.get_values_for_type(x509.DNSName), *map(str, has.get_values_for_type(x509.IPAddress))}
            if old.not_valid_after_utc > datetime.now(UTC) + timedelta(days=_RENEW_DAYS) and key.exists() \
                    and known.issuperset(names):
                return cert, key
        _make(cert, key, names)
    except OSError as error:
        raise TlsError(f"the certificate {cert} cannot be read or written ({error.strerror}): give --tls-cert and "
                       "--tls-key") from None
    return cert, key


def _make(cert: Path, key: Path, names: Sequence[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sideman on this machine")])
    now = datetime.now(UTC)
    identity = x509.SubjectKeyIdentifier.from_public_key(public)
    made = (
        x509.CertificateBuilder(subject, subject, public, x509.random_serial_number(), now - timedelta(hours=1),
                                now + timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_named(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identity, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identity), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    folder = cert.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    _write(cert, made.public_bytes(pem))


def _named(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes) -> None:
    """For the owner alone from its first byte on."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    new.replace(path)
