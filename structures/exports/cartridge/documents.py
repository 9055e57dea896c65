"""The XML documents of a cartridge: the manifest, discussion topics, and quizzes (QTI 1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from structures.exports.base import ExportedNodeFields, ExportedSnapshot, build_course_key
from structures.exports.cartridge.contents import CartridgeItem, Kind, list_resources, walk_items
from structures.exports.cartridge.materials import AttachedFile
from structures.exports.cartridge.profiles import (
    MIN_SINGLE_CHOICES,
    MULTIPLE_PROFILE,
    SINGLE_PROFILE,
    WEB_CONTENT,
    Profile,
)
from structures.exports.choice_tasks import ChoiceTask
from structures.exports.lesson_html import escape_text
from structures.exports.qti12 import QTI_NAMESPACE, write_choice_item, write_metadata

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_manifest(
    snapshot: ExportedSnapshot,
    profile: Profile,
    *,
    files: Sequence[AttachedFile] = (),
    shown: Sequence[AttachedFile] = (),
) -> Iterator[bytes]:
    """Yield the manifest piece by piece. `files` are materials in the package, of which those `shown` have items."""
    # Canvas knows by the identifier which course it updates.
    # Moodle tells the version by the default namespace, and looks for it in the first 500 bytes: so it stands first.
    yield (
        f'{_DECLARATION}<manifest xmlns="{profile.namespace}" xmlns:lomimscc="{profile.lom_namespace}" '
        f'identifier="course-{build_course_key(snapshot.course)}">\n<metadata>\n<schema>IMS Common Cartridge</schema>\n'
        f"<schemaversion>{profile.schema_version}</schemaversion>\n{_describe_course(snapshot)}</metadata>\n"
        '<organizations>\n<organization identifier="organization" structure="rooted-hierarchy">\n'
        '<item identifier="root">\n'
    ).encode()
    for item in walk_items(snapshot.modules):
        yield (_write_item(item) if item is not None else "</item>\n").encode()
    if shown:
        yield b'<item identifier="materials"><title>Materials</title>\n'
        for file in shown:
            yield (
                f'<item identifier="{file.item_identifier}" identifierref="{file.resource_identifier}">'
                f"<title>{escape_text(file.file.path)}</title></item>\n"
            ).encode()
        yield b"</item>\n"
    yield b"</item>\n</organization>\n</organizations>\n<resources>\n"
    for item in list_resources(snapshot.modules):
        yield _write_resource(item, profile).encode()
    for file in files:
        yield (
            f'<resource identifier="{file.resource_identifier}" type="{WEB_CONTENT}" href="{file.path}">'
            f'<file href="{file.path}"/></resource>\n'
        ).encode()
    yield b"</resources>\n</manifest>\n"


def write_topic(title: str, text: str, profile: Profile) -> bytes:
    """Return a discussion topic with a text in HTML."""
    return (
        f'{_DECLARATION}<topic xmlns="{profile.topic_namespace}">\n<title>{escape_text(title)}</title>\n'
        f'<text texttype="text/html">{escape(text)}</text>\n</topic>\n'
    ).encode()


def takes_one_choice(task: ChoiceTask) -> bool:
    """Tell whether a quiz lets one choice be chosen. Of such questions the profile wants three choices at least."""
    # With two there is true or false, for which platforms show words of their own in the place of the choices.
    return task.has_one_right_choice and len(task.choices) >= MIN_SINGLE_CHOICES


def write_quiz(identifier: str, row: ExportedNodeFields, task: ChoiceTask) -> bytes:
    """Return a quiz of one question: one choice can be chosen, or all the right ones have to be and no other."""
    is_single = takes_one_choice(task)
    kind = {"cc_profile": SINGLE_PROFILE if is_single else MULTIPLE_PROFILE}
    return (
        f'{_DECLARATION}<questestinterop xmlns="{QTI_NAMESPACE}">\n'
        f'<assessment ident="{identifier}" title="{escape_text(row.title)}">\n'
        f"{write_metadata({'cc_profile': 'cc.exam.v0p1', 'qmd_assessmenttype': 'Examination'})}"
        f'<section ident="section">\n{write_choice_item(row, task, is_single=is_single, fields=kind)}'
        "</section>\n</assessment>\n</questestinterop>\n"
    ).encode()


def _describe_course(snapshot: ExportedSnapshot) -> str:
    fields = {"title": snapshot.course.title, "description": snapshot.course.description}
    said = "".join(
        f"<lomimscc:{name}><lomimscc:string>{escape_text(text)}</lomimscc:string></lomimscc:{name}>\n"
        for name, text in fields.items()
        if text.strip()
    )
    return f"<lomimscc:lom>\n<lomimscc:general>\n{said}</lomimscc:general>\n</lomimscc:lom>\n"


def _write_item(item: CartridgeItem) -> str:
    title = f"<title>{escape_text(item.node.row.title)}</title>"
    if item.kind is Kind.FOLDER:
        return f'<item identifier="{item.identifier}">{title}\n'
    return f'<item identifier="{item.identifier}" identifierref="{item.resource_identifier}">{title}</item>\n'


def _write_resource(item: CartridgeItem, profile: Profile) -> str:
    types = {Kind.PAGE: WEB_CONTENT, Kind.TOPIC: profile.topic_type, Kind.QUIZ: profile.quiz_type}
    # Topics and quizzes are no files that a browser could open, so they have no such address.
    href = f' href="{item.path}"' if item.kind is Kind.PAGE else ""
    return (
        f'<resource identifier="{item.resource_identifier}" type="{types[item.kind]}"{href}>'
        f'<file href="{item.path}"/></resource>\n'
    )
