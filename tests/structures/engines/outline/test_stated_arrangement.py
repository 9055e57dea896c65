"""Arrangements that authors state: tables of contents and front matter, whole and damaged."""

from __future__ import annotations

import pytest

from structures.engines.base.drafts import NodeType
from tests.structures.engines.outline.drafts import build, outline_of, titles_of
from tests.structures.trees import Files


def page(title: str, **fields: object) -> str:
    front = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return (f"---\ntitle: {title}\n{front}---\n\n" if fields else f"# {title}\n\n") + f"Words that say what {title} is."


NAMELESS: Files = {f"file_{number}.md": page(title) for number, title in enumerate(["Wind", "Rain", "Snow", "Ice"])}
SUMMARY = (
    "# Summary\n\n- [Water]()\n  - [Falling rain](file_1.md)\n  - [Falling snow](file_2.md)\n"
    "- [Air]()\n  - [Moving air](file_0.md)\n"
)


def test_a_table_gives_modules_order_and_titles_and_what_it_leaves_out_is_placed_and_named() -> None:
    draft = build({"SUMMARY.md": SUMMARY, **NAMELESS})

    assert outline_of({"SUMMARY.md": SUMMARY, **NAMELESS})[:5] == [
        "Water", "  Falling rain", "  Falling snow", "Air", "  Moving air",
    ]  # fmt: skip
    assert [module.arranged_by for module in draft.modules[:2]] == ["SUMMARY.md", "SUMMARY.md"]
    assert "Ice" in titles_of(draft, NodeType.LESSON)
    assert any("SUMMARY.md does not list 1 file," in warning and "file_3.md" in warning for warning in draft.warnings)


def test_files_that_a_table_lists_and_that_are_not_there_are_named() -> None:
    draft = build({"SUMMARY.md": SUMMARY + "  - [Fog](fog.md)\n", **NAMELESS})

    assert any("not there" in warning and "fog.md" in warning for warning in draft.warnings)
    assert "Fog" not in titles_of(draft, NodeType.LESSON)


def test_of_two_tables_the_one_that_covers_more_is_followed_and_the_other_is_named() -> None:
    rival = "nav:\n  - Other:\n    - Ice first: file_3.md\n    - Then wind: file_0.md\n"
    draft = build({"SUMMARY.md": SUMMARY, "mkdocs.yml": rival, **NAMELESS})

    assert draft.modules[0].title == "Water"
    assert any("mkdocs.yml" in warning and "not followed" in warning for warning in draft.warnings)


def test_a_table_that_covers_too_little_is_not_followed_and_named() -> None:
    files: Files = {
        "mkdocs.yml": "nav:\n  - Only: a/1-one.md\n  - Two: a/2-two.md\n",
        **{folder: {f"{n}-{name}.md": page(f"{name} {folder}") for n, name in enumerate(["one", "two", "three"], 1)}
           for folder in "abcd"},
    }  # fmt: skip
    draft = build(files)

    assert [module.arranged_by for module in draft.modules] == ["folders"] * 4
    assert any("Not followed" in warning and "mkdocs.yml" in warning for warning in draft.warnings)


def test_tables_that_lead_to_one_another_in_a_circle_end() -> None:
    files: Files = {
        "a.rst": "One\n===\n\nWords.\n\n.. toctree::\n\n   b\n",
        "b.rst": "Two\n===\n\nWords.\n\n.. toctree::\n\n   a\n",
    }

    draft = build(files)

    # Each lists the other: one is followed, and is about the whole course; the other says that it was not.
    (lesson,) = titles_of(draft, NodeType.LESSON)
    followed, other = ("a.rst", "b.rst") if lesson == "Two" else ("b.rst", "a.rst")
    assert any(followed in warning and other in warning for warning in draft.warnings)


def test_the_readme_of_a_folder_gives_titles_and_the_folders_the_arrangement() -> None:
    files: Files = {
        "README.md": "# Course\n\n- [Rain that falls](1-water/1-rain.md)\n- [Wind that blows](2-air/1-wind.md)\n",
        "1-water": {"1-rain.md": page("Rain"), "2-snow.md": page("Snow")},
        "2-air": {"1-wind.md": page("Wind"), "2-storm.md": page("Storm")},
    }

    assert outline_of(files) == [
        "Water", "  Rain that falls", "  Snow", "Air", "  Wind that blows", "  Storm",
    ]  # fmt: skip


def test_inner_lists_behind_the_ninth_item_belong_to_their_items() -> None:
    parts = "".join(
        f"{number}. **Part {chr(64 + number)}**\n   1. [Lesson {chr(64 + number)}](file_{number}.md)\n"
        f"   2. [More {chr(64 + number)}](more_{number}.md)\n"
        for number in range(1, 13)
    )
    pages = {f"{kind}_{n}.md": page(f"Text {kind} {n}") for n in range(1, 13) for kind in ("file", "more")}
    draft = build({"README.md": f"# Course\n\n{parts}", **pages})

    assert [len(module.children) for module in draft.modules] == [2] * 12
    assert draft.modules[11].children[0].title == "Lesson L"


def test_weights_order_pages_and_folders_and_name_them() -> None:
    files: Files = {
        "kolu": {
            "_index.md": page("Second", weight=20),
            "x.md": page("Late", weight=2),
            "y.md": page("Soon", weight=1),
        },
        "bani": {"_index.md": page("First", weight=10), "p.md": page("Only", weight=1), "q.md": page("Next", weight=2)},
    }

    assert outline_of(files) == ["First", "  Only", "  Next", "Second", "  Soon", "  Late"]


def test_labels_of_folders_order_and_name_them() -> None:
    files: Files = {
        "kolu": {
            "_category_.json": '{"label": "Second", "position": 2}',
            "x.md": page("Late", sidebar_position=2),
            "y.md": page("Soon", sidebar_position=1),
        },
        "bani": {
            "_category_.json": '{"label": "First", "position": 1}',
            "p.md": page("Only", sidebar_position=1),
            "q.md": page("Next", sidebar_position=2),
        },
    }

    assert outline_of(files) == ["First", "  Only", "  Next", "Second", "  Soon", "  Late"]


def test_pages_name_the_page_above_them() -> None:
    files: Files = {
        "a.md": page("Rain", parent="Water", nav_order=2),
        "b.md": page("Water", nav_order=1, has_children="true"),
        "c.md": page("Snow", parent="Water", nav_order=1),
        "d.md": page("Air", nav_order=2, has_children="true"),
        "e.md": page("Wind", parent="Air", nav_order=1),
        "f.md": page("Storm", parent="Air", nav_order=2),
    }

    assert outline_of(files) == ["Water", "  Snow", "  Rain", "Air", "  Wind", "  Storm"]


@pytest.mark.parametrize("count", [2, 400])
@pytest.mark.parametrize("is_circle", [True, False])
def test_no_page_is_lost_in_a_circle_or_a_long_chain_of_parents(count: int, is_circle: bool) -> None:
    def name(number: int) -> str:
        return f"Subject {''.join(chr(65 + int(digit)) for digit in str(number))}"

    parents = {number: number + 1 for number in range(count - 1)} | ({count - 1: 0} if is_circle else {})
    files = {
        f"{number}.md": page(name(number), nav_order=number, **above)
        for number in range(count)
        for above in [{"parent": name(parents[number])} if number in parents else {}]
    }
    draft = build(files)

    said = {
        citation.chunk_id for module in draft.modules for node in module.iter_nodes() for citation in node.citations
    }
    assert len(said) >= count
