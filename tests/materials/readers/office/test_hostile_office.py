"""Office files that are not what they seem: refused before they are opened, or read at no cost to anybody else."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from materials.documents import Document, Format
from materials.readers.archives import check_zip_parts
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from materials.readers.isolation import ReaderLimits, read_isolated
from materials.readers.registry import read_document
from tests.executed_lines import count_executed_lines
from tests.materials.readers.packages import NAMESPACES, package, shape, slides, word

PARAGRAPH = "<w:p><w:r><w:t>a</w:t></w:r></w:p>"


def archive(*names: str, content: bytes = b"x", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as files:
        for name in names:
            files.writestr(name, content)
    return packed.getvalue()


Later = Callable[[], bytes]


def archive_later(*names: str, content: Later = lambda: b"x") -> Later:
    """Return what makes an archive that takes long, for a table that is read whenever tests are collected."""
    return lambda: archive(*names, content=content())


def open_document(kind: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        files.writestr("content.xml", "<x/>")
    return packed.getvalue()


def ole(*streams: str) -> bytes:
    """Return an OLE container whose directory stands in its second sector, far from both ends."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30:32], head[48:52] = struct.pack("<H", 9), struct.pack("<I", 300)
    names = b"".join(name.encode("utf-16-le").ljust(128, b"\x00") for name in ("Root Entry", *streams))
    return bytes(head) + bytes(512 * 300) + names + bytes(512 * 300)


def locked() -> bytes:
    """Return an archive whose parts are marked as encrypted."""
    made = bytearray(archive("word/document.xml"))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def refused(content: bytes, name: str) -> FormatProblem:
    with pytest.raises(FormatProblem) as problem:
        detect_format(io.BytesIO(content), name)
    assert problem.value.next_step
    return problem.value


@pytest.mark.parametrize(
    ("content", "name", "code", "words"),
    [
        (ole("WordDocument"), "a.doc", "type_unsupported", ("(doc)", "docx or PDF")),
        (ole("PowerPoint Document"), "a.ppt", "type_unsupported", ("(ppt)", "pptx or PDF")),
        (ole("Workbook"), "a.xls", "type_unsupported", ("(xls)", "PDF")),
        (ole("1Table", "WordDocument"), "renamed.docx", "type_unsupported", ("(doc)",)),
        (ole("EncryptionInfo", "EncryptedPackage"), "a.docx", "file_encrypted", ("password",)),
        (locked(), "a.docx", "file_encrypted", ("password",)),
        (open_document("text"), "a.odt", "type_unsupported", ("(odt)", "docx or PDF")),
        (open_document("presentation-template"), "a.otp", "type_unsupported", ("(odp)", "pptx or PDF")),
        (open_document("spreadsheet"), "a.ods", "type_unsupported", ("(ods)", "PDF")),
        (archive("Index/Document.iwa"), "a.key", "type_unsupported", ("Keynote", "pptx, docx or PDF")),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "a.xlsx", "type_unsupported", ("spreadsheet",)),
        (archive("photos/1.jpg"), "a.zip", "type_unsupported", ("archive", "Import")),
        (archive("[Content_Types].xml", "word/styles.xml"), "a.docx", "damaged", ("main part is missing",)),
        (archive("word/document.xml")[:-30], "a.docx", "file_truncated", ("cut off",)),
        (archive("word/document.xml"), "a.pptx", "file_mislabelled", ("Word",)),
        (archive("word/document.xml"), "a.pdf", "file_mislabelled", ("Word",)),
        (archive("word/document.xml", method=zipfile.ZIP_LZMA), "a.docx", "file_oddly_packed", ("save it again",)),
        (
            archive_later("word/document.xml", *(f"word/media/{n}.png" for n in range(5_000))),
            "a.docx", "file_too_many_parts", ("5,000 parts",),
        ),
        (
            archive_later("word/document.xml", content=lambda: bytes(51 * 2**20)),
            "a.docx", "file_unpacks_too_large", ("51 MiB",),
        ),
        (
            archive_later("word/document.xml", "x.bin", content=lambda: bytes(20 * 2**20)),
            "a.docx", "file_unpacks_too_large", ("40 MiB",),
        ),
    ],
)  # fmt: skip
def test_it_says_what_a_file_is_and_what_to_do(
    content: bytes | Later, name: str, code: str, words: tuple[str, ...]
) -> None:
    problem = refused(content() if callable(content) else content, name)

    assert problem.code == code
    for word_ in words:
        assert word_ in f"{problem} {problem.next_step}"


