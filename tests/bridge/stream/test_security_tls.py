"""TLS: each way to give wrong files, a certificate of our own, and a socket and a page over it."""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
from pathlib import Path

import numpy as np
import pytest
from server_stage import FakeConductor, ask, serving, until
from websockets.asyncio.client import connect

from bridge.client import MusicClient
from bridge.errors import DeviceError, TlsError
from bridge.stream import wire
from bridge.stream.self_signed import self_signed
from bridge.stream.server import Server
from bridge.stream.tls import client_context, covers, server_certificate

x509 = pytest.importorskip("cryptography.x509")

NAMES = ["localhost", "127.0.0.1", "studio.local"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"), NAMES)


def signed(folder: Path, *, before_days: int, after_days: int, rsa: bool = False,
           names: bool = True) -> tuple[Path, Path]:
    """A certificate that is valid from so many days ago until in so many days."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys

    key = rsa_keys.generate_private_key(65537, 2048) if rsa else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - datetime.timedelta(before_days),
                                      now + datetime.timedelta(after_days))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(pem))
    key_path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    key_path.chmod(0o600)
    return cert_path, key_path


def test_one_that_is_right_tells_whom_it_is_for(pair: tuple[Path, Path], tmp_path: Path) -> None:
    found = server_certificate(*pair)
    assert set(found.names) == set(NAMES) and len(found.fingerprint) == 64 and found.not_after.endswith("GMT")
    both = tmp_path / "both.pem"
    both.write_bytes(pair[1].read_bytes() + pair[0].read_bytes())
    both.chmod(0o600)
    assert server_certificate(both, None).fingerprint == found.fingerprint
    assert server_certificate(*signed(tmp_path, before_days=1, after_days=1, rsa=True, names=False)).names == ()


def test_each_way_to_be_wrong_has_its_words(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = pair
    other_cert, other_key = signed(tmp_path, before_days=1, after_days=10)
    empty, broken, encrypted = (tmp_path / name for name in ("empty", "broken", "encrypted"))
    empty.write_bytes(b"")
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    lines = key.read_text().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
    encrypted.write_text(lines)
    for wrong, words in [
        ((tmp_path / "none", key), "No such file.*--tls-self-signed"), ((tmp_path, key), "cannot be read"),
        ((cert, tmp_path / "none"), "TLS key .*No such file"),
        ((key, cert), "holds no certificate, but a key: were the two files exchanged"),
        ((empty, key), "holds no certificate: give a PEM"), ((binary, key), "holds no certificate"),
        ((cert, None), "holds no private key: give --tls-key"), ((cert, cert), "holds no private key: give a PEM"),
        ((cert, other_key), "is not that of the certificate"), ((other_cert, key), "is not that of the certificate"),
        ((broken, key), "damaged"), ((cert, encrypted), "is encrypted.*openssl pkey"),
    ]:
        with pytest.raises(TlsError, match=words):
            server_certificate(*wrong)
    if os.name == "posix":
        other_key.chmod(0o644)
        with pytest.raises(TlsError, match=r"can be read by everybody.*chmod 600"):
            server_certificate(other_cert, other_key)


def test_an_encrypted_key_of_the_old_form_asks_nobody(pair: tuple[Path, Path], tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_pem_private_key(pair[1].read_bytes(), None)
    for name, form in [("new", serialization.PrivateFormat.PKCS8),
                       ("old", serialization.PrivateFormat.TraditionalOpenSSL)]:
        path = tmp_path / name
        path.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, form,
                                              serialization.BestAvailableEncryption(b"word")))
        path.chmod(0o600)
        with pytest.raises(TlsError, match="is encrypted"):
            server_certificate(pair[0], path)


@pytest.mark.parametrize(("before", "after", "words"), [(30, -1, "has expired"), (-2, 30, "is not valid yet")])
def test_its_time_must_have_come_and_not_gone(tmp_path: Path, before: int, after: int, words: str) -> None:
    with pytest.raises(TlsError, match=words):
        server_certificate(*signed(tmp_path, before_days=before, after_days=after))


def test_our_own_is_made_once_and_anew_for_another_name_or_before_it_ends(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path / "new", NAMES)
    first = cert.read_bytes()
    assert self_signed(tmp_path / "new", NAMES[:2]) == (cert, key) and cert.read_bytes() == first
    if os.name == "posix":
        assert [p.stat().st_mode & 0o777 for p in (cert, key, cert.parent)] == [0o600, 0o600, 0o700]
    self_signed(tmp_path / "new", ["localhost", "other.local"])
    second = cert.read_bytes()
    assert second != first
    ending_cert, ending_key = signed(tmp_path, before_days=300, after_days=5)
    cert.write_bytes(ending_cert.read_bytes())
    key.write_bytes(ending_key.read_bytes())
    self_signed(tmp_path / "new", ["localhost"])
    assert server_certificate(cert, key).not_after and cert.read_bytes() != ending_cert.read_bytes()
    cert.write_text("garbage")
    self_signed(tmp_path / "new", ["localhost"])
    assert server_certificate(cert, key).names == ("localhost",)
    (tmp_path / "file").touch()
    with pytest.raises(TlsError, match="cannot be read or written"):
        self_signed(tmp_path / "file", NAMES)


@pytest.mark.parametrize(("names", "host", "covered"), [
    (["a.example"], "A.example", True), (["*.example"], "a.example", True), (["*.example"], "a.b.example", False),
    (["*.example"], "example", False), (["10.0.0.1"], "10.0.0.1", True), ([], "a", False),
])
def test_whom_a_certificate_is_for(names: list[str], host: str, covered: bool) -> None:
    assert covers(names, host) is covered


def test_the_socket_over_tls_for_who_trusts_it_and_for_nobody_else(pair: tuple[Path, Path]) -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        url = server.socket_url
        assert url.startswith("wss://localhost:") and server.url.startswith("https://localhost:")
        async with MusicClient(url, ssl=pair[0]) as client:
            assert client.hello is not None
        with pytest.raises(DeviceError, match=r"not trusted.*SSL_CERT_FILE"):
            await MusicClient(url).connect()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP")
        writer.close()
        async with connect(url, ssl=client_context(pair[0]), compression=None) as late:
            assert (await until(late, "hello"))["role"] == "control"
            await ask(late, type="subscribe", id=1, block=128)
            await until(late, "ok")
            for n in range(200):
                server.publish_audio(n * 128, 0, np.full((2, 128), n / 256, np.float32))
                await asyncio.sleep(0.0005)
            got = 0
            while got < 200:
                data = await asyncio.wait_for(late.recv(), 5)
                if isinstance(data, bytes):
                    audio = wire.decode_audio(data)
                    assert audio.frame0 == got * 128 and float(audio.samples[0, 0]) == got / 256
                    got += 1

    serving(body, tls=server_certificate(*pair).context)


def test_what_a_client_trusts_is_that_file(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TlsError, match="cannot be used"):
            client_context(path)
    (tmp_path / "x").write_text("x")
    with pytest.raises(TlsError, match="cannot be used"):
        client_context(tmp_path / "x")
    assert client_context(pair[0]).verify_mode is ssl.CERT_REQUIRED


def test_half_a_tls_handshake_keeps_nobody_out(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.stream.server._TLS_HANDSHAKE_S", 2.0)

    async def body(server: Server, _: FakeConductor) -> None:
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(30)]
        try:
            for _, writer in held:
                writer.write(b"\x16\x03\x01\x02\x00")  # a ClientHello that never comes
            async with MusicClient(server.socket_url, ssl=pair[0]) as client:
                assert client.hello is not None
            for reader, _ in held:
                assert await asyncio.wait_for(reader.read(10), 10) == b""
        finally:
            for _, writer in held:
                writer.close()

    serving(body, tls=server_certificate(*pair).context)
