from __future__ import annotations

from uuid import uuid4

import pytest

from materials.documents import ChunkKind, Format, Locator
from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.llm.language import build_script_warning

ENGLISH, UKRAINIAN = "Water boils at a hundred degrees.", "Вода кипить за ста градусів."


def materials(text: str, language: str = "") -> SourceNode:
    chunk = SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text=text, locator=Locator())
    entry = SourceEntry(id=uuid4(), name="a.md", title="", format=Format.MARKDOWN, chunks=(chunk,))
    return SourceNode(id=uuid4(), title="Course", language=language, entries=(entry,))


def structure(text: str) -> Draft:
    return Draft(title="x", modules=(DraftNode(node_type=NodeType.MODULE, title=text),))


def test_it_warns_of_an_answer_in_other_letters() -> None:
    said = build_script_warning(structure(ENGLISH), materials(UKRAINIAN))

    assert said.startswith("The materials are written in Cyrillic letters, the structure in Latin ones.")


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        (structure(UKRAINIAN), materials(UKRAINIAN)),
        (structure(ENGLISH), materials(UKRAINIAN, language="en")),
        (structure(ENGLISH), materials(UKRAINIAN + ENGLISH)),
        (structure("42"), materials(UKRAINIAN)),
        (structure(ENGLISH), materials("1 + 1 = 2")),
    ],
)
def test_it_is_silent_when_nothing_is_certain_or_the_owner_chose(answer: Draft, source: SourceNode) -> None:
    assert build_script_warning(answer, source) == ""
