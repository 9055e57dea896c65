"""Finding the nodes to which slides, talks, tasks and solutions belong: by links, by words and by numbers.

A course may have thousands of each, so what the nodes say is indexed once; files that were given to a node speak for it
from then on, as its own do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.name_parts import build_words_key
from structures.engines.outline.tree import TreeNode

# A choice: most of a folder's files. Fewer leave too many to chance, all would let one stray file decide.
MOST = 0.8


class NodeIndex:
    """The nodes of a tree by the files that they link to, and by the words of their names and titles."""

    def __init__(self, root: TreeNode) -> None:
        self._root = root
        self._linking: dict[int, TreeNode] = {}
        self._by_words: dict[str, TreeNode] = {}
        self.add_nodes(root)

    def add_nodes(self, top: TreeNode) -> None:
        """Take a node and all below it into the index."""
        for node in top.iter_nodes():
            if key := node.key:
                self._by_words.setdefault(key, node)
            self.add_files(node, node.files)

    def add_files(self, node: TreeNode, files: Iterable[CourseFile]) -> None:
        """Let files speak for a node that is in the index."""
        for file in files:
            if key := build_words_key(file.title):
                self._by_words.setdefault(key, node)
            for target in file.links if node is not self._root else ():
                self._linking.setdefault(id(target), node)

    def match_links(self, units: Sequence[TreeNode]) -> dict[int, TreeNode]:
        """Match nodes with the first node one of whose files links to theirs."""
        found = {}
        for unit in units:
            nodes = (self._linking.get(id(file)) for file in unit.files)
            if (node := next(filter(None, nodes), None)) is not None:
                found[id(unit)] = node
        return found

    def match_words(self, units: Sequence[TreeNode]) -> dict[int, TreeNode]:
        """Match nodes whose names or titles have the same words, but those that all names or titles of the units share.

        The answers to `Loops` and `Lists` may be called `Loops answers` and `Lists answers`.
        """
        shared = _find_shared_words([unit.key for unit in units])
        shared_in_titles = _find_shared_words([build_words_key(file.title) for unit in units for file in unit.files])
        found = {}
        for unit in units:
            titles = [build_words_key(file.title) for file in unit.files]
            distinct = [_without(unit.key, shared), *(_without(title, shared_in_titles) for title in titles)]
            key = next((key for key in (unit.key, *titles, *distinct) if key in self._by_words), None)
            if key is not None:
                found[id(unit)] = self._by_words[key]
        return found


def _find_shared_words(keys: Sequence[str]) -> set[str]:
    """Return the words that nearly all of several names have, which say nothing of one of them."""
    counts = Counter(word for key in keys for word in set(key.split()))
    return {word for word, count in counts.items() if count > 1 and count >= MOST * len(keys)}


def _without(key: str, shared: set[str]) -> str:
    return " ".join(word for word in key.split() if word not in shared)


class PlaceIndex:
    """The children of nodes by what tells their places apart: a number and letter, or a name without them."""

    def __init__(self) -> None:
        self._children: dict[int, dict[tuple[int | None, str, bool, str], TreeNode]] = {}

    def find_child(self, parent: TreeNode, other: TreeNode) -> TreeNode | None:
        """Return the first child at the place of a node of another tree; None when there is none."""
        if (children := self._children.get(id(parent))) is None:
            children = self._children[id(parent)] = {}
            for child in parent.children:
                children.setdefault(_get_place(child), child)
        found = children.get(_get_place(other))
        # Without number, letter and words nothing says that two are the same.
        return found if other.number is not None or other.letter or other.key else None


def _get_place(node: TreeNode) -> tuple[int | None, str, bool, str]:
    is_named = node.number is None and not node.letter
    return node.number, node.letter, node.is_date, node.key if is_named else ""


class OwnerIndex:
    """The texts among siblings, to find the one that a task or solution beside them belongs to."""

    def __init__(self, texts: Sequence[TreeNode]) -> None:
        self._texts = texts
        self._linking: defaultdict[int, dict[int, TreeNode]] = defaultdict(dict)
        self._by_key: dict[str, TreeNode] = {}
        self._by_number: defaultdict[int, list[TreeNode]] = defaultdict(list)
        for text in texts:
            self._add_links(text, text.iter_files())
            if key := text.key:
                self._by_key.setdefault(key, text)
            if text.number is not None and not text.is_date:
                self._by_number[text.number].append(text)
        self._key_lengths = {len(key.split()) for key in self._by_key}

    def give_files(self, text: TreeNode, files: Iterable[CourseFile]) -> None:
        """Add files to a text; what they link to is linked by the text from then on."""
        added = list(files)
        text.files += added
        self._add_links(text, added)

    def find_owner(self, task: TreeNode) -> TreeNode | None:
        """Return the text that a task belongs to; None when nothing tells which.

        That is the only one that links to it, the one whose name it contains, the only one there is, or the only one
        with its number.
        """
        linking = {id(text): text for file in task.iter_files() for text in self._linking.get(id(file), {}).values()}
        if len(linking) == 1:
            return next(iter(linking.values()))
        if (named := self._find_named(task.key)) is not None:
            return named
        if len(self._texts) == 1 and task.number is None:
            return self._texts[0]
        number = find_number(task)
        numbered = self._by_number.get(number, []) if number is not None else []
        return numbered[0] if len(numbered) == 1 else None

    def _add_links(self, text: TreeNode, files: Iterable[CourseFile]) -> None:
        for file in files:
            for link in file.links:
                self._linking[id(link)][id(text)] = text

    def _find_named(self, key: str) -> TreeNode | None:
        """Return the text with the longest name of which all words stand in a name (as key) one behind the other."""
        words = key.split()
        runs = (
            " ".join(words[start : start + length])
            for length in self._key_lengths
            for start in range(len(words) - length + 1)
        )
        longest = max((run for run in runs if run in self._by_key), key=len, default=None)
        return self._by_key[longest] if longest is not None else None


def find_number(task: TreeNode) -> int | None:
    """Return the number of a task, also one behind the words of its name; None without one."""
    if task.number is not None:
        return task.number
    found = {file.name.tail.number for file in task.iter_files() if file.name.tail is not None}
    return found.pop() if len(found) == 1 else None
