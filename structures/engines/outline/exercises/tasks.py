"""An exercise while it is put together: the texts of its task, its solution and its hints, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.sections import Section


@dataclass(kw_only=True)
class Task:
    """An exercise being collected. `number` is the one that the materials give it, blank without.

    `solution` holds hints, too, with their heading: both are kept from the learner who works on the task.
    """

    title: str
    citation: Citation
    number: str = ""
    # Nothing calls it a task but the solution that stands behind it.
    is_inferred: bool = False
    parts: list[str] = field(default_factory=list)
    solution: list[str] = field(default_factory=list)
    criteria: list[str] = field(default_factory=list)
    more_citations: list[Citation] = field(default_factory=list)

    @property
    def description(self) -> str:
        return join_parts(self.parts)

    def build_node(self) -> DraftNode:
        """Return the exercise as a node of a draft."""
        return DraftNode(
            node_type=NodeType.EXERCISE,
            title=self.title,
            description=self.description,
            citations=(self.citation, *self.more_citations),
            reference_solution=join_parts(self.solution),
            grading_criteria=tuple(dict.fromkeys(self.criteria)),
        )


def cite_first_sentence(chunk: SourceChunk) -> Citation:
    """Return a citation of a chunk's first sentence, or of its first line when that is a heading or code."""
    quote = chunk.text if chunk.kind is ChunkKind.HEADING else next(split_sentences(chunk), chunk.text.split("\n")[0])
    return Citation(chunk_id=chunk.id, quote=quote)


def format_chunk(chunk: SourceChunk) -> str:
    """Return a chunk as text of a task: code in a fence, all else as it stands."""
    return f"```\n{chunk.text}\n```" if chunk.kind is ChunkKind.CODE else chunk.text


def join_parts(parts: Iterable[str]) -> str:
    """Return paragraphs as one text, without blank ones."""
    return "\n\n".join(part for part in parts if part.strip())


Member = SourceChunk | Section


@dataclass(frozen=True, kw_only=True)
class ReadingOrder:
    """The order of an entry's chunks, by which the parts of a section are put back into the order of the page.

    A section keeps its own chunks apart from the sections inside it, so a solution in a box would else stand behind the
    text that follows the box.
    """

    positions: dict[object, int]

    @classmethod
    def of_chunks(cls, chunks: Sequence[SourceChunk]) -> ReadingOrder:
        """Return the order in which chunks are given."""
        return cls(positions={chunk.id: position for position, chunk in enumerate(chunks)})

    def list_members(self, section: Section) -> list[Member]:
        """Return what stands directly in a section, its chunks and sections, in reading order."""
        members: list[Member] = [*section.body, *section.subsections]
        return sorted(members, key=self._find_position)

    def _find_position(self, member: Member) -> int:
        if isinstance(member, SourceChunk):
            return self.positions.get(member.id, 0)
        first = next(member.iter_chunks(), None)
        return self.positions.get(first.id, 0) if first is not None else 0


def format_section(section: Section, order: ReadingOrder, *, has_heading: bool) -> Iterator[str]:
    """Yield the texts of a section and of all sections inside it, in reading order."""
    if has_heading and section.heading is not None:
        yield section.title
    for member in order.list_members(section):
        if isinstance(member, Section):
            yield from format_section(member, order, has_heading=True)
        else:
            yield format_chunk(member)
