"""Shapes in which teachers keep a course: where its files lie, what they are called, and which contents file says so.

Names are made of what the gold says. The files themselves stay as they are.
"""

from __future__ import annotations

import copy
import datetime
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from tests.evaluation.courses import PlacedFile, SmallCourse

Names = Mapping[str, str]
"""The new path of each file by its old one."""
_FIRST_DAY = datetime.date(2026, 9, 7)
_KINDS = {".md": "texts", ".srt": "captions", ".pdf": "slides"}


def name_in_folders(course: SmallCourse) -> Names:
    """`02 Heat/03 Boiling/old-name.md`."""
    return {each.path: f"{_module(each)}/{_lesson_folder(each)}{_old_name(each)}" for each in course.files}


def name_in_two_levels(course: SmallCourse) -> Names:
    """`02 Heat/03 Boiling.md`."""
    return {
        each.path: f"{_module(each)}/{each.lesson:02} {_clean(each.lesson_title)}{_further(each)}{each.suffix}"
        for each in course.files
    }


def name_with_decimals(course: SmallCourse) -> Names:
    """`2.3 Boiling.md`, all in one folder."""
    return {
        each.path: f"{each.module}.{each.lesson} {_clean(each.lesson_title)}{_further(each)}{each.suffix}"
        for each in course.files
    }


def name_with_prefixes(course: SmallCourse) -> Names:
    """`ch02-03-boiling.md`, all in one folder."""
    return {
        each.path: f"ch{each.module:02}-{each.lesson:02}-{_slug(each.lesson_title)}{_further(each)}{each.suffix}"
        for each in course.files
    }


def name_with_words(course: SmallCourse) -> Names:
    """`lesson_23.md`, `captions_23.srt`, `lab_23.md`, all in one folder."""
    return {
        each.path: f"{_word(each)}_{each.module}{each.lesson}{'' if each.rank < 2 else f'_{each.rank}'}{each.suffix}"
        for each in course.files
    }


def name_by_medium(course: SmallCourse) -> Names:
    """`texts/2.3 Boiling.md`, `captions/2.3 Boiling.srt`, `labs/2.3 Boiling.md`."""
    return {
        each.path: f"{'labs' if _is_lab(each) else _KINDS[each.suffix]}/{each.module}.{each.lesson} "
        f"{_clean(each.lesson_title)}{_further(each)}{each.suffix}"
        for each in course.files
    }


def name_by_week(course: SmallCourse) -> Names:
    """`Week 02/3. Boiling.md`: nothing names a module."""
    return {
        each.path: f"Week {each.module:02}/{each.lesson}. {_clean(each.lesson_title)}{_further(each)}{each.suffix}"
        for each in course.files
    }


def name_by_date(course: SmallCourse) -> Names:
    """`2026-09-14 Heat/2026-09-16 Boiling/old-name.md`."""

    def format_day(each: PlacedFile, lesson: int) -> str:
        return (_FIRST_DAY + datetime.timedelta(days=7 * (each.module - 1) + lesson)).isoformat()

    return {
        each.path: f"{format_day(each, 0)} {_clean(each.module_title)}/"
        + (f"{format_day(each, each.lesson)} {_clean(each.lesson_title)}/" if each.lesson else "")
        + _old_name(each)
        for each in course.files
    }


def name_deeply(course: SmallCourse) -> Names:
    """`parts/2-heat/lessons/3-boiling/README.md`, further files beside it."""
    return {
        each.path: f"parts/{each.module}-{_slug(each.module_title)}/"
        + (f"lessons/{each.lesson}-{_slug(each.lesson_title)}/" if each.lesson else "")
        + ("README.md" if each.rank == 0 and each.suffix == ".md" else _old_name(each))
        for each in course.files
    }


def name_without_meaning(course: SmallCourse) -> Names:
    """`file_017.md`, in random order."""
    numbers = list(range(1, len(course.files) + 1))
    random.Random(course.name).shuffle(numbers)  # noqa: S311  # no secret
    return {each.path: f"file_{number:03}{each.suffix}" for each, number in zip(course.files, numbers, strict=True)}


def write_summary(course: SmallCourse, names: Names) -> dict[str, str]:
    """`SUMMARY.md` of mdBook and GitBook."""
    lines = ["# Summary", ""]
    for module, lessons in _group(course):
        own, *_ = [*[names[each.path] for each in module if not each.lesson], ""]
        lines.append(f"- [{module[0].module_title}]({own})")
        for files in lessons:
            lines.append(f"  - [{files[0].lesson_title}]({names[files[0].path]})")
            lines += [f"    - [{_old_name(each)}]({names[each.path]})" for each in files[1:]]
    return {"SUMMARY.md": "\n".join(lines) + "\n"}


def write_readme(course: SmallCourse, names: Names) -> dict[str, str]:
    """`README.md` with a numbered list of links under a heading for each module."""
    lines = [f"# {course.gold['title']}", ""]
    for module, lessons in _group(course):
        lines += [f"## {module[0].module_title}", ""]
        for number, files in enumerate(lessons, start=1):
            further = "".join(f" ([{_old_name(each)}]({names[each.path]}))" for each in files[1:])
            lines.append(f"{number}. [{files[0].lesson_title}]({names[files[0].path]}){further}")
        lines.append("")
    return {"README.md": "\n".join(lines)}


