"""Reading many files of known formats: the inside of a child process of `materials.readers.batch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from materials.documents import Document, Format
from materials.readers.reader_child import set_up_process, write_document
from materials.readers.registry import read_document


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Read the `files` in order, each with its `path`, `format`, `name` and `result`, and send a message after each.

    The message holds `refusal`: what `write_document` sends of a file that cannot be read, else None.
    """
    set_up_process()
    for file in request["files"]:
        refusals: list[dict[str, Any]] = []

        def read(file: Mapping[str, str] = file) -> Document:
            return read_document(Path(file["path"]), Format(file["format"]), name=file["name"])

        write_document(read, Path(file["result"]), refusals.append)
        send_message({"refusal": refusals[0] if refusals else None})
