"""Names of an export's files."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from materials.models import MaterialEntry, MaterialNode
from materials.queries import Branch
from materials.transfer.layout import lay_out_folders
from materials.transfer.names import MAX_PATH_LENGTH, is_hidden, natural_sort_key, split_path
from materials.transfer.safe_names import MAX_NAME_LETTERS

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|[. ]$|^\.|^~\$')
RESERVED = {"con", "prn", "aux", "nul", "com1", "lpt9"}
TITLES = st.lists(
    st.text(min_size=1, max_size=120) | st.sampled_from(["CON", "nul.md", "a", "A", "..", "10", "9"]), max_size=8
)


def names(titles: list[str], files: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of folders and files of a node with these children and entries."""
    branch = Branch(
        node=MaterialNode(title="Top"),
        depth=0,
        entries=[MaterialEntry(name=name, format="markdown", object_key="k") for name in files],
        children=[Branch(node=MaterialNode(title=title), depth=1) for title in titles],
    )
    top, *below = lay_out_folders(branch)
    return [place.path.removesuffix("/") for place in below], [path for _, path in top.entries]


@hypothesis_settings(max_examples=200)
@given(TITLES, TITLES)
@example(["Intro", "intro"], ["Intro", "manifest.json"])
@example(["10", "9", "10"], ["b.md", "a.md"])
@example(["\N{GRINNING FACE}" * 90], ["\N{GRINNING FACE}" * 90 + ".md"])
def test_any_title_becomes_a_name_that_every_system_takes(titles: list[str], files: list[str]) -> None:
    folders, entries = names(titles, files)

    every = [*folders, *entries, "manifest.json"]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in every}) == len(every)
    for name in every:
        assert not FORBIDDEN.search(name)
        assert not is_hidden(name)
        assert name.split(".")[0].casefold() not in RESERVED
        assert len(name) <= MAX_NAME_LETTERS + 12
        assert len(name.encode()) <= 255
        assert split_path(name) == (name,)
    for siblings in (folders, entries):
        assert sorted(siblings, key=natural_sort_key) == siblings


def test_names_stay_as_they_are_where_they_sort_by_themselves() -> None:
    assert names(["01 Intro", "02 More"], ["1.md", "9.md", "10.md"]) == (
        ["01 Intro", "02 More"],
        ["1.md", "9.md", "10.md"],
    )
    assert names(["More", "Intro"], ["b.MD", "a.markdown", "none"]) == (
        ["01 More", "02 Intro"],
        ["01 b.MD", "02 a.markdown", "03 none.md"],
    )


def test_paths_of_deep_trees_stay_within_what_an_import_takes() -> None:
    branch = Branch(node=MaterialNode(title="Top"), depth=0)
    place = branch
    for depth in range(1, 64):
        file = MaterialEntry(name=f"{'file' * 30}.markdown", format="markdown", object_key="k")
        place.entries.append(file)
        place.children = [Branch(node=MaterialNode(title=title * 30), depth=depth) for title in ("One", "one", "Two")]
        place = place.children[0]

    paths = [path for each in lay_out_folders(branch) for path in (each.path, *(path for _, path in each.entries))]

    assert max(map(len, paths)) <= MAX_PATH_LENGTH
    assert len(set(paths)) == len(paths)
