"""Courses for tests of the evaluation, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def node(kind: str, title: str, files: Sequence[str] = (), children: Sequence[Json] = (), **more: Any) -> Json:
    """Return a node in the shape of a snapshot."""
    references = [{"entry_path": file} for file in files]
    return {"node_type": kind, "title": title, "references": references, "children": list(children), **more}


def structure(*modules: Json) -> Json:
    return node("course", "Course", children=modules)


def gold(**modules: Mapping[str, Any]) -> Json:
    """Return a gold course: files, or a lesson's fields, by the titles of lessons and modules."""
    return {
        "modules": [
            {
                "title": title,
                "lessons": [
                    {"title": name, **(fields if isinstance(fields, dict) else {"files": fields})}
                    for name, fields in lessons.items()
                ],
            }
            for title, lessons in modules.items()
        ]
    }


def from_gold(data: Json) -> Json:
    """Return the structure that says just what the gold says."""
    return structure(
        *(
            node(
                "module",
                module["title"],
                module.get("files", ()),
                [
                    node(
                        "lesson",
                        lesson["title"],
                        lesson["files"],
                        [node("exercise", each, lesson["files"]) for each in lesson.get("exercises", ())],
                        learning_goal="\n".join(lesson.get("objectives", ())),
                        estimated_minutes=lesson.get("minutes"),
                    )
                    for lesson in module["lessons"]
                ],
            )
            for module in data["modules"]
        )
    )
