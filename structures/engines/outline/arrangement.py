"""Arranging the materials of a course into modules and lessons: choosing a reading and building plans from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from structures.engines.base.sources import SourceNode
from structures.engines.outline.catalog import build_catalog
from structures.engines.outline.choice import choose_reading
from structures.engines.outline.levels import find_lessons
from structures.engines.outline.materials import attach_materials
from structures.engines.outline.plan_building import build_plans
from structures.engines.outline.plans import ModulePlan


@dataclass(kw_only=True)
class Arrangement:
    """The modules of a course, what was left out, and how the choice was made."""

    modules: list[ModulePlan]
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
    warnings = [*choice.warnings]
    if catalog.administration:
        warnings.append(f"Not part of any lesson: {'; '.join('/'.join(f.path) for f in catalog.administration)}.")
    return Arrangement(modules=modules, warnings=warnings, explanation=choice.explain())
