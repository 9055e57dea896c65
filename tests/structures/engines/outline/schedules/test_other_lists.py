"""What lists subjects of a course and is none of its arrangements: chapters, glossaries, summaries, tests, marks."""

from __future__ import annotations

import pytest

from tests.structures.engines.outline.drafts import build

LESSONS = {
    "01-posture.md": "# Posture\n\nStand with the feet under the hips.\n",
    "02-breathing.md": "# Breathing\n\nThe diaphragm moves down.\n",
    "03-warm-up.md": "# Warming up\n\nLip trills prepare the voice.\n",
    "04-diction.md": "# Diction\n\nConsonants carry the words.\n",
    "05-harmony.md": "# Harmony\n\nThirds and sixths sound sweet.\n",
    "06-performance.md": "# Performance\n\nLook at the last row.\n",
}
# In another order than the lessons have.
SUBJECTS = ["Harmony", "Diction", "Performance", "Breathing", "Posture", "Warming up"]

CHAPTER = "# The voice\n\nA voice needs all of a singer.\n\n" + "\n".join(
    f"## {subject}\n\nEverything that a singer does with {subject.casefold()} is a habit, and habits take time.\n"
    for subject in SUBJECTS
)
LONG_CHAPTER = "# The voice\n\n" + "\n".join(
    f"## Lesson {number}: {subject}\n\n{'A long explanation that goes on and on about the voice and the body. ' * 8}\n"
    for number, subject in enumerate(SUBJECTS, start=1)
)
NUMBERED = (
    "# The voice\n\nWhat follows builds on all of these habits, which singers need each day of their lives:\n\n"
    + "\n".join(f"{number}. {subject}" for number, subject in enumerate(SUBJECTS, start=1))
    + "\n\nNone of them can be learned by reading alone, and the body forgets what it does not do.\n"
)
GLOSSARY = "# Glossary\n\n" + "\n".join(f"- {subject}: what a singer does with it" for subject in SUBJECTS)
GLOSSARY_TABLE = "# Words\n\n| No | Term | Definition |\n|---|---|---|\n" + "\n".join(
    f"| {number} | {subject} | A habit of singers |" for number, subject in enumerate(SUBJECTS, start=1)
)
SOURCES = "# The voice\n\nSee below.\n\n## Further reading\n\n" + "\n".join(
    f"- {subject} for singers, London 200{number}" for number, subject in enumerate(SUBJECTS)
)
SUMMARY = "# Summary\n\n" + "\n".join(
    f"## Chapter {number}: {subject}\n\nPractise {subject.casefold()} daily.\n"
    for number, subject in enumerate(SUBJECTS, start=1)
)
TESTS = "# Check yourself\n\n" + "\n".join(
    f"## Lesson {number}: {subject}\n\n- What is {subject.casefold()}?\n- Who needs {subject.casefold()}?\n"
    for number, subject in enumerate(SUBJECTS, start=1)
)
MARKS = "# Marks\n\n| Assignment | Due date | Weight |\n|---|---|---|\n" + "\n".join(
    f"| {subject} | 1{number} March | 10% |" for number, subject in enumerate(SUBJECTS)
)
READING_LIST = "# Books\n\n| No | Author | Title |\n|---|---|---|\n" + "\n".join(
    f"| {number} | Smith | {subject} |" for number, subject in enumerate(SUBJECTS)
)


@pytest.mark.parametrize(
    "text",
    [CHAPTER, LONG_CHAPTER, NUMBERED, GLOSSARY, GLOSSARY_TABLE, SOURCES, SUMMARY, TESTS, MARKS, READING_LIST],
    ids=["chapter", "labelled", "numbered", "glossary", "terms", "sources", "summary", "questions", "marks", "books"],
)
@pytest.mark.parametrize("name", ["07-voice.md", "notes.md"])
def test_it_is_not_followed(text: str, name: str) -> None:
    draft = build({**LESSONS, name: text})

    assert draft.arrangement["chosen"] == "folders and names"
    assert not any("names" in warning and "lessons" in warning for warning in draft.warnings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("glossary.md", GLOSSARY),
        ("Зміст термінів.md", "# Словник\n\n- Тиждень 1: Harmony\n- Тиждень 2: Diction\n- Тиждень 3: Posture\n"),
        ("quiz.md", TESTS),
        ("summary of the course.md", SUMMARY.replace("# Summary", "# Course")),
    ],
)
def test_names_tell_what_a_list_is_for(name: str, text: str) -> None:
    assert build({**LESSONS, name: text}).arrangement["chosen"] == "folders and names"


def test_a_program_with_parts_is_no_programme_of_the_course() -> None:
    text = "# First program\n\n" + "\n".join(f"## {subject}\n\nSay {subject}.\n" for subject in SUBJECTS[:2])

    assert build({**LESSONS, "07-program.md": text}).arrangement["chosen"] == "folders and names"
