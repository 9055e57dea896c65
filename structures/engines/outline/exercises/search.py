"""Walking through the sections of a file and collecting its tasks with their solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.exercises import headings, vocabulary
from structures.engines.outline.exercises.boxes import find_end_mark, find_request, has_solution_boxes, split_off_tasks
from structures.engines.outline.exercises.criteria import read_criteria
from structures.engines.outline.exercises.headings import Context, HeadingKind
from structures.engines.outline.exercises.labels import is_title, match_label, match_question_label, take_attached
from structures.engines.outline.exercises.questions import (
    MIN_TASK_WORDS,
    is_question_heading,
    read_numbered_tasks,
    read_questions,
)
from structures.engines.outline.exercises.section_tasks import build_task, is_link, is_link_list, is_walkthrough
from structures.engines.outline.exercises.solutions import attach_solution, distribute_key
from structures.engines.outline.exercises.tasks import (
    Member,
    ReadingOrder,
    Task,
    cite_first_sentence,
    format_chunk,
    format_section,
)
from structures.engines.outline.sections import Section
from structures.engines.outline.words import count_words

# Paragraphs, code and boxes between a task in running text and the solution that ends it; a solution further down
# belongs to something else. On the sample courses half and twice give the same exercises; a quarter cuts tasks off.
_MAX_TASK_MEMBERS = 12
_CONTEXTS = list(Context)


@dataclass(kw_only=True)
class TaskSearch:
    """Collects the tasks of one file, or of one section of it.

    `section_ids` are the `id()` of the sections that belong to a task; `criteria` are those of a rubric that no task
    stands before.
    """

    order: ReadingOrder
    tasks: list[Task] = field(default_factory=list)
    section_ids: set[int] = field(default_factory=set)
    # Whether solutions stand in boxes, which end before the section around them: then each has its task before it.
    has_boxes: bool = False
    criteria: list[str] = field(default_factory=list)

    def search_section(self, section: Section, *, context: Context = Context.TEXT, is_near: bool = False) -> None:
        """Collect what a section and the sections inside it hold. `context` is what it stands among.

        `is_near`: the last task stands just before it.
        """
        kind = headings.classify_heading(section.title) if section.heading is not None else HeadingKind.OTHER
        if kind is HeadingKind.SOLUTION:
            self._take_solution(section, context=context, is_near=is_near or context is not Context.TEXT)
        elif kind is HeadingKind.HINT and self.tasks and context is Context.TEXT:
            self._take_hint(section)
        elif kind is HeadingKind.CRITERIA:
            self._take(section)
            (self.tasks[-1].criteria if self.tasks else self.criteria).extend(read_criteria(section))
        elif kind is HeadingKind.EXERCISE or _is_question(section, context):
            self._search_exercise(section, context=context)
        else:
            self.search_members(section, context=context)

    def search_members(self, section: Section, *, context: Context) -> None:
        """Collect what stands directly in a section, in reading order, and what the sections inside it hold."""
        members = self.order.list_members(section)
        # Whether a solution or a hint can belong to the last task: nothing but its own parts has come since.
        is_open = False
        at = start = 0
        while at < len(members):
            member = members[at]
            if isinstance(member, Section):
                if (end := find_end_mark(members, at)) is not None:
                    self._take_marked(members[at:end])
                    at = end
                    continue
                if not is_open and self.has_boxes and headings.is_solution_heading(member.title):
                    is_open = self._take_task_before(section, members[start:at])
                if is_open and vocabulary.HINT_LABEL.match(member.title):
                    self._take_hint(member)
                else:
                    count = len(self.tasks)
                    self.search_section(member, context=context, is_near=is_open)
                    is_solution = headings.is_solution_heading(member.title)
                    is_open = len(self.tasks) > count or (is_open and not (is_solution and self.has_boxes))
                at += 1
                start = at
            elif (found := read_questions(members, at, context=context)) is not None:
                self.tasks.extend(found.tasks)
                at += found.member_count
                start = at
                is_open = True
            elif is_open and (label := match_label(vocabulary.SOLUTION_LABEL, member)) is not None:
                at = self._read_labelled_solution(members, at, label)
            elif is_open and (label := match_label(vocabulary.HINT_LABEL, member)) is not None:
                self.tasks[-1].solution.append(member.text)
                at += 1
            elif (label := match_label(vocabulary.EXERCISE_LABEL, member)) is not None or (
                context is not Context.TEXT and (label := match_question_label(member)) is not None
            ):
                count = len(self.tasks)
                at = self._read_labelled_task(members, at, label)
                is_open = len(self.tasks) > count
            elif context is Context.TASKS and (tasks := read_numbered_tasks(member)):
                self.tasks.extend(tasks)
                is_open = True
                at += 1
            else:
                at += 1

    def _take_task_before(self, section: Section, members: Sequence[Member]) -> bool:
        """Take what stands before the box of a solution as its task, where nothing else says so; return whether it is.

        The task has the title of its section, when it stands first in it.
        """
        chunks = [member for member in members if isinstance(member, SourceChunk)]
        size = sum(count_words(chunk.text) for chunk in chunks)
        if not chunks or len(chunks) > _MAX_TASK_MEMBERS or size < MIN_TASK_WORDS:
            return False
        is_first = section.heading is not None and section.body[0] is chunks[0]
        is_named = is_first and headings.classify_heading(section.title) is HeadingKind.OTHER
        title = names.clean_title(section.title) if is_named else headings.shorten_text(find_request(chunks))
        first = section.heading if is_named and section.heading is not None else chunks[0]
        parts = [format_chunk(chunk) for chunk in chunks]
        self.tasks.append(Task(title=title, citation=cite_first_sentence(first), parts=parts, is_inferred=True))
        return True

    def _take_marked(self, members: Sequence[Member]) -> None:
        """Take the sections between "Challenge 3 - Start" and "Challenge 3 - End" as one task."""
        sections = [member for member in members if isinstance(member, Section)]
        whole = Section(
            heading=sections[0].heading,
            level=sections[0].level,
            body=sections[0].body,
            subsections=[*sections[0].subsections, *sections[1:]],
        )
        task = build_task(whole, self.order)
        if task is not None:
            self.tasks.append(task)
            for section in sections:
                self._take(section)

    # --- below a heading ----------------------------------------------------------------------------------------------

    def _search_exercise(self, section: Section, *, context: Context) -> None:
        """Take a section whose heading names an exercise as one, or as a collection of several."""
        inside = TaskSearch(order=self.order, has_boxes=self.has_boxes)
        inside.search_members(section, context=max(context, headings.find_context(section.title), key=_CONTEXTS.index))
        if headings.is_bare_task(section.title) and is_walkthrough(section):
            return
        if self._is_collection(section, inside):
            self.tasks.extend(inside.tasks)
            if inside.criteria:
                self.tasks[-1].criteria.extend(inside.criteria)
            self.section_ids |= inside.section_ids
            # A heading of level 1 is the title of a file, and the tasks in it are among its text.
            if section.level > 1:
                self._take(section)
            return
        task = build_task(section, self.order)
        if task is not None:
            if _is_subtitled(section) and len(inside.tasks) == 1 and headings.is_bare_label(task.title):
                task.title = inside.tasks[0].title
            self.tasks.append(task)
            self._take(section)
        elif is_link_list(section):
            self._take(section)

    def _is_collection(self, section: Section, inside: TaskSearch) -> bool:
        """Tell whether the tasks found below a heading are exercises of their own rather than parts of one."""
        is_announced = headings.find_context(section.title) is not Context.TEXT
        count = sum(is_announced or not task.is_inferred for task in inside.tasks)
        has_headings = any(headings.is_exercise_heading(below.title) for below in section.subsections)
        if count == 1:
            return has_headings and (section.level == 1 or is_announced)
        return count > 1

    # --- in running text ----------------------------------------------------------------------------------------------

    def _read_labelled_task(self, members: Sequence[Member], at: int, label: re.Match[str]) -> int:
        """Read the task that a paragraph with a label begins (`Task: ...`); return where it ends.

        It reaches up to its solution, where one follows before another task. Else to the list or code behind a colon;
        or, when the paragraph is only a title, up to the next task or heading.
        """
        chunk = members[at]
        assert isinstance(chunk, SourceChunk)
        own = chunk.text[label.end() :].strip()
        hints: list[Section] = []
        followers: list[SourceChunk] = []
        has_solution = False
        end = at + 1
        for member in islice(members, at + 1, None):
            if isinstance(member, Section):
                has_solution = headings.is_solution_heading(member.title)
                if has_solution or not vocabulary.HINT_LABEL.match(member.title):
                    break
                hints.append(member)
                continue
            if match_label(vocabulary.EXERCISE_LABEL, member) is not None:
                break
            if match_label(vocabulary.SOLUTION_LABEL, member) is not None:
                has_solution = True
                break
            # Without a word of its own it is what the slide is called.
            if not own and _get_slide(member) != _get_slide(chunk):
                break
            followers.append(member)
        parts = [own]
        if has_solution and len(followers) <= _MAX_TASK_MEMBERS:
            taken = len(followers) + len(hints)
            parts.extend(format_chunk(follower) for follower in followers)
        elif is_title(own) and followers:
            taken = len(followers) + len(hints)
            parts = [format_chunk(follower) for follower in followers]
        else:
            attached = take_attached(chunk, followers)
            taken = len(attached)
            parts.extend(format_chunk(follower) for follower in attached)
            hints = []
        end += taken
        task = Task(
            title=names.capitalize_title(headings.shorten_text(own or _find_name(label, parts))),
            number=label["number"] or "",
            citation=cite_first_sentence(chunk),
            parts=parts,
        )
        if count_words(task.description) >= MIN_TASK_WORDS and not is_link(chunk):
            self.tasks.append(task)
            for hint in hints:
                self._take_hint(hint)
        return end

    def _read_labelled_solution(self, members: Sequence[Member], at: int, label: re.Match[str]) -> int:
        """Add a paragraph such as `Answer: b` to the last task; all up to the next task when it is only the label."""
        chunk = members[at]
        assert isinstance(chunk, SourceChunk)
        own = chunk.text[label.end() :].strip()
        if own:
            if distribute_key(own, self.tasks):
                return at + 1
            attached = take_attached(chunk, [m for m in members[at + 1 : at + 2] if isinstance(m, SourceChunk)])
            self.tasks[-1].solution.extend([own, *(format_chunk(each) for each in attached)])
            return at + 1 + len(attached)
        end = at + 1
        while end < len(members) and not self._begins_task(members, end):
            member = members[end]
            assert isinstance(member, SourceChunk)
            self.tasks[-1].solution.append(format_chunk(member))
            end += 1
        return end

    def _begins_task(self, members: Sequence[Member], at: int) -> bool:
        member = members[at]
        return (
            isinstance(member, Section)
            or match_label(vocabulary.EXERCISE_LABEL, member) is not None
            or match_question_label(member) is not None
            or read_questions(members, at, context=Context.TASKS) is not None
        )

    # --- solutions and hints ------------------------------------------------------------------------------------------

    def _take(self, section: Section) -> None:
        self.section_ids.update(id(below) for below in section.iter_sections())

    def _take_solution(self, section: Section, *, context: Context, is_near: bool) -> None:
        """Give a section to the tasks that it answers; a task of its own in a box below it stays one."""
        own, rest = split_off_tasks(section)
        # Not a part of the task, nor evidence of it: a learner should not read both at once.
        if self.tasks and attach_solution(own, self.tasks, self.order, is_near=is_near):
            self._take(own)
            self.section_ids.add(id(section))
            self.search_members(rest, context=context)
        else:
            self.search_members(section, context=context)

    def _take_hint(self, section: Section) -> None:
        self._take(section)
        self.tasks[-1].solution.extend(format_section(section, self.order, has_heading=True))


def _find_name(label: re.Match[str], parts: Sequence[str]) -> str:
    """Return what a task is called whose label stands alone: `Exercise 3`, or its own first words."""
    return label["label"].strip() if label["number"] else next(filter(None, parts), "")


def _get_slide(chunk: SourceChunk) -> int | None:
    return chunk.locator.slide or chunk.locator.page


def _is_question(section: Section, context: Context) -> bool:
    """Tell whether a section is a question: among others by its heading, elsewhere by its solution, too."""
    if context is not Context.TEXT:
        return is_question_heading(section)
    has_solution = any(headings.is_solution_heading(below.title) for below in section.subsections)
    return has_solution and headings.is_numbered_question(section.title)


def _is_subtitled(section: Section) -> bool:
    """Tell whether a section holds nothing but one other: then the heading inside says what the task is called."""
    return not section.body and len(section.subsections) == 1


def collect_tasks(sections: Iterable[Section], search: TaskSearch, *, context: Context = Context.TEXT) -> TaskSearch:
    """Search several sections of one file, in order, and return the search."""
    sections = list(sections)
    search.has_boxes = has_solution_boxes(sections, search.order)
    for section in sections:
        search.search_section(section, context=context)
    return search
