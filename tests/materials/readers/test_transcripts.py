"""Pieces of transcripts: whole sentences of 15 to 60 seconds."""

from __future__ import annotations

from itertools import pairwise

from llm.video.transcript import Segment
from materials.documents import Piece
from materials.readers.text.transcripts import build_transcript_pieces


def said(start: float, end: float, text: str, *, starts: tuple[float, ...] = ()) -> Segment:
    return Segment(
        start_ms=round(start * 1000), end_ms=round(end * 1000), text=text,
        word_starts_ms=tuple(round(one * 1000) for one in starts),
    )  # fmt: skip


def spans(pieces: tuple[Piece, ...]) -> list[tuple[float, float]]:
    return [((one.locator.start_ms or 0) / 1000, (one.locator.end_ms or 0) / 1000) for one in pieces]


def test_pieces_end_with_the_first_sentence_after_the_shorter_time() -> None:
    lines = [said(at, at + 7, "Heat flows from warm to cold." if at % 14 else "and so") for at in range(0, 140, 7)]

    pieces = build_transcript_pieces(lines)

    assert all(piece.text.endswith(".") for piece in pieces)
    assert all(15 <= end - start <= 60 for start, end in spans(pieces))


def test_a_sentence_without_an_end_is_cut_at_its_longest_pause() -> None:
    lines = [said(at, at + (4 if at == 35 else 5), "and so on") for at in range(0, 100, 5)]

    pieces = build_transcript_pieces(lines)

    assert spans(pieces)[0] == (0, 39)
    assert all(end - start <= 60 for start, end in spans(pieces))


def test_a_long_pause_always_ends_a_piece() -> None:
    lines = [said(0, 4, "We write on"), said(7.5, 10, "the board."), said(12, 14, "Then we speak.")]

    assert spans(build_transcript_pieces(lines)) == [(0, 4), (7.5, 14)]


def test_sentences_within_a_segment_are_told_by_the_times_of_its_words() -> None:
    words = ["word"] * 9 + ["end."]
    starts = tuple(float(place) for place in range(40))
    segment = said(0, 40, " ".join(words * 4), starts=starts)

    pieces = build_transcript_pieces([segment])

    assert spans(pieces) == [(0, 20), (20, 40)]
    assert [len(piece.word_starts_ms) for piece in pieces] == [20, 20]
    assert [time for piece in pieces for time in piece.word_starts_ms] == [round(1000 * start) for start in starts]
    assert all(piece.text.endswith("end.") for piece in pieces)


def test_every_word_is_in_one_piece() -> None:
    lines = [said(at, at + 30, f"from {at} on. And") for at in range(0, 600, 31)]

    pieces = build_transcript_pieces(lines)

    assert " ".join(piece.text for piece in pieces) == " ".join(line.text for line in lines)
    assert all(before[1] <= after[0] for before, after in pairwise(spans(pieces)))
