"""The manifest of a SCORM 1.2 package (ADL SCORM 1.2, Content Aggregation Model, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator

from structures.exports.base import ExportedSnapshot, build_course_key
from structures.exports.lesson_html import escape_text
from structures.exports.scorm.contents import SCRIPT, STYLE, ScormItem, list_pages, walk_items

NAMESPACE = "http://www.imsproject.org/xsd/imscp_rootv1p1p2"
ADL_NAMESPACE = "http://www.adlnet.org/xsd/adlcp_rootv1p2"
LOM_NAMESPACE = "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1"
SCHEMA, SCHEMA_VERSION = "ADL SCORM", "1.2"
WEB_CONTENT = "webcontent"
SHARED = "shared"
"""The identifier of the resource with the files that all pages load."""
MAX_TITLE = 200
"""Characters of the title of an item (IMS Content Packaging 1.1.2, its schema)."""


def shorten_title(title: str) -> str:
    """Return a title as an item may have it."""
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"


def write_manifest(snapshot: ExportedSnapshot) -> Iterator[bytes]:
    """Yield the manifest piece by piece."""
    course = snapshot.course
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest identifier="course-{build_course_key(course)}" version="1" '
        f'xmlns="{NAMESPACE}" xmlns:adlcp="{ADL_NAMESPACE}" xmlns:imsmd="{LOM_NAMESPACE}">\n'
        f"<metadata>\n<schema>{SCHEMA}</schema>\n<schemaversion>{SCHEMA_VERSION}</schemaversion>\n"
        f"{_describe_course(snapshot)}</metadata>\n"
        f'<organizations default="organization">\n<organization identifier="organization">\n'
        f"<title>{escape_text(shorten_title(course.title))}</title>\n"
    ).encode()
    for item in walk_items(snapshot.modules):
        yield (_write_item(item) if item is not None else "</item>\n").encode()
    yield b"</organization>\n</organizations>\n<resources>\n"
    for item in list_pages(snapshot.modules):
        yield (
            f'<resource identifier="{item.resource_identifier}" type="{WEB_CONTENT}" adlcp:scormtype="sco" '
            f'href="{item.path}"><file href="{item.path}"/><dependency identifierref="{SHARED}"/></resource>\n'
        ).encode()
    files = "".join(f'<file href="{path}"/>' for path in (SCRIPT, STYLE))
    yield (
        f'<resource identifier="{SHARED}" type="{WEB_CONTENT}" adlcp:scormtype="asset" href="{SCRIPT}">{files}'
        "</resource>\n</resources>\n</manifest>\n"
    ).encode()


def _describe_course(snapshot: ExportedSnapshot) -> str:
    fields = {"title": snapshot.course.title, "description": snapshot.course.description}
    said = "".join(
        f"<imsmd:{name}><imsmd:langstring>{escape_text(text)}</imsmd:langstring></imsmd:{name}>\n"
        for name, text in fields.items()
        if text.strip()
    )
    return f"<imsmd:lom>\n<imsmd:general>\n{said}</imsmd:general>\n</imsmd:lom>\n"


def _write_item(item: ScormItem) -> str:
    title = f"<title>{escape_text(shorten_title(item.node.row.title))}</title>"
    if item.is_page:
        return f'<item identifier="{item.identifier}" identifierref="{item.resource_identifier}">{title}</item>\n'
    return f'<item identifier="{item.identifier}">{title}\n'
