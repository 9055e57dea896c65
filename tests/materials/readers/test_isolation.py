"""Bad files against the child process: they must hurt nobody but themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from materials.documents import ChunkKind, Document, Format, Locator, Piece
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import decode_document, encode_document
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from materials.readers.isolation import ReaderLimits, read_isolated
from materials.readers.reader_child import MAX_PIECES
from project.processes.runner import ChildKilled
from tests.process_table import eventually


def docx_with(path: Path, xml: bytes) -> Path:
    """Write a Word document whose text part is replaced."""
    made = path / "made.docx"
    docx.Document().save(str(made))
    hostile = path / "hostile.docx"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part, xml if part.filename == "word/document.xml" else source.read(part))
    return hostile


BODY = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'


def test_it_reads_in_a_child_what_it_reads_itself(tmp_path: Path) -> None:
    path = tmp_path / "with a space.md"
    path.write_text("# Title\n\nText of **some** length.")

    document = read_isolated(path, Format.MARKDOWN)

    assert [piece.text for piece in document.pieces] == ["Title", "Text of some length."]


def test_it_passes_on_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7 nothing")

    with pytest.raises(UnreadableDocument) as refused:
        read_isolated(path, Format.PDF)

    assert refused.value.code == "damaged"
    assert refused.value.next_step


def test_a_file_that_needs_too_much_memory_dies_alone(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 100_000))

    with pytest.raises(UnreadableDocument) as refused:
        read_isolated(path, Format.DOCX, limits=ReaderLimits(memory_bytes=100 * 2**20))

    assert refused.value.code == "out_of_memory"


def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))

    with pytest.raises(UnreadableDocument) as refused:
        read_isolated(path, Format.DOCX, limits=ReaderLimits(seconds=1))

    assert refused.value.code == "timed_out"


def test_a_file_that_holds_more_text_than_can_be_kept_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text("word word\n\n" * 20_000)

    with pytest.raises(UnreadableDocument, match="more text than can be kept") as refused:
        read_isolated(path, Format.MARKDOWN, limits=ReaderLimits(result_bytes=10_000))

    assert (refused.value.code, refused.value.next_step) == ("too_large", "Split it.")


def test_a_file_with_more_paragraphs_than_are_taken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("word\n\n" * (MAX_PIECES + 1))

    with pytest.raises(UnreadableDocument, match=f"has {MAX_PIECES + 1:,} paragraphs; at most 200,000 ") as refused:
        read_isolated(path, Format.PLAIN)

    assert refused.value.code == "too_large"


def test_the_child_is_held_to_every_limit(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))
    expected = {"RLIMIT_AS": 2**30, "RLIMIT_FSIZE": 2**20, "RLIMIT_CPU": 60, "RLIMIT_CORE": 0}

    def checkpoint() -> None:
        for process in psutil.Process().children():
            if "materials.readers.reader_child" in process.cmdline():
                soft = {name: process.rlimit(getattr(psutil, name))[0] for name in expected}
                if soft == expected:
                    raise InterruptedError

    with pytest.raises(InterruptedError):
        read_isolated(
            path,
            Format.DOCX,
            limits=ReaderLimits(memory_bytes=2**30, result_bytes=2**20, seconds=60),
            checkpoint=checkpoint,
        )


def test_it_says_what_a_reader_broke_on(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"^The reader broke on this file \(FileNotFoundError\)\.$") as refused:
        read_isolated(tmp_path / "gone.md", Format.MARKDOWN)

    assert refused.value.code == "reader_failed"


def test_it_stops_when_it_is_told_to_and_leaves_no_child(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))
    others = set(psutil.Process().children(recursive=True))

    def checkpoint() -> None:
        if readers := set(psutil.Process().children(recursive=True)) - others:
            for reader in readers:
                reader.suspend()  # it comes to no end of its own any more
            raise InterruptedError

    with pytest.raises(InterruptedError):
        read_isolated(path, Format.DOCX, checkpoint=checkpoint)

    assert set(psutil.Process().children(recursive=True)) <= others


def test_an_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    entity = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file://%s">]>' % str(secret).encode()
    path = docx_with(tmp_path, entity + BODY % b"<w:p><w:r><w:t>&x;</w:t></w:r><w:r><w:t>kept</w:t></w:r></w:p>")

    try:
        words = " ".join(piece.text for piece in read_isolated(path, Format.DOCX).pieces)
    except UnreadableDocument as exc:
        words = str(exc)

    assert "the secret" not in words


def test_nested_entities_do_not_explode(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a0 "lollollol">'
    bomb += b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 9)) + b"]>"
    path = docx_with(tmp_path, bomb + BODY % b"<w:p><w:r><w:t>&a8;</w:t></w:r></w:p>")

    with pytest.raises(UnreadableDocument) as refused:
        read_isolated(path, Format.DOCX)

    assert refused.value.code == "damaged"


def test_an_archive_that_unpacks_to_too_much_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 60_000_000)

    with path.open("rb") as file, pytest.raises(FormatProblem) as refused:
        detect_format(file, path.name)

    assert refused.value.code == "file_unpacks_too_large"


locators = st.builds(
    Locator,
    page=st.none() | st.integers(1, 9),
    start_ms=st.none() | st.integers(0, 9),
    heading_path=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    fragment=st.none() | st.text(max_size=5),
)
pieces = st.builds(
    Piece, kind=st.sampled_from(ChunkKind), text=st.text(min_size=1), locator=locators,
    emphasised=st.lists(st.text(), max_size=2).map(tuple),
)  # fmt: skip


@given(st.builds(Document, pieces=st.lists(pieces, max_size=4).map(tuple), title=st.text()))
def test_a_document_stays_the_same_as_json(document: Document) -> None:
    assert decode_document(encode_document(document)) == document


def test_a_child_does_not_outlive_the_process_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text("".join("word *b* [c](d) `e` " * 40 + "\n\n" for _ in range(30_000)))
    work = (
        "from pathlib import Path; from materials.documents import Format; from materials.readers.isolation import "
        f"read_isolated; read_isolated(Path({str(path)!r}), Format.MARKDOWN)"
    )
    parent = subprocess.Popen([sys.executable, "-c", work])
    children = psutil.Process(parent.pid).children
    eventually(lambda: bool(children()), seconds=60, what="the child has begun")
    (reader,) = children()

    parent.kill()
    parent.wait()

    eventually(lambda: not reader.is_running(), seconds=60, what="the child ended")


def test_a_reader_that_is_killed_from_outside_is_no_fault_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lecture.md"
    os.mkfifo(file)  # nobody writes into it: the reader waits until it is killed

    def kill() -> None:
        for child in psutil.Process().children():
            if "materials.readers.reader_child" in child.cmdline():
                child.kill()

    with pytest.raises(ChildKilled) as killed:
        read_isolated(file, Format.MARKDOWN, checkpoint=kill)

    assert killed.value.is_our_fault
    assert "no fault of the material" in str(killed.value)
