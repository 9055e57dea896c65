"""Reading the arrangement of one recording from what is said: chapters that become lessons."""

from __future__ import annotations

from structures.engines.base.sources import SourceEntry
from structures.engines.outline.plans import LessonPart, LessonPlan, Role
from structures.engines.outline.sections import Section
from structures.engines.outline.talks.chapters import TalkChapter, cut_talk

BASIS = "chapters of the recording"


def cut_recording(entry: SourceEntry) -> list[LessonPlan]:
    """Return a lesson for each chapter of a recording or a file of captions; nothing when it has only one."""
    chapters = cut_talk(entry)
    return [_build_lesson(entry, chapter) for chapter in chapters] if len(chapters) > 1 else []


def _build_lesson(entry: SourceEntry, chapter: TalkChapter) -> LessonPlan:
    section = Section(heading=None, level=0, body=list(chapter.chunks))
    return LessonPlan(
        title=chapter.label,
        found_in=(chapter.citation,) if chapter.citation is not None else (),
        parts=[LessonPart(entry=entry, role=Role.TRANSCRIPT, sections=[section], is_whole=False)],
    )
