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
from project.outbound.public_addresses import without_root
from project.outbound.responses import FetchFailed, FetchRefused, Limits

MOST_BYTES = 512 * 1024
"""So much of a robots.txt is read; what follows is not heeded."""
KEPT_SECONDS = 3600.0
BROKEN_SECONDS = 60.0
MOST_HOSTS = 1000
MOST_DELAY = 10.0
"""A longer Crawl-delay is not heeded to the full: it would keep a worker from everybody else's work."""

_LIMITS = Limits(most_bytes=1 << 40, seconds=20, connect_seconds=10, silence_seconds=10)
_TYPES = {"text/*", "application/*", ""}

Pause = Callable[[str, float, Callable[[], None]], None]
"""Waits until a host (`name` or `name:port`) may be asked again, given the seconds between two requests to it and a
checkpoint. Raises FetchFailed when that is too far away.
"""


@dataclass(frozen=True, kw_only=True)
class _Rules:
    until: float
    robots: Protego | None = None
    broken: str = ""


class Manners:
    """What is done before each request: see `project.outbound.fetcher.Ahead`. Safe to share between threads.

    `name` is how robots.txt calls us. `seconds` lie between two requests to one host, more where it says Crawl-delay.
    """

    def __init__(
        self, *, name: str, fetcher: Fetcher, pause: Pause, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._fetcher, self._pause, self._seconds, self._clock = name, fetcher, pause, seconds, clock
        self._known: OrderedDict[str, _Rules] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, url: str, checkpoint: Callable[[], None]) -> None:
        """Return when the address may be asked for. Raises FetchRefused, FetchFailed and what `checkpoint` raises."""
        parts = urlsplit(url)
        rules = self._rules(f"{parts.scheme}://{parts.netloc}", checkpoint)
        if rules.broken:
            raise FetchFailed(
                f"Nothing is fetched from {parts.hostname} while its robots.txt cannot be read. {rules.broken}",
                code="robots_unreadable",
                next_step="Try again in some minutes, or save the page and upload the file.",
            )
        delay = 0.0
        if rules.robots is not None:
            if not rules.robots.can_fetch(url, self._name):
                raise FetchRefused(
                    f"{parts.hostname} asks programs not to fetch this address (robots.txt).",
                    code="robots_forbidden",
                    next_step="Save the page in a browser and upload the file, if you may use it.",
                )
            delay = rules.robots.crawl_delay(self._name) or 0.0
        self._pause(without_root(parts.netloc), max(self._seconds, min(delay, MOST_DELAY)), checkpoint)

    def _rules(self, site: str, checkpoint: Callable[[], None]) -> _Rules:
        with self._lock:
            found = self._known.get(site)
            if found is not None and self._clock() < found.until:
                self._known.move_to_end(site)
                return found
        read = self._read(site, checkpoint)
        with self._lock:
            self._known[site] = read
            self._known.move_to_end(site)
            while len(self._known) > MOST_HOSTS:
                self._known.popitem(last=False)
        return read

    def _read(self, site: str, checkpoint: Callable[[], None]) -> _Rules:
        """Ask for a site's robots.txt. Raises FetchFailed when the site cannot be reached at all."""
        content = b""
        try:
            with self._fetcher.open(f"{site}/robots.txt", types=_TYPES, limits=_LIMITS, checkpoint=checkpoint) as got:
                for piece in got.chunks:
                    content += piece
                    if len(content) >= MOST_BYTES:
                        break
        except FetchRefused:  # no text, or it leads astray: what is wrong with the host itself, the page will tell
            return _Rules(until=self._clock() + KEPT_SECONDS)
        except FetchFailed as exc:
            answered = exc.extra.get("answered", 0)
            if 400 <= answered < 500 and answered != 429:
                return _Rules(until=self._clock() + KEPT_SECONDS)
            if exc.code not in {"http_status", "host_asks_to_wait", "incomplete", "encoding_unknown"}:
                raise
            return _Rules(until=self._clock() + BROKEN_SECONDS, broken=str(exc))
        lines = content[:MOST_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
        return _Rules(until=self._clock() + KEPT_SECONDS, robots=Protego.parse(lines))


def with_manners(fetcher: Fetcher, *, name: str, pause: Pause, seconds: float) -> Fetcher:
    """Return the fetcher with manners before each hop."""
    return replace(fetcher, ahead=Manners(name=name, fetcher=fetcher, pause=pause, seconds=seconds))
