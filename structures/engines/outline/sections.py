"""Sections of an entry: a heading with the chunks below it, nested by the levels of headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceChunk, SourceEntry
from structures.engines.outline.words import count_words

# An entry with fewer words than this, and no sentence as long as `MIN_SENTENCE_WORDS`, only announces content: a title,
# then "theory", "practice" and "homework" with a few words each. On the sample courses, one of which is half planned,
# half of it misses a planned lesson and twice changes nothing.
MAX_STUB_WORDS = 60
# Items of a plan have fewer words, and hardly any explanation does without one sentence so long. On the sample courses
# half of it takes planned lessons for written ones, with their items as exercises; twice changes nothing.
MIN_SENTENCE_WORDS = 9


@dataclass(kw_only=True)
class Section:
    """A heading (None at the beginning of an entry), the chunks directly below it, and the sections inside."""

    heading: SourceChunk | None
    level: int
    body: list[SourceChunk] = field(default_factory=list)
    subsections: list[Section] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.heading.text if self.heading is not None else ""

    def iter_sections(self) -> Iterator[Section]:
        """Yield this section and all inside it, in order."""
        yield self
        for section in self.subsections:
            yield from section.iter_sections()

    def iter_chunks(self) -> Iterator[SourceChunk]:
        """Yield the heading and everything below it, in order."""
        for section in self.iter_sections():
            if section.heading is not None:
                yield section.heading
            yield from section.body


def build_section_tree(entry: SourceEntry) -> Section:
    """Return the entry as one section of level 0 whose sections nest as the headings do.

    The same title several times in a row is one section (slides repeat the title of a topic that goes on), and a slide
    without a title continues the one before it. The headings of a box, such as an exercise, end with it: what follows
    belongs to the section that its heading path names.
    """
    root = Section(heading=None, level=0)
    open_sections = [root]
    for chunk in entry.chunks:
        if chunk.kind is not ChunkKind.HEADING:
            _close_boxes(open_sections, chunk)
            open_sections[-1].body.append(chunk)
            continue
        level = chunk.level or 1
        last = open_sections[-1]
        if last.heading is not None and last.level == level and last.title.casefold() == chunk.text.casefold():
            last.body.append(chunk)
            continue
        while open_sections[-1].level >= level:
            open_sections.pop()
        section = Section(heading=chunk, level=level)
        open_sections[-1].subsections.append(section)
        open_sections.append(section)
    return root


def _close_boxes(open_sections: list[Section], chunk: SourceChunk) -> None:
    """Close the sections below the one in which a chunk stands by its heading path, where that one is open."""
    path = chunk.locator.heading_path
    if is_on_slide(chunk):
        return
    if not path:
        heading = open_sections[-1].heading
        if heading is not None and heading.locator.heading_path:
            del open_sections[1:]
        return
    for depth in range(len(open_sections) - 1, 0, -1):
        heading = open_sections[depth].heading
        if heading is not None and heading.locator.heading_path == path:
            del open_sections[depth + 1 :]
            return


def is_stub(entry: SourceEntry) -> bool:
    """Tell whether an entry only announces content: headings, and a few lines that are no sentences."""
    words = 0
    for chunk in entry.chunks:
        # Nobody puts code, a table or a talk into a file that is only planned.
        if chunk.kind in {ChunkKind.CODE, ChunkKind.TABLE, ChunkKind.TRANSCRIPT}:
            return False
        if chunk.kind is not ChunkKind.HEADING:
            words += count_words(chunk.text)
            if any(
                count_words(" ".join(word for word in sentence.split() if word[:1].isalpha())) >= MIN_SENTENCE_WORDS
                for sentence in split_sentences(chunk)
            ):
                return False
    # With one heading or none it is a short text rather than the plan of a long one.
    return words < MAX_STUB_WORDS and sum(chunk.kind is ChunkKind.HEADING for chunk in entry.chunks) > 1


def is_on_slide(chunk: SourceChunk) -> bool:
    """Tell whether a chunk stands on a slide or page rather than in running text."""
    return chunk.locator.slide is not None or chunk.locator.page is not None
