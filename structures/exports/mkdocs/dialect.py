"""Texts for Python-Markdown, which MkDocs reads pages with: no character of a text is markup, but lists, tables, code.

It differs from CommonMark: few characters take a backslash, and HTML goes through wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from structures.exports.characters import clean_text

# Those that Python-Markdown knows a backslash before (its `ESCAPED_CHARS`, and `|` of tables).
_WITH_BACKSLASH = re.compile(r"([*_\[\]{}#|>!])")
# Its blocks begin with these: lists, rules, and the line below a heading. Numbers of lists have any length.
_BLOCK_START = re.compile(r"(\d+)(?=\.(?: |$))|(?=[-+](?: |$|[- ]+$))")
_ITEM = re.compile(r"( *)([-*+]|\d+[.)]) +(.*)")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LANGUAGE = re.compile(r"[\w#.+-]+")
# Python-Markdown has an item inside an item begin after four spaces, where our texts have two.
NESTED_INDENT = " " * 4


def escape_line(text: str) -> str:
    """Return text as one line without markup."""
    return _escape(" ".join(clean_text(text).split()))


def escape_paragraph(text: str) -> str:
    """Return text as one line without markup, whose beginning makes no list, no rule and no heading of it."""
    return _escape_start(escape_line(text))


def escape_blocks(text: str) -> str:
    """Return text of several lines: its lists, tables and fenced code as such, and no other markup."""
    return "\n\n".join(_iter_blocks(clean_text(text.strip("\n")).splitlines()))


def _escape(line: str) -> str:
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "&#92;").replace("`", "&#96;")
    return re.sub(_WITH_BACKSLASH, r"\\\1", line)


def _escape_start(line: str) -> str:
    if line.startswith("="):
        return f"&#61;{line[1:]}"
    found = _BLOCK_START.match(line)
    return f"{found[0]}\\{line[found.end() :]}" if found else line


def _iter_blocks(lines: list[str]) -> Iterator[str]:
    """Yield the blocks, between which there have to be blank lines."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if opening := _FENCE.fullmatch(line):
            end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], opening[1])), len(lines))
            yield _write_code(lines[at + 1 : end], opening[2])
            at = end + 1
        elif _is_table(lines, at):
            end = next((n for n in range(at + 2, len(lines)) if "|" not in lines[n]), len(lines))
            yield "\n".join(_escape_cells(row) for row in lines[at:end])
            at = end
        else:
            end = next((n for n in range(at + 1, len(lines)) if _ends_block(lines, at, n)), len(lines))
            block = lines[at:end]
            if said := _write_items(block) if _ITEM.match(line) else _write_paragraph(block):
                yield said
            at = end


def _ends_block(lines: list[str], start: int, at: int) -> bool:
    """Tell whether a paragraph or a list that begins at one line ends before another."""
    line = lines[at]
    if not line.strip() or _FENCE.fullmatch(line) or _is_table(lines, at):
        return True
    # A line below an item goes on with it, where it is indented.
    return bool(_ITEM.match(line)) != bool(_ITEM.match(lines[start])) and not line.startswith(" ")


def _is_table(lines: list[str], at: int) -> bool:
    rule = lines[at + 1] if at + 1 < len(lines) else ""
    return "|" in lines[at] and "|" in rule and _TABLE_RULE.fullmatch(rule) is not None


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return bare.startswith(fence) and not bare.strip(fence[0])


def _write_code(lines: list[str], language: str) -> str:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    named = _LANGUAGE.match(language.strip())
    return "\n".join([f"{fence}{named[0] if named else ''}", *lines, fence])


def _escape_cells(row: str) -> str:
    """Return the row of a table with its bars as they are."""
    if _TABLE_RULE.fullmatch(row):
        return row.strip()
    cells = re.split(r"(?<!\\)\|", row.strip())
    return "|".join(_escape(cell.replace("\\|", "|")) for cell in cells)


def _write_items(lines: list[str]) -> str:
    written: list[str] = []
    for line in lines:
        if not (found := _ITEM.match(line)):
            written[-1] += f" {escape_line(line)}"
            continue
        marker = found[2].replace(")", ".") if found[2][0].isdigit() else "-"
        written.append(f"{NESTED_INDENT * (len(found[1]) // 2)}{marker} {escape_paragraph(found[3])}")
    return "\n".join(written)


def _write_paragraph(lines: list[str]) -> str:
    return "\n".join(escape_paragraph(line) for line in lines if line.strip())