def write_mkdocs(course: SmallCourse, names: Names) -> dict[str, str]:
    """`mkdocs.yml` with `nav` over `docs/`."""
    lines = [f"site_name: {json.dumps(course.gold['title'], ensure_ascii=False)}", "nav:"]
    for module, lessons in _group(course):
        lines.append(f"  - {json.dumps(module[0].module_title, ensure_ascii=False)}:")
        for files in lessons:
            title = json.dumps(files[0].lesson_title, ensure_ascii=False)
            if len(files) == 1:
                lines.append(f"      - {title}: {names[files[0].path]}")
            else:
                lines.append(f"      - {title}:")
                lines += [f"          - {names[each.path]}" for each in files]
    return {"mkdocs.yml": "\n".join(lines) + "\n"}


def write_schedule(course: SmallCourse, names: Names) -> dict[str, str]:
    """`schedule.csv`: week, title, file; nothing names a module."""
    rows = ["week,title,file"]
    for each in course.files:
        title = each.lesson_title.replace('"', "'")
        rows.append(f'{each.module},"{title}",{names[each.path]}')
    return {"schedule.csv": "\n".join(rows) + "\n"}


def write_toc(course: SmallCourse, names: Names) -> dict[str, str]:
    """`_toc.yml` of Jupyter Book: parts with chapters, further files as sections."""
    lines = ["format: jb-book", "parts:"]
    for module, lessons in _group(course):
        lines += [f"  - caption: {json.dumps(module[0].module_title, ensure_ascii=False)}", "    chapters:"]
        for files in lessons:
            title = json.dumps(files[0].lesson_title, ensure_ascii=False)
            lines += [f"      - file: {_stem(names[files[0].path])}", f"        title: {title}"]
            if files[1:]:
                lines += ["        sections:", *(f"          - file: {_stem(names[e.path])}" for e in files[1:])]
    return {"_toc.yml": "\n".join(lines) + "\n"}


SHAPES: Mapping[str, Callable[[SmallCourse], Names]] = {
    "folders": name_in_folders,
    "two-levels": name_in_two_levels,
    "flat-decimal": name_with_decimals,
    "flat-prefix": name_with_prefixes,
    "flat-words": name_with_words,
    "by-medium": name_by_medium,
    "weeks": name_by_week,
    "dates": name_by_date,
    "deep": name_deeply,
    "nameless": name_without_meaning,
}
CONTENTS: Mapping[str, Callable[[SmallCourse, Names], dict[str, str]]] = {
    "summary": write_summary,
    "readme": write_readme,
    "mkdocs": write_mkdocs,
    "toc": write_toc,
    "schedule": write_schedule,
}
# MkDocs takes paths relative to this folder.
_FILES_BELOW = {"mkdocs": "docs/"}
SHAPE_NAMES = (*SHAPES, *(f"nameless+{dialect}" for dialect in CONTENTS))


def write_shape(course: SmallCourse, shape: str, folder: Path) -> dict[str, Any]:
    """Write the course into an empty folder in that shape, and return its gold with the new paths."""
    base, _, dialect = shape.partition("+")
    names = SHAPES[base](course)
    assert len(set(names.values())) == len(names), f"{course.name}, {shape}: two files of one name"
    above = _FILES_BELOW.get(dialect, "")
    for old, new in names.items():
        target = folder / above / new
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(course.materials / old, target)
    if dialect:
        for name, text in CONTENTS[dialect](course, names).items():
            (folder / name).write_text(text, encoding="utf-8")
    gold: dict[str, Any] = copy.deepcopy(course.gold)
    for module in gold["modules"]:
        for part in (module, *module["lessons"]):
            part["files"] = [above + names[path] for path in part.get("files", ())]
    return gold


def _group(course: SmallCourse) -> Iterator[tuple[list[PlacedFile], list[list[PlacedFile]]]]:
    """Yield the files of each module, and those of its lessons by lesson."""
    for _, module in groupby(course.files, key=lambda each: each.module):
        files = list(module)
        lessons = groupby((each for each in files if each.lesson), key=lambda each: each.lesson)
        yield files, [list(lesson) for _, lesson in lessons]


def _module(each: PlacedFile) -> str:
    return f"{each.module:02} {_clean(each.module_title)}"


def _lesson_folder(each: PlacedFile) -> str:
    return f"{each.lesson:02} {_clean(each.lesson_title)}/" if each.lesson else ""


def _further(each: PlacedFile) -> str:
    """Return what tells a further text of a lesson from its first; captions differ by their ending."""
    return f" - {PurePosixPath(each.path).stem}" if each.rank and each.suffix == ".md" else ""


def _word(each: PlacedFile) -> str:
    if not each.lesson:
        return "overview"
    return "captions" if each.suffix == ".srt" else "lab" if _is_lab(each) else "lesson"


def _is_lab(each: PlacedFile) -> bool:
    return bool(re.search(r"exercise|ejercicio|завдання|вправа", PurePosixPath(each.path).stem))


def _old_name(each: PlacedFile) -> str:
    return PurePosixPath(each.path).name


def _stem(path: str) -> str:
    return path.removesuffix(".md")


def _clean(title: str) -> str:
    """Return a title as a name of a file."""
    return re.sub(r'[\\/:*?"<>|]+', " ", title).strip()


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
