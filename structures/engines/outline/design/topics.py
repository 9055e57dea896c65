"""The topics of a lesson: the headings of its materials, which are its outline."""

from __future__ import annotations

from collections.abc import Sequence

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names, titles, words
from structures.engines.outline.design import time_words
from structures.engines.outline.design.purposes import classify_heading as find_purpose
from structures.engines.outline.design.purposes import is_standing_heading
from structures.engines.outline.exercises.headings import HeadingKind, classify_heading
from structures.engines.outline.plans import LessonPart, Role
from structures.engines.outline.talks.chapters import cut_talk

# What one screen shows. On the sample courses 6 of 223 lessons have as many headings or more; half of it cuts 25.
_MAX_TOPICS = 40
# In characters: headings of PDFs and slides that are whole sentences.
_MAX_LENGTH = 120
# The outline is that of the first of these that the lesson has: slides and talks follow the text.
_ORDER = (Role.BODY, Role.SLIDES, Role.READING, Role.TRANSCRIPT, Role.TEACHER_NOTES)
# Ten minutes: shorter talks are mostly about one thing (`talks.chapters`).
_MIN_TALK_MS = 600_000
_GENERIC = words.compile_full_match(words.GENERIC_HEADINGS)


def list_topics(parts: Sequence[LessonPart], title: str) -> tuple[str, ...]:
    """Return the headings of a lesson's materials in order, each once, cleaned.

    Without the lesson's own title, headings that every lesson has ("Summary", "Learning objectives", "Materials
    needed"), tasks and their solutions, and what stands inside those.
    """
    for role in _ORDER:
        topics: dict[str, str] = {}
        for part in parts:
            if part.role is role:
                _add_topics(topics, [chunk for section in part.sections for chunk in section.iter_chunks()])
        if role is Role.TRANSCRIPT and not topics:
            _add_chapters(topics, parts)
        topics.pop(names.build_title_key(titles.clean_title(title)), None)
        if topics:
            return tuple(topics.values())[:_MAX_TOPICS]
    return ()


def _add_chapters(topics: dict[str, str], parts: Sequence[LessonPart]) -> None:
    """Add the titles of the chapters of long recordings, which have no headings."""
    for part in parts:
        if part.role is Role.TRANSCRIPT and part.is_whole and (part.entry.duration_ms or 0) >= _MIN_TALK_MS:
            for chapter in cut_talk(part.entry):
                if chapter.title:
                    topics.setdefault(names.build_title_key(chapter.title), chapter.title)


def _add_topics(topics: dict[str, str], chunks: Sequence[SourceChunk]) -> None:
    skipped_level: int | None = None
    for chunk in chunks:
        if chunk.kind is not ChunkKind.HEADING:
            continue
        level = chunk.level or 1
        if skipped_level is not None and level > skipped_level:
            continue
        skipped_level = None
        topic = titles.clean_title(chunk.text)
        if _is_no_topic(chunk.text):
            skipped_level = level
        elif topic and len(topic) <= _MAX_LENGTH and not _GENERIC.fullmatch(topic):
            topics.setdefault(names.build_title_key(topic), topic)


def _is_no_topic(heading: str) -> bool:
    """Tell whether nothing below a heading is taught: goals and the like, plans for the teacher, tasks, solutions."""
    return (
        find_purpose(heading) is not None
        or is_standing_heading(heading)
        or time_words.PLAN.fullmatch(heading) is not None
        or classify_heading(heading) is not HeadingKind.OTHER
    )
