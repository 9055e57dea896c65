"""Statements that the materials make of a lesson under a heading or label: its goals, key points, prerequisites."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sentences import MAX_SENTENCE_LENGTH, split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.design.goal_sentences import announces_goals, may_state_goal, states_goal
from structures.engines.outline.design.purposes import Purpose, classify_heading, split_label

# A paragraph of more sentences is a text about goals, not a statement of them. A choice: half and twice give the same
# on the sample courses.
_MAX_SENTENCES = 8
# A label so short between lists divides them, as "Skills:" does; any other text ends them.
_MAX_GROUP_WORDS = 3
# What a summary says before a list of what was learned.
_LEARNED = re.compile(
    r"learn|cover|saw|seen|discuss|know|дізнал|навчил|вивчил|розгляну|узнал|научил|изучил|aprend|visto|vimos|estudia|gelernt|gesehen|"
    r"kennengelernt|appris|vu\b|nauczy|pozna|impara|学"
)
# Where a text says what it is going to teach it does so first, behind pictures and questions. In chunks that are no
# headings; on the sample courses half of it loses 4 of 196 goals, a quarter 18.
_OPENING_CHUNKS = 24
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*•·–]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_TRAILING = " ;,，；、"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement as the materials word it, without the mark of its list, and the passage that holds it.

    No passage where front matter states it.
    """

    text: str
    citation: Citation | None

    @property
    def quote(self) -> str:
        return self.citation.quote if self.citation is not None else ""


@dataclass(kw_only=True)
class _Block:
    """An open heading or label and what stands below it so far."""

    purpose: Purpose
    heading: SourceChunk | None
    items: list[Statement] = field(default_factory=list)
    # One list for each paragraph.
    paragraphs: list[list[Statement]] = field(default_factory=list)
    is_complete: bool = False
    is_divided: bool = False

    def includes(self, chunk: SourceChunk) -> bool:
        """Tell whether a chunk stands below the heading; a label has only the list behind it."""
        heading = self.heading
        if heading is None:
            return chunk.kind is ChunkKind.LIST and not self.items
        if chunk.kind is ChunkKind.HEADING:
            # Headings inside divide the list ("Knowledge", "Skills"), unless it is there already.
            return (chunk.level or 1) > (heading.level or 1) and (self.is_divided or not self.items)
        if chunk.locator.slide != heading.locator.slide:
            return False
        path = heading.locator.heading_path
        return not path or chunk.locator.slide is not None or chunk.locator.heading_path[: len(path)] == path

    def add(self, chunk: SourceChunk, language: str) -> None:
        """Take in a chunk below the heading. What follows a list after some other text is no part of it."""
        if chunk.kind is ChunkKind.LIST:
            if not self.is_complete and self._announces_its_list():
                self.items.extend(_iter_items(chunk))
        elif chunk.kind is ChunkKind.HEADING:
            self.is_divided = True
        elif self.items and not (chunk.text.endswith(":") and len(chunk.text.split()) <= _MAX_GROUP_WORDS):
            self.is_complete = True
        elif chunk.kind in {ChunkKind.PARAGRAPH, ChunkKind.NOTES}:
            sentences = list(_iter_sentences(chunk))
            goals = [each for each in sentences if states_goal(each.quote, language)]
            self.paragraphs.append(goals if goals and self.purpose is Purpose.GOALS else sentences)

    def _announces_its_list(self) -> bool:
        """Tell whether a list that comes now belongs to the purpose: a summary may also end with tasks."""
        if self.purpose is not Purpose.SUMMARY or not self.paragraphs or not self.paragraphs[-1]:
            return True
        last = self.paragraphs[-1][-1].text
        return not last.endswith((":", "：")) or _LEARNED.search(last) is not None

    def collect(self) -> list[Statement]:
        """Return what the block states: the items of its lists, or the sentences of its first paragraph without any."""
        sentences = [each for each in next(iter(self.paragraphs), []) if not each.text.endswith((":", "："))]
        if self.purpose in {Purpose.QUESTIONS, Purpose.LEADING_QUESTIONS}:
            return [one for one in (self.items or sentences) if one.text.endswith(("?", "？"))]
        if self.items or self.purpose is Purpose.SUMMARY:
            return [one for one in self.items if not one.text.endswith(("?", "？"))]
        return sentences if len(sentences) <= _MAX_SENTENCES else []


def collect_statements(chunks: Sequence[SourceChunk], language: str) -> dict[Purpose, list[Statement]]:
    """Return what the chunks of one file state of their lesson, by purpose.

    Goals that stand in sentences of the text ("In this lesson you will learn ...") count only without a heading or
    label for them. A heading "Questions" announces the questions of a lesson only where no text stands before it: at
    the end stand those that the learner answers.
    """
    found: dict[Purpose, list[Statement]] = defaultdict(list)
    in_text: list[Statement] = []
    block: _Block | None = None
    texts_seen = 0

    def close(ended: _Block | None) -> None:
        if ended is not None:
            found[ended.purpose].extend(ended.collect())

    for chunk in chunks:
        if block is not None and not block.includes(chunk):
            close(block)
            block = None
        if chunk.kind is ChunkKind.HEADING:
            purpose = classify_heading(chunk.text)
            if purpose is None and announces_goals(f"{chunk.text.rstrip(':： ')}:", language):
                purpose = Purpose.GOALS
            if purpose is Purpose.QUESTIONS and texts_seen:
                purpose = None
            if purpose is not None:
                close(block)
                block = _Block(purpose=purpose, heading=chunk)
            elif block is not None:
                block.add(chunk, language)
            continue
        listed, items = _read_plain_list(chunk, language)
        if listed is not None:
            found[listed].extend(items)
            continue
        label, rest = _read_label(chunk, language)
        if label is not None and (block is None or block.purpose is not label):
            if rest:
                found[label].extend(_split_statements(rest, chunk))
            elif block is None or block.heading is None:
                close(block)
                block = _Block(purpose=label, heading=None)
            continue
        if block is not None:
            block.add(chunk, language)
            continue
        for purpose, statement in _read_table(chunk):
            found[purpose].append(statement)
        if texts_seen < _OPENING_CHUNKS and may_state_goal(chunk.text, language):
            in_text += [each for each in _iter_sentences(chunk) if states_goal(each.quote, language)]
        texts_seen += 1
    close(block)
    if not found[Purpose.GOALS]:
        found[Purpose.GOALS] = in_text
    return {purpose: list(_drop_repeats(statements)) for purpose, statements in found.items() if statements}


