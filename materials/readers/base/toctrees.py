"""The `toctree` directive of Sphinx: the table of contents that a page has in reStructuredText or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import format_left_out

_OPTION = re.compile(r"\s*:([\w-]+):(?:\s+(.*))?$")
_YAML_OPTION = re.compile(r"\s*([\w-]+)\s*:(?:\s+(.*))?$")
_TITLED = re.compile(r"(?P<title>.*?)\s*<(?P<target>[^<>]+)>$")
# Targets that are no files: the page itself, and pages that Sphinx makes.
_NO_FILES = {"self", "genindex", "modindex", "search"}


def format_toctree(lines: Sequence[str], text: str) -> str:
    """Return the element for a toctree, from the lines of its options and entries; `text` is what is left out by it.

    It is left out of the text of the page. In it stands a link for each entry; its caption is the attribute `toctree`.
    """
    options, entries = _split_options(lines)
    caption = escape((options.get("caption") or "").strip().strip("\"'"), quote=True)
    links = "".join(_format_links(entries))
    start, _, _ = format_left_out(LeftOutKind.CONTENTS, text).partition("></")
    return f'{start} toctree="{caption}">{links}</{start[1:].partition(" ")[0]}>'


def _format_links(entries: Iterable[str]) -> Iterable[str]:
    for entry in entries:
        found = _TITLED.fullmatch(entry)
        title, target = (found["title"], found["target"].strip()) if found else ("", entry)
        if target and target not in _NO_FILES:
            # As attributes, in which no markup is read.
            yield f'<a href="{escape(target, quote=True)}" title="{escape(title, quote=True)}"></a>'


def _split_options(lines: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options, written with colons or as YAML between lines of `---`, and the entries."""
    options: dict[str, str] = {}
    entries: list[str] = []
    in_yaml = False
    for line in lines:
        if line.strip() == "---" and not entries:
            in_yaml = not in_yaml
        elif (found := (_YAML_OPTION if in_yaml else _OPTION).match(line)) and not entries:
            options[found[1]] = found[2] or ""
        elif line.strip() and not in_yaml:
            entries.append(line.strip())
    return options, entries
