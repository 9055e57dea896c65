"""Deciding what a heading, a title or a file name says: that an exercise stands below it, a solution, or neither."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from materials.readers.base import task_words
from structures.engines.outline import names, words
from structures.engines.outline.exercises import vocabulary

# Longer headings are sentences that happen to mention an exercise, and a title of more words is cut off. On the sample
# courses half of it misses exercises with descriptive headings; twice only lets titles run on.
MAX_TITLE_WORDS = 14
# A heading that names a solution in passing ("How answers are found by ...") has more words. A choice: half and twice
# give the same exercises on the sample courses.
_MAX_SOLUTION_WORDS = 6

_STRONG_PREFIX = words.compile_prefix_match(task_words.EXERCISES_ANYWHERE)
_WEAK_PREFIX = words.compile_prefix_match(task_words.EXERCISES)
# What may stand between a word for tasks and what they are for: "Tasks for the weekend", "Aufgaben zu Kapitel 3".
# "Tasks of a ministry" are none, and neither is what a language says without a preposition ("Завдання курсу").
_PURPOSE = re.compile(
    r"\s+(?:for|to|on your own|at home|zu[mr]?|für|pour|sur|para|sobre|do|dla|na|до|для|на|к|по|per|su[l]?|di casa)\s",
    re.IGNORECASE,
)
# "Exercise physiology", "Quiz shows in the fifties": the word says what kind of thing the next one is.
_COMPOUND = re.compile(r"\s+(?!(?:about|for|from|in|on|to|with|using|a|an|the|and|or)\s)[a-z]{3,}")
# "Sorting exercise", "Lists and loops quiz": up to three words and then the name of a task. Not after an article or the
# like ("The exercises" is about exercises), nor after "and" ("Food and exercise").
_SUFFIX = re.compile(
    rf"^(?!(?:the|our|these|more|about|all|die|der|les?|los|las|el|la)\s)(?:\S+\s+){{0,2}}"
    rf"(?!(?:and|or|und|oder|et|y|e|i|та|і|й|и)\s)\S+\s+(?:{task_words.EXERCISES_ANYWHERE}|labs?)$",
    re.IGNORECASE,
)
_CJK_SUFFIX = re.compile(r"^[^\s，。]{1,12}(?:练习题?|习题|作业|测验|思考题)$")
# `Exercise 3` and nothing else. Such a title is no sign that two exercises are the same.
_BARE_LABEL = re.compile(
    rf"^\W*(?:{task_words.EXERCISES}|{vocabulary.QUESTIONS})\s*(?:{vocabulary.NUMBER})?\s*(?:题|部分)?\W*$",
    re.IGNORECASE,
)
# "Final exam", "Examen parcial 2", "Контрольна робота", but not "Exam preparation" or "Prüfung der Daten".
_EXAM = re.compile(
    rf"\W*(?:(?:{vocabulary.EXAM_KINDS})\s+)*(?:{vocabulary.EXAMS})(?:\s+(?:{vocabulary.EXAM_KINDS}))*\s*(?:{vocabulary.NUMBER}|20\d\d)?\W*",
    re.IGNORECASE,
)
_TESTS = re.compile(r"\btests?\b", re.IGNORECASE)
_TASK = re.compile(rf"\W*(?:{vocabulary.TASKS})", re.IGNORECASE)
_BARE_TASK = re.compile(rf"\W*(?:{vocabulary.TASKS})\s*(?:{vocabulary.NUMBER})?\W*", re.IGNORECASE)
# "25 min", "20–30 хв": how long a task takes is not what it is called.
_DURATION = re.compile(
    r"\W*\d+(?:\s*[-–]\s*\d+)?\s*(?:min\w*|хв\w*|мин\w*|h|hours?|год\w*|stunden?|分钟)\b.*", re.IGNORECASE
)
_NUMBER_PREFIX = re.compile(r"\s*(?:[№#]\s*)?\d")
_NUMBERED_QUESTION = re.compile(
    rf"^\W*(?:(?:{vocabulary.QUESTIONS})\s*(?:{vocabulary.NUMBER})\s*(?:题)?|[qв]\s?\d{{1,3}})(?!\w)", re.IGNORECASE
)
_ANY_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3})*(?![\w]|\.\d)")
_TASK_INSIDE = re.compile(
    rf"(?:{task_words.EXERCISES}|{vocabulary.QUESTIONS}|вправ|завдан|задач|запитан|тест|ćwicze|zada[ńn])|\d",
    re.IGNORECASE,
)
_LABELLED_REST = re.compile(r"\s*[:.：(（—–]")
_FILE_PREFIX = re.compile(rf"^(?:{vocabulary.FILE_PREFIXES}|{task_words.EXERCISES_ANYWHERE})(?!\w)", re.IGNORECASE)
_DIVISION = words.compile_full_match(words.DIVISIONS)
_FILE_WORD = words.compile_full_match(task_words.EXERCISES)
_FILE_SHORT = re.compile(r"^(?:ex|exer|hw|lab|quiz|task|assignment|tp|td)\d{1,3}[a-z]?$", re.IGNORECASE)


_ONE_OF_SOLUTIONS = re.compile(
    r"(?:(?:a|the|one|our|my|full|complete|short|example|sample|suggested|proposed|possible|official|reference|expected|"
    r"show|see|view|reveal|check|click for|"
    r"одне|можлив[еі]|повн[еі]|зразок|приклад|орієнтовн[аеі]|показати|переглянути|возможное|пример|"
    r"eine|die|mögliche|vollständige|ausführliche|zur|un|une|la|le|les|exemple de|voir|afficher|"
    r"una|las?|posibles?|ejemplo de|ver|mostrar|możliwe|przykładow[ae]|pokaż|uma|"
    r"possível|exemplo de|possibile|esempio di)\s*)+",
    re.IGNORECASE,
)


class HeadingKind(StrEnum):
    """What stands below a heading."""

    EXERCISE = "exercise"
    SOLUTION = "solution"
    HINT = "hint"
    CRITERIA = "criteria"
    OTHER = "other"


def classify_heading(title: str) -> HeadingKind:
    """Return what a heading announces."""
    bare = names.clean_title(title)
    if is_solution_heading(title):
        return HeadingKind.SOLUTION
    if vocabulary.HINT_LABEL.match(title):
        return HeadingKind.HINT
    if vocabulary.CRITERIA_TITLE.fullmatch(bare):
        return HeadingKind.CRITERIA
    return HeadingKind.EXERCISE if is_exercise_heading(title) else HeadingKind.OTHER


# Each step of the search and the topics of the lesson ask for the same headings, ten times in all.
@lru_cache(maxsize=8192)
def is_exercise_heading(title: str) -> bool:
    """Tell whether a heading calls what stands below it an exercise, or several."""
    bare = names.clean_title(title)
    count = len(bare.split())
    if not bare or count > MAX_TITLE_WORDS or is_solution_heading(title) or vocabulary.CRITERIA_TITLE.fullmatch(bare):
        return False
    if vocabulary.END_MARK.match(bare):
        return False
    if _BARE_LABEL.match(title) and (_WEAK_PREFIX.match(bare) or _BARE_TASK.fullmatch(bare)):
        return True
    label = vocabulary.EXERCISE_LABEL.match(title) or vocabulary.EXERCISE_LABEL.match(bare)
    if label is not None:
        return label["number"] is not None or not _TASK.fullmatch(label["label"].strip())
    # "Tests" and "Unit tests" are what programmers write.
    if _EXAM.fullmatch(bare) and not _TESTS.search(bare):
        return True
    # "What is an exercise?" asks about exercises.
    if bare.endswith(("?", "？")):
        return False
    if (strong := _STRONG_PREFIX.match(bare)) is not None:
        is_english = strong.group().casefold() in {"exercise", "quiz"}
        return not (is_english and _COMPOUND.match(bare[strong.end() :]))
    if (weak := _WEAK_PREFIX.match(bare)) is not None:
        rest = bare[weak.end() :]
        return _NUMBER_PREFIX.match(rest) is not None or _PURPOSE.match(rest) is not None
    return _SUFFIX.match(bare) is not None or _CJK_SUFFIX.match(bare) is not None


def is_exercise_title(title: str) -> bool:
    """Tell whether a title or file name calls what it names an exercise: `lab_11`, `Week 3 - homework`, `task`."""
    if len(title.split()) > MAX_TITLE_WORDS:
        return False
    # `Übung4`, but not `ex03`, whose word is too short to stand alone.
    spaced = re.sub(r"(?<=[^\W\d_]{4})(?=\d)", " ", title)
    tokens = [token for token in re.split(r"[\s_\-–—.,:;()\[\]]+", spaced) if token]
    while tokens and (tokens[0].isdecimal() or names.parse_name(tokens[0]).number is not None):
        if _FILE_SHORT.match(tokens[0]):
            return True
        tokens.pop(0)
    while tokens and tokens[-1].isdecimal():
        tokens.pop()
    if tokens and _DIVISION.fullmatch(tokens[0]) and not _FILE_PREFIX.match(tokens[0]):
        tokens = [token for token in tokens[1:] if not token.isdecimal()]
    text = " ".join(tokens)
    return bool(text) and (
        _FILE_PREFIX.match(text) is not None
        or _FILE_SHORT.match(tokens[0]) is not None
        or _FILE_WORD.fullmatch(text) is not None
        or _TASK.fullmatch(text) is not None
        or _EXAM.fullmatch(text) is not None
        or is_exercise_heading(title)
        or _SUFFIX.match(text) is not None
        or _CJK_SUFFIX.match(text) is not None
    )


@lru_cache(maxsize=8192)
def is_solution_heading(title: str) -> bool:
    """Tell whether a heading calls what stands below it the solution of an exercise."""
    bare = names.clean_title(title)
    if len(bare.split()) > _MAX_SOLUTION_WORDS or bare.endswith(("?", "？")):
        return False
    found = vocabulary.SOLUTION.search(bare)
    if found is None:
        return False
    # "Solutions of salts", "Answers to prayer": what they are of is no task and has no number.
    before, rest = bare[: found.start()].strip(" :.(-"), bare[found.end() :].strip(" :.)-")
    is_of_task = _WEAK_PREFIX.match(before) is not None or _TASK_INSIDE.search(rest) is not None
    # "Buffer solution" and "Problem and solution" are subjects.
    if before and not is_of_task and not _ONE_OF_SOLUTIONS.fullmatch(before):
        return False
    return is_of_task or not rest or (not before and _LABELLED_REST.match(bare[found.end() :]) is not None)


def is_numbered_question(title: str) -> bool:
    """Tell whether a heading or paragraph begins as a numbered question does: `Question 3`, `Frage 2:`, `Q1.`."""
    return _NUMBERED_QUESTION.match(title) is not None


def is_bare_label(title: str) -> bool:
    """Tell whether a title is only a label such as `Exercise 3`, which other exercises have, too."""
    return _BARE_LABEL.match(title) is not None


def is_bare_task(title: str) -> bool:
    """Tell whether a title is "Task" and no more, which teachers write above steps to follow, too."""
    return _TASK.fullmatch(names.clean_title(title)) is not None


class Context(StrEnum):
    """What a text stands among, as the heading above it or the title of its file says."""

    TEXT = "text"
    # Questions that belong together: with choices each is an exercise of its own.
    QUESTIONS = "questions"
    # Several tasks: a numbered one is an exercise of its own.
    TASKS = "tasks"


def find_context(title: str) -> Context:
    """Return what stands below a title: `Exercises` and `Exam` announce tasks, `Review questions` questions."""
    bare = names.clean_title(title)
    if vocabulary.QUESTION_LIST.search(bare):
        return Context.QUESTIONS
    return Context.TASKS if vocabulary.COLLECTION.search(bare) else Context.TEXT


def find_number(title: str) -> str:
    """Return the first number in a title as the materials write it (`2.1`), blank without one."""
    found = _ANY_NUMBER.search(title)
    return found.group() if found is not None else ""


def build_title(heading: str) -> str:
    """Return an exercise's own title: without `Exercise 3:` when something else is left."""
    label = vocabulary.EXERCISE_LABEL.match(heading)
    rest = heading[label.end() :].strip() if label is not None else ""
    if label is not None and (_DURATION.fullmatch(rest) or vocabulary.START_MARK.match(heading)):
        return names.capitalize_title(label["label"].strip())
    return names.capitalize_title(rest if names.is_meaningful_title(rest) else names.clean_title(heading))


def shorten_text(text: str) -> str:
    """Return a text as a title: its first line, at most MAX_TITLE_WORDS words."""
    parts = text.split("\n")[0].split()
    short = " ".join(parts[:MAX_TITLE_WORDS]).rstrip(":：")
    return short if len(parts) <= MAX_TITLE_WORDS else f"{short}…"
