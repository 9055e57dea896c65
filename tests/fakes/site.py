"""A web site on 127.0.0.1 that sends for each path exactly the bytes that a test gave, over a bare socket."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fakes.sockets import HANG_SECONDS, Sockets

Talk = Callable[[socket.socket], None]
Page = bytes | Talk


class Site(Sockets):
    """Serves inside its `with` block. `asked` holds the heads of all requests; `connections` counts the sockets."""

    def __init__(self, pages: Mapping[str, Page], *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.pages = dict(pages)
        self.asked: list[str] = []
        self._tls = tls

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def answer(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := connection.recv(65536)):
                    return
                head += more
            self.asked.append(head.decode())
            page = self.pages.get(head.split()[1].decode(), answer(b"", status=404))
            if isinstance(page, bytes):
                connection.sendall(page)
            else:
                page(connection)
            connection.shutdown(socket.SHUT_WR)


def head(*, status: int = 200, content_type: str = "text/html", **headers: str) -> bytes:
    """Return the head of an answer; `content_length` in a keyword is `content-length` on the wire."""
    lines = [f"HTTP/1.1 {status} Said", "connection: close"]
    lines += [f"content-type: {content_type}"] if content_type else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(body: bytes, *, status: int = 200, content_type: str = "text/html", **headers: str) -> bytes:
    """Return a whole answer with its length."""
    return head(status=status, content_type=content_type, content_length=str(len(body)), **headers) + body


def redirect(to: str, status: int = 302) -> bytes:
    return answer(b"", status=status, location=to)


def drips(start: bytes, piece: bytes, *, every: float, times: int = 10 * HANG_SECONDS) -> Talk:
    """Send a start, and then a piece again and again with a pause before each."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(times):
            time.sleep(every)
            connection.sendall(piece)

    return talk


def silent(start: bytes = b"") -> Talk:
    """Send a start, and then nothing, until the other side goes or HANG_SECONDS are over."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.settimeout(HANG_SECONDS)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)

    return talk


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server shows that has a self-made certificate for some names, and what its clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
