"""Material trees for the engines, made from a few words."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid5

from materials.documents import Document, Format, Piece
from materials.readers.formats import detect_format
from materials.readers.registry import read_document
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode

_SPACE = UUID("00000000-0000-7000-8000-000000000000")

Files = Mapping[str, "str | Files"]


def tree(title: str, files: Files) -> SourceNode:
    """Return a tree of folders and files given as nested mappings: `{"01-A": {"text.md": "# A"}}`."""
    return _node(title, files, title)


def chunks_of(root: SourceNode) -> dict[UUID, SourceChunk]:
    """Return every chunk of a tree by its id."""
    return {chunk.id: chunk for node in root.iter_nodes() for entry in node.entries for chunk in entry.chunks}


def _node(title: str, files: Files, path: str) -> SourceNode:
    entries = [_entry(name, text, f"{path}/{name}") for name, text in files.items() if isinstance(text, str)]
    children = [_node(name, below, f"{path}/{name}") for name, below in files.items() if not isinstance(below, str)]
    return SourceNode(id=uuid5(_SPACE, path), title=title, entries=tuple(entries), children=tuple(children))


def _entry(name: str, text: str, path: str) -> SourceEntry:
    format_, document = _read(name, text)
    return SourceEntry(
        id=uuid5(_SPACE, path),
        name=name,
        title=document.title,
        format=format_,
        chunks=tuple(_chunks(path, document.pieces)),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        language=document.language,
        contents=document.contents,
        metadata=document.metadata,
        page_count=document.page_count,
        duration_ms=document.duration_ms,
    )


def _read(name: str, text: str) -> tuple[Format, Document]:
    """Return what the real readers make of a file with this name and text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source"
        file.write_text(text, encoding="utf-8")
        # Empty files are refused before they are read, but a file may turn out to say nothing.
        format_ = detect_format(BytesIO(text.encode() if text.strip() else b"text"), name)
        return format_, read_document(file, format_, name=name)


def _chunks(path: str, pieces: Iterable[Piece]) -> Iterator[SourceChunk]:
    for position, piece in enumerate(pieces):
        yield SourceChunk(
            id=uuid5(_SPACE, f"{path}#{position}"),
            kind=piece.kind,
            text=piece.text,
            locator=piece.locator,
            level=piece.level,
            emphasised=piece.emphasised,
            links=piece.links,
        )