def test_a_table_of_contents_that_is_a_bomb_is_not_loaded() -> None:
    made = bytearray(archive("word/document.xml"))
    made[-10:-6] = struct.pack("<I", 100 * 2**20)

    assert refused(bytes(made), "a.docx").code == "file_too_many_parts"


@pytest.mark.parametrize("name", ["a.docm", "a.dotx", "a.docx", ""])
def test_documents_with_macros_and_templates_are_documents(name: str) -> None:
    content = archive("word/document.xml", "word/vbaProject.bin")

    assert detect_format(io.BytesIO(content), name) is Format.DOCX


def part(name: str, size: int, packed: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.file_size, info.compress_size = size, packed
    return info


def test_a_video_in_a_presentation_is_no_bomb_and_many_small_texts_are() -> None:
    check_zip_parts([part("ppt/presentation.xml", 2_000, 900), part("ppt/media/talk.mp4", 700 * 2**20, 700 * 2**20)])

    with pytest.raises(FormatProblem):
        check_zip_parts([part(f"ppt/slides/slide{n}.xml", 40 * 2**20, 2**20) for n in range(6)])


def test_sizes_that_lie_are_not_believed(tmp_path: Path) -> None:
    made = bytearray(archive("_rels/.rels", content=bytes(60 * 2**20)))
    at = made.index(b"PK\x01\x02")
    for offset in (22, at + 24):
        made[offset : offset + 4] = struct.pack("<I", 1_000)
    path = tmp_path / "lies.docx"
    path.write_bytes(made)

    with pytest.raises(UnreadableDocument) as problem:
        read_isolated(path, Format.DOCX, limits=ReaderLimits(memory_bytes=100 * 2**20))

    assert problem.value.code == "damaged"


def test_pictures_are_never_unpacked(tmp_path: Path) -> None:
    path = slides(tmp_path / "big.pptx", shape("One"), shape("Two"))
    picture = os.urandom(10 * 2**20)
    with zipfile.ZipFile(path, "a") as files:
        for number in range(10):
            files.writestr(f"ppt/media/image{number}.png", picture)
        files.writestr("ppt/embeddings/bomb.docx", archive("word/document.xml", content=bytes(2**20)))

    document = read_isolated(path, Format.PPTX, limits=ReaderLimits(memory_bytes=100 * 2**20, seconds=20))

    assert [piece.text for piece in document.pieces] == ["One", "Two"]


ENTITY = '<!DOCTYPE r [<!ENTITY x SYSTEM "file://{}">]>'


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "_rels/.rels"])
def test_no_part_may_bring_entities(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    made = word(tmp_path / "a.docx", PARAGRAPH, styles="")
    with zipfile.ZipFile(made) as source:
        parts = {one.filename: source.read(one).decode() for one in source.infolist()}
    parts[name] = ENTITY.format(secret) + parts[name].replace("</w:t>", "&x;</w:t>")
    with zipfile.ZipFile(made, "w") as target:
        for one, content in parts.items():
            target.writestr(one, content)

    outcome = _read_or_refuse(lambda: read_isolated(made, Format.DOCX))

    if isinstance(outcome, UnreadableDocument):
        assert outcome.code == "damaged"
    else:
        assert [piece.text for piece in outcome.pieces] == ["a"]
        assert "1 part of the file damaged and left out." in outcome.warnings


def test_relations_lead_nowhere_outside_the_file(tmp_path: Path) -> None:
    secret = tmp_path / "chart.xml"
    secret.write_text(f"<c:chartSpace {NAMESPACES}/>")
    drawing = "".join(f'<w:p><w:r><w:drawing><c:chart r:id="r{n}"/></w:drawing></w:r></w:p>' for n in range(3))
    document = f"<w:document {NAMESPACES}><w:body>{PARAGRAPH}{drawing}</w:body></w:document>"
    targets = ("../../../../../../../etc/passwd", f"file://{secret}", "document.xml")
    relations = {f"r{n}": ("chart", target) for n, target in enumerate(targets)}
    name = "word/document.xml"
    made = package(tmp_path / "a.docx", name, {name: document}, {name: relations})

    assert [piece.text for piece in read_document(made, Format.DOCX).pieces] == ["a"]


START = '<w:start w:val="999999999999"/><w:lvlText w:val="%1"/>'
LEVELS = "".join(f'<w:lvl w:ilvl="{n}">{START}</w:lvl>' for n in range(99))
LISTS = f"<w:abstractNum w:abstractNumId='1'>{LEVELS}</w:abstractNum>"
LISTS += "<w:num w:numId='1'><w:abstractNumId w:val='1'/></w:num>"
MANY_STYLES = "".join(f"<w:style w:styleId='s{n}'><w:basedOn w:val='s{n + 1}'/></w:style>" for n in range(9_000))
ITSELF = "<w:p><w:r><w:footnoteReference w:id='1'/></w:r></w:p>"
LONG_NOTE = f"<w:footnote w:id='1'>{ITSELF}<w:p><w:r><w:t>{'x' * 20_000}</w:t></w:r></w:p></w:footnote>"
DEEP_ITEM = "<w:p><w:pPr><w:numPr><w:ilvl w:val='9999999'/><w:numId w:val='1'/></w:numPr></w:pPr></w:p>"
HOLLOW = "<w:sdt><w:sdt/></w:sdt><w:tbl/><w:tbl><w:tr/></w:tbl><w:p><w:r><w:sym w:char='z'/><w:drawing/></w:r></w:p>"


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>", {}),
        ("<w:tbl><w:tr><w:trPr><w:gridBefore w:val='99999999'/></w:trPr><w:tc><w:p/></w:tc></w:tr></w:tbl>", {}),
        ("<w:p><w:pPr><w:outlineLvl w:val='-99999999999999999'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>", {}),
        (DEEP_ITEM, {"numbering": LISTS}),
        ("<w:p><w:r><w:fldChar w:fldCharType='end'/><w:fldChar w:fldCharType='begin'/></w:r></w:p>", {}),
        (HOLLOW, {}),
        (ITSELF * 2_000, {"footnotes": LONG_NOTE}),
        ("<w:p><w:pPr><w:pStyle w:val='s0'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>", {"styles": MANY_STYLES}),
    ],
    ids=["wide", "skipped", "outline", "numbers", "fields", "hollow", "notes", "styles"],
)  # fmt: skip
def test_absurd_values_cost_nothing(tmp_path: Path, body: str, parts: dict[str, str]) -> None:
    path = word(tmp_path / "a.docx", body + PARAGRAPH, **parts)
    documents: list[Document] = []

    count_executed_lines(lambda: documents.append(read_document(path, Format.DOCX)), at_most=2_000_000)

    assert "a" in [piece.text for piece in documents[0].pieces]
    assert sum(len(piece.text) for piece in documents[0].pieces) < 30_000


