"""The documents of a bank of questions besides its items: the manifest, and the one file of QTI 1.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from structures.exports.base import ExportedSnapshot, build_course_key
from structures.exports.lesson_html import escape_text
from structures.exports.qti.questions import Kind, Question
from structures.exports.qti12 import QTI_NAMESPACE, write_choice_item, write_text_item

NAMESPACE = "http://www.imsglobal.org/xsd/imscp_v1p1"
LOM_NAMESPACE = "http://ltsc.ieee.org/xsd/LOM"
BANK = "questions.xml"
"""The file with all questions, in QTI 1.2."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the manifest of a version says of the package, and the type of its resources."""

    schema: str
    schema_version: str
    resource_type: str


PROFILES = {
    "2.1": Profile(schema="QTIv2.1 Package", schema_version="1.0.0", resource_type="imsqti_item_xmlv2p1"),
    "1.2": Profile(schema="IMS Content", schema_version="1.1.3", resource_type="imsqti_xmlv1p2"),
}


def write_manifest(snapshot: ExportedSnapshot, profile: Profile, files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the manifest piece by piece; `files` are identifiers of resources with the path of each."""
    course = snapshot.course
    fields = {"title": course.title, "description": course.description}
    said = "".join(
        f"<lom:{name}><lom:string>{escape_text(text)}</lom:string></lom:{name}>\n"
        for name, text in fields.items()
        if text.strip()
    )
    yield (
        f'{_DECLARATION}<manifest xmlns="{NAMESPACE}" xmlns:lom="{LOM_NAMESPACE}" '
        f'identifier="bank-{build_course_key(course)}">\n<metadata>\n<schema>{profile.schema}</schema>\n'
        f"<schemaversion>{profile.schema_version}</schemaversion>\n<lom:lom>\n<lom:general>\n{said}</lom:general>\n"
        "</lom:lom>\n</metadata>\n<organizations/>\n<resources>\n"
    ).encode()
    for identifier, path in files:
        yield (
            f'<resource identifier="{identifier}" type="{profile.resource_type}" href="{path}">'
            f'<file href="{path}"/></resource>\n'
        ).encode()
    yield b"</resources>\n</manifest>\n"


def write_bank(snapshot: ExportedSnapshot, questions: Iterable[Question]) -> Iterator[bytes]:
    """Yield all questions as one file of QTI 1.2, piece by piece."""
    yield (
        f'{_DECLARATION}<questestinterop xmlns="{QTI_NAMESPACE}">\n<assessment '
        f'ident="bank-{build_course_key(snapshot.course)}" title="{escape_text(snapshot.course.title)}">\n'
        '<section ident="section">\n'
    ).encode()
    for question in questions:
        yield _write_question(question).encode()
    yield b"</section>\n</assessment>\n</questestinterop>\n"


def _write_question(question: Question) -> str:
    # The field that Canvas brought into use, and by which others tell the kinds of questions, too.
    fields, rubric = {"question_type": question.kind.value}, question.render_criteria()
    if question.task is not None:
        is_single = question.kind is Kind.ONE_CHOICE
        return write_choice_item(question.row, question.task, is_single=is_single, fields=fields, rubric=rubric)
    return write_text_item(
        question.row,
        question.render_stem(),
        question.answers,
        fields=fields,
        rubric=rubric,
        solution=question.render_solution(),
    )
