"""Files that are exercises as a whole, and translations of one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind, Format
from structures.engines.base.sources import SourceEntry
from structures.engines.outline import names, words
from structures.engines.outline.exercises import headings
from structures.engines.outline.exercises.boxes import has_solution_boxes
from structures.engines.outline.exercises.headings import HeadingKind
from structures.engines.outline.exercises.search import TaskSearch
from structures.engines.outline.exercises.section_tasks import build_task
from structures.engines.outline.exercises.tasks import ReadingOrder, Task, cite_first_sentence
from structures.engines.outline.plans import LessonPart
from structures.engines.outline.sections import Section

_LANGUAGE_TAG = re.compile(
    r"[._\- ](?P<tag>uk|ua|en|eng|es|esp|de|ger|fr|pl|pt|br|it|zh|cn|ru)(?:[-_][a-z]{2,4})?$", re.IGNORECASE
)
# A title stands among the first pieces of a file.
_TITLE_CHUNKS = 3
_SETTING = re.compile(r"[\w-]{1,30}: \S{1,30}")
_SCRIPTS = (("cyrillic", re.compile(r"[а-яіїєґ]", re.IGNORECASE)), ("han", re.compile(r"[\u4e00-\u9fff]")))
# Characters of a file that are looked at to tell its script.
_SCRIPT_SAMPLE = 2_000
# Headings inside a task, which say nothing about what it is.
_PART_OF_TASK = words.compile_full_match(
    r"instructions?|tasks?|steps?|overview|description|part \d+|інструкц(?:ія|ії)|опис|кроки|умова|anleitung|"
    r"aufgabenstellung|"
    r"consignes?|énoncé|instrucciones|enunciado|instrukcj[ae]|polecenie|treść zadania|instruções|istruzioni|consegna|"
    r"说明|要求|题目"
)


@dataclass(kw_only=True)
class ExerciseFile:
    """A file of a lesson with its tasks."""

    part: LessonPart
    search: TaskSearch

    @property
    def stem(self) -> str:
        return names.get_file_stem(self.part.entry.name)


def search_exercise_file(part: LessonPart) -> ExerciseFile:
    """Return the tasks of a file that is an exercise: one, unless it clearly holds several."""
    entry = part.entry
    order = ReadingOrder.of_chunks(entry.chunks)
    search = TaskSearch(order=order, has_boxes=has_solution_boxes(part.sections, order))
    title = _find_file_title(part)
    context = headings.find_context(f"{title} {split_name(entry.name)}")
    is_quiz = entry.format is Format.QUIZ
    for section in part.sections:
        if is_quiz:
            _take_questions(section, search)
        else:
            search.search_members(section, context=context)
    if len(search.tasks) > 1 or (search.tasks and (is_quiz or _is_task_in_text(search.tasks[0], title, part))):
        return ExerciseFile(part=part, search=search)
    whole = TaskSearch(order=search.order)
    root = join_sections(part.sections)
    task = build_task(root, search.order, is_file=True)
    if task is not None:
        task.title = title
        _remove_file_title(task, part)
        task.number = headings.find_number(entry.name)
        whole.tasks.append(task)
    whole.section_ids.update(id(below) for section in part.sections for below in section.iter_sections())
    return ExerciseFile(part=part, search=whole)


def _is_task_in_text(task: Task, file_title: str, part: LessonPart) -> bool:
    """Tell whether the text around the only task that a file marks teaches rather than belongs to the task.

    Then the task has the name of the file for its heading; or it has a title of its own, the file only that of its kind
    (`Worksheet`), and it is the larger part of the file.
    """
    name = part.entry.name
    if headings.is_bare_label(task.title):
        return names.build_title_key(task.title) == names.build_title_key(split_name(name))
    size = sum(words.count_words(chunk.text) for chunk in part.entry.chunks)
    is_kind = headings.is_bare_label(file_title) or headings.is_bare_task(file_title)
    return not task.is_inferred and is_kind and 2 * words.count_words(task.description) >= size


def merge_translations(files: Sequence[ExerciseFile]) -> None:
    """Join the tasks of files that are translations of one another: the first stays, with the evidence of all.

    Such files have one name but for a tag (`task.md`, `task.uk.md`), or the same name and another language.
    """
    groups: dict[str, dict[str, list[ExerciseFile]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        tag = _LANGUAGE_TAG.search(file.stem)
        base = file.stem[: tag.start()] if tag is not None else file.stem
        groups[base.casefold()][tag["tag"].casefold() if tag is not None else _find_language(file.part.entry)].append(
            file
        )
    for languages in groups.values():
        first, *others = languages.values()
        for translated in others:
            for file, translation in zip(first, translated, strict=False):
                _merge_tasks(file, translation)


def _merge_tasks(file: ExerciseFile, translation: ExerciseFile) -> None:
    if len(file.search.tasks) != len(translation.search.tasks):
        return
    for task, other in zip(file.search.tasks, translation.search.tasks, strict=True):
        task.more_citations.extend([other.citation, *other.more_citations])
        task.solution = task.solution or other.solution
        task.criteria = task.criteria or other.criteria
    translation.search.tasks.clear()


def _remove_file_title(task: Task, part: LessonPart) -> None:
    """Remove from a task the title of its file, and what stands there without telling what to do.

    That is a setting before the title (`importance: 5`), and a heading such as "Instructions".
    """
    top = next((chunk for chunk in part.entry.chunks[:_TITLE_CHUNKS] if chunk.kind is ChunkKind.HEADING), None)
    if top is not None and top.text in task.parts[:_TITLE_CHUNKS]:
        at = task.parts.index(top.text)
        task.parts[: at + 1] = [text for text in task.parts[:at] if not _SETTING.fullmatch(text)]
        task.citation = cite_first_sentence(top)
    if task.parts and _PART_OF_TASK.fullmatch(task.parts[0].strip(" :")):
        del task.parts[0]


def split_name(name: str) -> str:
    """Return the words and numbers of a file name, with spaces between."""
    return re.sub(r"[_\-.]+", " ", re.sub(r"(?<=[^\W\d_])(?=\d)", " ", names.get_file_stem(name)))


def _find_file_title(part: LessonPart) -> str:
    """Return the title of an exercise file: its own, or the words of its name, or what both call it."""
    entry = part.entry
    first = _find_top_heading(part.sections)
    candidates = [text for text in (first, entry.title) if text and headings.classify_heading(text) in _TITLE_KINDS]
    for text in candidates:
        title = headings.build_title(text)
        if not headings.is_bare_label(text) and not _PART_OF_TASK.fullmatch(title) and names.is_meaningful_title(title):
            return title
    parsed = names.parse_name(entry.name, is_file=True).words
    if names.is_meaningful_title(parsed) and not headings.is_bare_label(parsed):
        return names.capitalize_title(parsed)
    labels = [text for text in candidates if headings.is_bare_label(text)]
    return names.clean_title(labels[0]) if labels else names.capitalize_title(parsed or entry.name)


_TITLE_KINDS = {HeadingKind.EXERCISE, HeadingKind.OTHER}


def _find_top_heading(sections: Sequence[Section]) -> str:
    for section in sections:
        for below in section.iter_sections():
            if below.heading is not None:
                return below.title if below.title.strip() else ""
    return ""


def join_sections(sections: Sequence[Section]) -> Section:
    """Return the sections of a file as one, below the title of the file where there is only one."""
    root = sections[0] if len(sections) == 1 else Section(heading=None, level=0, subsections=list(sections))
    while root.heading is None and not root.body and len(root.subsections) == 1:
        root = root.subsections[0]
    return root


def _take_questions(root: Section, search: TaskSearch) -> None:
    """Collect the questions of a quiz file: each heading with a solution below it, or without more headings."""
    for section in root.subsections:
        is_title = section.subsections and not any(
            headings.classify_heading(below.title) is HeadingKind.SOLUTION for below in section.subsections
        )
        if is_title:
            _take_questions(section, search)
        elif (task := build_task(section, search.order, is_file=True)) is not None and task.description:
            task.title = headings.shorten_text(section.title)
            search.tasks.append(task)
    search.section_ids.update(id(below) for below in root.iter_sections())


def _find_language(entry: SourceEntry) -> str:
    """Return what tells the language of a file from that of another: the tag that it declares, or its script."""
    if entry.language:
        return entry.language.split("-")[0].casefold()
    sample = ""
    for chunk in entry.chunks:
        sample += chunk.text
        if len(sample) >= _SCRIPT_SAMPLE:
            break
    for script, pattern in _SCRIPTS:
        if len(pattern.findall(sample)) * 4 > len(sample):
            return script
    return ""
