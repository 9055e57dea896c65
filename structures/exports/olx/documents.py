"""The XML and JSON files of a course of Open edX: the course, its sections, problems and policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.characters import clean_text
from structures.exports.choice_tasks import ChoiceTask, find_choice_task
from structures.exports.lesson_html import escape_text, render_blocks
from structures.exports.olx.contents import MAX_COURSE_TITLE, Section, get_exercises, shorten_title
from structures.exports.olx.videos import LessonVideo, Transcript, VideoSource, list_videos

COURSE_FILE = "course.xml"
RUN = "export"
"""The name of the run. Studio takes organisation, course and run from the course that the file is imported into."""
COURSE_IMAGE = "course_image.png"
# Open edX wants dates. It opens new courses in 2030 unless somebody says otherwise, and this one needs an end, too.
_START, _END = "2030-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
_LAST_SECOND = 24 * 3600 - 1
# One grey pixel, which is shown as large as the image of a course is, until somebody uploads a picture in Studio.
IMAGE_BYTES = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63d8000000b200b1f88292a7"
    "0000000049454e44ae426082"
)


def get_page_path(node: ExportedNode) -> str:
    """Return the path of the page of a lesson, or of an exercise that is no problem."""
    return f"html/{_name(node, 'html')}.html"


def get_problem_path(exercise: ExportedNode) -> str:
    """Return the path of the problem that a question with choices is."""
    return f"problem/{_name(exercise, 'problem')}.xml"


def write_course_pointer() -> bytes:
    """Return `course.xml`, which names the run."""
    return f'<course url_name="{RUN}" org="coursewright" course="course"/>\n'.encode()


def write_course(sections: Iterator[Section]) -> Iterator[bytes]:
    """Yield the file of the run, which names the sections."""
    yield b"<course>\n"
    for section in sections:
        yield f'<chapter url_name="{section.identifier}"/>\n'.encode()
    yield b"</course>\n"


def write_section(
    section: Section, sources: Mapping[UUID, VideoSource], transcripts: Mapping[UUID, Transcript]
) -> Iterator[bytes]:
    """Yield the file of a section: a subsection for each lesson or lone exercise, with its units."""
    yield f'<chapter display_name="{escape_text(section.title)}">\n'.encode()
    for node in section.nodes:
        yield f"<sequential {_name_block(node, 'sequential')}>\n".encode()
        if node.node_type is NodeType.LESSON:
            videos = [_write_video(video, transcripts) for video in list_videos(node, sources)]
            yield _write_unit(node, [_write_page(node), *videos]).encode()
        for exercise in get_exercises(node):
            yield _write_unit(exercise, [_write_exercise(exercise)]).encode()
        yield b"</sequential>\n"
    yield b"</chapter>\n"


def write_problem(exercise: ExportedNode, task: ChoiceTask) -> bytes:
    """Return a problem with choices: one can be chosen, or all the right ones have to be and no other."""
    kind = "multiplechoiceresponse" if task.has_one_right_choice else "choiceresponse"
    group = 'choicegroup type="MultipleChoice"' if task.has_one_right_choice else "checkboxgroup"
    choices = "".join(
        f'<choice correct="{"true" if at in task.right else "false"}">{escape_text(choice)}</choice>\n'
        for at, choice in enumerate(task.choices)
    )
    explained = f'<div class="detailed-solution">\n{render_blocks(task.explanation)}\n</div>'
    before, label = _split_stem(task.stem)
    solution = f"<solution>\n{explained}\n</solution>\n" if task.explanation else ""
    return (
        f'<problem display_name="{escape_text(exercise.row.title)}">\n{before}<{kind}>\n{label}'
        f"<{group}>\n{choices}</{group.partition(' ')[0]}>\n</{kind}>\n{solution}</problem>\n"
    ).encode()


def write_policy(snapshot: ExportedSnapshot) -> bytes:
    """Return the settings of the course. Those of blocks stand in their XML: Open edX wants each in one place."""
    settings = {
        "display_name": shorten_title(clean_text(snapshot.course.title), MAX_COURSE_TITLE),
        "start": _START,
        "end": _END,
        "course_image": COURSE_IMAGE,
    }
    return _write_json({f"course/{RUN}": settings})


def write_grading_policy() -> bytes:
    """Return how the course is graded. Nothing in it counts, but Open edX wants a kind of work and a grade."""
    homework = {"type": "Homework", "short_label": "HW", "min_count": 1, "drop_count": 0, "weight": 1.0}
    return _write_json({"GRADER": [homework], "GRADE_CUTOFFS": {"Pass": 0.5}})


def _name(node: ExportedNode, block: str) -> str:
    """Return the `url_name` of a block that is made of a node. In a course there is one block of each name."""
    return f"{block}-{node.row.key}"


def _name_block(node: ExportedNode, block: str) -> str:
    return f'url_name="{_name(node, block)}" display_name="{escape_text(node.row.title)}"'


def _write_unit(node: ExportedNode, blocks: Sequence[str]) -> str:
    return f"<vertical {_name_block(node, 'vertical')}>\n{''.join(blocks)}</vertical>\n"


def _write_page(node: ExportedNode) -> str:
    return f'<html {_name_block(node, "html")} filename="{_name(node, "html")}"/>\n'


def _write_exercise(exercise: ExportedNode) -> str:
    if find_choice_task(exercise) is None:
        return _write_page(exercise)
    return f'<problem url_name="{_name(exercise, "problem")}"/>\n'


def _write_video(video: LessonVideo, transcripts: Mapping[UUID, Transcript]) -> str:
    source = video.source
    # Of the day: Open edX knows no later time (`RelativeTime`).
    start, end = (min(seconds, _LAST_SECOND) for seconds in (video.start_ms // 1000, -(-(video.end_ms or 0) // 1000)))
    times = f' start_time="{_format_time(start)}"' + (f' end_time="{_format_time(end)}"' if end > start else "")
    transcript = transcripts.get(source.recording.entry_id)
    inside = f'<source src="{escape_text(source.file_url)}"/>\n' if source.file_url else ""
    if transcript is not None:
        inside += f'<transcript language="{transcript.language}" src="{transcript.name}"/>\n'
    # Without an id, even a blank one, Open edX shows a video of its own.
    return (
        f'<video url_name="{video.identifier}" display_name="{escape_text(source.recording.name)}" '
        f'youtube_id_1_0="{source.youtube_id}"{times} download_video="false">\n{inside}</video>\n'
    )


def _format_time(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def _split_stem(stem: str) -> tuple[str, str]:
    """Return what comes before the question of a stem, and the question itself, which names the choices."""
    html = render_blocks(stem)
    if not html.endswith("</p>"):
        return f"{html}\n", ""
    before, _, question = html.rpartition("<p>")
    return before, f"<label>{question.removesuffix('</p>')}</label>\n"


def _write_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
