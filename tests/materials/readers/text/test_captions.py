"""Captions as people and programs really write them."""

from __future__ import annotations

import io

import pytest

from materials.documents import Format, LeftOutKind
from materials.readers.base.errors import UnreadableDocument
from materials.readers.formats import detect_format
from tests.materials.readers.texts import read_as


def said(content: str, format_: Format = Format.SRT) -> list[tuple[str, int | None, int | None]]:
    return [(p.text, p.locator.start_ms, p.locator.end_ms) for p in read_as(format_, content).pieces]


@pytest.mark.parametrize(
    "content",
    [
        "7\n00:00:01,000 --> 00:00:02,000\nOne two.\n",
        "\ufeff00:00:01.000-->00:00:02.000\r\nOne two.\r\n",
        "x\n00:01,0 --> 00:02\n{\\an8}{\\i1}One{\\i0} <font color='red'>two.</font>\n",
        "1\n00:00:01:000 --> 00:00:02:000 X1:40 X2:600\nOne\n\ntwo.\n",
        "1\n00 : 00 : 01 , 000 --> 00:00:02,000\n<i>One</i>\ntwo.",
        "1\n00:00:01,000 --> 00:00:02,000\nOne two.\n\n2\n00:00:09,000 --> 00:00:03,000\nImpossible.\n",
    ],
)
def test_what_is_odd_about_cues_does_no_harm(content: str) -> None:
    assert said(content) == [("One two.", 1_000, 2_000)]


def test_a_number_that_is_said_is_kept_and_a_number_of_a_cue_is_not() -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\n42\nis it.\n2\n00:00:20,000 --> 00:00:21,000\nNext.\n\n3\n"

    assert [text for text, _, _ in said(content)] == ["42 is it.", "Next."]


def test_a_number_that_stands_alone_is_the_next_cues_only_if_it_counts_on() -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\nHow many?\n\n42\n\n2\n00:00:20,000 --> 00:00:21,000\nWhy?\n\n42\n\n3\n"

    assert [text for text, _, _ in said(content)] == ["How many? 42", "Why? 42"]


def test_text_after_a_blank_line_belongs_to_its_cue_in_webvtt_too() -> None:
    content = (
        "WEBVTT\n\nfirst\n00:01.000 --> 00:02.000 line:79%\n\nThe captain saw it\n\non bridge four.\n\n"
        "NOTE a note\nof two lines\n\nsecond one\n00:02.000 --> 00:03.000\n \nNote that it moved.\n"
    )

    assert said(content, Format.VTT) == [("The captain saw it on bridge four. Note that it moved.", 1_000, 3_000)]


def test_lines_end_with_a_carriage_return_alone() -> None:
    data = b"1\r00:00:01,000 --> 00:00:03,000\rWater boils.\r\r2\r00:00:03,500 --> 00:00:06,000\rIce melts.\r"

    assert detect_format(io.BytesIO(data), "talk.srt") is Format.SRT
    assert said(data.decode()) == [("Water boils. Ice melts.", 1_000, 6_000)]


@pytest.mark.parametrize("format_", [Format.SRT, Format.VTT])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Open the <head>, put a <title> in it.", "Open the <head>, put a <title> in it."),
        ("List<String>, Box<T>, Box<U>, Map<K, V>", "List<String>, Box<T>, Box<U>, Map<K, V>"),
        ("if a < b and c > d, a <b and c> d", "if a < b and c > d, a <b and c> d"),
        ("<i>This</i> is <B>bold</B> and <font color='red'>red</font>.", "This is bold and red."),
        ("It is {\\b1}bold{\\b0}, a set is {a, b}.", "It is bold, a set is {a, b}."),
        ("Write &lt;b&gt; for bold, not ?a=1&copy=2.", "Write <b> for bold, not ?a=1&copy=2."),
    ],
)
def test_only_what_captions_know_is_a_tag(written: str, text: str, format_: Format) -> None:
    head = "WEBVTT\n\n" if format_ is Format.VTT else ""

    assert said(f"{head}00:00:01.000 --> 00:00:02.000\n{written}\n", format_) == [(text, 1_000, 2_000)]


def test_tags_of_webvtt_go_and_phonetic_guides_stand_behind_their_characters() -> None:
    cue = "<c.yellow>水</c>は<ruby>沸騰<rt>ふっとう</rt></ruby>する。<lang en>OK</lang>"

    assert said(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}\n", Format.VTT)[0][0] == "水は沸騰(ふっとう)する。OK"


