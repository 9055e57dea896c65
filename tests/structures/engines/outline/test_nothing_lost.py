"""Whatever a tree of materials looks like, nothing of it is lost, and what is cited stands there."""

from __future__ import annotations

from functools import reduce

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from structures.engines.base.sources import SourceNode
from structures.engines.outline.engine import build_outline
from structures.grounding.quotes import verify_citations
from tests.structures.engines.outline.drafts import list_unmentioned, outline
from tests.structures.trees import Files, chunks_of, tree

FOLDERS = [
    "01-intro",
    "2. Loops",
    "Week 3",
    "Тиждень 4",
    "slides",
    "videos",
    "solutions",
    "lessons",
    "Unit 1 PDF",
    "Unit 1 Word",
    "adv",
    "day2",
    "第三章 列表",
    "2024-03-01 Start",
    "homework",
    "Розділ II",
    "x",
]
FILES = [
    "README.md",
    "index.md",
    "lesson.md",
    "01-intro.md",
    "02-loops.md",
    "ch01-02.md",
    "lab_11.md",
    "lesson_11.md",
    "lesson_12.md",
    "1.2 Variables.md",
    "homework.md",
    "solution.md",
    "Deck-01.md",
    "talk.srt",
    "01-intro.srt",
    "LICENSE.md",
    "syllabus.md",
    "notes copy.md",
    "01-intro (1).md",
    "d41d8cd98f00b204e9800998ecf8427e.md",
    "teacher.md",
    "3.md",
    "SUMMARY.md",
    "_toc.yml",
    "mkdocs.yml",
    "a.txt",
    "Завдання 2.md",
    "handout_13b.md",
]
TALK = "1\n00:00:01,000 --> 00:00:09,000\nA loop is a block of code that runs again and again.\n"
TEXTS = [
    "<!-- to do -->\n",
    "# Loops\n\nA **loop** is a block that repeats other blocks.\n",
    "Words without a heading.\n",
    "# Task\n\nWrite a loop.\n",
    "# Loops\n\n## Exercise 1\n\nWrite a loop that counts to ten.\n\n### Solution\n\nfor\n",
    "# Introduction\n\n[next](01-intro.md)\n",
    "- [Intro](01-intro.md)\n- [Loops](02-loops.md)\n- [Lost](no.md)\n",
    "# Contents\n\n- [One](lesson.md)\n- [Two](homework.md)\n",
    "---\ntitle: Front\nweight: 2\nnav_order: 1\n---\n\nText of it.\n",
    "---\ntitle: Up\nparent: Front\n---\n\nText of it.\n",
    "---\ntitle: Front\nparent: Up\n---\n\nText of it.\n",
    "# Book\n\n## Chapter 1: One\n\nText one.\n\n## Chapter 2: Two\n\nText two.\n",
    f"# Long\n\n{'Some words of it are here. ' * 90}\n",
    "## Solution\n\nx = 1\n",
    "# Glossary\n\n**list**: an ordered collection.\n",
]
TABLES = {
    "SUMMARY.md": [
        "# Summary\n\n- [Intro](01-intro.md)\n  - [Loops](02-loops.md)\n- [Lost](lost.md)\n",
        "# Summary\n\n- [Home](README.md)\n",
    ],
    "mkdocs.yml": ["nav:\n  - Start: index.md\n  - Loops:\n    - x/02-loops.md\n    - Task: homework.md\n"],
    "_toc.yml": ["root: index\nchapters:\n- file: 01-intro\n- file: lesson\n"],
}


def _pick_text(name: str) -> st.SearchStrategy[str]:
    if name.endswith(".srt"):
        return st.just(TALK)
    return st.sampled_from(TABLES.get(name, TEXTS))


def _make_files(names: list[str]) -> st.SearchStrategy[Files]:
    return st.fixed_dictionaries({name: _pick_text(name) for name in names})


def _merge(files: Files, folders: Files) -> Files:
    return {**files, **folders}


_files = st.lists(st.sampled_from(FILES), unique=True, max_size=6).flatmap(_make_files)
_trees: st.SearchStrategy[Files] = st.recursive(
    _files,
    lambda below: st.builds(_merge, _files, st.dictionaries(st.sampled_from(FOLDERS), below, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, phases=[Phase.generate])
@given(_trees)
def test_every_entry_is_cited_or_named_in_a_warning(files: Files) -> None:
    assert list_unmentioned(tree("Course", files)) == []


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(_trees)
def test_every_quote_holds_and_the_same_sources_give_the_same_structure(files: Files) -> None:
    source = tree("Course", files)
    draft = build_outline(source)

    _, grounding = verify_citations(draft, chunks_of(source))

    assert grounding.dropped == 0
    assert draft == build_outline(source)


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(_trees)
def test_siblings_have_titles_and_different_ones(files: Files) -> None:
    draft = build_outline(tree("Course", files))

    for siblings in [draft.modules, *(node.children for module in draft.modules for node in module.iter_nodes())]:
        arranged = [node.title for node in siblings if node.node_type in {"module", "lesson"}]
        assert all(arranged)
        assert len(set(arranged)) == len(arranged)


def test_a_tree_a_thousand_levels_deep_is_read() -> None:
    deepest = tree("Deepest", {"text.md": "# Loops\n\nA **loop** is a block that repeats other blocks.\n"})
    source = reduce(
        lambda below, n: SourceNode(id=below.id, title=f"{n} level", children=(below,)), range(1000), deepest
    )

    assert "Loops" in " ".join(outline(build_outline(source)))
