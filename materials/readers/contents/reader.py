"""Read a contents file: the table of contents of a course or a book, as a tool for them has it."""

from __future__ import annotations

from pathlib import Path

from materials.documents import Contents, Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.contents.dialects import DIALECTS, HEAD_BYTES, list_named_dialects, list_warnings, read_dialect
from materials.readers.contents.errors import NotContents

# A package that names 5,000 files has one megabyte; a settings file of a book some kilobytes.
MAX_BYTES = 8 * 2**20


def read(path: Path, name: str) -> Document:
    """Return the document of a contents file: its table of contents, and no text.

    Raises UnreadableDocument for a file that holds none.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableDocument(
            f"The table of contents has {size // 2**20} MiB; at most {MAX_BYTES // 2**20} are read.", code="too_large"
        )
    text = decode_with_warnings(path.read_bytes())
    contents, warnings = _read_contents(text.text, name)
    return Document(pieces=(), title=contents.title, warnings=(*text.warnings, *warnings), contents=contents)


def _read_contents(text: str, name: str) -> tuple[Contents, list[str]]:
    # An entry may have been renamed since its format was found.
    reason = "it has no form that is known."
    for dialect in list_named_dialects(name) or [each for each in DIALECTS if each.hint.search(text[:HEAD_BYTES])]:
        try:
            return read_dialect(dialect, text, name), list_warnings(dialect, text)
        except NotContents as exc:
            reason = str(exc)
    raise _build_error(f"The file is no table of contents: {reason}")


def _build_error(message: str) -> UnreadableDocument:
    return UnreadableDocument(
        message,
        code="no_contents",
        next_step="Delete the entry if it is no table of contents; else mend the file and upload it again.",
    )
