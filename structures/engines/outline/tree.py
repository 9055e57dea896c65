"""The tree of a course as a reading finds it, before it is decided which of its nodes are modules and which lessons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from structures.engines.base.drafts import Citation
from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.course_words import Level
from structures.engines.outline.name_parts import are_compatible, build_words_key


@dataclass(eq=False, kw_only=True)
class TreeNode:
    """A node with the files that belong to the whole of it, and the nodes inside.

    `number` orders it among its siblings, None where nothing does. `title` is what a table of contents calls it,
    cited by `found_in`; `words` and `label` what its name says. `basis` says where it comes from, for people.
    `is_module` is set where the reading knows that what is inside are lessons.
    """

    number: int | None = None
    words: str = ""
    label: str = ""
    title: str = ""
    level: Level | None = None
    is_date: bool = False
    letter: str = ""
    basis: str = ""
    is_module: bool = False
    found_in: tuple[Citation, ...] = ()
    files: list[CourseFile] = field(default_factory=list)
    children: list[TreeNode] = field(default_factory=list)

    @property
    def key(self) -> str:
        return build_words_key(self.words)

    def iter_nodes(self) -> Iterator[TreeNode]:
        """Yield this node and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.iter_nodes()

    def iter_files(self) -> Iterator[CourseFile]:
        """Yield the files of this node and of all below it, in order."""
        for node in self.iter_nodes():
            yield from node.files

    @property
    def main(self) -> CourseFile | None:
        """The text that teaches what the node is about; None when no file of its own is one."""
        bodies = [file for file in self.files if file.is_body]
        # Of several the one that is called as main files are, else the one with the shortest name: the names of the
        # others add what they are about (`Loops`, `Loops - on paper`).
        return min(bodies, key=lambda file: (not file.name.is_main, len(_get_last_words(file))), default=None)


def _get_last_words(file: CourseFile) -> str:
    return file.name.steps[-1].words if file.name.steps else ""


def take_main(node: TreeNode) -> None:
    """Make the first child with the title of its node the node's own text, where others follow it."""
    if any(file.is_body for file in node.files) or len(node.children) < 2 or not node.title:
        return
    first = node.children[0]
    title = first.title or (first.files[0].title if first.files else "")
    key, first_key = build_words_key(node.title), build_words_key(title)
    # `Loops - Part 1` before `Loops - Part 2` is no text about all of `Loops`.
    if any(build_words_key(child.title).startswith(f"{key} ") for child in node.children[1:]):
        return
    # `Lesson A` is not what `Part A` is called.
    differ = set(key.split()) ^ set(first_key.split())
    is_same = first_key.startswith(key) or key.startswith(first_key) or len(differ) < len(key.split())
    if title and not first.children and is_same and are_compatible(first_key, key):
        node.files = [*first.files, *node.files]
        node.children = node.children[1:]


def sort_children(node: TreeNode) -> None:
    """Order numbered siblings by number, before those without one, which keep their order; in all nodes below, too."""
    numbered = [child for child in node.children if child.number is not None or child.letter]
    rest = [child for child in node.children if child.number is None and not child.letter]
    numbered.sort(key=lambda child: (child.number if child.number is not None else -1, child.letter))
    node.children = [*numbered, *rest]
    for child in node.children:
        sort_children(child)
