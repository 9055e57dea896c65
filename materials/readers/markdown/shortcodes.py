"""Parse tags of Jekyll (Liquid), Hugo and GitBook in Markdown: `{% tab title="Mac" %}`, `{{< details "More" >}}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import format_left_out

_TAG = r"\{(?:%-?|\{[<%])\s*(?P<end>/|end)?\s*(?P<name>[\w-]+)(?P<arguments>.*?)(?:-?%\}|/?\s*[>%]\}\})"
_LINE = re.compile(rf"[ \t]*{_TAG}[ \t]*$")
_END = re.compile(r"\{(?:%-?\s*end([\w-]+)\s*-?%|\{[<%]\s*/\s*([\w-]+)\s*[>%]\})\}")
_NAMED = re.compile(r"(?<![\w-])(?:title|name|label|caption|summary|header)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|“([^”]*)”)")
_ALT = re.compile(r"(?<![\w-])alt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TARGET = re.compile(r"(?<![\w-])(?:url|href|link|src)\s*=\s*\"([^\"]*)\"")
_POSITIONAL = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)')")
# Their first argument is what a reader sees; that of others is a path, an identifier or a condition.
_TITLED_NAMES = {
    "tab",
    "tabs",
    "details",
    "expand",
    "notice",
    "hint",
    "admonition",
    "callout",
    "card",
    "collapse",
    "step",
}
_REFERENCE = re.compile(
    r"\]\(\s*\{(?:\{[<%]|%)-?\s*(?:rel)?(?:ref|link|post_url)\s+\"?([^\s\"%>]+)\"?[^}]{0,100}\}{1,2}"
)


@dataclass(frozen=True, kw_only=True)
class Shortcode:
    """A tag on a line of its own; `lines` say what its arguments show, or what of it is left out."""

    name: str
    is_end: bool
    has_content: bool
    lines: list[str]


def find_paired_names(text: str) -> frozenset[str]:
    """Return the names of the tags of a text that have an end."""
    return frozenset(name for pair in _END.findall(text) for name in pair if name)


def parse_shortcode(line: str, paired_names: frozenset[str]) -> Shortcode | None:
    """Return the tag that makes up a line; None for other lines."""
    found = _LINE.match(line)
    if found is None:
        return None
    name, arguments = found["name"], found["arguments"]
    words = [_join_groups(groups) for groups in (_NAMED.findall(arguments) or _ALT.findall(arguments))]
    if not words and name in _TITLED_NAMES and (first := _POSITIONAL.match(arguments)) is not None:
        words = [_join_groups(first.groups(""))]
    lines = [line for each in words if each.strip() for line in (escape(each, quote=False), "")]
    target = _TARGET.search(arguments)
    if lines and target is not None and name not in {"figure", "img", "image"}:
        lines[0] = f'<a href="{escape(target.group(1), quote=True)}">{lines[0]}</a>'
    has_content = name in paired_names and not found["end"]
    if not lines and not has_content and not found["end"]:
        lines = [format_left_out(LeftOutKind.EMBEDDED_OBJECT, line)]
    return Shortcode(name=name, is_end=bool(found["end"]), has_content=has_content, lines=lines)


def replace_reference_targets(line: str) -> str:
    """Return a line in which the targets of links are paths instead of tags: `[a]({{< ref "b.md" >}})`."""
    return _REFERENCE.sub(r"](\1", line)


def _join_groups(groups: Sequence[str]) -> str:
    return next((group for group in groups if group), "")
