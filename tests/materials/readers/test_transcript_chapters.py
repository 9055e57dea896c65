"""Chapters of recordings become headings above what is said in them."""

from __future__ import annotations

from llm.video.transcript import Chapter, Segment
from materials.readers.text.transcripts import build_transcript_pieces

OPENING = Chapter(start_ms=0, end_ms=20_000, title="Why maps lie")
SECOND = Chapter(start_ms=20_000, end_ms=40_000, title="Projections")


def said(start_ms: int, end_ms: int, text: str, *, starts: tuple[int, ...] = ()) -> Segment:
    return Segment(start_ms=start_ms, end_ms=end_ms, text=text, word_starts_ms=starts)


def outline(segments: list[Segment], *chapters: Chapter) -> list[tuple[str, tuple[str, ...]]]:
    pieces = build_transcript_pieces(segments, chapters=chapters)
    return [(piece.text, piece.locator.heading_path) for piece in pieces]


def test_chapters_are_headings_with_their_times() -> None:
    first, second = [
        piece
        for piece in build_transcript_pieces([said(1000, 2000, "Hello.")], chapters=[OPENING, SECOND])
        if piece.kind == "heading"
    ]

    assert (first.text, first.level, first.locator.start_ms, first.locator.end_ms) == ("Why maps lie", 1, 0, 20_000)
    assert (second.text, second.locator.heading_path) == ("Projections", ("Projections",))


def test_a_piece_never_goes_on_into_the_next_chapter() -> None:
    words = "This is a flat map. Every projection stretches something."
    starts = (17_000, 17_500, 18_000, 18_500, 19_000, 20_100, 21_000, 22_000, 23_000)

    assert outline([said(17_000, 24_000, words, starts=starts)], OPENING, SECOND) == [
        ("Why maps lie", ("Why maps lie",)),
        ("This is a flat map.", ("Why maps lie",)),
        ("Projections", ("Projections",)),
        ("Every projection stretches something.", ("Projections",)),
    ]


def test_a_sentence_that_is_divided_by_a_mark_stays_whole() -> None:
    """Marks are often set to a full second, while the sentence begins a little before."""
    assert outline([said(5000, 9000, "A map."), said(19_600, 24_000, "Now projections.")], OPENING, SECOND) == [
        ("Why maps lie", ("Why maps lie",)),
        ("A map.", ("Why maps lie",)),
        ("Projections", ("Projections",)),
        ("Now projections.", ("Projections",)),
    ]


def test_what_is_said_before_the_first_and_in_an_untitled_chapter_is_under_no_heading() -> None:
    untitled = Chapter(start_ms=40_000, end_ms=60_000)
    lines = [said(at, at + 2000, f"At {at}.") for at in (1000, 25_000, 45_000)]

    assert outline(lines, SECOND, untitled) == [
        ("At 1000.", ()),
        ("Projections", ("Projections",)),
        ("At 25000.", ("Projections",)),
        ("At 45000.", ()),
    ]
