"""What holds of every export format, on two small courses."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from materials.transfer.tar_archive import GZIP_SIGNATURE
from structures.exports.base import ExportedSnapshot, ExportFormat
from structures.exports.options import ExportOption, OptionsRefused, OptionType, complete_options
from structures.exports.registry import EXPORT_FORMATS
from tests.structures.exports.courses import ExampleCourse, build_hostile_course, build_plain_course

COURSES = {"plain": build_plain_course, "hostile": build_hostile_course}


def write(export_format: ExportFormat, snapshot: ExportedSnapshot, **options: Any) -> bytes:
    """Return the file that a format makes."""
    out = BytesIO()
    export_format.write(snapshot, complete_options(export_format.options, options), out)
    return out.getvalue()


def list_choices(export_format: ExportFormat) -> list[dict[str, Any]]:
    """Return the defaults, and for each option what else it may be, where its values can be counted."""
    others: list[dict[str, Any]] = [
        {option.name: value}
        for option in export_format.options
        for value in ((not option.default,) if option.type is OptionType.BOOLEAN else option.choices)
        if value != option.default
    ]
    return [{}, *others]


EVERY_FILE = [
    pytest.param(each, options, build, id=f"{each.name} {options} {name}")
    for each in EXPORT_FORMATS.values()
    for options in list_choices(each)
    for name, build in COURSES.items()
]


@pytest.mark.parametrize(("export_format", "options", "build"), EVERY_FILE)
def test_its_validator_finds_no_fault_in_what_it_writes(
    tmp_path: Path, export_format: ExportFormat, options: dict[str, Any], build: Callable[[], ExampleCourse]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(write(export_format, build().build_snapshot(), **options))

    report = export_format.validate(path)

    assert report.exit == 0, report.messages
    assert report.validator
    assert report.version


@pytest.mark.parametrize(("export_format", "options", "build"), EVERY_FILE)
def test_the_same_course_gives_the_same_bytes_whatever_the_ids_of_its_rows(
    export_format: ExportFormat, options: dict[str, Any], build: Callable[[], ExampleCourse]
) -> None:
    first, second = build(), build()
    assert {node.row.pk for node in first.build_snapshot().walk_nodes()}.isdisjoint(
        node.row.pk for node in second.build_snapshot().walk_nodes()
    )

    written = write(export_format, first.build_snapshot(), **options)

    assert written == write(export_format, second.build_snapshot(), **options)
    for node in first.build_snapshot().walk_nodes():
        assert str(node.row.pk).encode() not in written


@pytest.mark.parametrize(("export_format", "options", "build"), EVERY_FILE)
def test_its_losses_name_nodes_of_the_course(
    export_format: ExportFormat, options: dict[str, Any], build: Callable[[], ExampleCourse]
) -> None:
    snapshot = build().build_snapshot()
    titles = {node.row.key: node.row.title for node in snapshot.walk_nodes()}

    for loss in export_format.list_losses(snapshot, complete_options(export_format.options, options)):
        assert loss.key is None or titles[loss.key] == loss.title
        assert loss.field
        assert loss.reason.endswith(".")


@pytest.mark.parametrize("export_format", EXPORT_FORMATS.values(), ids=lambda each: each.name)
def test_its_validator_finds_the_fault_of_a_broken_file(tmp_path: Path, export_format: ExportFormat) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"<b>nothing</b>\n")

    report = export_format.validate(path)

    assert report.exit != 0
    assert report.messages


@pytest.mark.parametrize("export_format", EXPORT_FORMATS.values(), ids=lambda each: each.name)
def test_it_is_described(export_format: ExportFormat) -> None:
    assert export_format.title
    assert export_format.audience
    assert export_format.extension.startswith(".")
    assert "/" in export_format.media_type
    defaults = {option.name: option.default for option in export_format.options}
    assert complete_options(export_format.options, {}) == defaults
    assert complete_options(export_format.options, defaults) == defaults


# Of the plain course with the defaults of the options. When one fails, raise the version of its format.
DIGESTS = {
    "markdown": ("2", "61f513a966331a82"),
    "mkdocs": ("1", "afe220862e7fdcee"),
    "html": ("1", "56a224fc3d7e4ae3"),
    "html-evidence": ("1", "c17a432d2182b662"),
    "json": ("1", "ed0276ef164d1bd4"),
    "csv": ("1", "b7c56245e7c67319"),
    "chapters": ("1", "cff023887b9670f2"),
    "transcripts": ("1", "f97dfaed6e2aef39"),
    "cc": ("4", "f1d50dbfaa97bfb8"),
    "docx": ("1", "46e6f6ec937a4723"),
    "anki": ("1", "f2032d40e8691700"),
    "scorm": ("1", "f12c8c00eb3d35d9"),
    "olx": ("1", "ae3e065261310110"),
    "qti": ("1", "8bea940b110c50c0"),
    "h5p": ("1", "9ec6abb645ae3915"),
    "h5p-video": ("1", "fcdf466353b6fd5c"),
    "jsonld": ("1", "559dd1f3e83bd834"),
}


@pytest.mark.parametrize("export_format", EXPORT_FORMATS.values(), ids=lambda each: each.name)
def test_its_version_changes_with_what_it_writes(export_format: ExportFormat) -> None:
    digest = compute_content_digest(write(export_format, build_plain_course().build_snapshot()))

    assert DIGESTS[export_format.name] == (export_format.version, digest)


def compute_content_digest(content: bytes) -> str:
    """Return a digest of a file, of an archive or a database that of what is in it.

    Another zlib packs in another way, and another SQLite may lay out pages in another way.
    """
    digest = hashlib.sha256()
    if zipfile.is_zipfile(BytesIO(content)):
        with zipfile.ZipFile(BytesIO(content)) as package:
            for name in package.namelist():
                digest.update(name.encode() + b"\n" + dump_database(package.read(name)))
    elif content.startswith(GZIP_SIGNATURE):
        digest.update(gzip.decompress(content))
    else:
        digest.update(content)
    return digest.hexdigest()[:16]


def dump_database(content: bytes) -> bytes:
    """Return the statements that make a database of SQLite; of another file its content."""
    if not content.startswith(b"SQLite format 3"):
        return content
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        return "\n".join(database.iterdump()).encode()


OPTIONS = [
    ExportOption(name="on", type=OptionType.BOOLEAN, default=True, description=""),
    ExportOption(name="level", type=OptionType.INTEGER, default=2, description="", minimum=1, maximum=3),
    ExportOption(name="kind", type=OptionType.CHOICE, default="a", description="", choices=("a", "b")),
    ExportOption(name="label", type=OptionType.TEXT, default="", description=""),
]


def test_options_that_are_left_out_have_their_defaults() -> None:
    assert complete_options(OPTIONS, {"level": 3}) == {"on": True, "level": 3, "kind": "a", "label": ""}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"on": 1}, "true or false"),
        ({"level": 0}, "at least 1"),
        ({"level": 4}, "at most 3"),
        ({"level": True}, "an integer"),
        ({"level": "2"}, "an integer"),
        ({"kind": "c"}, "one of: a, b"),
        ({"kind": None}, "one of: a, b"),
        ({"label": "x" * 201}, "200 characters"),
        ({"label": "two\nlines"}, "one line"),
        ({"other": 1}, "Known: on, level, kind, label"),
    ],
)
def test_an_option_that_may_not_be_is_refused_with_what_may(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionsRefused) as refused:
        complete_options(OPTIONS, given)

    assert list(refused.value.faults) == list(given)
    assert said in str(refused.value)


def test_a_format_that_has_no_place_for_the_title_of_the_course_says_so() -> None:
    snapshot = build_plain_course().build_snapshot()

    without = {
        name
        for name, export_format in EXPORT_FORMATS.items()
        for loss in export_format.list_losses(snapshot, complete_options(export_format.options, {}))
        if loss.key is None and loss.field == "title"
    }

    assert without == {"csv", "chapters", "transcripts", "h5p-video"}
