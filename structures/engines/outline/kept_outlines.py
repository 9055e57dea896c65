"""Arranging materials as an outline says that must be kept: nothing is read from names, contents or texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.engines.base.outlines import Outline, OutlineNode
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline.arrangement import Arrangement
from structures.engines.outline.catalog import CourseFile, build_catalog
from structures.engines.outline.plan_building import ROLE_ORDER
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.sections import build_section_tree

Files = Mapping[UUID, CourseFile]


def arrange_as_outline(source: SourceNode, outline: Outline) -> Arrangement:
    """Return the outline's modules and lessons as plans, with the roles that files have in the course.

    Files that hardly belong to a lesson, such as licences, are in none of these either, unless they are all that it
    has; a warning names them. A lesson at the top of the course is the only one in a module without a key.
    """
    catalog = build_catalog(source)
    files = {file.entry.id: file for file in [*catalog.files, *catalog.administration, *catalog.contents]}
    for lesson in outline.list_lessons():
        found = [files[entry.id] for entry in lesson.entries]
        if all(file.role is Role.ADMINISTRATION for file in found):
            for file in found:
                file.role = Role.BODY
    warnings = list(outline.warnings)
    named = (
        ("Not part of any lesson", [file for file in catalog.administration if file.role is Role.ADMINISTRATION]),
        ("Without any text", [file for file in catalog.files if not file.entry.chunks]),
    )
    for sentence, found in named:
        if found:
            warnings.append(f"{sentence}: {'; '.join('/'.join(file.path) for file in found)}.")
    return Arrangement(
        modules=[_build_top(node, outline, files) for node in outline.nodes],
        about=list(_build_parts(outline.entries, files)),
        warnings=warnings,
        explanation=dict(outline.explanation),
    )


def _build_top(node: OutlineNode, outline: Outline, files: Files) -> ModulePlan:
    plan = _build_plan(node, outline, files)
    return plan if isinstance(plan, ModulePlan) else ModulePlan(title=plan.title, children=[plan])


def _build_plan(node: OutlineNode, outline: Outline, files: Files) -> ModulePlan | LessonPlan:
    parts = list(_build_parts(node.entries, files))
    if node.node_type is NodeType.LESSON:
        return LessonPlan(title=node.title, parts=parts, key=node.key)
    return ModulePlan(
        title=node.title,
        children=[_build_plan(child, outline, files) for child in node.children],
        about=parts,
        arranged_by=outline.arranged_by,
        key=node.key,
    )


def _build_parts(entries: Iterable[SourceEntry], files: Files) -> list[LessonPart]:
    found = ((entry, files[entry.id]) for entry in entries)
    parts = [
        LessonPart(
            entry=entry,
            role=file.role,
            sections=[build_section_tree(entry)],
            is_whole=len(entry.chunks) == len(file.entry.chunks),
            folder=file.path[:-1],
        )
        for entry, file in found
        if file.role is not Role.ADMINISTRATION
    ]
    return sorted(parts, key=lambda part: ROLE_ORDER.index(part.role))
