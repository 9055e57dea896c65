"""Where the fetcher goes and where it does not, against real sockets on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from project.outbound.fetcher import Fetcher
from project.outbound.responses import CacheValidators, FetchedResponse, FetchFailed, FetchLimits, FetchRefused
from tests.fakes.site import Site, answer, certificate, redirect

LIMITS = FetchLimits(max_bytes=1_000_000, seconds=10)
PUBLIC = "93.184.216.34"


def fetcher_for(*allowed: str, addresses: Sequence[str] = ("127.0.0.1",)) -> Fetcher:
    """Return a fetcher for whom every name has the same addresses."""
    return Fetcher(user_agent="Coursewright/1", allowed_hosts=allowed, resolve=lambda _host, _port: addresses)


def asked(fetcher: Fetcher, url: str) -> AbstractContextManager[FetchedResponse]:
    return fetcher.open(url, types={"text/html"}, limits=LIMITS)


def fetch(fetcher: Fetcher, url: str) -> bytes:
    with asked(fetcher, url) as fetched:
        return b"".join(fetched.chunks)


def refusal(fetcher: Fetcher, url: str) -> FetchRefused:
    with pytest.raises(FetchRefused) as refused:
        fetch(fetcher, url)
    assert refused.value.status == 422
    assert refused.value.next_step
    return refused.value


def test_it_fetches_a_page() -> None:
    page = answer(b"Water boils.", content_type="Text/HTML; charset=utf-8", x_more="1")
    with (
        Site({"/a?b=%C3%BC": page}) as site,
        asked(fetcher_for("site.test"), site.url("/a?b=ü#c", host="Site.test.")) as fetched,
    ):
        body = b"".join(fetched.chunks)

    assert body == b"Water boils."
    assert (fetched.content_type, fetched.headers["x-more"]) == ("text/html", "1")
    assert fetched.url == site.url("/a?b=%C3%BC", host="site.test.")


def test_it_says_who_asks_and_nothing_else() -> None:
    with Site({"/": answer(b"")}) as site:
        fetch(fetcher_for("site.test"), site.url("/", host="site.test"))

    assert site.asked[0].splitlines() == [
        "GET / HTTP/1.1",
        f"Host: site.test:{site.port}",
        "User-Agent: Coursewright/1",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
    ]


REFUSED = [
    ("file:///etc/passwd", "scheme_forbidden"),
    ("gopher://example.org/", "scheme_forbidden"),
    ("ftp://example.org/", "scheme_forbidden"),
    ("//example.org/", "scheme_forbidden"),
    ("example.org", "scheme_forbidden"),
    ("", "scheme_forbidden"),
    (" http://example.org/", "scheme_forbidden"),
    ("http:///path", "url_invalid"),
    ("http://exa mple.org/", "url_invalid"),
    ("http://example.org\\@10.0.0.1/", "credentials_forbidden"),
    ("http://example..org/", "url_invalid"),
    ("http://exam%70le.org/", "url_invalid"),
    ("http://example.org/\r\nX-More: 1", "url_invalid"),
    ("http://example.org:x/", "url_invalid"),
    ("http://[::1/", "url_invalid"),
    ("http://example.org/" + "a" * 9000, "url_invalid"),
    ("http://user@example.org/", "credentials_forbidden"),
    ("http://user:secret@example.org/", "credentials_forbidden"),
    ("http://example.org:22/", "port_forbidden"),
    ("http://example.org:6379/", "port_forbidden"),
    ("https://example.org:0/", "port_forbidden"),
    ("http://127.0.0.1/", "address_forbidden"),
    ("http://169.254.169.254/latest/meta-data/", "address_forbidden"),
    ("http://10.0.0.1/", "address_forbidden"),
    ("http://100.64.0.1/", "address_forbidden"),
    ("http://[::1]/", "address_forbidden"),
    ("http://[::ffff:127.0.0.1]/", "address_forbidden"),
    ("http://[64:ff9b::7f00:1]/", "address_forbidden"),
    ("http://[fe80::1%25eth0]/", "address_forbidden"),
    ("http://0/", "address_forbidden"),
    ("http://127.1/", "address_forbidden"),
    ("http://2130706433/", "address_forbidden"),
    ("http://0x7f.1/", "address_forbidden"),
    ("http://0x7f000001/", "address_forbidden"),
    ("http://0177.0.0.1/", "url_invalid"),
    ("http://127.0.0.1./", "address_forbidden"),
    ("http://8.8.2056/", "address_forbidden"),
]


@pytest.mark.parametrize(("url", "code"), REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_it_refuses_an_address_by_its_looks(url: str, code: str) -> None:
    names: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        names.append(host)
        return [PUBLIC]

    fetcher = Fetcher(user_agent="x", resolve=resolve)

    assert refusal(fetcher, url).code == code
    with pytest.raises(FetchRefused):
        fetcher.check_url(url)
    assert names == []


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://bücher.example/ü?q=ü", "http://[2606:4700::1111]:443/"]
)
def test_it_takes_an_address_by_its_looks(url: str) -> None:
    Fetcher(user_agent="x").check_url(url)


@pytest.mark.parametrize("addresses", [["10.1.2.3"], [PUBLIC, "10.1.2.3"], ["::ffff:10.1.2.3"], ["fd00::1%eth0"]])
def test_it_refuses_a_name_of_which_any_address_is_not_public(addresses: list[str]) -> None:
    refused = refusal(fetcher_for(addresses=addresses), "http://intranet.example/")

    assert refused.code == "address_forbidden"
    assert refused.next_step == "Check the address, or upload the file."


def test_the_systems_own_names_are_checked_too() -> None:
    assert refusal(Fetcher(user_agent="x"), "http://localhost/").code == "address_forbidden"


def test_a_name_is_resolved_once_and_the_connection_goes_where_was_checked() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    fetcher = Fetcher(user_agent="x", resolve=lambda _host, _port: next(answers))

    with pytest.raises(AssertionError, match=f"tried to reach {PUBLIC}"):
        fetch(fetcher, "http://rebinds.example/")

    assert list(answers) == [["127.0.0.1"]]


def test_an_allowed_port_allows_no_other() -> None:
    with Site({"/": answer(b"inside")}) as site, Site({"/": answer(b"other")}) as other:
        fetcher = fetcher_for(f"site.test:{site.port}")

        body = fetch(fetcher, site.url("/", host="site.test"))
        refused = refusal(fetcher, other.url("/", host="site.test"))

    assert body == b"inside"
    assert refused.code == "port_forbidden"
    assert other.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_follows_a_redirect(status: int) -> None:
    with (
        Site({"/a/b": redirect("../c?d", status), "/c?d": answer(b"there")}) as site,
        asked(fetcher_for("site.test"), site.url("/a/b", host="site.test")) as fetched,
    ):
        body = b"".join(fetched.chunks)

    assert body == b"there"
    assert fetched.url == site.url("/c?d", host="site.test")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "address_forbidden"),
        ("http://0x7f.1/", "address_forbidden"),
        ("//10.0.0.1/", "address_forbidden"),
        ("http://other.example/", "address_forbidden"),
        ("http://user:secret@site.test/", "credentials_forbidden"),
        ("http://other.example:6379/", "port_forbidden"),
        ("file:///etc/passwd", "scheme_forbidden"),
        ("http://exa mple/", "url_invalid"),
        ("http://[::1/", "url_invalid"),
    ],
)
def test_it_checks_where_a_redirect_leads(to: str, code: str) -> None:
    with Site({"/": redirect(to)}) as site:
        refused = refusal(fetcher_for("site.test"), site.url("/", host="site.test"))

    assert refused.code == code
    assert site.connections == 1


@pytest.mark.parametrize("port", [0, -1, 65536, 99999])
def test_an_allowed_host_has_no_ports_beyond_the_last(port: int) -> None:
    with Site({"/": redirect(f"http://site.test:{port}/")}) as site:
        refused = refusal(fetcher_for("site.test"), site.url("/", host="site.test"))

    assert refused.code == "port_forbidden"


def test_a_loop_of_redirects_ends() -> None:
    with Site({"/a": redirect("/b"), "/b": redirect("/a")}) as site:
        refused = refusal(fetcher_for("site.test"), site.url("/a", host="site.test"))

    assert refused.code == "too_many_redirects"
    assert len(site.asked) == 6


def test_a_redirect_to_nowhere_is_a_wrong_answer() -> None:
    with Site({"/": answer(b"", status=302)}) as site, pytest.raises(FetchFailed) as failed:
        fetch(fetcher_for("site.test"), site.url("/", host="site.test"))

    assert failed.value.code == "http_status"


def test_it_brings_no_cookie_along() -> None:
    first = answer(b"", status=302, location="/b", set_cookie="who=me")
    with Site({"/a": first, "/b": answer(b"")}) as site:
        fetch(fetcher_for("site.test"), site.url("/a", host="site.test"))

    assert len(site.asked) == 2
    assert "cookie" not in site.asked[1].lower()


def test_it_asks_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Site({"/": answer(b"straight")}) as site, Site({}) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        body = fetch(fetcher_for("site.test"), site.url("/", host="site.test"))

    assert body == b"straight"
    assert proxy.connections == 0


def test_it_tries_the_next_address_of_a_name() -> None:
    with Site({"/": answer(b"second")}) as site:
        body = fetch(fetcher_for("site.test", addresses=["127.0.0.2", "127.0.0.1"]), site.url("/", host="site.test"))

    assert body == b"second"


def test_a_host_that_takes_no_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(FetchFailed, match=r"site\.test cannot be reached") as failed:
        fetch(fetcher_for("site.test"), f"http://site.test:{port}/")

    assert (failed.value.code, failed.value.status) == ("unreachable", 502)


def unknown(number: int) -> Callable[[str, int], list[str]]:
    def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(number, "not known")

    return resolve


@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_NODATA])
def test_what_is_said_does_not_tell_a_name_inside_a_network_from_one_that_nobody_knows(number: int) -> None:
    inside = refusal(fetcher_for(addresses=["10.1.2.3"]), "http://name.example/")
    missing = refusal(Fetcher(user_agent="x", resolve=unknown(number)), "http://name.example/")
    empty = refusal(fetcher_for(addresses=[]), "http://name.example/")

    assert [(str(each), each.code, each.next_step) for each in (missing, empty)] == [
        (str(inside), "address_forbidden", inside.next_step)
    ] * 2


def test_a_resolver_that_does_not_answer_may_do_so_later() -> None:
    with pytest.raises(FetchFailed) as failed:
        fetch(Fetcher(user_agent="x", resolve=unknown(socket.EAI_AGAIN)), "http://name.example/")

    assert failed.value.code == "unreachable"


def test_it_speaks_tls_to_the_name_and_not_to_the_address(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "site.test")
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    with Site({"/": answer(b"secret")}, tls=server) as site:
        fetcher = Fetcher(
            user_agent="x", allowed_hosts=["site.test"], resolve=lambda *_: ["127.0.0.1"], get_ssl_context=lambda: trust
        )
        body = fetch(fetcher, site.url("/", host="site.test"))

    assert body == b"secret"
    assert names == ["site.test"]


@pytest.mark.parametrize(("name", "trusts"), [("other.test", True), ("site.test", False)])
def test_it_does_not_believe_a_certificate_of_another_or_of_nobody(tmp_path: Path, name: str, trusts: bool) -> None:
    server, trust = certificate(tmp_path, name)
    fetcher = fetcher_for("site.test")
    if trusts:
        fetcher = Fetcher(
            user_agent="x", allowed_hosts=["site.test"], resolve=fetcher.resolve, get_ssl_context=lambda: trust
        )
    with Site({"/": answer(b"secret")}, tls=server) as site, pytest.raises(FetchFailed) as failed:
        fetch(fetcher, site.url("/", host="site.test"))

    assert failed.value.code == "certificate_untrusted"
    assert site.asked == []


def test_it_does_not_leave_https_for_http(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "127.0.0.1")
    with Site({"/": answer(b"plain")}) as plain, Site({"/": redirect(plain.url("/"))}, tls=server) as site:
        refused = refusal(
            Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"], get_ssl_context=lambda: trust), site.url("/")
        )

    assert refused.code == "downgrade_forbidden"
    assert plain.connections == 0


def test_a_known_version_is_not_sent_again() -> None:
    with Site({"/": redirect("/page"), "/page": answer(b"", status=304)}) as site:
        known = CacheValidators(url=site.url("/page"), etag='W/"7"', last_modified="Thu, 26 Nov 2026 05:00:00 GMT")
        with fetcher_for("127.0.0.1").open(
            site.url("/"), types={"text/html"}, limits=LIMITS, validators=known
        ) as fetched:
            content = b"".join(fetched.chunks)

    assert (fetched.is_not_modified, fetched.url, content) == (True, site.url("/page"), b"")
    assert "If-None-Match" not in site.asked[0]
    assert 'If-None-Match: W/"7"\r\nIf-Modified-Since: Thu, 26 Nov 2026 05:00:00 GMT' in site.asked[1]


@pytest.mark.parametrize("etag", ['"é"', '"\N{REPLACEMENT CHARACTER}"', '"\x01"'])
def test_a_name_of_a_version_that_http_does_not_allow_is_not_sent_back(etag: str) -> None:
    with Site({"/": answer(b"x")}) as site:
        known = CacheValidators(url=site.url("/"), etag=etag, last_modified="Thu, 26 Nov 2026 05:00:00 GMT")
        with fetcher_for("127.0.0.1").open(
            site.url("/"), types={"text/html"}, limits=LIMITS, validators=known
        ) as fetched:
            assert b"".join(fetched.chunks) == b"x"

    assert "If-None-Match" not in site.asked[0]
    assert "If-Modified-Since" in site.asked[0]


def test_a_server_that_was_not_asked_cannot_say_that_nothing_has_changed() -> None:
    with Site({"/": answer(b"", status=304)}) as site, pytest.raises(FetchFailed) as failed:
        fetch(fetcher_for("127.0.0.1"), site.url("/"))

    assert failed.value.code == "http_status"


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "7", 7),
        (503, "120", 120),
        (429, "Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (429, "soon", None),
        (429, "-1", None),
        (429, "9" * 400, 999_999_999),
        (429, "Thu, 01 Jan 2026 00:00:00 +99999999999999999999", None),
        (503, "Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        (500, "7", None),
    ],
)
def test_it_hears_how_long_a_server_asks_to_wait(status: int, said: str, seconds: int | None) -> None:
    page = answer(b"", status=status, retry_after=said)
    with Site({"/": page}) as site, pytest.raises(FetchFailed) as failed:
        fetch(fetcher_for("127.0.0.1"), site.url("/"))

    assert failed.value.extra.get("retry_after") == seconds
