"""Tables of links to files: which columns group the rows, which has their titles, and what each row leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from materials.documents import ContentsItem
from materials.readers.base.link_lines import LinkLine
from materials.readers.base.outlines import build_item
from materials.readers.base.schedule_columns import ColumnRole, find_column_role

_LETTER = re.compile(r"[^\W\d_]")
# Characters: cells of a column of titles have fewer on average; longer ones are descriptions.
_MAX_MEAN_TITLE_LENGTH = 80
# Rows with links in each group that a column makes, where its head names a group and where it does not. Groups of one
# lesson each say nothing that the lessons do not.
_MIN_NAMED_GROUP_SIZE, _MIN_GROUP_SIZE = 1.2, 1.5


Row = Sequence[LinkLine]
_BLANK = LinkLine()


def list_row_items(head: Sequence[str], body: Sequence[Row]) -> list[tuple[int, ContentsItem]]:
    """Return the rows of a table as items with their levels, from -1 on, groups above the rows that they hold.

    `head` may be blank. A row without links is none; rows with the same title in turn are one.
    """
    if not any(cell.links for row in body for cell in row):
        return []
    return list(_iter_items(head, _Columns.from_rows(head, body), body))


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """The columns of groups, from the outermost; that of the titles, None without one."""

    groups: Sequence[int]
    title: int | None

    @classmethod
    def from_rows(cls, head: Sequence[str], body: Sequence[Row]) -> _Columns:
        width = max(map(len, body))
        columns = [[row[at] if at < len(row) else _BLANK for row in body] for at in range(width)]
        roles = [find_column_role(head[at]) if at < len(head) else None for at in range(width)]
        has_links = [any(cell.links for cell in row) for row in body]
        groups = [at for at in range(width) if _is_group(columns[at], has_links, roles[at])]
        titles = [at for at in range(width) if at not in groups and _is_title(columns[at], roles[at])]
        named = [at for at in titles if roles[at] is ColumnRole.TITLE]
        with_links = [at for at in titles if _has_own_links(columns[at])]
        best = [*(at for at in named if at in with_links), *named, *titles, *with_links]
        title = best[0] if best else None
        outer = [at for at in groups if title is None or at < title or roles[at] is ColumnRole.GROUP]
        return cls(groups=outer, title=title)


def _iter_items(head: Sequence[str], columns: _Columns, body: Sequence[Row]) -> Iterator[tuple[int, ContentsItem]]:
    current: list[str] = [""] * len(columns.groups)
    last_title = ""
    for row in body:
        cells = dict(enumerate(row))
        if title := _find_separator(row):
            current, last_title = [""] * len(columns.groups), ""
            yield -1, build_item(title)
            continue
        for level, at in enumerate(columns.groups):
            cell = cells.get(at, _BLANK)
            if cell.text and cell.text != current[level]:
                current[level:] = [cell.text, *[""] * (len(current) - level - 1)]
                last_title = ""
                # A number alone is one of what the head of the column names: "Week 3".
                title = cell.text if _LETTER.search(cell.text) or at >= len(head) else f"{head[at]} {cell.text}"
                yield level, build_item(title, cell.links[0].address if cell.links else "")
        title, items = _build_row(columns, cells)
        is_same = bool(title) and title == last_title
        for item in items:
            yield (len(columns.groups) + 1, replace(item, title="")) if is_same else (len(columns.groups), item)
        last_title = title if items else last_title


def _find_separator(row: Row) -> str:
    """Return the text of a row of one cell, over all columns or in bold, that names the rows below; else blank."""
    filled = [cell for cell in row if cell.text]
    if len(filled) != 1 or filled[0].links or len(row) == 1:
        return ""
    is_emphasised = filled[0] is row[0] and filled[0].strong == filled[0].text
    return filled[0].text if is_emphasised or filled[0].columns > len(row) / 2 else ""


def _build_row(columns: _Columns, cells: Mapping[int, LinkLine]) -> tuple[str, list[ContentsItem]]:
    """Return the title of a row, and its item; of a row without a title an item for each of its links."""
    links = [link for at, cell in cells.items() if at not in columns.groups for link in cell.links]
    cell = cells.get(columns.title, _BLANK) if columns.title is not None else _BLANK
    title = cell.build_item().title
    if columns.title is None and len(links) > 1:
        # Rows that have but a number or a date.
        title = next((each.text for each in cells.values() if each.text and not each.links), "")
    if not links or not title:
        # A row without a title gives files to the group that it stands in.
        return "", [build_item(link.label, link.address) for link in links]
    main = cell.links[0] if cell.links else links[0]
    others = [link for link in links if link is not main and link.address != main.address]
    return title, [build_item(title, main.address, children=(build_item(each.label, each.address) for each in others))]


def _is_group(column: Sequence[LinkLine], has_links: Sequence[bool], role: ColumnRole | None) -> bool:
    """Tell whether a column names what several rows in turn belong to, once or in each of them."""
    texts = [cell.text for cell in column]
    filled = [text for text in texts if text]
    if not filled or role in {ColumnRole.TITLE, ColumnRole.FILE}:
        return False
    runs = _count_runs(texts)
    size = sum(has_links) / max(1, _count_runs(texts, has_links))
    if role is ColumnRole.GROUP:
        return size >= _MIN_NAMED_GROUP_SIZE
    # A value that comes again later, such as "yes", is no name of a group.
    is_number = not any(map(_LETTER.search, filled))
    return role is None and not is_number and runs > 1 and len(set(filled)) == runs and size >= _MIN_GROUP_SIZE


def _count_runs(texts: Sequence[str], has_links: Sequence[bool] = ()) -> int:
    """Return how often another text comes, in rows with links where these are given; blanks are the same as above."""
    count, above, last = 0, "", ""
    for at, text in enumerate(texts):
        above = text or above
        if above != last and (not has_links or has_links[at]):
            count, last = count + 1, above
    return count


def _is_title(column: Sequence[LinkLine], role: ColumnRole | None) -> bool:
    texts = [text for text, _ in groupby(cell.text for cell in column if cell.text)]
    if role is ColumnRole.DATE or (role is ColumnRole.FILE and any(len(cell.links) > 1 for cell in column)):
        return False
    if not texts or sum(1 for text in texts if _LETTER.search(text)) <= len(texts) / 2:
        return False
    return len(set(texts)) > len(texts) / 2 and sum(map(len, texts)) / len(texts) <= _MAX_MEAN_TITLE_LENGTH


def _has_own_links(column: Sequence[LinkLine]) -> bool:
    """Tell whether the cells are links whose labels differ: titles, not "slides" in each row."""
    labels = [cell.links[0].label for cell in column if cell.links]
    return len(labels) > len(column) / 2 and len(set(labels)) > len(labels) / 2