@pytest.mark.parametrize("tag", ["w:p", "w:tbl", "w:sdt", "w:r", "w:ins", "m:oMath"])
def test_nesting_without_end_is_refused(tmp_path: Path, tag: str) -> None:
    depth = 100_000
    path = word(tmp_path / "a.docx", f"<{tag}>" * depth + f"</{tag}>" * depth)

    with pytest.raises(UnreadableDocument) as problem:
        read_isolated(path, Format.DOCX)

    assert problem.value.code == "damaged"


def test_slides_without_end_are_refused(tmp_path: Path) -> None:
    listed = "<p:sldIdLst>" + '<p:sldId r:id="s1"/>' * 100_000 + "</p:sldIdLst>"
    main = f"<p:presentation {NAMESPACES}>{listed}</p:presentation>"
    path = package(tmp_path / "a.pptx", "ppt/presentation.xml", {"ppt/presentation.xml": main}, {})

    with pytest.raises(UnreadableDocument) as problem:
        read_isolated(path, Format.PPTX)

    assert problem.value.code == "damaged"


def _whole(path: Path) -> bytes:
    made = word(path / "whole.docx", PARAGRAPH * 5, styles="<w:style w:styleId='a'/>", numbering="", footnotes="")
    return made.read_bytes()


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_a_file_damaged_anywhere_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(_whole(tmp_path))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.docx"
    path.write_bytes(content)

    outcome = _read_or_refuse(lambda: read_document(path, Format.DOCX))

    assert isinstance(outcome, Document) or outcome.next_step


def _read_or_refuse(reading: Callable[[], Document]) -> Document | UnreadableDocument:
    try:
        return reading()
    except UnreadableDocument as exc:
        return exc
