"""Arranging the materials of a course into modules and lessons: choosing a reading and building plans from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from structures.engines.base.sources import SourceNode
from structures.engines.outline.catalog import Catalog, CourseFile, build_catalog
from structures.engines.outline.choice import choose_reading
from structures.engines.outline.levels import find_lessons
from structures.engines.outline.materials import attach_materials
from structures.engines.outline.plan_building import build_part, build_plans
from structures.engines.outline.plans import TAUGHT_ROLES, LessonPart, ModulePlan


@dataclass(kw_only=True)
class Arrangement:
    """The modules of a course, the files about the whole of it, what was left out, and how the choice was made."""

    modules: list[ModulePlan]
    about: list[LessonPart] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    explanation: dict[str, Any] = field(default_factory=dict)


def arrange_course(source: SourceNode) -> Arrangement:
    """Return the arrangement of a course. Deterministic: the same sources give the same arrangement."""
    catalog = build_catalog(source)
    choice = choose_reading(catalog)
    tree = choice.best.root
    lessons = find_lessons(tree)
    attach_materials(tree, lessons)
    modules = build_plans(tree, lessons, catalog)
    about, left_out = _find_rest(catalog, modules)
    warnings = [*choice.warnings]
    about_ids = set(map(id, about))
    silent = [file for file in catalog.files if not file.entry.chunks and id(file) not in about_ids]
    for sentence, files in (
        ("About the whole course and in no lesson", about),
        ("Not part of any lesson", left_out),
        ("Without any text", silent),
    ):
        if files:
            warnings.append(f"{sentence}: {'; '.join('/'.join(file.path) for file in files)}.")
    return Arrangement(
        modules=modules,
        about=[build_part(file) for file in about],
        warnings=warnings,
        explanation=choice.build_explanation(),
    )


def _find_rest(catalog: Catalog, modules: Sequence[ModulePlan]) -> tuple[list[CourseFile], list[CourseFile]]:
    """Return the files in no module: those that say something of the whole course, and those that are left out."""
    placed = {part.entry.id for module in modules for part in module.iter_parts()}
    rest = [file for file in catalog.files if file.entry.id not in placed]
    about = [file for file in rest if file.role in TAUGHT_ROLES]
    return about, [file for file in rest if file.role not in TAUGHT_ROLES] + catalog.administration
