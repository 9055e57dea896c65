"""The forms of contents files: how each is told by name and by its first lines, and which module reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from materials.documents import Contents
from materials.readers.contents.errors import NotContents

# Bytes at the beginning of a file in which its dialect shows. Settings files may hold much before their contents.
HEAD_BYTES = 512 * 1024


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A form of contents files.

    `label` names it for people. `names` are the file names that it has, `hint` what stands in its text. `module` in
    this package has a function `read(text, name)` that returns its `Contents` and raises `NotContents`. `expected`
    says what a file of the name has to hold. With `is_document_name` one that does not hold it is an ordinary document.
    """

    label: str
    names: re.Pattern[str]
    hint: re.Pattern[str]
    module: str
    expected: str
    is_document_name: bool = False


def _dialect(
    label: str, module: str, names: str, hint: str, *, expected: str, is_document_name: bool = False
) -> Dialect:
    return Dialect(
        label=label,
        module=module,
        names=re.compile(names, re.IGNORECASE),
        hint=re.compile(hint, re.MULTILINE | re.IGNORECASE),
        expected=expected,
        is_document_name=is_document_name,
    )


DIALECTS: tuple[Dialect, ...] = (
    _dialect(
        "SUMMARY.md",
        "summary",
        r"summary\.md",
        r"^\s*(?:[-*+]\s+)?\[[^\n]*\]\([^\n]*\)",
        expected="a nested list of links",
        is_document_name=True,
    ),
)


def list_named_dialects(name: str) -> list[Dialect]:
    """Return the dialects whose files have such a name, which may be a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return [dialect for dialect in DIALECTS if dialect.names.fullmatch(last)]


def find_dialect(name: str, head: str) -> Dialect | None:
    """Return the dialect of a file with this name that begins with `head`; None for another file."""
    return next((dialect for dialect in list_named_dialects(name) if _fits(dialect, name, head)), None)


def read_dialect(dialect: Dialect, text: str, name: str) -> Contents:
    """Return the contents of a file in a dialect. Raises NotContents."""
    # Imported on use: who only looks at names needs no parsers.
    module = import_module(f"materials.readers.contents.{dialect.module}")
    try:
        return cast(Contents, module.read(text, name))
    except RecursionError:
        raise NotContents("it is nested too deeply.") from None


def _fits(dialect: Dialect, name: str, head: str) -> bool:
    if not dialect.hint.search(head):
        return False
    if dialect.is_document_name:
        # What is refused as contents is a document; what is refused as a document would be lost.
        try:
            read_dialect(dialect, head, name)
        except NotContents:
            return False
    return True
