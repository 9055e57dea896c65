"""Convert inline markup of reStructuredText to HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import format_left_out
from materials.readers.markup.rst_references import References, split_reference

# The counts bound how far the end of a markup is searched: without them, text full of opening signs takes quadratic
# time. A backslash comes first, for it escapes what follows.
_MARKUP = re.compile(
    r"\\(?P<escaped>.)"
    r"|``(?P<literal>[^`\n](?:[^`]|`(?!`)){0,1000}?)``"
    r"|:(?P<role>[\w:.+-]{1,40}):`(?P<roled>[^`]{1,1000})`"
    r"|(?<![\w/@])(?P<address>(?:https?|ftp)://[^\s<>`|*]{1,2000}[^\s<>`|*.,;:!?)\]'\"])"
    r"|(?<![\w*])\*\*(?P<strong>[^\s*](?:[^*]|\*(?!\*)){0,500}?)(?<!\s)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^\s*](?:[^*]){0,500}?)(?<!\s)\*(?!\*)"
    r"|_?`(?P<text>[^`\s][^`]{0,500})`(?P<link>__?)?(?::(?P<after>[\w:.+-]{1,40}):)?"
    r"|\[(?P<note>\#?[\w.-]{0,60}|\*)\]_"
    r"|\|(?P<name>[^|\s][^|\n]{0,80})\|_{0,2}"
    r"|(?<![\w`])(?P<word>[A-Za-z0-9](?:[\w.-]{0,60}[A-Za-z0-9])?)__?(?![\w`])",
    re.DOTALL,
)
# Roles whose target is a path; that of others is the name of a label.
_LINK_ROLES = {"doc", "download"}
_ROLE_TAGS = {
    "strong": "strong", "emphasis": "em", "code": "code", "literal": "code", "sub": "sub", "subscript": "sub",
    "sup": "sup", "superscript": "sup", "term": "dfn", "dfn": "dfn", "kbd": "kbd", "samp": "samp",
}  # fmt: skip


def render_inline(text: str, substitutions: Mapping[str, str], references: References) -> str:
    """Return running text as HTML: markup as elements, references as links where it is known where they lead.

    `substitutions` gives the replacement of each `|name|`, by its name in lower case.
    """
    parts: list[str] = []
    position = 0
    for found in _MARKUP.finditer(text):
        parts.append(escape(text[position : found.start()]))
        parts.append(_render_element(found, substitutions, references))
        position = found.end()
    parts.append(escape(text[position:]))
    return "".join(parts)


def _render_element(found: re.Match[str], substitutions: Mapping[str, str], references: References) -> str:
    kind = found.lastgroup
    if kind == "escaped":
        # An escaped space separates markup from a word and is not shown.
        return "" if found["escaped"].isspace() else escape(found["escaped"])
    if kind == "literal":
        return f"<code>{escape(found['literal'])}</code>"
    if found["role"]:
        return _render_role(found["role"], found["roled"])
    if kind == "address":
        return _render_link(found["address"], found["address"])
    if kind in {"strong", "emphasis"}:
        return f"<{_ROLE_TAGS[kind]}>{escape(found[kind])}</{_ROLE_TAGS[kind]}>"
    if found["text"] is not None:
        if found["after"]:
            return _render_role(found["after"], found["text"])
        return _render_reference(found["text"], found["link"] or "", references)
    if kind == "note":
        return escape(f"[{(found['note'] or '').lstrip('#') or '#'}]")
    if kind == "name":
        words = substitutions.get(found["name"].lower(), found["name"])
        return _render_link(words, references.find_target(found["name"]) if found.group().endswith("_") else "")
    word = found["word"] or found.group()
    is_anonymous = found.group().endswith("__")
    return _render_link(word, references.take_anonymous() if is_anonymous else references.find_target(word))


def _render_reference(text: str, mark: str, references: References) -> str:
    """Return a reference in backquotes; without a mark behind it, it is only interpreted text."""
    words, target = split_reference(text)
    if not mark:
        return escape(words)
    if not target:
        target = references.take_anonymous() if mark == "__" else references.find_target(text)
    elif target.endswith("_") and "/" not in target:
        target = references.find_target(target[:-1])
    return _render_link(words, target)


def _render_link(words: str, target: str) -> str:
    return f'<a href="{escape(target, quote=True)}">{escape(words)}</a>' if target else escape(words)


def _render_role(name: str, text: str) -> str:
    if name in {"math", "eq"}:
        return f'<span class="math">${escape(text)}$</span>'
    if name == "raw-html":
        return format_left_out(LeftOutKind.METADATA, text)
    words, target = split_reference(text)
    own = name.rpartition(":")[2]
    # Sphinx: `~` shortens a name to its last part, `!` makes no link.
    said = words.lstrip("~!")
    if own in _LINK_ROLES:
        return _render_link(said, target or said)
    tag = _ROLE_TAGS.get(own)
    return f"<{tag}>{escape(said)}</{tag}>" if tag else escape(said)
