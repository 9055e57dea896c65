"""Texts of several lines as paragraphs: their lists, tables and fenced code as such, and no other markup."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.token import Token

from structures.exports.lesson_html import parse_blocks
from structures.exports.syllabus.parts import BULLET_LEVELS, TEXT_WIDTH, get_bullet_style
from structures.exports.syllabus.wordprocessing import (
    END_TABLE,
    begin_table,
    is_right_to_left,
    write_paragraph,
    write_row,
    write_runs,
    write_text,
)


def write_blocks(text: str) -> str:
    """Return a text as paragraphs and tables; blank when it is blank."""
    return "".join(_write_tokens(parse_blocks(text)))


def _write_tokens(tokens: list[Token]) -> Iterator[str]:
    depth = 0
    # Of each list that is open, its next number; None for one of bullets.
    numbers: list[int | None] = []
    mark = ""
    rows: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                is_numbered = token.type == "ordered_list_open"
                numbers.append(int(token.attrGet("start") or 1) if is_numbered else None)
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                depth -= 1
            case "list_item_open":
                number = numbers[-1]
                mark = "-" if number is None else f"{number}."
                if number is not None:
                    numbers[-1] = number + 1
            case "fence" | "code_block":
                yield write_paragraph("Code", write_runs(token.content.rstrip("\n")))
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "table_close":
                yield from _write_table(rows)
                rows = []
            case "inline" if rows:
                rows[-1].append(token.content)
            case "inline":
                yield _write_item(token.content, mark, depth) if depth else write_text("Normal", token.content)
                mark = ""


def _write_item(text: str, mark: str, depth: int) -> str:
    """Return a paragraph of a list; those after the first of an item have no mark."""
    if mark == "-":
        return write_text(get_bullet_style(min(depth, BULLET_LEVELS)), text)
    # Numbers are text: each list begins where its author lets it, which lists of Word do by their definition alone.
    content = write_runs(f"{mark} {text}" if mark else text)
    return write_paragraph("ListContinue", content, is_right_to_left=is_right_to_left(text))


def _write_table(rows: list[list[str]]) -> Iterator[str]:
    columns = len(rows[0])
    yield begin_table([TEXT_WIDTH // columns] * columns)
    for number, row in enumerate(rows):
        yield write_row((write_text("Cell", cell) for cell in row), is_head=number == 0)
    yield END_TABLE + write_paragraph("Normal", "")
