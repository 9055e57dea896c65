"""A structure as a page with its evidence: for each passage a page of its own, with a picture where there is one."""

from __future__ import annotations

import hashlib
import json
import platform
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.exports.base import (
    ExportedLine,
    ExportedPassage,
    ExportedReference,
    ExportedSnapshot,
    ExportLoss,
    ValidationReport,
)
from structures.exports.html.labels import format_place
from structures.exports.html.page import (
    OUTSIDE,
    PageFrame,
    build_frame,
    load_style,
    render_head,
    render_page,
    render_quote,
    render_reading_note,
    render_source_link,
    render_text,
)
from structures.exports.html_checks import PageCheck, find_page_faults
from structures.exports.lesson_html import escape_text
from structures.exports.losses import find_outside_losses, find_replaced_characters
from structures.exports.options import ExportOption
from structures.exports.package_checks import check_package, find_name_faults
from structures.exports.packages import PackageWriter
from structures.exports.places import find_place_url

_INDEX, _FOLDER = "index.html", "evidence"
# A page that is opened from a disk is its own origin only by the name of the scheme.
_OWN_PICTURES = "'self' file: data:"
_JPEG_START = b"\xff\xd8\xff"
# The digits of SHA-256 that name a passage: two of a million passages have one name once in 10^12 courses.
_NAME_DIGITS = 24