def test_lines_and_cues_in_chinese_and_japanese_are_joined_without_blanks() -> None:
    content = (
        "1\n00:00:01,000 --> 00:00:02,000\n水在一百度\n沸腾，\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\n变成 steam\nand 蒸汽。\n"
    )

    assert said(content) == [("水在一百度沸腾，变成 steam and 蒸汽。", 1_000, 3_000)]


def test_korean_keeps_its_blanks() -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\n물은 백도에서\n끓는다.\n"

    assert said(content)[0][0] == "물은 백도에서 끓는다."


def test_the_header_of_webvtt_names_the_language() -> None:
    document = read_as(Format.VTT, "WEBVTT\nKind: captions\nLanguage: pt-BR\n\n00:01.000 --> 00:02.000\nSim.\n")

    assert document.language == "pt-BR"


ROLLING = """WEBVTT

00:00:00.000 --> 00:00:04.990 align:start position:0%
 \nno<00:00:01.000><c> water</c>

00:00:04.990 --> 00:00:05.000 align:start position:0%
no water
 \n
00:00:05.000 --> 00:00:09.990 align:start position:0%
no water
boils<00:00:06.000><c> without heat here</c>

00:00:09.990 --> 00:00:10.000 align:start position:0%
boils without heat here
 \n
00:00:10.000 --> 00:00:14.990 align:start position:0%
boils without heat here
and<00:00:11.000><c> that is all.</c>
"""


def test_rolling_captions_begin_with_their_first_word_and_repeat_no_line_however_short() -> None:
    assert said(ROLLING, Format.VTT) == [("no water boils without heat here and that is all.", 0, 14_990)]


def test_words_keep_the_times_that_cues_give_them() -> None:
    (piece,) = read_as(Format.VTT, ROLLING).pieces

    starts = dict(zip(piece.text.split(), piece.word_starts_ms, strict=True))
    assert (starts["no"], starts["water"], starts["boils"], starts["without"], starts["that"]) == (
        0, 1_000, 5_000, 6_000, 11_000,
    )  # fmt: skip


def test_a_piece_begins_with_its_first_word_not_with_its_cue() -> None:
    content = "WEBVTT\n\n00:01.000 --> 00:09.000\n<00:00:03.500>Water <00:00:04.000>boils.\n"

    assert said(content, Format.VTT) == [("Water boils.", 3_500, 9_000)]


@pytest.mark.parametrize(
    "cue", ["One <00:00:07.000>two", "One <00:00:01.500>two <00:00:01.200>three", "<00:00:00.500>One"]
)
def test_times_of_words_outside_of_their_cue_or_in_disorder_are_not_believed(cue: str) -> None:
    (piece,) = read_as(Format.VTT, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}\n").pieces

    assert (piece.locator.start_ms, piece.word_starts_ms) == (1_000, ())


def test_a_word_over_two_lines_or_cues_begins_where_its_first_character_does() -> None:
    content = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n水は<00:00:01.500>沸騰\n\n"
        "00:02.000 --> 00:03.000\nする。<00:00:02.500> OK\n"
    )

    (piece,) = read_as(Format.VTT, content).pieces

    assert (piece.text, piece.word_starts_ms) == ("水は沸騰する。 OK", (1_000, 2_500))


def spoken(content: str, format_: Format = Format.VTT) -> list[tuple[str, str]]:
    return [(piece.speaker, piece.text) for piece in read_as(format_, content).pieces]


def cues(*lines: str) -> str:
    return "WEBVTT\n\n" + "\n\n".join(
        f"00:{second:02}.000 --> 00:{second + 1:02}.000\n{line}" for second, line in enumerate(lines)
    )


