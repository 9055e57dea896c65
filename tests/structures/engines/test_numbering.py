"""Materials as numbered lines, and in parts that fit a model."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from llm.messages import estimate_text_tokens
from structures.engines.base.text import strip_invisible
from structures.engines.llm.numbering import number_chunks, render_lines
from structures.engines.llm.parts import cut_parts, split_part
from tests.structures.engines.numbered import chunk, entry, lines_of, long_texts, node, texts

# --- numbering --------------------------------------------------------------------------------------------------------


def test_chunks_are_numbered_in_the_owners_order_under_their_folders_and_entries() -> None:
    deck = entry(chunk("Steam", slide=4), name="deck.pptx", title="All about steam")
    talk = entry(chunk("Words", start_ms=135_000, end_ms=140_000), chunk("More", page=7), name="talk.srt")
    source = node("Water", entry("Intro"), node("Later", node("Deep", deck)), node("Last", talk))

    lines = lines_of(number_chunks(source).lines)

    assert lines == [
        {"entry": "a.md"},
        {"chunk": 1, "kind": "paragraph", "text": "Intro"},
        {"folder": "Later / Deep"},
        {"entry": "deck.pptx", "title": "All about steam"},
        {"chunk": 2, "kind": "paragraph", "where": "slide 4", "text": "Steam"},
        {"folder": "Last"},
        {"entry": "talk.srt"},
        {"chunk": 3, "kind": "paragraph", "where": "02:15", "text": "Words"},
        {"chunk": 4, "kind": "paragraph", "where": "p. 7", "text": "More"},
    ]


def test_the_numbers_lead_back_to_the_chunks() -> None:
    chunks = [chunk("One"), chunk("Two"), chunk("Three")]
    source = node("Water", entry(*chunks[:2]), node("Part", entry(chunks[2])))

    assert number_chunks(source).chunks == {1: chunks[0].id, 2: chunks[1].id, 3: chunks[2].id}


def test_a_chunk_in_which_nothing_is_visible_is_a_line_without_text() -> None:
    lines = number_chunks(node("Water", entry("\u200b\u2060", "Steam"))).lines

    assert [line.read_text() for line in lines] == ["", "Steam"]


@given(st.lists(texts, min_size=1, max_size=6), st.tuples(texts, texts, texts))
def test_no_text_ends_the_materials_forges_a_number_or_opens_an_entry(said: list[str], names: tuple[str, ...]) -> None:
    folder, name, title = names
    source = node("Water", node(folder, entry(*said, name=name, title=title)))

    text = render_lines(number_chunks(source).lines)

    lines = [json.loads(line) for line in text.splitlines()]
    shown = {"entry": strip_invisible(name), "title": strip_invisible(title)}
    assert lines[:2] == [
        {key: value for key, value in {"folder": strip_invisible(folder)}.items() if value},
        {key: value for key, value in shown.items() if value},
    ]
    assert [line["chunk"] for line in lines[2:]] == list(range(1, len(said) + 1))
    assert [line.get("text", "") for line in lines[2:]] == [strip_invisible(each) for each in said]
    assert "</" not in text


# --- cutting ----------------------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=60)
@given(st.lists(st.lists(texts | long_texts, min_size=1, max_size=5), min_size=1, max_size=4), st.integers(500, 4_000))
def test_cutting_leaves_nothing_out_keeps_the_order_and_fits_the_limit(files: list[list[str]], limit: int) -> None:
    source = node("Water", *(entry(*said, name=f"{n}.md") for n, said in enumerate(files)))
    lines = number_chunks(source).lines

    parts = cut_parts(lines, limit=limit)

    assert _texts(line for part in parts for line in part) == _texts(lines)
    assert all(estimate_text_tokens(render_lines(part)) <= limit for part in parts)


def _texts(lines: Any) -> list[tuple[int, UUID, str]]:
    """Return the chunks in order, the pieces of one that was cut inside put together."""
    found: list[tuple[int, UUID, str]] = []
    for line in lines:
        text = json.loads(line.text).get("text", "")
        if found and found[-1][0] == line.number:
            text = found.pop()[2] + text
        found.append((line.number, line.chunk_id, text))
    return found


def test_it_cuts_at_the_borders_of_chunks_and_rather_at_those_of_entries() -> None:
    said = ["water " * 60] * 3
    source = node("Water", *(entry(*said, name=f"{n}.md") for n in range(3)))

    parts = cut_parts(number_chunks(source).lines, limit=700)

    assert [[line.number for line in part] for part in parts] == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_a_chunk_beyond_the_limit_is_cut_inside_and_its_pieces_carry_its_number() -> None:
    source = node("Water", entry("before", "water " * 2_000, "after"))

    parts = cut_parts(number_chunks(source).lines, limit=1_000)

    assert len(parts) > 3
    pieces = [line for part in parts for line in part if line.number == 2]
    assert "".join(json.loads(line.text)["text"] for line in pieces) == "water " * 2_000
    assert all(json.loads(line.text)["chunk"] == 2 for line in pieces)


@given(st.lists(texts | long_texts, min_size=1, max_size=6))
def test_a_split_is_two_halves_or_nothing(said: list[str]) -> None:
    part = number_chunks(node("Water", entry(*said))).lines

    halves = split_part(part)

    if halves is None:
        assert len(part) == 1
        assert part[0].estimated_tokens < 200
    else:
        assert all(halves)
        assert _texts(halves[0] + halves[1]) == _texts(part)
