"""Merkle fingerprints: equal content, equal fingerprint; any change below a node changes the node's.

An entry's fingerprint is made from its pieces alone, so the same bytes give the same one whenever they are read. A
node's is made from what a generation reads of it: title, language, goals, its entries and its children, in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from materials.documents import Piece


def of_pieces(pieces: Iterable[Piece]) -> str:
    """Return the fingerprint of an entry (64 hexadecimal digits)."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(_canonical(asdict(piece)))
    return digest.hexdigest()


def of_node(
    *,
    title: str,
    language: str,
    learning_goal: str,
    expected_knowledge: Sequence[str],
    expected_skills: Sequence[str],
    entries: Sequence[tuple[str, str]],
    children: Sequence[str],
) -> str:
    """Return the fingerprint of a node from its ready entries (name, fingerprint) and its children's fingerprints."""
    content = [
        title,
        language,
        learning_goal,
        list(expected_knowledge),
        list(expected_skills),
        list(entries),
        list(children),
    ]
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
