"""A structure as one HTML file that needs nothing else."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.exports.base import ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.html.page import OUTSIDE, build_frame, load_style, render_page
from structures.exports.html_checks import PageCheck, find_page_faults
from structures.exports.losses import find_outside_losses, find_replaced_characters
from structures.exports.options import ExportOption


@dataclass(frozen=True)
class HTMLFormat:
    """One page: the course, its contents, and each module and lesson with all that is known of it."""

    name: str = "html"
    title: str = "HTML page"
    audience: str = "people who read it in a browser or print it"
    media_type: str = "text/html"
    extension: str = ".html"
    version: str = "1"
    options: Sequence[ExportOption] = ()
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        for piece in render_page(snapshot, build_frame(snapshot)):
            out.write(piece.encode())

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what is in no section, and fields with characters that HTML forbids; all else is there."""
        yield from find_outside_losses(snapshot, OUTSIDE)
        yield from find_replaced_characters(snapshot)

    def validate(self, path: Path) -> ValidationReport:
        """Read the page: it is whole, its links lead somewhere, and it neither runs nor loads anything."""
        with path.open("rb") as file:
            faults = find_page_faults(file, PageCheck(style_source=load_style()[1]))
        return ValidationReport(
            validator="html.parser of Python",
            version=platform.python_version(),
            exit=int(bool(faults)),
            messages=tuple(faults),
        )
