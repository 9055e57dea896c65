"""Reading the rows of a document: its headings, lists, labelled lines and tables, as one tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.course_words import Level
from structures.engines.outline.schedules.rows import Row, read_label
from structures.engines.outline.schedules.tables import is_continued, read_table
from structures.engines.outline.schedules.vocabulary import (
    ANY_NUMBER_WORD,
    SENTENCE_END,
    is_break,
    is_other_list,
)
from structures.engines.outline.words import count_words

# Characters of a line that are looked at for a label and the first words behind it.
_MAX_LABELLED = 200
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*•–]|(?P<number>\d{1,3})[.)]|(?P<letter>[a-zа-я])\))\s+(?P<text>\S.*)$")
# A line with more words than this is text rather than the name of a lesson.
_MAX_TITLE_WORDS = 16
# Depths: headings have those of their levels, 1 to 6.
_BOLD_LINE, _TABLE, _LABELLED, _LIST = 8, 9, 10, 20
_MAX_DEPTH = 30
_LABEL_DEPTHS = {Level.PART: 0, Level.MODULE: 1, Level.LESSON: 2, None: 2}
_DECIMAL = re.compile(r"\d{1,3}(?:\.\d{1,3})+(?=\s)")
# Where a sentence goes on with the next session: ", in the second at water", "; the third ...".
_NEXT = re.compile(
    r"[,;.:]?\s+(?=(?:(?:and|і|und|et|y|e|i)\s+)?(?:(?:in|on|im|in der|у|в|en|dans|w|na|nella|nel)\s+)?"
    rf"(?:the|la|el|le|der|die|das|a|o)?\s*(?:{ANY_NUMBER_WORD})\b)",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class _Builder:
    """Builds the tree of rows, one line after the other."""

    root: Row
    path: list[tuple[int, Row]]

    def add(self, depth: int, row: Row) -> None:
        """Add a row below the last one of a smaller depth, or beside the one that is labelled alike."""
        depth = next((at for at, other in self.path if _is_labelled_alike(row, other)), depth)
        while self.path and self.path[-1][0] >= depth:
            self.path.pop()
        (self.path[-1][1] if self.path else self.root).children.append(row)
        self.path.append((depth, row))

    def close(self, depth: int) -> None:
        """End the rows of this depth and more."""
        while self.path and self.path[-1][0] >= depth:
            self.path.pop()

    def add_text(self, text: str) -> None:
        """Add text that is no row to the last row."""
        row = self.path[-1][1] if self.path else self.root
        row.words += count_words(text)


def _is_labelled_alike(one: Row, other: Row) -> bool:
    """Tell whether two rows count the same things: `Chapter 1` and `Chapter 2`, `1.1.2` and `1.2.1`."""
    if one.level is not None or other.level is not None:
        return one.level is other.level and one.number is not None and other.number is not None
    mine, theirs = _DECIMAL.match(one.text), _DECIMAL.match(other.text)
    return mine is not None and theirs is not None and mine.group().count(".") == theirs.group().count(".")


def read_outline(chunks: Sequence[SourceChunk], *, is_named: bool) -> Row:
    """Return the rows of a document below a row for the whole of it."""
    builder = _Builder(root=Row(title=""), path=[])
    at = 0
    while at < len(chunks):
        chunk = chunks[at]
        at += 1
        if chunk.kind is ChunkKind.HEADING:
            builder.add(chunk.level or 1, _build_row(chunk.text, chunk))
        elif chunk.kind is ChunkKind.TABLE:
            table = [chunk]
            while at < len(chunks) and chunks[at].kind is ChunkKind.TABLE and is_continued(chunk, chunks[at]):
                table.append(chunks[at])
                at += 1
            builder.close(_TABLE)
            above = builder.path[-1][1] if builder.path else builder.root
            rows = [] if is_other_list(above.text) else read_table(table, is_named=is_named)
            above.children += rows
            if not rows:
                builder.add_text(" ".join(each.text for each in table))
        elif chunk.kind is ChunkKind.LIST:
            _add_list(builder, chunk)
        elif chunk.kind in {ChunkKind.PARAGRAPH, ChunkKind.READING}:
            _add_paragraph(builder, chunk)
        elif not chunk.kind.is_machine_written:
            builder.add_text(chunk.text)
    return builder.root


def _add_list(builder: _Builder, chunk: SourceChunk) -> None:
    builder.close(_LIST)
    for line in chunk.text.split("\n"):
        found = _ITEM.match(line)
        if found is None:
            builder.add_text(line)
            continue
        number = int(found["number"]) if found["number"] else None
        depth = min(_LIST + len(found["indent"]), _MAX_DEPTH)
        builder.add(depth, _build_row(found["text"], chunk, number=number))


def _add_paragraph(builder: _Builder, chunk: SourceChunk) -> None:
    text = chunk.text
    bold = chunk.emphasised[0] if chunk.emphasised else ""
    if bold and " ".join(text.split()) == bold and count_words(bold) <= _MAX_TITLE_WORDS:
        label = read_label(text)
        depth = _LABELLED + _LABEL_DEPTHS[label.level] if label.is_said else _BOLD_LINE
        builder.add(depth, _build_row(text, chunk))
        return
    lines = text.split("\n")
    for place, line in enumerate(lines):
        item = _ITEM.match(line)
        # A label is short; the rest of a long line is text.
        label = read_label(line[:_MAX_LABELLED])
        if item is not None and count_words(item["text"]) <= _MAX_TITLE_WORDS and len(lines) > 1:
            number = int(item["number"]) if item["number"] else None
            builder.add(_LIST + 5 if item["letter"] else _LIST, _build_row(item["text"], chunk, number=number))
        elif label.is_said and (label.title or place + 1 < len(lines)):
            builder.close(_LABELLED + _LABEL_DEPTHS[label.level])
            row = _build_sentence_row(line, bold if line.startswith(bold) else "", chunk)
            builder.add(_LABELLED + _LABEL_DEPTHS[label.level], row)
        else:
            builder.add_text(line)


def _build_row(text: str, chunk: SourceChunk, *, number: int | None = None) -> Row:
    label = read_label(text)
    return Row(
        title=label.title, text=text, number=number if number is not None and label.number is None else label.number,
        level=label.level, days=label.days, is_said=label.is_said, is_break=is_break(text),
        citation=Citation(chunk_id=chunk.id, quote=text.strip()),
        words=max(0, count_words(text) - _MAX_TITLE_WORDS),
    )  # fmt: skip


def _build_sentence_row(line: str, bold: str, chunk: SourceChunk) -> Row:
    """Return a row of which sentences follow its title: `Unit 1: Soils. In the first session ...`."""
    line = line.strip()
    sentences = [line[: len(bold)], line[len(bold) :]] if bold else SENTENCE_END.split(line, maxsplit=1)
    title, rest = sentences[0], sentences[1].strip() if len(sentences) > 1 else ""
    # "Unit 1." ends no title.
    if rest and not read_label(title).title:
        title, *more = SENTENCE_END.split(rest, maxsplit=1)
        title, rest = f"{sentences[0]} {title}", more[0] if more else ""
    row = _build_row(title.rstrip(" .;"), chunk)
    row.details = rest
    for clause in _iter_clauses(rest):
        row.children.append(Row(title=clause, text=clause, is_clause=True, is_said=True, citation=row.citation))
    row.words += max(0, count_words(rest) - 2 * _MAX_TITLE_WORDS * max(1, len(row.children)))
    return row


def _iter_clauses(text: str) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        for clause in _NEXT.split(sentence):
            if clause and any(c.isalpha() for c in clause):
                yield clause.strip()
