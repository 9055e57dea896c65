"""Documents as JSON, between the child process that reads a file and the worker that stores it."""

from __future__ import annotations

import json
from typing import Any

from materials.documents import ChunkKind, Document, Locator, Piece


def encode_document(document: Document) -> bytes:
    """Return a document as JSON. Halves of surrogate pairs, which are no characters, become question marks."""
    return json.dumps(document, ensure_ascii=False, default=vars).encode(errors="replace")


def decode_document(data: bytes) -> Document:
    """Return the document that `encode_document` wrote."""
    fields: dict[str, Any] = json.loads(data)
    fields["pieces"] = tuple(_decode_piece(piece) for piece in fields["pieces"])
    fields["warnings"] = tuple(fields["warnings"])
    return Document(**fields)


def _decode_piece(fields: dict[str, Any]) -> Piece:
    locator = fields["locator"]
    return Piece(
        **{
            **fields,
            "kind": ChunkKind(fields["kind"]),
            "locator": Locator(**{**locator, "heading_path": tuple(locator["heading_path"])}),
            "emphasised": tuple(fields["emphasised"]),
        }
    )
