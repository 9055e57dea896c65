"""Looking for the quotes of an edit: each text is read once, and what was not looked through is said."""

from __future__ import annotations

from typing import Any

import pytest

from materials.models import Chunk, MaterialEntry
from structures.engines.base.text import make_readable
from structures.grounding import quotes
from structures.working_copies import quote_search
from tests.structures.working_copies.desk import Desk, add_text


@pytest.fixture
def book(lecture: MaterialEntry) -> MaterialEntry:
    """Return an entry of 40 pages, each a heading and a sentence, beside that of which the structure was made."""
    pages = "".join(f"# Page {page}\n\nOn page {page} stands the word {page * 7} alone.\n\n" for page in range(40))
    return add_text(lecture.node, "3 book.md", pages.encode())


def cite(book: MaterialEntry, page: int, **more: Any) -> dict[str, Any]:
    return {"entry": str(book.pk), "quote": f"stands the word {page * 7} alone", **more}


def find_chunk(book: MaterialEntry, page: int) -> str:
    return str(Chunk.objects.get(entry=book, text__contains=f"the word {page * 7} alone").pk)


def add_concept(desk: Desk, *references: dict[str, Any], status: int = 200) -> Any:
    lesson = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "lesson")
    where = {"node_type": "concept", "parent": lesson, "title": "Word"}
    return desk.edit("add_node", **where, references=list(references), status=status)


def test_a_text_is_normalized_once_for_all_quotes(
    desk: Desk, book: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    def note_and_make_readable(text: str) -> str:
        texts.append(text)
        return make_readable(text)

    monkeypatch.setattr(quotes, "make_readable", note_and_make_readable)

    add_concept(desk, *(cite(book, page) for page in range(40)))

    assert len(desk.find("Word")["references"]) == 40
    assert len(texts) <= book.chunk_count


def test_what_was_not_looked_through_is_said(desk: Desk, book: MaterialEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    late = find_chunk(book, 39)
    monkeypatch.setattr(quote_search, "MAX_READ", 4_000)

    # Chunks that are named are looked through beside those of the rest, and count as no part of them.
    named = [cite(book, page, chunk=find_chunk(book, page)) for page in range(3)]
    problem = add_concept(desk, *named, cite(book, 39), status=422)

    assert problem["code"] == "limit_exceeded"
    assert f"of the {book.chunk_count} chunks of 3 book.md" in problem["detail"]
    assert "chunk" in problem["next_step"]
    add_concept(desk, cite(book, 2))
    add_concept(desk, cite(book, 39, chunk=late))
    # One quote in one chunk can always be looked for.
    monkeypatch.setattr(quote_search, "MAX_READ", 1)
    add_concept(desk, cite(book, 39, chunk=late))
    problem = add_concept(desk, cite(book, 1, chunk=find_chunk(book, 1)), cite(book, 39, chunk=late), status=422)
    assert problem["code"] == "limit_exceeded"
    assert late in problem["detail"]


def test_many_quotes_are_looked_for_in_less_text(
    desk: Desk, book: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quote_search, "MAX_COMPARED", 20_000)

    many = [cite(book, page) for page in range(20, 40)]
    assert add_concept(desk, *many, status=422)["code"] == "limit_exceeded"
    add_concept(desk, many[-1])
    add_concept(desk, *(cite(book, page, chunk=find_chunk(book, page)) for page in range(20, 40)))
