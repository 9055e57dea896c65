"""Read a structure that was exported as JSON: its modules and lessons, each lesson as a text in Markdown.

The document is untrusted input. Its evidence is not taken: the materials that it quotes are not in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from materials.readers.packages.package import (
    DESCRIPTION,
    MAX_ITEMS,
    CoursePackage,
    PackageDamaged,
    PackageFile,
    PackageFiles,
    PackageItem,
)

DOCUMENT = "structure.json"
SCHEMA_ID = "urn:coursewright:structure:1"
# A course of 1,000 lessons has 2.4 MB (docs/decisions/0079). The document is parsed whole in memory.
_MAX_BYTES = 64 * 2**20
_MAX_LEVELS = 64
_SUFFIX = ".md"
# What would be read as Markdown in a line that is a title or a term.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")
_HEADING = re.compile(r"^(?=#{1,6}(?:\s|$))", re.MULTILINE)


def read(files: PackageFiles) -> CoursePackage | None:
    """Return the course of a document; None for JSON of another kind. Raises PackageDamaged."""
    data = files.read_head(DOCUMENT, _MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise PackageDamaged(f"It has more than {_MAX_BYTES // 2**20} MiB.")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise PackageDamaged("It is no JSON, or is nested too deeply.") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA_ID:
        return None
    counter = _ItemCounter()
    items = tuple(_build_item(node, counter, 1) for node in _iter_nodes(document, "module", "lesson"))
    title = _get_line(document.get("course"), "title")
    return CoursePackage(kind="Structure as JSON", title=title, items=items, skip_reasons={DOCUMENT: DESCRIPTION})


class _ItemCounter:
    def __init__(self) -> None:
        self._left = MAX_ITEMS

    def count_item(self) -> None:
        """Raise PackageDamaged when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise PackageDamaged(f"It has more than {MAX_ITEMS:,} modules and lessons.")


def _build_item(node: Mapping[str, Any], counter: _ItemCounter, level: int) -> PackageItem:
    counter.count_item()
    if level > _MAX_LEVELS:
        raise PackageDamaged(f"Its modules are nested in more than {_MAX_LEVELS} levels.")
    title = _get_line(node, "title") or "Untitled"
    children = tuple(_build_item(each, counter, level + 1) for each in _iter_nodes(node, "module", "lesson"))
    body = "\n\n".join(_write_body(node))
    # A module is known by its lessons. A lesson, and a module without any, has a text also where it says nothing.
    text = "" if children and not body else f"# {_escape(title)}\n\n{body}\n"
    made = (PackageFile(path="", title=title, data=text.encode(), suffix=_SUFFIX),) if text else ()
    return PackageItem(title=title, files=made, children=children)


def _write_body(node: Mapping[str, Any]) -> Iterator[str]:
    if description := _get_text(node, "description"):
        yield _HEADING.sub("##", description)
    for heading, name in (
        ("Learning goals", "learning_goals"),
        ("Key points", "key_points"),
        ("Questions", "questions"),
        ("Prerequisites", "required_knowledge"),
    ):
        if lines := _get_lines(node, name):
            yield f"## {heading}"
            yield "\n".join(f"- {_escape(line)}" for line in lines)
    if concepts := [each for each in _iter_nodes(node, "concept") if _get_line(each, "title")]:
        yield "## Glossary"
        for concept in concepts:
            described = _get_text(concept, "description")
            yield f"**{_escape(_get_line(concept, 'title'))}**" + (f": {described}" if described else "")
    for number, exercise in enumerate(_iter_nodes(node, "exercise"), start=1):
        yield f"## Exercise {number}: {_escape(_get_line(exercise, 'title'))}"
        if task := _get_text(exercise, "description"):
            yield _HEADING.sub("##", task)
        if solution := _get_text(exercise, "reference_solution"):
            yield "### Solution"
            yield _HEADING.sub("###", solution)


def _iter_nodes(node: Mapping[str, Any], *types: str) -> Iterator[Mapping[str, Any]]:
    children = node.get("children")
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict) and child.get("type") in types:
            yield child


def _get_text(value: Any, name: str) -> str:
    return _clean(value.get(name)) if isinstance(value, dict) else ""


def _get_line(value: Any, name: str) -> str:
    return " ".join(_get_text(value, name).split())


def _get_lines(node: Mapping[str, Any], name: str) -> list[str]:
    found = node.get(name)
    lines = [" ".join(_clean(each).split()) for each in found] if isinstance(found, list) else []
    return [line for line in lines if line]


def _clean(value: Any) -> str:
    """Return a text without what no text may hold: halves of surrogate pairs and NUL, which JSON can write."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode().replace("\0", "").strip()


def _escape(line: str) -> str:
    return _MARKUP.sub(r"\\\1", line)
