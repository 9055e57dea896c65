"""Read quizzes of learning systems: IMS QTI 1.2, Open edX problems, Moodle XML, GIFT and H5P."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from materials.documents import Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.quizzes.dialects import QuizDialect, find_xml_dialect
from materials.readers.quizzes.gift import read_gift
from materials.readers.quizzes.h5p import read_h5p
from materials.readers.quizzes.moodle import read_moodle
from materials.readers.quizzes.olx import read_olx
from materials.readers.quizzes.qti import read_qti
from materials.readers.quizzes.xml_trees import parse_xml

# Bytes. Question banks of a whole course have a few MiB; more are pictures that are packed as text.
MAX_BYTES = 20 * 2**20

_XML_READERS = {QuizDialect.QTI: read_qti, QuizDialect.OLX: read_olx, QuizDialect.MOODLE: read_moodle}


def read(path: Path) -> Document:
    """Return a quiz as headings of its questions, each with its choices and, in a box, its solution.

    Raises UnreadableDocument for a damaged quiz, one without questions, and one larger than MAX_BYTES.
    """
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            return read_h5p(path)
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The quiz is larger than {MAX_BYTES // 2**20} MiB.", code="too_large")
    text = decode_with_warnings(data)
    dialect = find_xml_dialect(text.text)
    if dialect is not None:
        return _XML_READERS[dialect](parse_xml(data))
    return replace(read_gift(text.text), warnings=text.warnings)
