"""Convert inline markup of reStructuredText to HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

# The counts bound how far the end of a markup is searched: without them, text full of opening signs takes quadratic
# time. A backslash comes first, for it escapes what follows.
_MARKUP = re.compile(
    r"\\(?P<escaped>.)"
    r"|``(?P<literal>[^`\n](?:[^`]|`(?!`)){0,1000}?)``"
    r"|:(?P<role>[\w:.+-]{1,40}):`(?P<roled>[^`]{1,1000})`"
    r"|(?<![\w*])\*\*(?P<strong>[^\s*](?:[^*]|\*(?!\*)){0,500}?)(?<!\s)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^\s*](?:[^*]){0,500}?)(?<!\s)\*(?!\*)"
    r"|_?`(?P<text>[^`\s][^`]{0,500})`(?P<link>__?)?(?::(?P<after>[\w:.+-]{1,40}):)?"
    r"|\[(?P<note>\#?[\w.-]{0,60}|\*)\]_"
    r"|\|(?P<name>[^|\s][^|\n]{0,80})\|_{0,2}"
    r"|(?<![\w`])(?P<word>[A-Za-z0-9](?:[\w.-]{0,60}[A-Za-z0-9])?)__?(?![\w`])",
    re.DOTALL,
)
_TARGET = re.compile(r"(?P<said>.*?)\s*<[^<>]*>$", re.DOTALL)
_ROLE_TAGS = {
    "strong": "strong", "emphasis": "em", "code": "code", "literal": "code", "sub": "sub", "subscript": "sub",
    "sup": "sup", "superscript": "sup", "term": "dfn", "dfn": "dfn", "kbd": "kbd", "samp": "samp",
}  # fmt: skip


def render_inline(text: str, substitutions: Mapping[str, str]) -> str:
    """Return running text as HTML: markup as elements, references as their text.

    `substitutions` gives the replacement of each `|name|`, by its name in lower case.
    """
    parts: list[str] = []
    position = 0
    for found in _MARKUP.finditer(text):
        parts.append(escape(text[position : found.start()]))
        parts.append(_render_element(found, substitutions))
        position = found.end()
    parts.append(escape(text[position:]))
    return "".join(parts)


def _render_element(found: re.Match[str], substitutions: Mapping[str, str]) -> str:
    kind = found.lastgroup
    if kind == "escaped":
        # An escaped space separates markup from a word and is not shown.
        return "" if found["escaped"].isspace() else escape(found["escaped"])
    if kind == "literal":
        return f"<code>{escape(found['literal'])}</code>"
    if found["role"]:
        return _render_role(found["role"], found["roled"])
    if kind in {"strong", "emphasis"}:
        return f"<{_ROLE_TAGS[kind]}>{escape(found[kind])}</{_ROLE_TAGS[kind]}>"
    if found["text"] is not None:
        if found["after"]:
            return _render_role(found["after"], found["text"])
        said = _get_reference_text(found["text"])
        return escape(said)
    if kind == "note":
        return escape(f"[{(found['note'] or '').lstrip('#') or '#'}]")
    if kind == "name":
        return escape(substitutions.get(found["name"].lower(), found["name"]))
    return escape(found["word"] or found.group())


def _render_role(name: str, text: str) -> str:
    if name in {"math", "eq"}:
        return f'<span class="math">${escape(text)}$</span>'
    if name == "raw-html":
        return ""
    tag = _ROLE_TAGS.get(name.rpartition(":")[2])
    # Sphinx: `~` shortens a name to its last part, `!` makes no link.
    said = escape(_get_reference_text(text).lstrip("~!"))
    return f"<{tag}>{said}</{tag}>" if tag else said


def _get_reference_text(text: str) -> str:
    """Return the text of a reference: its own, or the target when it has none."""
    found = _TARGET.fullmatch(text)
    return found["said"] if found is not None and found["said"] else text.strip("<>")
