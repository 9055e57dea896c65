"""The only way out: fetches what users point at, from the public internet and from nowhere else.

Every hop, redirects included, passes the same gate: http or https, a usual port, no user name, no odd spelling of an
address; then the host's name is resolved once, all its addresses must be public, and the connection goes to one of
those that were checked. A name that changes its mind afterwards changes nothing.

One clock runs over everything: names, connections, redirects, the body. Nothing is sent but the request: no cookies, no
passwords, and no proxy of the environment is asked. The pauses of a policy (`project.outbound.robots`) come before each
hop and are not counted.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore2
import httpx2

from project import logs
from project.outbound.public_addresses import is_canonical, is_listed, is_public, names_an_address, without_root
from project.outbound.responses import Answer, Fetched, FetchFailed, FetchRefused, Known, Limits, same, taken
from project.outbound.sockets import Clock, connect

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 8192
REDIRECTS = {301, 302, 303, 307, 308}
ADDRESSES = 4
"""How many addresses of one name are tried."""
MOST_SAID = 200
"""So many characters of what came from outside are repeated in a message."""
UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")

log = logs.get(__name__)

__all__ = ["FetchFailed", "FetchRefused", "Fetched", "Fetcher", "Known", "Limits"]

Resolve = Callable[[str, int], Sequence[str]]
Ahead = Callable[[str, Callable[[], None]], None]
"""What is done before an address is asked for, given the checkpoint; what it raises ends the fetch."""


def system_addresses(host: str, port: int) -> list[str]:
    """Return all addresses of a host, as the system's resolver knows them. Raises OSError."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def system_trust() -> ssl.SSLContext:
    """Return the system's certificates, or those that SSL_CERT_FILE or SSL_CERT_DIR name."""
    return httpx2.create_ssl_context()


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches under the name of `user_agent`. Safe to share between threads.

    `allowed_hosts` are names (`files.example.org`, any port) or `name:port`, whose addresses are not checked: the
    operator vouches for them. `resolve` returns all addresses of a name; `trust` the certificates that are believed;
    `ahead` is called before each hop.
    """

    user_agent: str
    allowed_hosts: Collection[str] = ()
    resolve: Resolve = system_addresses
    trust: Callable[[], ssl.SSLContext] = system_trust
    ahead: Ahead = lambda _url, _checkpoint: None

    def check(self, url: str) -> None:
        """Raise FetchRefused when the address itself shows that it cannot be fetched. Asks nobody."""
        _place(url, self.allowed_hosts)

    @contextlib.contextmanager
    def open(
        self,
        url: str,
        *,
        types: Collection[str],
        limits: Limits,
        known: Known | None = None,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> Iterator[Fetched]:
        """Ask for an address and yield its answer, once it has one of the content types (`text/html`, `video/*`).

        A `known` version is not sent again by servers that can tell it. Raises FetchRefused, FetchFailed, what `ahead`
        raises and, within a second, what `checkpoint` raises.
        """
        clock = Clock(seconds=limits.seconds, silence_seconds=limits.silence_seconds, checkpoint=checkpoint)
        place = _place(url, self.allowed_hosts)
        for _ in range(limits.redirects + 1):
            self._look_ahead(place, clock, checkpoint)
            asks = known.conditions(place.shown) if known is not None else {}
            with self._asked(place, clock, limits, asks) as answer:
                if answer.status == 304 and asks:
                    yield same(answer)
                    return
                if answer.status not in REDIRECTS or "location" not in answer.headers:
                    yield taken(answer, types, limits)
                    return
                place = self._next(place, answer)
        raise FetchRefused(
            f"The address leads on more than {limits.redirects} times.",
            code="too_many_redirects",
            next_step="Give the address at which it ends.",
        )

    def _look_ahead(self, place: _Place, clock: Clock, checkpoint: Callable[[], None]) -> None:
        begun = time.monotonic()
        self.ahead(place.shown, checkpoint)
        clock.allow(time.monotonic() - begun)

    @contextlib.contextmanager
    def _asked(self, place: _Place, clock: Clock, limits: Limits, conditions: Mapping[str, str]) -> Iterator[Answer]:
        gate = _Gate(fetcher=self, clock=clock, connect_seconds=limits.connect_seconds)
        trust = self.trust() if place.url.scheme == "https" else None
        with httpcore2.HTTPConnection(place.core.origin, network_backend=gate, ssl_context=trust) as connection:
            with _told_apart(place.host):
                response = connection.handle_request(self._request(place, conditions))
            headers: dict[str, str] = {}
            for name, value in response.headers:
                key, said = name.decode("ascii").lower(), value.decode("utf-8", "replace")
                headers[key] = f"{headers[key]}, {said}" if key in headers else said
            yield Answer(
                url=place.shown,
                host=place.host,
                netloc=without_root(place.url.netloc.decode("ascii")),
                status=response.status,
                headers=headers,
                pieces=_body(place.host, response),
            )

    def _request(self, place: _Place, conditions: Mapping[str, str]) -> httpcore2.Request:
        headers: dict[bytes | str, bytes | str] = {
            "Host": place.url.netloc,
            "User-Agent": self.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        headers.update(conditions.items())
        return httpcore2.Request("GET", place.core, headers=headers)

    def _next(self, place: _Place, answer: Answer) -> _Place:
        """Return where a redirect leads, checked like an address that a user gave."""
        try:
            url = place.url.join(answer.headers["location"])
        except httpx2.InvalidURL as exc:
            raise _not_an_address(str(exc)) from exc
        if place.url.scheme == "https" and url.scheme == "http":
            raise FetchRefused(
                f"{place.host} leads from https to http, where anybody could change what is sent.",
                code="downgrade_forbidden",
            )
        return _place(url, self.allowed_hosts)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An address that may be asked for, as far as it shows."""

    url: httpx2.URL
    host: str
    port: int

    @property
    def shown(self) -> str:
        return str(self.url.copy_with(fragment=None))

    @property
    def core(self) -> httpcore2.URL:
        return httpcore2.URL(scheme=self.url.raw_scheme, host=self.host, port=self.url.port, target=self.url.raw_path)


