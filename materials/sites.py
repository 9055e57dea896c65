"""Notes on web sites whose pages are hard to fetch: `config/platforms.yaml` as validated objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from project import logs
from project.config_files import InvalidConfigFile, read_config_file

log = logs.get_logger(__name__)

# Labels of letters, digits and hyphens with at least one dot: a single label such as `org` would match every site
# below.
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _validate_host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise ValueError("a host is a name in small letters, such as example.org, without https:// and path")
    return name


def _validate_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("a path begins with /")
    return path


class WebSite(BaseModel):
    """A site: its hosts (subdomains included), the path prefixes for which the note holds, and the note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    hosts: tuple[Annotated[str, AfterValidator(_validate_host)], ...] = Field(min_length=1)
    paths: tuple[Annotated[str, AfterValidator(_validate_path)], ...] = ("/",)
    note: str = Field(min_length=1, max_length=1000)


class SiteFile(BaseModel):
    """The whole of `config/platforms.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sites: tuple[WebSite, ...]

    @model_validator(mode="after")
    def _check_sites_are_distinct(self) -> SiteFile:
        taken: set[tuple[str, str]] = set()
        for site in self.sites:
            places = {(host, path) for host in site.hosts for path in site.paths}
            if twice := sorted(places & taken):
                raise ValueError(f"sites: {twice[0][0]}{twice[0][1]} is given twice, the second time by {site.name}")
            taken |= places
        return self


@dataclass(frozen=True, kw_only=True)
class SiteNotes:
    """Notes by host. A lookup takes one step for each label of the host, however many notes there are."""

    by_host: Mapping[str, tuple[WebSite, ...]]

    def find_note(self, url: str) -> str:
        """Return the note for a URL; blank when there is none. The most specific host with a matching path counts."""
        try:
            parts = urlsplit(url)
            labels = (parts.hostname or "").rstrip(".").split(".")
        except ValueError:
            return ""
        # Without the last label alone, which can be no key (`_HOST`).
        for start in range(len(labels) - 1):
            for site in self.by_host.get(".".join(labels[start:]), ()):
                if (parts.path or "/").startswith(site.paths):
                    return site.note
        return ""


def find_site_note(url: str) -> str:
    """Return the note on a URL's site; blank when there is none. The file is read once per process."""
    return _load_site_notes(Path(settings.PLATFORMS_FILE)).find_note(url) if url else ""


@cache
def _load_site_notes(path: Path) -> SiteNotes:
    """Return the notes; none when the file cannot be used, which `manage.py check` reports."""
    try:
        return read_site_notes(path)
    except (InvalidConfigFile, OSError) as exc:
        # Notes only explain failures: a broken file must not make uploads fail.
        log.error("notes on web sites cannot be used", fault=str(exc))
        return SiteNotes(by_host={})


def read_site_notes(path: Path) -> SiteNotes:
    """Read a file of sites. Raises InvalidConfigFile and OSError."""
    file, _, _ = read_config_file(path, SiteFile)
    by_host: dict[str, tuple[WebSite, ...]] = {}
    for site in file.sites:
        for host in site.hosts:
            by_host[host] = (*by_host.get(host, ()), site)
    return SiteNotes(by_host=by_host)


@checks.register
def check_site_file(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report every fault of the file of sites, with its line and key."""
    path = Path(settings.PLATFORMS_FILE)
    try:
        read_site_notes(path)
    except InvalidConfigFile as exc:
        return [checks.Error(f"{path.name} {fault}", id="materials.E001") for fault in exc.faults]
    except OSError as exc:
        return [checks.Error(f"{path} cannot be read: {exc.strerror}", id="materials.E002")]
    return []
