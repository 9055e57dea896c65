"""robots.txt and pauses, against real sockets on this machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from project.errors import DomainError
from project.outbound.fetcher import Fetcher
from project.outbound.responses import FetchFailed, FetchLimits, FetchRefused
from project.outbound.robots import MAX_ROBOTS_BYTES, RULES_TTL_SECONDS, RobotsPolicy, apply_robots_policy
from tests.fakes.site import Page, Site, answer, head, redirect

LIMITS = FetchLimits(max_bytes=10_000, seconds=5)
EVERYBODY = b"User-agent: *\nDisallow: /private/\nAllow: /private/open\n"


class Pauses:
    """Notes what is waited for, and does not wait."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    def __call__(self, host: str, seconds: float, checkpoint: Callable[[], None]) -> None:
        self.asked.append((host, seconds))


def fetch(site: Site, path: str, *, pauses: Pauses | None = None) -> bytes:
    fetcher = Fetcher(user_agent="Coursewright/1", allowed_hosts=["127.0.0.1"])
    polite = apply_robots_policy(fetcher, name="Coursewright", wait_for_host=pauses or Pauses(), seconds=1)
    with polite.open(site.url(path), types={"text/html"}, limits=LIMITS) as fetched:
        return b"".join(fetched.chunks)


def site_with(robots: Page, **pages: Page) -> Site:
    others = {f"/{name}": page for name, page in pages.items()}
    return Site({"/robots.txt": robots, "/page": answer(b"x"), "/private/page": answer(b"x"), **others})


@pytest.mark.parametrize(
    ("robots", "path", "may"),
    [
        (EVERYBODY, "/page", True),
        (EVERYBODY, "/private/page", False),
        (b"User-agent: other\nDisallow: /\n", "/page", True),
        (b"User-agent: coursewright\nDisallow: /page\n\nUser-agent: *\nDisallow:\n", "/page", False),
        (b"User-agent: Coursewright\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/page", True),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/page", False),
        (b"<html>Not here</html>", "/page", True),
        (b"\xff\xfe\x00garbage\nDisallow: /", "/page", True),
        (b"", "/page", True),
        (b"User-agent: *\nDisallow: /*p*a*g*e$\n" * 1000, "/page", False),
    ],
)
def test_what_robots_txt_says_counts(robots: bytes, path: str, may: bool) -> None:
    with site_with(answer(robots, content_type="text/plain")) as site:
        if may:
            assert fetch(site, path) == b"x"
            return
        with pytest.raises(FetchRefused) as refused:
            fetch(site, path)

    assert refused.value.code == "robots_forbidden"
    assert refused.value.next_step
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_robots_txt_allows_everything(status: int) -> None:
    with site_with(answer(b"User-agent: *\nDisallow: /", status=status)) as site:
        assert fetch(site, "/page") == b"x"


@pytest.mark.parametrize(
    "robots",
    [answer(b"", status=500), answer(b"", status=503), answer(b"", status=429), head(content_length="100") + b"User"],
    ids=["500", "503", "429", "cut off"],
)
def test_where_robots_txt_cannot_be_read_nothing_is_fetched_for_now(robots: Page) -> None:
    with site_with(robots) as site, pytest.raises(FetchFailed) as failed:
        fetch(site, "/page")

    assert failed.value.code == "robots_unreadable"
    assert "again" in failed.value.next_step


def test_a_robots_txt_that_leads_astray_is_none() -> None:
    with site_with(redirect("http://169.254.169.254/")) as site:
        assert fetch(site, "/page") == b"x"


def test_a_host_that_cannot_be_reached_is_told_as_such() -> None:
    with site_with(answer(b"")) as site:
        pass

    with pytest.raises(FetchFailed) as failed:
        fetch(site, "/page")

    assert failed.value.code == "unreachable"


def test_only_the_beginning_of_a_large_robots_txt_is_heeded() -> None:
    large = EVERYBODY + b"#" * MAX_ROBOTS_BYTES + b"\nDisallow: /page\n"

    with site_with(answer(large, content_type="text/plain")) as site:
        assert fetch(site, "/page") == b"x"
        with pytest.raises(FetchRefused):
            fetch(site, "/private/page")


@pytest.mark.parametrize(
    ("said", "seconds"), [("", 1), ("0.1", 1), ("3", 3), ("86400", 10), ("nan", 1), ("-5", 1), ("soon", 1)]
)
def test_there_is_a_pause_before_each_request_and_crawl_delay_makes_it_longer(said: str, seconds: float) -> None:
    pauses = Pauses()
    robots = f"User-agent: *\nCrawl-delay: {said}\nDisallow: /x\n".encode()

    with site_with(answer(robots, content_type="text/plain"), old=redirect("/page")) as site:
        fetch(site, "/old", pauses=pauses)

    assert pauses.asked == [(f"127.0.0.1:{site.port}", seconds)] * 2


def test_the_dot_at_the_end_of_a_name_makes_no_other_site_of_it() -> None:
    pauses = Pauses()
    with site_with(answer(b"")) as site:
        fetcher = Fetcher(user_agent="x", allowed_hosts=["site.test"], resolve=lambda *_: ["127.0.0.1"])
        polite = apply_robots_policy(fetcher, name="Coursewright", wait_for_host=pauses, seconds=1)
        for host in ("site.test", "Site.Test."):
            with polite.open(site.url("/page", host=host), types={"text/html"}, limits=LIMITS):
                pass

    assert pauses.asked == [(f"site.test:{site.port}", 1)] * 2


def test_where_a_redirect_leads_has_a_robots_txt_of_its_own() -> None:
    there = site_with(answer(EVERYBODY, content_type="text/plain"))
    here = site_with(answer(b""), here=redirect(there.url("/private/page")))
    with there, here, pytest.raises(FetchRefused) as refused:
        fetch(here, "/here")

    assert refused.value.code == "robots_forbidden"
    assert [asked.split()[1] for asked in there.asked] == ["/robots.txt"]


def test_robots_txt_is_read_once_an_hour_and_a_broken_one_again_after_a_minute() -> None:
    now = [0.0]
    fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
    manners = RobotsPolicy(
        name="Coursewright", fetcher=fetcher, wait_for_host=Pauses(), seconds=0, clock=lambda: now[0]
    )

    def may(site: Site) -> bool:
        try:
            manners(site.url("/page"), lambda: None)
        except DomainError:
            return False
        return True

    with site_with(answer(b"", status=500)) as site:
        broken = [may(site), may(site)]
        site.pages["/robots.txt"] = answer(EVERYBODY, content_type="text/plain")
        now[0] += 61
        mended = [may(site), may(site)]
        now[0] += RULES_TTL_SECONDS + 1
        may(site)

    assert (broken, mended) == ([False, False], [True, True])
    assert len(site.asked) == 3
