"""Bad files against the child process: they must hurt nobody but themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import docx
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from materials.documents import ChunkKind, Document, Format, Locator, Piece
from materials.readers import child, wire
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from materials.readers.sandbox import Limits, parse
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

    document = parse(path, Format.MARKDOWN)

    assert [piece.text for piece in document.pieces] == ["Title", "Text of some length."]


def test_it_passes_on_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7 nothing")

    with pytest.raises(UnreadableDocument) as refused:
        parse(path, Format.PDF)

    assert refused.value.code == "damaged"
    assert refused.value.next_step


def test_a_file_that_needs_too_much_memory_dies_alone(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 100_000))

    with pytest.raises(UnreadableDocument) as refused:
        parse(path, Format.DOCX, limits=Limits(memory_bytes=100 * 2**20))

    assert refused.value.code == "out_of_memory"


def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))
    started = time.monotonic()

    with pytest.raises(UnreadableDocument) as refused:
        parse(path, Format.DOCX, limits=Limits(seconds=1))

    assert refused.value.code == "timed_out"
    assert time.monotonic() - started < 5


def test_a_child_that_used_up_its_time_says_so_by_its_signal(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))
    command = [
        sys.executable, "-I", child.__file__, "docx", str(path), str(tmp_path / "result"), str(2**31), "1", str(2**28)
    ]  # fmt: skip

    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait() == -signal.SIGXCPU


def test_it_stops_soon_after_it_is_told_to_and_leaves_no_child(tmp_path: Path) -> None:
    path = docx_with(tmp_path, BODY % (b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 600_000))
    started, others = time.monotonic(), set(psutil.Process().children(recursive=True))

    def checkpoint() -> None:
        if time.monotonic() - started > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        parse(path, Format.DOCX, checkpoint=checkpoint)

    assert time.monotonic() - started < 3
    assert set(psutil.Process().children(recursive=True)) <= others


def test_an_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    entity = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file://%s">]>' % str(secret).encode()
    path = docx_with(tmp_path, entity + BODY % b"<w:p><w:r><w:t>&x;</w:t></w:r><w:r><w:t>kept</w:t></w:r></w:p>")

    try:
        words = " ".join(piece.text for piece in parse(path, Format.DOCX).pieces)
    except UnreadableDocument as exc:
        words = str(exc)

    assert "the secret" not in words


def test_nested_entities_do_not_explode(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a0 "lollollol">'
    bomb += b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 9)) + b"]>"
    path = docx_with(tmp_path, bomb + BODY % b"<w:p><w:r><w:t>&a8;</w:t></w:r></w:p>")

    with pytest.raises(UnreadableDocument) as refused:
        parse(path, Format.DOCX)

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
def test_a_document_survives_the_wire(document: Document) -> None:
    assert wire.load(wire.dump(document)) == document


def test_a_child_does_not_outlive_the_process_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text("".join("word *b* [c](d) `e` " * 40 + "\n\n" for _ in range(30_000)))
    work = (
        "from pathlib import Path; from materials.documents import Format; from materials.readers.sandbox import "
        f"parse; parse(Path({str(path)!r}), Format.MARKDOWN)"
    )
    parent = subprocess.Popen([sys.executable, "-c", work])
    children = psutil.Process(parent.pid).children
    eventually(lambda: bool(children()), seconds=10, what="the child has begun")
    (reader,) = children()

    parent.kill()
    parent.wait()

    eventually(lambda: not reader.is_running(), seconds=10, what="the child ended")
