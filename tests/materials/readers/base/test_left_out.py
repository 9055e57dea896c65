from __future__ import annotations

import pytest

from materials.documents import ChunkKind, LeftOut, LeftOutKind, LeftOutText, Locator
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import PieceCollector


def test_equal_texts_are_kept_once_with_their_number_and_all_pages() -> None:
    collector = LeftOutCollector()

    for page in (2, 3, 5):
        collector.add(LeftOutKind.RUNNING_HEAD, "Steam \n engines", Locator(page=page))
    collector.add(LeftOutKind.COMMENT, "Is this right?", Locator(page=3))

    assert collector.build() == (
        LeftOut(
            kind=LeftOutKind.RUNNING_HEAD,
            count=3,
            pages=(2, 3, 5),
            texts=(LeftOutText(text="Steam engines", count=3, locator=Locator(page=2)),),
        ),
        LeftOut(
            kind=LeftOutKind.COMMENT,
            count=1,
            pages=(3,),
            texts=(LeftOutText(text="Is this right?", count=1, locator=Locator(page=3)),),
        ),
    )


def test_what_is_stored_is_bounded_and_counts_stay_exact() -> None:
    collector = LeftOutCollector()

    for number in range(10_000):
        collector.add(LeftOutKind.HIDDEN_TEXT, f"{number} {'word ' * 1_000}", Locator(slide=number + 1), count=2)

    (group,) = collector.build()
    assert group.count == 20_000
    assert group.pages == tuple(range(1, 10_001))
    assert len(group.texts) == 200
    assert all(len(each.text) <= 500 and each.text.endswith("…") for each in group.texts)


@pytest.mark.parametrize("line", ["_" * 30, "." * 40, "____ ____ ____", "………", "______\n______"])
def test_a_line_to_write_on_is_no_text(line: str) -> None:
    pieces = PieceCollector()

    pieces.add(ChunkKind.PARAGRAPH, line)

    assert pieces.collected == []
    assert [(group.kind, group.count) for group in pieces.left_out.build()] == [(LeftOutKind.FORM_FIELD, 1)]


@pytest.mark.parametrize("text", ["Name: ________", "…", "...", "a_____b"])
def test_a_gap_with_words_around_it_is_text(text: str) -> None:
    pieces = PieceCollector()

    pieces.add(ChunkKind.PARAGRAPH, text)

    assert [piece.text for piece in pieces.collected] == [text]
