"""Documents as JSON, between the child process that reads a file and the worker that stores it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from materials.contents import decode_contents, encode_contents
from materials.documents import ChunkKind, Contents, Document, LeftOut, LeftOutKind, LeftOutText, Locator, Piece


def encode_document(document: Document) -> bytes:
    """Return a document as JSON. Halves of surrogate pairs, which are no characters, become question marks."""
    return json.dumps(document, ensure_ascii=False, default=_list_fields).encode(errors="replace")


def decode_document(data: bytes) -> Document:
    """Return the document that `encode_document` wrote."""
    fields: dict[str, Any] = json.loads(data)
    fields["pieces"] = tuple(_decode_piece(piece) for piece in fields["pieces"])
    fields["warnings"] = tuple(fields["warnings"])
    fields["blank_pages"] = tuple(fields["blank_pages"])
    fields["left_out"] = tuple(_decode_left_out(group) for group in fields["left_out"])
    if fields["contents"] is not None:
        fields["contents"] = decode_contents(fields["contents"])
    return Document(**fields)


def _list_fields(value: object) -> dict[str, Any] | str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return encode_contents(value) if isinstance(value, Contents) else vars(value)


def _decode_piece(fields: dict[str, Any]) -> Piece:
    return Piece(
        **{
            **fields,
            "kind": ChunkKind(fields["kind"]),
            "locator": _decode_locator(fields["locator"]),
            "emphasised": tuple(fields["emphasised"]),
            "links": tuple(fields["links"]),
            "word_starts_ms": tuple(fields["word_starts_ms"]),
            "word_boxes": b64decode(fields["word_boxes"]),
        }
    )


def _decode_left_out(fields: dict[str, Any]) -> LeftOut:
    return LeftOut(
        kind=LeftOutKind(fields["kind"]),
        count=fields["count"],
        pages=tuple(fields["pages"]),
        texts=tuple(LeftOutText(**{**each, "locator": _decode_locator(each["locator"])}) for each in fields["texts"]),
    )


def _decode_locator(fields: dict[str, Any]) -> Locator:
    return Locator(**{**fields, "heading_path": tuple(fields["heading_path"])})
