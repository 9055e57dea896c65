"""Manners towards other people's servers: robots.txt is honoured, and one host is not asked too often.

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
from project.outbound.responses import FetchFailed, FetchLimits, FetchRefused

MAX_ROBOTS_BYTES = 512 * 1024
"""So much of a robots.txt is read; what follows is not heeded."""
RULES_TTL_SECONDS = 3600.0
ERROR_TTL_SECONDS = 60.0
MAX_HOSTS = 1000
MAX_DELAY_SECONDS = 10.0
"""A longer Crawl-delay is not heeded to the full: it would keep a worker from everybody else's work."""

_LIMITS = FetchLimits(max_bytes=1 << 40, seconds=20, connect_seconds=10, silence_seconds=10)
_TYPES = {"text/*", "application/*", ""}

WaitForHost = Callable[[str, float, Callable[[], None]], None]
"""Waits until a host (`name` or `name:port`) may be asked again, given the seconds between two requests to it and a
checkpoint. Raises FetchFailed when that is too far away.
"""


@dataclass(frozen=True, kw_only=True)
class _RobotsRules:
    expires_at: float
    parser: Protego | None = None
    error: str = ""


class RobotsPolicy:
    """What is done before each request: see `project.outbound.fetcher.BeforeRequest`. Safe to share between threads.

    `name` is how robots.txt calls us. `seconds` lie between two requests to one host, more where it says Crawl-delay.
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
        """Return when the address may be asked for. Raises FetchRefused, FetchFailed and what `checkpoint` raises."""
        parts = urlsplit(url)
        rules = self._get_rules(f"{parts.scheme}://{parts.netloc}", checkpoint)
        if rules.error:
            raise FetchFailed(
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
        read = self._fetch_rules(site, checkpoint)
        with self._lock:
            self._rules_by_site[site] = read
            self._rules_by_site.move_to_end(site)
            while len(self._rules_by_site) > MAX_HOSTS:
                self._rules_by_site.popitem(last=False)
        return read

    def _fetch_rules(self, site: str, checkpoint: Callable[[], None]) -> _RobotsRules:
        """Ask for a site's robots.txt. Raises FetchFailed when the site cannot be reached at all."""
        content = b""
        try:
            with self._fetcher.open(f"{site}/robots.txt", types=_TYPES, limits=_LIMITS, checkpoint=checkpoint) as got:
                for piece in got.chunks:
                    content += piece
                    if len(content) >= MAX_ROBOTS_BYTES:
                        break
        except FetchRefused:  # no text, or it leads astray: what is wrong with the host itself, the page will tell
            return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS)
        except FetchFailed as exc:
            answered = exc.extra.get("answered", 0)
            if 400 <= answered < 500 and answered != 429:
                return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS)
            if exc.code not in {"http_status", "host_asks_to_wait", "incomplete", "encoding_unknown"}:
                raise
            return _RobotsRules(expires_at=self._clock() + ERROR_TTL_SECONDS, error=str(exc))
        lines = content[:MAX_ROBOTS_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
        return _RobotsRules(expires_at=self._clock() + RULES_TTL_SECONDS, parser=Protego.parse(lines))


def apply_robots_policy(fetcher: Fetcher, *, name: str, wait_for_host: WaitForHost, seconds: float) -> Fetcher:
    """Return the fetcher with manners before each hop."""
    return replace(
        fetcher, before_request=RobotsPolicy(name=name, fetcher=fetcher, wait_for_host=wait_for_host, seconds=seconds)
    )
