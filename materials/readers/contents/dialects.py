"""The forms of contents files: how each is told by name and by its text, and which module reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import cast

from materials.documents import Contents
from materials.readers.contents.errors import NotContents

HEAD_BYTES = 512 * 1024
"""Bytes at the beginning of a file in which its dialect shows. Settings may hold much before their contents."""

_FLAGS = re.MULTILINE | re.IGNORECASE
# Modules with parsers of our own, which tell documents and programs of the same names apart. Parsers of libraries,
# written in C, run in the child process that reads the file.
_READ_WHOLE = {"summary", "docusaurus"}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A form of contents files.

    `names` are the file names that it has, `hint` is what stands in its text, `expected` says that for people. `module`
    of this package has a function `read(text, name)` that returns its `Contents` and raises `NotContents`. `folders`
    are those that its files lie in, where the names say too little. With `is_document_name` a file of the name that is
    no contents file is an ordinary document, with `is_common_name` one of those that its extension says.
    """

    label: str
    module: str
    names: re.Pattern[str]
    hint: re.Pattern[str]
    expected: str
    folders: frozenset[str] = frozenset()
    is_document_name: bool = False
    is_common_name: bool = False


DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        label="SUMMARY.md",
        module="summary",
        names=re.compile(r"(?:summary|_sidebar)\.md", _FLAGS),
        hint=re.compile(r"\[[^\n]*\]\([^\n]*\)"),
        expected="a nested list of links",
        is_document_name=True,
    ),
    Dialect(
        label="mkdocs.yml",
        module="mkdocs",
        names=re.compile(r"mkdocs[\w.-]*\.ya?ml", _FLAGS),
        hint=re.compile(r"^(?:nav|pages)\s*:", _FLAGS),
        expected="`nav`",
    ),
    Dialect(
        label="_toc.yml of Jupyter Book",
        module="jupyter_book",
        names=re.compile(r"_toc\.ya?ml", _FLAGS),
        hint=re.compile(r"\b(?:file|glob|url|root|chapters)\s*:", _FLAGS),
        expected="files, parts or chapters",
    ),
    Dialect(
        label="myst.yml",
        module="jupyter_book",
        names=re.compile(r"myst\.ya?ml", _FLAGS),
        hint=re.compile(r"^\s+toc\s*:", _FLAGS),
        expected="`toc` in `project`",
    ),
    Dialect(
        label="_toctree.yml of Hugging Face",
        module="hugging_face",
        names=re.compile(r"_toctree\.ya?ml", _FLAGS),
        hint=re.compile(r"\b(?:local|sections)\s*:", _FLAGS),
        expected="sections or `local` files",
    ),
    Dialect(
        label="_quarto.yml",
        module="quarto",
        names=re.compile(r"(?:_quarto[\w.-]*|_site)\.ya?ml", _FLAGS),
        hint=re.compile(r"^\s*(?:-\s+)?(?:chapters|contents|navbar|render)\s*:", _FLAGS),
        expected="chapters, a sidebar or a menu",
    ),
    Dialect(
        label="_bookdown.yml",
        module="bookdown",
        names=re.compile(r"_bookdown\.ya?ml", _FLAGS),
        hint=re.compile(r"^rmd_files\s*:", _FLAGS),
        expected="`rmd_files`",
    ),
    Dialect(
        label="config.yaml of The Carpentries",
        module="carpentries",
        names=re.compile(r"config\.ya?ml", _FLAGS),
        hint=re.compile(r"^episodes\s*:", _FLAGS),
        expected="`episodes`",
    ),
    Dialect(
        label="_config.yml of Jekyll",
        module="carpentries",
        names=re.compile(r"_config\.ya?ml", _FLAGS),
        hint=re.compile(r"^(?:episode_order|navigation|nav|sidebar|menu|header_pages)\s*:|^\s+order\s*:", _FLAGS),
        expected="`episode_order` or another order of pages",
    ),
    Dialect(
        label="a navigation file",
        module="nav_files",
        names=re.compile(r"(?:toc|nav|navigation|sidebars?|menu)\.ya?ml", _FLAGS),
        hint=re.compile(r"\b(?:href|url|file|path|link|page|local|doc)s?\s*:", _FLAGS),
        expected="titles and addresses of pages",
    ),
    Dialect(
        label="the sidebars of Docusaurus",
        module="docusaurus",
        names=re.compile(r"(?:version-[\w.-]+-)?sidebars?[\w-]*\.(?:json|[cm]?[jt]s)", _FLAGS),
        hint=re.compile(r"[\[{]"),
        expected="sidebars that are written out, not computed",
        is_common_name=True,
    ),
    Dialect(
        label="_category_ of Docusaurus",
        module="docusaurus",
        names=re.compile(r"_category_\.(?:json|ya?ml)", _FLAGS),
        hint=re.compile(r"\b(?:label|position)\b", _FLAGS),
        expected="a label or a position",
    ),
    Dialect(
        label="imsmanifest.xml",
        module="ims",
        names=re.compile(r"imsmanifest\.xml", _FLAGS),
        hint=re.compile(r"<(?:\w+:)?manifest[\s>]", _FLAGS),
        expected="a manifest",
    ),
    Dialect(
        label="toc.ncx of EPUB",
        module="epub",
        names=re.compile(r"[^/]*\.ncx", _FLAGS),
        hint=re.compile(r"<(?:\w+:)?navMap[\s>]", _FLAGS),
        expected="`navMap`",
    ),
    Dialect(
        label="the nav document of EPUB",
        module="epub",
        names=re.compile(r"[^/]*(?:nav|toc)[^/]*\.x?html?", _FLAGS),
        hint=re.compile(r"<nav\b[^>]{0,500}\bepub:type\s*=\s*[\"'](?:[^\"']*\s)?toc\b", _FLAGS),
        expected="`nav` of the type `toc`",
        is_document_name=True,
    ),
    Dialect(
        label="OLX of Open edX",
        module="olx",
        names=re.compile(r"[^/]*\.xml", _FLAGS),
        hint=re.compile(
            r"\A\s*(?:<\?[^>]*>\s*)?(?:<!--.*?-->\s*)*"
            r"<(?:(?:course|chapter|sequential|vertical|videosequence|html|video)\s[^>]*"
            r"\b(?:display_name|url_name|filename|org|youtube\w*|sub)\s*=|(?:sequential|vertical)\b)",
            _FLAGS | re.DOTALL,
        ),
        expected="a chapter, sequential or vertical",
        folders=frozenset({"course", "chapter", "sequential", "vertical", "videosequence", "html", "video"}),
        is_common_name=True,
    ),
)


def list_named_dialects(name: str) -> list[Dialect]:
    """Return the dialects whose files have such a name; of a path the last folder counts, too."""
    path = PurePosixPath(name.replace("\\", "/"))
    named = [dialect for dialect in DIALECTS if dialect.names.fullmatch(path.name) and _may_lie_in(dialect, path)]
    return [dialect for dialect in named if not dialect.is_common_name] or named


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


def list_warnings(dialect: Dialect, text: str) -> list[str]:
    """Return sentences about what a contents file holds besides and nobody reads. Raises NotContents."""
    module = import_module(f"materials.readers.contents.{dialect.module}")
    return module.list_warnings(text) if hasattr(module, "list_warnings") else []


def _fits(dialect: Dialect, name: str, head: str) -> bool:
    if not dialect.hint.search(head):
        return False
    if dialect.module in _READ_WHOLE:
        # A document that is refused as contents is read as what it is; one that is refused later would be lost.
        try:
            read_dialect(dialect, head, name)
        except NotContents:
            return False
    return True


def _may_lie_in(dialect: Dialect, path: PurePosixPath) -> bool:
    return not (dialect.folders and path.parent.name) or path.parent.name in dialect.folders or path.stem == "course"
