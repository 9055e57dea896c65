"""Merkle fingerprints: equal content has equal fingerprints, and any change below a node changes the node's.

An entry's fingerprint is made from its pieces, contents and metadata alone, so the same bytes give the same one
whenever they are read. A node's is made from what a generation reads of it: title, language, goals, its entries and its
children, in order, and those accepted mappings of slides to videos for which it is the lowest node above both entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import connection

from materials.contents import encode_contents
from materials.documents import Contents, Piece

# Path and fingerprint of the presentation, number of the slide, path and fingerprint of the video, start and end in
# milliseconds. Paths and not ids, so that a copied course has the fingerprint of its original.
ShownSlide = tuple[str, str, int, str, str, int, int]


_LATER_FIELDS = {"links", "speaker", "word_starts_ms"}
# Where the words are drawn is no part of what they say: to learn it changes nothing that was generated.
_PLACE_FIELDS = {"word_boxes"}


def compute_entry_fingerprint(
    pieces: Iterable[Piece], *, contents: Contents | None = None, metadata: Mapping[str, Any] | None = None
) -> str:
    """Return the fingerprint of an entry (64 hexadecimal digits)."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(_encode_canonical_json(_list_fingerprinted_fields(piece)))
    # Each only where it is: fingerprints that were stored before entries had them stay valid.
    if contents is not None:
        digest.update(_encode_canonical_json({"contents": encode_contents(contents)}))
    if metadata:
        digest.update(_encode_canonical_json({"metadata": dict(metadata)}))
    return digest.hexdigest()


def compute_text_digest(text: str) -> str:
    """Return the digest of a chunk's text, the same that the index `chunk_by_content` has (32 hexadecimal digits)."""
    # MD5, because PostgreSQL has no stronger hash of texts that an index may use. Nothing is guarded by it: who makes
    # two texts with one digest has two texts of their own taken for one.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _list_fingerprinted_fields(piece: Piece) -> dict[str, object]:
    fields = asdict(piece)
    del fields["locator"]["words"]
    # Without empty ones: fingerprints that were stored before pieces had these fields stay valid.
    return {name: value for name, value in fields.items() if _is_fingerprinted(name, value)}


def _is_fingerprinted(name: str, value: object) -> bool:
    return name not in _PLACE_FIELDS and (bool(value) or name not in _LATER_FIELDS)


def compute_node_fingerprint(
    *,
    title: str,
    language: str,
    learning_goal: str,
    expected_knowledge: Sequence[str],
    expected_skills: Sequence[str],
    entries: Sequence[tuple[str, str]],
    children: Sequence[str],
    shown_slides: Sequence[ShownSlide] = (),
) -> str:
    """Return the fingerprint of a node from its ready entries (name, fingerprint) and its children's fingerprints.

    The order of `shown_slides` does not matter. A node without any has the fingerprint of its content alone.
    """
    content: list[object] = [
        title,
        language,
        learning_goal,
        list(expected_knowledge),
        list(expected_skills),
        list(entries),
        list(children),
    ]
    # Not an empty list: fingerprints that were stored before there were mappings stay valid.
    if shown_slides:
        content.append(sorted(shown_slides))
    return hashlib.sha256(_encode_canonical_json(content)).hexdigest()


def _encode_canonical_json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


# UNION rather than UNION ALL drops rows that were found before, so that even a cycle would end the recursion. Ancestors
# that are blank already are left out of the UPDATE: PostgreSQL writes a new row version even for an equal value. Not so
# the course, which remembers since when it has changed until an event tells of it (`materials.tree.change_events`).
_CLEAR_FINGERPRINTS_SQL = """
WITH RECURSIVE line AS (
    SELECT id, parent_id FROM materials_materialnode WHERE id = ANY(%(nodes)s)
    UNION
    SELECT parent.id, parent.parent_id FROM materials_materialnode parent JOIN line ON parent.id = line.parent_id
)
UPDATE materials_materialnode
SET fingerprint = '',
    changed_since = CASE WHEN parent_id IS NULL THEN coalesce(changed_since, clock_timestamp()) END,
    changed_at = CASE WHEN parent_id IS NULL THEN clock_timestamp() END
WHERE id IN (SELECT id FROM line) AND (fingerprint <> '' OR parent_id IS NULL)
"""


def clear_fingerprints(*node_ids: UUID | None) -> None:
    """Clear the fingerprints of these nodes and of every node above them, and mark their courses as changed.

    One statement. None is ignored.

    They are computed again when somebody asks for one (`materials.tree.fingerprinting`).
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR_FINGERPRINTS_SQL, {"nodes": [node_id for node_id in node_ids if node_id is not None]})
