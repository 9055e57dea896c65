"""The elements of a Word document (WordprocessingML, ECMA-376) as text: paragraphs, runs, tables, fields, bookmarks.

Every text is escaped, and written in the direction of its letters: Word reverses a run only when the run says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from structures.exports.characters import clean_text

# Blocks of scripts that are written from right to left (Unicode Standard Annex 9, default bidirectional classes).
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
# Such letters and what stands between them, but for other letters.
_RIGHT_TO_LEFT_RUN = re.compile(rf"[{_RIGHT_TO_LEFT}](?:[\W\d_]*[{_RIGHT_TO_LEFT}])*")
_HEBREW = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")


def write_paragraph(style: str, content: str, *, is_right_to_left: bool = False) -> str:
    """Return a paragraph of a style with runs."""
    direction = "<w:bidi/>" if is_right_to_left else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{direction}</w:pPr>{content}</w:p>\n'


def write_text(style: str, text: str) -> str:
    """Return a paragraph with a text, in the text's direction."""
    return write_paragraph(style, write_runs(text), is_right_to_left=is_right_to_left(text))


def write_runs(text: str, style: str = "") -> str:
    """Return a text as runs, each of one direction; ends of lines stay. `style` is one of characters."""
    runs, end = [], 0
    for match in _RIGHT_TO_LEFT_RUN.finditer(text):
        if before := text[end : match.start()]:
            runs.append(_write_run(before, style))
        language = '<w:lang w:bidi="he-IL"/>' if _HEBREW.search(match[0]) else ""
        runs.append(_write_run(match[0], style, f"<w:rtl/>{language}"))
        end = match.end()
    if rest := text[end:]:
        runs.append(_write_run(rest, style))
    return "".join(runs)


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter of a text that has a direction is written from right to left."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((each for each in directions if each in {"L", "R", "AL"}), "L") != "L"


def write_bookmark(number: int, name: str, content: str) -> str:
    """Return runs with a bookmark around them. `number` is another one for each bookmark of the document."""
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{content}<w:bookmarkEnd w:id="{number}"/>'


def write_link(bookmark: str, content: str) -> str:
    """Return runs that lead to a bookmark."""
    return f'<w:hyperlink w:anchor="{bookmark}" w:history="1">{content}</w:hyperlink>'


def begin_field(instruction: str, *, is_outdated: bool = False) -> str:
    """Return the runs that begin a field; what follows, up to `END_FIELD`, is shown until the field is updated."""
    outdated = ' w:dirty="true"' if is_outdated else ""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"{outdated}/></w:r><w:r><w:instrText xml:space="preserve"> {instruction} '
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )


END_FIELD = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'


def begin_table(widths: Sequence[int]) -> str:
    """Return the beginning of a table as wide as the text, with the widths of its columns in twentieths of a point."""
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/>'
        f'<w:tblLook w:val="0420" w:firstRow="1" w:noVBand="1"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>\n'
    )


def write_row(cells: Iterable[str], *, is_head: bool = False) -> str:
    """Return a row that stays on one page; each cell holds paragraphs. The head is repeated on each page."""
    head = "<w:tblHeader/>" if is_head else ""
    inside = "".join(f"<w:tc>{cell}</w:tc>" for cell in cells)
    return f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{inside}</w:tr>\n"


# After it a paragraph has to follow: Word joins tables that touch.
END_TABLE = "</w:tbl>\n"


def _write_run(text: str, style: str, direction: str = "") -> str:
    properties = (f'<w:rStyle w:val="{style}"/>' if style else "") + direction
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line, quote=False)}</w:t>' for line in clean_text(text).split("\n")
    )
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{lines}</w:r>"
