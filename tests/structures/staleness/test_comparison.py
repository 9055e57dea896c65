"""What has happened to sources, told from values."""

from __future__ import annotations

from random import Random
from uuid import UUID

from structures.grounding.quotes import find_quote, find_quoted_text
from structures.staleness.comparison import (
    PresentEntry,
    Source,
    SourceChanges,
    compare_sources,
    compute_sources_digest,
)
from structures.staleness.passages import PassageIndex


def build_source(number: int, content: str) -> Source:
    return Source(
        entry_id=UUID(int=number), name=f"{number}.md", path=f"{number}.md", fingerprint=content, raw_sha256=content
    )


def build_entry(number: int, content: str, *, file: str = "", **more: bool) -> PresentEntry:
    facts = {"is_readable": True, "was_read_since": False} | more
    return PresentEntry(
        entry_id=UUID(int=number),
        name=f"{number}.md",
        path=f"{number}.md",
        fingerprint=content,
        raw_sha256=file or content,
        **facts,
    )


def name_changes(changes: SourceChanges) -> dict[str, list[str]]:
    groups = ("added", "removed", "re_read", "corrected", "unreadable")
    return {group: names for group in groups if (names := [entry.name for entry in getattr(changes, group)])}


def test_a_file_that_was_sent_again_or_changed_places_is_no_change() -> None:
    sources = [build_source(1, "a"), build_source(2, "b"), build_source(3, "c")]

    for present in (
        [build_entry(9, "a"), build_entry(2, "b"), build_entry(3, "c")],
        [build_entry(1, "b"), build_entry(2, "a"), build_entry(3, "c")],
    ):
        assert not compare_sources(sources, present).has_any


def test_each_change_has_its_name() -> None:
    sources = [build_source(number, content) for number, content in enumerate("abcdef", start=1)]
    present = [
        build_entry(1, "new text", was_read_since=True),
        build_entry(2, "corrected", file="b"),
        build_entry(3, "corrected and read", file="c", was_read_since=True, was_corrected_since=True),
        build_entry(4, "d", is_readable=False),
        build_entry(5, "both", was_read_since=True, was_corrected_since=True),
        build_entry(7, "g"),
        build_entry(8, "", is_readable=True),
    ]

    assert name_changes(compare_sources(sources, present)) == {
        "added": ["7.md"],
        "removed": ["6.md"],
        "re_read": ["1.md", "5.md"],
        "corrected": ["2.md", "3.md", "5.md"],
        "unreadable": ["4.md"],
    }


def test_another_reader_of_the_same_bytes_reads_again() -> None:
    changes = compare_sources([build_source(1, "a")], [build_entry(1, "b", file="a", was_read_since=True)])

    assert name_changes(changes) == {"re_read": ["1.md"]}


def test_an_entry_that_took_the_place_of_another_is_that_one() -> None:
    """Entry 1 has what entry 2 had, and entry 2 is gone: the content of entry 1 is what is missing."""
    changes = compare_sources([build_source(1, "a"), build_source(2, "b")], [build_entry(1, "b")])

    assert name_changes(changes) == {"removed": ["1.md"]}


def test_the_digest_says_the_same_as_the_comparison() -> None:
    dice = Random(16)  # noqa: S311  # no secret
    same = 0
    for _ in range(2_000):
        sources = [build_source(number, dice.choice("abc")) for number in range(dice.randint(0, 4))]
        present = [
            build_entry(dice.randint(0, 5) * 10 + place, dice.choice("abc"), is_readable=dice.random() < 0.9)
            if dice.random() < 0.3
            else build_entry(place, dice.choice("abc"))
            for place in range(dice.randint(0, 4))
        ]
        changes = compare_sources(sources, present)
        digests = {
            compute_sources_digest(source.fingerprint for source in sources),
            compute_sources_digest(entry.fingerprint for entry in present if entry.is_source),
        }
        assert changes.has_any == (len(digests) == 2)
        same += not changes.has_any
    assert 50 < same < 1_950


def test_quotes_are_found_wherever_they_stand() -> None:
    dice = Random(16)  # noqa: S311  # no secret
    texts = ["".join(dice.choices("ab水 \n“", k=dice.randint(0, 60))) for _ in range(40)]
    index = PassageIndex(texts)
    joined = "\n".join(" ".join(text.replace("“", '"').split()) for text in texts)

    for _ in range(1_000):
        text = dice.choice(texts)
        begin = dice.randint(0, len(text))
        quote = text[begin : begin + dice.randint(1, 40)]
        if dice.random() < 0.5:
            quote = quote[:10] + dice.choice("ab水") + quote[11:]
        wanted = " ".join(quote.replace("“", '"').split())
        assert index.has_quote(quote) == (wanted != "" and wanted in joined)
        # The same as where evidence is shown and where new references are verified.
        keyed = [(UUID(int=place), each) for place, each in enumerate(texts)]
        first = find_quoted_text(keyed, quote)
        assert index.has_quote(quote) == (first is not None) == any(find_quote(each, quote) for each in texts)
        if first is not None:
            assert find_quote(texts[first.int], quote)


def test_a_quote_does_not_run_over_two_chunks() -> None:
    assert not PassageIndex(["Water boils", "at a hundred degrees."]).has_quote("Water boils at a hundred degrees.")


def test_what_repeats_itself_is_searched_as_well() -> None:
    index = PassageIndex(["| --- " * 20_000 + "the end"])

    assert index.has_quote("| --- " * 9 + "the end")
    assert not index.has_quote("| --- " * 9 + "no end")