def test_a_voice_is_the_speaker_of_a_piece_and_no_word_of_it() -> None:
    content = cues(
        "<v Ann O&apos;Hara>Water</v>", "<v Ann O&apos;Hara>boils.", "<v.loud Bob>Why?</v> <v Ann O&apos;Hara>Heat.</v>"
    )

    assert spoken(content) == [("Ann O'Hara", "Water boils."), ("Bob", "Why?"), ("Ann O'Hara", "Heat.")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Zoom and others label each cue.
        (
            ("Maria Weber: So today", "Maria Weber: we look at water.", "Tom: Why?", "It is wet."),
            [("Maria Weber", "So today we look at water."), ("Tom", "Why? It is wet.")],
        ),
        (("老师：水在一百度", "老师：沸腾。", "学生：为什么？"), [("老师", "水在一百度沸腾。"), ("学生", "为什么？")]),
        # Transcripts label where another begins, in capitals.
        (
            ("PROFESSOR: Let us begin", "with water.", ">> STUDENT: Why?"),
            [("PROFESSOR", "Let us begin with water."), ("STUDENT", "Why?")],
        ),
        # Other colons are the author's.
        (("Remember: it boils.", "At 12:30 we eat.", "So."), [("", "Remember: it boils. At 12:30 we eat. So.")]),
        (("Step one: heat.", "Step two: cool."), [("", "Step one: heat. Step two: cool.")]),
        (("NOTE: it is hot.", "So stay away."), [("", "NOTE: it is hot. So stay away.")]),
    ],
)  # fmt: skip
def test_labels_before_cues_are_speakers(lines: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    assert spoken(cues(*lines)) == expected


def test_what_is_left_out_of_captions_is_counted() -> None:
    document = read_as(Format.VTT, ROLLING + "\nNOTE checked by hand\n\n00:20.000 --> 00:19.000\nNever.\n")

    assert {left.kind: (left.count, left.texts[0].text) for left in document.left_out} == {
        LeftOutKind.COMMENT: (1, "checked by hand"),
        LeftOutKind.DAMAGED: (1, "Never."),
        LeftOutKind.REPETITION: (4, "no water"),
    }


def test_a_cue_that_stands_twice_is_read_once() -> None:
    content = "".join(f"{n}\n00:00:01,000 --> 00:00:02,000\nYes.\n\n" for n in (1, 2))

    document = read_as(Format.SRT, content)

    assert [piece.text for piece in document.pieces] == ["Yes."]
    assert [(left.kind, left.count) for left in document.left_out] == [(LeftOutKind.REPETITION, 1)]


def test_notes_and_styles_of_webvtt_are_not_said() -> None:
    content = (
        "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot said\n\nid\n00:01.000 --> 00:02.000 line:0\nOne.\n"
    )

    assert said(content, Format.VTT) == [("One.", 1_000, 2_000)]


def test_overlapping_cues_are_said_in_the_order_in_which_they_begin() -> None:
    content = "1\n00:00:03,000 --> 00:00:09,000\nthen.\n\n2\n00:00:01,000 --> 00:00:05,000\nFirst\n"

    document = read_as(Format.SRT, content)

    assert [(p.text, p.locator.end_ms) for p in document.pieces] == [("First then.", 9_000)]
    assert document.warnings


def test_captions_without_fractions_are_recognised_and_words_without_times_refused() -> None:
    assert detect_format(io.BytesIO(b"1\n00:01 --> 00:02\nOne.\n"), "talk.srt") is Format.SRT
    with pytest.raises(UnreadableDocument):
        read_as(Format.SRT, "Only words.")


@pytest.mark.parametrize(
    ("warned", "speakers"),
    [((3, 6), {""}), ((0, 6), {"NOTE"}), ((0,), {""})],
)
def test_a_single_label_in_capitals_names_a_speaker_only_from_the_beginning(
    warned: tuple[int, ...], speakers: set[str]
) -> None:
    cues = [f"{'NOTE: ' if number in warned else ''}part {number} goes on." for number in range(8)]
    content = "".join(f"{n + 1}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{cue}\n\n" for n, cue in enumerate(cues))

    pieces = read_as(Format.SRT, content).pieces

    assert {piece.speaker for piece in pieces} == speakers
    assert ("NOTE" in " ".join(piece.text for piece in pieces)) is (speakers == {""})


def test_what_a_speaker_says_twice_is_kept() -> None:
    lines = [f"This is line {number} of what is said" for number in range(20)]
    lines[7:9] = ["we should call this the smallest so far,", "the smallest so far, as it is"]
    cues = "".join(f"00:{at:02}.000 --> 00:{at + 1:02}.000\n{line}\n\n" for at, line in enumerate(lines))

    document = read_as(Format.VTT, f"WEBVTT\n\n{cues}")

    assert "the smallest so far, the smallest so far, as it is" in " ".join(piece.text for piece in document.pieces)
    assert document.left_out == ()