def _place(given: str | httpx2.URL, allowed_hosts: Collection[str]) -> _Place:
    try:
        url = httpx2.URL(given)
    except httpx2.InvalidURL as exc:
        raise _not_an_address(str(exc)) from exc
    if url.scheme not in PORTS:
        raise FetchRefused("Only addresses that begin with http:// or https:// are fetched.", code="scheme_forbidden")
    host = url.raw_host.decode("ascii").removesuffix(".")
    if len(str(url)) > MOST_CHARACTERS:
        raise _not_an_address(f"It is longer than {MOST_CHARACTERS} characters.")
    if not (":" in host or _HOST.fullmatch(host)):
        raise _not_an_address("It names no host.")
    if url.userinfo:
        raise FetchRefused("The address holds a user name or password.", code="credentials_forbidden")
    port = PORTS[url.scheme] if url.port is None else url.port
    is_vouched_for = is_listed(allowed_hosts, host, port)
    if names_an_address(host) and not (is_canonical(host) and (is_vouched_for or is_public(host))):
        raise _not_public(host)
    if port not in PORTS.values() and not (is_vouched_for and 0 < port < 65536):
        raise FetchRefused(f"Port {port} is not fetched from, only 80 and 443.", code="port_forbidden")
    return _Place(url=url, host=host, port=port)


def _not_an_address(why: str) -> FetchRefused:
    return FetchRefused(f"This is not the address of a page: {why[:MOST_SAID]}", code="url_invalid")


def _not_public(host: str) -> FetchRefused:
    return FetchRefused(f"{host} is not on the public internet.", code="address_forbidden")


def _has_no_public_address(host: str) -> FetchRefused:
    """Say the same of a name that nobody knows and of one inside a network: else names could be tried out."""
    return FetchRefused(
        f"{host} is not on the public internet: nobody knows the name, or it leads into a network.",
        code="address_forbidden",
        next_step="Check the address, or upload the file.",
    )


@dataclass(frozen=True, kw_only=True)
class _Gate(httpcore2.NetworkBackend):
    """Opens connections to addresses that it has checked, and to no others."""

    fetcher: Fetcher
    clock: Clock
    connect_seconds: float

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._addresses(host, port)
        for address in others:
            with contextlib.suppress(OSError):
                return connect(address, port, self.clock, seconds=self.connect_seconds)
        return connect(last, port, self.clock, seconds=self.connect_seconds)

    def _addresses(self, host: str, port: int) -> list[str]:
        addresses = [host]
        if not names_an_address(host):
            addresses = list(dict.fromkeys(self.clock.result(lambda: self._resolved(host, port))))
        if not addresses:
            raise _has_no_public_address(host)
        if not is_listed(self.fetcher.allowed_hosts, host, port) and not all(map(is_public, addresses)):
            log.warning("address refused", host=host, addresses=addresses)
            raise _has_no_public_address(host)
        return addresses[:ADDRESSES]

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            return self.fetcher.resolve(host, port)
        except socket.gaierror as exc:
            if exc.errno in UNKNOWN:
                return []
            raise


@contextlib.contextmanager
def _told_apart(host: str) -> Iterator[None]:
    """Turn what sockets and the protocol raise into FetchFailed."""
    try:
        yield
    except TimeoutError as exc:
        raise FetchFailed(f"{host} took too long.", code="timed_out") from exc
    except ssl.SSLCertVerificationError as exc:
        raise FetchFailed(
            f"The certificate of {host} cannot be trusted: {exc.verify_message}.", code="certificate_untrusted"
        ) from exc
    except OSError as exc:
        raise FetchFailed(f"{host} cannot be reached.", code="unreachable") from exc
    except httpcore2.ProtocolError as exc:
        said = str(exc)[:MOST_SAID]
        raise FetchFailed(f"{host} broke off, or does not speak HTTP: {said}.", code="incomplete") from exc


def _body(host: str, response: httpcore2.Response) -> Iterator[bytes]:
    pieces = response.iter_stream()
    while True:
        with _told_apart(host):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
