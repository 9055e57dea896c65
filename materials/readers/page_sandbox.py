"""Reading what came from the web: pages in a child process, texts in the encoding that their server named."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from materials.documents import Document, Format
from materials.readers import wire
from materials.readers.base.encodings import decode_web_text, is_web_encoding
from materials.readers.base.errors import UnreadableDocument
from materials.readers.sandbox import parse
from project.processes import runner

LIMITS = runner.ProcessLimits(memory_bytes=1536 * 2**20, seconds=90)
TOO_HARD = "Finding the main text took too long or too much memory: all of the page was taken; check for menus."

_TEXTS = {Format.MARKDOWN, Format.PLAIN, Format.SRT, Format.VTT}
_MOST_RECODED_BYTES = 20 * 2**20


def read_fetched(
    path: Path,
    format_: Format,
    *,
    charset: str = "",
    limits: runner.ProcessLimits = LIMITS,
    checkpoint: Callable[[], None] = lambda: None,
) -> Document:
    """Read a file that a server sent in the encoding `charset`, where it named one.

    Raises UnreadableDocument, and soon after `checkpoint` raises, what it raises.
    """
    if format_ is Format.HTML:
        return _read_page(path, charset, limits, checkpoint)
    with _in_utf8(path, charset if format_ in _TEXTS else "") as readable:
        return parse(readable, format_, checkpoint=checkpoint)


def _read_page(path: Path, charset: str, limits: runner.ProcessLimits, checkpoint: Callable[[], None]) -> Document:
    with tempfile.TemporaryDirectory(prefix="coursewright-page-") as folder:
        result = Path(folder) / "document.json"
        request = {"path": str(path), "charset": charset, "result": str(result)}
        refusal: dict[str, str] = {}
        try:
            for told in runner.read_messages(
                "materials.readers.html.webpage", request, limits=limits, checkpoint=checkpoint
            ):
                refusal = told
        except runner.ChildFailed:
            document = parse(path, Format.HTML, checkpoint=checkpoint)
            return replace(document, warnings=(*document.warnings, TOO_HARD))
        if refusal:
            raise UnreadableDocument(refusal["message"], code=refusal["code"], next_step=refusal["next_step"])
        return wire.load(result.read_bytes())


@contextlib.contextmanager
def _in_utf8(path: Path, charset: str) -> Iterator[Path]:
    if not is_web_encoding(charset) or path.stat().st_size > _MOST_RECODED_BYTES:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="coursewright-text-") as folder:
        recoded = Path(folder) / path.name
        recoded.write_text(decode_web_text(path.read_bytes(), charset), encoding="utf-8-sig")
        yield recoded
