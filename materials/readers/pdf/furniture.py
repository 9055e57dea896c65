"""Find running heads and feet and page numbers: what stands on the pages of a PDF but belongs to none of them.

A line of content that is taken for furniture is lost to its course, a line of furniture that stays is a blemish. So a
line is furniture only when it stands at the edge of the page, in the same place and with the same words on most pages,
and when each number in it is the same on all of them or counts as the pages do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

from materials.documents import LeftOutKind, Locator
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.pdf.lines import HEADING_RATIO, Line, TableLine, find_body_size
from materials.readers.pdf.outline import Outline
from materials.readers.pdf.page import Page

# On two or three pages, a line that stands on most of them may still be a title that is used twice.
_MIN_RUNNING_PAGES = 4
# Of the pages, or of the odd or even ones. At 0.25 the title of slides that build up a figure step by step is lost, at
# 0.9 page numbers stay on some slides.
_RUNNING_SHARE = 0.5
# Points, about a line of text: a running head may stand a little higher or lower on some pages. Any value from 1 to 24
# gives the same.
_SAME_PLACE = 12
# Rows at either end of a page that may be a running head or foot: at 1 the second row stays in the text, at 4 numbers
# of the text are taken for page numbers.
_EDGE_ROWS = 2
# A page of five lines or fewer has its text in the second line already: only one row at either end may be furniture.
_EDGE_PAGE_LINES = 5
# Of the lines of a kind: so many must count alike. One in five may stand on a page that was put in from elsewhere.
_COUNTING_SHARE = 0.8
# Bare numbers that count as the pages do: two may do so by chance.
_MIN_COUNTED = 3
# In type sizes, from a bare number to the nearest line: what is nearer belongs to the text, as an answer does. Page
# numbers stand two lines off as a rule.
_MIN_MARGIN = 1.5
# In type sizes, the same for a number that has no others to count with.
_MIN_LONE_MARGIN = 2
# In type sizes: width of a letter, on average, of a line with a wide gap between a page number and a title. Letters
# themselves are half as wide, capitals two thirds.
_MIN_HEAD_STRETCH = 0.8
# Digits: enough for any page, and for a year. Longer numbers are only compared.
_MAX_DIGITS = 9
_NUMBER = re.compile(r"\d+")
_NUMBER_AND_COUNT = re.compile(r"\W*#\s*[/|]\s*#\W*")
_BARE_NUMBER = re.compile(r"[^\w\s]{0,2}\s*(?:(?P<digits>\d{1,5})|(?P<roman>[ivxlc]{1,7}|[IVXLC]{1,7}))\s*[^\w\s]{0,2}")
_ROMAN = re.compile(r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
# A word and a number: "Exercise 3" is a title on page 3, too. Only a word for page says that the number is a page's:
# in the languages whose letters a course may be written in, as style guides and word processors have it in feet.
_LABEL = re.compile(r"[^\W\d_][\w'’.-]*(?:\s[^\W\d_][\w'’.-]*){0,2}\s?#\W?")
_PAGE_WORDS = re.compile(
    r"\W*(?:page|pages|pg|p|pp|seite|s|blatt|slide|folie|página|pagina|página|pág|pag|sida|side|sivu|strana|str|"
    r"strona|oldal|sayfa|стр|страница|стор|сторінка|с|стр|σελίδα|σελ|страна|halaman|trang|페이지|ページ|頁|页|第|صفحة|עמוד)"
    r"\W*#.*",
    re.IGNORECASE,
)


@dataclass(slots=True, eq=False)
class _EdgeLine:
    """A line at the edge of a page: the index of the page, the row counted from the edge, and how far off it is.

    `place` is the distance from the page's own edge in points, `margin` that to the next line within.
    """

    index: int
    line: Line
    is_top: bool
    row: int
    place: float
    margin: float


def drop_furniture(pages: Sequence[Page], outline: Outline, left_out: LeftOutCollector) -> None:
    """Remove running heads and feet and page numbers from the pages, in place, and note each in `left_out`.

    Titles that the outline of the document has for their page are headings.
    """
    edges = [edge for index, page in enumerate(pages) for edge in _find_edge_lines(page, index)]
    running = {
        edge.line
        for edge in _find_running_lines(edges, pages)
        if not isinstance(edge.line, TableLine)
        and not (edge.is_top and outline.has_title(pages[edge.index].number, edge.line.text))
    }
    if _would_empty_pages(pages, running):  # a line that is all that most pages have is their text
        running = set()
    numbered = {*_find_page_numbers(edges, len(pages)), *_find_numbered_heads(edges)}
    furniture = _select_outermost(edges, running | numbered)
    for page in pages:
        if dropped := [line for line in page.lines if line in furniture]:
            page.lines = [line for line in page.lines if line not in furniture]
            for line in dropped:
                left_out.add(LeftOutKind.RUNNING_HEAD, line.text, Locator(page=page.number))


def _find_edge_lines(page: Page, index: int) -> Iterator[_EdgeLine]:
    """Yield the topmost rows of the upper half of a page and the lowest of the lower one, from the edges inwards."""
    upright = [line for line in page.lines if not line.is_turned]
    depth = _EDGE_ROWS if len(upright) > _EDGE_PAGE_LINES else 1
    rows = _group_rows(sorted(upright, key=attrgetter("top")), depth + 1)
    for row, lines in enumerate(rows[:depth]):
        within = rows[row + 1][0].top if row + 1 < len(rows) else page.height
        for line in lines:
            if 2 * line.top < page.height:
                yield _EdgeLine(index, line, True, row, line.top, within - line.bottom)
    rows = _group_rows(sorted(upright, key=attrgetter("bottom"), reverse=True), depth + 1)
    for row, lines in enumerate(rows[:depth]):
        within = rows[row + 1][0].bottom if row + 1 < len(rows) else 0.0
        for line in lines:
            if 2 * line.top >= page.height:
                yield _EdgeLine(index, line, False, row, page.height - line.bottom, line.top - within)


def _group_rows(ordered: Sequence[Line], limit: int) -> list[list[Line]]:
    """Return the first rows of lines that are sorted from an edge of the page: what stands side by side is one row."""
    rows: list[list[Line]] = []
    for line in ordered:
        if rows and rows[-1][0].top < (line.top + line.bottom) / 2 < rows[-1][0].bottom:
            rows[-1].append(line)
        elif len(rows) == limit:
            break
        else:
            rows.append([line])
    return rows


def _find_running_lines(edges: Iterable[_EdgeLine], pages: Sequence[Page]) -> Iterator[_EdgeLine]:
    """Yield the lines with the same words in the same place on most pages, or on most odd or even ones."""
    groups: defaultdict[tuple[str, bool], list[_EdgeLine]] = defaultdict(list)
    for edge in edges:
        groups[_NUMBER.sub("#", edge.line.text), edge.is_top].append(edge)
    body = 0.0
    for (words, is_top), group in groups.items():
        if len(group) < _MIN_RUNNING_PAGES or not (any(map(str.isalpha, words)) or _NUMBER_AND_COUNT.fullmatch(words)):
            continue
        for cluster in _group_by_place(group):
            members = _select_counting(cluster)
            if not _is_on_most_pages({edge.index for edge in members}, len(pages)):
                continue
            body = body or find_body_size(line for page in pages for line in page.lines)
            # Above the text, a line in larger type is a heading, and so is a label with a number in that of the text.
            most = body * HEADING_RATIO if is_top else inf
            if is_top and _LABEL.fullmatch(words) and not _PAGE_WORDS.fullmatch(words):
                most = body / HEADING_RATIO
            yield from (edge for edge in members if edge.line.size <= most)


def _is_on_most_pages(indexes: Collection[int], count: int) -> bool:
    if len(indexes) < _MIN_RUNNING_PAGES:
        return False
    if len({index % 2 for index in indexes}) == 1:
        count = (count + 1) // 2
    return len(indexes) > _RUNNING_SHARE * count


def _group_by_place(edges: Iterable[_EdgeLine]) -> Iterator[list[_EdgeLine]]:
    cluster: list[_EdgeLine] = []
    for edge in sorted(edges, key=attrgetter("place")):
        if cluster and edge.place - cluster[-1].place > _SAME_PLACE:
            yield cluster
            cluster = []
        cluster.append(edge)
    if cluster:
        yield cluster


def _select_counting(edges: list[_EdgeLine]) -> list[_EdgeLine]:
    """Return those of the lines of the same words whose numbers are the same on all pages or count as the pages do.

    None where a number does neither on most of them.
    """
    numbers = {edge: _NUMBER.findall(edge.line.text) for edge in edges}
    for slot in range(len(numbers[edges[0]])):
        same = Counter(numbers[edge][slot] for edge in edges)
        counted = Counter(_count_offset(numbers[edge][slot], edge.index) for edge in edges)
        (value, equal), (offset, alike) = same.most_common(1)[0], counted.most_common(1)[0]
        if max(equal, alike) < _COUNTING_SHARE * len(edges):
            return []
        edges = [
            edge
            for edge in edges
            if (
                numbers[edge][slot] == value
                if equal >= alike
                else _count_offset(numbers[edge][slot], edge.index) == offset
            )
        ]
    return edges


def _count_offset(number: str, index: int) -> int:
    return int(number[:_MAX_DIGITS]) - index


def _find_page_numbers(edges: Iterable[_EdgeLine], count: int) -> Iterator[Line]:
    """Yield the lines that are nothing but a number and count as the pages do, off the text on some of them."""
    groups: defaultdict[bool, list[_EdgeLine]] = defaultdict(list)
    values: dict[_EdgeLine, int] = {}
    for edge in edges:
        if (value := _parse_page_number(edge.line.text)) is not None:
            groups[edge.is_top].append(edge)
            values[edge] = value
    for group in groups.values():
        for cluster in _group_by_place(group):
            offsets = Counter(
                values[edge] - edge.index for edge in cluster if edge.margin > _MIN_MARGIN * edge.line.size
            )
            for edge in cluster:
                offset = values[edge] - edge.index
                is_own_number = offset == 1 and edge.margin > _MIN_LONE_MARGIN * edge.line.size
                if offsets[offset] >= min(_MIN_COUNTED, max(2, count)) or is_own_number:
                    yield edge.line


def _find_numbered_heads(edges: Iterable[_EdgeLine]) -> Iterator[Line]:
    """Yield the outermost lines with a page number at one side of the page and any words at the other.

    Books name the section of the page there, so that the words differ. The numbers count as the pages do.
    """
    groups: defaultdict[tuple[bool, int], list[_EdgeLine]] = defaultdict(list)
    for edge in edges:
        text = edge.line.text
        if edge.row or not (text[0].isdecimal() or text[-1].isdecimal()):
            continue
        line = edge.line
        if line.right - line.left > _MIN_HEAD_STRETCH * line.size * len(text) and edge.margin > line.size:
            for number in {text.split()[0], text.split()[-1]}:
                if number.isdecimal():
                    groups[edge.is_top, _count_offset(number, edge.index)].append(edge)
    for group in groups.values():
        for cluster in _group_by_place(group):
            if len(cluster) >= _MIN_RUNNING_PAGES:
                yield from (edge.line for edge in cluster)


def _parse_page_number(text: str) -> int | None:
    """Return the value of a line that is a number in digits or Roman numerals and nothing else."""
    found = _BARE_NUMBER.fullmatch(text)
    if found is None:
        return None
    if found["digits"]:
        return int(found["digits"])
    numeral = found["roman"].lower()
    if not _ROMAN.fullmatch(numeral):
        return None
    values = [_ROMAN_VALUES[sign] for sign in numeral]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _select_outermost(edges: Iterable[_EdgeLine], candidates: Collection[Line]) -> set[Line]:
    """Return the candidates that no line of another kind separates from the edge of their page."""
    rows: defaultdict[tuple[int, bool], defaultdict[int, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for edge in edges:
        rows[edge.index, edge.is_top][edge.row].append(edge.line)
    outermost: set[Line] = set()
    for found in rows.values():
        for row in sorted(found):
            dropped = [line for line in found[row] if line in candidates]
            outermost.update(dropped)
            if not dropped:
                break
    return outermost


def _would_empty_pages(pages: Sequence[Page], running: Collection[Line]) -> bool:
    """Tell whether most pages that have text would have none without the repeating lines."""
    emptied = sum(bool(page.lines) and all(line in running for line in page.lines) for page in pages)
    return 2 * emptied > sum(bool(page.lines) for page in pages)