def _read_label(chunk: SourceChunk, language: str) -> tuple[Purpose | None, str]:
    """Return what a paragraph announces by its label or lead-in, and what it says behind it."""
    if chunk.kind not in {ChunkKind.PARAGRAPH, ChunkKind.NOTES}:
        return None, ""
    purpose, rest = split_label(chunk.text)
    if purpose is None:
        purpose, rest = _read_announcement(chunk, language), ""
    # "Remember: ..." is a remark, and "Questions: ..." may be the learner's.
    if purpose in {Purpose.QUESTIONS, Purpose.SUMMARY} or (
        rest and purpose not in {Purpose.GOALS, Purpose.PREREQUISITES}
    ):
        return None, ""
    return purpose, rest


def _read_announcement(chunk: SourceChunk, language: str) -> Purpose | None:
    """Return what a paragraph without a label of its own announces for the list behind it."""
    if announces_goals(chunk.text, language):
        return Purpose.GOALS
    # The title of a box, or a line in bold instead of a heading, as Word files have.
    if (purpose := classify_heading(chunk.text)) is not None and not chunk.text.endswith((".", "!", "?")):
        return purpose
    # Several labels in one paragraph, of which the last has a list: "Topic: acids Goals:".
    last = chunk.emphasised[-1].rstrip(":： ") if chunk.emphasised else ""
    is_at_end = bool(last) and chunk.text.rstrip().endswith((":", "：")) and chunk.text.rstrip(":： ").endswith(last)
    return classify_heading(last) if is_at_end else None


def _read_plain_list(chunk: SourceChunk, language: str) -> tuple[Purpose | None, list[Statement]]:
    """Return what a paragraph of plain text announces in its first line, and the items on the lines below it."""
    first, _, below = chunk.text.partition("\n")
    if chunk.kind is not ChunkKind.PARAGRAPH or _ITEM.match(below) is None:
        return None, []
    purpose = classify_heading(first.rstrip(":： ")) or (Purpose.GOALS if announces_goals(first, language) else None)
    return purpose, list(_iter_items(chunk)) if purpose is not None else []


def _iter_items(chunk: SourceChunk) -> Iterator[Statement]:
    """Yield the items of a list, those nested in an item behind its own words."""
    lines = chunk.text.split("\n")
    starts = [at for at, line in enumerate(lines) if (mark := _ITEM.match(line)) is not None and not mark["indent"]]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        passage = "\n".join(lines[start:end])
        words = [_ITEM.sub("", line).strip(_TRAILING) for line in lines[start:end]]
        first, nested = words[0], [word for word in words[1:] if word]
        text = f"{first}{'' if first.endswith((':', '：')) else ':'} {'; '.join(nested)}" if nested else first
        if 0 < len(text) <= MAX_SENTENCE_LENGTH:
            yield Statement(text=text, citation=Citation(chunk_id=chunk.id, quote=passage.strip()))


def _iter_sentences(chunk: SourceChunk) -> Iterator[Statement]:
    for sentence in split_sentences(chunk):
        if len(sentence) <= MAX_SENTENCE_LENGTH:
            _, text = split_label(sentence)
            yield Statement(text=text.strip(_TRAILING), citation=Citation(chunk_id=chunk.id, quote=sentence))


def _split_statements(text: str, chunk: SourceChunk) -> Iterator[Statement]:
    """Yield the sentences of what a chunk says behind its label."""
    for statement in _iter_sentences(chunk):
        if statement.text and statement.text in text:
            yield statement


def _read_table(chunk: SourceChunk) -> Iterator[tuple[Purpose, Statement]]:
    """Yield what the rows of a table with a label and a text in each row state, as in the head of a lesson plan."""
    if chunk.kind is not ChunkKind.TABLE:
        return
    for line in chunk.text.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 2 or not cells[1] or len(cells[1]) > MAX_SENTENCE_LENGTH:
            continue
        purpose = classify_heading(cells[0])
        if purpose in {Purpose.GOALS, Purpose.PREREQUISITES, Purpose.KEY_POINTS} and not set(cells[1]) <= set("-: "):
            yield purpose, Statement(text=cells[1], citation=Citation(chunk_id=chunk.id, quote=cells[1]))


def _drop_repeats(statements: Iterable[Statement]) -> Iterator[Statement]:
    seen: set[str] = set()
    for statement in statements:
        key = statement.text.casefold().rstrip(" .")
        if key and key not in seen:
            seen.add(key)
            yield statement
