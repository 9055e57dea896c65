"""Reading a file of a known format: the inside of a child process of `materials.readers.isolation`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from materials.documents import Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import encode_document
from materials.readers.registry import read_document

MAX_PIECES = 200_000
"""More pieces than any course material has; each becomes a row."""
RECURSION_LIMIT = 5_000


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Read the file at `path`, which has the `format` and the `name` for people, into the file `result`."""
    set_up_process()
    write_document(
        lambda: read_document(Path(request["path"]), Format(request["format"]), name=request["name"]),
        Path(request["result"]),
        send_message,
    )


def write_document(read: Callable[[], Document], result: Path, send_message: Callable[[dict[str, Any]], None]) -> None:
    """Write what `read` returns as JSON, or send why it cannot be read. Call `set_up_process` before."""
    try:
        document = read()
        if len(document.pieces) > MAX_PIECES:
            raise UnreadableDocument(
                f"The file has {len(document.pieces):,} paragraphs; at most {MAX_PIECES:,} are taken.",
                code="too_large",
                next_step="Split the file.",
            )
    except UnreadableDocument as exc:
        send_message({"message": str(exc), "code": exc.code, "next_step": exc.next_step})
    else:
        result.write_bytes(encode_document(document))


def set_up_process() -> None:
    """Set up this process for reading: deep files, and many small values that stay."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    spare_collections()


def spare_collections() -> None:
    """Let garbage be looked for seldom, and only in what the reader makes: nearly all of it stays to the end."""
    gc.freeze()
    gc.set_threshold(20_000)
