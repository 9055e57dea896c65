"""Losses that formats share, against what they write."""

from __future__ import annotations

import re

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot, ExportFormat
from structures.exports.lesson_html import render_blocks
from structures.exports.losses import WHOLE
from structures.exports.options import complete_options
from structures.exports.registry import EXPORT_FORMATS
from structures.models import StructureSnapshot
from tests.structures.exports.courses import build_node, build_plain_course
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import write


def list_losses(name: str, snapshot: ExportedSnapshot) -> set[tuple[str, str]]:
    """Return title and field of each loss with the defaults of the options."""
    export_format: ExportFormat = EXPORT_FORMATS[name]
    return {
        (loss.title, loss.field)
        for loss in export_format.list_losses(snapshot, complete_options(export_format.options, {}))
    }


@pytest.mark.parametrize("name", ["cc", "scorm", "olx", "docx"])
def test_the_quotes_of_prerequisites_are_lost_where_materials_alone_are_named(name: str) -> None:
    assert ("Steam", "prerequisites.quote") in list_losses(name, build_plain_course().build_snapshot())


@pytest.mark.parametrize("name", ["markdown", "mkdocs", "html", "html-evidence", "docx"])
def test_what_is_in_no_section_is_lost_where_only_sections_are_written(name: str) -> None:
    alone = [build_node(NodeType.CONCEPT, "Ice"), build_node(NodeType.EXERCISE, "Melt it", description="Do.")]
    lesson = build_node(NodeType.LESSON, "Heat", build_node(NodeType.CONCEPT, "Steam"))
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[lesson, *alone])

    assert list_losses(name, snapshot) == {("Ice", WHOLE), ("Melt it", WHOLE)}


@pytest.mark.parametrize("name", ["cc", "docx"])
def test_characters_that_a_sign_stands_for_are_lost_in_what_is_written_alone(name: str) -> None:
    lesson = build_node(NodeType.LESSON, "a\x07", description="b\x0c", arranged_by="c\x0b")
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="d\x01", description="e"), modules=[lesson])

    assert list_losses(name, snapshot) == {
        ("d\x01", "title"), ("a\x07", "title"), ("a\x07", "description"), ("a\x07", "arranged_by")
    }  # fmt: skip
    assert "\ufffd" in "".join(unpack(write(EXPORT_FORMATS[name], snapshot)).values())


def test_fields_of_an_exercise_that_json_ld_has_are_not_lost() -> None:
    exercise = build_node(NodeType.EXERCISE, "Boil", learning_goal="Cook", key_points=["Hot"], topics=["Heat"])
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[exercise])

    assert list_losses("jsonld", snapshot) == set()
    assert all(said in write(EXPORT_FORMATS["jsonld"], snapshot) for said in (b"Cook", b"Hot", b"Heat"))


@pytest.mark.parametrize(
    "text", ["\n".join(f"{'  ' * level}- item{level}" for level in range(30)), f"{'- ' * 30}item0 item29"]
)
def test_nothing_is_dropped_of_lists_in_lists_nor_behind_them(text: str) -> None:
    html = render_blocks(f"{text}\n\nThe end.\n\n```\ncode\n```")

    wanted = re.findall(r"item\d+", text)
    assert re.findall(r"item\d+", html) == wanted
    assert "<p>The end.</p>" in html
    assert "<pre><code>code" in html


def test_lists_as_deep_as_the_parser_reads_are_lists() -> None:
    html = render_blocks("\n".join(f"{'  ' * level}- item{level}" for level in range(9)))

    assert html.count("<ul>") == 9
