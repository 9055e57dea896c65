"""A structure as an MkDocs site: Markdown files and a configuration, for authors who keep courses in a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.exports.base import ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import find_replaced_characters
from structures.exports.markdown_format import find_markdown_losses
from structures.exports.mkdocs.site import (
    CONFIGURATION,
    INDEX,
    PAGES,
    build_pages,
    find_page_path,
    render_configuration,
)
from structures.exports.mkdocs.validation import validate_site
from structures.exports.options import ExportOption
from structures.exports.packages import PackageWriter


@dataclass(frozen=True)
class MkDocsFormat:
    """A ZIP archive with `mkdocs.yml` and `docs/`: a first page, and a page for each module and lesson."""

    name: str = "mkdocs"
    title: str = "MkDocs site"
    audience: str = "authors who keep courses in a repository, and publish them as a site"
    media_type: str = "application/zip"
    extension: str = ".mkdocs.zip"
    version: str = "1"
    options: Sequence[ExportOption] = ()
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        pages = build_pages(snapshot)
        with PackageWriter(out) as package:
            package.add_file(CONFIGURATION, _encode(render_configuration(snapshot)))
            package.add_file(f"{PAGES}/{INDEX}", _encode(pages.render_index()))
            for section in pages.sections.values():
                package.add_file(f"{PAGES}/{find_page_path(section)}", _encode(pages.render_page(section)))

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield fields that Markdown has no place for, and those with characters that HTML forbids."""
        yield from find_markdown_losses(snapshot)
        yield from find_replaced_characters(snapshot)

    def validate(self, path: Path) -> ValidationReport:
        """Build the site as `mkdocs build --strict` does, in a child process within limits."""
        return validate_site(path)


def _encode(pieces: Iterable[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode()