@dataclass(frozen=True)
class HTMLEvidenceFormat:
    """A ZIP archive with `index.html` and a folder with the passages that it cites, as pages and pictures."""

    name: str = "html-evidence"
    title: str = "HTML page with evidence"
    audience: str = "people who check a course against its materials, without a server"
    media_type: str = "application/zip"
    extension: str = ".evidence.zip"
    version: str = "1"
    options: Sequence[ExportOption] = ()
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        frame = build_frame(snapshot, find_passage=_find_path)
        with PackageWriter(out) as package:
            package.add_file(_INDEX, (piece.encode() for piece in render_page(snapshot, frame)))
            for passage in _iter_passages(snapshot):
                picture = passage.draw_picture() if passage.draw_picture is not None else None
                name = _compute_name(passage.reference)
                page = _render_passage(passage, frame, picture=f"{name}.jpg" if picture else "")
                package.add_file(f"{_FOLDER}/{name}.html", [page.encode()])
                if picture:
                    package.add_file(f"{_FOLDER}/{name}.jpg", [picture])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield characters that HTML forbids, passages that the materials hold no more, and pictures that there are
        none of.
        """
        yield from find_outside_losses(snapshot, OUTSIDE)
        yield from find_replaced_characters(snapshot)
        lost = {
            _compute_name(passage.reference): found
            for passage in _iter_passages(snapshot)
            if (found := list(_find_losses(passage)))
        }
        for node in snapshot.walk_nodes():
            said = [each for reference in node.references for each in lost.get(_compute_name(reference), ())]
            for field, reason in dict.fromkeys(said):
                yield ExportLoss(key=node.row.key, title=node.row.title, field=field, reason=reason)

    def validate(self, path: Path) -> ValidationReport:
        """Read each page: it is whole, its links lead somewhere, and it loads nothing but pictures beside it."""
        return check_package(path, _find_faults, validator="html.parser of Python", version=platform.python_version())


def _compute_name(reference: ExportedReference) -> str:
    """Return the name of a passage: it follows from where it stands and its words."""
    locator = reference.locator
    place = [reference.entry_path, locator.page, locator.slide, locator.start_ms, locator.end_ms]
    named = json.dumps([*place, *locator.heading_path, reference.quote], ensure_ascii=True)
    return hashlib.sha256(named.encode()).hexdigest()[:_NAME_DIGITS]


def _find_path(reference: ExportedReference) -> str:
    return f"{_FOLDER}/{_compute_name(reference)}.html"


def _iter_passages(snapshot: ExportedSnapshot) -> Iterator[ExportedPassage]:
    """Yield each passage once, at the end those of which nothing is known but the reference."""
    names: set[str] = set()
    for passage in snapshot.open_passages():
        if (name := _compute_name(passage.reference)) not in names:
            names.add(name)
            yield passage
    for node in snapshot.walk_nodes():
        for reference in node.references:
            if (name := _compute_name(reference)) not in names:
                names.add(name)
                yield ExportedPassage(reference=reference, is_deleted=True)


def _find_losses(passage: ExportedPassage) -> Iterator[tuple[str, str]]:
    """Yield field and reason of what is not there of a passage."""
    if passage.is_deleted:
        yield "references.passage", "Its source was deleted since: there are the quoted words, and nothing around them."
    elif not passage.lines:
        yield "references.passage", "Its source was corrected or replaced since: there are the quoted words alone."
    if passage.no_picture:
        yield "references.picture", passage.no_picture


def _render_passage(passage: ExportedPassage, frame: PageFrame, *, picture: str) -> str:
    """Return the page of a passage. `picture` is the file that it shows, blank without one."""
    reference = passage.reference
    catalog, locator = frame.catalog, reference.locator
    named = format_place(catalog, reference.entry_name, locator, is_machine_written=reference.machine_written)
    parts = [
        render_head(named, frame, pictures=_OWN_PICTURES),
        f'<body class="alone">\n<main>\n<h1 dir="auto">{render_text(named)}</h1>\n<div class="passage">',
        f'<img src="{picture}" alt="{escape_text(_describe_picture(reference, frame))}">' if picture else "",
        *_render_words(passage, frame),
        render_source_link(find_place_url(reference, frame.addresses), frame),
        f'</div>\n<p><a href="../{_INDEX}">{frame.label("Back to the course")}</a></p>\n</main>\n</body>\n</html>\n',
    ]
    return "\n".join(filter(None, parts))


def _describe_picture(reference: ExportedReference, frame: PageFrame) -> str:
    if reference.locator.page is None:
        return format_place(frame.catalog, reference.entry_name, reference.locator, is_machine_written=False)
    text = frame.catalog.gettext("Page %(page)s of the document, with the passage marked. Its words follow.")
    return text % {"page": reference.locator.page}


def _render_words(passage: ExportedPassage, frame: PageFrame) -> Iterator[str]:
    reference = passage.reference
    if not passage.lines:
        yield f'<p class="notice"{frame.lang}>{frame.label(_choose_notice(passage))}</p>'
        yield render_quote(reference, reference.quote, frame)
        return
    path = " › ".join((reference.entry_path, *reference.locator.heading_path))
    lines = "\n".join(_render_line(line, frame) for line in passage.lines)
    yield f'<p class="heading" dir="auto">{render_text(path)}</p>\n<blockquote>\n{lines}\n</blockquote>'
    if reference.machine_written:
        yield render_reading_note(frame)


def _choose_notice(passage: ExportedPassage) -> str:
    if passage.is_deleted:
        return "This source is no longer among the materials. The words are those that stood in it then."
    return (
        "These words are not in the source any more: it was corrected or replaced since. They are those that stood "
        "in it then."
    )


def _render_line(line: ExportedLine, frame: PageFrame) -> str:
    names = {"code": line.is_code, "title": line.is_heading, "cited": bool(line.marked)}
    classes = " ".join(["line", *(name for name, holds in names.items() if holds)])
    parts = [
        f'<span class="time">{line.time}</span> ' if line.start_ms is not None else "",
        f"<b>{render_text(line.speaker)}:</b> " if line.speaker else "",
        render_text(line.before),
        f"<mark>{render_text(line.marked)}</mark>{render_text(line.after)}" if line.marked else "",
    ]
    note = f' <span class="label machine"{frame.lang}>{frame.label("read by a model")}</span>'
    return f'<p class="{classes}" dir="auto">{"".join(parts)}{note if line.is_machine_written else ""}</p>'


def _find_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    if _INDEX not in names:
        yield f"{_INDEX}: it is missing"
    pages = {name for name in names if name.startswith(f"{_FOLDER}/") and name.endswith(".html")}
    pictures = {Path(name).name for name in names if name.startswith(f"{_FOLDER}/") and name.endswith(".jpg")}
    for name in names:
        with archive.open(name) as file:
            if name == _INDEX or name in pages:
                inside = pages if name == _INDEX else {f"../{_INDEX}"}
                check = PageCheck(style_source=load_style()[1], pages=inside, pictures=pictures)
                yield from (f"{name}: {fault}" for fault in find_page_faults(file, check))
            elif Path(name).name not in pictures:
                yield f"{name}: neither a page nor a picture of evidence"
            elif file.read(len(_JPEG_START)) != _JPEG_START:
                yield f"{name}: it is no JPEG"
