"""Fetch what users point at, from the public internet and from nowhere else: every outgoing request goes through here.

Every hop, redirects included, passes the same checks: http or https, a usual port, no user name, no odd spelling of an
IP address; then the host's name is resolved once, all its addresses must be public, and the connection goes to one of
those that were checked. A name that resolves to something else a moment later (DNS rebinding) changes nothing.

One deadline covers everything: resolving names, connecting, redirects, the body. Nothing is sent but the request: no
cookies, no passwords, and proxies of the environment are not used. The pauses of a policy (`project.outbound.robots`)
come before each hop and are not counted.
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
from project.errors import shorten_message
from project.outbound.public_addresses import (
    is_canonical_ip,
    is_host_listed,
    is_ip_literal,
    is_public_ip,
    normalize_netloc,
)
from project.outbound.responses import (
    CacheValidators,
    FetchedResponse,
    FetchFailed,
    FetchLimits,
    FetchRefused,
    PostedResponse,
    RawResponse,
    SiteUnavailable,
    accept_response,
    build_not_modified,
    read_posted_response,
)
from project.outbound.sockets import NetworkDeadline, open_connection

# Other ports serve databases and internal tools more often than web pages.
DEFAULT_PORTS = {"http": 80, "https": 443}
# Servers take 8,000 octets in a request line at least (RFC 9112, section 3), most of them no more than 8 KiB.
MAX_URL_CHARACTERS = 8192
REDIRECT_STATUSES = {301, 302, 303, 307, 308}
# Of one name: each address may take `connect_seconds`, so that a name with hundreds of dead ones would hold a worker.
MAX_ADDRESSES = 4
# Messages repeat what came from outside, which may be megabytes long; a sentence is enough to recognise it by.
MAX_QUOTED_CHARACTERS = 200
# What resolvers say of a name that does not exist; other errors are theirs, and the same name may resolve later.
UNKNOWN_HOST_ERRORS = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

# RFC 1035, section 2.3.4: 63 octets a label, 253 a name. Underscores are no letters of host names, but in use.
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")

log = logs.get_logger(__name__)

__all__ = ["CacheValidators", "FetchFailed", "FetchLimits", "FetchRefused", "FetchedResponse", "Fetcher"]

ResolveHost = Callable[[str, int], Sequence[str]]
# Called with a URL and the checkpoint before each hop; what it raises ends the fetch.
BeforeRequest = Callable[[str, Callable[[], None]], None]


def resolve_system_addresses(host: str, port: int) -> list[str]:
    """Return all IP addresses of a host from the system's resolver. Raises OSError."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def get_system_ssl_context() -> ssl.SSLContext:
    """Return a context that trusts the system's certificates, or those that SSL_CERT_FILE or SSL_CERT_DIR name.

    One for the whole process: loading the certificates takes some 150 ms.
    """
    return httpx2.create_ssl_context()


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Sends requests under the name of `user_agent`. Safe to share between threads.

    `allowed_hosts` are names (`files.example.org`, any port) or `name:port`, whose IP addresses are not checked: the
    operator vouches for them. `resolve` returns all IP addresses of a name, `get_ssl_context` the trusted certificates;
    `before_request` is called before each hop of `open`. With `requires_https` plain http is for allowed hosts alone.
    """

    user_agent: str
    allowed_hosts: Collection[str] = ()
    resolve: ResolveHost = resolve_system_addresses
    get_ssl_context: Callable[[], ssl.SSLContext] = get_system_ssl_context
    before_request: BeforeRequest = lambda _url, _checkpoint: None
    requires_https: bool = False

    def check_url(self, url: str) -> None:
        """Raise FetchRefused when the URL alone shows that it is not fetched. Sends nothing."""
        _parse_target(url, self)

    @contextlib.contextmanager
    def open(
        self,
        url: str,
        *,
        types: Collection[str],
        limits: FetchLimits,
        validators: CacheValidators | None = None,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> Iterator[FetchedResponse]:
        """Request a URL and yield the response, if its content type is one of `types` (`text/html`, `video/*`).

        With `validators` a server may answer that the version is still the current one. Raises FetchRefused,
        FetchFailed, what `before_request` raises and, within a second, what `checkpoint` raises.
        """
        clock = NetworkDeadline(seconds=limits.seconds, silence_seconds=limits.silence_seconds, checkpoint=checkpoint)
        place = _parse_target(url, self)
        for _ in range(limits.max_redirects + 1):
            self._call_before_request(place, clock, checkpoint)
            asks = validators.build_conditional_headers(place.url_without_fragment) if validators is not None else {}
            with self._send_request(place, clock, limits, self._build_request(place, asks)) as answer:
                if answer.status == 304 and asks:
                    yield build_not_modified(answer)
                    return
                if answer.status not in REDIRECT_STATUSES or "location" not in answer.headers:
                    yield accept_response(answer, types, limits)
                    return
                place = self._follow_redirect(place, answer)
        raise FetchRefused(
            f"The address leads on more than {limits.max_redirects} times.",
            code="too_many_redirects",
            next_step="Give the address at which it ends.",
        )

    def post(self, url: str, *, content: bytes, headers: Mapping[str, str], limits: FetchLimits) -> PostedResponse:
        """Send a body to a URL and return the answer, whatever its status: redirects are not followed.

        Of the answer's body no more than `limits.max_bytes` are read. Raises FetchRefused and FetchFailed.
        """
        clock = NetworkDeadline(seconds=limits.seconds, silence_seconds=limits.silence_seconds, checkpoint=lambda: None)
        target = _parse_target(url, self)
        request = self._build_request(target, {**headers, "Content-Length": str(len(content))}, content=content)
        with self._send_request(target, clock, limits, request) as answer:
            return read_posted_response(answer, limits)

    def _call_before_request(self, target: _Target, deadline: NetworkDeadline, checkpoint: Callable[[], None]) -> None:
        # A policy may wait for its turn at a host for a minute: that is not the time of the fetch.
        begun = time.monotonic()
        self.before_request(target.url_without_fragment, checkpoint)
        deadline.extend_by(time.monotonic() - begun)

    @contextlib.contextmanager
    def _send_request(
        self, target: _Target, deadline: NetworkDeadline, limits: FetchLimits, request: httpcore2.Request
    ) -> Iterator[RawResponse]:
        gate = _PublicNetworkBackend(fetcher=self, deadline=deadline, connect_seconds=limits.connect_seconds)
        trust = self.get_ssl_context() if target.url.scheme == "https" else None
        with httpcore2.HTTPConnection(target.core_url.origin, network_backend=gate, ssl_context=trust) as connection:
            with _translate_network_errors(target.host):
                response = connection.handle_request(request)
            headers: dict[str, str] = {}
            # A field that comes several times means its values joined by commas (RFC 9110, section 5.3).
            for name, value in response.headers:
                key, said = name.decode("ascii").lower(), value.decode("utf-8", "replace")
                headers[key] = f"{headers[key]}, {said}" if key in headers else said
            yield RawResponse(
                url=target.url_without_fragment,
                host=target.host,
                netloc=normalize_netloc(target.url.netloc.decode("ascii")),
                status=response.status,
                headers=headers,
                pieces=_iterate_body(target.host, response),
            )

    def _build_request(
        self, target: _Target, more_headers: Mapping[str, str], *, content: bytes | None = None
    ) -> httpcore2.Request:
        """Return a GET, or a POST when there is content."""
        headers: dict[bytes | str, bytes | str] = {
            "Host": target.url.netloc,
            "User-Agent": self.user_agent,
            "Accept": "*/*",
            # A compressed body says nothing of its size, and the size is limited.
            "Accept-Encoding": "identity",
            # One request a connection: a kept connection would escape the deadline of the next fetch.
            "Connection": "close",
        }
        headers.update(more_headers.items())
        method = "GET" if content is None else "POST"
        return httpcore2.Request(method, target.core_url, headers=headers, content=content)

    def _follow_redirect(self, target: _Target, response: RawResponse) -> _Target:
        """Return where a redirect leads, checked like a URL that a user gave."""
        try:
            url = target.url.join(response.headers["location"])
        except httpx2.InvalidURL as exc:
            raise _build_invalid_url_error(str(exc)) from exc
        if target.url.scheme == "https" and url.scheme == "http":
            raise FetchRefused(
                f"{target.host} leads from https to http, where anybody could change what is sent.",
                code="downgrade_forbidden",
            )
        return _parse_target(url, self)


@dataclass(frozen=True, kw_only=True)
class _Target:
    """A URL that may be requested, as far as the URL alone shows."""

    url: httpx2.URL
    host: str
    port: int

    @property
    def url_without_fragment(self) -> str:
        return str(self.url.copy_with(fragment=None))

    @property
    def core_url(self) -> httpcore2.URL:
        return httpcore2.URL(scheme=self.url.raw_scheme, host=self.host, port=self.url.port, target=self.url.raw_path)


def _parse_target(given: str | httpx2.URL, fetcher: Fetcher) -> _Target:
    try:
        url = httpx2.URL(given)
    except httpx2.InvalidURL as exc:
        raise _build_invalid_url_error(str(exc)) from exc
    if url.scheme not in DEFAULT_PORTS:
        raise FetchRefused("Only addresses that begin with http:// or https:// are fetched.", code="scheme_forbidden")
    host = url.raw_host.decode("ascii").removesuffix(".")
    if len(str(url)) > MAX_URL_CHARACTERS:
        raise _build_invalid_url_error(f"It is longer than {MAX_URL_CHARACTERS} characters.")
    if not (":" in host or _HOST.fullmatch(host)):
        raise _build_invalid_url_error("It names no host.")
    if url.userinfo:
        raise FetchRefused("The address holds a user name or password.", code="credentials_forbidden")
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    # An operator may allow a host inside the network by name, and with it ports that are refused elsewhere.
    is_vouched_for = is_host_listed(fetcher.allowed_hosts, host, port)
    if fetcher.requires_https and url.scheme != "https" and not is_vouched_for:
        raise FetchRefused("Only addresses that begin with https:// are taken.", code="scheme_forbidden")
    if is_ip_literal(host) and not (is_canonical_ip(host) and (is_vouched_for or is_public_ip(host))):
        raise _build_not_public_error(host)
    if port not in DEFAULT_PORTS.values() and not (is_vouched_for and 0 < port < 65536):
        raise FetchRefused(f"Port {port} is not fetched from, only 80 and 443.", code="port_forbidden")
    return _Target(url=url, host=host, port=port)


def _build_invalid_url_error(why: str) -> FetchRefused:
    return FetchRefused(
        f"This is not the address of a page: {shorten_message(why, limit=MAX_QUOTED_CHARACTERS)}", code="url_invalid"
    )


def _build_not_public_error(host: str) -> FetchRefused:
    return FetchRefused(f"{host} is not on the public internet.", code="address_forbidden")


def _build_unknown_host_error(host: str) -> FetchRefused:
    """Return the same error for an unknown name and for one inside a network: else internal names could be guessed."""
    return FetchRefused(
        f"{host} is not on the public internet: nobody knows the name, or it leads into a network.",
        code="address_forbidden",
        next_step="Check the address, or upload the file.",
    )


@dataclass(frozen=True, kw_only=True)
class _PublicNetworkBackend(httpcore2.NetworkBackend):
    """Connects to IP addresses that it has resolved and checked itself, and to no others."""

    fetcher: Fetcher
    deadline: NetworkDeadline
    connect_seconds: float

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._resolve_public_addresses(host, port)
        for address in others:
            with contextlib.suppress(OSError):
                return open_connection(address, port, self.deadline, seconds=self.connect_seconds)
        return open_connection(last, port, self.deadline, seconds=self.connect_seconds)

    def _resolve_public_addresses(self, host: str, port: int) -> list[str]:
        addresses = [host]
        if not is_ip_literal(host):
            addresses = list(dict.fromkeys(self.deadline.call_in_thread(lambda: self._resolve_host(host, port))))
        if not addresses:
            raise _build_unknown_host_error(host)
        if not is_host_listed(self.fetcher.allowed_hosts, host, port) and not all(map(is_public_ip, addresses)):
            log.warning("address refused", host=host, addresses=addresses)
            raise _build_unknown_host_error(host)
        return addresses[:MAX_ADDRESSES]

    def _resolve_host(self, host: str, port: int) -> Sequence[str]:
        try:
            return self.fetcher.resolve(host, port)
        except socket.gaierror as exc:
            if exc.errno in UNKNOWN_HOST_ERRORS:
                return []
            raise


@contextlib.contextmanager
def _translate_network_errors(host: str) -> Iterator[None]:
    """Turn what sockets and the protocol raise into FetchFailed."""
    try:
        yield
    except TimeoutError as exc:
        raise SiteUnavailable(f"{host} took too long.", code="timed_out") from exc
    except ssl.SSLCertVerificationError as exc:
        raise FetchFailed(
            f"The certificate of {host} cannot be trusted: {exc.verify_message}.", code="certificate_untrusted"
        ) from exc
    except OSError as exc:
        raise SiteUnavailable(f"{host} cannot be reached.", code="unreachable") from exc
    except httpcore2.ProtocolError as exc:
        said = shorten_message(str(exc), limit=MAX_QUOTED_CHARACTERS).rstrip(".")
        raise FetchFailed(f"{host} broke off, or does not speak HTTP: {said}.", code="incomplete") from exc


def _iterate_body(host: str, response: httpcore2.Response) -> Iterator[bytes]:
    pieces = response.iter_stream()
    while True:
        with _translate_network_errors(host):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
