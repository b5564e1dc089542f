"""How a server meets the network: [stream] and the command line, with their files read, as what a Server is made of."""

from __future__ import annotations

import socket
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.stream.conductor import Conductor, Forwarder
from bridge.stream.door import Limits
from bridge.stream.gate import is_loopback
from bridge.stream.self_signed import self_signed
from bridge.stream.server import DEFAULT_PORT, Server
from bridge.stream.spec import StreamSpec
from bridge.stream.tls import Certificate, covers, server_certificate
from bridge.stream.tokens import (
    FILE_VARIABLE,
    Role,
    TokenFile,
    Tokens,
    config_folder,
    default_path,
    from_environment,
    make,
)

_EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Front:
    """Where a server listens, and whom it lets in: the arguments of a Server, checked but for the port.

    certificate  None: http; warnings: what its owner should know
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    explicit_port: bool = False
    allowed_hosts: tuple[str, ...] = ()
    limits: Limits = Limits()  # noqa: RUF009 - a value
    tokens: Tokens | TokenFile | None = None
    certificate: Certificate | None = None
    warnings: tuple[str, ...] = ()

    def server(self, conductor: Conductor | Forwarder) -> Server:
        """Not yet started. Names that its certificate is for are names of ours."""
        certified = () if self.certificate is None else (n for n in self.certificate.names if not n.startswith("*."))
        return Server(conductor, self.host, self.port, self.explicit_port,
                      allowed_hosts=(*self.allowed_hosts, *certified), limits=self.limits, tokens=self.tokens,
                      tls=None if self.certificate is None else self.certificate.context)

    @property
    def open(self) -> bool:
        """Whether other machines reach it."""
        return not is_loopback(self.host)

    def page(self, port: int, role: Role | None = None, *, far: bool = False) -> str:
        """The page's address; with the token of a role behind the `#`, which browsers send nowhere. far: as other
        machines reach it."""
        tokens = self.tokens.tokens if isinstance(self.tokens, TokenFile) else self.tokens
        secret = None if tokens is None or role is None else tokens.of(role)
        host = self._far_name() if far else self._near_name()
        host = f"[{host}]" if ":" in host else host
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://{host}:{port}/" + ("" if secret is None else f"#token={secret.reveal()}")

    def _near_name(self) -> str:
        return "localhost" if self.host in _EVERYWHERE or (is_loopback(self.host) and self.host != "::1") else self.host

    def _far_name(self) -> str:
        host = own_address() if self.host in _EVERYWHERE else self.host
        names = () if self.certificate is None else self.certificate.names
        if covers(names, host):
            return host
        return next((name for name in names if not name.startswith("*.") and not is_loopback(name)), host)


def front_of(spec: StreamSpec, environment: MutableMapping[str, str]) -> Front:
    """Reads, and where it must makes, files of tokens and certificates: not for an event loop. Takes tokens out of the
    environment. Raises TokenError, TlsError."""
    certificate, warnings = _certificate(spec)
    tokens = _tokens(spec, environment)
    if not is_loopback(spec.host) and certificate is None:
        warnings.append("without TLS others in this network can read the token and hear the music: give --tls-cert and "
                        "--tls-key, or --tls-self-signed")
    limits = Limits(spec.max_clients, spec.max_clients_per_address, spec.max_message_kb * 1024, spec.max_messages_a_s)
    return Front(spec.host, DEFAULT_PORT if spec.port is None else spec.port, bool(spec.port),
                 tuple(spec.allowed_hosts), limits, tokens, certificate, tuple(warnings))


def _tokens(spec: StreamSpec, environment: MutableMapping[str, str]) -> Tokens | TokenFile | None:
    given = from_environment(environment)
    if spec.token_file is not None:
        return TokenFile(Path(spec.token_file).expanduser())
    if given is not None:
        return given
    if named := environment.get(FILE_VARIABLE):
        return TokenFile(Path(named).expanduser())
    if is_loopback(spec.host):
        return None
    make(default_path())
    return TokenFile(default_path())


def _certificate(spec: StreamSpec) -> tuple[Certificate | None, list[str]]:
    if spec.tls_self_signed:
        names = dict.fromkeys(["localhost", "127.0.0.1", "::1", *_own_names(), *spec.allowed_hosts])
        if spec.host not in _EVERYWHERE:
            names[spec.host] = None
        certificate = server_certificate(*self_signed(config_folder(), list(names)))
        about = f"the certificate {config_folder() / 'tls-cert.pem'} is self-signed: browsers warn; its SHA-256 is "
        return certificate, [about + certificate.fingerprint]
    if spec.tls_cert is None:
        return None, []
    key = None if spec.tls_key is None else Path(spec.tls_key).expanduser()
    certificate = server_certificate(Path(spec.tls_cert).expanduser(), key)
    if spec.host not in _EVERYWHERE and not covers(certificate.names, spec.host):
        return certificate, [f"the certificate {spec.tls_cert} is for {', '.join(certificate.names) or 'nobody'}, not "
                             f"for {spec.host}: browsers that call it so refuse"]
    return certificate, []


def _own_names() -> list[str]:
    name = socket.gethostname().lower()
    return [name, f"{name.partition('.')[0]}.local", own_address()]


def own_address() -> str:
    """By which this machine leaves for other networks; 127.0.0.1 where there are none. Sends nothing: a datagram
    socket's connect() only looks at the routes (the address is of TEST-NET-3, RFC 5737)."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.1", 9))
        return str(probe.getsockname()[0])
    return "127.0.0.1"
