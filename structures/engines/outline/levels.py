"""Deciding which nodes of a tree are lessons, what is inside them their materials, and which are modules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean

from structures.engines.outline.course_words import Level
from structures.engines.outline.plans import Role
from structures.engines.outline.tree import TreeNode

# What is never taught by itself where a text is beside it.
_TASKS = {Role.EXERCISE, Role.SOLUTION, Role.TEACHER_NOTES}
# More children than this are hardly the materials of one lesson.
_MAX_MATERIALS = 12


def find_lessons(root: TreeNode) -> set[int]:
    """Return the `id()` of each node below the root that is a lesson; nodes inside a lesson are its materials.

    A node without children is a lesson. One with children is a lesson when they are its materials: for that speaks that
    they are tasks, slides and talks beside a text, that the text is the largest of them, that they have the same names
    in many lessons; for a module speaks that they are numbered, or called lessons, or many. What speaks for the nodes
    of the same depth counts for each of them, so that siblings are read alike.
    """
    by_depth: defaultdict[int, list[TreeNode]] = defaultdict(list)
    _collect(root, 0, by_depth)
    lessons: set[int] = set()
    # From the innermost: a node is a module when a lesson is inside.
    for depth in sorted(by_depth, reverse=True):
        nodes = by_depth[depth]
        lessons |= {id(node) for node in nodes if not node.children}
        bundles = [node for node in nodes if node.children and all(_is_flat(child) for child in node.children)]
        recurring = _find_recurring_keys(bundles)
        own = {id(node): _weigh(node, recurring) for node in bundles}
        if not own:
            continue
        shared = fmean(own.values()) + _weigh_siblings(nodes, depth) + (-1.0 if depth == 1 and len(nodes) > 1 else 0.0)
        lessons |= {id(node) for node in bundles if own[id(node)] + shared > 0}
    return lessons


def _collect(node: TreeNode, depth: int, by_depth: defaultdict[int, list[TreeNode]]) -> None:
    for child in node.children:
        by_depth[depth + 1].append(child)
        _collect(child, depth + 1, by_depth)


def _is_flat(node: TreeNode) -> bool:
    """Tell whether a node holds files only, or nothing but tasks below."""
    return not node.children or all(file.role in _TASKS for file in node.iter_files())


def _is_material(node: TreeNode, *, has_main: bool) -> bool:
    """Tell whether all files of a node are there beside a text: tasks, and beside a main text all that is no text."""
    files = list(node.iter_files())
    return bool(files) and all(file.role in _TASKS or (has_main and file.is_material) for file in files)


def _weigh(node: TreeNode, recurring: Counter[str]) -> float:
    """Return what speaks for a node being one lesson (positive) or a module of its children (negative)."""
    main = node.main
    texts = [child for child in node.children if not _is_material(child, has_main=main is not None)]
    weight = {Level.PART: -3.0, Level.MODULE: -1.0, Level.LESSON: 2.0, None: 0.0}[node.level]
    if not texts:
        return weight + (3.0 if main is not None or len(node.children) == 1 else -1.0)
    if any(file.is_material for file in node.files):
        weight += 1.5
    if len({(child.number, child.letter) for child in texts if child.number is not None or child.letter}) > 1:
        weight -= 2.0
    if any(child.level is not None for child in texts):
        weight -= 2.0
    if any(child.basis == "folders" for child in texts):
        weight -= 2.0
    if len(texts) > _MAX_MATERIALS:
        weight -= 1.0
    weight += 1.5 * fmean(recurring[child.key] > 1 for child in texts)
    if main is None:
        formats = [file.entry.format for child in texts for file in child.iter_files()]
        # One text and its deck or printed form is one lesson; several texts are several.
        return weight + (1.0 if len(set(formats)) == len(formats) else -1.5)
    sizes = fmean(sum(file.word_count for file in child.iter_files()) for child in texts)
    return weight + (1.0 if main.word_count >= sizes else -1.0)


def _weigh_siblings(nodes: Sequence[TreeNode], depth: int) -> float:
    """Return what nodes without children say of the others of their depth: lessons stand beside lessons.

    At the top a folder with one file may as well be a module with one lesson, unless the file is called as main files
    are.
    """
    leaves = [
        node
        for node in nodes
        if not node.children and ((depth > 1 and node.basis == "folders") or any(f.name.is_main for f in node.files))
    ]
    return 2.0 * len(leaves) / len(nodes)


def _find_recurring_keys(nodes: Sequence[TreeNode]) -> Counter[str]:
    """Return in how many nodes a name of a child occurs: names that recur are kinds of materials, not subjects."""
    return Counter(key for node in nodes for key in {c.key for c in node.children if c.number is None and not c.letter})
