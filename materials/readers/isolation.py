"""Reading a file in a child process, so that a bad file kills neither the worker nor its neighbours."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from materials.documents import Document, Format
from materials.readers.base.encodings import decode_web_text, is_web_encoding
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import decode_document
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

EXTRACTION_FAILED_WARNING = (
    "Finding the main text took too long or too much memory: all of the page was taken; check for menus."
)

_TEXT_FORMATS = {Format.MARKDOWN, Format.PLAIN, Format.SRT, Format.VTT}
_MAX_RECODED_BYTES = 20 * 2**20


@dataclass(frozen=True, kw_only=True)
class ReaderLimits:
    """What one file may cost: memory and result in bytes, time in seconds, on the clock and of the processor."""

    memory_bytes: int = 1536 * 2**20
    result_bytes: int = 200 * 2**20
    seconds: int = 300


FILE_LIMITS = ReaderLimits()
PAGE_LIMITS = ReaderLimits(seconds=90)


def read_isolated(
    path: Path,
    format_: Format,
    *,
    name: str = "",
    limits: ReaderLimits = FILE_LIMITS,
    checkpoint: Callable[[], None] = lambda: None,
) -> Document:
    """Read a file in a child process of its own. `name` is the one that people gave it, where the path has another.

    Raises UnreadableDocument (also when the file needs more than the limits, or breaks the child), and soon after
    `checkpoint` raises, what it raises. The child and all it started are gone when this returns, and soon
    after this process ends, however it does.
    """
    request = {"path": str(path), "format": format_.value, "name": name or path.name}
    try:
        return _run_reader("materials.readers.reader_child", request, limits, checkpoint)
    except ChildFailed as failure:
        raise _build_error(failure, limits) from failure


def read_fetched_file(
    path: Path,
    format_: Format,
    *,
    name: str = "",
    charset: str = "",
    limits: ReaderLimits = PAGE_LIMITS,
    checkpoint: Callable[[], None] = lambda: None,
) -> Document:
    """Read a file that a server sent in the encoding `charset`, where it named one; of a web page its main text.

    `name` is the one that people gave the file, where the path has another. `limits` are for finding the main text of
    a page, which is read whole when that takes more. Raises UnreadableDocument, and soon after `checkpoint` raises,
    what it raises.
    """
    if format_ is not Format.HTML:
        with _open_as_utf8(path, charset if format_ in _TEXT_FORMATS else "") as readable:
            return read_isolated(readable, format_, name=name or path.name, checkpoint=checkpoint)
    request = {"path": str(path), "charset": charset}
    try:
        return _run_reader("materials.readers.html.webpage_child", request, limits, checkpoint)
    except ChildFailed:
        document = read_isolated(path, Format.HTML, checkpoint=checkpoint)
        return replace(document, warnings=(*document.warnings, EXTRACTION_FAILED_WARNING))


def _run_reader(
    module: str, request: Mapping[str, str], limits: ReaderLimits, checkpoint: Callable[[], None]
) -> Document:
    """Return the document that a child wrote. Raises ChildFailed, and UnreadableDocument as the reader did.

    The document comes as a file: the kernel holds its size to the limit while it is written.
    """
    process_limits = ProcessLimits(
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.result_bytes,
        cpu_seconds=limits.seconds,
        seconds=limits.seconds,
    )
    with tempfile.TemporaryDirectory(prefix="coursewright-read-") as folder:
        result = Path(folder) / "document.json"
        request = {**request, "result": str(result)}
        refusals = list(read_messages(module, request, limits=process_limits, checkpoint=checkpoint))
        if refusals:
            raise UnreadableDocument(**refusals[0])
        if not result.exists():
            raise ChildFailed("the child ended before it wrote the document", code="broke", kind="exit code 0")
        return decode_document(result.read_bytes())


def _build_error(failure: ChildFailed, limits: ReaderLimits) -> UnreadableDocument:
    match failure.code:
        case "timed_out":
            return UnreadableDocument(
                f"Reading the file took longer than {limits.seconds} s.", code="timed_out", next_step="Split the file."
            )
        case "out_of_memory":
            return UnreadableDocument(
                f"Reading the file takes more than {limits.memory_bytes // 2**20} MiB of memory.",
                code="out_of_memory",
                next_step="Split the file, or make its pictures smaller.",
            )
        case "file_too_large":
            return UnreadableDocument(
                "The file holds more text than can be kept.", code="too_large", next_step="Split it."
            )
    return UnreadableDocument(f"The reader broke on this file ({failure.kind}).", code="reader_failed")


@contextlib.contextmanager
def _open_as_utf8(path: Path, charset: str) -> Iterator[Path]:
    """Yield the path of the file, or of a copy in UTF-8 when its encoding is known."""
    if not is_web_encoding(charset) or path.stat().st_size > _MAX_RECODED_BYTES:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="coursewright-text-") as folder:
        recoded = Path(folder) / path.name
        recoded.write_text(decode_web_text(path.read_bytes(), charset), encoding="utf-8-sig")
        yield recoded
