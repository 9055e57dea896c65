"""Settings from the environment, read strictly: a value that is not understood stops the start and says what to write.

A secret `NAME` may also come from a file: `NAME_FILE=/run/secrets/name`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_CLOCK_PATTERN = r"(?:[01]\d|2[0-3]):[0-5]\d"
# As browsers write origins: lower-case scheme and host, IDNA, no user, no path. https://fetch.spec.whatwg.org/#origin-header
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def get_text(name: str, default: str = "") -> str:
    """Return the variable without surrounding white space, or `default` when it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def get_secret(name: str, default: str = "") -> str:
    """Return the variable, or the content of the file that `NAME_FILE` names."""
    path = get_text(f"{name}_FILE")
    if not path:
        return get_text(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: it is not UTF-8.") from exc


def get_bool(name: str, *, default: bool) -> bool:
    """Return a yes-or-no variable; raise ImproperlyConfigured for any other word."""
    word = get_text(name).lower()
    if not word:
        return default
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise ImproperlyConfigured(f"{name}={word!r} is not understood. Write 1 or 0.")


def get_integer(name: str, default: int, *, minimum: int = 0) -> int:
    """Return a whole number not below `minimum`; raise ImproperlyConfigured otherwise."""
    word = get_text(name)
    if not word:
        return default
    if word.isdecimal() and int(word) >= minimum:
        return int(word)
    raise ImproperlyConfigured(f"{name}={word!r} is not understood. Write a whole number of at least {minimum}.")


def get_choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of the choices, in their spelling; raise ImproperlyConfigured for any other word."""
    word = get_text(name, default)
    for choice in choices:
        if word.casefold() == choice:
            return choice
    raise ImproperlyConfigured(f"{name}={word!r} is not understood. Write one of {', '.join(choices)}.")


def get_size(name: str, default: str, *, minimum: int = 0) -> int:
    """Return a number of bytes from `50 MB`, `1GiB` or `1048576`; raise ImproperlyConfigured otherwise."""
    word = get_text(name, default)
    number = parse_size(word)
    if number is None:
        raise ImproperlyConfigured(f"{name}={word!r} is not understood. Write a size such as 50MB, 1GiB or 1048576.")
    if number < minimum:
        raise ImproperlyConfigured(f"{name}={word!r} must be at least {minimum} bytes.")
    return number


def parse_size(word: str) -> int | None:
    """Return the number of bytes that a size such as `50 MB` says; None when it is not understood."""
    word = word.lower().replace(" ", "")
    digits = word.rstrip("kmgib")
    unit = word[len(digits) :]
    if digits.isascii() and digits.isdecimal() and unit in _UNITS:
        return int(digits) * _UNITS[unit]
    return None


def get_daily_hours(name: str) -> tuple[time, time] | None:
    """Return start and end of daily hours such as `02:00-06:30`, which may pass midnight; None when blank."""
    word = get_text(name)
    if not word:
        return None
    if not re.fullmatch(rf"{_CLOCK_PATTERN}-{_CLOCK_PATTERN}", word, re.ASCII):
        raise ImproperlyConfigured(f"{name}={word!r} is not understood. Write hours such as 02:00-06:30.")
    start, end = (time.fromisoformat(clock) for clock in word.split("-"))
    if start == end:
        raise ImproperlyConfigured(f"{name}={word!r} begins where it ends. Leave it blank to allow every hour.")
    return start, end


def get_time_zone(name: str, default: str) -> ZoneInfo:
    """Return a time zone of the IANA database; raise ImproperlyConfigured otherwise."""
    word = get_text(name, default)
    try:
        return ZoneInfo(word)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"{name}={word!r} is not a known time zone. Write a name such as Europe/Warsaw or UTC."
        ) from None


def get_list(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without blanks."""
    return [word.strip() for word in get_text(name, default).split(",") if word.strip()]


def get_origins(name: str) -> list[str]:
    """Return a comma-separated list of web origins, as browsers write them. Raises ImproperlyConfigured for others."""
    origins = get_list(name)
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(
                f"{name}: {origin!r} is not the origin of a page. An origin is scheme, lower-case host and, unless it "
                "is the usual one, the port, with nothing behind: https://app.example.org,http://localhost:5173. "
                "`*` and `null` would let in every page."
            )
    return origins


def parse_database_url(url: str) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:port/name?option=value` into an entry of Django's `DATABASES`.

    `host` may also be given as an option, for a Unix socket. Other options go to psycopg as they are.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql:// (PostgreSQL is the only database). "
            "Example: postgresql://coursewright:password@localhost:5432/coursewright"
        )
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL has no whole number for a port. Write signs in a password as %XX, such as %2F for /."
        ) from None  # what was read as the port may be a part of the password
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: write it after the last slash.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": options,
    }


def count_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
