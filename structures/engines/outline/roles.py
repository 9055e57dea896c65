"""Deciding what each file is in its course: by its format, its name and its content."""

from __future__ import annotations

import re

from materials.documents import ChunkKind, Format
from structures.engines.base.sources import SourceEntry
from structures.engines.outline import words
from structures.engines.outline.course_words import ADMINISTRATION_WORDS, FILLER_WORDS, ROLE_BY_WORD
from structures.engines.outline.exercises import is_exercise_heading
from structures.engines.outline.name_parts import ParsedName, build_words_key, get_stem
from structures.engines.outline.plans import Role

# A page of slides has fewer words than this on average, a page of a text more. Of PDFs in the sample courses decks have
# 15 to 70, texts 250 and more; half of it takes decks of code for texts, twice texts with many pictures for decks.
_MAX_SLIDE_WORDS = 110
_MIN_SLIDES = 4
# What only says what to do is a task when it has no more words than this: longer texts teach something, too.
_MAX_TASK_WORDS = 400

# What may stand beside a word for administration: `course schedule`, `class policies`.
_COURSE_WORDS = frozenset(
    ["course", "class", "the", "of", "курсу", "курс", "curso", "cours", "kurs", "kursu", "corso", "del", "du", "der"]
)
_OUTDATED = re.compile(rf"(?<!\w)(?:{words.OUTDATED})(?!\w)")
# What may stand beside these words: `old versions`, `backup 2022`.
_OUTDATED_REST = re.compile(rf"(?<!\w)(?:{words.OUTDATED_THINGS}|(?:19|20)\d\d)(?!\w)")
_REPOSITORY_FILE = words.compile_full_match(words.REPOSITORY_NAMES)


def decide_role(entry: SourceEntry, name: ParsedName, folder_role: Role | None = None) -> Role:
    """Return the role of a file among the materials.

    `folder_role` is what the name of its folder says of its files. A folder of tasks may hold texts, too, which are
    longer than a task.
    """
    if entry.format is Format.CONTENTS:
        return Role.CONTENTS
    if _is_administration(entry.name, name):
        return Role.ADMINISTRATION
    if entry.format.is_captions or entry.format.is_recording:
        return Role.TRANSCRIPT
    if name.role in {Role.EXERCISE, Role.SOLUTION, Role.TEACHER_NOTES}:
        return name.role
    if _is_for_teachers(entry.name):
        return Role.TEACHER_NOTES
    if folder_role in {Role.SOLUTION, Role.TEACHER_NOTES} or (folder_role is Role.EXERCISE and _is_short(entry)):
        return folder_role
    if entry.format is Format.PPTX or name.role is Role.SLIDES or _looks_like_slides(entry):
        return Role.SLIDES
    if entry.format is Format.QUIZ or _is_task(entry):
        return Role.EXERCISE
    # A table of data is there for a text to use.
    if name.role is Role.READING or entry.format is Format.CSV:
        return Role.READING
    return Role.BODY


def is_outdated(folder: str) -> bool:
    """Tell whether a folder's name says that nothing in it is used any more, such as `OLD do not use` or `archive`."""
    found = _OUTDATED.findall(build_words_key(folder))
    return bool(found) and not _OUTDATED_REST.sub("", _OUTDATED.sub("", build_words_key(folder))).strip()


def _is_administration(file_name: str, name: ParsedName) -> bool:
    stem = get_stem(file_name)
    key = build_words_key(stem)
    return _REPOSITORY_FILE.fullmatch(stem) is not None or (
        bool(key)
        and all(word in ADMINISTRATION_WORDS or word in _COURSE_WORDS or word.isdecimal() for word in key.split())
        and any(word in ADMINISTRATION_WORDS for word in key.split())
    )


def _is_for_teachers(file_name: str) -> bool:
    """Tell whether a name says only for whom a file is, such as `Trainer Guide` or `instructor notes`."""
    found = build_words_key(get_stem(file_name)).split()
    roles = {ROLE_BY_WORD.get(word) for word in found if word not in FILLER_WORDS}
    return Role.TEACHER_NOTES in roles and roles <= {Role.TEACHER_NOTES, Role.READING}


def _looks_like_slides(entry: SourceEntry) -> bool:
    """Tell whether the pages of a PDF have as few words as slides have."""
    if entry.format is not Format.PDF or not entry.page_count or entry.page_count < _MIN_SLIDES:
        return False
    count = sum(len(chunk.text.split()) for chunk in entry.chunks)
    return count < entry.page_count * _MAX_SLIDE_WORDS


def _is_task(entry: SourceEntry) -> bool:
    """Tell whether the whole of a short text is a task: its first heading says so."""
    first = next((chunk for chunk in entry.chunks if chunk.kind is ChunkKind.HEADING), None)
    if first is None or not (is_exercise_heading(first.text) or find_word_role(first.text) is Role.EXERCISE):
        return False
    is_title = first is entry.chunks[0] or first.level == 1
    return is_title and _is_short(entry)


def _is_short(entry: SourceEntry) -> bool:
    return sum(len(chunk.text.split()) for chunk in entry.chunks) <= _MAX_TASK_WORDS


def find_word_role(text: str) -> Role | None:
    """Return the kind of file that a text names with its only word, such as `Slides` or `Assignment`; else None."""
    found = {ROLE_BY_WORD.get(word) for word in build_words_key(text).split()}
    return next(iter(found)) if len(found) == 1 else None
