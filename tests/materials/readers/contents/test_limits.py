"""How much of a table of contents and of metadata is kept, and that what is cut is said."""

from __future__ import annotations

from materials.documents import Contents, ContentsItem, Document
from materials.readers.base.contents_limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_METADATA_LENGTH,
    MAX_METADATA_VALUES,
    MAX_TARGET_LENGTH,
    MAX_TITLE_LENGTH,
    limit_contents,
)
from materials.readers.document_json import decode_document, encode_document


def with_items(*items: ContentsItem) -> Document:
    return Document(pieces=(), contents=Contents(dialect="mkdocs.yml", items=items))


def test_what_is_within_the_limits_stays_as_it_is() -> None:
    item = ContentsItem(title="Лід", target="lid.md", fragment="a", children=(ContentsItem(title="Пара"),))
    document = Document(
        pieces=(),
        contents=Contents(dialect="x", items=(item,), title="T", position=2.5, folders=("docs",)),
        metadata={"weight": 1, "tags": ["a", {"b": None}], "draft": False, "share": 0.5},
    )

    assert limit_contents(document) == document
    assert decode_document(encode_document(document)) == document


def test_more_items_than_are_kept_are_counted() -> None:
    found = limit_contents(with_items(*(ContentsItem(title=str(at)) for at in range(MAX_ITEMS + 7))))

    assert found.contents is not None
    assert len(found.contents.items) == MAX_ITEMS
    assert found.warnings[0].startswith("The table of contents (mkdocs.yml) has 7 more lines than are kept")


def test_items_that_lie_too_deep_are_counted_without_end() -> None:
    item = ContentsItem(title="the innermost")
    for _ in range(50_000):
        item = ContentsItem(title="above", children=(item,))

    found = limit_contents(with_items(item))

    assert f"has {50_001 - MAX_DEPTH:,} more lines" in found.warnings[0]


def test_long_titles_are_shortened_and_long_targets_are_none() -> None:
    found = limit_contents(with_items(ContentsItem(title="word " * 500, target="a" * (MAX_TARGET_LENGTH + 1))))

    assert found.contents is not None
    assert len(found.contents.items[0].title) <= MAX_TITLE_LENGTH
    assert found.contents.items[0].target == ""


def test_long_and_many_values_of_metadata_are_counted() -> None:
    fields = {"text": "a" * (MAX_METADATA_LENGTH + 1)} | {f"field{at}": at for at in range(MAX_METADATA_VALUES)}

    found = limit_contents(Document(pieces=(), metadata=fields))

    assert len(found.metadata) == MAX_METADATA_VALUES
    assert len(found.metadata["text"]) == MAX_METADATA_LENGTH
    assert found.warnings[0].startswith("2 values of the metadata")
