"""Reading many files in few child processes, for callers that wait for all of them.

Starting a child takes longer than reading a text file. A file that ends its child costs the others nothing but time:
it is read again by itself, and the rest in another child.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from materials.documents import Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import decode_document
from materials.readers.isolation import FILE_LIMITS, read_isolated
from project.processes.runner import ChildFailed, ProcessLimits, read_messages


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """A file to read: where it is, of which format, and the name that people gave it."""

    path: Path
    format: Format
    name: str


def read_batch(
    files: Sequence[NamedFile], *, checkpoint: Callable[[], None] = lambda: None
) -> Iterator[Document | UnreadableDocument]:
    """Yield the document of each file, or why it cannot be read, in order and as soon as it is read.

    Raises what `checkpoint` raises. Each file has the limits of `read_isolated`.
    """
    done = 0
    while done < len(files):
        try:
            for result in _read_in_one_child(files[done:], checkpoint):
                done += 1
                yield result
        except ChildFailed:
            if done == len(files):
                return
            # By itself it has all the time and memory, and what it fails of can be said.
            file = files[done]
            done += 1
            try:
                yield read_isolated(file.path, file.format, name=file.name, checkpoint=checkpoint)
            except UnreadableDocument as exc:
                yield exc


def _read_in_one_child(
    files: Sequence[NamedFile], checkpoint: Callable[[], None]
) -> Iterator[Document | UnreadableDocument]:
    limits = ProcessLimits(
        memory_bytes=FILE_LIMITS.memory_bytes,
        file_bytes=FILE_LIMITS.result_bytes,
        cpu_seconds=FILE_LIMITS.seconds,
        seconds=FILE_LIMITS.seconds,
    )
    with tempfile.TemporaryDirectory(prefix="coursewright-read-") as folder:
        results = [Path(folder) / f"{number}.json" for number in range(len(files))]
        request = {
            "files": [
                {
                    "path": str(file.path.resolve()),
                    "format": file.format.value,
                    "name": file.name,
                    "result": str(result),
                }
                for file, result in zip(files, results, strict=True)
            ]
        }
        messages = read_messages("materials.readers.batch_child", request, limits=limits, checkpoint=checkpoint)
        for result, message in zip(results, messages, strict=True):
            if message["refusal"] is not None:
                yield UnreadableDocument(**message["refusal"])
            else:
                yield decode_document(result.read_bytes())
                result.unlink()
