"""Files whose names say nothing: the arrangement that their texts give."""

from __future__ import annotations

from structures.engines.base.drafts import NodeType
from tests.structures.engines.outline.drafts import build, list_files_by_lesson, outline_of, titles_of
from tests.structures.trees import Files

SUBJECTS = {
    "Bees": "honey hive queen worker nectar pollen swarm brood comb drone",
    "Rivers": "water stream delta sediment flood channel estuary meander basin current",
    "Bread": "flour yeast dough oven crust sourdough kneading gluten baking loaf",
}


def test_numbers_and_lists_of_overviews_arrange_files_without_names() -> None:
    files: Files = {"file_9.md": "# Module 2: Loops\n\n- W03 · For\n- W04 · While\n"}
    files = {
        "file_1.md": "# Week 4: While\n\nWhile a condition holds.",
        "file_2.md": "# Week 1: Names\n\nA name stands for a value.",
        "file_3.md": "# Module 1: Values\n\n- W01 · Names\n- W02 · Numbers\n",
        "file_4.md": "# Week 3: For\n\nFor each item.",
        "file_5.md": "# Week 2: Numbers\n\nNumbers are whole or not.",
        **files,
    }

    assert outline_of(files) == ["Values", "  Names", "  Numbers", "Loops", "  For", "  While"]
    assert {module.arranged_by for module in build(files).modules} == {"texts"}


def test_sections_go_to_the_chapter_whose_words_they_share() -> None:
    chapters = {f"file_{n}.md": f"# {name}\n\n{words}" for n, (name, words) in enumerate(SUBJECTS.items(), 1)}
    sections = {
        f"file_{10 * n + part}.md": f"## {name} {part}\n\n{' '.join(words.split()[part::2])} {words}"
        for n, (name, words) in enumerate(SUBJECTS.items(), 1)
        for part in (3, 1)
    }
    found = build({**sections, **chapters})

    assert {m.title: sorted(lesson.title for lesson in m.children) for m in found.modules} == {
        name: [f"{name} 1", f"{name} 3"] for name in SUBJECTS
    }


def test_files_with_the_same_words_are_one_lesson() -> None:
    talk = "00:00:01,000 --> 00:00:05,000\nBees make honey in a hive.\n"
    files: Files = {
        "file_1.md": "# Module 1: Bees\n\n- [Honey](file_2.srt)\n- [Wax](file_4.md)\n",
        "file_2.srt": f"1\n{talk}",
        "file_3.vtt": f"WEBVTT\n\n{talk.replace(',', '.')}",
        "file_4.md": "# Wax\n\nWax is what combs are made of.",
        "file_5.md": "# Module 2: Rivers\n\n- [Delta](file_6.md)\n- [Flood](file_7.md)\n",
        "file_6.md": "# Delta\n\nA delta is where a river ends.",
        "file_7.md": "# Flood\n\nA flood is too much water.",
    }

    lessons = [sorted(found) for found in list_files_by_lesson(files).values()]

    assert any({"file_2.srt", "file_3.vtt"} <= set(found) and "file_4.md" not in found for found in lessons)


def test_numbers_in_names_outweigh_what_texts_say() -> None:
    files = {
        f"lesson_{module}{lesson}.md": f"# Week {9 - lesson}: Subject {module} {lesson}\n\nWords about it."
        for module in (1, 2)
        for lesson in (1, 2, 3)
    }
    draft = build(files)

    assert [len(module.children) for module in draft.modules] == [3, 3]
    assert titles_of(draft, NodeType.LESSON)[:3] == ["Subject 1 1", "Subject 1 2", "Subject 1 3"]
