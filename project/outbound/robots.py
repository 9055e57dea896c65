"""The policy towards web servers of others: robots.txt is honoured, and a host is not asked too often.

robots.txt comes through the same guarded fetcher as everything else, and is kept for an hour in this process. Where a
server has none, or answers 401, 403 or 404, everything may be fetched (RFC 9309); where it breaks, nothing for now.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from protego import Protego

from project.outbound.fetcher import Fetcher
from project.outbound.public_addresses import normalize_netloc
from project.outbound.responses import FetchFailed, FetchLimits, FetchRefused, SiteUnavailable

# RFC 9309, section 2.5, asks for 500 KiB at least; what stands after that is not heeded.
MAX_ROBOTS_BYTES = 512 * 1024
# RFC 9309, section 2.4, allows a day; after an hour a site that has changed its mind is heard.
RULES_TTL_SECONDS = 3600.0
# A robots.txt that could not be read is asked for again soon, but not for each page of an import.
ERROR_TTL_SECONDS = 60.0
# Rules take some kilobytes a site; a process that fetches from more sites reads the oldest ones again.
MAX_HOSTS = 1000
# Some sites ask for minutes between two requests; a worker would stand still for all other tenants meanwhile.
MAX_DELAY_SECONDS = 10.0

# Reading stops at MAX_ROBOTS_BYTES by itself: a longer file is cut, not refused.
_LIMITS = FetchLimits(max_bytes=1 << 40, seconds=20, connect_seconds=10, silence_seconds=10)
# Servers send robots.txt as nearly any type of text, and as none.
_TYPES = {"text/*", "application/*", ""}

# Called with a host (`name` or `name:port`), the seconds between two requests to it, and a checkpoint; returns when the
# host may be asked again, and raises FetchFailed when that is too far away.
WaitForHost = Callable[[str, float, Callable[[], None]], None]


@dataclass(frozen=True, kw_only=True)
class _RobotsRules:
    expires_at: float
    parser: Protego | None = None
    error: str = ""


class RobotsPolicy:
    """Checks robots.txt and waits before each request (`fetcher.BeforeRequest`). Safe to share between threads.

    `name` is the product token that robots.txt files know. At least `seconds` lie between two requests to one host,
    more where its robots.txt has a Crawl-delay, up to MAX_DELAY_SECONDS.
    """

    def __init__(
        self,
        *,
        name: str,
        fetcher: Fetcher,
        wait_for_host: WaitForHost,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._fetcher, self._wait_for_host, self._seconds, self._clock = (
            name,
            fetcher,
            wait_for_host,
            seconds,
            clock,
        )
        self._rules_by_site: OrderedDict[str, _RobotsRules] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, url: str, checkpoint: Callable[[], None]) -> None:
        """Return when the URL may be requested. Raises FetchRefused, FetchFailed and what `checkpoint` raises."""
        parts = urlsplit(url)
        rules = self._get_rules(f"{parts.scheme}://{parts.netloc}", checkpoint)
        if rules.error:
            raise SiteUnavailable(
                f"Nothing is fetched from {parts.hostname} while its robots.txt cannot be read. {rules.error}",
                code="robots_unreadable",
                next_step="Try again in some minutes, or save the page and upload the file.",
            )
        delay = 0.0
        if rules.parser is not None:
            if not rules.parser.can_fetch(url, self._name):
                raise FetchRefused(
                    f"{parts.hostname} asks programs not to fetch this address (robots.txt).",
                    code="robots_forbidden",
                    next_step="Save the page in a browser and upload the file, if you may use it.",
                )
            delay = rules.parser.crawl_delay(self._name) or 0.0
        self._wait_for_host(
            normalize_netloc(parts.netloc), max(self._seconds, min(delay, MAX_DELAY_SECONDS)), checkpoint
        )

    def _get_rules(self, site: str, checkpoint: Callable[[], None]) -> _RobotsRules:
        with self._lock:
            found = self._rules_by_site.get(site)
            if found is not None and self._clock() < found.expires_at:
                self._rules_by_site.move_to_end(site)
                return found
        # Outside of the lock: threads that fetch from other sites do not wait. Two may read the same file, which is
        # harmless.
        read = self._fetch_rules(site, checkpoint)
        with self._lock:
            self._rules_by_site[site] = read
            self._rules_by_site.move_to_end(site)
            while len(self._rules_by_site) > MAX_HOSTS:
                self._rules_by_site.popitem(last=False)
        return read

    def _fetch_rules(self, site: str, checkpoint: Callable[[], None]) -> _RobotsRules:
        """Read a site's robots.txt. Raises FetchFailed when the site cannot be reached at all."""
        content = b""
        try:
            with self._fetcher.open(f"{site}/robots.txt", types=_TYPES, limits=_LIMITS, checkpoint=checkpoint) as got:
                for piece in got.chunks:
                    content += piece
                    if len(content) >= MAX_ROBOTS_BYTES:
                        break
        except FetchRefused:
            # It is no text, or redirects to where nothing is fetched. What is wrong with the host itself, the request
            # for the page will show.
            return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS)
        except FetchFailed as exc:
            answered = exc.extra.get("answered", 0)
            # RFC 9309, section 2.3.1.3: a client error means that there are no rules; 429 asks to come later.
            if 400 <= answered < 500 and answered != 429:
                return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS)
            # RFC 9309, section 2.3.1.4: while the server fails, nothing may be fetched.
            if exc.code not in {"http_status", "host_asks_to_wait", "incomplete", "encoding_unknown"}:
                raise
            return _RobotsRules(expires_at=self._clock() + ERROR_TTL_SECONDS, error=str(exc))
        lines = content[:MAX_ROBOTS_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
        return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS, parser=Protego.parse(lines))


def apply_robots_policy(fetcher: Fetcher, *, name: str, wait_for_host: WaitForHost, seconds: float) -> Fetcher:
    """Return a fetcher that follows robots.txt and pauses before each hop."""
    return replace(
        fetcher, before_request=RobotsPolicy(name=name, fetcher=fetcher, wait_for_host=wait_for_host, seconds=seconds)
    )
