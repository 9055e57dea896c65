"""Read plain text: paragraphs, lists and underlined headings."""

from __future__ import annotations

import re
from pathlib import Path

from materials.documents import ChunkKind, Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.pieces import PieceCollector, tidy_lines

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_UNDERLINE = re.compile(r"^\s*([=\-~*])\1{2,}\s*$")
# Characters: a longer line over a ruler is a paragraph that a ruler ends.
_MAX_HEADING_LENGTH = 120


def read(path: Path) -> Document:
    """Return the pieces of a plain text file, whose blocks are separated by blank lines.

    A heading underlined by `=` has level 1, others have level 2, as in Markdown.
    """
    pieces = PieceCollector()
    text = decode_with_warnings(path.read_bytes())
    for block in re.split(r"\n\s*\n", text.text):
        lines = [line.rstrip() for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        if len(lines) >= 2 and _UNDERLINE.match(lines[1]) and len(lines[0]) <= _MAX_HEADING_LENGTH:
            pieces.add_heading(lines[0], 1 if lines[1].strip()[0] == "=" else 2)
            lines = lines[2:]
        if lines and all(_BULLET.match(line) for line in lines):
            pieces.add(ChunkKind.LIST, "\n".join(re.sub(r"^(\s*)[*•–]", r"\1-", line) for line in lines))
        else:
            pieces.add(ChunkKind.PARAGRAPH, tidy_lines("\n".join(lines)))
    found = tuple(pieces.collected)
    return Document(
        pieces=found,
        title=next((p.text for p in found if p.kind is ChunkKind.HEADING), ""),
        warnings=text.warnings,
        left_out=pieces.left_out.build(),
    )
