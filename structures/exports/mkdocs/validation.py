"""Build a site as `mkdocs build --strict` does, in a child process within limits.

`validate_site` runs in the parent, `run_child` and the functions below it in the child. Of the configuration only what
says how pages are read is obeyed: no theme, no plugin and no hook of the package runs.
"""

from __future__ import annotations

import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from project.processes.runner import ChildFailed, ChildKilled, ProcessLimits, read_messages
from structures.exports.base import ValidationReport
from structures.exports.mkdocs.site import CONFIGURATION, INDEX, PAGES
from structures.exports.package_checks import find_name_faults

_VALIDATOR = "mkdocs build --strict"
_MAX_MESSAGES = 20
# A course of 1,000 lessons takes 5 s and 50 MB on an idle core without a theme, and 21 s on a busy one.
LIMITS = ProcessLimits(memory_bytes=2**31, file_bytes=2**27, cpu_seconds=300, seconds=400)
# What the pages of such a course take on the disk, unpacked and as HTML.
_MAX_UNPACKED_BYTES = 2**28
# How pages are read. Theme and plugins are the only other keys that we write; what else is there would run something.
_OBEYED = ("site_name", "nav", "markdown_extensions", "use_directory_urls", "validation")
_KNOWN = frozenset({*_OBEYED, "theme", "plugins"})
_THEME = "<!doctype html><title>{{ page.title }}</title>{{ page.content }}"


def validate_site(path: Path) -> ValidationReport:
    """Return what is wrong with a site, the first faults of it. The exit is None when it was not built to its end."""
    try:
        number = version("mkdocs")
    except PackageNotFoundError:
        return ValidationReport(validator=_VALIDATOR, version="", exit=None, messages=("It is not installed.",))
    try:
        with zipfile.ZipFile(path) as archive:
            faults = list(islice(_find_file_faults(archive), _MAX_MESSAGES))
        if not faults:
            found = read_messages(__name__, {"path": str(path.absolute())}, limits=LIMITS)
            faults = [message["fault"] for message in islice(found, _MAX_MESSAGES)]
    except (zipfile.BadZipFile, OSError) as exc:
        faults = [f"no ZIP archive: {exc}"]
    except (ChildFailed, ChildKilled) as exc:
        said = f"The site was not built to its end: {exc}."
        return ValidationReport(validator=_VALIDATOR, version=number, exit=None, messages=(said,))
    return ValidationReport(validator=_VALIDATOR, version=number, exit=int(bool(faults)), messages=tuple(faults))


def _find_file_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    yield from (f"{name}: it is missing" for name in (CONFIGURATION, f"{PAGES}/{INDEX}") if name not in names)
    for name in names:
        if name != CONFIGURATION and not (name.startswith(f"{PAGES}/") and name.endswith(".md")):
            yield f"{name}: it is no page"
    if sum(info.file_size for info in archive.infolist()) > _MAX_UNPACKED_BYTES:
        yield f"the files take more than {_MAX_UNPACKED_BYTES} bytes"


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Build the site in the working directory and send what is wrong; called in the child process."""
    with zipfile.ZipFile(request["path"]) as archive:
        for info in archive.infolist():
            target = Path(info.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file)
    for fault in _build(Path(CONFIGURATION)):
        send_message({"fault": fault})


def _build(configuration: Path) -> Iterator[str]:
    import yaml  # noqa: PLC0415  # only the child builds
    from mkdocs.commands.build import build  # noqa: PLC0415
    from mkdocs.config import load_config  # noqa: PLC0415
    from mkdocs.exceptions import MkDocsException  # noqa: PLC0415

    try:
        given = yaml.safe_load(configuration.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        yield f"{CONFIGURATION}: {exc}"
        return
    if not isinstance(given, dict) or not given.keys() <= _KNOWN:
        yield f"{CONFIGURATION}: it has other settings than {', '.join(sorted(_KNOWN))}"
        return
    theme = Path("theme")
    theme.mkdir()
    (theme / "main.html").write_text(_THEME, encoding="utf-8")
    settings = {name: given[name] for name in _OBEYED if name in given}
    settings |= {"theme": {"name": None, "custom_dir": str(theme.absolute())}, "plugins": []}
    checked = Path("checked.yml")
    checked.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    warnings = _Warnings()
    logging.getLogger("mkdocs").addHandler(warnings)
    try:
        folders = {"docs_dir": str(Path(PAGES).absolute()), "site_dir": str(Path("site").absolute())}
        build(load_config(str(checked), strict=True, **folders))
    except MkDocsException as exc:
        # What a strict build says at its end only counts the warnings.
        if not warnings.said:
            warnings.said.append(str(exc))
    yield from warnings.said


class _Warnings(logging.Handler):
    """Collects what MkDocs warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
