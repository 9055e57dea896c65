"""The files of an MkDocs site: its configuration with the navigation, and a page for each module and lesson."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from uuid import UUID

from structures.exports.base import ExportedReference, ExportedSnapshot
from structures.exports.characters import clean_text
from structures.exports.markdown import (
    MarkdownStyle,
    format_reference_location,
    render_course,
    render_quality,
    render_section,
)
from structures.exports.mkdocs.dialect import NESTED_INDENT, escape_blocks, escape_line, escape_paragraph
from structures.exports.numbering import NumberedSection, number_sections
from structures.exports.places import find_place_url

CONFIGURATION = "mkdocs.yml"
INDEX = "index.md"
PAGES = "docs"
# Parsers of YAML look no further than 1,024 characters for the end of a key that is not marked (YAML 1.2, 7.4.3).
_MAX_PLAIN_KEY = 1000
# The theme loads the colours of code from another server unless it is told not to. Pages are files with names, so that
# a site that was built can be read without a server.
_SETTINGS = """\
theme:
  name: readthedocs
  highlightjs: false
plugins:
  - search
markdown_extensions:
  - toc
  - tables
  - fenced_code
use_directory_urls: false
validation:
  links:
    anchors: warn
"""


def find_page_path(section: NumberedSection) -> str:
    """Return the path of a section's page below the folder of pages. It follows from the key alone."""
    return f"{'modules' if section.is_module else 'lessons'}/{section.node.row.key}.md"


def render_configuration(snapshot: ExportedSnapshot) -> Iterator[str]:
    """Yield `mkdocs.yml`."""
    title = _quote_title(snapshot.course.title)
    yield f"site_name: {title}\n{_SETTINGS}nav:\n{_begin_entry(title, '  ')}: {INDEX}\n"
    for section in number_sections(snapshot.modules):
        name = _quote_title(f"{section.number}. {section.node.row.title}")
        indent = "  " + "    " * section.depth
        value = f"\n{indent}    - {find_page_path(section)}" if section.subsections else f" {find_page_path(section)}"
        yield f"{_begin_entry(name, indent)}:{value}\n"


@dataclass(frozen=True, kw_only=True)
class SitePages:
    """The pages of a site. `sections` are all modules and lessons by the ids of their rows."""

    snapshot: ExportedSnapshot
    sections: Mapping[str, NumberedSection]

    def render_index(self) -> Iterator[str]:
        """Yield the first page: what is said of the course, and its contents."""
        yield from _separate(render_course(self.snapshot.course, self._build_style("")))
        if self.sections:
            yield "\n\n## Contents\n"
        for section in self.sections.values():
            yield f"\n{NESTED_INDENT * section.depth}- {self._link(section, '')}"
        quality = list(render_quality(self.snapshot.course, self._build_style("")))
        yield "\n" + "".join(f"\n{part}\n" for part in quality)

    def render_page(self, section: NumberedSection) -> Iterator[str]:
        """Yield the page of a module or lesson."""
        style = self._build_style("../")
        yield from _separate(render_section(section, self.sections, style, level=1))
        if section.subsections:
            yield "\n\n**Inside:**\n"
        for node in section.subsections:
            yield f"\n- {self._link(self.sections[str(node.row.pk)], '../')}"
        yield "\n"

    def _build_style(self, base: str) -> MarkdownStyle:
        addresses = self.snapshot.addresses
        return MarkdownStyle(
            escape_line=escape_line,
            escape_paragraph=escape_paragraph,
            quote_text=escape_blocks,
            name_section=lambda section: self._link(section, base),
            name_place=lambda reference: _link_place(reference, addresses),
            nested_indent=NESTED_INDENT,
            before_key="\n\n",
            quotes=True,
        )

    def _link(self, section: NumberedSection, base: str) -> str:
        title = f"{section.number}. {escape_line(section.node.row.title)}"
        return f"[{title}]({base}{find_page_path(section)})"


def build_pages(snapshot: ExportedSnapshot) -> SitePages:
    """Return the pages of a snapshot."""
    sections = {str(section.node.row.pk): section for section in number_sections(snapshot.modules)}
    return SitePages(snapshot=snapshot, sections=sections)


def _begin_entry(name: str, indent: str) -> str:
    """Return an entry of the navigation up to its name, which gets longer when it is escaped."""
    return f"{indent}- {name}" if len(name) <= _MAX_PLAIN_KEY else f"{indent}- ? {name}\n{indent}  "


def _separate(parts: Iterable[str]) -> Iterator[str]:
    for number, part in enumerate(parts):
        yield ("\n\n" if number else "") + part


def _link_place(reference: ExportedReference, addresses: Mapping[UUID, str]) -> str:
    place, url = escape_line(format_reference_location(reference)), find_place_url(reference, addresses)
    return f"[{place}](<{_escape_url(url)}>)" if url else place


def _escape_url(url: str) -> str:
    """Return an address without the characters that would end it or be markup inside it."""
    return "".join(f"%{ord(each):02X}" if each in "<>()[]*_`\\\"' " else each for each in clean_text(url))


def _quote_title(title: str) -> str:
    """Return a title as a double-quoted YAML string (YAML 1.2, 7.3.1, which takes those of JSON).

    Themes write titles into their pages as they are: in them, too, nothing is markup.
    """
    return json.dumps(escape(" ".join(clean_text(title).split())), ensure_ascii=False)
